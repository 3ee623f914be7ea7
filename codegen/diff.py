"""The command `diff`: two files read, compared, and the difference written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from codegen.difference import Difference, Format, Impact, compare, render
from codegen.document import Json
from codegen.source import read_source
from codegen.swagger import convert

__all__ = ["STATUSES", "Outcome", "diff", "read"]

STATUSES: Final[Mapping[Impact | None, int]] = {None: 0, "cosmetic": 0, "additive": 1, "breaking": 3}
"""The exit status by the gravest class of all changes; 2 says that a file cannot be read."""


@attrs.frozen
class Outcome:
    """What the command has to say.

    Attributes:
        difference: What changed.
        text: The same, written down.
        status: The exit status.
    """

    difference: Difference
    text: str
    status: int


def diff(old: str, new: str, format: Format) -> Outcome:  # noqa: A002  the option's own word
    """Compare two files.

    Args:
        old: The path, or the https address, of the file before.
        new: That of the file after.
        format: How the difference is written down.

    Raises:
        CodegenError: One of the two cannot be read; the text names it.
    """
    difference = compare(read(old), read(new))
    return Outcome(difference, render(difference, format), STATUSES[difference.impact])


def read(location: str) -> Json:
    """Return a vendor's file as an OpenAPI 3 document.

    Args:
        location: A path, or an https address.

    Raises:
        CodegenError: It cannot be read, is not valid, or holds what this package does not know; the text names it.
    """
    return convert(read_source(location).swagger)
