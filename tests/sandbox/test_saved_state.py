"""A sandbox's state in a file: another process goes on where the first one ended or crashed."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import stat
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import attrs
import httpx
import pytest

from connectly_api import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox import __main__ as sandbox_main
from connectly_api.sandbox.__main__ import main
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.sandbox import get_engine
from tests.sandbox.calls import (
    KEY,
    MESSAGES,
    TEMPLATES,
    Receiver,
    answer,
    ask,
    attach_receiver,
    register,
    session,
    template,
)

PHONE = "+16044441111"


async def play_all(sandbox: Sandbox) -> None:
    """Let everything that a state can have happen, and leave something due."""
    ann = sandbox.customer(PHONE, bsuid="US.123", name="Ann")
    await ann.says("Hi")
    sent = answer(ask(sandbox, session()))["id"]
    await ann.says("Hello", reply_to=sent)
    ask(sandbox, b"\xff\xfe")
    ask(sandbox, session(message={}))
    sandbox.template("welcome", parameters=["body_1"])
    sandbox.fault("reorder_webhook", topic="messages", next=3)
    sandbox.fault("server_error", probability=0.5, operation="get_webhooks")
    await ann.says("held")
    sandbox.open_window("+16044442222")
    sandbox.close_window("+16044443333")
    await ann.opts_out()
    await sandbox.advance(1.5)
    await ann.changes_phone("+16044444444")
    ask(sandbox, template(parameters=[{"name": "body_1", "value": "Ann"}]), path=TEMPLATES)


async def test_a_sandbox_goes_on_where_another_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    sandbox, _ = await attach_receiver(500)
    await play_all(sandbox)
    sandbox.save_state(path)
    again, receiver = Sandbox(), Receiver(200)
    again.attach("https://bot.example/", receiver)
    again.load_state(path)
    before, after = get_engine(sandbox).state, get_engine(again).state
    for field in attrs.fields(State):
        if field.name != "send_times":
            assert getattr(after, field.name) == getattr(before, field.name), field.name
    message = sandbox.messages[0]
    assert next(iter(again.messages)) is after.requests[2].message  # Kept once, as before.
    assert again.timeline == sandbox.timeline
    await sandbox.settle()
    await again.settle()
    assert again.status_of(message.id) == sandbox.status_of(message.id) == "read"
    assert receiver.bodies


async def test_ids_do_not_repeat_after_a_restart(tmp_path: Path) -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    ids = {sandbox.registrations[0].id}
    for _ in range(3):
        ids.add(answer(ask(sandbox, session()))["id"])
        await sandbox.customer(PHONE).says("Hi")
        sandbox.save_state(tmp_path / "state.json")
        sandbox = Sandbox(windows="open")
        sandbox.attach("https://bot.example/", receiver)
        sandbox.load_state(tmp_path / "state.json")
    inbound = {body["message"]["id"] for body in receiver.bodies}
    assert (len(ids), len(inbound), sandbox.accepted) == (4, 3, 3)


def test_a_file_is_readable_json_for_its_owner_alone_and_has_no_key(tmp_path: Path) -> None:
    secrets: Any = dict.fromkeys(("api_key", "webhook_secret"), "canary")
    sandbox = Sandbox(windows="open", **secrets)
    ask(sandbox, session(), headers=(("x-api-key", "canary"),), query="key=canary")
    sandbox.open_window(PHONE)
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "state.json")
    for _ in range(2):
        sandbox.save_state(link)
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.json", "state.json"]
    text = link.read_text()
    assert "canary" not in text
    assert json.loads(text, parse_constant=pytest.fail)["version"] == 1


async def test_fewer_records_are_kept_where_the_setting_says_so(tmp_path: Path) -> None:
    sandbox = Sandbox(windows="open")
    for _ in range(5):
        ask(sandbox, session())
    sandbox.save_state(tmp_path / "state.json")
    again = Sandbox(windows="open", keep=2)
    again.load_state(tmp_path / "state.json")
    ask(again, session())
    assert (len(again.requests), again.requests[-1].number, len(again.messages)) == (2, 6, 2)


async def test_a_running_clock_goes_on_with_the_date_and_a_paused_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    async with Sandbox(clock="real", start=5.0) as sandbox:
        sandbox.save_state(path)
        document = json.loads(path.read_text())
        document["state"]["now"] = 1000.0
        path.write_text(json.dumps(document))
        began = sandbox.now
    async with Sandbox(clock="real") as again:
        again.load_state(path)
        assert again.now >= began
        await again.set_clock(running=False, speed=10)
        again.save_state(path)
    async with Sandbox(clock="real") as third:
        third.load_state(path)
        assert get_engine(third).clock == {"now": again.now, "running": False, "speed": 10}


async def test_a_webhook_in_flight_when_the_sandbox_stops_is_delivered_by_the_next(tmp_path: Path) -> None:
    has_begun = anyio.Event()

    async def hang(*_: Any) -> None:
        has_begun.set()
        await anyio.sleep_forever()

    sandbox = Sandbox(windows="open", sent_after=0)
    sandbox.attach("https://bot.example/", hang)
    register(sandbox, "delivery_status")
    async with sandbox:
        await sandbox.set_clock(running=True)
        ask(sandbox, session())
        await has_begun.wait()
    sandbox.save_state(tmp_path / "state.json")
    again, receiver = Sandbox(), Receiver(200)
    again.attach("https://bot.example/", receiver)
    again.load_state(tmp_path / "state.json")
    await again.settle()
    assert receiver.get_statuses() == ["sent", "delivered", "read"]


async def test_a_webhook_in_flight_at_a_crash_is_delivered_by_the_next(tmp_path: Path) -> None:
    path, has_begun, may_end = tmp_path / "state.json", anyio.Event(), anyio.Event()

    async def wait(_scope: Any, _receive: Any, send: Any) -> None:
        has_begun.set()
        await may_end.wait()
        await Receiver(200)({"headers": []}, ready, send)

    async def ready() -> Any:
        return {"body": b"{}"}

    sandbox = Sandbox(windows="open")
    sandbox.attach("https://bot.example/", wait)
    register(sandbox, "messages")
    sandbox.fault("duplicate_webhook", next=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sandbox.customer(PHONE).says, "Hi")
        await has_begun.wait()
        sandbox.save_state(path)  # And then it is killed.
        may_end.set()
    for _ in range(2):  # What was read and not yet delivered is in the file again.
        again, receiver = Sandbox(), Receiver(200)
        again.attach("https://bot.example/", receiver)
        again.load_state(path)
        again.save_state(path)
    await again.settle()
    assert [body["message"]["text"] for body in receiver.bodies] == ["Hi", "Hi"]
    sandbox.save_state(path)
    assert json.loads(path.read_text())["state"]["schedule"] == []


def damage(**changes: Any) -> str:
    sandbox = Sandbox(windows="open")
    ask(sandbox, session())
    document = json.loads(get_engine(sandbox).build_snapshot())
    document["state"] |= changes
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is damaged, or is not"),
        ("{}", "is damaged, or is not"),
        ("[" * 100_000, "is damaged, or is not"),
        ('{"format": 1, "settings": {}, "entries": []}', "is damaged, or is not"),
        ('{"format": "connectly-sandbox-state", "version": 1, "start": NaN}', "is damaged, or is not"),
        ('{"format": "connectly-sandbox-state", "version": 2}', "version 2, and only 1"),
        ('{"format": "connectly-sandbox-state", "version": 1}', "is damaged: must be float"),
        ('{"format": "connectly-sandbox-state", "version": 1, "start": 1, "state": []}', "is damaged"),
        (damage(now="noon"), "now: must be float"),
        (damage(now=True), "now: must be float"),
        (damage(is_running=1), "is_running: must be bool"),
        (damage(volume=11), "State has no volume"),
        (damage(statuses=[["a"]]), "statuses: "),
        (damage(timeline=[{"number": 1, "record": {"class": "Party"}}]), "timeline: record: a value is none of those"),
        (
            damage(timeline=[{"number": 1, "record": {"class": "StatusChange"}}]),
            "timeline: record: a value is none of those",
        ),
        (damage(held_webhooks={"a": {"class": "StatusDue"}}), "held_webhooks: a record is no WebhookDue"),
        (damage(customers=1), "customers: must be CustomerRegistry"),
        (damage(texts={"a": {"id": "a"}}), "texts: "),
        (damage(rules=[[1, {"what": "explode"}]]), "rules: what: must be FaultKind|rules: what: "),
        (damage(rules=[[1, {"what": "reset", "next": 0}]]), "rules: next: must be"),
        (damage(schedule=[[1.0, 1, {"class": "StatusDue", "message": "unknown", "status": "sent"}]]), "schedule: "),
        (damage(schedule=[[1.0, 1, 1, 1]]), "schedule: must be tuple"),
        (damage(schedule=[[1.0, 2, {"class": "ReleaseDue", "registration_id": "a", "number": 1}]]), "the schedule has"),
        (damage(schedule=[[1.0, 1, {"class": "WebhookDue", "event": {"content": 1}}]]), "schedule: "),
        (damage(now=[1]), "now: must be float"),
        (damage(now=1e300), "now is no time"),
        (damage(statuses={"a": "eaten"}), "a status is unknown"),
        (damage(rules=[[1, {"what": "reset"}]]), "the rules do not fit"),
        (damage(entry_count=10**30), "the timeline has a gap"),
        (damage(customers={"keep": 1, "records": [[7, {"number": 7, "identity": {}}]]}), "customers are not numbered"),
        (
            damage(
                timeline=[{"number": 1, "record": {"class": "VerbCall", "name": "says", "arguments": "{", "at": 1}}]
            ),
            "timeline: ",
        ),
        (
            damage(registrations={"a": dict.fromkeys(("id", "topic", "address", "type", "configuration"), "[]")}),
            "JSON obj",
        ),
        (damage(schedule=[[1.0, 1, {"class": "WebhookDue", "event": {"content": {"base64": "?"}}}]]), "schedule: "),
    ],
)
def test_a_file_that_is_no_state_is_a_clear_error_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, problem: str
) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    sandbox = Sandbox()
    with pytest.raises(InvalidInputError, match=rf"^state: .*({problem})"):
        sandbox.load_state(path)
    assert main(["--port", "0", "--state", str(path)]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert path.read_text() == text
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def run(monkeypatch: pytest.MonkeyPatch, work: Any, *arguments: str) -> int:
    monkeypatch.setattr(sandbox_main, "_wait_for_signal", work)
    return main(["--port", "0", "--json", *arguments])


async def end_at_once() -> None:
    """Like Ctrl-C as soon as the sandbox listens."""


def find_address(capsys: pytest.CaptureFixture[str]) -> str:
    (listening,) = (one for line in capsys.readouterr().out.splitlines() if "address" in (one := json.loads(line)))
    address: str = listening["address"]
    return address


def test_the_command_keeps_its_state_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path, documents = tmp_path / "state.json", list[Any]()

    async def send() -> None:
        async with httpx.AsyncClient(base_url=find_address(capsys), headers=dict([KEY])) as client:
            assert (await client.post(MESSAGES, json=session())).status_code == 200
            documents.append((await client.get("/__sandbox__/messages")).json()["messages"])

    arguments = ("--windows", "open", "--clock", "virtual", "--state", str(path), "--fault", "fail_delivery,every=9")
    assert run(monkeypatch, send, *arguments) == 0
    assert run(monkeypatch, send, *arguments) == 0
    assert [len(messages) for messages in documents] == [1, 2]
    assert documents[1][0] == documents[0][0]
    assert len(json.loads(path.read_text())["state"]["rules"]) == 1


def test_the_file_is_written_while_the_sandbox_runs_when_something_has_happened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    saved: list[int] = []

    def fail_to_save(sandbox: Sandbox, _path: str) -> None:
        saved.append(len(sandbox.entries))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def write_once() -> None:
        async with httpx.AsyncClient(base_url=find_address(capsys), headers=dict([KEY])) as client:
            await client.post(MESSAGES, json=session())
        for _ in range(10):
            await asyncio.sleep(0)

    monkeypatch.setattr(Sandbox, "save_state", fail_to_save)
    monkeypatch.setattr(sandbox_main, "_SAVE_SECONDS", 0)
    monkeypatch.setattr(sandbox_main, "time", SimpleNamespace(monotonic=lambda: 0.0))
    assert run(monkeypatch, write_once, "--clock", "virtual", "--state", str(tmp_path / "state.json")) == 1
    assert saved == [0, 1, 1]
    assert "No space left" in capsys.readouterr().err


def test_verbs_of_a_file_begin_a_new_state_and_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state, verbs = tmp_path / "state.json", tmp_path / "init.jsonl"
    calls = [{"verb": "customer", "phone": PHONE, "name": "Ann"}, {"verb": "clock", "running": True, "speed": 60}]
    verbs.write_text("\n".join(map(json.dumps, calls)) + "\n\n", encoding="utf-8-sig")
    for _ in range(2):
        assert run(monkeypatch, end_at_once, "--clock", "virtual", "--state", str(state), "--init", str(verbs)) == 0
        timeline = json.loads(state.read_text())["state"]["timeline"]
        assert len(timeline) == 2
    verbs.write_text(json.dumps([{"verb": "sings"}], indent=1))
    assert run(monkeypatch, end_at_once, "--init", str(verbs)) == 1
    assert "sings: there is no verb 'sings'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--state", "nowhere/state.json"], "state: cannot be written: No such file"),
        (["--record", "nowhere/run.json"], "record: cannot be written: No such file"),
        (["--state", "."], "state: cannot be written: Is a directory"),
        (["--state", "new.json", "--replay", "run.json"], "state: does not go with --replay"),
        (["--init", "nowhere.json"], "init: cannot be read"),
        (["--init", "bad.json"], "init: must have JSON objects"),
        (["--init", "broken.json"], "init: must have JSON objects"),
        (["--state", "binary.json"], "state: cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_before_the_sandbox_listens(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text('{"phone": 1}\n')
    Path("binary.json").write_bytes(b"\xff")
    Path("broken.json").write_text('{"verb": "customer",')
    assert run(monkeypatch, end_at_once, *arguments) == 1
    captured = capsys.readouterr()
    assert problem in captured.err
    assert captured.out == ""
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bad.json", "binary.json", "broken.json"]


def test_a_recording_goes_to_a_pipe_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    assert run(monkeypatch, end_at_once, "--record", f"/dev/fd/{write}") == 0
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as file:
        assert json.load(file)["format"] == 1


PROGRAM = """
from connectly_api.sandbox import Sandbox, __main__ as program

def save_and_tell(sandbox, path, save=Sandbox.save_state):
    save(sandbox, path)
    print("{}", flush=True)

Sandbox.save_state, program._SAVE_SECONDS = save_and_tell, 0.01
program.main()
"""


@pytest.mark.slow
@pytest.mark.once
async def test_a_process_that_is_killed_loses_only_its_last_seconds(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, "--port", "0", "--json", "--windows", "open", "--state", str(path)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        address = json.loads(await process.stdout.readline())["address"]
        async with httpx.AsyncClient(base_url=address, headers=dict([KEY])) as client:
            sent = (await client.post(MESSAGES, json=session())).json()["id"]
        with anyio.fail_after(30):
            await process.stdout.readline()
            while sent not in path.read_text():
                await process.stdout.readline()
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    sandbox = Sandbox()
    sandbox.load_state(path)
    assert [message.id for message in sandbox.messages] == [sent]
