"""The sandbox as one object: fixed settings, a state, and the three ways in."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

import anyio
from anyio.abc import TaskGroup
from starlette.types import ASGIApp

from connectly_api.errors import InvalidInputError
from connectly_api.keywords import check_keywords, keywords_of
from connectly_api.sandbox.arranging import Arranging
from connectly_api.sandbox.customer import Customer
from connectly_api.sandbox.delivery.webhook_sender import Courier
from connectly_api.sandbox.engine import Clockwork
from connectly_api.sandbox.looking import Looking
from connectly_api.sandbox.model.changes import ClockSet, Noted
from connectly_api.sandbox.model.identity import Identity, identified
from connectly_api.sandbox.model.records import Delivery, ReceivedRequest
from connectly_api.sandbox.model.settings import LAST_MOMENT, LONGEST, Options, Settings
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.record import recorded
from connectly_api.sandbox.recording import recording_of
from connectly_api.sandbox.service.decision import Incoming, Verdict, decide
from connectly_api.sandbox.service.faults import afflicted, reset_unread
from connectly_api.sandbox.spec.operations import load
from connectly_api.sandbox.spec.schemas import refuse_swagger
from connectly_api.sandbox.verbs.arguments import ActArguments
from connectly_api.sandbox.verbs.setup import SETTING_UP, acted, noted
from connectly_api.sandbox.web.api import build_app
from connectly_api.sandbox.web.control import PREFIX
from connectly_api.sandbox.web.server import serving
from connectly_api.tracebacks import cut_init_traceback, cut_traceback
from connectly_api.transport.adapters.asgi import Application

__all__ = ["Sandbox"]


@cut_init_traceback
class Sandbox(Looking, Arranging):
    """Connectly's Message API on your own machine: same routes, same refusals, same webhooks, no network.

    ```python
    async with Sandbox().serve() as address:
        ...  # address is "http://127.0.0.1:…"
    ```

    In process, hand `sandbox.app` to anything that speaks ASGI. Its clock stands still until `advance` or `settle` lets
    time go by; with that, everything happens that was due: statuses, webhooks and their retries. The same settings and
    the same requests in the same order give the same ids. A sandbox belongs to one event loop at a time.

    Attributes:
        app: The ASGI application.
        settings: What it was made with.
    """

    def __init__(
        self,
        *,
        swagger: str | Path | bytes | Mapping[str, Any] | None = None,
        on_request: Callable[[ReceivedRequest], None] | None = None,
        on_delivery: Callable[[Delivery], None] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Set up a sandbox in which nothing has happened yet.

        Args:
            swagger: Another Swagger 2.0 file than the package's: its path, its bytes, or the decoded file.
            on_request: Called with each request when its answer is decided.
            on_delivery: Called with each attempt to deliver a webhook, when its outcome is known.
            **options: Keywords that `connectly_api.sandbox.Settings` describes: `api_key`, `business_id`, `senders`,
                `seed`, and one for each question that the documentation answers twice or not at all.

        Raises:
            TypeError: There is no such setting; the error names the one that was probably meant.
            InvalidInputError: A setting has a value that cannot be; or the Swagger file cannot be read or served, or
                has a path below `/__sandbox__`.
        """
        check_keywords(options, keywords_of(Settings))
        self.settings = Settings(**options)
        self._service = load(swagger)
        if any(f"{operation.template}/".startswith(f"{PREFIX}/") for operation in self._service.operations):
            raise refuse_swagger(f"has a path below {PREFIX}, where the sandbox answers for itself")
        self._on_request = on_request
        self._ahead = 0.0
        self._following: TaskGroup | None = None
        self._state = self._beginning()
        self._on_delivery = on_delivery
        self._courier = Courier(self.settings)
        self._clockwork = self._driven_with(self._courier)
        self.app: ASGIApp = build_app(self)

    def __repr__(self) -> str:
        """Show the counts; never the key or what was received."""
        return f"Sandbox(received={self._state.received}, accepted={self._state.accepted})"

    async def __aenter__(self) -> Self:
        """Let a real clock run until the block ends; a virtual one needs no block."""
        if self.settings.clock == "real" and self._following is None:
            self._following = anyio.create_task_group()
            await self._following.__aenter__()
            self._following.start_soon(self._clockwork.follow, self._clock)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock."""
        following, self._following = self._following, None
        if following is not None:
            following.cancel_scope.cancel()
            # The block's own error is not the clock's, and stays as it is instead of becoming part of a group.
            await following.__aexit__(None, None, None)

    @cut_traceback
    def customer(self, phone: str | None = None, *, bsuid: str | None = None, name: str | None = None) -> Customer:
        """Return a customer to be played, known to the business from now on by what is given.

        Args:
            phone: The phone number (E.164).
            bsuid: The business-scoped user id.
            name: What events call the customer.

        Raises:
            InvalidInputError: Both are absent, or one is badly written.
        """
        self._arrange("customer", {"phone": phone, "bsuid": bsuid, "name": name})
        return Customer(phone, bsuid, self)

    @cut_traceback
    def known(self, customer: str) -> Identity:
        """Return phone number and BSUID of a customer, as far as they are known, by one of them.

        Raises:
            InvalidInputError: It is neither.
        """
        return self._state.person(identified("customer", customer))

    @cut_traceback
    def attach(self, address: str, app: Application) -> None:
        """Deliver webhooks in process: an ASGI application answers for all addresses that begin with `address`.

        Args:
            address: `https://bot.example/webhooks` or the like; nothing has to listen there.
            app: An ASGI 3 application.
        """
        self._courier.attach(address, app)

    @cut_traceback
    async def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let time go by: all that is due until then happens, in order, webhooks included.

        Raises:
            InvalidInputError: The time is negative, or not a number.
        """
        await self.act("advance", seconds=seconds, minutes=minutes, hours=hours, days=days)

    async def settle(self) -> None:
        """Let time go by until nothing is due any more: every message has its last status, every webhook its answer."""
        await self.act("settle")

    @cut_traceback
    async def report_ready(self, *, name: str | None = None, url: str | None = None) -> None:
        """Finish a report, which registrations of the topic `report` are told.

        Args:
            name: The report's.
            url: Where it is.
        """
        await self.act("report_ready", name=name, url=url)

    @cut_traceback
    async def act(self, verb: str, /, **arguments: Any) -> None:  # noqa: ANN401  (JSON)
        """Do something by its name, as over HTTP, and deliver what is due with it.

        Args:
            verb: `advance`, `settle`, or a verb of a customer's or a test's.
            **arguments: JSON values; None stands for an argument that is absent.

        Raises:
            InvalidInputError: There is no such verb, or it cannot be done with these arguments.
        """
        if verb not in {"advance", "settle"}:
            self._arrange(verb, arguments)
            if verb not in SETTING_UP:
                await self.deliver_due()
            return
        asked = ActArguments(arguments)
        seconds = _seconds_of(asked) if verb == "advance" else math.inf
        asked.end()
        self._tick()
        if seconds and seconds != math.inf and self._state.now + seconds > LAST_MOMENT:
            raise InvalidInputError("seconds: the clock goes no further than the year 9999", field="seconds")
        self._state.apply(noted(self._state, verb, arguments))
        if self.settings.clock == "real":
            last = max((due for due, _, _ in self._state.agenda), default=self._state.now)
            self._ahead += max(0.0, last - self._state.now) if seconds == math.inf else seconds
        await self._clockwork.run_until(self._state.now + seconds)

    @contextmanager
    def delivering_with(self, courier: Courier) -> Generator[None]:
        """Let another courier carry the webhooks until the block ends."""
        before, self._clockwork = self._clockwork, self._driven_with(courier)
        try:
            yield
        finally:
            self._clockwork = before

    async def run_until(self, time: float) -> None:
        """Do all that is due until a time (Unix seconds), and let the clock be there."""
        await self._clockwork.run_until(time)

    async def deliver_due(self) -> None:
        """Do what is due already, without letting time go by."""
        await self._clockwork.run_until(self._state.now)

    def reset(self) -> None:
        """Forget everything that happened: messages, requests, registrations, windows, customers, rules, counters."""
        self._state = self._beginning()

    def receive(self, request: Incoming) -> Verdict:
        """Decide on a request, carry out what follows, and keep it for inspection."""
        self._tick()
        verdict = decide(self._service, self.settings, self._state, request)
        return self._settled(request, afflicted(self.settings, self._state, verdict))

    def reset_unread(self, request: Incoming) -> Verdict | None:
        """Return the verdict on a request that is not read, where a rule wants that; None where it is to be read."""
        if not self._state.rules:
            return None
        found = self._service.find(request.path).get(request.method)
        if found is None:
            return None
        verdict = reset_unread(self.settings, self._state, found.operation.id)
        return None if verdict is None else self._settled(request, verdict)

    async def answer(self, request: Incoming) -> Verdict:
        """Do as `receive` does, and deliver the webhooks that a rule wants before the answer."""
        verdict = self.receive(request)
        if verdict.manner.is_early:
            await self.deliver_due()
        return verdict

    def recording(self) -> str:
        """Return the run as text, from which `replay` does it again. It holds what was written, and no key.

        Raises:
            InvalidInputError: The run's beginning is not kept any more.
        """
        state = self._state
        return recording_of(self.settings, self._start, state.timeline, state.noted).text()

    @cut_traceback
    def save(self, path: str | Path) -> None:
        """Write the run's recording to a file.

        Raises:
            InvalidInputError: The run's beginning is not kept any more.
        """
        Path(path).write_text(self.recording(), encoding="utf-8")

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str]:
        """Serve on a socket, in the running asyncio loop, until the block ends.

        Args:
            host: The interface to listen on. Whoever can reach it can read what the sandbox keeps.
            port: 0 picks a free one.

        Yields:
            The address, `http://127.0.0.1:…`.

        Raises:
            ServeError: The port is in use or not to be had, or the host is none of this machine's.
            UsageError: The running loop is not asyncio's.
        """
        async with serving(self.app, host, port) as address:
            if self.settings.clock == "virtual" or self._following is not None:
                yield address
                return
            async with self:
                yield address

    def _arrange(self, verb: str, arguments: Mapping[str, Any]) -> None:
        self._tick()
        for change in acted(self.settings, self._state, verb, arguments):
            self._state.apply(change)

    def _settled(self, request: Incoming, verdict: Verdict) -> Verdict:
        state = self._state
        for change in verdict.changes:
            state.apply(change)
        received = recorded(request, verdict, state.received + 1, state.now, self.settings.api_key)
        state.apply(Noted(received))
        if self._on_request is not None:
            self._on_request(received)
        return verdict

    def _driven_with(self, courier: Courier) -> Clockwork:
        return Clockwork(self.settings, lambda: self._state, courier, on_delivery=self._on_delivery)

    def _beginning(self) -> State:
        self._start = self._clock() if self.settings.clock == "real" else self.settings.start
        return State(now=self._start, keep=self.settings.keep)

    def _clock(self) -> float:
        return time.time() + self._ahead

    def _tick(self) -> None:
        if self.settings.clock == "real":
            self._state.apply(ClockSet(self._clock()))


def _seconds_of(asked: ActArguments) -> float:
    units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
    seconds = sum(asked.number(name, 0) * size for name, size in units.items())
    if not 0 <= seconds <= LONGEST:
        raise InvalidInputError("seconds: time goes forward, and not by more than thirty years", field="seconds")
    return seconds
