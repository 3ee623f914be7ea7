"""The program of the page on Flask, served by gunicorn as the page says: "bot.py"."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connectly_api.sandbox import Sandbox
from tests.guides.crowd import Crowd, register
from tests.guides.guide_programs import build_environment, meet_crowd, read_page, run_program, use_port
from tests.rough_server import free_port

pytestmark = pytest.mark.long

PAGE = read_page("flask")
(SERVER,) = PAGE.find_servers()


@pytest.mark.parametrize("options", [(), ("--preload", "--max-requests", "50")], ids=["as it is", "preload"])
async def test_no_customer_of_the_flask_bot_hears_twice_or_nothing(options: tuple[str, ...], tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    await meet_crowd(Crowd(), [(*SERVER, *options)], tmp_path)


async def test_what_was_acknowledged_first_is_answered_although_the_server_ends(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    bot = tmp_path / "bot.py"
    text = bot.read_text("utf-8")
    bot.write_text(text.replace('"webhooks.db"))', '"webhooks.db"), acknowledge="first")'), "utf-8")
    sandbox, port = Sandbox(rate_limit=None), free_port()
    customers = [sandbox.customer(f"+1604444{number:04}") for number in range(60)]
    async with sandbox.serve() as url:
        environment = build_environment(sandbox.settings, url)
        async with run_program(use_port(SERVER, port), tmp_path, environment) as program:
            await program.wait_for_port(port)
            await register(sandbox, f"http://127.0.0.1:{port}/webhooks/connectly")
            sandbox.fault("slow_head", operation="send_message", seconds=0.5)
            await asyncio.gather(*(customer.says("Hi") for customer in customers))
            waiting = len(customers) - sandbox.accepted
            await program.stop()
    assert waiting > 0
    assert sorted(str(message.phone) for message in sandbox.messages) == [customer.phone for customer in customers]
