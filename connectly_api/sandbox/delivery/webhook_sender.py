"""The sandbox's way out: webhooks to applications in this process, and over HTTP."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import anyio

from connectly_api.sandbox.delivery.attempts import Attempt, Outcome
from connectly_api.sandbox.model.identity import is_loopback
from connectly_api.sandbox.model.settings import Settings
from connectly_api.transport.adapters.asgi import Application, AsgiTransport
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.protocol import Progress, Timeouts, Transport, WireRequest
from connectly_api.webhooks.signature import SIGNATURE_HEADER

_NOWHERE: Final = "not on this machine: attach an application to the address, or let webhooks go anywhere"


class WebhookSender:
    """Delivers events; connections are open while somebody is inside `at_work`."""

    def __init__(self, settings: Settings) -> None:
        """Start with no attached applications.

        Args:
            settings: The sandbox's.
        """
        self._anywhere = settings.deliver == "anywhere"
        self._seconds = settings.webhook_timeout
        self._attached: dict[str, AsgiTransport] = {}
        self._outside: HttpxTransport | None = None
        self._working = 0

    def attach(self, address: str, app: Application) -> None:
        """Let an application answer for all addresses that begin with `address`."""
        self._attached[address] = AsgiTransport(app)

    @asynccontextmanager
    async def keep_open(self) -> AsyncGenerator[None]:
        """Keep connections open until the last block ends."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            if not self._working and self._outside is not None:
                outside, self._outside = self._outside, None
                with anyio.CancelScope(shield=True):
                    await outside.aclose()

    async def deliver(self, sending: Attempt) -> Outcome:
        """Send one event and return what became of it; nothing is raised, whatever the receiver does."""
        address = sending.registration.address
        transport = self._transport(address)
        if transport is None:
            return Outcome(None, _NOWHERE, is_final=True)
        headers = (("content-type", "text/plain; charset=utf-8"), (SIGNATURE_HEADER, sending.signature))
        request = WireRequest("POST", address, headers, sending.content)
        timeouts = Timeouts(total=self._seconds, connect=self._seconds, read=self._seconds)
        try:
            with anyio.fail_after(self._seconds):
                response = await transport.exchange(request, timeouts, Progress())
        except Exception as error:  # noqa: BLE001  (an attached application may raise anything)
            return Outcome(None, type(error).__name__)
        return Outcome(response.status)

    def _transport(self, address: str) -> Transport | None:
        fitting = [prefix for prefix in self._attached if address.startswith(prefix)]
        if fitting:
            return self._attached[max(fitting, key=len)]
        if not self._anywhere and not is_loopback(address):
            return None
        if self._outside is None:
            self._outside = HttpxTransport(verify=None if self._anywhere else _unverified())
        return self._outside


def _unverified() -> ssl.SSLContext:
    """Return a context for this machine, where a certificate proves nothing, and loading authorities takes long."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class ReplayedSender(WebhookSender):
    """Answers as an earlier run's receivers did, and goes nowhere."""

    def __init__(self, settings: Settings, outcomes: Mapping[tuple[int, int], Outcome]) -> None:
        """Take the outcomes.

        Args:
            settings: The sandbox's.
            outcomes: By number of the event and attempt.
        """
        super().__init__(settings)
        self._outcomes = outcomes

    async def deliver(self, sending: Attempt) -> Outcome:
        """Return what became of the same attempt then."""
        return self._outcomes.get((sending.task.number, sending.task.attempt), Outcome(None, "not recorded"))
