from functools import partial
from typing import Any

import anyio
import httpx
import pytest

from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.sandbox import get_engine
from tests.sandbox.calls import MESSAGES, ask, register, session


async def test_the_state_shows_settings_and_counts_without_the_key(http: httpx.AsyncClient) -> None:
    await http.post(MESSAGES, json=session())
    found = (await http.get("/__sandbox__/state")).json()
    assert found["counts"] == {"received": 1, "accepted": 1, "messages": 1, "requests": 1, "deliveries": 0}
    assert found["settings"]["business_id"] == "sandbox-business"
    assert found["clock"] == {"now": 1767225600.0, "running": False, "speed": 1.0}
    assert {"api_key", "webhook_secret"}.isdisjoint(found["settings"])


async def test_messages_are_shown_with_their_bodies(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    identifier = (await http.post(MESSAGES, json=session(callbackData={"a": 1}))).json()["id"]
    (message,) = (await http.get("/__sandbox__/messages")).json()["messages"]
    assert message == {
        "id": identifier,
        "kind": "text",
        "sender": "+14151111234",
        "phone": "+16044441111",
        "bsuid": None,
        "campaignName": None,
        "acceptedAt": 1767225600.0,
        "traceId": sandbox.requests[0].trace_id,
        "status": None,
        "body": session(callbackData={"a": 1}),
    }


async def test_requests_are_shown_with_what_became_of_them(http: httpx.AsyncClient) -> None:
    accepted = (await http.post(MESSAGES, json=session(mesage=1))).json()["id"]
    await http.post(MESSAGES, content=b'\xff{"text": "\\ud800"')
    first, second = (await http.get("/__sandbox__/requests")).json()["requests"]
    assert (first["status"], first["messageId"], first["unknownFields"]) == (200, accepted, ["mesage"])
    assert ["x-api-key", "[redacted]"] in first["headers"]
    assert (second["status"], second["messageId"]) == (400, None)
    assert second["violations"] == [{"field": "body", "problem": "is not UTF-8 at byte 0"}]
    assert second["body"].startswith("\ufffd{")


async def test_inspection_is_not_itself_inspected(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await http.get("/__sandbox__/requests")
    assert sandbox.requests == ()


async def test_windows_are_closed_and_opened(http: httpx.AsyncClient) -> None:
    window: dict[str, Any] = {"customer": "+16044441111"}
    assert (await http.post("/__sandbox__/close_window", json=window)).json() == {"now": 1767225600.0}
    assert (await http.post(MESSAGES, json=session())).status_code == 400
    window["sender"] = "+14151111234"
    assert (await http.post("/__sandbox__/open_window", json=window)).json() == {"now": 1767225600.0}
    assert (await http.post(MESSAGES, json=session())).status_code == 200


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "customer"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b"{}", "customer"),
        (b'{"customer": 7}', "customer"),
        (b'{"customer": "+16044441111", "sender": "x"}', "sender"),
        (b'{"customer": "+16044441111", "sender": []}', "sender"),
        (b" " * 2_000_000, "not JSON"),
    ],
)
async def test_a_window_that_cannot_be_is_a_clear_refusal(
    http: httpx.AsyncClient, content: bytes, problem: str
) -> None:
    response = await http.post("/__sandbox__/close_window", content=content)
    assert response.status_code == 400
    assert problem in response.json()["message"]


async def test_a_reset_ends_an_advance_whose_webhook_is_not_answered() -> None:
    sandbox, has_begun, may_end = Sandbox(windows="open"), anyio.Event(), anyio.Event()

    async def wait(*_: Any) -> None:
        has_begun.set()
        await may_end.wait()

    sandbox.attach("https://bot.example/", wait)
    register(sandbox, "delivery_status")
    ask(sandbox, session())
    start = sandbox.now
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(sandbox.advance, hours=24))
        await has_begun.wait()
        sandbox.reset()
        may_end.set()
    assert sandbox.now == start
    _, finish = get_engine(sandbox).start_verb("advance", {"hours": 24})  # As with `"wait": false`.
    sandbox.reset()
    await finish()
    assert sandbox.now == start


async def test_reset_forgets_everything(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await http.post(MESSAGES, json=session())
    assert (await http.post("/__sandbox__/reset")).json() == {}
    assert sandbox.requests == ()


async def test_whatever_else_is_below_the_prefix_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get("/__sandbox__/nothing")).status_code == 404
    assert (await http.get("/__sandbox__/reset")).status_code == 405
