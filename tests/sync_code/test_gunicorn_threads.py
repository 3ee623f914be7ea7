"""A Flask application in gunicorn, 2 processes of 8 threads, loaded before the fork: 5,000 requests, each a message."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from connectly_api.sandbox import Sandbox
from tests.patience import wait_patiently

ROOT = Path(__file__).parents[2]
REQUESTS, CONNECTIONS = 5000, 32

APP = """
import os

from flask import Flask

from connectly_api.sync import Connectly

transport = os.environ["TRANSPORT"]
connectly = Connectly(
    api_key="key", business_id="biz_1", base_url=os.environ["CONNECTLY_BASE_URL"], transport=transport
)
app = Flask(__name__)


@app.post("/<int:number>")
def send(number: int) -> str:
    return connectly.send_text(f"+1604444{number:04}", "Hello!").id


if os.environ["SENDS_BEFORE"]:
    send(0)
"""


async def post_all(port: int, numbers: list[int]) -> list[tuple[int, str]]:
    """Post one request for each number over one connection, and return statuses and bodies."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    responses: list[tuple[int, str]] = []
    for number in numbers:
        writer.write(b"POST /%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n" % number)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        responses.append((int(head.split()[1]), (await reader.readexactly(length)).decode()))
    writer.close()
    await writer.wait_closed()
    return responses


async def serve_and_post(base_url: str, transport: str, sends_before: str, folder: Path) -> list[tuple[int, str]]:
    (folder / "preloaded_app.py").write_text(APP, "utf-8")
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    with listener, (folder / "log").open("w+b") as log:
        options = ["--workers", "2", "--threads", "8", "--preload", "--keep-alive", "60", "--log-level", "warning"]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gunicorn", *options, "--bind", f"fd://{listener.fileno()}", "preloaded_app:app"),
            cwd=folder,
            pass_fds=[listener.fileno()],
            stdout=log.fileno(),
            stderr=log.fileno(),
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "CONNECTLY_BASE_URL": base_url,
                "TRANSPORT": transport,
                "SENDS_BEFORE": sends_before,
            },
        )
        try:
            port: int = listener.getsockname()[1]
            shares = [list(range(1 + start, REQUESTS + 1, CONNECTIONS)) for start in range(CONNECTIONS)]
            found = await wait_patiently(_gather(port, shares), 60)
        finally:
            process.send_signal(signal.SIGTERM)
            await wait_patiently(process.wait(), 20)
    assert (process.returncode, (folder / "log").read_text("utf-8")) == (0, "")
    return [response for responses in found for response in responses]


async def _gather(port: int, shares: list[list[int]]) -> list[list[tuple[int, str]]]:
    return await asyncio.gather(*(post_all(port, share) for share in shares))


@pytest.mark.long
@pytest.mark.parametrize(("transport", "sends_before"), [("httpx", "yes"), ("pyreqwest", "")])
async def test_every_request_is_answered_and_sends_one_message(
    transport: str, sends_before: str, tmp_path: Path
) -> None:
    sandbox: Any = Sandbox(api_key="key", business_id="biz_1", windows="open", rate_limit=None)
    async with sandbox.serve() as base_url:
        responses = await serve_and_post(base_url, transport, sends_before, tmp_path)

    assert {status for status, _ in responses} == {200}
    assert len({body for _, body in responses}) == REQUESTS
    assert sandbox.accepted == REQUESTS + bool(sends_before)
