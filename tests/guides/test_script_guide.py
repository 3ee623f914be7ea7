"""The scripts of the page on scripts, run as programs: what they send, print and exit with."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from connectly_api.sandbox import Sandbox
from tests.guides.guide_programs import build_environment, read_page

pytestmark = pytest.mark.long

PAGE = read_page("script")
ANN = "+16044441111"


async def run_script(sandbox: Sandbox, folder: Path, *words: str, key: str = "sandbox-key") -> tuple[int, str, str]:
    """Run a script against a sandbox, and return its exit status and what it printed."""
    async with sandbox.serve() as url:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-W", "error", *words],
            cwd=folder,
            env=build_environment(sandbox.settings, url, CONNECTLY_API_KEY=key),
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    PAGE.write_files(tmp_path)
    return tmp_path


async def test_a_script_sends_a_text_or_a_template_and_prints_the_id(folder: Path) -> None:
    sandbox = Sandbox()
    sandbox.open_window(ANN)
    (words,) = [words for words in PAGE.commands if words[:2] == ("python", "notify.py")]
    first = await run_script(sandbox, folder, *words[1:])
    sandbox.close_window(ANN)
    second = await run_script(sandbox, folder, *words[1:])
    assert [message.kind for message in sandbox.messages] == ["text", "template"]
    assert [first, second] == [(0, f"{message.id}\n", "") for message in sandbox.messages]


@pytest.mark.parametrize(
    ("fault", "key", "status"),
    [("drop", "sandbox-key", 3), ("rate_limited", "sandbox-key", 75), (None, "wrong-key", 1)],
)
async def test_the_exit_status_of_a_script_says_what_may_be_done(
    fault: str | None, key: str, status: int, folder: Path
) -> None:
    sandbox = Sandbox()
    if fault is not None:
        await sandbox.run_verb("fault", what=fault)
    done = await run_script(sandbox, folder, "notify.py", ANN, "12345", key=key)
    assert (done[0], done[1]) == (status, "")
    assert done[2].count("\n") == 1


async def test_a_list_is_sent_once_however_often_the_script_runs(folder: Path) -> None:
    sandbox = Sandbox()
    rows = "".join(f"{number},+1604444{number:04}\n" for number in range(12))
    (folder / "orders.csv").write_text(f"order,phone\n{rows}", "utf-8")
    (words,) = [words for words in PAGE.commands if words[:2] == ("python", "notify_all.py")]
    sandbox.fault("rate_limited", recipient="+16044440003", next=3, retry_after="0")
    sandbox.fault("drop", operation="send_whatsapp_templated_message", every=5)
    sandbox.fault("server_error", operation="send_whatsapp_templated_message", every=7)
    first = await run_script(sandbox, folder, *words[1:])
    sandbox.clear_faults()
    again = [await run_script(sandbox, folder, *words[1:]) for _ in range(2)]
    assert [first, *again] == [(75, "", ""), (0, "", ""), (0, "", "")]
    told = Counter(message.callback_data["order"] for message in sandbox.messages)  # type: ignore[index]
    marks = dict(line.split(",") for line in (folder / "marks.csv").read_text("utf-8").splitlines())
    assert max(told.values()) == 1
    assert {order for order, mark in marks.items() if mark != "unknown"} <= told.keys()
    assert set(marks.values()) - {message.id for message in sandbox.messages} == {"unknown"}


async def test_a_script_that_was_killed_leaves_what_it_had_begun(folder: Path) -> None:
    sandbox = Sandbox()
    (folder / "marks.csv").write_text("12345,begun\n", "utf-8")
    assert await run_script(sandbox, folder, "notify_all.py", "orders.csv", "marks.csv") == (0, "", "")
    assert [message.callback_data for message in sandbox.messages] == [{"order": "12346"}]
