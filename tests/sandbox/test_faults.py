"""Every fault of a request, met by the real client over a real socket and in process: what the client reports and what
the sandbox holds agree, and no message is there twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from connectly_api import (
    Connectly,
    ConnectlyError,
    OutcomeUnknownError,
    RateLimitError,
    Retry,
    SentMessage,
    ServerError,
    Timeouts,
    UnexpectedResponseError,
)
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport
from tests.sandbox.calls import KEY, LIST, MESSAGES, TEMPLATES, Receiver, ask, client_of, register, session

# Many wait for a silence or a deadline on a real socket.
pytestmark = pytest.mark.slow

PHONE = "+16044441111"
OTHER = "+16049999999"
IMPATIENT = Timeouts(total=5, connect=2, read=0.3)
HASTY = Retry(base=0.01)


@asynccontextmanager
async def served(sandbox: Sandbox, way: str, **settings: Any) -> AsyncIterator[Connectly]:
    known = {
        "api_key": "sandbox-key",
        "business_id": "sandbox-business",
        "timeouts": IMPATIENT,
        "retry": HASTY,
        **settings,
    }
    if way == "in process":
        async with Connectly(**known, transport=AsgiTransport(sandbox.app)) as connectly:
            yield connectly
        return
    async with sandbox.serve() as address, Connectly(**known, base_url=address) as connectly:
        yield connectly


async def outcome_of(call: Callable[[], Any]) -> Any:
    try:
        return await call()
    except ConnectlyError as error:
        return error


# What the rule says, what the client then says, and whether the message exists.
FAULTS: list[tuple[dict[str, Any], type[object], bool]] = [
    ({"what": "rate_limited"}, RateLimitError, False),
    ({"what": "rate_limited", "retry_after": 0}, RateLimitError, False),
    ({"what": "rate_limited", "retry_after": formatdate(0, usegmt=True)}, RateLimitError, False),
    ({"what": "rate_limited", "retry_after": "soon"}, RateLimitError, False),
    ({"what": "server_error"}, ServerError, False),
    ({"what": "server_error", "status": 502, "html": True}, ServerError, False),
    ({"what": "server_error", "status": 503}, ServerError, False),
    ({"what": "server_error", "status": 520, "accepted": True}, ServerError, True),
    ({"what": "server_error", "status": 503, "html": True, "accepted": True}, ServerError, True),
    ({"what": "slow_head", "seconds": 0.01}, SentMessage, True),
    ({"what": "slow_head", "seconds": 0.8}, OutcomeUnknownError, True),
    ({"what": "slow_body", "seconds": 0.01}, SentMessage, True),
    ({"what": "slow_body", "seconds": 0.8}, OutcomeUnknownError, True),
    ({"what": "hang"}, OutcomeUnknownError, False),
    ({"what": "hang", "accepted": True}, OutcomeUnknownError, True),
    ({"what": "reset"}, OutcomeUnknownError, False),
    ({"what": "reset", "recipient": PHONE}, OutcomeUnknownError, False),
    ({"what": "drop"}, OutcomeUnknownError, True),
    ({"what": "cut_off"}, OutcomeUnknownError, True),
    ({"what": "truncated"}, UnexpectedResponseError, True),
    ({"what": "wrong_types"}, UnexpectedResponseError, True),
    ({"what": "nulls"}, UnexpectedResponseError, True),
    ({"what": "new_values"}, SentMessage, True),
    ({"what": "early_webhook"}, SentMessage, True),
    ({"what": "fail_delivery"}, SentMessage, True),
]


def name_of(fault: Any) -> str | None:
    return " ".join(map(str, fault.values())) if isinstance(fault, dict) else None


@pytest.mark.parametrize("way", ["on a socket", "in process"])
@pytest.mark.parametrize(("fault", "expected", "exists"), FAULTS, ids=name_of)
async def test_what_the_client_reports_is_what_the_sandbox_holds(
    fault: dict[str, Any], expected: type[object], exists: bool, way: str
) -> None:
    sandbox = Sandbox(windows="open")
    # Were a message sent again after a fault that leaves its fate open, the second request would get through.
    sandbox.fault(**fault, next=1)
    retry = Retry(attempts=1) if expected is RateLimitError else HASTY
    async with served(sandbox, way, retry=retry) as connectly:
        outcome = await outcome_of(lambda: connectly.send_text(PHONE, "Hello!"))
    assert type(outcome) is expected
    assert len(sandbox.requests) == 1
    assert sandbox.accepted == len(sandbox.messages) == int(exists)
    assert (sandbox.requests[0].message is not None) == exists
    if isinstance(outcome, SentMessage):
        assert [message.id for message in sandbox.messages] == [outcome.id]
    if fault["what"] not in {"early_webhook", "fail_delivery"}:
        assert sandbox.requests[0].fault == fault["what"]


@pytest.mark.parametrize("retry_after", [None, "0", formatdate(0, usegmt=True), "soon"])
async def test_a_refusal_for_haste_is_tried_again_and_the_message_is_there_once(retry_after: str | None) -> None:
    sandbox = Sandbox(windows="open")
    sandbox.fault("rate_limited", retry_after=retry_after, next=2)
    async with served(sandbox, "on a socket", timeouts=Timeouts(total=20)) as connectly:
        sent = await connectly.send_text(PHONE, "Hello!")
    assert [request.status for request in sandbox.requests] == [429, 429, 200]
    assert sandbox.assert_sent_once(PHONE).id == sent.id


async def test_many_sends_under_mixed_faults_are_all_accounted_for() -> None:
    sandbox = Sandbox(windows="open", seed=3, rate_limit=None)
    for what in ("rate_limited", "server_error", "reset", "drop", "cut_off", "truncated", "wrong_types", "hang"):
        sandbox.fault(what, probability=0.08)
    sandbox.fault("server_error", accepted=True, probability=0.1)
    async with served(sandbox, "on a socket", timeouts=Timeouts(total=60, read=4)) as connectly:
        sends = (outcome_of(lambda: connectly.send_text(PHONE, "Hello!")) for _ in range(150))
        outcomes = await asyncio.gather(*sends)
    reported = {outcome.id for outcome in outcomes if isinstance(outcome, SentMessage)}
    unknown = [one for one in outcomes if isinstance(one, OutcomeUnknownError | ServerError | UnexpectedResponseError)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, RateLimitError)]
    assert len(reported) + len(unknown) + len(refused) == 150
    held = {message.id for message in sandbox.messages}
    assert reported <= held
    assert len(held) <= len(reported) + len(unknown)
    lost = [request for request in sandbox.requests if request.message is not None and request.fault is not None]
    assert len(held) == len(reported) + len(lost)
    assert len({type(outcome) for outcome in outcomes}) >= 4


async def test_a_rule_meets_the_operation_and_the_recipient_that_it_names() -> None:
    sandbox = Sandbox(windows="open")
    sandbox.customer(PHONE, bsuid="US.1")
    sandbox.fault("server_error", operation="send_message", recipient="US.1")
    sandbox.fault("truncated", operation="get_webhooks")
    async with served(sandbox, "on a socket") as connectly:
        assert isinstance(await outcome_of(lambda: connectly.send_text(PHONE, "Hello!")), ServerError)
        assert isinstance(await outcome_of(lambda: connectly.send_text(OTHER, "Hello!")), SentMessage)
        assert isinstance(await outcome_of(lambda: connectly.send_template(PHONE, "t", "en")), SentMessage)
        assert isinstance(await outcome_of(connectly.webhooks.list), UnexpectedResponseError)


async def test_a_read_is_tried_again_after_any_fault() -> None:
    sandbox = Sandbox()
    sandbox.fault("drop", next=2)
    async with served(sandbox, "on a socket") as connectly:
        assert list(await connectly.webhooks.list()) == []
    assert [request.fault for request in sandbox.requests] == ["drop", "drop", None]


async def test_strange_values_lose_no_registration_but_themselves() -> None:
    sandbox = Sandbox()
    register(sandbox, "messages", channelTypes=["whatsapp"])
    for what in ("new_values", "wrong_types", "nulls"):
        sandbox.fault(what, next=1)
    async with served(sandbox, "in process") as connectly:
        new, wrong, nulls = [await outcome_of(connectly.webhooks.list) for _ in range(3)]
    assert [one.topic for one in new] == ["a_value_of_tomorrow"]
    assert [one.address for one in new] == ["https://bot.example/"]
    assert not isinstance(wrong, ConnectlyError)
    assert not isinstance(nulls, ConnectlyError)


async def test_strange_values_stand_in_refusals_too() -> None:
    sandbox = Sandbox()
    sandbox.fault("new_values")
    async with served(sandbox, "in process") as connectly:
        error = await outcome_of(lambda: connectly.send_text(PHONE, "Hello!"))
    assert isinstance(error, ConnectlyError)
    assert (error.code, error.type) == ("a_value_of_tomorrow", "a_value_of_tomorrow")  # type: ignore[attr-defined]


async def test_the_first_status_can_come_before_the_send_call_returns() -> None:
    sandbox, receiver = Sandbox(windows="open"), Receiver(200)
    sandbox.attach("https://bot.example/", receiver)
    register(sandbox, "delivery_status")
    sandbox.fault("early_webhook", next=1)
    async with served(sandbox, "on a socket") as connectly:
        sent = await connectly.send_text(PHONE, "Hello!")
        assert [body["statusUpdate"]["id"] for body in receiver.bodies] == [sent.id]
        await connectly.send_text(PHONE, "Hello!")
    assert len(receiver.bodies) == 1


async def test_an_unread_request_is_kept_with_its_head_alone_and_a_rule_without_effect_lets_it_be_read() -> None:
    sandbox = Sandbox(windows="open")
    sandbox.fault("reset", every=2, operation="send_message")
    async with served(sandbox, "on a socket") as connectly:
        first = await outcome_of(lambda: connectly.send_text(PHONE, "Hello!"))
        second = await outcome_of(lambda: connectly.send_text(PHONE, "Hello!"))
    assert [type(first), type(second)] == [SentMessage, OutcomeUnknownError]
    assert [(request.status, len(request.body) > 0) for request in sandbox.requests] == [(200, True), (0, False)]


async def test_paths_that_lead_nowhere_meet_no_rule(sandbox: Sandbox) -> None:
    sandbox.fault("reset")
    async with client_of(sandbox) as client:
        assert (await client.get("/v2")).status_code == 404
        assert (await client.get(MESSAGES)).status_code == 405
        with pytest.raises(ConnectionResetError):
            await client.post(MESSAGES, json=session())


async def test_an_answer_without_content_cannot_be_spoilt() -> None:
    document = {"swagger": "2.0", "paths": {"/v2/open": {"get": {"security": [], "responses": {"204": {}}}}}}
    sandbox = Sandbox(swagger=document)
    sandbox.fault("nulls", next=1)
    sandbox.fault("cut_off", next=1)
    async with client_of(sandbox) as client:
        response = await client.get("/v2/open")
        assert (response.status_code, response.content) == (204, b"")
        with pytest.raises(ConnectionResetError):
            await client.get("/v2/open")


async def test_cleared_faults_strike_no_more(sandbox: Sandbox) -> None:
    sandbox.fault("server_error")
    assert ask(sandbox, session()).status == 500
    sandbox.clear_faults()
    assert ask(sandbox, session()).status == 200


async def test_more_than_200_sends_within_a_second_of_the_clock_are_refused_on_each_endpoint() -> None:
    sandbox = Sandbox(windows="open")
    statuses = [ask(sandbox, session()).status for _ in range(202)]
    assert statuses == [200] * 200 + [429] * 2
    assert ask(sandbox, b"", path=LIST, method="GET").status == 200
    template = {"number": PHONE, "templateName": "t", "language": "en"}
    assert ask(sandbox, template, path=TEMPLATES).status == 200
    await sandbox.advance(0.5)
    assert ask(sandbox, session()).status == 429
    await sandbox.advance(0.5)
    assert ask(sandbox, session()).status == 200


async def test_refused_sends_count_towards_the_limit_and_wrong_keys_do_not() -> None:
    sandbox = Sandbox(windows="open", rate_limit=2)
    assert [ask(sandbox, session(), headers=()).status for _ in range(3)] == [401] * 3
    assert [ask(sandbox, {}).status for _ in range(2)] == [400] * 2
    assert ask(sandbox, session()).status == 429


async def test_more_messages_than_a_sender_may_send_within_a_second_are_refused_on_all_endpoints_together() -> None:
    sandbox = Sandbox(windows="open", number_limit=2)
    template = {"number": PHONE, "templateName": "t", "language": "en"}
    first, other = sandbox.settings.senders
    number = {"id": first, "channelType": "whatsapp"}

    assert ask(sandbox, {**session(), "sender": number}).status == 200
    assert ask(sandbox, {}).status == 400
    assert ask(sandbox, {**template, "sender": first}, path=TEMPLATES).status == 200
    assert ask(sandbox, {**session(), "sender": number}).status == 429
    assert ask(sandbox, {**session(), "sender": {**number, "id": other}}).status == 200
    await sandbox.advance(1)
    assert ask(sandbox, {**session(), "sender": number}).status == 200
    assert sandbox.accepted == 4


async def test_a_server_that_ends_does_not_wait_for_a_hanging_request() -> None:
    came = asyncio.Event()
    sandbox = Sandbox(windows="open", on_request=lambda _: came.set())
    sandbox.fault("hang")
    async with httpx.AsyncClient(headers=dict([KEY]), timeout=60) as client:
        async with sandbox.serve() as address:
            hanging = asyncio.create_task(client.post(f"{address}{MESSAGES}", json=session()))
            await came.wait()
        with pytest.raises(httpx.TransportError):
            await hanging
