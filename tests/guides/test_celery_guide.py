"""The program of the page on Celery: "web.py" is served by gunicorn, and a worker runs "tasks.py"."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from connectly_api.sandbox import Sandbox
from tests.guides.crowd import Crowd, register
from tests.guides.filequeue import build_search_path
from tests.guides.guide_programs import build_environment, meet_crowd, read_page, run_program, use_port
from tests.rough_server import free_port

pytestmark = pytest.mark.long

PAGE = read_page("celery")
ANN, BOB = "+16044441111", "+16044442222"


async def test_no_customer_of_the_celery_bot_hears_twice_or_nothing(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    await meet_crowd(Crowd(), PAGE.find_servers(), tmp_path, PYTHONPATH=build_search_path(tmp_path / "site"))


def find_busy_child(process: int) -> int:
    """Return the pool's process that has used the client, which has a thread of its own; an idle one holds a lock."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text("utf-8").split()
    (busy,) = [int(child) for child in children if len(list(Path(f"/proc/{child}/task").iterdir())) > 1]
    return busy


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed as Linux does")
async def test_a_killed_process_answers_nobody_twice_and_another_one_goes_on(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    server, worker = PAGE.find_servers()
    sandbox, port = Sandbox(), free_port()
    async with sandbox.serve() as url:
        environment = build_environment(sandbox.settings, url, PYTHONPATH=build_search_path(tmp_path / "site"))
        async with (
            run_program(use_port(server, port), tmp_path, environment) as web,
            run_program(worker, tmp_path, environment) as celery,
        ):
            await web.wait_for_port(port)
            await register(sandbox, f"http://127.0.0.1:{port}/webhooks/connectly")
            sandbox.fault("slow_head", operation="send_message", next=1, seconds=3600)
            await sandbox.customer(ANN).says("Hi")
            await celery.wait_until(lambda: sandbox.accepted == 1, "the answer is not sent")
            os.kill(find_busy_child(celery.process.pid), signal.SIGKILL)
            await sandbox.customer(BOB).says("Hi")
            await celery.wait_until(lambda: sandbox.accepted == 2, "no other process goes on")
            await web.stop()
            await celery.stop()
    assert [message.phone for message in sandbox.messages] == [ANN, BOB]
