"""The program of the page on FastAPI, served by uvicorn as the page says: "bot.py"."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio
import httpx
import pytest

from connectly_api.sandbox import Sandbox
from tests.guides.crowd import Crowd, register
from tests.guides.guide_programs import build_environment, meet_crowd, read_page, run_program, use_port
from tests.rough_server import free_port

pytestmark = pytest.mark.long

PAGE = read_page("fastapi")
(SERVER,) = PAGE.find_servers()
ANN = "+16044441111"


async def test_no_customer_of_the_fastapi_bot_hears_twice_or_nothing(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    await meet_crowd(Crowd(), [SERVER], tmp_path)


async def test_an_endpoint_says_what_became_of_a_notice(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    sandbox, port = Sandbox(rate_limit=None), free_port()
    async with sandbox.serve() as url:
        environment = build_environment(sandbox.settings, url)
        async with run_program(use_port(SERVER, port), tmp_path, environment) as program:
            await program.wait_for_port(port)
            sandbox.fault("drop", operation="send_whatsapp_templated_message", every=5)
            sandbox.fault("server_error", operation="send_whatsapp_templated_message", every=7)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as browser:
                statuses = [
                    (await browser.post(f"/orders/{number}/shipped", json={"customer": customer})).status_code
                    for number, customer in enumerate([*(f"+1604444{n:04}" for n in range(20)), "nobody"])
                ]
                soon = await browser.post("/orders/soon/shipped-soon", json={"customer": "+16045550000"})
            await program.stop()
    told = Counter(message.body["callbackData"]["order"] for message in sandbox.messages)
    assert max(told.values()) == 1
    assert (soon.status_code, told.pop("soon")) == (202, 1)
    assert Counter(statuses).keys() == {201, 422, 502}
    assert {str(number) for number, status in enumerate(statuses) if status == 201} <= told.keys()
    assert statuses[-1] == 422


async def test_a_server_that_is_stopped_while_it_answers_answers_once(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    sandbox, port = Sandbox(), free_port()
    impatient = (*use_port(SERVER, port), "--timeout-graceful-shutdown", "1")
    async with sandbox.serve() as url:
        environment = build_environment(sandbox.settings, url)
        sandbox.fault("slow_head", operation="send_message", next=1, seconds=3600)
        async with run_program(impatient, tmp_path, environment) as program:
            await program.wait_for_port(port)
            await register(sandbox, f"http://127.0.0.1:{port}/webhooks/connectly")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sandbox.customer(ANN).says, "Hi")
                await program.wait_until(lambda: sandbox.accepted == 1, "the answer is not sent")
                program.process.terminate()
            await anyio.to_thread.run_sync(program.process.wait)
        async with run_program(use_port(SERVER, port), tmp_path, environment) as program:
            await program.wait_for_port(port)
            await sandbox.settle()
            await sandbox.customer(ANN).says("Hi again")
            await program.stop()
    delivered = [delivery.delivered for delivery in sandbox.deliveries if delivery.topic == "messages"]
    assert delivered == [False, True, True]
    assert [message.kind for message in sandbox.messages] == ["reply_buttons"] * 2
