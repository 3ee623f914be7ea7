"""Output: plain lines for pipes and files, tables for terminals, JSON for programs."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Control characters could drive a terminal; invisible ones could reverse the text that follows.
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


class OutputError(Exception):
    """Standard output cannot be written; the command itself succeeded.

    Attributes:
        reason: The system's error.
    """

    def __init__(self, reason: OSError) -> None:
        super().__init__(f"the output cannot be written: {reason.strerror}; the command itself succeeded")
        self.reason = reason


def is_terminal() -> bool:
    """Return whether a person reads the output, rather than a program or a file."""
    return sys.stdout.isatty()


def write_line(text: str) -> None:
    """Print one line, with control characters escaped."""
    with convert_errors():
        sys.stdout.write(f"{escape(text)}\n")


def write_bytes(content: bytes) -> None:
    """Print bytes unchanged."""
    with convert_errors():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def write_json(value: object) -> None:
    """Print a JSON value as one line of ASCII."""
    with convert_errors():
        sys.stdout.write(f"{json.dumps(value)}\n")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on a terminal; anywhere else, one line per row with tabs between the columns."""
    if not is_terminal():
        with convert_errors():
            sys.stdout.writelines("\t".join(map(escape, row)) + "\n" for row in rows)
        return
    # With NO_COLOR, rich still prints bold type.
    table = Table(*columns, header_style="" if os.environ.get("NO_COLOR") else "bold")
    for row in rows:
        # As Text, because rich reads square brackets in strings as markup.
        table.add_row(*(Text(escape(cell), overflow="fold") for cell in row))
    with convert_errors():
        Console(file=sys.stdout).print(table)


def write_note(text: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write(f"connectly: {escape(text)}\n")


def flush_output() -> None:
    """Flush standard output."""
    with convert_errors():
        sys.stdout.flush()


def escape(text: str) -> str:
    """Return a text with control characters escaped."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


@contextmanager
def convert_errors() -> Generator[None]:
    """Raise `OutputError` if standard output cannot be written."""
    try:
        yield
    except OSError as error:
        raise OutputError(error) from error
