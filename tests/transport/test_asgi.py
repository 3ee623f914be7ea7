"""The adapter that calls an application in this process, on both event loops."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import attrs
import pytest

from connectly_api.transport.adapters.asgi import Application, AsgiTransport
from connectly_api.transport.protocol import Progress, Response, Timeouts, WireRequest

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

REQUEST = WireRequest(
    "POST", "http://127.0.0.1:8080/v1/a%2Fb/%C3%BC?x=%20y&x=2", (("X-API-Key", "k"), ("X-Two", "\u00e9")), b'{"a":1}'
)
START = {"type": "http.response.start", "status": 201, "headers": [(b"X-One", b"1"), (b"x-one", b"\xe9")]}
BODY = {"type": "http.response.body", "body": b"whole"}


def sending(*messages: dict[str, Any]) -> Application:
    async def app(_: Any, receive: Receive, send: Send) -> None:
        await receive()
        for message in messages:
            await send(message)

    return app


async def exchange(app: Application, request: WireRequest = REQUEST, *, read: float = 5.0) -> Response:
    return await AsgiTransport(app).exchange(request, Timeouts(read=read), Progress())


def run(backend: str, function: Callable[[], Awaitable[Response]]) -> Response:
    return anyio.run(function, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_answer_comes_back_whole_on_either_event_loop(backend: str) -> None:
    assert run(backend, lambda: exchange(sending(START, BODY))) == Response(
        201, (("X-One", "1"), ("x-one", "\u00e9")), b"whole", complete=True
    )


async def test_the_application_sees_the_request_as_a_server_would_show_it() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        seen.update(scope)
        seen["message"] = await receive()
        await send(START)
        await send(BODY)

    await exchange(app)

    assert seen == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/a/b/\u00fc",
        "raw_path": b"/v1/a%2Fb/%C3%BC",
        "query_string": b"x=%20y&x=2",
        "root_path": "",
        "headers": [
            (b"x-api-key", b"k"),
            (b"x-two", b"\xe9"),
            (b"host", b"127.0.0.1:8080"),
            (b"content-length", b"7"),
        ],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 8080),
        "message": {"type": "http.request", "body": b'{"a":1}', "more_body": False},
    }


@pytest.mark.parametrize(
    ("url", "server", "host"),
    [
        ("https://host/x", ("host", 443), b"host"),
        ("http://host/x", ("host", 80), b"host"),
        ("https://[::1]:8443/x", ("::1", 8443), b"[::1]:8443"),
    ],
)
async def test_the_server_is_named_with_its_scheme_s_port(url: str, server: tuple[str, int], host: bytes) -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, _: Receive, send: Send) -> None:
        seen.update(scope)
        await send(START)
        await send(BODY)

    await exchange(app, attrs.evolve(REQUEST, url=url))

    assert seen["server"] == server
    assert (b"host", host) in seen["headers"]


async def test_a_request_without_a_body_has_no_length_and_an_empty_message() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        seen.update(scope)
        seen["message"] = await receive()
        await send(START)
        await send(BODY)

    await exchange(app, WireRequest("GET", "http://host/", (), None))

    assert seen["message"] == {"type": "http.request", "body": b"", "more_body": False}
    assert [name for name, _ in seen["headers"]] == [b"host"]


async def test_an_answer_in_pieces_is_put_together() -> None:
    pieces = [{"type": "http.response.body", "body": piece, "more_body": True} for piece in (b"a", b"", b"bc")]

    response = await exchange(sending(START, *pieces, {"type": "http.response.body"}))

    assert (response.body, response.complete) == (b"abc", True)


async def test_an_answer_without_headers_has_none() -> None:
    response = await exchange(sending({"type": "http.response.start", "status": 204}, {"type": "http.response.body"}))

    assert response == Response(204)


async def test_messages_of_other_kinds_are_passed_over() -> None:
    response = await exchange(sending(START, {"type": "http.response.trailers", "headers": []}, BODY))

    assert response.body == b"whole"


async def test_nothing_can_be_added_to_a_whole_answer() -> None:
    response = await exchange(sending(START, BODY, BODY, {**START, "status": 500}))

    assert (response.status, response.body) == (201, b"whole")


async def test_an_application_hears_of_the_end_only_after_its_answer() -> None:
    heard: list[str] = []

    async def app(_: Any, receive: Receive, send: Send) -> None:
        heard.append((await receive())["type"])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen, receive)
            await anyio.lowlevel.checkpoint()
            heard.append("answering")
            await send(START)
            await send(BODY)

    async def listen(receive: Receive) -> None:
        heard.append((await receive())["type"])

    await exchange(app)

    assert heard == ["http.request", "answering", "http.disconnect"]


async def test_an_application_that_ends_without_an_answer_breaks_the_connection() -> None:
    with pytest.raises(ConnectionError, match="ended without a response"):
        await exchange(sending())


async def test_what_an_application_raises_before_its_answer_is_raised() -> None:
    async def app(_: Any, __: Receive, ___: Send) -> None:
        raise ZeroDivisionError

    progress = Progress()
    progress.may_have_left = False

    with pytest.raises(ZeroDivisionError):
        await AsgiTransport(app).exchange(REQUEST, Timeouts(), progress)
    assert progress.may_have_left is True


@pytest.mark.parametrize("raises", [True, False])
async def test_an_answer_that_is_not_finished_is_incomplete(raises: bool) -> None:
    async def app(_: Any, __: Receive, send: Send) -> None:
        await send(START)
        await send({"type": "http.response.body", "body": b"ha", "more_body": True})
        if raises:
            raise ZeroDivisionError

    response = await exchange(app)

    assert (response.status, response.body, response.complete) == (201, b"ha", False)


async def test_an_application_that_fails_after_its_answer_has_answered() -> None:
    async def app(_: Any, __: Receive, send: Send) -> None:
        await send(START)
        await send(BODY)
        raise ZeroDivisionError

    assert await exchange(app) == Response(201, (("X-One", "1"), ("x-one", "\u00e9")), b"whole")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("first", [[], [START], [START, {**BODY, "more_body": True}]], ids=["nothing", "head", "piece"])
def test_a_silence_before_the_answer_is_whole_is_a_time_out(backend: str, first: list[dict[str, Any]]) -> None:
    async def app(_: Any, __: Receive, send: Send) -> None:
        for message in first:
            await send(message)
        await anyio.sleep_forever()

    with pytest.raises(TimeoutError):
        run(backend, lambda: exchange(app, read=0.01))


async def test_each_piece_ends_a_silence() -> None:
    deadlines: list[float] = []

    async def app(_: Any, __: Receive, send: Send) -> None:
        deadlines.append(anyio.current_effective_deadline())
        for message in (START, {**BODY, "more_body": True}, BODY):
            await anyio.sleep(0.001)
            await send(message)
            deadlines.append(anyio.current_effective_deadline())

    await exchange(app, read=1000.0)

    assert deadlines[0] < deadlines[1] < deadlines[2] < deadlines[3] == math.inf


async def test_what_comes_after_the_answer_is_awaited_without_a_limit() -> None:
    done: list[str] = []

    async def app(_: Any, __: Receive, send: Send) -> None:
        await send(START)
        await send(BODY)
        await anyio.sleep(0.05)
        done.append("cleaned up")

    response = await exchange(app, read=0.01)

    assert response.complete
    assert done == ["cleaned up"]


async def test_without_a_limit_a_silence_is_endless() -> None:
    deadlines: list[float] = []

    async def app(_: Any, __: Receive, send: Send) -> None:
        deadlines.append(anyio.current_effective_deadline())
        await send(START)
        await send(BODY)

    await exchange(app, read=math.inf)

    assert deadlines == [math.inf]


async def test_a_call_that_is_cancelled_cancels_the_application() -> None:
    ended: list[str] = []

    async def app(_: Any, __: Receive, ___: Send) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("cancelled")

    with anyio.move_on_after(0.01) as scope:
        await exchange(app)

    assert scope.cancelled_caught
    assert ended == ["cancelled"]


async def test_there_is_nothing_to_close() -> None:
    transport = AsgiTransport(sending(START, BODY))

    await transport.aclose()
    await transport.aclose()

    assert (await transport.exchange(REQUEST, Timeouts(), Progress())).status == 201
