"""No bytes make a reader fail in an unforeseen way, and no line gets lost."""

from __future__ import annotations

import csv
import tempfile
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import InvalidInputError
from connectly_api.campaigns import delimited_text
from connectly_api.campaigns.input_rows import InputRow
from connectly_api.campaigns.journal_protocol import Reject
from tests.campaigns.row_reading import read, show
from tests.thoroughness import up_to


def read_bytes(data: bytes, name: str = "customers.csv", **options: str) -> list[InputRow | Reject | int]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read(path, **options)


PIECES = st.sampled_from(['"', ",", ";", "\n", "\r\n", "\r", "\0", " ", "a", "+16044441111", "\ufeff", "ä", "sep=;"])
LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
SPREADSHEETS = ["customers.xlsx", "customers.xls", "customers.ods"]


@up_to(400)
@given(st.binary(max_size=200), st.sampled_from(["customers.csv", "customers.jsonl", *SPREADSHEETS]), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, name: str, has_header: bool) -> None:
    header = b"phone,name\n" if has_header and name == "customers.csv" else b""
    try:
        items = read_bytes(header + data, name)
    except InvalidInputError as error:
        assert error.__cause__ is None  # noqa: PT017 (most bytes are read)
        return
    numbers = [item.line for item in items if isinstance(item, (InputRow, Reject))]
    assert numbers == sorted(set(numbers))


@up_to(800)
@given(st.lists(PIECES, max_size=60))
def test_every_line_of_a_text_without_quoted_ones_is_a_row_a_reject_or_empty(pieces: list[str]) -> None:
    text = "phone,name\n" + "".join(pieces).replace('"', "")
    items = read_bytes(text.encode())
    lines = StringIO(text, newline="").readlines()
    assert len(items) - 1 + int(str(items[-1])) == len(lines) - 1


@up_to(800)
@given(st.lists(PIECES, max_size=60))
def test_quotes_take_no_line_away(pieces: list[str]) -> None:
    text = "phone,name\n" + "".join(pieces)
    physical = StringIO(text, newline="").readlines()
    lines = delimited_text._Lines(iter(physical))
    before = 0
    for line, _ in delimited_text._parse(lines, ","):
        assert line == before + 1
        before = lines.count
    assert before == len(physical)
    numbers = [item.line for item in read_bytes(text.encode(), delimiter=",")[:-1] if not isinstance(item, int)]
    assert numbers == sorted(set(numbers))
    assert all(1 < number <= len(physical) for number in numbers)


@up_to(400)
@given(st.lists(st.tuples(LINES, st.text('x\n\r,;" ä', max_size=10)), max_size=8), st.sampled_from(",;\t|"))
def test_what_a_writer_of_csv_writes_is_read_back(cells: list[tuple[str, str]], delimiter: str) -> None:
    target = StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerow(["phone", "name", "note"])
    for name, note in cells:
        writer.writerow(["+16044441111", name, note])
    found = show(read_bytes(target.getvalue().encode()))
    expected = [
        {
            column: value
            for column, value in (("phone", "+16044441111"), ("name", name), ("note", note))
            if value and not value.isspace()
        }
        for name, note in cells
        if "\0" not in name
    ]
    assert [item[2] for item in found[:-1] if isinstance(item[2], dict)] == expected
    assert len(found) == len(cells) + 1


@up_to(400)
@given(st.lists(LINES, max_size=10))
def test_every_line_of_json_lines_is_a_row_a_reject_or_empty(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in ['{"phone": "+16044441111"}', *lines])
    items = read_bytes(text.encode(), "customers.jsonl")
    assert len(items) - 1 + int(str(items[-1])) == len(lines) + 1


@pytest.mark.parametrize("name", SPREADSHEETS)
def test_an_empty_spreadsheet_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError):
        read_bytes(b"", name)
