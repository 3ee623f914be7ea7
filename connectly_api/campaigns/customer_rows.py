"""Read the customers of a campaign: files, dataframes, and iterables of mappings become batches of rows and rejects."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import closing
from itertools import islice
from os import PathLike
from typing import Any, Final, Protocol

from anyio import to_thread
from anyio.lowlevel import checkpoint

from connectly_api.campaigns.input_rows import InputRow
from connectly_api.campaigns.journal_protocol import Reject
from connectly_api.campaigns.phone_cells import RecipientReader
from connectly_api.campaigns.row_sources import find_reader
from connectly_api.campaigns.table_header import Record, check_columns
from connectly_api.errors import InvalidInputError, UsageError
from connectly_api.setting_rules import describe_kind
from connectly_api.tracebacks import cut_traceback

_BATCH: Final = 1000


class Dataframe(Protocol):
    """A dataframe of pandas, polars, PyArrow or another library that narwhals knows."""

    @property
    def columns(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def shape(self) -> Any: ...  # noqa: ANN401, D102


Source = str | PathLike[str] | Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]] | Dataframe

Batch = list[InputRow | Reject]


class Rows:
    """The customers of a campaign, from `rows`.

    Attributes:
        empty: How many empty lines the latest `read` has skipped so far.
    """

    def __init__(self, source: Any, recipients: RecipientReader, options: Mapping[str, Any]) -> None:  # noqa: ANN401
        """Create them; use `rows`.

        Args:
            source: What is read.
            recipients: Reads the recipient of a row.
            options: How a file is read.
        """
        self.empty = 0
        self._source = source
        self._recipients = recipients
        self._open, self._is_complete = find_reader(source, recipients.columns, options)
        self._is_read = False

    def __repr__(self) -> str:
        """Show the column of the recipients."""
        return f"Rows(to={self._recipients.to!r})"

    async def read(self) -> AsyncGenerator[Batch, None]:
        """Read the source from its beginning, in batches of up to 1,000 rows and rejects.

        Files and dataframes are read in a worker thread. Iterables are iterated in this one, because a database cursor
        may belong to it.

        Raises:
            InvalidInputError: The source cannot be read; the text says where and why.
            OSError: The file cannot be read.
            UsageError: An iterator is read for the second time.
        """
        self.empty = 0
        columns: set[str] = set()
        if self._open is not None:
            with closing(self._open()) as records:
                while (batch := await to_thread.run_sync(self._read_batch, records, columns)) is not None:
                    yield batch
            return
        take = self._open_iterable()
        line = 1
        while items := await take():
            yield await to_thread.run_sync(self._convert, list(enumerate(items, line)), columns)
            line += len(items)

    def _read_batch(self, records: Iterator[Record], columns: set[str]) -> Batch | None:
        chunk = list(islice(records, _BATCH))
        return self._convert(chunk, columns) if chunk else None

    def _open_iterable(self) -> Callable[[], Awaitable[list[Mapping[str, Any]]]]:
        is_async = hasattr(self._source, "__aiter__")
        found = aiter(self._source) if is_async else iter(self._source)
        if found is self._source and self._is_read:
            raise UsageError("rows: an iterator can be read only once; pass what it comes from")
        self._is_read = True

        async def take() -> list[Mapping[str, Any]]:
            if not is_async:
                await checkpoint()
                return [_to_values(item) for item in islice(found, _BATCH)]
            items: list[Mapping[str, Any]] = []
            async for item in found:
                items.append(_to_values(item))
                if len(items) == _BATCH:
                    break
            return items

        return take

    def _convert(self, chunk: Sequence[Record], columns: set[str]) -> Batch:
        """Return the rows and rejects of some records, and add their columns to those known so far."""
        is_first = not columns
        has_further = len(self._recipients.columns) > 1
        batch: Batch = []
        for line, values in chunk:
            if values is None:
                self.empty += 1
            elif isinstance(values, str):
                batch.append(Reject(line, None, values))
            else:
                if not (columns and self._is_complete):
                    columns.update(values)
                phone, bsuid, problem, field = self._recipients.read(values)
                if problem:
                    batch.append(Reject(line, field, problem))
                    continue
                further = bsuid if has_further else ""
                batch.append(
                    InputRow(
                        line,
                        phone,
                        values,
                        columns,
                        bsuid=bsuid,
                        further_key=further,
                        is_complete=self._is_complete,
                    )
                )
        if is_first and columns:
            check_columns(columns, self._recipients.columns)
        return batch


@cut_traceback
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
        sheet: The name of a spreadsheet's sheet; by default the only visible one that has cells.
        columns: The names of the columns of a file without a header.

    Raises:
        InvalidInputError: A setting is malformed, or does not apply to the source.
    """
    recipients = RecipientReader(to, bsuid, region=region, has_country_code=has_country_code)
    if isinstance(columns, str):
        raise InvalidInputError("columns: must be a list of names", field="columns")
    options = {"delimiter": delimiter, "encoding": encoding, "sheet": sheet, "columns": columns}
    return Rows(source, recipients, options)


def _to_values(item: Any) -> Mapping[str, Any]:  # noqa: ANN401 (of any library)
    """Copy a row, because a cursor may use one object for all; sqlite3's rows have keys, and are no mappings."""
    if not hasattr(item, "keys"):
        raise InvalidInputError(f"source: must have mappings as its items, not {describe_kind(item)}", field="source")
    return dict(item)
