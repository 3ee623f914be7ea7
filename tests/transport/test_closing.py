"""What is closed opens nothing: a call that waits, wherever it does, ends as not sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from connectly_api import Connectly, NotSentError, OutcomeUnknownError, RateLimitError, UsageError
from connectly_api.transport import MockTransport, Pace, Rate, Response, Retry, Timeouts
from connectly_api.transport.adapters.auto import AutoTransport
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport
from connectly_api.transport.pacing import PacedTransport
from connectly_api.transport.protocol import ClosedError, Progress, Transport
from tests.rough_server import RoughServer, answer, answering, free_port, hang_after_reading, rough_server
from tests.transport.test_adapters import post

TRANSPORTS = ["httpx", "pyreqwest", "auto"]
LONG = 60.0


def client(base_url: str, transport: Any, **settings: Any) -> Connectly:
    return Connectly(api_key="k", business_id="b", base_url=base_url, transport=transport, **settings)


def start(connectly: Connectly, count: int) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(connectly.send_text("+16044441111", str(number))) for number in range(count)]


@asynccontextmanager
async def at_once() -> AsyncIterator[None]:
    async with asyncio.timeout(LONG):
        yield


async def seen(server: RoughServer) -> None:
    while not server.requests:  # noqa: ASYNC110 (the server is not told who waits for it)
        await asyncio.sleep(0.001)


WAITS: dict[str, Callable[[str], Connectly]] = {
    "in flight, httpx": lambda url: client(url, "httpx", max_in_flight=1),
    "in flight, pyreqwest": lambda url: client(url, "pyreqwest", max_in_flight=1),
    "in flight, auto": lambda url: client(url, "auto", max_in_flight=1),
    "connections, httpx": lambda url: client(url, HttpxTransport(max_connections=1)),
    "connections, pyreqwest": lambda url: client(url, PyreqwestTransport(max_connections=1)),
    "pace, pyreqwest": lambda url: client(url, "pyreqwest", pace=Pace(customer=Rate(1e-3, 1))),
    "no time limit": lambda url: client(url, "pyreqwest", max_in_flight=1, timeouts=Timeouts(total=float("inf"))),
}


@pytest.mark.parametrize("wait", WAITS)
async def test_calls_that_wait_for_their_turn_are_not_sent_once_the_client_is_closed(wait: str) -> None:
    async with rough_server(hang_after_reading) as server, at_once():
        connectly = WAITS[wait](server.base_url)
        tasks = start(connectly, 6)
        await seen(server)
        await connectly.aclose()
        first, *others = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)
    assert isinstance(first, OutcomeUnknownError)
    assert [type(error) for error in others] == [NotSentError] * 5
    assert {str(error) for error in others} == {"send_message: not sent: the client was closed"}
    assert (len(server.requests), server.connections) == (1, 1)


async def test_a_call_that_waits_for_its_next_try_ends_with_what_its_last_one_came_to() -> None:
    async with rough_server(answering(answer(429, headers=[("Retry-After", "15")]))) as server, at_once():
        connectly = client(server.base_url, "pyreqwest")
        [task] = start(connectly, 1)
        await seen(server)
        await asyncio.sleep(0.05)
        await connectly.aclose()
        with pytest.raises(RateLimitError):
            await task
    assert len(server.requests) == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_call_whose_connection_was_refused_is_not_tried_again(transport: str) -> None:
    async with at_once():
        patient = Retry(attempts=10**6, base=LONG, cap=LONG)
        connectly = client(f"http://127.0.0.1:{free_port()}", transport, retry=patient)
        tasks = start(connectly, 3)
        await asyncio.sleep(0.2)
        await connectly.aclose()
        assert [type(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == [NotSentError] * 3


async def test_a_failure_that_arrives_after_the_end_is_not_tried_again() -> None:
    async def fail(_request: object) -> Response:
        await connectly.aclose()
        raise ConnectionRefusedError

    mock = MockTransport(fail, may_have_left=False)
    connectly = client("http://127.0.0.1:1", mock)
    with pytest.raises(NotSentError):
        await connectly.send_text("+16044441111", "1")
    assert len(mock.requests) == 1
    with pytest.raises(UsageError, match="closed"):
        await connectly.send_text("+16044441111", "1")


@pytest.mark.parametrize("settings", [{}, {"pace": "on"}, {"max_in_flight": 1}])
@pytest.mark.parametrize("turns", range(4))
async def test_calls_that_have_just_begun_are_not_sent_once_the_client_is_closed(
    turns: int, settings: dict[str, Any]
) -> None:
    async with rough_server(hang_after_reading) as server, at_once():
        connectly = client(server.base_url, "httpx", timeouts=Timeouts(read=LONG), **settings)
        [first] = start(connectly, 1)
        await seen(server)
        tasks = start(connectly, 3)
        for _ in range(turns):
            await asyncio.sleep(0)
        await connectly.aclose()
        ended = await asyncio.gather(first, *tasks, return_exceptions=True)
    assert {type(error) for error in ended[1:]} <= {NotSentError, UsageError}
    assert len(server.requests) == 1


async def test_a_call_in_step_with_others_sees_that_the_client_was_closed() -> None:
    async def hang(_request: object) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    mock = MockTransport(hang)
    connectly = client("http://127.0.0.1:1", mock)
    [first] = start(connectly, 1)
    while not mock.requests:  # noqa: ASYNC110 (the transport is not told who waits for it)
        await asyncio.sleep(0)
    [second] = start(connectly, 1)
    await asyncio.sleep(0)
    await connectly.aclose()
    with pytest.raises(NotSentError, match="not sent: the client was closed"):
        await second
    assert len(mock.requests) == 1
    first.cancel()
    await asyncio.wait([first])


def test_calls_on_trio_that_wait_for_their_turn_are_not_sent_either() -> None:
    asked = 0

    async def hang(_request: object) -> Response:
        nonlocal asked
        asked += 1
        await anyio.sleep(LONG)
        return Response(200)

    async def main() -> list[str]:
        ended: list[str] = []
        connectly = client("http://127.0.0.1:1", MockTransport(hang), max_in_flight=1)

        async def send() -> None:
            try:
                await connectly.send_text("+16044441111", "1")
            except NotSentError as error:
                ended.append(str(error))

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(send)
            await anyio.wait_all_tasks_blocked()
            await connectly.aclose()
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        return ended

    assert anyio.run(main, backend="trio") == ["send_message: not sent: the client was closed"] * 3
    assert asked == 1


ADAPTERS: dict[str, Callable[[], Transport]] = {
    "pyreqwest": PyreqwestTransport,
    "auto": AutoTransport,
    "paced": lambda: PacedTransport(HttpxTransport(), Pace()),
}


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("is_used", [False, True])
async def test_an_adapter_that_was_closed_opens_nothing(adapter: str, *, is_used: bool) -> None:
    async with rough_server(answering(answer(200, b"{}"))) as server:
        transport = ADAPTERS[adapter]()
        if is_used:
            assert (await transport.exchange(post(server.base_url), Timeouts(), Progress())).status == 200
        await transport.aclose()
        progress = Progress()
        with pytest.raises(ClosedError):
            await transport.exchange(post(server.base_url), Timeouts(), progress)
    assert (progress.may_have_left, progress.is_transient) == (False, False)
    assert server.connections == int(is_used)


async def test_an_adapter_by_itself_lets_nothing_through_that_waited_when_it_was_closed() -> None:
    async with rough_server(hang_after_reading) as server, at_once():
        transport = PyreqwestTransport(max_connections=1)
        first, second = (
            asyncio.ensure_future(transport.exchange(post(server.base_url), Timeouts(), Progress())) for _ in range(2)
        )
        await seen(server)
        await transport.aclose()
        found = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(error).__name__ for error in found] == ["ClientClosedError", "ClosedError"]
    assert server.connections == 1


async def test_a_pace_by_itself_lets_nothing_through_that_waited_when_it_was_closed() -> None:
    async def hang(_request: object) -> Response:
        await released.wait()
        return Response(200)

    released, mock = asyncio.Event(), MockTransport(hang)
    transport = PacedTransport(mock, Pace(max_in_flight=1))
    first, second = (
        asyncio.ensure_future(transport.exchange(post("http://127.0.0.1:1"), Timeouts(), Progress())) for _ in range(2)
    )
    while not mock.requests:  # noqa: ASYNC110 (the transport is not told who waits for it)
        await asyncio.sleep(0)
    await transport.aclose()
    released.set()
    found = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(outcome) for outcome in found] == [Response, ClosedError]
    assert len(mock.requests) == 1


async def test_a_client_that_another_process_has_used_is_refused() -> None:
    connectly = client("http://127.0.0.1:1", MockTransport(lambda _: Response(200, body=b'{"id":"1"}')))
    await connectly.send_text("+16044441111", "Hello!")
    connectly.transport._process += 1
    with pytest.raises(UsageError, match="before this process was forked"):
        await connectly.send_text("+16044441111", "Hello!")
