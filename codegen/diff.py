"""The command `diff`: read two files, compare them, and render the difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from codegen.difference import Difference, Format, Impact, compare, render
from codegen.spec.document import Json
from codegen.spec.source import read_source
from codegen.spec.to_openapi import convert

STATUSES: Final[Mapping[Impact | None, int]] = {None: 0, "cosmetic": 0, "additive": 1, "breaking": 3}
"""The exit status for the most severe class of changes; 2 means that a file cannot be read."""


@attrs.frozen
class Outcome:
    """The result of the command.

    Attributes:
        difference: What changed.
        text: The rendered difference.
        status: The exit status.
    """

    difference: Difference
    text: str
    status: int


def diff(old: str, new: str, format: Format) -> Outcome:  # noqa: A002  the option's own word
    """Compare two files, each a path or an https URL.

    Raises:
        CodegenError: A file cannot be read; the message names it.
    """
    difference = compare(read(old), read(new))
    return Outcome(difference, render(difference, format), STATUSES[difference.impact])


def read(location: str) -> Json:
    """Read a file of the vendor, from a path or an https address, as an OpenAPI 3 document.

    Raises:
        CodegenError: It cannot be read, is invalid, or contains something unknown; the message names it.
    """
    return convert(read_source(location).document)
