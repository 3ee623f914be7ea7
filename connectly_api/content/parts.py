"""Headers, footers and sections, which several kinds of content have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from connectly_api.content import limits
from connectly_api.content.basic import Document, Image, Video
from connectly_api.errors import Violation
from connectly_api.lowlevel import models
from connectly_api.wire.unset import UNSET, Unset

Header = str | Image | Video | Document
"""A message's header: up to 60 characters of text, or an image, a video or a document without a caption."""

BODY: Final = 1024
TITLE: Final = 24
FOOTER: Final = 60
_HEADER: Final = 60
_SECTIONS: Final = 10


def check_sections(sections: Sequence[object], titles: Sequence[tuple[int, object, int]]) -> Iterator[Violation]:
    """Check the sections of a list or a product list.

    Args:
        sections: All sections.
        titles: The position, title and number of entries of each section that has the right type.
    """
    yield from limits.check_count("sections", sections, _SECTIONS, what="sections")
    for index, title, members in titles:
        if title is None and len(sections) > 1:
            yield Violation(f"sections[{index}].title", "is required if there are several sections", 0)
        yield from limits.check_text(f"sections[{index}].title", title, TITLE, required=False)
        if not members:
            yield Violation(f"sections[{index}]", "is empty; at least 1 is needed", 0, 1, level="error")


def check_header(header: object) -> Iterator[Violation]:
    """Check a header, or None."""
    if isinstance(header, (Image, Video, Document)):
        for violation in header.violations():
            yield attrs.evolve(violation, field=f"header.{violation.field}")
        if header.caption is not None:
            yield Violation("header.caption", "a header cannot have a caption; put it into the text")
    else:
        yield from limits.check_text("header", header, _HEADER, required=False)


def to_header(header: Header | None) -> models.Header | Unset:
    """Return the low-level header."""
    if header is None:
        return UNSET
    if isinstance(header, str):
        return models.Header(text=header)
    return models.Header(attachment=header.to_attachment())


def to_footer(footer: str | None) -> models.Footer | Unset:
    """Return the low-level footer."""
    return UNSET if footer is None else models.Footer(text=footer)
