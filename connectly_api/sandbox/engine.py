"""The engine of a sandbox: the only place that applies changes, moves the clock and performs I/O.

Pure functions turn a request, a verb or a due task into changes. The engine applies them to the state, delivers the due
webhooks, and passes entries of the timeline to the callbacks.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from secrets import token_hex
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.delivery.attempts import (
    Attempt,
    Dispatch,
    conclude_attempt,
    dispatch_webhook,
    release_webhook,
)
from connectly_api.sandbox.delivery.statuses import advance_status
from connectly_api.sandbox.delivery.webhook_sender import WebhookSender
from connectly_api.sandbox.model.exchange import Decision, Request
from connectly_api.sandbox.model.records import Delivery, ReceivedRequest, TimelineEntry
from connectly_api.sandbox.model.settings import MAX_TIME, Settings
from connectly_api.sandbox.model.state import Change, ReleaseDue, State, StatusDue, Task
from connectly_api.sandbox.model.state_changes import ClockSet, EntryRecorded, TaskStarted
from connectly_api.sandbox.recording import build_recording, record_request
from connectly_api.sandbox.service.decision import decide, find_recipient
from connectly_api.sandbox.service.faults import apply_faults, decide_reset
from connectly_api.sandbox.spec.api_operations import Service
from connectly_api.sandbox.verbs.setup import CLOCK_VERBS, SETUP_VERBS, build_verb_changes, read_seconds, record_verb

_TICK_SECONDS: Final = 0.02
"""Seconds between two readings of a running clock."""

_MAX_DELIVERIES: Final = 100
"""How many webhooks are delivered at the same time while the clock runs."""


class Engine:
    """Runs one sandbox.

    Attributes:
        settings: The sandbox's settings.
        state: The sandbox's state; a reset replaces it.
        webhook_sender: Delivers webhooks; a replay replaces it with the recorded receivers.
        run: Names the time since the start or the last reset, differently each time. No part of the state, which is
            the same for the same inputs.
        version: Grows with every change of the state.
    """

    def __init__(
        self,
        settings: Settings,
        service: Service,
        *,
        on_request: Callable[[ReceivedRequest], None] | None = None,
        on_delivery: Callable[[Delivery], None] | None = None,
        on_entry: Callable[[TimelineEntry], None] | None = None,
    ) -> None:
        """Start with an empty state; `Sandbox` describes the callbacks."""
        self.settings = settings
        self.webhook_sender = WebhookSender(settings)
        self._service = service
        self._on_request = on_request
        self._on_delivery = on_delivery
        self._on_entry = on_entry
        self._ahead = 0.0  # Seconds by which `advance` and `settle` have moved a real clock.
        self._clock_tasks: TaskGroup | None = None
        self._waiters: set[anyio.Event] = set()
        self.version = 0
        self._runs = 0  # How many calls run tasks at the moment.
        self.reset()

    def reset(self) -> None:
        """Forget everything that happened."""
        self._start = self._read_clock() if self.settings.clock == "real" else self.settings.start
        self.state = State(now=self._start, keep=self.settings.keep)
        self.run = token_hex(8)
        self._wake_waiters()

    async def wait_for_change(self, version: int) -> None:
        """Wait until the state has changed since it had a version; a clock that runs on is no change.

        Read `version` before the state, so that no change is missed in between.
        """
        if version == self.version:
            changed = anyio.Event()
            self._waiters.add(changed)
            try:
                await changed.wait()
            finally:
                self._waiters.discard(changed)

    def receive(self, request: Request) -> Decision:
        """Decide on a request, apply its changes, and keep it for inspection."""
        self._sync_clock()
        decision = decide(self._service, self.settings, self.state, request)
        return self._conclude_request(request, apply_faults(self.settings, self.state, decision))

    def reset_unread(self, request: Request) -> Decision | None:
        """Decide whether to reset the connection before the body is read; None if no fault requires it."""
        found = self._service.find(request.path).get(request.method) if self.state.rules else None
        decision = None if found is None else decide_reset(self.settings, self.state, found.operation.names)
        return None if decision is None else self._conclude_request(request, decision)

    async def answer(self, request: Request) -> Decision:
        """Receive a request, and deliver the webhooks that a fault moves before the response."""
        decision = self.receive(request)
        if decision.behavior.is_early:
            await self.deliver_due()
        return decision

    def apply_verb(self, verb: str, arguments: Mapping[str, Any]) -> None:
        """Apply the changes of a verb, without running due tasks.

        Raises:
            InvalidInputError: There is no such verb, or an argument is invalid.
        """
        self._sync_clock()
        names = self._service.rule_names
        self._apply(self.state, build_verb_changes(self.settings, self.state, verb, arguments, names))

    async def run_verb(self, verb: str, arguments: Mapping[str, Any]) -> None:
        """Apply the changes of a verb, and run due tasks.

        Raises:
            InvalidInputError: There is no such verb, or an argument is invalid.
        """
        if verb in CLOCK_VERBS:
            await self._move_clock(verb, read_seconds(verb, arguments), arguments)
            return
        self.apply_verb(verb, arguments)
        if verb not in SETUP_VERBS:
            await self.deliver_due()

    async def deliver_due(self) -> None:
        """Run the due tasks."""
        await self.run_until(self.state.now)

    async def deliver_after_request(self) -> None:
        """Run the tasks that are due, such as the webhook of an echo, unless somebody runs tasks already.

        A receiver's own request leaves them to the verb that called the receiver, which may have to return first.
        """
        if not self._runs and not self.is_clock_running and self.state.next_due <= self.state.now:
            await self.deliver_due()

    async def run_until(self, time: float) -> None:
        """Run the tasks that are due until a time (Unix seconds), one after the other, and set the clock to it.

        With inf, run all tasks, and leave the clock where the last one was due.
        """
        async with self.webhook_sender.keep_open():
            await self._run_tasks(time, self._deliver)
        if time != math.inf:
            self._apply(self.state, (ClockSet(time),))

    @property
    def is_clock_running(self) -> bool:
        """Whether a real clock runs."""
        return self._clock_tasks is not None

    async def start_clock(self) -> None:
        """Run a real clock until `stop_clock`; a virtual one stands still."""
        if self.settings.clock == "real" and self._clock_tasks is None:
            self._clock_tasks = anyio.create_task_group()
            await self._clock_tasks.__aenter__()
            self._clock_tasks.start_soon(self._follow_clock)

    async def stop_clock(self) -> None:
        """Stop the clock."""
        tasks, self._clock_tasks = self._clock_tasks, None
        if tasks is not None:
            tasks.cancel_scope.cancel()
            # Without the error of the caller's block, which would otherwise become part of an exception group.
            await tasks.__aexit__(None, None, None)

    def build_recording(self) -> str:
        """Return the recording of the run as text.

        Raises:
            InvalidInputError: The beginning of the run is no longer kept.
        """
        return build_recording(self.settings, self._start, self.state).to_text()

    async def _move_clock(self, verb: str, seconds: float, arguments: Mapping[str, Any]) -> None:
        self._sync_clock()
        state = self.state
        if seconds and seconds != math.inf and state.now + seconds > MAX_TIME:
            raise InvalidInputError("seconds: the clock goes no further than the year 9999", field="seconds")
        self._apply(state, (record_verb(state, verb, arguments),))
        if self.settings.clock == "real":
            last = max((due for due, _, _ in state.schedule), default=state.now)
            self._ahead += max(0.0, last - state.now) if seconds == math.inf else seconds
        await self.run_until(state.now + seconds)

    async def _follow_clock(self) -> None:
        """Follow the real clock until cancelled; webhooks do not wait for each other."""
        limit = anyio.CapacityLimiter(_MAX_DELIVERIES)

        async def deliver_within_limit(state: State, attempt: Attempt) -> None:
            async with limit:
                await self._deliver(state, attempt)

        async with self.webhook_sender.keep_open(), anyio.create_task_group() as deliveries:

            async def start_delivery(state: State, attempt: Attempt) -> None:
                deliveries.start_soon(deliver_within_limit, state, attempt)

            while True:
                await self._run_tasks(self._read_clock(), start_delivery)
                self._sync_clock()
                await anyio.sleep(_TICK_SECONDS)

    async def _run_tasks(self, until: float, deliver: Callable[[State, Attempt], Awaitable[None]]) -> None:
        self._runs += 1
        try:
            # Read the state each time: a receiver that is awaited may reset the sandbox.
            while (state := self.state).next_due <= until and state.schedule:
                _, _, task = state.schedule[0]
                self._apply(state, (TaskStarted(),))
                dispatch = self._perform(state, task)
                self._apply(state, dispatch.changes)
                for attempt in dispatch.attempts:
                    await deliver(state, attempt)
        finally:
            self._runs -= 1

    def _perform(self, state: State, task: Task) -> Dispatch:
        match task:
            case StatusDue():
                return Dispatch(tuple(advance_status(self.settings, state, task)))
            case ReleaseDue():
                return release_webhook(self.settings, state, task)
            case _:
                return dispatch_webhook(self.settings, state, task)

    async def _deliver(self, state: State, attempt: Attempt) -> None:
        outcome = await self.webhook_sender.deliver(attempt)
        self._apply(state, conclude_attempt(self.settings, state, attempt, outcome))

    def _conclude_request(self, request: Request, decision: Decision) -> Decision:
        state = self.state
        self._apply(state, decision.changes)
        recipient = find_recipient(self._service, self.settings, request, decision)
        received = record_request(request, decision, recipient, state, self.settings.api_key)
        self._apply(state, (EntryRecorded(received, recipient),))
        return decision

    def _apply(self, state: State, changes: Iterable[Change]) -> None:
        for change in changes:
            state.apply(change)
            entry = change.entry if isinstance(change, EntryRecorded) else None
            if isinstance(entry, ReceivedRequest) and self._on_request is not None:
                self._on_request(entry)
            elif isinstance(entry, Delivery) and self._on_delivery is not None:
                self._on_delivery(entry)
            if entry is not None and self._on_entry is not None:
                self._on_entry(entry)
        self._wake_waiters()

    def _wake_waiters(self) -> None:
        self.version += 1
        for changed in self._waiters:
            changed.set()

    def _read_clock(self) -> float:
        return time.time() + self._ahead

    def _sync_clock(self) -> None:
        if self.settings.clock == "real":
            self.state.apply(ClockSet(self._read_clock()))
