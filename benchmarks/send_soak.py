"""Many sends to an unreliable server: `python -m benchmarks.send_soak [--sends N] [--in-flight N] [--transport NAME]`.

The server accepts most requests and fails 2 % of them in one of several ways. Every call must end as exactly one of
accepted, refused, not sent and unknown, no message may arrive twice, and the server's own record must agree.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sys
import time
from collections import Counter
from typing import Final

from connectly_api import (
    ApiError,
    Connectly,
    ConnectlyError,
    NotSentError,
    OutcomeUnknownError,
    Retry,
    Timeouts,
    UnexpectedResponseError,
)

_ACCEPTED: Final = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"id": "01"}'
_FAULTS: Final = {
    "close": b"",
    "reset": b"",
    "half a head": b"HTTP/1.1 200 O",
    "half a body": b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"id"',
    "garbage": b"\x00\xff\r\n\r\n",
    "500": b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n",
    "502": b"HTTP/1.1 502 X\r\nContent-Length: 9\r\n\r\n<html></>",
    "400": b"HTTP/1.1 400 X\r\nContent-Length: 2\r\n\r\n{}",
    "429": b"HTTP/1.1 429 X\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    "close after the response": _ACCEPTED,
    "silence": b"",
}
_PATIENCE: Final = 1000
"""Hundredths of a second."""
_KEEPS_CONNECTION: Final = frozenset({"500", "502", "400", "429"})


class UnreliableServer:
    """A server that fails, and records what it did with each message."""

    def __init__(self, faults: float, seed: int = 0) -> None:
        """Fail this share of the requests."""
        self._faults = faults
        self._random = random.Random(seed)  # noqa: S311 (the choice of faults is not a secret)
        self.did: dict[str, list[str]] = {}
        self.open = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.open += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
                text: str = json.loads(await reader.readexactly(length))["message"]["text"]
                fault = self._random.choice(list(_FAULTS)) if self._random.random() < self._faults else "accept"
                self.did.setdefault(text, []).append(fault)
                writer.write(_FAULTS.get(fault, _ACCEPTED))
                if fault == "silence":
                    await reader.read()
                if fault == "reset":
                    writer.transport.abort()
                if fault != "accept" and fault not in _KEEPS_CONNECTION:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.open -= 1
            writer.close()


def _classify(error: ConnectlyError) -> str:
    if isinstance(error, NotSentError):
        return "not sent"
    if isinstance(error, OutcomeUnknownError | UnexpectedResponseError):
        return "unknown"
    return "unknown" if isinstance(error, ApiError) and error.status >= 500 else "refused"  # noqa: PLR2004


async def soak(sends: int, in_flight: int, transport: str, faults: float = 0.02) -> Counter[str]:
    """Send, and compare the outcomes of the calls with what the server did.

    Raises:
        AssertionError: They do not agree.
    """
    unreliable = UnreliableServer(faults)
    server = await asyncio.start_server(unreliable.handle, "127.0.0.1", 0, backlog=1024)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    outcomes: dict[str, str] = {}
    async with Connectly(
        api_key="key",
        business_id="b",
        base_url=address,
        transport=transport,  # type: ignore[arg-type]
        timeouts=Timeouts(total=20, connect=5, read=1),
        retry=Retry(base=0.001),
    ) as connectly:
        numbers = iter(range(sends))

        async def work() -> None:
            for number in numbers:
                name = f"message {number}"
                try:
                    await connectly.send_text("+16044441111", name)
                    outcomes[name] = "accepted"
                except ConnectlyError as error:
                    outcomes[name] = _classify(error)

        await asyncio.gather(*(work() for _ in range(in_flight)))
    server.close()
    for _ in range(_PATIENCE):
        if not unreliable.open:
            break
        await asyncio.sleep(0.01)
    if unreliable.open:
        raise AssertionError(f"{unreliable.open} connections are still open after the client was closed")
    _compare(sends, outcomes, unreliable.did)
    return Counter(outcomes.values())


_MEANING: Final = {
    "accept": "accepted",
    "close after the response": "accepted",
    "400": "refused",
    "429": "refused",
    "500": "unknown",
    "502": "unknown",
}


def _compare(sends: int, outcomes: dict[str, str], did: dict[str, list[str]]) -> None:
    if len(outcomes) != sends:
        raise AssertionError(f"{sends} calls, {len(outcomes)} outcomes")
    for name, outcome in outcomes.items():
        seen = did.get(name, [])
        # Only a 429 may be followed by another attempt.
        if any(fault != "429" for fault in seen[:-1]):
            raise AssertionError(f"{name} went out again after {seen}")
        expected = _MEANING.get(seen[-1], "unknown") if seen else "not sent"
        # If a connection closes just as it is used, the outcome is unknown.
        is_uncertain = outcome == "unknown" and (not seen or seen[-1] == "429")
        if outcome != expected and not is_uncertain:
            raise AssertionError(f"{name} ended {outcome}, but the server did {seen}")


def main() -> None:
    """Run, and print the outcomes."""
    parser = argparse.ArgumentParser(description="Many sends to an unreliable server.")
    parser.add_argument("--sends", type=int, default=200_000)
    parser.add_argument("--in-flight", type=int, default=200)
    parser.add_argument("--transport", choices=["auto", "httpx", "pyreqwest"], default="auto")
    options = parser.parse_args()
    started = time.perf_counter()
    outcomes = asyncio.run(soak(options.sends, options.in_flight, options.transport))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures = ", ".join(f"{kind} {count:,}" for kind, count in sorted(outcomes.items()))
    sys.stdout.write(f"{options.sends:,} sends in {seconds:.0f} s: {figures}; the server agrees. Peak {peak} MiB.\n")


if __name__ == "__main__":
    main()
