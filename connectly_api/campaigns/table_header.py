"""The header of a table, and what a reader of tables gives: a record for each line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from connectly_api.campaigns.input_rows import UnknownColumnError, explain_unknown
from connectly_api.errors import InvalidInputError
from connectly_api.recipients import BSUID

Record = tuple[int, Mapping[str, Any] | str | None]
"""The line that a record begins on, and its values by column, or what is wrong with it, or None if it is empty."""

_NUMBER: Final = re.compile(r"[+(]?[0-9](?:[ ()/.+-]*[0-9]){6,}")

NO_HEADER: Final = (
    "source: the first line holds a recipient instead of the names of columns; add a line with the names above it, or "
    "name them with columns="
)
TOO_FEW: Final = "has fewer cells than the header"
TOO_MANY: Final = "has more cells than the header"


def to_names(cells: Iterable[str]) -> list[str]:
    """Return the names of columns, without a byte order mark, and with single spaces: Excel's may have line breaks."""
    return [" ".join(cell.removeprefix("\ufeff").split()) for cell in cells]


def read_table(
    lines: Iterable[tuple[int, list[str] | str]], needed: Collection[str], columns: Sequence[str] | None
) -> Iterator[Record]:
    """Yield a record for each line below the header, as a dictionary of all columns.

    Args:
        lines: The number of each line with its cells, or with its problem.
        needed: The columns of the recipients.
        columns: The names of the columns if there is no header.

    Raises:
        UnknownColumnError: The header lacks a needed column.
        InvalidInputError: There is no header, or two of its columns have the same name.
    """
    names = None if columns is None else to_names(columns)
    if names is not None:
        _check_header(names, needed)
    for line, cells in lines:
        if isinstance(cells, list) and not any(map(str.strip, cells)):
            yield line, None
        elif names is None:
            if isinstance(cells, str):
                raise InvalidInputError(f"source: the header {cells}", field="source")
            names = to_names(cells)
            _check_header(names, needed)
        elif isinstance(cells, str):
            yield line, cells
        elif len(cells) != len(names):
            yield line, TOO_FEW if len(cells) < len(names) else TOO_MANY
        else:
            yield line, dict(zip(names, cells, strict=True))
    if names is None:
        raise InvalidInputError("source: is empty; the first line must name the columns", field="source")


def _check_header(names: list[str], needed: Collection[str]) -> None:
    """Refuse a header that lacks a column, or has two of one name; columns without a name are left out.

    Raises:
        UnknownColumnError: A needed column is missing.
        InvalidInputError: There is no header, or two columns have the same name.
    """
    if any(name not in names for name in needed) and any(map(_is_recipient, names)):
        raise InvalidInputError(NO_HEADER, field="source")
    check_columns(names, needed)
    first: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name and first.setdefault(name, place) != place:
            problem = f"columns {first[name]} and {place} have the same name; rename one of them"
            raise InvalidInputError(f"source: {problem}", field="source")


def check_columns(names: Collection[str], needed: Iterable[str]) -> None:
    """Refuse columns that lack a needed one, with an `UnknownColumnError`."""
    for name in needed:
        if name not in names:
            raise UnknownColumnError(explain_unknown(name, names), field=name)


def _is_recipient(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None or BSUID.fullmatch(text) is not None
