"""A pace that clients share: what they book, what they lose, and what they do while its server is away."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace

import anyio
import anyio.lowlevel
import pytest

from connectly_api import Connectly, InvalidInputError, NotSentError, Pace, PostgresPace, Rate, RedisPace, Response
from connectly_api.transport import MockTransport, WireRequest, shared_pace
from connectly_api.transport.pacing import PacedTransport
from connectly_api.transport.protocol import Progress, Timeouts
from connectly_api.transport.shared_pace import CUSTOMER, SharedPace, SharedTokens
from tests.transport.test_paced import accepted, message, send, text_of

ENDPOINT = Pace(endpoint=Rate(100.0, 50), number=None, customer=None)


class AwayError(Exception):
    pass


class Server(SharedPace):
    """Grants what it is told to, in memory."""

    errors = (AwayError,)

    def __init__(self, pace: Pace = ENDPOINT) -> None:
        super().__init__(pace)
        self.booked: list[tuple[str, int]] = []
        self.slowed: list[tuple[str, float | None]] = []
        self.answers: list[tuple[int, float] | Exception] = []
        self.held = threading.Event()
        self.held.set()
        self.closed = 0
        self.entered = 0

    def book(self, key: str, rate: Rate, count: int) -> tuple[int, float]:  # noqa: ARG002 (the base's)
        self.entered += 1
        self.held.wait()
        self.booked.append((key, count))
        answer = self.answers.pop(0) if self.answers else (count, 0.0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def slow_down(self, key: str, rate: Rate, seconds: float | None) -> None:  # noqa: ARG002 (the base's)
        self.held.wait()
        self.slowed.append((key, seconds))
        if self.answers:
            raise AwayError

    def close(self) -> None:
        self.closed += 1


def paced(
    server: Server,
    answer: Callable[[WireRequest], Response] = accepted,
    *,
    slept: list[float] | None = None,
    now: Callable[[], float] = lambda: 0.0,
) -> PacedTransport:
    async def sleep(seconds: float) -> None:
        if slept is not None:
            slept.append(seconds)
        await anyio.lowlevel.checkpoint()

    tokens = SharedTokens(server, "b", "key", sleep=sleep)
    return PacedTransport(MockTransport(answer), server.pace, now=now, tokens=tokens)


async def send_all(transport: PacedTransport, customers: list[str]) -> None:
    async with anyio.create_task_group() as tasks:
        for customer in customers:
            tasks.start_soon(send, transport, message(customer))


async def test_client_books_for_all_that_wait_at_most_five_at_once() -> None:
    server = Server()
    server.held.clear()
    transport = paced(server)
    async with anyio.create_task_group() as tasks:
        for number in range(12):
            tasks.start_soon(send, transport, message(f"+{number}"))
        await anyio.wait_all_tasks_blocked()
        server.held.set()
    # Nobody waited when the first one asked.
    assert [count for _, count in server.booked] == [1, 5, 5, 1]
    assert {key for key, _ in server.booked} == {"b/send_message"}


async def test_messages_to_one_customer_are_booked_one_by_one_and_keep_their_order() -> None:
    server = Server(Pace(endpoint=None, number=None))
    order: list[str] = []

    def answer(request: WireRequest) -> Response:
        order.append(text_of(request))
        return accepted(request)

    transport = paced(server, answer)
    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(send, transport, message("+1", str(number)))
    assert order == list("01234")
    assert [count for _, count in server.booked] == [1] * 5


async def test_number_of_a_customer_never_leaves_the_process() -> None:
    server = Server(Pace())
    transport = paced(server)
    await send_all(transport, ["+16044441111", "+16044441111", "+16044442222"])
    other = PacedTransport(MockTransport(accepted), server.pace, tokens=SharedTokens(server, "b", "another key"))
    await send_all(other, ["+16044441111"])
    customers = [key for key, _ in server.booked if CUSTOMER in key]
    assert len(customers) == 4
    assert len(set(customers)) == 3
    assert all(key.startswith("b/customer/") and "1604" not in key for key in customers)


async def test_client_waits_for_as_long_as_the_server_says_and_asks_again() -> None:
    server, slept = Server(), list[float]()
    server.answers = [(0, 0.5), (0, 0.5), (1, 0.0)]
    await send(paced(server, slept=slept), message("+1"))
    assert len(server.booked) == 3
    assert 0.5 <= slept[0] < 0.51
    assert 0.5 <= slept[1] < 0.52


async def test_client_waits_while_the_server_is_away_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    server, slept = Server(), list[float]()
    server.answers = [*[AwayError("redis://:secret@host")] * 8, (1, 0.0), AwayError()]
    transport = paced(server, slept=slept)
    with caplog.at_level(logging.WARNING):
        await send(transport, message("+1"))
        assert len(caplog.records) == 1
        assert "secret" not in caplog.text
        await send(transport, message("+1"))
    assert len(caplog.records) == 2
    assert 0.1 <= slept[0] < 0.2
    assert 2.0 <= slept[7] < 4.0


async def test_one_who_is_cancelled_leaves_his_tokens_to_the_next_but_not_for_long() -> None:
    server, now = Server(), [0.0]
    server.held.clear()
    transport = paced(server, now=lambda: now[0])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(send, transport, message("+1"))
        await anyio.wait_all_tasks_blocked()
        async with anyio.create_task_group() as cancelled:
            for _ in range(4):
                cancelled.start_soon(send, transport, message("+1"))
            await anyio.wait_all_tasks_blocked()
            server.answers = [(5, 0.0)]
            cancelled.cancel_scope.cancel()
        server.held.set()
    await send_all(transport, ["+1"] * 2)
    assert len(server.booked) == 1
    now[0] = 1.0
    await send_all(transport, ["+1"])
    assert len(server.booked) == 2


async def test_what_was_booked_before_the_event_loop_stood_still_is_not_sent_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server()
    times = iter([0.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr(shared_pace, "time", SimpleNamespace(monotonic=lambda: next(times)))
    tokens = SharedTokens(server, "b", "key")
    assert await tokens.take("endpoint", "send_message", Rate(1.0), 5) == 1
    assert await tokens.take("endpoint", "send_message", Rate(1.0), 5) == 5


async def test_cancelled_call_does_not_wait_for_the_server() -> None:
    server = Server()
    server.held.clear()
    progress = Progress()
    with anyio.move_on_after(0.01) as scope:
        await paced(server).exchange(message("+1"), Timeouts(), progress)
    assert scope.cancelled_caught
    assert not progress.may_have_left
    server.held.set()


async def test_cancelled_calls_leave_few_threads_at_a_server_that_hangs(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pace, "_THREADS", 2)
    server = Server()
    server.held.clear()
    transport = PacedTransport(MockTransport(accepted), server.pace, tokens=SharedTokens(server, "b", "key"))
    for _ in range(8):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send, transport, message("+1"))
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert server.entered == 4
    assert "is away (TimeoutError)" in caplog.text
    server.held.set()


@pytest.mark.parametrize("is_away", [False, True])
async def test_429_is_reported_and_its_response_comes_back_whatever_the_server_does(is_away: bool) -> None:
    server = Server()
    transport = paced(server, lambda _: Response(429, (("Retry-After", "3"),)))
    await send(transport, message("+1"))
    server.answers = [(1, 0.0), *[AwayError()] * is_away]
    assert (await send(transport, message("+1"))).status == 429
    assert server.slowed == [("b/send_message", 3.0)] * 2


async def test_429_is_not_held_back_by_a_server_that_hangs() -> None:
    server = Server()

    def answer(_request: WireRequest) -> Response:
        server.held.clear()
        return Response(429)

    with anyio.CancelScope() as scope:
        transport = paced(server, answer)
        response = await send(transport, message("+1"))
        scope.cancel()
    assert response.status == 429
    server.held.set()


async def test_queues_of_long_ago_are_forgotten() -> None:
    transport = paced(Server(Pace(endpoint=None, number=None)))
    for number in range(1100):
        await send(transport, message(f"+{number}"))
    assert len(vars(transport)["_queues"]) < 1000


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_client_takes_a_shared_pace_and_closes_it(backend: str) -> None:
    server = Server(Pace(max_in_flight=3))

    async def main() -> None:
        mock = MockTransport(accepted)
        client = Connectly(api_key="k", business_id="b", transport=mock, pace=server, sender="+14151111234")
        async with client, anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(client.send_text, "+16044441111", "hello")
        assert len(mock.requests) == 5

    anyio.run(main, backend=backend)
    assert server.closed == 1
    assert {key for key, _ in server.booked if CUSTOMER not in key} == {"b/send_message", "b/+14151111234"}


@pytest.mark.parametrize(
    "shared",
    [
        lambda: RedisPace("redis://:secret@127.0.0.1:1/0"),
        lambda: PostgresPace("postgresql://me:secret@127.0.0.1:1/app"),
    ],
)
async def test_call_ends_unsent_when_its_time_is_over_and_the_server_still_away(
    shared: Callable[[], SharedPace], caplog: pytest.LogCaptureFixture
) -> None:
    mock = MockTransport(accepted)
    async with Connectly(api_key="k", business_id="b", transport=mock, pace=shared()) as connectly:
        with pytest.raises(NotSentError) as caught:
            await connectly.send_text("+16044441111", "hello", timeout=0.5)
    assert caught.value.timed_out
    assert mock.requests == []
    assert "is away" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "server", ["", "http://:secret@host", "redis://:secret@host?x=secret", "secret", None, 1, b"redis://", RedisPace]
)
def test_what_is_no_server_of_redis_is_refused(server: object) -> None:
    with pytest.raises(InvalidInputError, match="server: must be") as caught:
        RedisPace(server)  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("server", ["http://:secret@host", "host=secret\udcff", "secret", None, 1, PostgresPace])
def test_what_is_no_server_of_postgresql_is_refused(server: object) -> None:
    with pytest.raises(InvalidInputError, match="server: must be") as caught:
        PostgresPace(server)  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("kind", "module", "extra"), [(RedisPace, "redis", "redis"), (PostgresPace, "psycopg", "fleet")]
)
def test_missing_extra_is_named(
    kind: Callable[[str], SharedPace], module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InvalidInputError, match=rf"connectly-api\[{extra}\]"):
        kind("redis://127.0.0.1")


def test_pace_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"pace: must be a Pace"):
        RedisPace("redis://127.0.0.1", Rate(1.0))  # type: ignore[arg-type]
