"""What the control interface does beyond playing the customer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectly_api import InvalidInputError
from connectly_api.sandbox import Sandbox, replay
from connectly_api.sandbox.model.stored_files import MAX_BYTES, MAX_FILE_BYTES, StoredFile, clean_file_name
from connectly_api.sandbox.sandbox import get_engine
from connectly_api.webhooks.signature import verify
from tests.sandbox.calls import MESSAGES, Receiver, ask, attach_receiver, client_of, register, session

PREFIX = "/__sandbox__"
PHONE = "+16044441111"


async def post(client: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> httpx.Response:
    return await client.post(f"{PREFIX}/{path}", json=body)


async def test_a_fault_has_a_number_by_which_it_is_removed(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    first = sandbox.fault("reset")
    second = (await post(http, "fault", {"what": "server_error"})).json()["rule"]
    sandbox.remove_fault(first)
    assert (await http.post(MESSAGES, json=session())).status_code == 500
    assert (await http.delete(f"{PREFIX}/rules/{second}")).json() == {"now": sandbox.now}
    assert (await http.post(MESSAGES, json=session())).status_code == 200
    with pytest.raises(InvalidInputError, match="no rule of that number"):
        sandbox.remove_fault(first)


async def test_a_fault_that_is_used_up_can_be_removed(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    number = sandbox.fault("server_error", next=1)
    await http.post(MESSAGES, json=session())
    sandbox.remove_fault(number)
    assert (await http.get(f"{PREFIX}/state")).json()["rules"] == []


@pytest.mark.parametrize("number", ["0", "7", "x", "-1", "1.0", "9" * 5000, "\u0661"])
async def test_a_rule_that_does_not_exist_is_not_found(http: httpx.AsyncClient, number: str) -> None:
    found = await http.delete(f"{PREFIX}/rules/{number}")
    assert (found.status_code, found.json()) == (404, {"message": "there is no rule of that number"})


async def test_a_webhook_is_delivered_again_in_the_place_of_its_retry() -> None:
    sandbox, receiver = await attach_receiver(500, 200)
    await sandbox.customer(PHONE).says("Hi")
    await sandbox.redeliver(sandbox.deliveries[0])
    first, second = sandbox.deliveries
    assert (first.number, first.content, first.attempt) == (second.number, second.content, 1)
    assert (second.attempt, second.status) == (2, 200)
    await sandbox.settle()
    assert len(sandbox.deliveries) == 2
    before, after = (entry for entry in sandbox.timeline if entry["what"] == "delivery")
    assert {before[name] == after[name] for name in ("customer", "cause", "messageId")} == {True}
    assert len(receiver.bodies) == 2


async def test_a_webhook_that_fails_again_is_retried_again() -> None:
    sandbox, _receiver = await attach_receiver(500, 500, 200)
    await sandbox.customer(PHONE).says("Hi")
    await sandbox.redeliver(sandbox.deliveries[0])
    await sandbox.settle()
    assert [delivery.attempt for delivery in sandbox.deliveries] == [1, 2, 3]


async def test_only_a_delivery_to_a_registration_can_be_repeated() -> None:
    sandbox, _receiver = await attach_receiver(200)
    await sandbox.customer(PHONE).says("Hi")
    (delivery,) = sandbox.deliveries
    for entry in (1, 99):
        with pytest.raises(InvalidInputError, match="entry: is not the number of a delivery that is kept"):
            await sandbox.run_verb("redeliver", entry=entry)
    ask(sandbox, b"", method="DELETE", path=MESSAGES)
    for registration in sandbox.registrations:
        await sandbox.run_verb("register", topic=registration.topic, address="https://other.example/")
    with pytest.raises(InvalidInputError, match="entry: its registration was deleted"):
        await sandbox.redeliver(delivery)
    sandbox.reset()
    with pytest.raises(InvalidInputError, match="entry: is not the number of a delivery that is kept"):
        await sandbox.redeliver(delivery)


async def test_a_delivery_that_is_about_nobody_can_be_repeated() -> None:
    sandbox, receiver = Sandbox(), Receiver(500, 200)
    register(sandbox, "report")
    sandbox.attach("https://bot.example/", receiver)
    await sandbox.report_ready()
    await sandbox.redeliver(sandbox.deliveries[0])
    assert [delivery.status for delivery in sandbox.deliveries] == [500, 200]


async def test_any_event_is_sent_to_the_registrations_of_its_topic(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    receiver = Receiver(200)
    sandbox.attach("https://bot.example/", receiver)
    register(sandbox, "messages", channelTypes=["sms"])
    body = {"topic": "messages", "of_tomorrow": [1, "\u00e9"]}
    assert (await post(http, "event", {"topic": "messages", "body": body})).status_code == 200
    await sandbox.send_event("messages", body)
    assert [delivery.json() for delivery in sandbox.deliveries] == [body, body]
    verify(sandbox.deliveries[0].content, sandbox.deliveries[0].signature, "sandbox-secret")
    refused = await post(http, "event", {"topic": "report", "body": {}})
    assert (refused.status_code, refused.json()["message"]) == (400, "topic: no webhook is registered for it")


async def test_new_verbs_are_recorded_and_repeated(tmp_path: Path) -> None:
    sandbox, _receiver = await attach_receiver(500, 200)
    await sandbox.customer(PHONE).says("Hi")
    await sandbox.redeliver(sandbox.deliveries[0])
    await sandbox.send_event("messages", {"a": 1})
    sandbox.remove_fault(sandbox.fault("reset"))
    sandbox.save(tmp_path / "run.json")
    again = await replay(tmp_path / "run.json")
    assert again.timeline == sandbox.timeline


class SlowReceiver:
    """Responds once it is let."""

    def __init__(self) -> None:
        self.is_called, self.may_respond = anyio.Event(), anyio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.is_called.set()
        await self.may_respond.wait()
        await Receiver(200)(scope, receive, send)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "arguments"), [("says", {"customer": PHONE, "text": "Hi"}), ("advance", {"hours": 1})]
)
async def test_a_verb_that_does_not_wait_responds_before_the_webhooks(verb: str, arguments: dict[str, Any]) -> None:
    receiver, delivered = SlowReceiver(), anyio.Event()
    sandbox = Sandbox(windows="open", on_delivery=lambda _: delivered.set())
    register(sandbox, "messages")
    register(sandbox, "delivery_status")
    ask(sandbox, session())
    sandbox.attach("https://bot.example/", receiver)
    async with sandbox.serve() as address, httpx.AsyncClient(base_url=address) as client:
        response = await post(client, verb, {**arguments, "wait": False})
        assert response.status_code == 200
        assert sandbox.deliveries == ()
        await receiver.is_called.wait()
        receiver.may_respond.set()
        await delivered.wait()


async def test_a_verb_that_does_not_wait_is_checked_first(http: httpx.AsyncClient) -> None:
    for verb in ("says", "advance"):
        refused = await post(http, verb, {"wait": False, "seconds": -1})
        assert refused.status_code == 400
    refused = await post(http, "settle", {"wait": "no"})
    assert (refused.status_code, refused.json()["message"]) == (400, "wait: must be true or false")


async def test_another_method_is_refused_in_json(http: httpx.AsyncClient) -> None:
    refused = await http.put(f"{PREFIX}/reset")
    assert (refused.status_code, refused.headers["allow"], refused.json()) == (405, "POST", {"message": "use POST"})


async def test_a_message_that_was_sent_is_found(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await http.post(MESSAGES, json=session(callbackData={"a": 1}, campaignName="spring"))
    (message,) = (await http.get(f"{PREFIX}/messages")).json()["messages"]
    for expected in (
        {},
        {"to": PHONE, "kind": "text", "text": "Hello", "callbackData": {"a": 1}},
        {"campaignName": "spring", "sender": sandbox.messages[0].sender, "within": 5},
    ):
        assert (await post(http, "expect", expected)).json() == {"message": message}


@pytest.mark.parametrize(
    "expected", [{"to": PHONE, "text": "Hi"}, {"callbackData": None}, {"template": "welcome", "parameters": ["Ann"]}]
)
async def test_a_message_that_was_not_sent_gets_the_report_of_the_assertion(
    http: httpx.AsyncClient, sandbox: Sandbox, expected: dict[str, Any]
) -> None:
    await http.post(MESSAGES, json=session(callbackData={"a": 1}))
    response = await post(http, "expect", expected)
    names = {"to": "recipient", "callbackData": "callback_data"}
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_sent_once(**{names.get(name, name): value for name, value in expected.items()})
    assert (response.status_code, response.json()) == (422, {"message": str(caught.value)})


async def test_two_messages_are_not_one(http: httpx.AsyncClient) -> None:
    for _ in range(2):
        await http.post(MESSAGES, json=session())
    response = await post(http, "expect", {"text": "Hello", "within": 600})
    assert response.status_code == 422
    assert "2 of 2 match" in response.json()["message"]


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        ({"to": "Ann"}, "to: must be a phone number"),
        ({"within": -1}, "within: must be a number of seconds, from 0 to 600"),
        ({"within": "1"}, "within: "),
        ({"txt": "Hi"}, "txt: is not an argument of this verb; did you mean text?"),
        ({"parameters": "Ann"}, "parameters: must be an object of all parameters"),
    ],
)
async def test_an_expectation_that_cannot_be_is_refused(
    http: httpx.AsyncClient, expected: dict[str, Any], problem: str
) -> None:
    refused = await post(http, "expect", expected)
    assert refused.status_code == 400
    assert refused.json()["message"].startswith(problem)


async def test_expecting_waits_for_the_message(sandbox: Sandbox) -> None:
    async with client_of(sandbox) as client, anyio.create_task_group() as tasks:
        responses: list[httpx.Response] = []

        async def expect() -> None:
            responses.append(await post(client, "expect", {"text": "Hello", "within": 60}))

        tasks.start_soon(expect)
        await anyio.wait_all_tasks_blocked()
        await client.post(MESSAGES, json=session(message={"text": "Another"}))
        sandbox.reset()
        await anyio.wait_all_tasks_blocked()
        assert responses == []
        await client.post(MESSAGES, json=session())
    assert [response.status_code for response in responses] == [200]


async def test_a_client_that_goes_away_expects_nothing_any_more(sandbox: Sandbox) -> None:
    body = iter([{"type": "http.request", "body": b'{"within": 600}'}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(body)

    async def send(_message: Any) -> None:
        pass

    scope = {"type": "http", "method": "POST", "path": f"{PREFIX}/expect", "query_string": b"", "headers": []}
    await sandbox.app({**scope, "asgi": {"version": "3.0"}}, receive, send)


@pytest.mark.slow
async def test_a_sandbox_that_ends_waits_for_no_expectation() -> None:
    sandbox = Sandbox()
    async with httpx.AsyncClient() as client, anyio.create_task_group() as tasks, sandbox.serve() as address:

        async def expect() -> None:
            with pytest.raises(httpx.TransportError):
                await client.post(f"{address}{PREFIX}/expect", json={"within": 600})

        tasks.start_soon(expect)
        while not get_engine(sandbox)._waiters:
            await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize(
    ("name", "kept", "kind", "disposition"),
    [
        ("cat.png", "cat.png", "image/png", "inline"),
        ("Cat.JPEG", "Cat.JPEG", "image/jpeg", "inline"),
        ("a b\u00e9.mp4", "a b\u00e9.mp4", "video/mp4", "inline"),
        ("page.html", "page.html", "application/octet-stream", "attachment"),
        ("image.svg", "image.svg", "application/octet-stream", "attachment"),
        ("list.pdf", "list.pdf", "application/pdf", "attachment"),
        ("../../etc/passwd", "etcpasswd", "application/octet-stream", "attachment"),
        ("cat\u202egnp.exe", "catgnp.exe", "application/octet-stream", "attachment"),
        ("", "file", "application/octet-stream", "attachment"),
    ],
)
async def test_a_file_is_served_as_what_its_name_says_or_saved(
    http: httpx.AsyncClient, name: str, kept: str, kind: str, disposition: str
) -> None:
    stored = await http.post(f"{PREFIX}/files", params={"name": name}, content=b"<script>")
    document = stored.json()
    assert {**document, "url": ""} == {"url": "", "name": kept, "type": kind, "size": 8}
    found = await http.get(document["url"])
    assert found.content == b"<script>"
    assert found.headers["content-type"] == kind
    assert unquote(found.headers["content-disposition"]) == f"{disposition}; filename*=UTF-8''{kept}"
    assert found.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert found.headers["x-content-type-options"] == "nosniff"


async def test_a_file_is_found_by_its_whole_url_until_the_reset(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    url = (await http.post(f"{PREFIX}/files?name=cat.png", content=b"1")).json()["url"]
    assert url.startswith("http://sandbox/__sandbox__/files/")
    assert (await http.get(f"{url}x")).status_code == 404
    sandbox.reset()
    assert (await http.get(url)).status_code == 404


async def test_a_file_that_is_too_large_is_refused_and_the_oldest_ones_go(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    assert MAX_FILE_BYTES < MAX_BYTES
    monkeypatch.setattr("connectly_api.sandbox.web.control.MAX_FILE_BYTES", 30)
    monkeypatch.setattr("connectly_api.sandbox.model.state.MAX_BYTES", 100)
    sandbox.reset()
    assert (await http.post(f"{PREFIX}/files", content=b"x" * 31)).status_code == 413
    urls = [(await http.post(f"{PREFIX}/files", content=b"x" * 30)).json()["url"] for _ in range(3)]
    assert [(await http.get(url)).status_code for url in urls] == [404, 200, 200]
    assert len(get_engine(sandbox).state.files) == 2


async def test_empty_files_do_not_pile_up() -> None:
    sandbox = Sandbox(keep=2)
    async with client_of(sandbox) as http:
        for _ in range(3):
            await http.post(f"{PREFIX}/files")
    assert len(get_engine(sandbox).state.files) == 2


@given(st.text() | st.text(alphabet="./\\a\u202e \x00\ud800%"))
@example("." * 300 + "a" * 300)
@example("a." + "b" * 300)
def test_a_name_is_safe_whatever_was_given(name: str) -> None:
    clean = clean_file_name(name)
    assert 0 < len(clean) <= 100
    assert not set(clean) & set('/\\:*?"<>|\x00\n\u202e\u200f\ud800')
    assert clean not in {".", ".."}
    assert clean_file_name(clean) == clean
    assert clean.encode()
    assert json.dumps(StoredFile("x", clean, b"").type)
    assert clean not in repr(StoredFile("x", "+16044441111", b""))
