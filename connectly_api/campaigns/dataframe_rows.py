"""Read the dataframes of any library with narwhals (extra `campaigns`)."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping
from typing import Any

from connectly_api.campaigns.table_header import Record
from connectly_api.errors import InvalidInputError


def is_dataframe(value: object) -> bool:
    """Return whether a value looks like a dataframe; a database cursor has no shape."""
    return hasattr(value, "to_dicts") or (hasattr(value, "shape") and hasattr(value, "columns"))


def read_dataframe(frame: Any, _needed: Collection[str]) -> Generator[Record, None, None]:  # noqa: ANN401
    """Yield a record for each row; the first one has the number 1.

    Raises:
        InvalidInputError: The dataframe is lazy, or of an unknown library, or the extra is not installed.
    """
    try:
        import narwhals  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError:
        raise InvalidInputError("source: needs pip install 'connectly-api[campaigns]'", field="source") from None
    try:
        rows: Iterable[Mapping[str, Any]] = narwhals.from_native(frame, eager_only=True).iter_rows(named=True)
    except (TypeError, narwhals.exceptions.NarwhalsError):
        if not hasattr(frame, "to_dicts"):
            problem = "must be a dataframe in memory, with a name for each column"
            raise InvalidInputError(f"source: {problem}", field="source") from None
        rows = frame.to_dicts()
    yield from enumerate(rows, 1)
