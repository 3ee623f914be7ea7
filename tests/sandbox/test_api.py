"""The ASGI edge, with httpx's own ASGI transport and with messages by hand."""

from collections.abc import Iterator
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import KEY, MESSAGES, path_of, session


async def by_hand(sandbox: Sandbox, scope: dict[str, Any], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    pending: Iterator[dict[str, Any]] = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(pending)

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await sandbox.app(scope, receive, send)
    return sent


def scope(path: str, **changes: Any) -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], **changes}


async def test_a_message_is_accepted(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    response = await http.post(MESSAGES, json=session())
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"id": sandbox.messages[0].id}


async def test_a_refusal_carries_its_headers(http: httpx.AsyncClient) -> None:
    response = await http.get(MESSAGES)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_a_body_up_to_the_limit_passes_and_one_byte_more_is_too_large() -> None:
    sandbox = Sandbox(windows="open", max_body_bytes=200)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.app), base_url="http://sandbox") as client:
        for size, status in ((200, 401), (201, 401)):
            assert (await client.post(MESSAGES, content=b" " * size)).status_code == status
        client.headers["x-api-key"] = "sandbox-key"
        for size, status in ((200, 400), (201, 413), (10_000, 413)):
            assert (await client.post(MESSAGES, content=b" " * size)).status_code == status
    assert [len(request.body) for request in sandbox.requests] == [200, 0, 200, 0, 0]


async def test_a_body_in_pieces_is_put_together_and_too_many_pieces_are_too_large() -> None:
    sandbox = Sandbox(windows="open", max_body_bytes=10)
    pieces = [{"type": "http.request", "body": b"12345", "more_body": more} for more in (True, True, False)]
    sent = await by_hand(sandbox, scope(MESSAGES, headers=[(b"X-API-Key", b"sandbox-key")]), *pieces)
    assert sent[0]["status"] == 413
    await by_hand(sandbox, scope(MESSAGES), *pieces[1:])
    assert sandbox.requests[1].body == b"1234512345"


async def test_an_escaped_slash_within_an_id_is_not_a_step_of_the_path(http: httpx.AsyncClient) -> None:
    found = await http.delete(path_of("delete_webhook", "a%2Fb"))
    assert "registration" in found.json()["message"]


async def test_a_scope_without_a_raw_path_is_served(sandbox: Sandbox) -> None:
    body = {"type": "http.request", "body": b"", "more_body": False}
    sent = await by_hand(sandbox, scope(MESSAGES, headers=[tuple(part.encode() for part in KEY)]), body)
    assert sent[0]["status"] == 400


async def test_the_app_can_be_mounted_below_a_prefix(sandbox: Sandbox) -> None:
    outer = Starlette(routes=[Mount("/mock", app=sandbox.app)])
    transport = httpx.ASGITransport(outer)
    async with httpx.AsyncClient(transport=transport, base_url="http://outer", headers=dict([KEY])) as client:
        assert (await client.post(f"/mock{MESSAGES}", json=session())).status_code == 200
        assert (await client.get("/mock/__sandbox__/messages")).status_code == 200


async def test_a_web_socket_is_closed(sandbox: Sandbox) -> None:
    sent = await by_hand(sandbox, {"type": "websocket", "path": "/", "headers": []}, {"type": "websocket.connect"})
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_a_client_that_goes_away_leaves_nothing_behind(sandbox: Sandbox) -> None:
    assert await by_hand(sandbox, scope(MESSAGES), {"type": "http.disconnect"}) == []
    assert sandbox.requests == ()


async def test_a_client_that_goes_away_closes_no_window(sandbox: Sandbox) -> None:
    sent = await by_hand(sandbox, scope("/__sandbox__/close_window"), {"type": "http.disconnect"})
    assert sent[0]["status"] == 400
