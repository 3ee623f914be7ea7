"""Rows from spreadsheets, dataframes, cursors and other iterables."""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import openpyxl
import pandas as pd
import polars as pl
import pytest

from connectly_api import InvalidInputError, UsageError
from connectly_api.campaigns import phone_cells
from connectly_api.campaigns.customer_rows import rows
from connectly_api.campaigns.input_rows import UnknownColumnError
from tests.campaigns.row_reading import read, show, write

ANN = "+16044441111"
BOB = "+16044442222"
PEOPLE: list[dict[str, Any]] = [{"phone": ANN, "name": "Ann", "n": 1}, {"phone": BOB, "name": None, "n": 2}]
SHOWN = [(1, ANN, {"phone": ANN, "name": "Ann", "n": 1}), (2, BOB, {"phone": BOB, "n": 2}), 0]


def save(folder: Path, sheets: dict[str, list[list[object]]], hidden: tuple[str, ...] = ()) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, lines in sheets.items():
        sheet = workbook.create_sheet(name)
        for line in lines:
            sheet.append(line)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    data = BytesIO()
    workbook.save(data)
    return write(folder, data.getvalue(), "customers.xlsx")


def test_cells_of_a_spreadsheet_become_text_and_keep_their_lines(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        {
            "Customers": [
                [],
                ["phone", " name ", "code", "day", "is_new"],
                [ANN, "Ann", 12345, dt.date(2026, 1, 2), True],
                [],
                [16044442222, None, 1.5, dt.datetime(2026, 1, 2, 3, 4), False],  # noqa: DTZ001 (as in Excel)
                [16044441111.5, "Eve"],
                [1.6044441111e22, "Eve"],
                [None, "Eve"],
            ]
        },
    )
    assert show(read(path)) == [
        (3, ANN, {"phone": ANN, "name": "Ann", "code": "12345", "day": "2026-01-02", "is_new": "TRUE"}),
        (5, "phone", phone_cells.NO_COUNTRY_CODE),
        (6, "phone", phone_cells.FRACTION),
        (7, "phone", phone_cells.SCIENTIFIC),
        (8, "phone", phone_cells.EMPTY),
        2,
    ]
    assert show(read(path, has_country_code=True))[1] == (
        5,
        BOB,
        {"phone": "16044442222", "code": "1.5", "day": "2026-01-02 03:04:00", "is_new": "FALSE"},
    )


def test_the_sheet_is_the_only_visible_one_with_cells_or_is_named(tmp_path: Path) -> None:
    table: list[list[object]] = [["phone"], [ANN]]
    path = save(tmp_path, {"Empty": [], "One": table, "Lists": [["phone"], [BOB]]}, hidden=("Lists",))
    assert show(read(path))[0][1] == ANN
    assert show(read(path, sheet="Lists"))[0][1] == BOB
    assert show(read(path, sheet="Lists", columns=["phone"]))[0] == (1, "phone", phone_cells.BAD_FORM)
    with pytest.raises(InvalidInputError, match=r"^sheet: there is no such sheet$"):
        read(path, sheet="Two")
    with pytest.raises(InvalidInputError, match=r"^sheet: the spreadsheet is empty$"):
        read(path, sheet="Empty")
    with pytest.raises(InvalidInputError, match=r"^sheet: 2 sheets have cells; name one with sheet=$"):
        read(save(tmp_path, {"One": table, "Two": table}))


@pytest.mark.parametrize("name", ["customers.xlsx", "customers.xls", "customers.ods", "customers.xlsb"])
def test_what_is_no_spreadsheet_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^source: is not a spreadsheet, or has a password$"):
        read(write(tmp_path, b"PK\x03\x04 phone", name))


def test_without_the_extra_spreadsheets_and_dataframes_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    monkeypatch.setitem(sys.modules, "narwhals", None)
    for source in (save(tmp_path, {"One": [["phone"], [ANN]]}), pl.DataFrame(PEOPLE)):
        with pytest.raises(InvalidInputError, match=r"^source: needs pip install 'connectly-api\[campaigns\]'$"):
            read(source)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_mappings_are_read_as_they_are(backend: str) -> None:
    async def stream() -> AsyncIterator[dict[str, Any]]:
        for one in PEOPLE:
            yield one

    def generate() -> Iterator[dict[str, Any]]:
        yield from PEOPLE

    for source in (PEOPLE, tuple(PEOPLE), generate(), stream()):
        assert show(read(source, backend=backend)) == SHOWN
    assert show(read([], backend=backend)) == [0]


def test_a_cursor_is_read_in_its_own_thread() -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.row_factory = sqlite3.Row
        cursor = connection.execute(f"SELECT '{ANN}' AS phone, 'Ann' AS name")
        assert show(read(cursor)) == [(1, ANN, {"phone": ANN, "name": "Ann"}), 0]
    connection.close()


def test_a_mapping_that_is_used_again_for_each_row_is_copied() -> None:
    one: dict[str, str] = {}

    def reuse() -> Iterator[dict[str, str]]:
        for number in (ANN, BOB):
            one["phone"] = number
            yield one

    assert show(read(reuse())) == [(1, ANN, {"phone": ANN}), (2, BOB, {"phone": BOB}), 0]


@pytest.mark.parametrize("is_async", [False, True])
def test_lines_of_an_iterable_go_on_through_all_batches(is_async: bool) -> None:
    people = ({"phone": f"+1604{number:07}"} for number in range(2500))

    async def stream() -> AsyncIterator[dict[str, str]]:
        for one in people:
            yield one

    items = read(stream() if is_async else people)
    assert [item[:2] for item in show(items)[:-1]] == [(n + 1, f"+1604{n:07}") for n in range(2500)]


def test_an_iterator_is_read_once_and_a_list_as_often_as_needed() -> None:
    async def main(source: Any) -> None:
        customers = rows(source, to="phone")
        for _ in range(2):
            assert sum([len(batch) async for batch in customers.read()]) == 2

    anyio.run(main, PEOPLE)
    with pytest.raises(UsageError, match="an iterator can be read only once"):
        anyio.run(main, iter(PEOPLE))


def test_items_that_are_no_mappings_are_a_mistake_of_the_program() -> None:
    with pytest.raises(InvalidInputError, match=r"^source: must have mappings as its items, not tuple$"):
        read([(ANN, "Ann")])


def test_a_column_that_no_item_has_is_an_unknown_one() -> None:
    with pytest.raises(UnknownColumnError, match="phones: there is no such column among 4; did you mean 'phone'"):
        read([{1: "x", **PEOPLE[0]}], to="phones")


NUMBERS = {"phone": [16044441111.0]}
FLOAT32 = {"phone": pl.Float32}
FRAMES = [pd.DataFrame(PEOPLE), pl.DataFrame(PEOPLE)]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("frame", FRAMES, ids=["pandas", "polars"])
def test_dataframes_are_read_row_by_row(frame: Any, backend: str) -> None:
    assert show(read(frame, backend=backend)) == SHOWN


def test_missing_values_of_pandas_are_empty() -> None:
    frame = pd.DataFrame(
        {
            "phone": [16044441111, None],
            "day": [pd.NaT, pd.Timestamp("2026-01-02")],
            "n": pd.array([None, 1], dtype="Int64"),
        }
    )
    assert show(read(frame, has_country_code=True)) == [
        (1, ANN, {"phone": 16044441111.0}),
        (2, "phone", phone_cells.EMPTY),
        0,
    ]


@pytest.mark.parametrize("frame", [pd.DataFrame(NUMBERS, dtype="float32"), pl.DataFrame(NUMBERS, pl.Schema(FLOAT32))])
def test_a_dataframe_whose_numbers_are_rounded_is_refused(frame: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^phone: is stored as 32-bit numbers, which lost digits"):
        read(frame, has_country_code=True)


@pytest.mark.parametrize(
    "frame",
    [
        SimpleNamespace(columns=["phone"], shape=(1, 1)),
        pd.DataFrame([["a", "b"]], columns=["phone", "phone"]),
    ],
)
def test_a_dataframe_that_narwhals_does_not_know_is_refused(frame: Any) -> None:
    with pytest.raises(
        InvalidInputError, match=r"^source: must be a dataframe in memory, with a name for each column$"
    ):
        read(frame)


def test_lazy_frames_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"not LazyFrame$"):
        read(pl.LazyFrame(PEOPLE))


def test_any_other_frame_with_to_dicts_is_read() -> None:
    assert show(read(SimpleNamespace(to_dicts=lambda: PEOPLE))) == SHOWN
