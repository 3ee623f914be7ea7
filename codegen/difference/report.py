"""A difference as text, Markdown or JSON, with whatever stands in the files made harmless. Pure."""

from __future__ import annotations

import json
from typing import Final, Literal, get_args

from codegen.difference.changes import Difference

__all__ = ["FORMATS", "Format", "render"]

Format = Literal["text", "markdown", "json"]
"""What a difference can be written as."""

FORMATS: Final = get_args(Format)
"""All of them."""


def render(difference: Difference, format: Format) -> str:  # noqa: A002  the option's own word
    """Write a difference down.

    Args:
        difference: What `compare` found.
        format: How.

    Returns:
        The whole text, without a line break at its end.
    """
    if format == "json":
        return json.dumps([change.what for change in difference.changes])
    return "\n".join(f"{change.impact}: {change.place}: {change.what}" for change in difference.changes)
