"""Read the customers of a campaign: files, dataframes, and iterables of mappings become batches of rows and rejects."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Protocol

from connectly_api.campaigns.input_rows import InputRow
from connectly_api.campaigns.journal_protocol import Reject

Batch = list[InputRow | Reject]


class Dataframe(Protocol):
    """A dataframe of pandas, polars, PyArrow or another library that narwhals knows."""

    @property
    def columns(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def shape(self) -> Any: ...  # noqa: ANN401, D102


Source = str | PathLike[str] | Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]] | Dataframe


class Rows:
    """The rows of a source.

    Attributes:
        empty: How many empty lines the latest reading has skipped so far.
    """

    empty: int

    def read(self) -> AsyncIterator[Batch]:
        """Read the source from its beginning, in batches of up to 1,000 rows and rejects."""
        raise NotImplementedError


def rows(
    source: Source,
    *,
    to: str,
    bsuid: str | None = None,
    region: str | None = None,
    has_country_code: bool = False,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    columns: Sequence[str] | None = None,
) -> Rows:
    """Describe the customers of a campaign; nothing is read yet.

    Args:
        source: The path of a file (`.csv`, `.tsv`, `.txt`, `.jsonl`, `.ndjson`, `.xlsx`, `.xlsm`, `.xlsb`, `.xls`,
            `.ods`), an iterable or async iterable of mappings, such as a database cursor, or a dataframe.
        to: The column of the recipients: phone numbers or BSUIDs.
        bsuid: A second column, of BSUIDs, for customers whose phone number is known or not.
        region: The ISO 3166 code of the country, such as `DE`, whose numbers may be in national notation.
        has_country_code: Whether every number starts with its country code, also those without `+` or `00`.
        delimiter: What separates a text file's cells; by default it is found from the header.
        encoding: A text file's encoding; by default UTF-8, or UTF-16 with a byte order mark.
        sheet: The name of a spreadsheet's sheet; by default the only one.
        columns: The names of the columns of a file without a header.

    Raises:
        InvalidInputError: A setting is malformed.
    """
    raise NotImplementedError
