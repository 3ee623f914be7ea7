"""What the service sends beyond its documentation is reported by path, once, and counted; and nothing else changes."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectly_api import Button, Connectly, ConnectlyError, InvalidInputError, Response, Retry, Row, Section
from connectly_api.drift import Drift, DriftMonitor
from connectly_api.error_response import parse_error_fields
from connectly_api.lowlevel import models
from connectly_api.lowlevel.models import Topic
from connectly_api.sandbox import Customer, Sandbox
from connectly_api.transport import AsgiTransport, MockTransport, Request
from connectly_api.webhooks import WebhookApp, WebhookError, parse
from connectly_api.webhooks.event_shape import BODY_SHAPE, ERROR_SHAPE
from connectly_api.webhooks.event_values import REPLY_NAMES
from connectly_api.webhooks.parsing import _build_event
from connectly_api.wire.model_shapes import find_shape, get_model_shape
from connectly_api.wire.shapes import EnumShape, ListShape, MapShape, ObjectShape, ScalarShape, Shape, hide_name
from tests.webhooks.asgi_request import SECRET, deliver
from tests.webhooks.documented_bodies import BODIES, load_body

DATA = Path(__file__).parent / "data"
RESPONSES: dict[str, bytes] = {path.stem: path.read_bytes() for path in sorted((DATA / "responses").glob("*.json"))}
OPERATIONS = {
    "sent": "send_message",
    "webhook_created": "create_webhook",
    "webhook_deleted": "delete_webhook",
    "webhooks": "get_webhooks",
    "error_window_closed": "send_message",
}

Json = Any


def make_client(answer: Response | Callable[[Any], Response], monitor: DriftMonitor | None) -> Connectly:
    reply = answer if callable(answer) else lambda _request: answer
    transport = MockTransport(reply)
    return Connectly(api_key="k", business_id="b", transport=transport, retry=Retry(attempts=1), drift=monitor)


async def call(client: Connectly, operation: str) -> object:
    """Make a call; return its outcome, comparable."""
    try:
        async with client:
            match operation:
                case "send_message":
                    return attrs.asdict(await client.send_text("+16044441111", "Hello!"))
                case "create_webhook":
                    return await client.webhooks.create("messages", "https://a.example")
                case "delete_webhook":
                    return await client.webhooks.delete("wh_1")
                case _:
                    return await client.webhooks.list()
    except ConnectlyError as error:
        return type(error), str(error), {**vars(error)}


async def watch(operation: str, body: Json, status: int = 200) -> dict[Drift, int]:
    monitor = DriftMonitor()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    await call(make_client(Response(status, (), content), monitor), operation)
    return dict(monitor.counts)


def watch_event(body: Json) -> set[tuple[str, str]]:
    monitor = DriftMonitor()
    monitor.watch_event(parse(json.dumps(body).encode()))
    assert set(monitor.counts.values()) <= {1}
    return {(drift.path, drift.kind) for drift in monitor.counts}


# What is reported.


@pytest.mark.parametrize("name", RESPONSES)
async def test_a_documented_response_is_no_drift(name: str) -> None:
    assert await watch(OPERATIONS[name], RESPONSES[name], 400 if name.startswith("error") else 200) == {}


@pytest.mark.parametrize("name", BODIES)
def test_a_documented_webhook_is_no_drift(name: str) -> None:
    assert watch_event(load_body(name)) == set()


async def test_an_unknown_field_of_a_response_is_reported_by_its_path() -> None:
    body = json.loads(RESPONSES["webhooks"])
    for webhook in body["entity"]["webhooks"]:
        webhook["owner"] = {"name": "kestrel"}
    body["nextPageToken"] = None

    # Once for a body, however often it stands in it.
    assert await watch("get_webhooks", body) == {
        Drift("response", "get_webhooks", "entity.webhooks[].owner", "unknown_field"): 1,
        Drift("response", "get_webhooks", "nextPageToken", "unknown_field"): 1,
    }


async def test_a_value_of_another_type_is_reported_even_if_it_can_be_read() -> None:
    assert await watch("send_message", {"id": 5}) == {Drift("response", "send_message", "id", "other_type"): 1}
    found = await watch("get_webhooks", {"entity": {"webhooks": {"0": {}}, "business_id": []}})
    assert {(drift.path, drift.kind) for drift in found} == {
        ("entity.webhooks", "other_type"),
        ("entity.business_id", "other_type"),
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"code": "ERROR_CODE_OF_TOMORROW"}, {("code", "unknown_value")}),
        ({"code": "ERROR_CODE_UNSPECIFIED", "type": "ERROR_TYPE_NEW"}, {("type", "unknown_value")}),
        ({"message": "x", "hint": "x"}, {("hint", "unknown_field")}),
        ({"message": ["x"]}, {("message", "other_type")}),
        ({"code": True, "cntTraceId": 5}, {("code", "other_type"), ("cntTraceId", "other_type")}),
        # A gRPC status is known, too; so are details of any form.
        ({"code": 9, "message": "x", "details": [{"@type": "x", "kestrel": 1}]}, set()),
        ({"code": "NOT_FOUND", "user_title": "x"}, set()),
        ({"code": 99}, {("code", "unknown_value")}),
        ({"error": {"code": 5, "reason": "x"}}, {("reason", "unknown_field")}),
        (["x"], set()),
        (b"<html>", set()),
        (b"", set()),
        (b"null", set()),
    ],
)
@pytest.mark.parametrize("status", [400, 503])
async def test_an_error_is_compared_with_the_documented_body(
    body: Json, status: int, expected: set[tuple[str, str]]
) -> None:
    found = await watch("send_message", body, status)

    assert {(drift.path, drift.kind) for drift in found} == expected
    assert {(drift.source, drift.name) for drift in found} <= {("error", "send_message")}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"topic": "calls"}, {("topic", "unknown_value")}),
        ({"topic": "topic_unspecified"}, set()),
        ({"topic": ""}, set()),
        ({"topic": 5}, {("topic", "other_type")}),
        ({"timestamp": 1639083206}, {("timestamp", "other_type")}),
        ({"reaction": {"emoji": "x"}}, {("reaction", "unknown_field")}),
        ({"message": {"sticker": {"id": "x"}}}, {("message.sticker", "unknown_field")}),
        # These are read, but their form is not documented.
        ({"message": {"listResponse": {"id": "x"}}}, {("message.listResponse", "unknown_field")}),
        ({"message": {"text": "x", "isEdited": True}}, {("message.isEdited", "unknown_field")}),
        ({"message": "x"}, {("message", "other_type")}),
        ({"message": {"attachments": {"type": "image"}}}, {("message.attachments", "other_type")}),
        (
            {"message": {"attachments": [{"type": "sticker", "size": 1}, {"size": 2}, None]}},
            {("message.attachments[].type", "unknown_value"), ("message.attachments[].size", "unknown_field")},
        ),
        ({"message": {"location": {"latitude": "1.5", "longitude": 2, "radius": 3}}}, {
            ("message.location.radius", "unknown_field")
        }),
        ({"message": {"location": {"latitude": "north", "longitude": []}}}, {
            ("message.location.latitude", "other_type"), ("message.location.longitude", "other_type"),
        }),
        ({"sender": {"id": "x", "channel_type": "telegram"}}, {("sender.channel_type", "unknown_value")}),
        ({"metadata": {"kestrel": 1}, "callbackData": {"kestrel": 1}, "callback_data": [{"kestrel": 1}]}, set()),
        ({"isEcho": True, "message": {"listMessage": {"kestrel": 1}}}, set()),
        ({"isEcho": "yes"}, {("isEcho", "other_type")}),
        ({"statusUpdate": {"status": "delivery_failure"}}, set()),
        ({"status_update": {"status": "archived", "error": {"code": "ERROR_CODE_NEW", "details": {"kestrel": 1}}}}, {
            ("status_update.status", "unknown_value"), ("status_update.error.code", "unknown_value"),
        }),
        ({"report": {"lastRun": {"status": "failed", "result": {"size": 1}}}}, {
            ("report.lastRun.status", "unknown_value"), ("report.lastRun.result.size", "unknown_field"),
        }),
    ],
)  # fmt: skip
def test_a_webhook_is_compared_with_the_documentation(changes: Json, expected: set[tuple[str, str]]) -> None:
    assert watch_event(load_body("text", **changes)) == expected


def test_the_name_of_a_webhook_is_the_kind_of_its_event() -> None:
    monitor = DriftMonitor()
    for name in BODIES:
        monitor.watch_event(parse(json.dumps(load_body(name, tomorrow=1)).encode()))

    assert {drift.name: count for drift, count in monitor.counts.items()} == {
        "button_reply": 1,
        "delivery_status": 2,
        "message": 3,
        "report": 1,
    }
    assert {(drift.source, drift.path) for drift in monitor.counts} == {("webhook", "tomorrow")}


async def run_sandbox(monitor: DriftMonitor, act: Callable[[Sandbox, Customer, Connectly], Awaitable[None]]) -> None:
    """Watch what a sandbox answers and posts while a customer and a program act."""
    sandbox = Sandbox(webhook_secret=SECRET, bsuid_events="on")
    sandbox.attach("https://bot.example/", WebhookApp(SECRET, drift=monitor))
    known: dict[str, Any] = {"api_key": sandbox.settings.api_key, "business_id": sandbox.settings.business_id}
    async with Connectly(**known, transport=AsgiTransport(sandbox.app), drift=monitor) as client:
        for topic in get_args(Topic):
            await client.webhooks.create(topic, "https://bot.example/", echo=topic == "messages" or None)
        await act(sandbox, sandbox.customer("+16044441111", name="Ann"), client)
        await sandbox.advance(minutes=1)
    assert len(sandbox.deliveries) > 3
    assert {delivery.status for delivery in sandbox.deliveries} == {200}


async def test_what_the_sandbox_shows_of_the_documentation_is_no_drift() -> None:
    async def act(sandbox: Sandbox, customer: Customer, client: Connectly) -> None:
        await customer.says("Hi")
        await customer.sends_image("https://a.example/a.png", caption="x")
        await customer.shares_location(1.5, 2.5)
        await client.send_reply_buttons("+16044441111", "?", [Button("a", "A")], callback_data={"kestrel": 1})
        await client.send_list("+16044441111", "Choose", [Section(None, [Row("a", "A")])], text="x")
        await customer.taps("A")
        sandbox.fault("fail_delivery", next=1)
        await client.send_text("+16044441111", "Hello!", campaign_name="spring")
        await sandbox.report_ready()
        await client.webhooks.list()
        with pytest.raises(ConnectlyError):
            await client.send_text("+16049999999", "Hello!")

    monitor = DriftMonitor()
    await run_sandbox(monitor, act)
    assert monitor.counts == {}


async def test_the_sandbox_can_show_what_nobody_knows() -> None:
    async def act(sandbox: Sandbox, customer: Customer, client: Connectly) -> None:
        sandbox.fault("unknown_topic", next=1)
        await customer.says("Hi")
        sandbox.fault("new_values", next=1)
        await client.send_text("+16044441111", "Hello!")
        await customer.reacts("👍")
        sandbox.fault("wrong_types", next=1)
        with pytest.raises(ConnectlyError):
            await client.send_text("+16044441111", "Hello!")

    monitor = DriftMonitor()
    await run_sandbox(monitor, act)
    assert {(drift.source, drift.path, drift.kind) for drift in monitor.counts} >= {
        ("response", "a_value_of_tomorrow", "unknown_field"),
        ("response", "id", "other_type"),
        ("webhook", "topic", "unknown_value"),
        ("webhook", "reaction", "unknown_field"),
    }


# A model of today's file, and one of any other.


@pytest.mark.parametrize("model", [one for name in models.__all__ if attrs.has(one := getattr(models, name))])
def test_a_models_shape_has_the_names_that_the_model_reads(model: Any) -> None:
    shape = get_model_shape(model)
    assert isinstance(shape, ObjectShape)

    assert model.from_dict(dict.fromkeys(shape.fields)).additional_properties == {}
    assert model.from_dict({"tomorrow": None}).additional_properties == {"tomorrow": None}
    spellings = vars(sys.modules[model.__module__])["_SPELLINGS"]
    assert len(shape.fields.keys() - spellings) == len(attrs.fields(model)) - 1


NODE = """
from __future__ import annotations
import typing as _typing
import attrs as _attrs
from connectly_api.wire import reading as _reading, unset as _unset, writing as _writing
if _typing.TYPE_CHECKING:
    from .color import Color
_SPELLINGS = {"any_thing": "anyThing"}

@_attrs.define(kw_only=True)
class Node:
    class_: str
    children: list[Node] | _unset.Unset = _unset.UNSET
    grid: list[list[int]] | _unset.Unset = _unset.UNSET
    by_name: dict[str, Node] | _unset.Unset = _unset.UNSET
    colors: list[Color | str] | _unset.Unset = _unset.UNSET
    size: float | _unset.Unset = _unset.UNSET
    is_on: bool | _unset.Unset = _unset.UNSET
    any_thing: _typing.Any | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=dict)

    def to_dict(self) -> dict[str, _typing.Any]:
        written = {}
        for name in ("class", "children", "grid", "size"):
            _writing.put(written, name, getattr(self, {"class": "class_"}.get(name, name)))
        _writing.put(written, "byName", self.by_name)
        _writing.put_enum(written, "colors", self.colors)
        _writing.put(written, "isOn", self.is_on)
        _writing.put_any(written, "anyThing", self.any_thing)
        return written
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A model as generated models are, with everything that a Swagger file can say."""
    folder = tmp_path_factory.mktemp("models")
    package = folder / "models_of_tomorrow"
    package.mkdir()
    (package / "__init__.py").write_text(
        'from .color import Color\nfrom .node import Node\n__all__ = ["Color", "Node"]'
    )
    (package / "color.py").write_text('import typing\nColor: typing.TypeAlias = typing.Literal["red", "green"]\n')
    (package / "node.py").write_text(NODE)
    sys.path.insert(0, str(folder))
    import models_of_tomorrow  # type: ignore[import-not-found]  # noqa: PLC0415  (written above)

    sys.path.remove(str(folder))
    yield models_of_tomorrow.Node(class_="x")
    for name in ("", ".color", ".node"):
        del sys.modules[f"models_of_tomorrow{name}"]


def watch_value(body: Json, parsed: object) -> set[tuple[str, str]]:
    monitor = DriftMonitor()
    monitor.watch_response("op", Response(200, (), json.dumps(body).encode()), parsed)
    return {(drift.path, drift.kind) for drift in monitor.counts}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"class": "x", "children": [{"children": [{"class": "x"}]}], "grid": [[1, "2"], []], "size": "1.5"}, set()),
        ({"byName": {"+16044441111": {"isOn": True}}, "colors": ["red"], "any_thing": {"kestrel": 1}}, set()),
        ({"children": [{"children": [{"new": 1}]}]}, {("children[].children[].new", "unknown_field")}),
        ({"grid": [[1, "x"], 5]}, {("grid[][]", "other_type"), ("grid[]", "other_type")}),
        ({"byName": {"+16044441111": {"new": 1}}}, {("byName.{}.new", "unknown_field")}),
        ({"byName": [1], "isOn": 1}, {("byName", "other_type"), ("isOn", "other_type")}),
        ({"colors": ["red", "blue", 5]}, {("colors[]", "unknown_value"), ("colors[]", "other_type")}),
        ({"class_": "x"}, {("class_", "unknown_field")}),
    ],
)
def test_a_response_of_any_form_is_compared(node: Any, body: Json, expected: set[tuple[str, str]]) -> None:
    assert watch_value(body, node) == expected
    assert watch_value([body], [node]) == {(f"[].{path}", kind) for path, kind in expected}
    assert watch_value({"+1": body}, {"+1": node}) == {(f"{{}}.{path}", kind) for path, kind in expected}


def test_a_body_that_is_nested_without_end_has_paths_of_bounded_length(node: Any) -> None:
    body: Json = {"new": 1}
    for _ in range(400):
        body = {"children": [body], "new": 1}
    paths = {path for path, _ in watch_value(body, node)}

    assert "children[].new" in paths
    assert max(map(len, paths)) < 250


@pytest.mark.parametrize("parsed", [None, 5, "x", [], {}, ["x"], {"a": 1}, object()])
def test_a_value_of_ones_own_parser_is_not_compared(parsed: object) -> None:
    assert watch_value({"kestrel": 1} if isinstance(parsed, dict) else [{"kestrel": 1}], parsed) <= {("", "other_type")}
    request = Request("mine", "GET", "/v1/mine", parse=lambda _decoded: parsed)
    monitor = DriftMonitor()

    async def main() -> object:
        async with make_client(Response(200, (), b'{"kestrel": 1}'), monitor) as client:
            return (await client.transport.send(request)).value

    assert asyncio.run(main()) is parsed


# The shapes, and the parsers.


class Asked(dict[str, Any]):
    """An object that remembers the names that a parser asked it for."""

    def __init__(self, fields: dict[str, Any], shape: Shape | None) -> None:
        known = shape.fields if isinstance(shape, ObjectShape) else {}
        super().__init__({name: ask(field, known.get(name)) for name, field in fields.items()})
        self.known = set(known)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def walk(self) -> Iterator[Asked]:
        yield self
        for field in self.values():
            for one in field if isinstance(field, list) else [field]:
                if isinstance(one, Asked):
                    yield from one.walk()


def ask(value: Any, shape: Shape | None) -> Any:
    if isinstance(value, dict) and isinstance(shape, ObjectShape):
        return Asked(value, shape)
    if isinstance(value, list) and isinstance(shape, ListShape):
        return [ask(one, shape.element) for one in value]
    return value


def sample(shape: Shape) -> Any:
    match shape:
        case ObjectShape(fields):
            return {name: sample(field) for name, field in fields.items()}
        case ListShape(element):
            return [sample(element)]
        case EnumShape(values):
            return next(value for value in sorted(values) if value != "delivery_failure")
        case MapShape() | ScalarShape():
            return next(value for value in ("1", 1, True) if not isinstance(shape, ScalarShape) or shape.accepts(value))


WHOLE = sample(BODY_SHAPE)
# The payload of a button's reply is looked for in two places, of which the documentation shows one, a status is asked
# for what only messages have, and the forms of rows and reactions are not published.
UNDOCUMENTED = {"payload", "context", "isEcho", "is_echo", "title", *REPLY_NAMES}
PARTS = {"message", "statusUpdate", "status_update", "report", "buttonResponse", "button_response"}


@pytest.mark.parametrize("topic", ["messages", "delivery_status", "report", "calls"])
@pytest.mark.parametrize("part", sorted(PARTS))
@pytest.mark.parametrize("left_out", [(), ("listMessage",), ("buttonResponse", "isEcho"), ("context", "metadata")])
def test_the_parser_of_webhooks_asks_for_names_that_are_in_the_shape(
    topic: str, part: str, left_out: tuple[str, ...]
) -> None:
    body = copy.deepcopy({name: field for name, field in WHOLE.items() if name == part or name not in PARTS})
    for owner in (body, body.get("message", {})):
        for name in (*left_out, "isEcho", "is_echo"):
            owner.pop(name, None)
    asked = Asked(body | {"topic": topic}, BODY_SHAPE)
    _build_event(asked)

    assert {name for one in asked.walk() for name in one.asked - one.known} <= UNDOCUMENTED
    assert len(asked.asked) > 3


def test_the_parser_of_errors_asks_for_the_names_that_are_in_the_shape() -> None:
    asked = Asked({}, ERROR_SHAPE)
    parse_error_fields(asked)

    assert asked.asked == asked.known


# No value in any report, and no other result.


@pytest.mark.parametrize("name", ["id", "clientTrackingId", "sha256", "x_1", "@type", "a" * 40, "button_2_url"])
def test_the_name_of_a_field_is_shown(name: str) -> None:
    assert hide_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "+16044441111",
            "16044441111",
            "US.Kestrel",
            "kestrel@a.example",
            "a b",
            "",
            "a\n",
            "ключ",
            "a٣",
            "\ud800",
            "-",
        ),
        *("a" * 41, "user_1604", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "c80716a5-62c5-4ba5-b99d-5c2a6fd39317", "a.b", "a[]"),
    ],
)
def test_a_name_that_may_be_data_is_hidden(name: str) -> None:
    assert hide_name(name) == "{}"
    assert watch_event({name: 1, "message": {name: {name: 1}}}) == {
        ("{}", "unknown_field"),
        ("message.{}", "unknown_field"),
    }


def test_an_object_with_many_unknown_names_is_taken_for_a_map() -> None:
    names = [f"name{chr(97 + number)}" for number in range(11)]

    assert watch_event({"message": dict.fromkeys(names[:10], 1)}) == {
        (f"message.{name}", "unknown_field") for name in names[:10]
    }
    assert watch_event({"message": dict.fromkeys(names, 1)}) == {("message.{}", "unknown_field")}


CANARIES = ["+16044440042", "kestrel text", "US.Kestrel1", "kestrel@example.com", "kestrel-7731", "кестрел"]
NAMES = sorted(
    {"entity", "webhooks", "configuration", "filters", "id", "code", "details", "error", "message", "statusUpdate"}
    | {"attachments", "sender", "metadata", "callbackData", "topic", "report", "lastRun", "channelTypes", "newField"}
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(CANARIES)
)
KEYS = st.sampled_from(NAMES) | st.sampled_from(CANARIES) | st.text(max_size=5)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=30
)


def check_reports(monitor: DriftMonitor, told: list[Drift]) -> None:
    shown = " ".join([repr(monitor), *map(repr, monitor.counts), *map(str, monitor.counts), *map(repr, told)])
    assert not [canary for canary in CANARIES if canary in shown]
    assert told == list(monitor.counts)


@settings(deadline=None)
@given(
    body=JSON | st.dictionaries(KEYS, JSON, max_size=6),
    status=st.sampled_from([200, 201, 400, 404, 500]),
    data=st.data(),
)
def test_a_call_has_the_same_result_with_a_monitor_and_no_value_is_reported(
    body: Json, status: int, data: st.DataObject
) -> None:
    operation = data.draw(st.sampled_from(sorted(set(OPERATIONS.values()))))
    told: list[Drift] = []
    monitor = DriftMonitor(told.append)
    response = Response(status, (), json.dumps(body).encode())

    async def main() -> None:
        without = await call(make_client(response, None), operation)
        assert await call(make_client(response, monitor), operation) == without

    asyncio.run(main())
    check_reports(monitor, told)


@settings(deadline=None)
@given(body=st.dictionaries(KEYS, JSON, max_size=6))
def test_an_event_is_the_same_with_a_monitor_and_no_value_is_reported(body: Json) -> None:
    raw = json.dumps(body).encode()
    told: list[Drift] = []
    monitor = DriftMonitor(told.append)

    async def main() -> list[Any]:
        seen: list[Any] = []
        for drift in (None, monitor):
            app = WebhookApp(SECRET, drift=drift)
            app.on_any(seen.append)
            seen.append(await deliver(app, raw))
        return seen

    seen = asyncio.run(main())
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]
    check_reports(monitor, told)
    try:
        event = parse(raw)
    except WebhookError:
        return
    before = copy.deepcopy(event.raw)
    DriftMonitor().watch_event(event)
    assert event.raw == before


# The monitor.


async def test_one_monitor_serves_clients_and_receivers_and_logs_each_difference_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    told: list[Drift] = []
    monitor = DriftMonitor(told.append)
    for _ in range(2):
        await call(make_client(Response(200, (), b'{"id": "1", "cost": 5}'), monitor), "send_message")
        for body in (load_body("delivered", cost=5), load_body("text")):
            assert await deliver(WebhookApp(SECRET, drift=monitor), body) == 200

    sent = Drift("response", "send_message", "cost", "unknown_field")
    posted = Drift("webhook", "delivery_status", "cost", "unknown_field")
    assert monitor.counts == {sent: 2, posted: 2}
    assert told == [sent, posted]
    lines = [(one.levelname, one.getMessage()) for one in caplog.records if one.name == "connectly_api.drift"]
    assert lines == [
        ("INFO", "unknown field at cost (response, send_message)"),
        ("INFO", "unknown field at cost (webhook, delivery_status)"),
    ]


async def test_a_body_that_is_not_authentic_is_not_watched() -> None:
    monitor = DriftMonitor()

    assert await deliver(WebhookApp(SECRET, drift=monitor), {"new": 1}, key="another") == 401
    assert monitor.counts == {}


def test_what_is_remembered_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told: list[Drift] = []
    monitor = DriftMonitor(told.append, limit=3)
    for names in ("ad", "bd", "ad", "cd", "d", "defg"):
        monitor.watch_event(parse(json.dumps(dict.fromkeys(names, 1)).encode()))

    others = Drift("others", "", "", "others")
    assert [(drift.path, count) for drift, count in monitor.counts.items()] == [("a", 2), ("d", 6), ("b", 1), ("", 2)]
    assert told == list(monitor.counts)
    assert told[-1] == others
    assert caplog.messages[-1] == str(others) == "further differences"


def test_a_failing_callback_is_logged_without_its_text_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_drift: Drift) -> None:
        raise RuntimeError("kestrel")

    monitor = DriftMonitor(fail)
    for _ in range(2):
        monitor.watch_event(parse(b'{"a": 1, "b": 1}'))

    assert list(monitor.counts.values()) == [2, 2]
    assert caplog.messages == ["notify failed with RuntimeError"] * 2
    assert "kestrel" not in caplog.text


def test_a_failing_counter_is_logged_once_and_fails_no_call(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def count_drift(self, drift: Drift) -> None:
            raise RuntimeError(f"kestrel {drift}")

    monitor = DriftMonitor(telemetry=Broken())
    for _ in range(2):
        monitor.watch_event(parse(b'{"a": 1}'))
        monitor.watch_response("op", Response(400, (), b'{"b": 1}'), None)

    assert list(monitor.counts.values()) == [2, 2]
    assert caplog.messages == ["not watched: failed with RuntimeError; this is logged once"]


async def notify_later(_drift: Drift) -> None:
    pass


class NotifyLater:
    async def __call__(self, _drift: Drift) -> None:
        pass


@pytest.mark.parametrize("notify", [notify_later, NotifyLater(), 5, "print"])
def test_a_callback_is_a_plain_function(notify: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^notify: must be a plain function"):
        DriftMonitor(notify)


@pytest.mark.parametrize("drift", [True, print, DriftMonitor])
def test_a_receiver_takes_a_monitor(drift: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^drift: must be a DriftMonitor value"):
        WebhookApp(SECRET, drift=drift)


def test_threads_lose_no_count() -> None:
    told: list[Drift] = []
    monitor = DriftMonitor(told.append)
    events = [parse(json.dumps({f"a{chr(97 + number % 8)}": 1}).encode()) for number in range(2000)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(monitor.watch_event, events))

    assert set(monitor.counts.values()) == {250}
    assert len(told) == len(set(told)) == 8


def test_without_a_monitor_nothing_of_it_is_imported() -> None:
    program = "import sys; from connectly_api import Connectly; Connectly(api_key='k', business_id='b');"
    program += "from connectly_api.webhooks import WebhookApp; WebhookApp('s');"
    program += "sys.exit('connectly_api.drift' in sys.modules or 'connectly_api.wire.model_shapes' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_shape_of_an_unknown_value_accepts_anything() -> None:
    shape = find_shape(object())

    assert isinstance(shape, ScalarShape)
    assert shape.accepts({"any": 1})
