"""The candidates: for each, one call that sends a message, written as in its own documentation."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Any, Final

Call = Callable[[], Awaitable[object]]

BUSINESS: Final = "3f6c8e2a-93a5-4e8c-9c57-1d0f5a7b8c9d"
PATH: Final = f"/v1/businesses/{BUSINESS}/send/messages"
KEY: Final = {"X-API-Key": "key", "Content-Type": "application/json"}
MESSAGE: Final = {"recipient": {"id": "+16044441111", "channelType": "whatsapp"}, "message": {"text": "hello"}}


def connectly_client(transport: Any) -> Any:  # noqa: ANN401 (a name of a transport)
    """`Connectly`, over one of its transports."""

    @asynccontextmanager
    async def open_client(url: str, _in_flight: int) -> AsyncGenerator[Call, None]:
        from connectly_api import Connectly, Timeouts  # noqa: PLC0415 (each process imports only its own candidate)

        # When 100,000 sends start at once, the last waits longer than the default of 30 seconds.
        patient = Timeouts(total=600)
        async with Connectly(
            api_key="key", business_id=BUSINESS, base_url=url, transport=transport, timeouts=patient
        ) as connectly:

            async def call() -> object:
                return (await connectly.send_text("+16044441111", "hello")).id

            yield call

    return open_client


def httpx_client(library: str) -> Any:  # noqa: ANN401 (httpx, or a library with its interface)
    """Plain httpx, or a library with its interface."""

    @asynccontextmanager
    async def open_client(url: str, _in_flight: int) -> AsyncGenerator[Call, None]:
        async with import_module(library).AsyncClient(headers=KEY, timeout=60) as client:

            async def call() -> object:
                return (await client.post(url + PATH, json=MESSAGE)).raise_for_status().json()["id"]

            yield call

    return open_client


@asynccontextmanager
async def aiohttp(url: str, _in_flight: int) -> AsyncGenerator[Call, None]:
    """Plain aiohttp, with its default of 100 connections."""
    async with import_module("aiohttp").ClientSession(headers=KEY) as session:

        async def call() -> object:
            async with session.post(url + PATH, json=MESSAGE, raise_for_status=True) as response:
                return (await response.json())["id"]

        yield call


@asynccontextmanager
async def pyreqwest(url: str, _in_flight: int) -> AsyncGenerator[Call, None]:
    """Plain pyreqwest."""
    async with import_module("pyreqwest.client").ClientBuilder().no_proxy().default_headers(KEY).build() as client:

        async def call() -> object:
            response = await client.post(url + PATH).body_json(MESSAGE).error_for_status().build().send()
            return (await response.json())["id"]

        yield call


@asynccontextmanager
async def twilio(url: str, _in_flight: int) -> AsyncGenerator[Call, None]:
    """The Twilio SDK's asynchronous client."""
    http = import_module("twilio.http.async_http_client").AsyncTwilioHttpClient()
    client = import_module("twilio.rest").Client("AC" + "0" * 32, "token", http_client=http)
    client.api.base_url = url
    async with http:

        async def call() -> object:
            sent = await client.messages.create_async(to="whatsapp:+16044441111", from_="whatsapp:+1415", body="hello")
            return sent.sid

        yield call


@asynccontextmanager
async def pywa(url: str, _in_flight: int) -> AsyncGenerator[Call, None]:
    """pywa, for WhatsApp's own API."""
    client = import_module("pywa_async").WhatsApp(phone_id="1", token="token")  # noqa: S106 (not a real token)
    session = client.api._session  # noqa: SLF001 (it takes no other address)
    session.base_url = url
    async with session:

        async def call() -> object:
            return (await client.send_message("16044441111", "hello")).id

        yield call


@asynccontextmanager
async def stock(url: str, _in_flight: int) -> AsyncGenerator[Call, None]:
    """openapi-python-client's output for the same Swagger file, unmodified; see `benchmarks.stock`."""
    from benchmarks.stock import generate_stock_client  # noqa: PLC0415 (as above)

    with generate_stock_client() as package:
        sys.path.insert(0, str(package.parent))
        name = package.name
        client = import_module(name).Client(base_url=url, headers=KEY)
        operation = import_module(f"{name}.api.message_service.message_service_send_message")
        body = import_module(f"{name}.models").MessageServiceSendMessageBody.from_dict(MESSAGE)
        async with client:

            async def call() -> object:
                return (await operation.asyncio(BUSINESS, client=client, body=body)).id

            yield call


@asynccontextmanager
async def floor(url: str, in_flight: int) -> AsyncGenerator[Call, None]:
    """The minimum in Python: send prebuilt bytes over asyncio's streams, and read the id from the JSON."""
    host, _, port = url.removeprefix("http://").partition(":")
    body = json.dumps(MESSAGE).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nX-API-Key: key\r\nContent-Length: {len(body)}\r\n\r\n"
    request = head.encode() + body
    idle = [await asyncio.open_connection(host, int(port)) for _ in range(in_flight)]

    async def call() -> object:
        reader, writer = idle.pop()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        message_id: object = json.loads(await reader.readexactly(length))["id"]
        idle.append((reader, writer))
        return message_id

    async with AsyncExitStack() as stack:
        for _, writer in idle:
            stack.callback(writer.close)
        yield call


CANDIDATES: Final[dict[str, Any]] = {
    "connectly-api, fast": connectly_client("pyreqwest"),
    "connectly-api": connectly_client("httpx"),
    "httpx": httpx_client("httpx"),
    "httpx2": httpx_client("httpx2"),
    "aiohttp": aiohttp,
    "pyreqwest": pyreqwest,
    "Twilio SDK": twilio,
    "pywa": pywa,
    "openapi-python-client": stock,
    "floor": floor,
}
