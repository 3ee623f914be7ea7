"""Keeping a pace: who waits, in what order, and what becomes of those who give up."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import anyio
import pytest

from connectly_api import (
    Connectly,
    InvalidInputError,
    NotSentError,
    Pace,
    Rate,
    Recipient,
    Response,
    Retry,
    SentMessage,
    Template,
    Text,
)
from connectly_api.transport import MockTransport, PacedTransport, WireRequest
from connectly_api.transport.pacing import apply_pace
from connectly_api.transport.protocol import Progress, Timeouts
from connectly_api.transport.rates import read_rate_keys

FREE = Pace(endpoint=None, number=None, customer=None)


class Time:
    """A clock that moves when everybody sleeps, to the moment at which the first awakes."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        for _ in range(20):
            await asyncio.sleep(0)
        self.now = max(self.now, until)


def accepted(_request: WireRequest) -> Response:
    return Response(200, (), b'{"id":"1"}')


def message(customer: str, text: str = "", number: str = "") -> WireRequest:
    body = {"recipient": {"id": customer}, "message": {"text": text}, "sender": {"id": number}}
    return WireRequest(
        "POST", "https://a.example/v1/businesses/b/send/messages", (), json.dumps(body).encode(), None, "send_message"
    )


def text_of(request: WireRequest) -> str:
    text: str = json.loads(request.content or b"{}")["message"]["text"]
    return text


async def send(transport: PacedTransport, request: WireRequest) -> Response:
    return await transport.exchange(request, Timeouts(), Progress())


@pytest.mark.parametrize(
    ("pace", "last"),
    [
        (Pace(endpoint=Rate(10.0), number=None, customer=None), 0.9),
        (Pace(endpoint=None, number=Rate(10.0), customer=None), 0.4),
        (Pace(endpoint=None, number=None, customer=Rate(10.0)), 0.4),
        (Pace(endpoint=Rate(100.0), number=Rate(10.0), customer=Rate(1.0)), 4.0),
        (FREE, 0.0),
    ],
)
async def test_each_rate_is_kept(pace: Pace, last: float) -> None:
    time = Time()
    sent_at: list[float] = []

    def answer(request: WireRequest) -> Response:
        sent_at.append(time.now)
        return accepted(request)

    transport = PacedTransport(MockTransport(answer), pace, now=lambda: time.now, sleep=time.sleep)
    for number in range(10):
        await send(transport, message(f"+{number % 2}", number=f"+{number % 2}"))
    assert sent_at[-1] == pytest.approx(last, abs=0.01)
    assert sent_at == sorted(sent_at)


async def test_messages_to_one_customer_go_one_after_the_other_in_order_and_hold_nobody_else() -> None:
    held = asyncio.Event()
    order: list[str] = []

    async def answer(request: WireRequest) -> Response:
        order.append(text_of(request))
        if text_of(request) == "slow 0":
            await held.wait()
        return accepted(request)

    transport = PacedTransport(MockTransport(answer), Pace(endpoint=None, number=None))
    tasks = [asyncio.create_task(send(transport, message("+1", f"slow {number}"))) for number in range(5)]
    tasks += [asyncio.create_task(send(transport, message("+2", f"other {number}"))) for number in range(5)]
    for _ in range(50):
        await asyncio.sleep(0)
    assert order == ["slow 0", *(f"other {number}" for number in range(5))]
    held.set()
    await asyncio.gather(*tasks)
    assert order[6:] == [f"slow {number}" for number in range(1, 5)]


async def test_no_more_than_so_many_are_in_flight_and_the_others_keep_their_order() -> None:
    in_flight, most, order = 0, 0, []

    async def answer(request: WireRequest) -> Response:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        order.append(text_of(request))
        await asyncio.sleep(0)
        in_flight -= 1
        return accepted(request)

    transport = apply_pace(MockTransport(answer), "off", 3)
    assert isinstance(transport, PacedTransport)
    await asyncio.gather(*(send(transport, message("+1", str(number))) for number in range(20)))
    assert most == 3
    assert order == [str(number) for number in range(20)]


async def test_one_who_gives_up_takes_nothing_with_him() -> None:
    transport = PacedTransport(
        MockTransport(accepted), Pace(endpoint=Rate(20.0), number=Rate(20.0), customer=Rate(20.0), max_in_flight=1)
    )
    await send(transport, message("+1"))
    for _ in range(30):
        progress = Progress()
        with anyio.move_on_after(0.001) as scope:
            await transport.exchange(message("+1"), Timeouts(), progress)
        if scope.cancelled_caught:
            assert not progress.may_have_left
    with anyio.fail_after(1):
        await asyncio.gather(*(send(transport, message("+1")) for _ in range(3)))
    await transport.aclose()


async def test_waiting_counts_into_the_time_out_and_ends_not_sent() -> None:
    mock = MockTransport(accepted)
    pace = Pace(endpoint=Rate(0.001), number=None, customer=None)
    async with Connectly(api_key="k", business_id="b", transport=mock, pace=pace, retry=Retry(attempts=1)) as connectly:
        await connectly.send_text("+16044441111", "first")
        with pytest.raises(NotSentError) as caught:
            await connectly.send_text("+16044441111", "second", timeout=0.02)
        assert await connectly.webhooks.list() == ()  # What sends no message is not held.
    assert caught.value.timed_out
    assert [text_of(request) for request in mock.requests[:-1]] == ["first"]
    assert mock.closed


async def test_429_slows_down_as_long_as_the_service_asks() -> None:
    time = Time()
    answers = [Response(429, (("Retry-After", "3"),)), Response(429), *[Response(200)] * 10]
    sent_at: list[float] = []

    def answer(_request: WireRequest) -> Response:
        sent_at.append(time.now)
        return answers[len(sent_at) - 1]

    pace = Pace(endpoint=Rate(10.0), number=None, customer=None)
    transport = PacedTransport(MockTransport(answer), pace, now=lambda: time.now, sleep=time.sleep)
    for _ in answers:
        await send(transport, message("+1"))
    gaps = [later - earlier for earlier, later in pairwise(sent_at)]
    assert gaps[0] == pytest.approx(3.0, abs=0.01)
    assert gaps[1] == pytest.approx(0.36, abs=0.1)
    assert gaps[1:] == sorted(gaps[1:], reverse=True)


async def test_429_without_a_pace_for_endpoints_changes_nothing() -> None:
    transport = PacedTransport(MockTransport(lambda _: Response(429)), Pace(endpoint=None))
    assert (await send(transport, message("+1"))).status == 429


async def test_customers_of_long_ago_are_forgotten() -> None:
    time = Time()
    pace = Pace(endpoint=None, number=None, customer=Rate(1.0))
    transport = PacedTransport(MockTransport(accepted), pace, now=lambda: time.now, sleep=time.sleep)
    for number in range(3000):
        await send(transport, message(f"+{number}"))
        time.now += 0.01
    assert len(vars(transport)["_queues"]) < 1300


def test_it_runs_on_trio() -> None:
    async def main() -> SentMessage:
        mock = MockTransport(accepted)
        async with Connectly(api_key="k", business_id="b", transport=mock, pace="on", max_in_flight=1) as connectly:
            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(connectly.send_text, "+16044441111", "hello")
            return await connectly.send_text("+16044441111", "hello")

    assert anyio.run(main, backend="trio").id == "1"


@pytest.mark.parametrize("content", [Text("hello"), Template("welcome", "en")])
@pytest.mark.parametrize(
    "recipient", ["+16044441111", "US.13491208655302741918", Recipient("+16044441111", "US.13491208655302741918")]
)
@pytest.mark.parametrize("sender", [None, "+16044442222"])
async def test_the_keys_that_a_client_passes_are_those_that_its_content_says(
    content: Text | Template, recipient: str | Recipient, sender: str | None
) -> None:
    mock = MockTransport(accepted)
    async with Connectly(api_key="k", business_id="b", transport=mock, pace="on", sender=sender) as connectly:
        await connectly.send(recipient, content)
    (request,) = mock.requests
    assert request.rate_keys is not None
    assert request.rate_keys == read_rate_keys(request)


async def test_without_a_pace_no_keys_are_made() -> None:
    mock = MockTransport(accepted)
    async with Connectly(api_key="k", business_id="b", transport=mock) as connectly:
        await connectly.send_text("+16044441111", "hello")
    assert mock.requests[0].rate_keys is None


def test_no_pace_is_no_layer() -> None:
    mock = MockTransport(accepted)
    assert apply_pace(mock, "off", None) is mock
    assert isinstance(apply_pace(mock, "on", None), PacedTransport)
    assert isinstance(apply_pace(mock, Pace(), None), PacedTransport)
    with pytest.raises(InvalidInputError, match="pace"):
        apply_pace(mock, "fast", None)  # type: ignore[arg-type]
