"""One row of a campaign's source: whom it goes to, and its values by the names of their columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from numbers import Real
from typing import Any, Final

from connectly_api.conversations.lookup_keys import fold_spelling
from connectly_api.errors import InvalidInputError
from connectly_api.keywords import find_nearest
from connectly_api.recipients import Bsuid, Phone, Recipient

_MISSING: Final = frozenset({"NAType", "NaTType"})
"""What pandas has for missing values besides None and NaN."""

_EXACT: Final = 2**53
"""From here on, a floating-point number may be the neighbour of the number that was entered."""


class UnknownColumnError(InvalidInputError):
    """A program asks for a column that the source does not have; `field` is its name."""


class EmptyCellError(InvalidInputError):
    """A row has no value in a column that a program asks for; `field` is the column's name."""


def is_empty(value: object) -> bool:
    """Return whether a cell has no value: None, NaN, pandas' missing values, and texts of nothing but white space."""
    if isinstance(value, str):
        return not value or value.isspace()
    # NaN alone differs from itself.
    return value is None or type(value).__name__ in _MISSING or (isinstance(value, Real) and value != value)  # noqa: PLR0124


def to_cell_text(value: object) -> str:
    """Return a value as text: a whole number without a point, a date and a time as in ISO 8601, a truth as in Excel."""
    if isinstance(value, str):
        return value
    if is_empty(value):
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)


class InputRow(Mapping[str, Any]):
    """One row, with its values by the names of their columns, as a mapping of those that are not empty.

    `row["name"]` raises `EmptyCellError` if the row has no value there, and `UnknownColumnError` if the source has no
    such column. `row.get("name", "…")` is for columns that may be empty.

    Attributes:
        line: The line of the source: of a file, as editors count them; of anything else, which item it is, from 1.
        number: The recipient as a template's request names it: `+16044441111`, or `bsuid:US.…`.
        key: The same for all spellings of one WhatsApp account's number, and for no other recipient.
        recipient: The recipient.
        further_key: The BSUID, if the source has further ones: no other row has the same recipient.
    """

    __slots__ = ("_bsuid", "_columns", "_is_complete", "_phone", "_values", "further_key", "line")

    def __init__(
        self,
        line: int,
        phone: str,
        values: Mapping[str, Any],
        columns: Collection[str],
        *,
        bsuid: str = "",
        further_key: str = "",
        is_complete: bool = True,
    ) -> None:
        """Create a row.

        Args:
            line: The line of the source.
            phone: The phone number in E.164 form, or an empty string.
            values: The values by the names of their columns.
            columns: The names of all columns, as far as they are known.
            bsuid: The BSUID, or an empty string.
            further_key: The same again, if the source has a column of further ones.
            is_complete: Whether no later row may have further columns.
        """
        self.line = line
        self._phone = phone
        self._bsuid = bsuid
        self.further_key = further_key
        self._values = values
        self._columns = columns
        self._is_complete = is_complete

    @property
    def number(self) -> str:
        """The recipient as a template's request names it: `+16044441111`, or `bsuid:US.…`."""
        return self._phone or f"bsuid:{self._bsuid}"

    @property
    def key(self) -> str:
        """The same for all spellings of one WhatsApp account's number, and for no other recipient."""
        return fold_spelling(self.number)

    @property
    def recipient(self) -> Recipient:
        """The recipient."""
        return Recipient(
            Phone(self._phone) if self._phone else None,
            Bsuid(self._bsuid) if self._bsuid else None,
        )

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 (whatever the source has)
        """Return the value in a column.

        Raises:
            EmptyCellError: The row has no value there.
            UnknownColumnError: The source has no such column.
        """
        value = self._values.get(name)
        if is_empty(value):
            self._check_column(name)
            raise EmptyCellError(f"{name}: is empty", field=name)
        return value

    def get(self, key: str, default: Any = None, /) -> Any:  # noqa: ANN401
        """Return the value in a column, or the default if the row has none.

        Raises:
            UnknownColumnError: The source has no such column, and no later row may have it.
        """
        value = self._values.get(key)
        if not is_empty(value):
            return value
        if self._is_complete:
            self._check_column(key)
        return default

    def _check_column(self, name: str) -> None:
        if name not in self._columns:
            raise UnknownColumnError(explain_unknown(name, self._columns), field=name)

    def __contains__(self, name: object) -> bool:
        """Return whether the row has a value in a column."""
        return not is_empty(self._values.get(name))  # type: ignore[call-overload]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the columns that the row has values in."""
        return (name for name, value in self._values.items() if not is_empty(value))

    def __len__(self) -> int:
        """Return the number of columns that the row has values in."""
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        """Show the line and the number of values."""
        return f"InputRow(line={self.line}, {len(self)} values)"


def explain_unknown(name: str, columns: Collection[str]) -> str:
    """Return the text of an error about an unknown column, with the closest name.

    Only a name that is close is repeated, because what should be a header may be a line of customers.
    """
    nearest = find_nearest(name, [one for one in columns if isinstance(one, str) and one])
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"{name}: there is no such column among {len(columns)}{hint}"
