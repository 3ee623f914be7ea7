"""What a command prints: plain lines for pipes and files, tables for people at a terminal, JSON for machines."""

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

__all__ = ["OutputError", "note", "say", "say_bytes", "say_json", "say_table", "writing"]

# Controls could drive a terminal; characters that nobody sees could turn around what follows.
_HIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def _shown(text: str) -> str:
    return _HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


class OutputError(Exception):
    """Standard output takes nothing any more; what was to be printed about was done.

    Attributes:
        reason: What the system says.
    """

    def __init__(self, reason: OSError) -> None:
        """Keep the reason."""
        super().__init__(f"the output cannot be written: {reason.strerror}; what was asked for was done")
        self.reason = reason


@contextmanager
def writing() -> Generator[None]:
    """Tell a failure of standard output from all others.

    Raises:
        OutputError: Standard output failed within the block.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(error) from error


def say(text: str) -> None:
    """Print one line; control characters are shown as escapes."""
    with writing():
        sys.stdout.write(f"{_shown(text)}\n")


def say_bytes(content: bytes) -> None:
    """Print bytes as they are."""
    with writing():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def say_json(value: object) -> None:
    """Print a JSON value as one line of ASCII."""
    with writing():
        sys.stdout.write(f"{json.dumps(value)}\n")


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on a terminal; anywhere else, a line for each row, with tabs between the columns."""
    if not sys.stdout.isatty():
        with writing():
            sys.stdout.writelines("\t".join(map(_shown, row)) + "\n" for row in rows)
        return
    # Rich keeps bold type where NO_COLOR is set; who sets it wants no escapes at all.
    table = Table(*columns, header_style="" if os.environ.get("NO_COLOR") else "bold")
    for row in rows:
        # As texts, because rich would take square brackets in strings for its markup.
        table.add_row(*(Text(_shown(cell), overflow="fold") for cell in row))
    with writing():
        Console(file=sys.stdout).print(table)


def note(text: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write(f"connectly: {_shown(text)}\n")
