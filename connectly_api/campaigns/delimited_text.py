"""Read CSV and other delimited text. The delimiter is the one that finds the column of the recipients in the header.

A record that cannot be read costs its own line. A quote that is never closed would swallow the lines below it, so these
are read again, as lines of their own.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from os import PathLike
from typing import Final

from connectly_api.campaigns.table_header import Record, read_table, to_names
from connectly_api.campaigns.text_lines import read_lines
from connectly_api.errors import InvalidInputError

_DELIMITERS: Final = ",;\t|"
_LINES_OF_HEADER: Final = 100
_EXCEL_HINT: Final = re.compile(r'sep=([^"\r\n])[\r\n]*', re.IGNORECASE)

UNBALANCED: Final = "has quotes that do not match, or a cell of more than 131,072 characters"
NUL: Final = "has NUL characters; if the file is in UTF-16, give encoding="


def read_delimited(
    path: str | PathLike[str],
    needed: Collection[str],
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    columns: Sequence[str] | None = None,
) -> Generator[Record, None, None]:
    """Yield a record for each line below the header.

    Raises:
        InvalidInputError: The text, its delimiter or its header is not what it must be.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise InvalidInputError("delimiter: must be one character, other than a quote", field="delimiter")
    with closing(read_lines(path, encoding)) as lines:
        head = list(islice(lines, _LINES_OF_HEADER))
        if head and (hint := _EXCEL_HINT.fullmatch(head[0].removeprefix("\ufeff"))):
            delimiter = delimiter or hint[1]
            head[0] = "\n"
        if delimiter is None:
            delimiter = _find_delimiter([line for line in head if line.strip()], needed, columns)
        yield from read_table(_parse(_Lines(chain(head, lines)), delimiter), needed, columns)


def _find_delimiter(lines: list[str], needed: Collection[str], columns: Sequence[str] | None) -> str:
    """Return the delimiter that makes the header, or the first line, what it must be."""
    firsts = {one: next(_parse(_Lines(iter(lines)), one), (0, ""))[1] for one in _DELIMITERS}
    cells = {one: first for one, first in firsts.items() if isinstance(first, list)}
    right = {
        one: first
        for one, first in cells.items()
        if (set(needed) <= set(to_names(first)) if columns is None else len(first) == len(columns))
    }
    if len({tuple(first) for first in right.values()}) > 1:
        raise InvalidInputError("delimiter: cannot be found from the first line; give delimiter=", field="delimiter")
    return next(iter(right), max(cells, key=lambda one: len(cells[one]), default=","))


class _Lines:
    """Iterates over lines, counts them, and keeps those of the current record, which can be put back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self.record: list[str] = []
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.record.append(line)
        self.count += 1
        return line

    def put_back(self) -> None:
        """Put back all lines of the current record but the first one."""
        again = self.record[1:]
        self._waiting.extendleft(reversed(again))
        self.count -= len(again)


def _parse(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the cells of each record, or its problem, with the line that it begins on."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.record.clear()
        line = lines.count + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            lines.put_back()
            yield line, UNBALANCED
        else:
            yield line, NUL if "\0" in "".join(lines.record) else cells
