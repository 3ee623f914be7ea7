"""Read the dataframes of any library with narwhals (extra `campaigns`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectly_api.errors import InvalidInputError


def is_dataframe(value: object) -> bool:
    """Return whether a value looks like a dataframe; a database cursor has no shape."""
    return hasattr(value, "to_dicts") or (hasattr(value, "columns") and hasattr(value, "shape"))


def read_dataframe(frame: Any) -> Iterable[Mapping[str, Any]]:  # noqa: ANN401 (of any library)
    """Return the rows of a dataframe as mappings.

    Raises:
        InvalidInputError: It is lazy, or of an unknown library, or the extra is not installed.
    """
    if hasattr(frame, "to_dicts") and not hasattr(frame, "iter_rows"):
        return frame.to_dicts()  # type: ignore[no-any-return]
    try:
        import narwhals  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError:
        raise InvalidInputError("source: needs pip install 'connectly-api[campaigns]'", field="source") from None
    try:
        rows: Iterable[Mapping[str, Any]] = narwhals.from_native(frame, eager_only=True).iter_rows(named=True)
    except (TypeError, narwhals.exceptions.NarwhalsError):
        problem = "must be a dataframe in memory, with a name for each column"
        raise InvalidInputError(f"source: {problem}", field="source") from None
    return rows
