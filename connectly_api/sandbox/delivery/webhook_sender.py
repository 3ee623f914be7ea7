"""Sends webhooks, to applications in this process and over HTTP."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import anyio
import attrs

from connectly_api.sandbox.delivery.attempts import Attempt, Outcome
from connectly_api.sandbox.delivery.receiver_errors import (
    describe_error,
    format_traceback,
    watch_application,
    watch_errors,
)
from connectly_api.sandbox.model.clipped_text import REDACTED, clip
from connectly_api.sandbox.model.identity import is_loopback
from connectly_api.sandbox.model.settings import Settings
from connectly_api.transport.adapters.asgi import Application, AsgiTransport
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.protocol import Progress, Response, Timeouts, Transport, WireRequest
from connectly_api.webhooks.signature import SIGNATURE_HEADER

_NOT_LOCAL: Final = (
    "not on this machine; attach an application to the address, or let webhooks go anywhere, "
    'with deliver="anywhere" or --deliver anywhere'
)

_MAX_ANSWER: Final = 2048
"""Bytes of a receiver's response that are kept."""
_LONGEST_PROBLEM: Final = 500
_LONGEST_TRACEBACK: Final = 8192


class WebhookSender:
    """Makes delivery attempts; connections stay open within `keep_open`."""

    def __init__(self, settings: Settings) -> None:
        self._anywhere = settings.deliver == "anywhere"
        self._seconds = settings.webhook_timeout
        self._secrets = (settings.api_key, settings.webhook_secret)
        self._attached: dict[str, AsgiTransport] = {}
        self._http: HttpxTransport | None = None
        self._users = 0

    def attach(self, address: str, app: Application) -> None:
        """Send webhooks for URLs that begin with `address` to an application."""
        AsgiTransport(app)  # It checks the application.
        self._attached[address] = AsgiTransport(watch_application(app))

    @asynccontextmanager
    async def keep_open(self) -> AsyncGenerator[None]:
        """Keep connections open until the last block ends."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if not self._users and self._http is not None:
                http, self._http = self._http, None
                with anyio.CancelScope(shield=True):
                    await http.aclose()

    async def deliver(self, attempt: Attempt) -> Outcome:
        """Make an attempt. Never raises, whatever the receiver does."""
        address = attempt.registration.address
        transport = self._choose_transport(address)
        if transport is None:
            return Outcome(None, _NOT_LOCAL, is_final=True)
        headers = (("content-type", "text/plain; charset=utf-8"), (SIGNATURE_HEADER, attempt.signature))
        request = WireRequest("POST", address, headers, attempt.content)
        timeouts = Timeouts(total=self._seconds, connect=self._seconds, read=self._seconds)
        with watch_errors() as watch:
            try:
                with anyio.fail_after(self._seconds):
                    response = await transport.exchange(request, timeouts, Progress())
                outcome = self._read_response(response)
            except Exception as error:  # noqa: BLE001  (an attached application may raise anything)
                outcome = Outcome(None, self._shorten(describe_error(error), _LONGEST_PROBLEM))
        # Out of time, a handler is cancelled, which says less than the time-out.
        if not isinstance(watch.error, Exception):
            return outcome
        problem = self._shorten(describe_error(watch.error), _LONGEST_PROBLEM)
        trace = self._shorten(format_traceback(watch.error), _LONGEST_TRACEBACK)
        return attrs.evolve(outcome, problem=problem, traceback=trace)

    def _read_response(self, response: Response) -> Outcome:
        answer = response.body
        for secret in self._secrets:
            answer = answer.replace(secret.encode(), REDACTED.encode())
        if response.complete:
            return Outcome(response.status, answer=answer[:_MAX_ANSWER])
        return Outcome(None, "the response ended in the middle", answer=answer[:_MAX_ANSWER])

    def _shorten(self, text: str, longest: int) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return clip(text, longest)

    def _choose_transport(self, address: str) -> Transport | None:
        prefixes = [prefix for prefix in self._attached if address.startswith(prefix)]
        if prefixes:
            return self._attached[max(prefixes, key=len)]
        if not self._anywhere and not is_loopback(address):
            return None
        if self._http is None:
            self._http = HttpxTransport(verify=None if self._anywhere else _build_unverified_context())
        return self._http


def _build_unverified_context() -> ssl.SSLContext:
    """Verify nothing: on this machine a certificate proves nothing, and loading authorities is slow."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class ReplayedSender(WebhookSender):
    """Returns the outcomes of a recorded run, and sends nothing."""

    def __init__(self, settings: Settings, outcomes: Mapping[tuple[int, int], Outcome]) -> None:
        super().__init__(settings)
        self._outcomes = outcomes

    async def deliver(self, attempt: Attempt) -> Outcome:
        """Return the recorded outcome of the same attempt."""
        return self._outcomes.get((attempt.task.number, attempt.task.attempt), Outcome(None, "not recorded"))
