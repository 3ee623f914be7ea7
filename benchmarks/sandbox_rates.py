"""How fast the sandbox starts, and how many sends a second it accepts: `python -m benchmarks.sandbox_rates`.

The server runs in its own process, and so on its own core if there are two. For comparison, in interleaved rounds, a
bare Starlette application on the same server reads the body and responds with `{"id": …}`.

`python -m benchmarks.sandbox_rates stream` measures instead what a connected event stream costs in a burst of 1,000
messages, without and with a webhook registration: each burst ends when all statuses and webhooks are through.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

CONNECTIONS = 32
SECONDS = 2.0
ROUNDS = 3
STARTS = 20
BURST = 1000
BURST_ROUNDS = 5

SERVER = """
import asyncio, json, sys, time
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.web.server import serve_app

async def bare(scope, receive, send):
    await Request(scope, receive).json()
    await JSONResponse({"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})(scope, receive, send)

async def receive(scope, receive, send):
    await Response()(scope, receive, send)

async def main():
    times = {"clock": "real", "sent_after": 0, "delivered_after": 0, "read_after": None}
    sandbox = Sandbox(rate_limit=None, windows="open", keep=1000, **(times if sys.argv[1] == "burst" else {}))
    sandbox.attach("https://bot.example", receive)
    async with sandbox, serve_app(bare if sys.argv[1] == "bare" else sandbox.app, "127.0.0.1", 0) as address:
        print(address, flush=True)
        start = time.process_time()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        print(time.process_time() - start, flush=True)

asyncio.run(main())
"""

BODY = json.dumps({
    "sender": {"id": "+14151111234", "channelType": "whatsapp"},
    "recipient": {"id": "+16044441111", "channelType": "whatsapp"},
    "message": {"text": "Hello, this is a text message!"},
    "callbackData": {"order_id": "12345"},
}).encode()  # fmt: skip
REGISTRATION = b'{"topic": "delivery_status", "address": "https://bot.example/", "type": "custom"}'


def build_request(method: bytes, path: bytes, body: bytes = b"") -> bytes:
    """Return the bytes of a request."""
    head = b"%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: sandbox-key\r\nContent-Type: application/json\r\n"
    return b"%sContent-Length: %d\r\n\r\n%s" % (head % (method, path), len(body), body)


REQUEST = build_request(b"POST", b"/v1/businesses/sandbox-business/send/messages", BODY)
REGISTER = build_request(b"POST", b"/v1/businesses/sandbox-business/create/webhooks", REGISTRATION)
STATE = build_request(b"GET", b"/__sandbox__/state")
EVENTS = build_request(b"GET", b"/__sandbox__/events")


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[bytes, bytes]:
    """Send a request, and return the head and the body of the response."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    return head, await reader.readexactly(length)


async def send_until(port: int, until: float) -> int:
    """Send over one connection until a time, and return how many messages were accepted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < until:
        head, _ = await exchange(reader, writer, REQUEST)
        count += head.startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    return count


async def send_messages(port: int, count: int) -> None:
    """Send a number of messages over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        await exchange(reader, writer, REQUEST)
    writer.close()
    await writer.wait_closed()


async def read_events(port: int, wanted: str) -> None:
    """Read the event stream until the update that reaches an entry."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    writer.write(EVENTS)
    while wanted not in (await reader.readline()).decode():
        pass
    writer.close()


@asynccontextmanager
async def serve(which: str) -> AsyncGenerator[tuple[int, Callable[[], Awaitable[float]]]]:
    """Start a fresh server; yield its port, and a function that stops it and returns its CPU time."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, which, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    stdin, stdout = server.stdin, server.stdout
    if stdout is None or stdin is None:
        raise RuntimeError("the server has no pipes")

    async def stop() -> float:
        stdin.close()
        return float(await stdout.readline())

    yield int((await stdout.readline()).decode().rpartition(":")[2]), stop
    await server.wait()


async def measure_rate(which: str) -> tuple[float, float]:
    """Return how many sends a fresh server accepts per second, and per second of its own CPU time."""
    async with serve(which) as (port, stop):
        warm = await send_until(port, time.perf_counter() + 0.3)
        until = time.perf_counter() + SECONDS
        counts = await asyncio.gather(*(send_until(port, until) for _ in range(CONNECTIONS)))
        return sum(counts) / SECONDS, (warm + sum(counts)) / await stop()


async def measure_burst(*, registered: bool, streamed: bool) -> tuple[float, float]:
    """Return how many messages of a burst a fresh sandbox handles per second, and per second of its CPU time."""
    async with serve("burst") as (port, stop):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if registered:
            await exchange(reader, writer, REGISTER)
        # A request and two statuses for each message, and a delivery for each status.
        last = registered + BURST * (5 if registered else 3)
        stream = asyncio.create_task(read_events(port, f'"entry": {last}, ')) if streamed else None
        await asyncio.sleep(0.1)
        start = time.perf_counter()
        await asyncio.gather(*(send_messages(port, BURST // 20) for _ in range(20)))
        while json.loads((await exchange(reader, writer, STATE))[1])["entry"] < last:  # noqa: ASYNC110  (a process)
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - start
        if stream is not None:
            await stream
        writer.close()
        return BURST / seconds, BURST / await stop()


async def compare_streams() -> None:
    """Measure and print what an event stream costs."""
    rates: dict[tuple[bool, bool], list[tuple[float, float]]] = {}
    for _ in range(BURST_ROUNDS):
        for registered in (False, True):
            for streamed in (False, True):
                rate = await measure_burst(registered=registered, streamed=streamed)
                rates.setdefault((registered, streamed), []).append(rate)
    for column, unit in enumerate(("messages/s", "messages/s of CPU time")):
        for registered in (False, True):
            alone, streamed_rate = (
                statistics.median(rate[column] for rate in rates[registered, streamed]) for streamed in (False, True)
            )
            name = "with a registration" if registered else "no registration"
            ratio = streamed_rate / alone
            print(f"{name:20} {alone:6.0f}, with a stream {streamed_rate:6.0f} {unit}   {ratio:5.2f} x")  # noqa: T201


def measure_start() -> float:
    """Return how many seconds a sandbox takes to start once it is imported."""
    from connectly_api.sandbox import Sandbox  # noqa: PLC0415 (the import is not measured)

    times: list[float] = []
    for _ in range(STARTS):
        before = time.perf_counter()
        Sandbox()
        times.append(time.perf_counter() - before)
    return statistics.median(times)


async def main() -> None:
    """Measure and print a table."""
    rates: dict[str, list[tuple[float, float]]] = {"bare": [], "sandbox": []}
    for _ in range(ROUNDS):
        for which, results in rates.items():
            results.append(await measure_rate(which))
    print(f"start in process  {measure_start() * 1000:8.1f} ms")  # noqa: T201
    for column, unit in enumerate(("sends/s", "sends/s of CPU time")):
        medians = {which: statistics.median(result[column] for result in results) for which, results in rates.items()}
        for which, median in medians.items():
            print(f"{which:17} {median:8.0f} {unit}   {median / medians['bare']:5.2f} x bare")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(compare_streams() if sys.argv[1:] == ["stream"] else main())
