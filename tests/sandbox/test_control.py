"""Whatever is asked of the control interface is done, or refused in a sentence of our own; it never fails."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectly_api import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.model.settings import MAX_TIME
from connectly_api.sandbox.verbs.setup import CLOCK_VERBS, VERBS
from connectly_api.sandbox.web.control import PREFIX
from tests.sandbox.calls import ask, client_of, session

CUSTOMER = "+16044441111"
ALL_VERBS = [*sorted(VERBS), *sorted(CLOCK_VERBS), "reset"]
LOOKS = ["", "state", "openapi.json", "messages", "requests", "deliveries", "registrations", "timeline", "recording"]
# What a verb may be called with, and what Python's own functions call theirs.
NAMES = [
    *(
        "customer",
        "phone",
        "bsuid",
        "name",
        "text",
        "reply_to",
        "referral",
        "sender",
        "type",
        "url",
        "caption",
        "filename",
    ),
    *("latitude", "longitude", "address", "button", "row", "message", "emoji", "language", "parameters", "status"),
    *("what", "operation", "recipient", "topic", "next", "every", "probability", "html", "accepted", "retry_after"),
    *("seconds", "minutes", "hours", "days", "code", "self", "cls", "args", "kwargs", "verb", "arguments", "settings"),
    *(
        "number",
        "entry",
        "body",
        "running",
        "speed",
        "wait",
        "state",
        "asked",
        "__class__",
        "__init__",
        "",
        "\x00",
        "\ud83d",
        "None",
    ),
]
JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([0, 1, -1, 2**53, 10**18, 10**308, 1e9, 1e15, 1e308, 1e-308, 253402300800, -62135596801])
    | st.text(max_size=8)
    | st.sampled_from(
        [CUSTOMER, "+14151111234", "US.13491208655302741918", "m1", "drop", "delay_webhook", "fail_delivery"]
    )
    | st.sampled_from(["https://a.example/x", "image", "en", "body_1", "hang", "server_error"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
CALLS = st.lists(
    st.tuples(
        st.sampled_from(ALL_VERBS),
        st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5)
        | st.fixed_dictionaries(
            {"customer": st.just(CUSTOMER)}, optional={name: JSON for name in NAMES if name != "customer"}
        ),
    ),
    max_size=4,
)


async def _call(client: httpx.AsyncClient, verb: str, arguments: object) -> httpx.Response:
    return await client.post(f"{PREFIX}/{verb}", content=json.dumps(arguments))


def _check(response: httpx.Response) -> None:
    assert response.status_code in {200, 400}, response.text
    if response.status_code == 400:
        message = response.json()["message"]
        assert message
        assert "Traceback" not in message
        assert "argument(s)" not in message
        assert "()" not in message


async def _play(calls: list[tuple[str, dict[str, Any]]]) -> None:
    sandbox = Sandbox(windows="open", keep=50)
    async with client_of(sandbox) as client:
        ask(sandbox, session())
        for verb, arguments in calls:
            _check(await _call(client, verb, arguments))
        for look in LOOKS:
            assert (await client.get(f"{PREFIX}/{look}")).status_code in {200, 409}
        await sandbox.settle()


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(CALLS)
def test_no_verb_fails_whatever_it_is_called_with(calls: list[tuple[str, dict[str, Any]]]) -> None:
    asyncio.run(_play(calls))


@pytest.mark.long
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(CALLS)
def test_no_verb_fails_whatever_it_is_called_with_for_long(calls: list[tuple[str, dict[str, Any]]]) -> None:
    asyncio.run(_play(calls))


@pytest.mark.parametrize("verb", sorted(set(ALL_VERBS) - {"reset"}))
async def test_an_argument_that_is_named_as_pythons_own_is_refused_as_any_other(verb: str) -> None:
    async with client_of(Sandbox()) as client:
        for name in NAMES:
            _check(await _call(client, verb, {name: 1}))
            _check(await _call(client, verb, {"customer": CUSTOMER, name: {name: [name]}}))


@pytest.mark.parametrize("days", [1, 10_000])
async def test_the_clock_ends_with_the_year_9999_and_a_report_before_it(days: int) -> None:
    sandbox = Sandbox(start=MAX_TIME - 86_400)
    async with client_of(sandbox) as client:
        _check(await _call(client, "advance", {"days": days}))
        refused = await _call(client, "advance", {"seconds": 1, "days": days})
        assert (refused.status_code, refused.json()["message"]) == (
            400,
            "seconds: the clock goes no further than the year 9999",
        )
        assert (await _call(client, "report_ready", {})).status_code == 200


async def test_a_clock_that_settling_took_past_the_year_9999_has_no_reports_any_more() -> None:
    sandbox = Sandbox(start=MAX_TIME, windows="open")
    async with client_of(sandbox) as client:
        ask(sandbox, session())
        assert (await _call(client, "settle", {})).status_code == 200
        assert (await _call(client, "advance", {"seconds": 0})).status_code == 200
        refused = await _call(client, "report_ready", {})
        assert refused.status_code == 400
        assert "year 9999" in refused.json()["message"]
        assert (await _call(client, "says", {"customer": CUSTOMER, "text": "Hi"})).status_code == 200


@pytest.mark.parametrize("wrong", [-1, 2**48 / 1000, float("nan"), float("inf"), True, "0"])
def test_a_clock_cannot_start_where_times_have_no_date(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^start: "):
        Sandbox(start=wrong)


@pytest.mark.parametrize("wrong", [[1], {"a": 1}, True, "\r\n", "x" * 1001, "é"])
def test_a_pause_that_no_header_can_say_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^retry_after: "):
        Sandbox().fault("rate_limited", retry_after=wrong)


def test_an_option_of_a_fault_that_does_not_exist_is_named() -> None:
    with pytest.raises(TypeError, match=r"^unexpected keyword argument 'verb'"):
        Sandbox().fault("drop", verb=1)
