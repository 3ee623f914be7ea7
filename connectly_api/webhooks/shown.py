"""What the reprs of events show: a text that may be a copy of anything is shown in its documented form only. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

__all__ = ["is_id", "shown_if", "shown_of"]

# The service's ids are ULIDs, https://github.com/ulid/spec, and UUIDs, some after a word (`wh_…`). Other ids may hold
# what they stand for: WhatsApp's own (`wamid.…`) spell the customer's number.
_ID: Final = re.compile(
    r"(?:[a-z]{2,4}_)?(?:(?=.*[A-Z])[0-7][0-9A-HJKMNP-TV-Z]{25}|(?=.*[a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


def is_id(text: str | None) -> bool:
    """Say whether a text has the form of the service's own ids, and is no number."""
    return text is not None and _ID.fullmatch(text) is not None


def shown_if(is_documented: Callable[[str | None], bool]) -> Callable[[str | None], str]:
    """Return the repr of a text that is shown in its documented form only, as it may be a copy of anything else."""
    return lambda value: repr(value) if value is None or is_documented(value) else "…"


def shown_of(*documented: str) -> Callable[[str | None], str]:
    """Return the repr of a text that is shown where it is one of those that the service documents."""
    return shown_if(lambda value: value in documented)
