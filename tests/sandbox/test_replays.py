"""Recorded runs: saved, done again, and told where they differ."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectly_api.errors import ConnectlyError, InvalidInputError
from connectly_api.sandbox import ReplayError, Sandbox, replay
from connectly_api.sandbox.model.exchange import Request
from connectly_api.sandbox.sandbox import get_engine
from tests.sandbox.calls import (
    CREATE,
    KEY,
    LIST,
    MESSAGES,
    TEMPLATES,
    ask,
    attach_receiver,
    client_of,
    session,
    template,
)

PHONE = "+16044441111"


RECORDED = {
    "create/webhooks": CREATE,
    "webhooks": LIST,
    "send/messages": MESSAGES,
    "send/whatsapp_templated_messages": TEMPLATES,
}
"""The paths that an earlier version recorded, and today's."""


async def run(**options: Any) -> Sandbox:
    """A run with everything that a recording has to keep."""
    sandbox, _ = await attach_receiver(200, 500, **options)
    customer = sandbox.customer(PHONE, bsuid="US.1", name="Ann")
    await customer.says("Hi")
    await customer.edits("Hello")
    ask(sandbox, session(callbackData={"a": 1}))
    ask(sandbox, b"\xff{")
    ask(sandbox, session(), headers=())
    ask(sandbox, session(), headers=(("x-api-key", "wrong"),))
    get_engine(sandbox).receive(Request(method="POST", path=MESSAGES, query="", headers=(KEY,), body=None))
    ask(sandbox, b"", path=LIST, method="GET", query="a=1")
    sandbox.template("welcome", parameters=["body_1"])
    ask(sandbox, template(), path=TEMPLATES)
    sandbox.fault("duplicate_webhook", probability=0.5)
    sandbox.fault("reset", next=1)
    sandbox.fault("early_webhook", next=1)
    async with client_of(sandbox) as client:
        with pytest.raises(ConnectionResetError):
            await client.post(MESSAGES, json=session())
        await client.post(MESSAGES, json=session())
    sandbox.clear_faults()
    await sandbox.advance(hours=25)
    ask(sandbox, session())
    sandbox.close_window(PHONE)
    await customer.opts_out()
    await sandbox.settle()
    return sandbox


async def test_a_run_is_the_same_when_it_is_done_again(tmp_path: Path) -> None:
    sandbox = await run(seed=5, webhook_retries=[3, 7])
    sandbox.save(tmp_path / "run.json")
    again = await replay(tmp_path / "run.json")
    assert again.timeline == sandbox.timeline
    assert again.messages == sandbox.messages
    assert (again.now, again.settings) == (sandbox.now, sandbox.settings)


async def test_a_run_with_a_seed_of_its_own_is_the_same_when_it_is_done_again(tmp_path: Path) -> None:
    first, second = await run(), await run()
    for sandbox in (first, second):
        sandbox.save(tmp_path / "run.json")
        again = await replay(tmp_path / "run.json")
        assert (again.timeline, again.settings.seed) == (sandbox.timeline, sandbox.settings.seed)
    assert first.messages != second.messages


async def test_a_recording_without_a_seed_has_the_default_one(tmp_path: Path) -> None:
    sandbox = await run(seed=0)
    document = json.loads(sandbox.recording())
    del document["settings"]["seed"]
    (tmp_path / "run.json").write_text(json.dumps(document), "utf-8")
    for _ in range(2):
        again = await replay(tmp_path / "run.json")
        assert again.timeline == sandbox.timeline


async def test_a_recording_of_an_earlier_version_can_be_replayed(tmp_path: Path) -> None:
    document = json.loads(Path(__file__).with_name("recording_format_1.json").read_text("utf-8"))
    for entry in document["entries"]:
        if entry["what"] == "request":
            # The paths may have moved since.
            entry["path"] = RECORDED[entry["path"].partition("/sandbox-business/")[2]]
    path = tmp_path / "run.json"
    path.write_text(json.dumps(document), "utf-8")
    again = await replay(path)
    recorded = [(entry["what"], entry["at"]) for entry in document["entries"]]
    assert [(entry["what"], entry["at"]) for entry in again.timeline] == recorded


async def test_a_recording_has_no_key_and_no_secret(tmp_path: Path) -> None:
    sandbox = Sandbox(**dict.fromkeys(("api_key", "webhook_secret"), "canary"), windows="open")  # type: ignore[arg-type]
    ask(sandbox, session(), headers=(("x-api-key", "canary"), ("authorization", "canary")))
    sandbox.save(tmp_path / "run.json")
    assert "canary" not in (tmp_path / "run.json").read_text()
    again = await replay(tmp_path / "run.json", api_key="another-key")
    assert again.accepted == 1


async def test_a_run_with_a_running_clock_is_done_again_at_its_times(tmp_path: Path) -> None:
    sandbox = Sandbox(clock="real")
    await sandbox.customer(PHONE).says("Hi")
    ask(sandbox, session())
    await sandbox.advance(hours=24)
    ask(sandbox, session())
    sandbox.save(tmp_path / "run.json")
    again = await replay(tmp_path / "run.json")
    assert [request.status for request in again.requests] == [200, 400]
    assert again.settings.clock == "virtual"
    assert [message.id for message in again.messages] == [message.id for message in sandbox.messages]


async def test_another_answer_than_then_is_told(tmp_path: Path) -> None:
    sandbox = Sandbox(windows="open")
    ask(sandbox, session())
    sandbox.save(tmp_path / "run.json")
    with pytest.raises(ReplayError, match="request 1: status is 400, and was 200") as caught:
        await replay(tmp_path / "run.json", windows="closed")
    assert isinstance(caught.value, ConnectlyError)


async def test_a_recording_can_be_had_over_http_as_long_as_its_beginning_is_kept(tmp_path: Path) -> None:
    sandbox = Sandbox(windows="open", keep=1)
    async with client_of(sandbox) as client:
        ask(sandbox, session())
        (tmp_path / "run.json").write_bytes((await client.get("/__sandbox__/recording")).content)
        assert (await replay(tmp_path / "run.json")).accepted == 1
        for _ in range(10):
            ask(sandbox, session())
        response = await client.get("/__sandbox__/recording")
    assert (response.status_code, "keep" in response.json()["message"]) == (409, True)
    with pytest.raises(InvalidInputError, match="keep"):
        sandbox.save(tmp_path / "run.json")


SETTINGS: dict[str, Any] = {}
REQUEST = {"what": "request", "at": 0, "method": "GET", "path": "/", "query": "", "headers": [], "status": 404}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "[" * 100_000,
        '{"format": 2}',
        '{"format": 1}',
        '{"format": 1, "settings": {}, "entries": [1]}',
        '{"format": 1, "settings": [], "entries": []}',
        '{"format": 1, "settings": {"volume": 11}, "entries": []}',
        '{"format": 1, "settings": {"seed": "x"}, "entries": []}',
        '{"format": 1, "settings": {}, "entries": [{}]}',
        '{"format": 1, "settings": {}, "entries": [{"what": "delivery"}]}',
        '{"format": 1, "settings": {}, "entries": [{"what": "act"}]}',
        '{"format": 1, "settings": {}, "entries": [{"what": "act", "name": "sings", "arguments": {}, "at": 0}]}',
        '{"format": 1, "settings": {"clock": "real"}, "entries": [{"what": "act", "name": "settle", "arguments": {}}]}',
        json.dumps({"format": 1, "settings": {}, "entries": [REQUEST]}),
        json.dumps({"format": 1, "settings": {}, "entries": [{**REQUEST, "content": "?"}]}),
        json.dumps({"format": 1, "settings": {}, "entries": [{**REQUEST, "content": "", "method": {}}]}),
        json.dumps({"format": 1, "settings": {}, "entries": [{**REQUEST, "content": "", "headers": [[{}, "a"]]}]}),
        '{"format": 1, "settings": {}, "entries": [{"what": {}}]}',
    ],
)
async def test_what_is_no_recording_is_a_clear_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(InvalidInputError):
        await replay(tmp_path / "run.json")


async def test_a_file_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        await replay(tmp_path / "nothing.json")
    (tmp_path / "run.json").write_bytes(b"\xff")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        await replay(tmp_path / "run.json")
