"""An independent reader of the Swagger file accepts everything that the facade sends in the documented examples.

Prism is a program for Node: `make prism` installs it beside the checkout and runs this.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

import connectly_api
from connectly_api import Connectly, CreatedWebhook, RequestRejectedError, Response, SentMessage
from connectly_api.lowlevel import Participant, SendMessageRequest, send_message
from examples.documented_requests import SENDS, WEBHOOK_CALLS
from tests.rough_server import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PRISM = ROOT / ".prism" / "node_modules" / ".bin" / "prism"
SWAGGER = Path(connectly_api.__file__).parent / "lowlevel" / "service.swagger.json"

pytestmark = pytest.mark.skipif(not PRISM.exists(), reason="Prism is not installed: make prism")


@pytest.fixture
async def connectly() -> AsyncIterator[Connectly]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        str(PRISM), "mock", str(SWAGGER), "--port", str(port), "--errors", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        with anyio.fail_after(60):
            while b"is listening" not in await process.stdout.readline():
                pass
        async with Connectly(api_key="k", business_id="b", base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        process.terminate()
        await process.communicate()


async def test_prism_accepts_every_documented_request_of_the_facade(connectly: Connectly) -> None:
    for send in SENDS.values():
        assert isinstance(await send(connectly), SentMessage)
    for call in WEBHOOK_CALLS.values():
        assert isinstance(await call(connectly, "wh_1"), CreatedWebhook | Response)
    assert await connectly.webhooks.list()
    await connectly.webhooks.delete("wh_1")


async def test_prism_refuses_what_does_not_fit(connectly: Connectly) -> None:
    body = SendMessageRequest(recipient=Participant(id="+16044441111", channel_type="pigeon"))
    with pytest.raises(RequestRejectedError):
        await send_message(connectly.transport, connectly.business_id, body=body)
