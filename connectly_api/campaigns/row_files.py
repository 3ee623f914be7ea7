"""Which reader a source has: by the end of a file's name, or by what the value is."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing
from os import PathLike, fspath
from pathlib import PurePath
from typing import Any, Final

import attrs

from connectly_api.campaigns.dataframe_rows import is_dataframe, read_dataframe
from connectly_api.campaigns.delimited_text import read_delimited
from connectly_api.campaigns.json_lines import read_json_lines
from connectly_api.campaigns.spreadsheet import read_spreadsheet
from connectly_api.campaigns.table_header import Record
from connectly_api.campaigns.text_lines import read_lines
from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import describe_kind

Records = Generator[Record, None, None]


@attrs.frozen
class FileOptions:
    """How a file is to be read; None is what `rows` says."""

    delimiter: str | None
    encoding: str | None
    sheet: str | None
    columns: Sequence[str] | None

    def __attrs_post_init__(self) -> None:
        """Refuse malformed options, with an `InvalidInputError`."""
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            raise InvalidInputError("delimiter: must be one character, other than a quote", field="delimiter")
        try:
            codecs.lookup(self.encoding or "utf-8")
        except LookupError:
            raise InvalidInputError("encoding: there is no such encoding; cp1252 is one", field="encoding") from None
        if isinstance(self.columns, str):
            raise InvalidInputError("columns: must be a list of names", field="columns")


Read = Callable[[Any, Collection[str], FileOptions], Records]


@attrs.frozen
class Reader:
    """Reads one kind of source in a worker thread.

    Attributes:
        read: Opens the source, and yields its records.
        is_complete: Whether the first record has all columns.
        options: The options that apply.
    """

    read: Read
    is_complete: bool = True
    options: frozenset[str] = frozenset()


def _read_delimited_file(path: str, needed: Collection[str], options: FileOptions) -> Records:
    with closing(read_lines(path, options.encoding)) as lines:
        yield from read_delimited(lines, needed=needed, delimiter=options.delimiter, columns=options.columns)


def _read_json_file(path: str, _needed: Collection[str], options: FileOptions) -> Records:
    with closing(read_lines(path, options.encoding)) as lines:
        yield from read_json_lines(lines)


def _read_spreadsheet_file(path: str, needed: Collection[str], options: FileOptions) -> Records:
    yield from read_spreadsheet(path, needed=needed, sheet=options.sheet, columns=options.columns)


def _read_dataframe(frame: object, _needed: Collection[str], _options: FileOptions) -> Records:
    yield from enumerate(read_dataframe(frame), 1)


_DATAFRAME: Final = Reader(_read_dataframe)
_BY_SUFFIX: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(
        (".csv", ".tsv", ".txt"), Reader(_read_delimited_file, options=frozenset({"delimiter", "encoding", "columns"}))
    ),
    **dict.fromkeys(
        (".jsonl", ".ndjson", ".json"), Reader(_read_json_file, is_complete=False, options=frozenset({"encoding"}))
    ),
    **dict.fromkeys(
        (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
        Reader(_read_spreadsheet_file, options=frozenset({"sheet", "columns"})),
    ),
}


def find_reader(source: object, options: FileOptions) -> Reader | None:
    """Return the reader of a source; None for iterables, which are iterated where they are.

    Raises:
        InvalidInputError: There is no reader for such a source, or an option does not apply to it.
    """
    reader, kind = None, describe_kind(source)
    if isinstance(source, (str, PathLike)):
        reader = _BY_SUFFIX.get(PurePath(fspath(source)).suffix.lower())
        if reader is None:
            raise InvalidInputError(f"source: the file's name must end with {', '.join(_BY_SUFFIX)}", field="source")
    elif is_dataframe(source):
        reader = _DATAFRAME
    elif isinstance(source, (bytes, Mapping)) or not (hasattr(source, "__iter__") or hasattr(source, "__aiter__")):
        problem = f"must be a path, an iterable of mappings or a dataframe, not {kind}"
        raise InvalidInputError(f"source: {problem}", field="source")
    for name, value in attrs.asdict(options, recurse=False).items():
        if value is not None and (reader is None or name not in reader.options):
            raise InvalidInputError(f"{name}: does not apply to such a source", field=name)
    return reader
