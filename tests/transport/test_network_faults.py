"""A rough network, over real sockets, through the whole client and every adapter.

Each fault ends in a typed error, no message goes out twice, the client works afterwards, and nothing is left behind.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import threading
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from connectly_api import Connectly, ConnectlyError, NotSentError, OutcomeUnknownError, Retry, Timeouts
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport
from connectly_api.transport.protocol import Transport
from tests.rough_server import (
    Behaviour,
    RoughServer,
    answer,
    answering,
    breaking_off,
    close_after_reading,
    hang_after_reading,
    reset_after_reading,
    rough_server,
    sent,
)

# Many wait on a real socket.
pytestmark = pytest.mark.slow

LIMIT = 100_000
Make = Callable[..., Connectly]


@pytest.fixture(params=[HttpxTransport, PyreqwestTransport], ids=["httpx", "pyreqwest"])
def adapter(request: pytest.FixtureRequest) -> Callable[..., Transport]:
    made: Callable[..., Transport] = request.param
    return made


@pytest.fixture
async def connect(adapter: Callable[..., Transport]) -> AsyncIterator[Make]:
    clients: list[Connectly] = []

    def build(base_url: str, timeouts: Timeouts | None = None, **settings: Any) -> Connectly:
        client = Connectly(
            api_key="k",
            business_id="b",
            base_url=base_url,
            transport=adapter(max_body_bytes=LIMIT, **settings),
            timeouts=timeouts or Timeouts(total=5, connect=1, read=0.5),
            retry=Retry(base=0.001),
        )
        clients.append(client)
        return client

    yield build
    for client in clients:
        await client.aclose()


async def outcome(client: Connectly, text: str = "hello") -> str | ConnectlyError:
    try:
        return (await client.send_text("+16044441111", text)).id
    except ConnectlyError as error:
        return error


async def half_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
    await server.read(reader)
    writer.write_eof()
    await reader.read()


async def drip_a_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
    await server.read(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
    await server.read(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (100 * 2**20))
    for _ in range(100):
        writer.write(b" " * 2**20)
        await writer.drain()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BOMB = answer(200, gzip.compress(b" " * 20_000_000), [("Content-Encoding", "gzip")])
FAULTS: dict[str, Behaviour] = {
    "half-closed": half_close,
    "closed": close_after_reading,
    "reset after reading": reset_after_reading,
    "silent": hang_after_reading,
    "slow head": drip_a_head,
    "1 MB of headers": breaking_off(b"HTTP/1.1 200 OK\r\nX-Large: " + b"x" * 2**20 + b"\r\n\r\n"),
    "100 MB of body": flood,
    "compression bomb": breaking_off(BOMB),
    "garbage for a chunk": breaking_off(CHUNKED + b"zz\r\n\x00\xff\r\n"),
    "a chunk that is too short": breaking_off(CHUNKED + b"ff\r\n{}"),
    "a length that is none": breaking_off(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"),
    "two lengths": breaking_off(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "HTTP/2's preface": breaking_off(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "garbage": breaking_off(bytes(range(256)) * 10),
}


def until(fault: Behaviour, good: asyncio.Event) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await (answering(sent("01A")) if good.is_set() else fault)(reader, writer, server)

    return behave


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_an_unknown_outcome_of_one_request_and_the_client_works_afterwards(
    fault: str, connect: Make
) -> None:
    mended = asyncio.Event()
    async with rough_server(until(FAULTS[fault], mended)) as server:
        client = connect(server.base_url, Timeouts(total=0.6, connect=0.5, read=0.5))
        error = await outcome(client)
        seen = (len(server.requests), server.connections)
        mended.set()
        again = await outcome(client)
    assert isinstance(error, OutcomeUnknownError)
    assert not error.retry_safe
    assert seen == (1, 1)
    assert again == "01A"


async def test_http_1_0_is_read_and_its_connection_not_used_again(connect: Make) -> None:
    async with rough_server(breaking_off(b'HTTP/1.0 200 OK\r\n\r\n{"id":"01A"}')) as server:
        client = connect(server.base_url)
        assert [await outcome(client) for _ in range(3)] == ["01A"] * 3
    assert (len(server.requests), server.connections) == (3, 3)


def texts(server: RoughServer) -> Counter[str]:
    return Counter(json.loads(raw.partition(b"\r\n\r\n")[2])["message"]["text"] for raw in server.requests)


async def test_a_message_never_goes_out_twice_where_idle_connections_are_closed_as_they_are_used(connect: Make) -> None:
    async def answer_some(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        for _ in range(1 + server.connections % 3):
            if await server.read(reader) is None:
                return
            writer.write(sent("01A"))
            await writer.drain()

    async with rough_server(answer_some) as server:
        client = connect(server.base_url)
        names = [f"message {number}" for number in range(300)]
        outcomes: dict[str, str | ConnectlyError] = {}

        async def send(mine: list[str]) -> None:
            for name in mine:
                outcomes[name] = await outcome(client, name)

        await asyncio.gather(*(send(names[start::10]) for start in range(10)))
    seen = texts(server)
    assert set(seen.values()) == {1}
    assert {name for name, how in outcomes.items() if how == "01A"} <= set(seen)
    assert all(how == "01A" or isinstance(how, (NotSentError, OutcomeUnknownError)) for how in outcomes.values())
    assert not [name for name, how in outcomes.items() if isinstance(how, NotSentError) and name in seen]


async def test_a_server_that_restarts_under_load_costs_typed_errors_and_no_second_message(connect: Make) -> None:
    seen = RoughServer()
    open_writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        while await seen.read(reader) is not None:
            writer.write(sent("01A"))
        open_writers.discard(writer)
        writer.close()

    async def stop(server: asyncio.Server) -> None:
        server.close()
        for writer in list(open_writers):
            writer.transport.abort()
        await server.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = connect(f"http://127.0.0.1:{port}")
    outcomes: dict[str, str | ConnectlyError] = {}
    finished = asyncio.Event()

    async def load(worker: int) -> None:
        number = 0
        while not finished.is_set():
            number += 1
            outcomes[f"{worker}-{number}"] = await outcome(client, f"{worker}-{number}")

    workers = [asyncio.create_task(load(worker)) for worker in range(20)]
    for _ in range(2):
        before = len(seen.requests)
        while len(seen.requests) < before + 100:  # noqa: ASYNC110 (the server is a list of what it saw)
            await asyncio.sleep(0.005)
        await stop(server)
        await asyncio.sleep(0.02)
        server = await asyncio.start_server(handle, "127.0.0.1", port)
    finished.set()
    await asyncio.gather(*workers)
    assert await outcome(client, "afterwards") == "01A"
    await client.aclose()
    await stop(server)
    counted = texts(seen)
    assert set(counted.values()) == {1}
    assert all(how == "01A" or isinstance(how, (NotSentError, OutcomeUnknownError)) for how in outcomes.values())
    assert {name for name, how in outcomes.items() if how == "01A"} <= set(counted)
    assert not [name for name, how in outcomes.items() if isinstance(how, NotSentError) and name in counted]


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="descriptors cannot be counted here")
async def test_nothing_is_left_behind(adapter: Callable[..., Transport]) -> None:
    faults = [name for name in FAULTS if name not in {"silent", "slow head", "100 MB of body", "half-closed"}]

    async def round_of_faults() -> None:
        for fault in faults:
            async with (
                rough_server(FAULTS[fault]) as server,
                Connectly(
                    api_key="k", business_id="b", base_url=server.base_url, transport=adapter(max_body_bytes=LIMIT)
                ) as client,
            ):
                await asyncio.gather(*(outcome(client) for _ in range(5)))
                task = asyncio.create_task(outcome(client))
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
                await asyncio.sleep(0.02)
        gc.collect()

    await round_of_faults()  # What is made once, such as a runtime's threads, is there after the first.
    before = (descriptors(), len(asyncio.all_tasks()), threading.active_count())
    tracemalloc.start()
    await round_of_faults()
    held = tracemalloc.get_traced_memory()[0]
    for _ in range(3):
        await round_of_faults()
    grown = tracemalloc.get_traced_memory()[0] - held
    tracemalloc.stop()
    assert (descriptors(), len(asyncio.all_tasks()), threading.active_count()) == before
    assert grown < 3 * 100_000
