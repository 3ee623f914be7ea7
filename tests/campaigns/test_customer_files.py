"""Text files of customers: every line is a row, a reject or an empty line, and nothing about a file is guessed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from connectly_api import InvalidInputError
from connectly_api.campaigns import delimited_text, table_header
from connectly_api.campaigns.customer_rows import rows
from connectly_api.campaigns.input_rows import InputRow, UnknownColumnError
from connectly_api.campaigns.json_lines import LONE_SURROGATE, NOT_AN_OBJECT, NOT_JSON, REPEATED_NAME
from tests.campaigns.row_reading import read, show, write

ANN = "+16044441111"
BOB = "+16044442222"
EVE = "+16044443333"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_and_byte_order_mark_are_found(tmp_path: Path, delimiter: str, encoding: str, backend: str) -> None:
    text = "first name, phone\r\nAnn,+16044441111\r\nJörg,+16044442222\r\n".replace(",", delimiter)
    path = write(tmp_path, text.encode(encoding))
    assert show(read(path, backend=backend)) == [
        (2, ANN, {"first name": "Ann", "phone": ANN}),
        (3, BOB, {"first name": "Jörg", "phone": BOB}),
        0,
    ]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("phone;name, first\n+16044441111;a,b\n", "name, first"),
        ('"name, first",phone\n"a,b",+16044441111\n', "name, first"),
        ('"name\nfirst",phone\n"a,b",+16044441111\n', "name first"),
        ("sep=;\nphone;name\n+16044441111;a,b\n", "name"),
        ("\ufeffSEP=;\r\nphone;name\r\n+16044441111;a,b\r\n", "name"),
        ("\n\r\nphone|name\r+16044441111|a,b", "name"),
    ],
)
def test_the_header_says_what_separates_cells(tmp_path: Path, text: str, column: str) -> None:
    (row, _) = read(write(tmp_path, text))
    assert isinstance(row, InputRow)
    assert row[column] == "a,b"


def test_line_numbers_are_those_of_an_editor(tmp_path: Path) -> None:
    text = 'phone,note\n\n+16044441111,"two\nlines"\n,\n+16044442222,x\n   \n+16044443333\n+16044443333,x,y\n'
    text += "x\0,y\n+16044443333,z"
    assert show(read(write(tmp_path, text))) == [
        (3, ANN, {"phone": ANN, "note": "two\nlines"}),
        (6, BOB, {"phone": BOB, "note": "x"}),
        (8, None, table_header.TOO_FEW),
        (9, None, table_header.TOO_MANY),
        (10, None, delimited_text.NUL),
        (11, EVE, {"phone": EVE, "note": "z"}),
        3,
    ]


@pytest.mark.parametrize(
    ("lines", "bad"),
    [
        (['"Ann,+16044441111', "Bob,+16044442222", "Eve,+16044443333"], [2]),
        (['"Ann,+16044441111', '"Bob",+16044442222', "Eve,+16044443333"], [2]),
        (["Ann,+16044441111", '"Bob" x,+16044442222', "Eve,+16044443333"], [3]),
        (["Ann,+16044441111", '"Bob,+16044442222', '"Eve,+16044443333'], [3, 4]),
        (["Ann,+16044441111", "x" * 200_000 + ",+16044442222", "Eve,+16044443333"], [3]),
    ],
)
def test_a_quote_that_is_not_closed_costs_its_own_line(tmp_path: Path, lines: list[str], bad: list[int]) -> None:
    found = show(read(write(tmp_path, "\n".join(["name,phone", *lines]))))
    assert [item[0] for item in found[:-1]] == [2, 3, 4]
    assert [item[0] for item in found[:-1] if item[2] == delimited_text.UNBALANCED] == bad
    assert all(item[1] in {ANN, BOB, EVE} for item in found[:-1] if item[0] not in bad)


def test_columns_without_a_name_are_left_out(tmp_path: Path) -> None:
    found = read(write(tmp_path, "phone,name,,\n+16044441111,Ann,,\n"))
    assert show(found) == [(2, ANN, {"phone": ANN, "name": "Ann"}), 0]


def test_a_file_without_a_header_needs_the_names_of_its_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "+16044441111;Ann\n+16044442222;Bob\n")
    with pytest.raises(InvalidInputError) as caught:
        read(path)
    assert str(caught.value) == table_header.NO_HEADER
    assert show(read(path, columns=["phone", "name"])) == [
        (1, ANN, {"phone": ANN, "name": "Ann"}),
        (2, BOB, {"phone": BOB, "name": "Bob"}),
        0,
    ]


@pytest.mark.parametrize(
    ("data", "options", "problem"),
    [
        ("", {}, "source: is empty; the first line must name the columns"),
        ("\n" * 300, {}, "source: is empty; the first line must name the columns"),
        ("+16044441111\n+16044442222\n", {}, table_header.NO_HEADER),
        ("US.13491208655302741918\n", {}, table_header.NO_HEADER),
        ("Phone,name\n", {}, "phone: there is no such column among 2; did you mean 'Phone'?"),
        ("who,name\n", {}, "phone: there is no such column among 2"),
        ("phone,name\n", {"bsuid": "nmae"}, "nmae: there is no such column among 2; did you mean 'name'?"),
        ("phone,a,a\n", {}, "source: columns 2 and 3 have the same name; rename one of them"),
        ('"phone,name\n', {}, f"source: the header {delimited_text.UNBALANCED}"),
        ("phone\tname\n".encode("utf-16-le"), {}, f"source: the header {delimited_text.NUL}"),
        ("phone;x,phone\n", {}, "delimiter: cannot be found from the first line; give delimiter="),
        ("phone,name\n", {"delimiter": ""}, "delimiter: must be one character, other than a quote"),
        ("phone,name\n", {"delimiter": '"'}, "delimiter: must be one character, other than a quote"),
        ("phone,name\n", {"encoding": "latin-0"}, "encoding: there is no such encoding; cp1252 is one"),
        ("phone,name\n", {"encoding": "base64"}, "encoding: there is no such encoding; cp1252 is one"),
        (b"PK\x03\x04abc", {}, "source: is no text; if it is a spreadsheet, name it .xlsx or .ods"),
        ("phone,name\n", {"columns": ["a", "b"]}, "phone: there is no such column among 2"),
    ],
)
def test_a_file_that_is_not_clear_is_refused(
    tmp_path: Path, data: str | bytes, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(write(tmp_path, data), **options)
    assert str(caught.value) == problem


def test_a_line_break_in_the_name_of_a_column_is_a_space(tmp_path: Path) -> None:
    path = write(tmp_path, f'"phone\n(mobile)"; name ;\n{ANN};Ann;\n')
    assert show(read(path, to="phone (mobile)"))[0][2]["name"] == "Ann"


def test_a_header_is_not_repeated_where_it_may_be_a_customer(tmp_path: Path) -> None:
    with pytest.raises(UnknownColumnError) as caught:
        read(write(tmp_path, "Ann Canary,Vancouver\n"))
    assert "Canary" not in str(caught.value)


def test_names_of_columns_may_hold_digits(tmp_path: Path) -> None:
    found = read(write(tmp_path, "phone,2025-2026,+16044440000\n+16044441111,a,b\n"))
    assert show(found)[0][2] == {"phone": ANN, "2025-2026": "a", "+16044440000": "b"}


@pytest.mark.parametrize("before", [0, 1, 5000])
def test_another_encoding_is_refused_with_the_line_and_read_if_it_is_named(tmp_path: Path, before: int) -> None:
    text = "phone;name\r\n" + "+16044442222;Bob\r\n" * before + "+16044441111;Jörg\r\n"
    path = write(tmp_path, text.encode("cp1252"))
    with pytest.raises(InvalidInputError) as caught:
        read(path)
    assert str(caught.value).startswith(f"encoding: line {before + 2} is not in UTF-8")
    assert "(byte 0xF6); if Excel saved it" in str(caught.value)
    assert caught.value.__context__ is None  # It would hold a piece of the file.
    *_, row, _ = read(path, encoding="cp1252")
    assert isinstance(row, InputRow)
    assert row["name"] == "Jörg"


def test_an_encoding_that_is_named_must_fit_as_well(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(write(tmp_path, b"phone;name\n+16044441111;\x81\n"), encoding="cp1252")
    assert str(caught.value) == "encoding: line 2 is not in cp1252 (byte 0x81)"
    with pytest.raises(InvalidInputError, match=r"encoding: line 1 is not in utf-16"):
        read(write(tmp_path, b"phone"), encoding="utf-16")


def test_json_lines_are_objects(tmp_path: Path) -> None:
    lines = [
        '\ufeff{"phone": "+16044441111", "name": "Ann", "tags": ["a"]}',
        "",
        '{"phone": "+16044442222", "phone": "+16044442223"}',
        '{"phone": ',
        '"+16044442222"',
        '{"phone": "+16044442222", "n": NaN}',
        '{"phone": "+16044442222", "n": "\\ud800"}',
        "[" * 100_000,
        '{"phone": "+16044442222", "n": ' + "1" * 5000 + "}",
        '{"phone": "+16044442222", "name": "\\u00e4", "n": {"a": null}}',
        '{"name": "Eve"}',
    ]
    assert show(read(write(tmp_path, "\n".join(lines), "customers.jsonl"))) == [
        (1, ANN, {"phone": ANN, "name": "Ann", "tags": ["a"]}),
        (3, None, REPEATED_NAME),
        (4, None, NOT_JSON),
        (5, None, NOT_AN_OBJECT),
        (6, None, NOT_JSON),
        (7, None, LONE_SURROGATE),
        (8, None, NOT_JSON),
        (9, None, NOT_JSON),
        (10, BOB, {"phone": BOB, "name": "ä", "n": {"a": None}}),
        (11, "phone", "is empty"),
        1,
    ]


def test_a_json_array_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="source: is a JSON array; write one object on each line"):
        read(write(tmp_path, '[{"phone": "+16044441111"}]', "customers.json"))


def test_a_column_that_json_lines_may_still_have_is_only_refused_where_it_is_needed(tmp_path: Path) -> None:
    row, later, _ = read(
        write(tmp_path, '{"phone": "+16044441111"}\n{"phone": "+16044442222", "vip": 1}\n', "customers.ndjson")
    )
    assert isinstance(row, InputRow)
    assert isinstance(later, InputRow)
    assert (row.get("vip"), row.get("gift", "none"), later["vip"]) == (None, "none", 1)
    with pytest.raises(UnknownColumnError, match="vips: there is no such column among 2; did you mean 'vip'"):
        row["vips"]
    with pytest.raises(UnknownColumnError, match="phnoe: there is no such column among 1; did you mean 'phone'"):
        read(write(tmp_path, '{"phone": "+16044441111"}\n', "customers.jsonl"), to="phnoe")


@pytest.mark.parametrize(
    ("source", "options", "problem"),
    [
        ("customers.pdf", {}, "source: the file's name must end with .csv, .tsv, .txt, .jsonl"),
        ("customers.csv", {"sheet": "a"}, "sheet: does not apply to such a source"),
        ("customers.jsonl", {"delimiter": ";"}, "delimiter: does not apply to such a source"),
        ("customers.xlsx", {"encoding": "cp1252"}, "encoding: does not apply to such a source"),
        ([], {"columns": ["phone"]}, "columns: does not apply to such a source"),
        (b"customers.csv", {}, "source: must be a path, an iterable of mappings or a dataframe, not bytes"),
        ({"phone": "1"}, {}, "source: must be a path, an iterable of mappings or a dataframe, not dict"),
        (3, {}, "source: must be a path, an iterable of mappings or a dataframe, not int"),
        ("customers.csv", {"to": ""}, "to: is empty"),
        ("customers.csv", {"bsuid": " id"}, "bsuid: begins or ends with white space"),
        ("customers.csv", {"region": "UK"}, "region: must be an ISO 3166 country code, such as CO or GB; the United"),
        ("customers.csv", {"region": "DE", "has_country_code": True}, "region: numbers with a country code need none"),
        ("customers.csv", {"columns": "phone"}, "columns: must be a list of names"),
    ],
)
def test_a_setting_is_refused_before_anything_is_read(source: Any, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        rows(source, **{"to": "phone", **options})
    assert str(caught.value).startswith(problem)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    for name in ("customers.csv", "customers.xlsx"):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / name)


def test_a_file_can_be_read_twice_and_comes_in_batches_from_another_thread(tmp_path: Path) -> None:
    path = write(tmp_path, "phone\n" + "".join(f"+1604{number:07}\n" for number in range(2500)))

    async def main() -> list[list[int]]:
        customers = rows(str(path), to="phone")
        assert repr(customers) == "Rows(to='phone')"
        return [[len(batch) async for batch in customers.read()] for _ in range(2)]

    assert anyio.run(main) == [[1000, 1000, 500]] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_a_pipe_is_read_without_seeking(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("phone\n+16044441111\n",))
    writer.start()
    found = read(pipe)
    writer.join()
    assert show(found) == [(2, ANN, {"phone": ANN}), 0]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_file_is_closed_when_reading_stops_early(tmp_path: Path, backend: str) -> None:
    path = write(tmp_path, "phone\n" + "+16044441111\n" * 3000)

    async def main() -> None:
        batches = rows(path, to="phone").read()
        await anext(batches)
        assert is_open(path)
        await batches.aclose()
        assert not is_open(path)

    anyio.run(main, backend=backend)


def is_open(path: Path) -> bool:
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("the system does not list open files")
    return any(link.is_symlink() and link.readlink() == path for link in list(descriptors.iterdir()))


@pytest.mark.slow
@pytest.mark.once
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    program = (
        "import sys, anyio, tracemalloc\n"
        "from connectly_api.campaigns.customer_rows import rows\n"
        "async def main():\n"
        "    tracemalloc.start()\n"
        "    async for batch in rows(sys.argv[1], to='phone').read(): pass\n"
        "    print(tracemalloc.get_traced_memory()[1])\n"
        "anyio.run(main)\n"
    )
    peaks = []
    for count in (5_000, 50_000):
        path = write(tmp_path, "phone,name\n" + "+16044441111,A customer\n" * count, f"{count}.csv")
        command = [sys.executable, "-c", program, str(path)]
        peaks.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    assert peaks[1] < peaks[0] * 1.5
