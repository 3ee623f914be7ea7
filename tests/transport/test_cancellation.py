"""Cancellation and time-outs at every moment of a call, by asyncio and by anyio: none is lost, and none escapes."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import anyio
import pytest

from connectly_api import Connectly, NotSentError, OutcomeUnknownError
from connectly_api.transport import Timeouts
from tests.rough_server import RoughServer, rough_server, sent

TRANSPORTS = ["httpx", "pyreqwest"]
LONG = 60.0
TIMED_OUT = (NotSentError, OutcomeUnknownError)


class Peer:
    """A server that answers at once, but never where the text begins with `hang`; it counts open connections."""

    def __init__(self) -> None:
        self.open = 0
        self.texts: Counter[str] = Counter()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        self.open += 1
        try:
            while (body := await server.read(reader)) is not None:
                text = json.loads(body)["message"]["text"]
                self.texts[text] += 1
                if text.startswith("hang"):
                    await reader.read()
                    return
                writer.write(sent())
                await writer.drain()
        finally:
            self.open -= 1

    def seen_twice(self) -> list[str]:
        return [text for text, count in self.texts.items() if count > 1]


def client_of(server: RoughServer, transport: Any, **settings: Any) -> Connectly:
    return Connectly(api_key="k", business_id="b", base_url=server.base_url, transport=transport, **settings)


@asynccontextmanager
async def connected(transport: Any) -> AsyncIterator[tuple[Connectly, Peer]]:
    """Yield a client and its server; afterwards the client works, and nothing came twice."""
    peer = Peer()
    async with rough_server(peer) as server, client_of(server, transport) as client:
        await client.send_text("+16044441111", "first")
        async with asyncio.timeout(LONG):
            yield client, peer
            await client.send_text("+16044441111", "last")
    assert peer.seen_twice() == []
    assert peer.texts["last"] == 1


def moments(count: int) -> Iterator[int]:
    """Yield numbers of the event loop's steps: the first ones all, then fewer and fewer."""
    step = 0.0
    for _ in range(count):
        yield int(step)
        step = max(step + 1, step * 1.05)


async def cancel_after_each_step(transport: str, count: int, texts: str) -> None:
    async with connected(transport) as (client, _):
        for number, steps in enumerate(moments(count)):
            task = asyncio.create_task(client.send_text("+16044441111", f"{texts} {number}"))
            for _ in range(steps):
                await asyncio.sleep(0)
            is_under_way = task.cancel("by the test")
            await asyncio.wait([task])
            assert task.cancelled() is is_under_way


async def cancel_the_scope_after_each_step(transport: str, count: int, texts: str) -> None:
    async with connected(transport) as (client, _):
        for number, steps in enumerate(moments(count)):
            scope = anyio.CancelScope()
            reached: list[str] = []

            async def send(scope: anyio.CancelScope, number: int, reached: list[str]) -> None:
                with scope:
                    await client.send_text("+16044441111", f"{texts} {number}")
                    reached.append("sent")
                reached.append("behind")

            task = asyncio.create_task(send(scope, number, reached))
            for _ in range(steps):
                await asyncio.sleep(0)
            scope.cancel()
            await task
            assert reached == ["behind"] if scope.cancelled_caught else ["sent", "behind"]


STEPS = [cancel_after_each_step, cancel_the_scope_after_each_step]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("texts", ["answered", "hang"])
@pytest.mark.parametrize("sweep", STEPS)
async def test_a_call_that_is_cancelled_ends_as_cancelled(
    transport: str, texts: str, sweep: Callable[[str, int, str], Awaitable[None]]
) -> None:
    await sweep(transport, 24, texts)


@pytest.mark.long
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("texts", ["answered", "hang"])
@pytest.mark.parametrize("sweep", STEPS)
async def test_a_call_that_is_cancelled_after_any_step_ends_as_cancelled(
    transport: str, texts: str, sweep: Callable[[str, int, str], Awaitable[None]]
) -> None:
    for _ in range(2):
        await sweep(transport, 120, texts)


Sending = Callable[[float], Awaitable[object]]


async def by_move_on_after(send: Sending, seconds: float) -> None:
    with anyio.move_on_after(seconds):
        await send(seconds)


async def by_fail_after(send: Sending, seconds: float) -> None:
    with suppress(TimeoutError), anyio.fail_after(seconds):
        await send(seconds)


async def by_timeout(send: Sending, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await send(seconds)


async def by_wait_for(send: Sending, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.ensure_future(send(seconds)), seconds)


async def by_itself(send: Sending, seconds: float) -> None:
    await send(seconds)


async def by_a_scope_within_a_timeout(send: Sending, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await by_move_on_after(send, seconds)


async def by_a_task_group(send: Sending, seconds: float) -> None:
    async def fail() -> None:
        await asyncio.sleep(seconds)
        raise ValueError("mine")

    async def quiet() -> None:
        with suppress(*TIMED_OUT):
            await send(seconds)

    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(quiet())
            group.create_task(quiet())
            group.create_task(fail())


LIMITS = [
    by_move_on_after,
    by_fail_after,
    by_timeout,
    by_wait_for,
    by_itself,
    by_a_scope_within_a_timeout,
    by_a_task_group,
]
Limit = Callable[[Sending, float], Awaitable[None]]


async def let_two_time_limits_end_together(transport: str, limit: Limit, rounds: int, width: int) -> None:
    async with connected(transport) as (client, _):
        texts = iter(range(10**9))

        async def send(seconds: float) -> object:
            return await client.send_text("+16044441111", f"hang {next(texts)}", timeout=seconds)

        async def one(seconds: float) -> None:
            with suppress(*TIMED_OUT):
                await limit(send, seconds)
            task = asyncio.current_task()
            assert task is not None
            # A task group of Python 3.11 does not take back its own.
            assert limit is by_a_task_group or task.cancelling() == 0

        for number in range(rounds):
            found = await asyncio.gather(
                *(one(0.001 + 0.0005 * (number % 7)) for _ in range(width)), return_exceptions=True
            )
            assert found == [None] * width


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("limit", LIMITS)
async def test_two_time_limits_that_end_together_are_both_kept(transport: str, limit: Limit) -> None:
    await let_two_time_limits_end_together(transport, limit, rounds=7, width=5)


@pytest.mark.long
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("limit", LIMITS)
async def test_any_number_of_time_limits_that_end_together_are_kept(transport: str, limit: Limit) -> None:
    await let_two_time_limits_end_together(transport, limit, rounds=30, width=20)


@contextmanager
def served() -> Iterator[str]:
    """Yield the address of a server that runs in a thread, on an event loop of its own."""
    ready = threading.Event()
    found: list[Any] = []

    async def serve() -> None:
        stop = asyncio.Event()
        async with rough_server(Peer()) as server:
            found.extend([server.base_url, asyncio.get_running_loop(), stop])
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    ready.wait()
    try:
        yield found[0]
    finally:
        found[1].call_soon_threadsafe(found[2].set)
        thread.join()


async def let_two_time_limits_end_together_on_trio(url: str, rounds: int) -> None:
    async with Connectly(api_key="k", business_id="b", base_url=url, transport="httpx") as client:
        await client.send_text("+16044441111", "first")
        for number in range(rounds):
            seconds = 0.001 + 0.0005 * (number % 7)
            with anyio.move_on_after(seconds), suppress(*TIMED_OUT):
                await client.send_text("+16044441111", f"hang {number}", timeout=seconds)
        await client.send_text("+16044441111", "last")


def test_two_time_limits_that_end_together_are_both_kept_on_trio() -> None:
    with served() as url:
        anyio.run(let_two_time_limits_end_together_on_trio, url, 40, backend="trio")


@pytest.mark.long
def test_any_number_of_time_limits_that_end_together_are_kept_on_trio() -> None:
    with served() as url:
        anyio.run(let_two_time_limits_end_together_on_trio, url, 800, backend="trio")


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("steps", [1, 3, 10, 30, 100])
async def test_no_connection_outlives_a_call_that_was_cancelled(transport: str, steps: int) -> None:
    peer = Peer()
    async with rough_server(peer) as server, asyncio.timeout(LONG):
        # pyreqwest goes on with a request that nobody waits for, until a time-out of its own ends it.
        async with client_of(server, transport, timeouts=Timeouts(read=0.5, connect=0.4)) as client:
            for number in range(5):
                task = asyncio.create_task(client.send_text("+16044441111", f"hang {number}"))
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
        while peer.open:  # noqa: ASYNC110 (the server is not told who waits for it)
            await asyncio.sleep(0.001)
        assert peer.seen_twice() == []


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_time_limit_is_kept_in_a_task_that_was_cancelled_before(transport: str) -> None:
    async with connected(transport) as (client, _):

        async def say_goodbye() -> None:
            try:
                await asyncio.sleep(LONG)
            finally:
                with pytest.raises(OutcomeUnknownError):
                    await client.send_text("+16044441111", "hang", timeout=0.05)

        task = asyncio.create_task(say_goodbye())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
