"""What is the pyreqwest adapter's own: what it takes for a proof, and how it passes a cancellation on."""

from __future__ import annotations

import asyncio

import pytest
from pyreqwest.exceptions import ConnectError, ConnectTimeoutError

from connectly_api.transport.pyreqwest import _faithful, _never_connected

SENDING = "error sending request for url (https://api.connectly.ai/)"


@pytest.mark.parametrize(
    ("causes", "proven"),
    [
        ([SENDING, "client error (Connect)", "tcp connect error", "Connection refused (os error 111)"], True),
        ([SENDING, "client error (Connect)"], True),
        ([SENDING, "client error (SendRequest)", "connection closed before message completed"], False),
        ([SENDING, "client error (SendRequest)", "client error (Connect)"], False),
        ([SENDING, "operation timed out"], False),
        ([SENDING, "client error (ConnectReset)"], False),
        ([SENDING], False),
        (["client error (Connect)"], False),
        (["error decoding response body", "client error (Connect)"], False),
        ([], False),
        (None, False),
    ],
)
@pytest.mark.parametrize("kind", [ConnectError, ConnectTimeoutError])
def test_only_the_chain_of_causes_proves_that_nothing_left(
    kind: type[ConnectError | ConnectTimeoutError], causes: list[str] | None, *, proven: bool
) -> None:
    error = kind("connection error", {"causes": None if causes is None else [{"message": cause} for cause in causes]})
    assert _never_connected(error) is proven


async def test_what_is_awaited_may_cancel_itself() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel("by itself")
    with pytest.raises(asyncio.CancelledError, match="by itself"):
        await _faithful(future)


async def test_an_exception_that_is_thrown_in_arrives() -> None:
    async def waiting() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            raise ValueError("on its way") from None

    task = asyncio.create_task(_wrapped(waiting()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(ValueError, match="on its way"):
        await task


async def test_a_cancellation_that_is_swallowed_is_raised_all_the_same() -> None:
    async def deaf() -> str:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return "the result"
        return "too late"

    task = asyncio.create_task(_wrapped(deaf()))
    await asyncio.sleep(0)
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task


async def _wrapped(awaitable: object) -> None:
    await _faithful(awaitable)  # type: ignore[arg-type]
