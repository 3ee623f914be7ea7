"""The adapter that asks a function for the answer."""

from __future__ import annotations

import pytest

from connectly_api.transport.adapters.mock import MockTransport
from connectly_api.transport.protocol import Progress, Response, Timeouts, WireRequest

REQUEST = WireRequest("POST", "https://host/v1", (("X-API-Key", "k"),), b"{}")


async def test_a_function_answers_and_every_request_is_kept() -> None:
    mock = MockTransport(lambda request: Response(201, body=request.method.encode()))

    assert await mock.exchange(REQUEST, Timeouts(), Progress()) == Response(201, body=b"POST")
    assert await mock.exchange(REQUEST, Timeouts(), Progress()) == Response(201, body=b"POST")
    assert mock.requests == [REQUEST, REQUEST]


async def test_a_coroutine_function_answers_too() -> None:
    async def answer(request: WireRequest) -> Response:
        return Response(200, body=request.url.encode())

    assert await MockTransport(answer).exchange(REQUEST, Timeouts(), Progress()) == Response(
        200, body=b"https://host/v1"
    )


@pytest.mark.parametrize("may_have_left", [True, False])
async def test_what_the_function_raises_is_raised_and_the_request_kept(may_have_left: bool) -> None:
    def refuse(_: WireRequest) -> Response:
        raise ConnectionRefusedError("refused")

    mock = MockTransport(refuse, may_have_left=may_have_left)
    progress = Progress()

    with pytest.raises(ConnectionRefusedError):
        await mock.exchange(REQUEST, Timeouts(), progress)
    assert progress.may_have_left is may_have_left
    assert mock.requests == [REQUEST]


async def test_closing_is_noted_and_may_happen_twice() -> None:
    mock = MockTransport(lambda _: Response(200))
    assert mock.closed is False

    await mock.aclose()
    await mock.aclose()

    assert mock.closed is True
