"""A service on 127.0.0.1 that counts what each row of a campaign was sent, and misbehaves as services do.

It counts a message at the moment when it accepts it, which is before it responds: what is lost after that, a crash or a
broken connection, leaves the sender in doubt, and the count says what is true.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import attrs

SENDER = "+14151111234"


@attrs.frozen
class Manners:
    """How the service behaves.

    Attributes:
        least_delay: Seconds before a response, at least.
        most_delay: At most.
        lost: The share of messages that are accepted, and whose connection breaks before the response.
        failed: The share of messages that are accepted, and whose response is a 500.
        limited: The share of requests that get a 429.
    """

    least_delay: float = 0.002
    most_delay: float = 0.03
    lost: float = 0.0
    failed: float = 0.0
    limited: float = 0.0


ROUGH = Manners(least_delay=0.02, most_delay=0.15, lost=0.005, failed=0.005, limited=0.01)


class CountingServer:
    """Counts by the callback data of campaigns; runs in a thread of its own."""

    def __init__(self, manners: Manners, seed: int = 0) -> None:
        self.manners = manners
        self.accepted: dict[str, list[dict[str, Any]]] = {}
        """By callback data: every message that was accepted for it."""
        self.arrivals: list[float] = []
        self.spoiled = 0
        """How many messages were accepted that the sender was not told of."""
        self._dice = random.Random(seed)  # noqa: S311 (repeatable, not secret)
        self._loop = asyncio.new_event_loop()
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_listening.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count_rows(self) -> Counter[int]:
        """Return how many messages were accepted for each row."""
        return Counter({_read_row(key): len(messages) for key, messages in self.accepted.copy().items()})

    def build_statuses(self, status: str) -> list[dict[str, Any]]:
        """Build the webhook body of a status for every accepted message."""
        return [
            {
                "topic": "delivery_status",
                "timestamp": "1767225600",
                "sender": {"id": SENDER, "channelType": "whatsapp"},
                "recipient": {"id": message["number"], "channelType": "whatsapp"},
                "statusUpdate": {"id": message["id"], "status": status, "error": None},
                "callbackData": message["callbackData"],
            }
            for messages in self.accepted.copy().values()
            for message in messages
        ]

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=1024))
        self.port = server.sockets[0].getsockname()[1]
        self._is_listening.set()
        self._loop.run_forever()
        server.close()
        running = asyncio.all_tasks(self._loop)
        for task in running:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*running, return_exceptions=True))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # The sender was killed, or this server ends.
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        body = json.loads(await reader.readexactly(length))
        chance = self._dice.random()
        if chance < self.manners.limited:
            await _respond(writer, b"429 Too Many Requests", {"code": 8, "message": "slow down"})
            return True
        message_id = f"message-{len(self.arrivals)}"
        self.arrivals.append(self._loop.time())
        self.accepted.setdefault(body["callbackData"]["connectly_campaign"], []).append({**body, "id": message_id})
        await asyncio.sleep(self._dice.uniform(self.manners.least_delay, self.manners.most_delay))
        chance -= self.manners.limited
        self.spoiled += chance < self.manners.lost + self.manners.failed
        if chance < self.manners.lost:
            writer.transport.abort()
            return False
        if chance < self.manners.lost + self.manners.failed:
            await _respond(writer, b"500 Internal Server Error", {"code": 13, "message": "no"})
            return True
        await _respond(writer, b"200 OK", {"id": message_id})
        return True


async def _respond(writer: asyncio.StreamWriter, status: bytes, body: object) -> None:
    content = json.dumps(body).encode()
    writer.write(
        b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (status, len(content), content)
    )
    await writer.drain()


def _read_row(callback: str) -> int:
    return int(callback.rsplit("/", 1)[1])


def find_busiest_second(arrivals: Sequence[float]) -> int:
    """Return how many arrivals the busiest second has, wherever it begins."""
    most = first = 0
    for last, moment in enumerate(arrivals):
        while arrivals[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most
