"""`otherwise`: the template goes only if the window is closed for certain, and never after an unknown outcome."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from connectly_api import (
    Button,
    CallbackDataTooLongError,
    Connectly,
    ConnectlyError,
    InvalidContentError,
    InvalidInputError,
    LimitWarning,
    NotSentError,
    OptedOutError,
    OutcomeUnknownError,
    OutsideWindowError,
    Phone,
    RateLimitError,
    Recipient,
    RequestRejectedError,
    Response,
    Retry,
    ServerError,
    Template,
    TemplateRejectedError,
    Text,
    Timeouts,
    UnexpectedResponseError,
)
from connectly_api.conversations import MemoryConversations
from connectly_api.drift import DriftMonitor
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport, MockTransport, WireRequest
from connectly_api.transport import time_budget as time_budget_module
from connectly_api.webhooks import Customer, InboundMessage, WebhookApp
from connectly_api.webhooks.failure_policy import FailureAction, decide_failure
from connectly_api.window_advice import is_window_closed

PHONE = "+16044441111"
SENDER = "+14151111234"
TEMPLATE = Template("order_update", "en", body=["Ann"])
CLOSED = "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW"
HELLO = Text("Hello!")
NOTHING: Any = None

Answers = Mapping[str, Response | Exception]


def refuse(code: str, status: int = 400) -> Response:
    return Response(status, (), json.dumps({"code": code}).encode())


def accept(message_id: str) -> Response:
    return Response(201, (), json.dumps({"id": message_id}).encode())


REFUSED_TEXT = {"messages": refuse(CLOSED), "whatsapp_templated_messages": accept("01T")}


class Scripted:
    """A client of a transport that answers texts and templates as it is told."""

    def __init__(self, answers: Answers, **settings: Any) -> None:
        self.answers = answers
        self.mock = MockTransport(self._answer)
        keys: Any = {"api_key": "k", "business_id": "b", "retry": Retry(attempts=1)}
        self.connectly = Connectly(**{**keys, **settings}, transport=self.mock)

    def _answer(self, request: WireRequest) -> Response:
        answer = self.answers[request.url.rpartition("/")[2]]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def send(self, content: Any = HELLO, **options: Any) -> Any:
        return await self.connectly.send(PHONE, content, **{"otherwise": TEMPLATE, **options})

    @property
    def went(self) -> list[str]:
        return [request.url.rpartition("/")[2] for request in self.mock.requests]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content or b"") for request in self.mock.requests]


class At:
    """Conversations that know one time, or fail, and are asked."""

    def __init__(self, known: Any) -> None:
        self.known = known
        self.asked: list[Any] = []

    async def closes_at(self, customer: Any, *, sender: Any = None) -> Any:
        self.asked.append((customer.phone.e164, sender and sender.e164))
        if isinstance(self.known, Exception):
            raise self.known
        if callable(self.known):
            return await self.known()
        return self.known

    async def is_open(self, customer: Any, *, sender: Any = None) -> bool:
        closes_at = await self.closes_at(customer, sender=sender)
        return closes_at is not None and closes_at > datetime.now(UTC)


def hours(number: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=number)


async def test_in_an_open_window_the_content_goes_alone() -> None:
    service = Scripted({"messages": accept("01M")})

    sent = await service.send()

    assert (sent.id, sent.is_fallback, service.went) == ("01M", False, ["messages"])


async def test_in_a_closed_window_the_template_goes_with_the_same_options() -> None:
    service = Scripted(REFUSED_TEXT)

    sent = await service.send(sender=SENDER, callback_data={"order": 1}, campaign_name="spring")

    assert (sent.id, sent.is_fallback, sent.recipient.phone.e164) == ("01T", True, PHONE)
    assert service.bodies == [
        {
            "sender": {"id": SENDER, "channelType": "whatsapp"},
            "recipient": {"id": PHONE, "channelType": "whatsapp"},
            "message": {"text": "Hello!"},
            "campaignName": "spring",
            "callbackData": {"order": 1},
        },
        {
            "sender": SENDER,
            "number": PHONE,
            "templateName": "order_update",
            "language": "en",
            "parameters": [{"name": "body_1", "value": "Ann"}],
            "campaignName": "spring",
            "callbackData": {"order": 1},
        },
    ]


async def test_every_method_takes_it() -> None:
    service = Scripted(REFUSED_TEXT)
    buttons = [Button("y", "Yes")]

    sent = await service.connectly.send_reply_buttons(PHONE, "On Friday?", buttons, otherwise=TEMPLATE)

    assert sent.is_fallback


@pytest.mark.parametrize(
    ("first", "error"),
    [
        (refuse("ERROR_CODE_MESSAGE_TEXT_EMPTY"), RequestRejectedError),
        (refuse("ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT"), OptedOutError),
        (refuse("ERROR_CODE_UNSPECIFIED"), RequestRejectedError),
        (refuse(CLOSED, 429), RateLimitError),
        (refuse("ERROR_CODE_UNSPECIFIED", 500), ServerError),
        (Response(504, (), b"<html>"), ServerError),
        (Response(200, (), b"{}"), UnexpectedResponseError),
        (Response(200, (), b"not JSON"), UnexpectedResponseError),
        (ConnectionError("reset"), OutcomeUnknownError),
        (TimeoutError(), OutcomeUnknownError),
    ],
)
async def test_after_anything_else_the_template_does_not_go(
    first: Response | Exception, error: type[ConnectlyError]
) -> None:
    service = Scripted({**REFUSED_TEXT, "messages": first})

    with pytest.raises(error) as caught:
        await service.send()

    assert type(caught.value) is error
    assert service.went == ["messages"]


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (refuse("ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND"), TemplateRejectedError),
        (refuse("ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT"), OptedOutError),
        (Response(500, (), b""), ServerError),
        (Response(200, (), b"{}"), UnexpectedResponseError),
        (ConnectionError("reset"), OutcomeUnknownError),
    ],
)
async def test_if_the_template_fails_too_its_error_is_raised_with_the_first_as_its_cause(
    second: Response | Exception, error: type[ConnectlyError]
) -> None:
    service = Scripted({**REFUSED_TEXT, "whatsapp_templated_messages": second})

    with pytest.raises(error) as caught:
        await service.send()

    assert isinstance(caught.value.__cause__, OutsideWindowError)
    assert caught.value.may_have_taken_effect is (error in {ServerError, OutcomeUnknownError, UnexpectedResponseError})
    assert service.went == ["messages", "whatsapp_templated_messages"]


TOO_LONG = Template("a" * 600, "en", body=["one\ntwo"])


@pytest.mark.parametrize(
    ("content", "options", "error", "fields"),
    [
        (HELLO, {"otherwise": TOO_LONG}, InvalidContentError, ["otherwise.name", "otherwise.body[0]"]),
        (Text(""), {"otherwise": Template("", "en")}, InvalidContentError, ["text", "otherwise.name"]),
        (HELLO, {"otherwise": "order_update"}, InvalidContentError, ["otherwise"]),
        (HELLO, {"otherwise": Template}, InvalidContentError, ["otherwise"]),
        (HELLO, {"otherwise": Text("Hello?")}, InvalidContentError, ["otherwise"]),
        (TEMPLATE, {}, InvalidInputError, ["otherwise"]),
        (HELLO, {"channel_type": "sms"}, InvalidInputError, ["otherwise"]),
        (HELLO, {"callback_data": "x" * 1023}, CallbackDataTooLongError, ["callback_data"]),
        (HELLO, {"timeout": 0}, InvalidInputError, ["timeout"]),
        (HELLO, {"timeout": "5"}, InvalidInputError, ["timeout"]),
    ],
)
async def test_both_messages_are_checked_before_any_io(
    content: Any, options: dict[str, Any], error: type[InvalidInputError], fields: list[str]
) -> None:
    conversations = At(None)
    service = Scripted({"messages": accept("01M")}, conversations=conversations)

    with pytest.raises(error) as caught:
        await service.send(content, **options)

    assert type(caught.value) is error
    violations = caught.value.violations if isinstance(caught.value, InvalidContentError) else ()
    assert ([violation.field for violation in violations] or [caught.value.field]) == fields
    assert (service.went, conversations.asked) == ([], [])


async def test_a_limit_that_is_a_warning_warns_once_and_names_the_template() -> None:
    service = Scripted(REFUSED_TEXT, limits="warn")

    with pytest.warns(LimitWarning) as warned:
        sent = await service.connectly.send(PHONE, Text("x" * 4097), otherwise=TOO_LONG, callback_data=2**60)

    assert sent.is_fallback
    assert [str(one.message).partition(":")[0] for one in warned] == [
        "text",
        "otherwise.name",
        "otherwise.body[0]",
        "callback_data",
    ]
    assert {one.filename for one in warned} == {__file__}


class Clock:
    """The budget's time; each reading is the next of those that are given."""

    def __init__(self, *readings: float) -> None:
        self.readings = list(readings)

    def monotonic(self) -> float:
        return self.readings.pop(0)


@pytest.mark.parametrize(
    ("readings", "requests", "cause"),
    [
        ([0.0, 6.0], [], type(None)),
        ([0.0, 2.0, 5.0], ["messages"], OutsideWindowError),
    ],
)
async def test_if_no_time_is_left_nothing_goes_and_the_call_can_be_repeated(
    monkeypatch: pytest.MonkeyPatch, readings: list[float], requests: list[str], cause: type[object]
) -> None:
    monkeypatch.setattr(time_budget_module, "time", Clock(*readings))
    service = Scripted(REFUSED_TEXT)

    with pytest.raises(NotSentError, match="not sent: the call's timeout had passed") as caught:
        await service.send(timeout=5)

    assert (caught.value.retry_safe, caught.value.may_have_taken_effect, caught.value.timed_out) == (True, False, True)
    assert isinstance(caught.value.__cause__, cause)
    assert decide_failure(caught.value) is FailureAction.REDELIVER
    assert service.went == requests


@pytest.mark.parametrize(("timeout", "total"), [(5.0, 5.0), (None, 7.0)])
async def test_both_requests_share_the_calls_time(
    monkeypatch: pytest.MonkeyPatch, timeout: float | None, total: float
) -> None:
    seconds: list[float] = []

    class Watched(MockTransport):
        async def exchange(self, request: Any, timeouts: Timeouts, progress: Any) -> Response:
            seconds.append(timeouts.total)
            return await super().exchange(request, timeouts, progress)

    monkeypatch.setattr(time_budget_module, "time", Clock(10.0, 11.0, 14.0))
    answers = iter([refuse(CLOSED), accept("01T")])
    transport = Watched(lambda _: next(answers))
    connectly = Connectly(api_key="k", business_id="b", transport=transport, timeouts=Timeouts(total=7))

    await connectly.send_text(PHONE, "Hello!", otherwise=TEMPLATE, timeout=timeout)

    assert seconds == [total - 1, total - 4]


async def test_a_cancelled_call_sends_nothing_more() -> None:
    asked = asyncio.Event()

    async def hang() -> None:
        asked.set()
        await asyncio.Event().wait()

    service = Scripted(REFUSED_TEXT, conversations=At(hang))
    task = asyncio.create_task(service.send())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert service.went == []


@pytest.mark.parametrize(
    ("known", "went"),
    [
        (hours(-1), ["whatsapp_templated_messages"]),
        (hours(1), ["messages", "whatsapp_templated_messages"]),
        (None, ["messages", "whatsapp_templated_messages"]),
    ],
)
async def test_a_window_known_to_be_closed_saves_the_refused_call(known: datetime | None, went: list[str]) -> None:
    conversations = At(known)
    service = Scripted(REFUSED_TEXT, conversations=conversations, sender=SENDER)

    sent = await service.send()

    assert (sent.id, sent.is_fallback, service.went) == ("01T", True, went)
    assert set(conversations.asked) == {(PHONE, SENDER)}


async def test_a_refusal_of_a_template_that_went_first_has_no_cause() -> None:
    answers = {"whatsapp_templated_messages": refuse("ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND")}
    service = Scripted(answers, conversations=At(hours(-1)))

    with pytest.raises(TemplateRejectedError) as caught:
        await service.send()

    assert caught.value.__cause__ is None


async def test_conversations_are_not_asked_without_a_template() -> None:
    conversations = At(hours(-1))
    service = Scripted({"messages": accept("01M")}, conversations=conversations)

    assert (await service.send(otherwise=None)).id == "01M"
    assert conversations.asked == []


@pytest.mark.parametrize(
    "known",
    [ValueError(f"kestrel {PHONE}"), datetime(2020, 1, 1), "kestrel", lambda: NOTHING],  # noqa: DTZ001
)
async def test_conversations_that_fail_are_logged_and_the_content_goes_first(
    known: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service = Scripted(REFUSED_TEXT, conversations=At(known))

    with caplog.at_level(logging.INFO, "connectly_api"):
        assert (await service.send()).is_fallback

    assert service.went == ["messages", "whatsapp_templated_messages"]
    assert [(one.levelname, one.name) for one in caplog.records] == [("WARNING", "connectly_api")]
    assert "the store of conversations failed with" in caplog.text
    assert "kestrel" not in caplog.text
    assert PHONE not in caplog.text


async def test_a_store_that_does_not_answer_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    conversations: Any = At(anyio.sleep_forever)

    assert not await is_window_closed(conversations, Recipient(PHONE), None, 0.001)
    assert "failed with TimeoutError" in caplog.text


async def test_a_store_that_does_not_answer_leaves_time_for_the_message() -> None:
    service = Scripted({"messages": accept("01F")}, conversations=At(anyio.sleep_forever))

    await service.send(timeout=0.2)

    assert service.went == ["messages"]


@pytest.mark.parametrize("is_known", [True, False])
async def test_it_works_with_a_store_that_heard_the_customer(is_known: bool) -> None:
    sandbox = Sandbox()
    conversations = MemoryConversations()
    if is_known:
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        await conversations.record(InboundMessage(customer=Customer(phone=Phone(PHONE)), timestamp=long_ago))
    async with Connectly(
        api_key="sandbox-key",
        business_id="sandbox-business",
        transport=AsgiTransport(sandbox.app),
        conversations=conversations,
    ) as connectly:
        assert (await connectly.send_text(PHONE, "Hello!", otherwise=TEMPLATE)).is_fallback

    assert len(sandbox.requests) == (1 if is_known else 2)


async def test_with_the_clock_of_the_sandbox_an_open_window_is_open() -> None:
    sandbox = Sandbox()
    conversations = MemoryConversations(clock=lambda: sandbox.now)
    webhooks = WebhookApp(sandbox.settings.webhook_secret)
    webhooks.on_any(conversations.record)
    sandbox.attach("https://bot.example/", webhooks)
    async with Connectly(
        api_key="sandbox-key",
        business_id="sandbox-business",
        transport=AsgiTransport(sandbox.app),
        conversations=conversations,
    ) as connectly:
        await connectly.webhooks.create("messages", "https://bot.example/")
        await sandbox.customer(PHONE).says("Hi")
        assert not (await connectly.send_text(PHONE, "Hello!", otherwise=TEMPLATE)).is_fallback
        await sandbox.advance(hours=24)
        assert (await connectly.send_text(PHONE, "Hello!", otherwise=TEMPLATE)).is_fallback

    assert len(sandbox.requests) == 3


def test_it_runs_on_trio() -> None:
    service = Scripted(REFUSED_TEXT, conversations=At(None))

    async def main() -> Any:
        return await service.send()

    assert anyio.run(main, backend="trio").is_fallback


def test_a_view_asks_the_same_conversations() -> None:
    service = Scripted(REFUSED_TEXT, conversations=(conversations := At(hours(-1))))
    view = service.connectly.with_sender(SENDER)

    assert anyio.run(lambda: view.send(PHONE, Text("Hello!"), otherwise=TEMPLATE)).is_fallback
    assert set(conversations.asked) == {(PHONE, SENDER)}


async def test_pacing_and_drift_see_two_calls() -> None:
    monitor = DriftMonitor()
    service = Scripted(
        {
            "messages": Response(400, (), json.dumps({"code": CLOSED, "kestrel": 1}).encode()),
            "whatsapp_templated_messages": Response(201, (), b'{"id":"01T","kestrel":1}'),
        },
        pace="on",
        drift=monitor,
    )

    assert (await service.send()).is_fallback

    assert [(one.rate_keys.endpoint, one.rate_keys.recipient) for one in service.mock.requests if one.rate_keys] == [
        ("send_message", PHONE),
        ("send_whatsapp_templated_message", PHONE),
    ]
    assert {one.name for one in monitor.counts} == {"send_message", "send_whatsapp_templated_message"}


FAULTS: list[tuple[dict[str, Any], type[object], int]] = [
    ({"what": "drop"}, OutcomeUnknownError, 1),
    ({"what": "server_error"}, ServerError, 0),
    ({"what": "server_error", "accepted": True}, ServerError, 1),
    ({"what": "truncated"}, UnexpectedResponseError, 1),
]


@pytest.mark.parametrize(("fault", "error", "accepted"), FAULTS)
@pytest.mark.parametrize("is_open", [True, False])
async def test_whatever_happens_the_customer_hears_once_at_most(
    fault: dict[str, Any], error: type[ConnectlyError], accepted: int, is_open: bool
) -> None:
    sandbox = Sandbox()
    if is_open:
        sandbox.open_window(PHONE)
    operation = "send_message" if is_open else "send_whatsapp_templated_message"
    sandbox.fault(**fault, operation=operation)
    async with Connectly(
        api_key="sandbox-key", business_id="sandbox-business", transport=AsgiTransport(sandbox.app)
    ) as connectly:
        with pytest.raises(error):
            await connectly.send_text(PHONE, "Hello!", otherwise=TEMPLATE)
        sandbox.clear_faults()
        assert sandbox.accepted == accepted
        sent = await connectly.send_text(PHONE, "Hello!", otherwise=TEMPLATE)

    assert sent.is_fallback is not is_open
    assert [message.kind for message in sandbox.messages][-1] == ("text" if is_open else "template")
