"""Which service the contract is held against: a sandbox, or what the environment names. Pure, but for the dialling.

`CONNECTLY_CONTRACT_BASE_URL`, with `CONNECTLY_API_KEY` and `CONNECTLY_BUSINESS_ID`, names a real service: only what
reads is asked of it. `CONNECTLY_CONTRACT_RECIPIENT` names a phone number or BSUID which one text is sent to, besides.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal
from urllib.parse import urlsplit

import attrs

from connectly_api import Connectly, Retry
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport, Progress, Response, Timeouts, Transport, WireRequest
from connectly_api.transport.adapters.auto import to_transport
from connectly_api.transport.endpoint import read_proxy_from_environment
from tests.contract.cases import SEND, Case

__all__ = ["Recorder", "SettingsError", "Target", "dialled", "selected", "targets"]

BASE_URL: Final = "CONNECTLY_CONTRACT_BASE_URL"
RECIPIENT: Final = "CONNECTLY_CONTRACT_RECIPIENT"
KEY: Final = "CONNECTLY_API_KEY"
BUSINESS: Final = "CONNECTLY_BUSINESS_ID"


class SettingsError(Exception):
    """The environment names a service, and not all that it takes to speak to it."""


@attrs.frozen
class Target:
    """A service.

    Attributes:
        kind: A sandbox in this process, a sandbox on a socket, or a real one.
        base_url: The real one's address.
        api_key: The real one's key; never shown.
        business_id: The business there.
        recipient: Who gets one text from it, or None for nobody.
    """

    kind: Literal["in process", "socket", "real"]
    base_url: str = "http://127.0.0.1"
    api_key: str = attrs.field(default="sandbox-key", repr=False)
    business_id: str = attrs.field(default="sandbox-business", repr=False)
    recipient: str | None = attrs.field(default=None, repr=False)

    def __str__(self) -> str:
        """Name the target in a test's id."""
        return self.kind

    @property
    def prefix(self) -> str:
        """What stands between the host and the file's paths."""
        return urlsplit(self.base_url).path


def targets(environment: Mapping[str, str]) -> tuple[Target, ...]:
    """Return what the environment asks for; both sandboxes where it names no address.

    Raises:
        SettingsError: It names an address or a recipient, and something else is missing.
    """
    if not environment.get(BASE_URL):
        if environment.get(RECIPIENT):
            raise SettingsError(f"{RECIPIENT} is set, {BASE_URL} is not: nothing would be sent")
        return Target("in process"), Target("socket")
    if missing := [name for name in (KEY, BUSINESS) if not environment.get(name)]:
        raise SettingsError(f"{BASE_URL} is set, {' and '.join(missing)} not")
    real = Target("real", environment[BASE_URL], environment[KEY], environment[BUSINESS])
    return (attrs.evolve(real, recipient=environment.get(RECIPIENT) or None),)


def selected(target: Target, cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return what is asked of a target: everything of a sandbox; of a real service what reads, and the one text."""
    if target.kind != "real":
        return tuple(cases)
    reads = tuple(case for case in cases if case.is_read)
    if target.recipient is None:
        return reads
    text = "Contract test of connectly-api: please ignore this message."
    return (*reads, Case("send_text", SEND, (target.recipient, text)))


class Recorder:
    """A transport that keeps what passes through another one."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.exchanges: list[tuple[WireRequest, Response]] = []

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        response = await self._inner.exchange(request, timeouts, progress)
        self.exchanges.append((request, response))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@attrs.frozen
class Dialled:
    """A target that answers: a client, what passes through it, and the sandbox behind it, if it is one."""

    target: Target
    connectly: Connectly
    recorder: Recorder
    sandbox: Sandbox | None

    def forget(self) -> None:
        """Forget what passed, and what a sandbox keeps of it."""
        self.recorder.exchanges.clear()
        if self.sandbox is not None:
            self.sandbox.reset()


@asynccontextmanager
async def dialled(target: Target, *, api_key: str | None = None) -> AsyncGenerator[Dialled]:
    """Start what has to be started, and make a client.

    Args:
        target: The service.
        api_key: Another key than the right one.
    """
    sandbox = None if target.kind == "real" else Sandbox(windows="open", channels=("whatsapp", "sms"))
    key = target.api_key if api_key is None else api_key
    if sandbox is not None and target.kind == "socket":
        async with sandbox.serve() as address:
            served = attrs.evolve(target, base_url=address)
            async with _connected(served, to_transport("httpx"), key) as (connectly, recorder):
                yield Dialled(target, connectly, recorder, sandbox)
        return
    if sandbox is None:
        proxy, _ = read_proxy_from_environment(target.base_url) or (None, None)
        inner = to_transport("httpx", proxy=proxy)
    else:
        inner = AsgiTransport(sandbox.app)
    async with _connected(target, inner, key) as (connectly, recorder):
        yield Dialled(target, connectly, recorder, sandbox)


@asynccontextmanager
async def _connected(target: Target, inner: Transport, key: str) -> AsyncGenerator[tuple[Connectly, Recorder]]:
    recorder = Recorder(inner)
    async with Connectly(
        api_key=key,
        business_id=target.business_id,
        base_url=target.base_url,
        transport=recorder,
        retry=Retry(attempts=1),
    ) as connectly:
        yield connectly, recorder
