"""A cancelled call says in its cause, and to whoever collects it, whether its request may have been carried out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from connectly_api import Connectly, ConnectlyError, OutcomeUnknownError
from connectly_api.transport import MockTransport, Pace, Response
from connectly_api.unknown_outcomes import UnknownOutcomes
from tests.rough_server import RoughServer, rough_server

CUSTOMER = "+16044441111"
TRANSPORTS = ["httpx", "pyreqwest"]


def client_of(transport: Any, **settings: Any) -> Connectly:
    return Connectly(api_key="k", business_id="b", base_url="http://127.0.0.1:9", transport=transport, **settings)


async def hang(_request: object) -> Response:
    await anyio.sleep_forever()
    raise AssertionError


async def cancel(call: Awaitable[object]) -> tuple[BaseException, list[ConnectlyError]]:
    """Cancel a call that waits, and return what it raised and what was collected."""
    raised: list[BaseException] = []
    scope = anyio.CancelScope()

    async def run() -> None:
        with scope:
            try:
                await call
            except BaseException as error:
                raised.append(error)
                raise

    with UnknownOutcomes() as collected:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert scope.cancelled_caught
    return raised[0], collected


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_send_whose_request_may_have_left_has_an_unknown_outcome_as_its_cause(backend: str) -> None:
    async def main() -> None:
        error, collected = await cancel(client_of(MockTransport(hang)).send_text(CUSTOMER, "hi"))
        cause = error.__cause__
        assert isinstance(error, anyio.get_cancelled_exc_class())
        assert isinstance(cause, OutcomeUnknownError)
        assert cause.may_have_taken_effect
        assert str(cause).endswith("no response came: the call was cancelled")
        assert collected == [cause]

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_send_whose_request_has_not_left_has_no_cause(backend: str) -> None:
    async def main() -> None:
        unsent = client_of(MockTransport(hang, may_have_left=False))
        error, collected = await cancel(unsent.send_text(CUSTOMER, "hi"))
        assert isinstance(error, anyio.get_cancelled_exc_class())
        assert (error.__cause__, collected) == (None, [])

    anyio.run(main, backend=backend)


async def test_a_cancelled_send_that_waits_for_its_pace_has_no_cause() -> None:
    client = client_of(MockTransport(hang), pace=Pace(), max_in_flight=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.send_text, CUSTOMER, "first")
        await anyio.wait_all_tasks_blocked()
        error, collected = await cancel(client.send_text("+16044442222", "second"))
        tasks.cancel_scope.cancel()
    assert (error.__cause__, collected) == (None, [])


async def test_a_cancelled_read_has_no_cause() -> None:
    error, collected = await cancel(client_of(MockTransport(hang)).webhooks.list())
    assert (error.__cause__, collected) == (None, [])


async def test_a_send_that_is_cancelled_between_two_attempts_has_no_cause() -> None:
    def refuse(_request: object) -> Response:
        return Response(429, (("Retry-After", "5"),))

    error, collected = await cancel(client_of(MockTransport(refuse)).send_text(CUSTOMER, "hi"))
    assert (error.__cause__, collected) == (None, [])


@pytest.mark.parametrize(
    ("status", "body", "has_cause"), [(200, {"id": "m1"}, True), (500, {}, True), (400, {}, False), (401, {}, False)]
)
async def test_a_send_that_is_cancelled_after_its_response_has_a_cause_if_that_leaves_the_outcome_open(
    status: int, body: dict[str, str], has_cause: bool
) -> None:
    tasks: list[asyncio.Task[object]] = []

    async def answer(_request: object) -> Response:
        tasks[-1].get_loop().call_soon(tasks[-1].cancel)
        return Response(status, (), json.dumps(body).encode())

    client = client_of(MockTransport(answer))
    client.transport._calls = 1  # While another call is in flight, a call yields after its response.
    with UnknownOutcomes() as collected:
        tasks.append(asyncio.create_task(client.send_text(CUSTOMER, "hi")))
        with pytest.raises(asyncio.CancelledError) as caught:
            await tasks[0]
    assert (caught.value.__cause__ is not None) is has_cause
    assert len(collected) == has_cause


@pytest.mark.slow
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_send_that_is_cancelled_while_the_server_is_silent_has_an_unknown_outcome(transport: Any) -> None:
    reached = asyncio.Event()

    async def stay_silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        reached.set()
        await reader.read()

    async with (
        rough_server(stay_silent) as server,
        Connectly(api_key="k", business_id="b", base_url=server.base_url, transport=transport) as client,
    ):
        task = asyncio.create_task(client.send_text(CUSTOMER, "hi"))
        await reached.wait()
        task.cancel("by the test")
        with pytest.raises(asyncio.CancelledError, match="by the test") as caught:
            await task
    assert isinstance(caught.value.__cause__, OutcomeUnknownError)


# What is lost on the way of a cancellation.


async def give_up(client: Connectly) -> None:
    with anyio.fail_after(0.01):
        await client.send_text(CUSTOMER, "hi")


async def fail_beside(client: Connectly) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(client.send_text(CUSTOMER, "hi"))
        await anyio.wait_all_tasks_blocked()
        raise LookupError


async def fail_in_a_thread(client: Connectly) -> None:
    await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(give_up, client))


@pytest.mark.parametrize("how", [give_up, fail_beside, fail_in_a_thread])
async def test_a_cancelled_send_is_collected_where_its_cancellation_is_lost(
    how: Callable[[Connectly], Awaitable[None]],
) -> None:
    with (
        UnknownOutcomes() as collected,
        pytest.raises((TimeoutError, ExceptionGroup)),
    ):
        await how(client_of(MockTransport(hang)))
    (error,) = collected
    assert isinstance(error, OutcomeUnknownError)
