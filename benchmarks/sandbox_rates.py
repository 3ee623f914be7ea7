"""How fast the sandbox starts, and how many sends a second it accepts: `python -m benchmarks.sandbox_rates`.

The server runs in its own process, and so on its own core if there are two. For comparison, in interleaved rounds, a
bare Starlette application on the same server reads the body and responds with `{"id": …}`.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time

CONNECTIONS = 32
SECONDS = 2.0
ROUNDS = 3
STARTS = 20

SERVER = """
import asyncio, json, sys, time
from starlette.requests import Request
from starlette.responses import JSONResponse
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.web.server import serve_app

async def bare(scope, receive, send):
    await Request(scope, receive).json()
    await JSONResponse({"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})(scope, receive, send)

async def main():
    app = bare if sys.argv[1] == "bare" else Sandbox(rate_limit=None, windows="open", keep=1000).app
    async with serve_app(app, "127.0.0.1", 0) as address:
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
REQUEST = (
    b"POST /v1/businesses/sandbox-business/send/messages HTTP/1.1\r\nHost: sandbox\r\nX-API-Key: sandbox-key\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


async def send_until(port: int, until: float) -> int:
    """Send over one connection until a time, and return how many messages were accepted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < until:
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        count += head.startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    return count


async def measure_rate(which: str) -> tuple[float, float]:
    """Return how many sends a fresh server accepts per second, and per second of its own CPU time."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, which, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    if server.stdout is None or server.stdin is None:
        raise RuntimeError("the server has no pipes")
    port = int((await server.stdout.readline()).decode().rpartition(":")[2])
    warm = await send_until(port, time.perf_counter() + 0.3)
    until = time.perf_counter() + SECONDS
    counts = await asyncio.gather(*(send_until(port, until) for _ in range(CONNECTIONS)))
    server.stdin.close()
    cpu = float(await server.stdout.readline())
    await server.wait()
    return sum(counts) / SECONDS, (warm + sum(counts)) / cpu


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
    asyncio.run(main())
