"""The tables of the pages are complete, and say what the code does."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import attrs
import httpx
import pytest

import connectly_api
from connectly_api import (
    Button,
    Connectly,
    ConnectlyError,
    Document,
    Image,
    ListMessage,
    Location,
    Pace,
    Product,
    ProductList,
    ProductSection,
    Rate,
    ReplyButtons,
    Row,
    Section,
    Template,
    Text,
    Violation,
    errors,
    telemetry,
)
from connectly_api.campaigns.row_states import TRANSITIONS
from connectly_api.error_response import _BY_CODE
from connectly_api.sandbox import Settings
from connectly_api.sandbox.flags import build_parser
from connectly_api.sandbox.model.fault_rules import FaultKind
from connectly_api.sandbox.verbs.declarations import DECLARATIONS
from connectly_api.transport.adapters.auto import TransportName
from tests.docs.pages import ROOT

Cells = tuple[str, ...]


def tables(page: str) -> Iterator[tuple[str, list[Cells]]]:
    """Yield each table of a page: its first heading, and its rows."""
    text = (ROOT / page).read_text("utf-8")
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, _, *rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()]
        yield head[0], rows


def rows(page: str, heading: str) -> list[Cells]:
    (found,) = [rows for head, rows in tables(page) if head == heading]
    return found


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def every_error() -> dict[str, type[ConnectlyError]]:
    found = {name: getattr(errors, name) for name in errors.__all__}
    return {name: kind for name, kind in found.items() if issubclass(kind, ConnectlyError)}


def test_a_table_is_found_with_its_rows() -> None:
    assert (
        "status",
        ("200", "the event was handled, now or by an earlier delivery, or no handler takes its class"),
    ) in [(heading, row) for heading, found in tables("docs/webhooks.md") for row in found]


def test_the_table_of_errors_has_every_class_below_its_own() -> None:
    above: list[str] = []
    found: dict[str, str] = {}
    for cell, *_ in rows("docs/errors-and-retries.md", "class"):
        (name,) = code(cell)
        depth = cell.count("—")
        above[depth:] = [name]
        found[name] = above[depth - 1] if depth else "Exception"
    assert found == {name: kind.__bases__[0].__name__ for name, kind in every_error().items()}


@pytest.mark.parametrize("name", every_error())
def test_the_table_of_errors_says_what_may_be_tried_again(name: str) -> None:
    (row,) = [row for row in rows("docs/errors-and-retries.md", "class") if code(row[0]) == [name]]
    kind = every_error()[name]
    # Of these two, the class alone does not decide.
    effect = "see `status`" if kind is errors.ApiError else "yes" if kind.may_have_taken_effect else "no"
    retry = "where it may help" if kind is errors.NotSentError else "yes" if kind.retry_safe else "no"
    assert row[2:4] == (effect, retry)


def test_the_table_of_codes_is_the_codes_that_are_known() -> None:
    found = {code(row[0])[0]: code(row[1])[0] for row in rows("docs/errors-and-retries.md", "code")}
    assert found == {name: kind.__name__ for name, kind in _BY_CODE.items()}


@pytest.mark.parametrize("page", ["README.md", "docs/errors-and-retries.md", "docs/questions/did-it-send.md"])
def test_every_error_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`([A-Z]\w+Error)`", (ROOT / page).read_text("utf-8")))
    assert named
    assert named - {"ValueError", "RuntimeError"} <= set(connectly_api.__all__)


@pytest.mark.parametrize("field", attrs.fields(Settings), ids=lambda field: field.name)
def test_the_table_of_the_sandboxs_options_has_each_with_its_default(field: attrs.Attribute[Any]) -> None:
    hint = get_type_hints(Settings)[field.name]
    values = get_args(hint) if get_origin(hint) is Literal else ()
    others = [value for value in values if value != field.default]
    (row,) = [row for row in rows("docs/sandbox.md", "option") if code(row[0]) == [field.name]]
    assert code(row[1]) == [repr(value) for value in (field.default, *others)]
    assert row[2]


def test_the_table_of_the_sandboxs_options_has_no_other() -> None:
    named = [code(row[0])[0] for row in rows("docs/sandbox.md", "option")]
    assert named == [field.name for field in attrs.fields(Settings)]


def test_the_table_of_flags_has_each_of_the_programs_own_with_its_default() -> None:
    settings = {field.name for field in attrs.fields(Settings)}
    own = [action for action in build_parser()._actions if action.dest not in settings | {"help"}]
    shown = {code(row[0])[0]: row[1] for row in rows("docs/sandbox.md", "flag")}
    assert list(shown) == [action.option_strings[0] for action in own]
    for action in own:
        if action.default not in (None, False, []):
            assert shown[action.option_strings[0]] == f"`{action.default}`"


def test_the_table_of_verbs_has_each_and_no_other() -> None:
    named = [name for row in rows("docs/sandbox-control.md", "verb") for name in code(row[0])]
    assert sorted(named) == sorted({*DECLARATIONS, "reset"})


def test_the_table_of_endpoints_has_each_and_no_other(address: str) -> None:
    named = [code(row[0]) for row in rows("docs/sandbox-control.md", "endpoint")]
    shown = {(method.lower(), f"/{path}") for method, *paths in named for path in paths}
    described = httpx.get(f"{address}/__sandbox__/openapi.json", timeout=30).json()["paths"]
    endpoints = {(method, path) for path, methods in described.items() for method in methods}
    others = {("post", f"/{verb}") for verb in (*DECLARATIONS, "reset")} | {("get", "/files/{id}/{name}")}
    assert {(method, path.replace("/1", "/{number}")) for method, path in shown} == endpoints - others


def test_the_table_of_faults_and_the_line_below_have_each_and_no_other() -> None:
    page = (ROOT / "docs/testing.md").read_text("utf-8")
    table = [name for row in rows("docs/testing.md", "what") for name in code(row[0])]
    line = re.search(r"^For webhooks: (.+?)\.$", page, re.MULTILINE | re.DOTALL)
    assert line
    named = [name for name in (*table, *code(line[1])) if not name.endswith("=")]
    assert sorted(named) == sorted(get_args(FaultKind))


def test_the_table_of_rates_has_the_pace_that_is_kept() -> None:
    pace = Pace()
    numbers = {"endpoint": "190 a second", "number": "76 a second", "customer": "one every 6 seconds"}
    for (said, _, burst), (name, words) in zip(rows("docs/rate-limits.md", "rate"), numbers.items(), strict=True):
        rate = getattr(pace, name)
        assert words in said
        assert burst == str(rate.burst)
    assert (pace.endpoint, pace.number, pace.customer) == (Rate(190, 10), Rate(76, 4), Rate(1 / 6, 45))


def test_the_table_of_transports_has_every_name_and_says_which_is_the_default() -> None:
    named = {code(row[0])[0]: row[0] for row in rows("docs/performance.md", "`transport=`") if code(row[0])}
    assert set(named) == {f'"{name}"' for name in get_args(TransportName)}
    default = inspect.signature(Connectly).parameters["transport"].default
    assert [name for name, cell in named.items() if cell.endswith(", the default")] == [f'"{default}"']


def test_every_metric_that_the_page_names_is_written() -> None:
    named = {name for row in rows("docs/observability.md", "name") for name in code(row[0]) if "." in name}
    modules = ("telemetry.py", "campaigns/campaign_metrics.py")
    source = "".join((ROOT / "connectly_api" / module).read_text("utf-8") for module in modules)
    assert named == set(re.findall(r'"([a-z.]+)",\s+(?:unit=)', source))
    assert telemetry.__all__ == ["Telemetry"]


def test_every_question_is_on_the_first_page() -> None:
    shown = {re.findall(r"\((questions/.+?)\)", row[0])[0] for row in rows("docs/index.md", "question")}
    there = {f"questions/{path.name}" for path in (ROOT / "docs" / "questions").glob("*.md")}
    assert shown == there - {"questions/index.md"}


def test_every_way_of_sending_is_in_the_table() -> None:
    named = {name for row in rows("docs/send-messages.md", "method") for name in code(row[0])}
    assert named == {name for name in vars(Connectly) if name.startswith("send_")}


def _reply(**given: Any) -> ReplyButtons:
    return ReplyButtons(**{"text": "t", "buttons": [Button("b", "B")], **given})


def _list(rows: int = 1, **given: Any) -> ListMessage:
    return ListMessage(**{"button": "b", "sections": [Section("s", [Row(f"{n}", "r") for n in range(rows)])], **given})


def _products(products: int = 1, sections: int = 1, **given: Any) -> ProductList:
    made = [ProductSection(f"s{n}", [f"{n}-{m}" for m in range(products)]) for n in range(sections)]
    return ProductList(**{"text": "t", "catalog_id": "c", "sections": made, **given})


Rows = list[tuple[str, int, Any]]
BEYOND: Rows = [
    ("send_text", 4096, Text("x" * 4097)),
    ("send_image", 1024, Image("https://a.example", "x" * 1025)),
    ("send_document", 1024, Document("https://a.example", caption="x" * 1025)),
    ("send_location", 90, Location(90.1, 0)),
    ("send_location", 180, Location(0, 180.1)),
    ("send_reply_buttons", 1024, _reply(text="x" * 1025)),
    ("send_reply_buttons", 3, _reply(buttons=[Button(f"{n}", f"B{n}") for n in range(4)])),
    ("send_reply_buttons", 20, _reply(buttons=[Button("b", "x" * 21)])),
    ("send_reply_buttons", 256, _reply(buttons=[Button("x" * 257, "B")])),
    ("send_reply_buttons", 60, _reply(header="x" * 61)),
    ("send_reply_buttons", 60, _reply(footer="x" * 61)),
    ("send_list", 4096, _list(text="x" * 4097)),
    ("send_list", 20, _list(button="x" * 21)),
    ("send_list", 10, _list(rows=11)),
    ("send_list", 10, _list(sections=[Section(f"s{n}", [Row(f"{n}", "r")]) for n in range(11)])),
    ("send_list", 24, _list(sections=[Section("x" * 25, [Row("r", "r")])])),
    ("send_list", 24, _list(sections=[Section("s", [Row("r", "x" * 25)])])),
    ("send_list", 72, _list(sections=[Section("s", [Row("r", "r", "x" * 73)])])),
    ("send_list", 200, _list(sections=[Section("s", [Row("x" * 201, "r")])])),
    ("send_list", 60, _list(header="x" * 61)),
    ("send_product", 1024, Product("c", "p", "x" * 1025)),
    ("send_product", 60, Product("c", "p", footer="x" * 61)),
    ("send_product_list", 1024, _products(text="x" * 1025)),
    ("send_product_list", 10, _products(sections=11)),
    ("send_product_list", 30, _products(products=31)),
    ("send_product_list", 60, _products(header="x" * 61)),
    ("send_template", 15, Template("t", "en", body=["x"] * 16)),
    ("send_template", 2, Template("t", "en", button_urls=["x"] * 3)),
]


@pytest.mark.parametrize(("method", "limit", "content"), BEYOND, ids=[f"{name} {limit}" for name, limit, _ in BEYOND])
def test_each_limit_in_the_table_is_the_one_that_is_kept(method: str, limit: int, content: Any) -> None:
    (row,) = [row for row in rows("docs/send-messages.md", "method") if method in code(row[0])]
    found: list[Violation] = list(content.violations())
    assert [violation.limit for violation in found][:1] == [limit]
    assert re.search(rf"\b{limit}\b", row[2])


def test_the_page_on_crashes_has_every_change_of_a_row() -> None:
    found = {
        change.strip("`"): tuple(tuple(re.findall(r"`(\w+)`", cell)) for cell in cells)
        for change, *cells in ((name, before, after) for name, before, after, _ in rows("docs/crashes.md", "change"))
    }

    assert found == {name: (one.sources, one.targets) for name, one in TRANSITIONS.items()}
