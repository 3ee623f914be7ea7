"""Whatever a server repeats of a request, in whatever spelling and place, nothing shows it."""

from __future__ import annotations

import asyncio
import io
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from connectly_api import Bsuid, Connectly, ConnectlyError, Recipient, Retry, Text
from connectly_api.transport.adapters.auto import TransportName
from tests.echoes import ENCODINGS, PLACES, shown
from tests.rough_server import RoughServer, rough_server

KEY: Final = "kestrel-key-5f3a9c"
PHONE: Final = "+16044440042"
BSUID: Final = "US.Kestrel13491208655302"
TEXT: Final = "kestrel text 4921 that nobody else may read"
DATA: Final = "kestrel-callback-7731"
VALUES: Final = (KEY, PHONE, BSUID, TEXT, DATA)

TRANSPORTS: Final[tuple[TransportName, ...]] = ("httpx", "pyreqwest")
MUTE: Final = 4
"""Characters. An echo of no more stands in our own sentences, too."""
MUTE_DIGITS: Final = 5
"""Digits. A trace id has no more in common with a request, unless by chance."""


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Collect what every logger says, at every level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root, asynchronous = logging.getLogger(), logging.getLogger("asyncio")
    levels = root.level, asynchronous.level
    root.addHandler(handler)
    root.setLevel(1)
    asynchronous.setLevel(1)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(levels[0])
        asynchronous.setLevel(levels[1])


async def leaks(transport: TransportName, place: str, cases: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Return the echoes that showed, each with its encoding and what showed it."""
    raw = b""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        while await server.read(reader) is not None:
            writer.write(raw)
            await writer.drain()
            if not place.startswith("message"):
                return

    found: list[tuple[str, str, str]] = []
    with everything_logged() as log:
        async with (
            rough_server(behave) as server,
            Connectly(
                api_key=KEY, business_id="b", base_url=server.base_url, transport=transport, retry=Retry(attempts=1)
            ) as connectly,
        ):
            for name, value in cases:
                echo = ENCODINGS[name](value)
                raw = PLACES[place](echo)
                log.seek(0)
                log.truncate()
                recipient = Recipient(PHONE, Bsuid(BSUID))
                with pytest.raises(ConnectlyError) as caught:
                    await connectly.send(recipient, Text(TEXT), callback_data={DATA: [DATA, KEY]})
                told = shown(caught.value, __file__) + log.getvalue()
                if is_in(echo, told) or "kestrel" in told.lower():
                    found.append((name, echo, told))
                assert server.requests
    return found


def is_in(echo: str, told: str) -> bool:
    """Return whether an echo, or what is left of it in a place that takes letters or digits alone, was told."""
    digits = "".join(filter(str.isdecimal, echo))
    forms = {echo.lower(), re.sub(r"[^a-z]", "_", echo.lower()).strip("_")}
    numbers = {digits, digits[::-1]}
    return any(form in told.lower() for form in forms if len(form.replace("_", "").strip()) > MUTE) or any(
        number in told for number in numbers if len(number) > MUTE_DIGITS
    )


SAMPLE: Final = [("plain", TEXT), ("hex", PHONE), ("rot13", TEXT), ("last four", PHONE), ("decimal together", PHONE)]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_echo_shows_nowhere(transport: TransportName, place: str) -> None:
    assert await leaks(transport, place, SAMPLE) == []


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_no_spelling_of_an_echo_shows_anywhere(transport: TransportName, place: str) -> None:
    cases = [(name, value) for name in ENCODINGS for value in VALUES]

    assert await leaks(transport, place, cases) == []


def test_the_test_would_see_an_echo() -> None:
    assert is_in("Kestrel!", "400 ERROR_CODE_KESTREL")
    assert is_in("60444400", "trace id 160444400")
    assert not is_in("bad", "a bad day")
