"""The command line, in this process and as a process of its own."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectly_api.sandbox import __main__ as sandbox_main
from connectly_api.sandbox.__main__ import main
from tests.sandbox.calls import KEY, MESSAGES, session, short_id

ROOT = Path(__file__).parent.parent.parent


def end_once_listening(monkeypatch: pytest.MonkeyPatch, number: int = signal.SIGINT) -> None:
    """Let the program get a signal as soon as it waits for one."""
    wait = sandbox_main._wait_for_signal

    async def signalled(*given: Any) -> Any:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        return await wait(*given)

    monkeypatch.setattr(sandbox_main, "_wait_for_signal", signalled)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_status_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    end_once_listening(monkeypatch, number)
    assert main(["--port", "0", "--api-key", "k", "--business-id", "b", "--sender", "+14155550100"]) == 0
    printed = capsys.readouterr().out
    assert all(
        word in printed for word in ("API_KEY=k", "BUSINESS_ID=b", "senders         +14155550100", "has stopped")
    )
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--sender", "nobody"], "senders[0]"),
        (["--swagger", "/nowhere/at/all.json"], "swagger: cannot be read"),
        (["--host", "no.such.host.invalid"], "cannot listen"),
    ],
)
def test_what_cannot_be_served_is_told_with_status_1(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert main(["--port", "0", *arguments]) == 1
    captured = capsys.readouterr()
    assert problem in captured.err
    assert captured.out == ""


def test_a_terminal_that_is_gone_does_not_end_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError

    end_once_listening(monkeypatch)
    monkeypatch.setattr("builtins.print", broken)
    assert main(["--port", "0"]) == 0
    assert capsys.readouterr().out == ""


def test_requests_are_told_as_they_come(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def ask_once() -> None:
        address = re.findall(r"http://127\.0\.0\.1:\d+", capsys.readouterr().out)[0]
        async with httpx.AsyncClient(headers=dict([KEY])) as client:
            await client.post(f"{address}{MESSAGES}", json=session())

    monkeypatch.setattr("connectly_api.sandbox.__main__._wait_for_signal", ask_once)
    assert main(["--port", "0", "--windows", "open"]) == 0
    assert re.search(
        rf"^\d\d:\d\d:\d\d  -> POST {re.escape(short_id('send_message'))} +200  text to \+160\*\*\*11  \w{{26}}$",
        capsys.readouterr().out,
        re.MULTILINE,
    )


def test_a_webhook_that_a_reset_forgets_while_it_is_delivered_is_not_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def reset_while_delivering() -> None:
        address = re.findall(r"http://127\.0\.0\.1:\d+", capsys.readouterr().out)[0]
        async with httpx.AsyncClient(base_url=f"{address}/__sandbox__") as client:

            async def receive(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await client.post("/reset", json={})
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                writer.close()

            async with await asyncio.start_server(receive, "127.0.0.1", 0) as server:
                port = server.sockets[0].getsockname()[1]
                await client.post("/register", json={"topic": "messages", "address": f"http://127.0.0.1:{port}/"})
                for _ in range(2):
                    answer = await client.post("/says", json={"customer": "+16044441111", "text": "Hi"})
                    assert answer.status_code == 200

    monkeypatch.setattr("connectly_api.sandbox.__main__._wait_for_signal", reset_while_delivering)
    assert main(["--port", "0"]) == 0
    lines = [line if line == "-- reset" else line.partition("  ")[2] for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line] == [
        "** register (topic, address)",
        "** customer says (text)",
        "-- reset",
        "** customer says (text)",
    ]


@pytest.mark.slow
async def test_as_a_process_it_shows_banner_and_requests_and_ends_with_ctrl_c() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "connectly_api.sandbox", "--port", "0", "--show-personal-data", "--windows", "open"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        banner = (await process.stdout.readuntil(b"BUSINESS_ID=sandbox-business\n")).decode()
        address = re.findall(r"http://127\.0\.0\.1:\d+", banner)[0]
        async with httpx.AsyncClient(headers=dict([KEY]), timeout=3600) as client:
            identifier = (await client.post(f"{address}{MESSAGES}", json=session())).json()["id"]
        (taken,) = re.findall(r":(\d+)$", address)
        assert await asyncio.to_thread(main, ["--port", taken]) == 1
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    assert f"text to +16044441111  {identifier}" in out.decode()
    assert "Traceback" not in err.decode()


async def once(_: Any = None) -> None:
    """End at once."""


def test_faults_a_recording_and_json_are_taken_from_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def ask_twice() -> None:
        banner, *lines = map(json.loads, capsys.readouterr().out.splitlines())
        assert [(line["what"], line["name"]) for line in lines] == [("act", "fault")]
        address = banner["address"]
        async with httpx.AsyncClient(headers=dict([KEY])) as client:
            for _ in range(2):
                await client.post(f"{address}{MESSAGES}", json=session())

    monkeypatch.setattr("connectly_api.sandbox.__main__._wait_for_signal", ask_twice)
    recording = str(tmp_path / "run.json")
    arguments = ["--port", "0", "--json", "--windows", "open", "--fault", "server_error,next=1"]
    assert main([*arguments, "--record", recording]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["what"], line["status"], line["fault"]) for line in lines] == [
        ("request", 500, "server_error"),
        ("request", 200, None),
    ]
    monkeypatch.setattr("connectly_api.sandbox.__main__._wait_for_signal", once)
    assert main(["--port", "0", "--color", "always", "--replay", recording]) == 0
    assert capsys.readouterr().out.count(short_id("send_message")) >= 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--fault", "explode"], "what: must be one of"),
        (["--fault", "reset,every"], "needs a value"),
        (["--replay", "/nowhere/at/all.json"], "recording: cannot be read"),
        (["--record", "/nowhere/at/all.json"], "No such file"),
    ],
)
def test_what_cannot_be_done_is_told_with_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    monkeypatch.setattr("connectly_api.sandbox.__main__._wait_for_signal", once)
    assert main(["--port", "0", *arguments]) == 1
    assert problem in capsys.readouterr().err
