"""Files that a customer can send: kept in memory, and served as data that no browser runs."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from typing import Final

import attrs

MAX_FILE_BYTES: Final = 16 * 2**20
"""Of one file: what WhatsApp allows for a video. Source: https://docs.connectly.ai"""

MAX_BYTES: Final = 4 * MAX_FILE_BYTES
"""Of all files; then the oldest are dropped."""

_MAX_NAME: Final = 100
_MAX_SUFFIX: Final = 10
_UNSAFE: Final = frozenset('/\\:*?"<>|')

_SHOWN: Final = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
    ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".m4a": "audio/mp4", ".aac": "audio/aac", ".amr": "audio/amr",
    ".mp4": "video/mp4", ".3gp": "video/3gpp", ".webm": "video/webm",
}  # fmt: skip
_SAVED: Final = {
    ".pdf": "application/pdf", ".txt": "text/plain", ".csv": "text/csv", ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
"""Types by suffix. What a browser shows is in the first; anything else it saves."""


@attrs.frozen
class StoredFile:
    """A file.

    Attributes:
        id: Random, so that nobody can guess the URL.
        name: Its name, without what could mislead a reader or a file system.
    """

    id: str
    name: str = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)

    @property
    def type(self) -> str:
        """The media type, by the name's suffix."""
        suffix = PurePosixPath(self.name).suffix.lower()
        return _SHOWN.get(suffix) or _SAVED.get(suffix, "application/octet-stream")

    @property
    def is_shown(self) -> bool:
        """Whether a browser may show it in a page, instead of saving it."""
        return self.type in _SHOWN.values()


def clean_file_name(name: str) -> str:
    """Return a name without folders, direction marks, control characters and leading dots, or else `file`."""
    # Cf has the direction marks, Cs the halves of surrogate pairs; white space stays as a space.
    kept = (" " if char.isspace() else char for char in name if char not in _UNSAFE)
    clean = "".join(char for char in kept if unicodedata.category(char)[0] != "C").strip(". ")
    suffix = PurePosixPath(clean).suffix
    suffix = suffix if len(suffix) <= _MAX_SUFFIX else ""
    return (clean.removesuffix(suffix)[: _MAX_NAME - len(suffix)] + suffix).strip(". ") or "file"
