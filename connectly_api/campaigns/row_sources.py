"""Which reader a source has: by the end of a file's name, or by what the value is. Dataframes are read here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from functools import partial
from os import PathLike, fspath
from pathlib import PurePath
from typing import Any, Final

from connectly_api.campaigns.delimited_text import read_delimited
from connectly_api.campaigns.json_lines import read_json_lines
from connectly_api.campaigns.spreadsheet import read_spreadsheet
from connectly_api.campaigns.table_header import Record
from connectly_api.errors import InvalidInputError
from connectly_api.keywords import list_keywords
from connectly_api.setting_rules import describe_kind

_INEXACT: Final = frozenset({"Float16", "Float32"})
Records = Generator[Record, None, None]
Read = Callable[..., Records]

_BY_SUFFIX: Final[Mapping[str, Read]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), read_delimited),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), read_json_lines),
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), read_spreadsheet),
}


def find_reader(
    source: object, needed: Collection[str], options: Mapping[str, Any]
) -> tuple[Callable[[], Records] | None, bool]:
    """Return what opens a source in a worker thread, and whether its first record has all columns.

    Args:
        source: The source; an iterable is iterated where it is, so nothing opens it.
        needed: The columns of the recipients.
        options: The options of `rows` that the readers have, by name; None for those that are not given.

    Raises:
        InvalidInputError: There is no reader for such a source, or an option does not apply to it.
    """
    read: Read | None = None
    kind = describe_kind(source)
    if isinstance(source, (str, PathLike)):
        read = _BY_SUFFIX.get(PurePath(fspath(source)).suffix.lower())
        if read is None:
            raise InvalidInputError(f"source: the file's name must end with {', '.join(_BY_SUFFIX)}", field="source")
    elif _is_dataframe(source):
        read = _read_dataframe
    elif isinstance(source, (bytes, Mapping)) or not (hasattr(source, "__iter__") or hasattr(source, "__aiter__")):
        problem = f"must be a path, an iterable of mappings or a dataframe, not {kind}"
        raise InvalidInputError(f"source: {problem}", field="source")
    given = {name: value for name, value in options.items() if value is not None}
    known = () if read is None else list_keywords(read) or ()
    for name in given:
        if name not in known:
            raise InvalidInputError(f"{name}: does not apply to such a source", field=name)
    return (None, False) if read is None else (partial(read, source, needed, **given), read is not read_json_lines)


def _is_dataframe(value: object) -> bool:
    """Return whether a value looks like a dataframe; a database cursor has no shape."""
    return hasattr(value, "to_dicts") or (hasattr(value, "shape") and hasattr(value, "columns"))


def _read_dataframe(frame: Any, needed: Collection[str]) -> Records:  # noqa: ANN401 (of any library)
    """Yield a record for each row; the first one has the number 1.

    Raises:
        InvalidInputError: The dataframe is lazy, or of an unknown library, it has lost digits of numbers, or the extra
            is not installed.
    """
    try:
        import narwhals  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError:
        raise InvalidInputError("source: needs pip install 'connectly-api[campaigns]'", field="source") from None
    try:
        known = narwhals.from_native(frame, eager_only=True)
        for name in needed:
            # Seven digits are right, the others are another customer's.
            if str(known.schema.get(name)) in _INEXACT:
                problem = f"{name}: is stored as 32-bit numbers, which lost digits; store it as text"
                raise InvalidInputError(problem, field=name)
        rows: Iterable[Mapping[str, Any]] = known.iter_rows(named=True)
    except (TypeError, narwhals.exceptions.NarwhalsError):
        if not hasattr(frame, "to_dicts"):
            problem = "must be a dataframe in memory, with a name for each column"
            raise InvalidInputError(f"source: {problem}", field="source") from None
        rows = frame.to_dicts()
    yield from enumerate(rows, 1)
