"""Reads and writes a sandbox's files: a file is replaced as a whole, so that no crash leaves half of one."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from errno import EISDIR
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from connectly_api.errors import InvalidInputError


def read_file(name: str, path: str | Path) -> str:
    """Return the text of a file that belongs to an argument.

    Raises:
        InvalidInputError: It cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")  # Some editors begin a file with a byte order mark.
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{name}: cannot be read: {error}", field=name) from error


def check_writable(name: str, path: str | Path) -> None:
    """Check that a file can be written, without changing it.

    Raises:
        InvalidInputError: It cannot.
    """
    try:
        if Path(path).is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        if not _is_special(path):
            with _open_beside(path):
                pass
    except OSError as error:
        raise InvalidInputError(f"{name}: cannot be written: {error.strerror}: {str(path)!r}", field=name) from None


def replace_file(path: str | Path, text: str) -> None:
    """Write a file that only its owner can read, as a whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    if _is_special(path):
        Path(path).write_text(text, encoding="utf-8")
        return
    with _open_beside(path) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        Path(file.name).replace(Path(path).resolve())


def _is_special(path: str | Path) -> bool:
    """Return whether it is a pipe, a terminal or the like, which cannot be replaced."""
    return Path(path).exists() and not Path(path).is_file()


@contextmanager
def _open_beside(path: str | Path) -> Generator[IO[str]]:
    """Open a new file in the same folder, and remove it if it still has its name afterwards."""
    target = Path(path).resolve()
    with NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        try:
            yield file
        finally:
            Path(file.name).unlink(missing_ok=True)
