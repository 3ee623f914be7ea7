"""Read a text file's lines in UTF-8, in UTF-16 with a byte order mark, or in the encoding that is named."""

from __future__ import annotations

import codecs
from collections.abc import Generator
from io import TextIOWrapper
from os import PathLike
from pathlib import Path
from typing import Final

from connectly_api.errors import InvalidInputError

# UTF-32's mark begins with that of UTF-16.
_MARKS: Final = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ZIP: Final = b"PK\x03\x04"


def read_lines(path: str | PathLike[str], encoding: str | None) -> Generator[str, None, None]:
    """Yield a file's lines, with their ends: a line feed, a carriage return, or both.

    Args:
        path: The file.
        encoding: Its encoding; by default UTF-8, or what its byte order mark says.

    Raises:
        InvalidInputError: The file is in another encoding, or no text at all; there is no such encoding.
        OSError: The file cannot be read.
    """
    with Path(path).open("rb") as file:
        start = file.peek(4)[:4]
        if start == _ZIP:
            raise InvalidInputError("source: is no text; if it is a spreadsheet, name it .xlsx or .ods", field="source")
        name = encoding or next((name for mark, name in _MARKS.items() if start.startswith(mark)), "utf-8-sig")
        try:
            text = TextIOWrapper(file, name, newline="")
        except (LookupError, ValueError):
            raise InvalidInputError("encoding: there is no such encoding; cp1252 is one", field="encoding") from None
        count = 0
        try:
            for line in text:
                count += 1
                yield line
        except UnicodeError as error:
            problem = _explain(error, count, encoding)
        else:
            return
        # Raised here, because the error that was caught holds a piece of the file.
        raise InvalidInputError(problem, field="encoding")


def _explain(error: UnicodeError, count: int, encoding: str | None) -> str:
    """Say where a file is not in its encoding, after so many lines; the error's bytes begin with the next line."""
    place, byte = count + 1, ""
    if isinstance(error, UnicodeDecodeError):
        place += error.object[: error.start].count(b"\n")
        byte = f" (byte 0x{error.object[error.start]:02X})"
    hint = "" if encoding else '; if Excel saved it as plain "CSV", give encoding="cp1252", or save it as "CSV UTF-8"'
    return (
        f"encoding: line {place} is not in {encoding or 'UTF-8, or in the encoding of its byte order mark'}{byte}{hint}"
    )
