"""Settings: each argument of each public constructor, with values that cannot be, refused at construction by name."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import Connectly, InvalidInputError, Pace, Rate, Response, Retry, Timeouts, Tls, Webengage
from connectly_api.conversations import MemoryConversations
from connectly_api.drift import DriftMonitor
from connectly_api.setting_rules import check_kind, find_name_problem, name_origin
from connectly_api.transport import AsgiTransport, MockTransport
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport
from connectly_api.wire.parameters import encode_path_segment

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
PHONE = "+14151111234"
KEY = [None, 5, b"k", "", " ", " k", "k ", "k\n", "k\r\n", "\tk", "k k", "k\x00", "kl\u00fc", "\ufeffk", "k\u200b"]
ID = [None, 5, b"b", "", " ", " b ", "b\n", "b\r", "\u00a0b", "b\u2028", "b\x00c", "b\u200b", "\ufeffb", "..", "\ud800"]
SECONDS = [None, "5", True, -1.0, math.nan, 10**400]
COUNT = [None, "5", True, 0, -1, 1.5]
TLS = [PEM, PEM.encode(), True, Tls, {"authorities": PEM}]

# Every argument of every constructor; a new one needs a line.
CLIENT: dict[str, list[Any]] = {
    "api_key": KEY,
    "business_id": ID,
    "sender": [5, "", "14151111234", f" {PHONE}", f"{PHONE}\n", ["+14151111234"]],
    "base_url": [None, 5, "", "api.example", "http://api.example", "https://api.example\n", " https://api.example"],
    "transport": [None, 5, "curl", "httpx ", object(), MockTransport, HttpxTransport, lambda: None],
    "proxy": [5, "", "proxy.example:3128", "ftp://proxy.example", ["http://proxy.example"]],
    "tls": TLS,
    "timeouts": [5, 5.0, "5", (30, 5), {"total": 5}, Timeouts],
    "retry": [3, True, 0, "3", Retry, {"attempts": 3}],
    "limits": [None, "lax", True, ["strict"], {}],
    "pace": [None, 1, True, "fast", Pace, Rate(1), ["on"]],
    "max_in_flight": ["5", True, 0, -1, 1.5],
    "telemetry": [True, object(), "on", lambda: None],
    "drift": [True, object(), "on", print, DriftMonitor],
    "conversations": [True, object(), "conversations.db", print, MemoryConversations],
}
ADAPTER: dict[str, list[Any]] = {
    "max_connections": COUNT,
    "idle_seconds": [None, "5", True, -1.0, math.nan],
    "max_body_bytes": COUNT,
    "tls": TLS,
    "proxy": CLIENT["proxy"],
}

CONSTRUCTORS: dict[Callable[..., object], tuple[dict[str, Any], dict[str, list[Any]]]] = {
    Connectly: ({"api_key": "k", "business_id": "b"}, CLIENT),
    HttpxTransport: ({}, {**ADAPTER, "verify": [True, False, "ca.pem", object()], "log_wire": [1, "yes"]}),
    PyreqwestTransport: ({}, ADAPTER),
    AsgiTransport: ({}, {"app": [None, 5, object(), "app"]}),
    MockTransport: (
        {"answer": lambda _: Response(200)},
        {"answer": [None, Response(200), b"{}"], "may_have_left": [1, "yes"]},
    ),
    Timeouts: ({}, {"total": [*SECONDS, 0], "connect": [*SECONDS, 0], "read": [*SECONDS, 0]}),
    Retry: ({}, {"attempts": COUNT, "base": SECONDS, "cap": SECONDS, "longest_retry_after": SECONDS}),
    Tls: ({}, {"authorities": [None, 5, "", "ca.pem", b"", "\ud800", [PEM]]}),
    Rate: ({"per_second": 1.0}, {"per_second": [*SECONDS, 0], "burst": COUNT}),
    Pace: (
        {},
        {
            **{key: [5, 5.0, True, "5", Rate, (1, 2)] for key in ("endpoint", "number", "customer")},
            "max_in_flight": CLIENT["max_in_flight"],
        },
    ),
    DriftMonitor: ({}, {"notify": [5, True, "print"], "telemetry": CLIENT["telemetry"], "limit": COUNT}),
    Webengage: (
        {"token": "t", "webhook_url": "https://a.example"},
        {"token": [None, 5, "", " t", "t\n"], "webhook_url": [None, 5, "", "a.example", "https:///a", "https://a b"]},
    ),
}


def cases() -> Iterator[Any]:
    for made, (given_, arguments) in CONSTRUCTORS.items():
        for name, values in arguments.items():
            for index, value in enumerate(values):
                yield pytest.param(made, given_, name, value, id=f"{made.__name__}-{name}-{index}")


@pytest.mark.parametrize("made", CONSTRUCTORS, ids=lambda made: made.__name__)
def test_every_argument_is_tried(made: Callable[..., object]) -> None:
    assert set(inspect.signature(made).parameters) == set(CONSTRUCTORS[made][1])


@pytest.mark.parametrize(("made", "arguments", "name", "value"), [*cases()])
def test_a_setting_that_cannot_be_is_refused_at_construction_by_name(
    made: Callable[..., object], arguments: dict[str, Any], name: str, value: Any
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        made(**{**arguments, name: value})

    assert caught.value.field == name
    assert str(caught.value).startswith(f"{name}: ")


VARIABLES = {
    "api_key": "CONNECTLY_API_KEY",
    "business_id": "CONNECTLY_BUSINESS_ID",
    "sender": "CONNECTLY_SENDER",
    "base_url": "CONNECTLY_BASE_URL",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CONNECTLY_API_KEY", "k")
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", "b")
    return monkeypatch


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("value", [" x ", "x\n", " ", "x\t"])
def test_a_value_of_the_environment_is_named_by_its_variable(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(VARIABLES[name], value)
    with pytest.raises(InvalidInputError, match=f"^{VARIABLES[name]}: ") as caught:
        Connectly.from_env()
    assert caught.value.field == VARIABLES[name]
    assert caught.value.size == len(value)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_value_that_was_given_is_named_as_it_was_given(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(VARIABLES[name], "x")
    with pytest.raises(InvalidInputError, match=f"^{name}: "):
        Connectly.from_env(**{name: " x "})


@pytest.mark.parametrize("name", [name for name in CLIENT if name not in {"max_in_flight", "sender", "proxy"}])
def test_from_env_checks_what_it_is_given_likewise(environment: pytest.MonkeyPatch, name: str) -> None:
    assert environment
    with pytest.raises(InvalidInputError, match=f"^{name}: "):
        Connectly.from_env(**{name: CLIENT[name][1]})


def client() -> tuple[Connectly, MockTransport]:
    mock = MockTransport(lambda _: Response(200, (), b'{"id":"1"}'))
    return Connectly(api_key="k", business_id="b", transport=mock), mock


REGISTRATION: dict[str, list[Any]] = {
    "topic": [None, 5, "", "messages "],
    "address": [None, 5, "", "https:///a", "https://a.example\n", " https://a.example"],
    "type": [5, "", "custom\n"],
    "echo": [1, "yes", "false"],
    "channel_types": ["fax", [5], 5, [["whatsapp"]]],
    "filters": ["a-*", [5], 5],
    "webengage": [True, "token", {"token": "t"}],
    "timeout": [0, "5", True],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in REGISTRATION.items() for value in values], ids=ascii
)
async def test_every_argument_of_a_registration_is_checked_before_any_io(name: str, value: Any) -> None:
    connectly, mock = client()
    arguments: dict[str, Any] = {"topic": "messages", "address": "https://a.example", name: value}
    with pytest.raises(InvalidInputError) as caught:
        await connectly.webhooks.create(**arguments)
    assert caught.value.field.partition("[")[0] == name
    if name not in {"topic", "type"} and arguments["address"] is not None:
        del arguments["topic"]
        with pytest.raises(InvalidInputError):
            await connectly.webhooks.update("wh_1", **arguments)
    assert mock.requests == []


def test_every_argument_of_a_registration_is_tried() -> None:
    connectly, _ = client()
    assert set(inspect.signature(connectly.webhooks.create).parameters) == set(REGISTRATION)
    assert set(inspect.signature(connectly.webhooks.update).parameters) - {"webhook_id"} < set(REGISTRATION)


@pytest.mark.parametrize("webhook_id", ID, ids=ascii)
async def test_an_id_is_held_to_the_same_rule_everywhere(webhook_id: Any) -> None:
    connectly, mock = client()
    for call in (connectly.webhooks.update(webhook_id, echo=True), connectly.webhooks.delete(webhook_id)):
        with pytest.raises(InvalidInputError, match=r"^webhook_id: "):
            await call
    assert mock.requests == []


@pytest.mark.parametrize("name", [" spring", "spring\n", "spr\u200bing", "", " ", 5, b"spring"], ids=ascii)
async def test_a_campaigns_name_is_held_to_the_rule_of_names(name: Any) -> None:
    connectly, mock = client()
    with pytest.raises(InvalidInputError, match=r"^campaign_name: "):
        await connectly.send_text(PHONE, "hi", campaign_name=name)
    assert mock.requests == []


async def test_one_channel_and_one_filter_need_no_list() -> None:
    connectly, mock = client()
    one: Any = "whatsapp"
    await connectly.webhooks.create("messages", "https://a.example", channel_types=one)
    assert b'"channelTypes":["whatsapp"]' in (mock.requests[0].content or b"")


@given(st.text())
def test_an_id_that_passes_has_nothing_around_it_and_nothing_unseen(text: str) -> None:
    if find_name_problem(text) is None:
        assert text
        assert text == text.strip()
        assert not set("\n\r\t\x00\u200b\ufeff") & set(text)
    else:
        with pytest.raises(InvalidInputError):
            encode_path_segment("id", text)


def test_an_error_about_something_else_stays_as_it_is() -> None:
    error = InvalidInputError("timeouts: x", field="timeouts")
    assert name_origin(error, {"api_key": "CONNECTLY_API_KEY"}) is error


def test_nothing_is_of_every_kind() -> None:
    check_kind("tls", None, Tls, "a Tls")


@pytest.mark.parametrize(
    "name",
    ["\u0645\u06cc\u200c\u062e", "\u0915\u094d\u200d\u0937", "PDF\u200c\u0647\u0627", "\U0001f469\u200d\U0001f4bb"],
)
def test_a_name_may_have_joiners_within_its_words(name: str) -> None:
    assert find_name_problem(name) is None


@pytest.mark.parametrize(
    "name", ["\u200c\u0645", "\u0645\u200d", "spr\u200ding", "a\u200c\u200db", "\u0645\u200b\u0645"]
)
def test_a_joiner_that_joins_nothing_is_refused(name: str) -> None:
    assert find_name_problem(name) == "holds control characters, or others that cannot be seen"
