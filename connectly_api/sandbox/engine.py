"""The engine of a sandbox: the only place that applies changes, moves the clock and performs I/O.

Pure functions turn a request, a verb or a due task into changes. The engine applies them to the state, delivers the due
webhooks, and passes entries of the timeline to the callbacks.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from secrets import token_hex, token_urlsafe
from typing import Any, Final

import anyio
from anyio.lowlevel import checkpoint

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.background_task import BackgroundTask
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
from connectly_api.sandbox.model.snapshot import build_snapshot, parse_snapshot
from connectly_api.sandbox.model.state import Change, ReleaseDue, State, StatusDue, Task
from connectly_api.sandbox.model.state_changes import (
    ClockChanged,
    ClockSet,
    DeliveryCounted,
    EntryRecorded,
    FileStored,
    TaskScheduled,
    TaskStarted,
)
from connectly_api.sandbox.model.stored_files import StoredFile, clean_file_name
from connectly_api.sandbox.recording import build_recording, record_request
from connectly_api.sandbox.service.decision import decide, find_recipient
from connectly_api.sandbox.service.faults import apply_faults, decide_reset
from connectly_api.sandbox.spec.api_operations import Service
from connectly_api.sandbox.verbs.setup import (
    CLOCK_VERBS,
    SETUP_VERBS,
    build_verb_changes,
    find_message_id,
    read_seconds,
    record_verb,
)

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
        self._waiters: set[anyio.Event] = set()
        self.version = 0
        self._background: BackgroundTask | None = None
        self._wake: anyio.Event | None = None
        self._ready: deque[tuple[State, Attempt]] = deque()  # What the running clock made due.
        # What is off the schedule and not concluded, by `id` of the attempt; and which of it the running clock began.
        self._under_way = dict[int, tuple[State, Attempt]]()
        self._begun_by_clock = set[int]()
        self._read_at = 0.0  # When the clock was read last, on the machine's monotonic clock.
        self._movers = 0  # How many verbs move the clock; meanwhile, it does not run by itself.
        self._runs = 0  # How many calls run tasks at the moment.
        self._begin(self._build_state(0.0))

    def reset(self) -> None:
        """Forget everything that happened."""
        self._begin(self._build_state(self.now))

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
        self._catch_up()
        decision = decide(self._service, self.settings, self.state, request)
        return self._conclude_request(request, apply_faults(self.settings, self.state, decision))

    def reset_unread(self, request: Request) -> Decision | None:
        """Decide whether to reset the connection before the body is read; None if no fault requires it."""
        if not self.state.rules:
            return None
        self._catch_up()
        found = self._service.find(request.path).get(request.method)
        decision = None if found is None else decide_reset(self.settings, self.state, found.operation.names)
        return None if decision is None else self._conclude_request(request, decision)

    async def answer(self, request: Request) -> Decision:
        """Receive a request, and deliver the webhooks that a fault moves before the response."""
        decision = self.receive(request)
        if decision.behavior.is_early:
            await self.deliver_due()
        return decision

    def apply_verb(self, verb: str, arguments: Mapping[str, Any]) -> str | None:
        """Apply the changes of a verb, without running due tasks; return the id of the message that it created.

        Raises:
            InvalidInputError: There is no such verb, or an argument is invalid.
        """
        self._catch_up()
        names = self._service.rule_names
        changes = build_verb_changes(self.settings, self.state, verb, arguments, names)
        self._apply(self.state, changes)
        return find_message_id(changes)

    async def run_verb(self, verb: str, arguments: Mapping[str, Any]) -> str | None:
        """Apply the changes of a verb, and run due tasks; return the id of the customer's message that it created.

        Raises:
            InvalidInputError: There is no such verb, an argument is invalid, or the clock cannot run.
        """
        created, finish = self.start_verb(verb, arguments)
        await finish()
        return created

    def start_verb(self, verb: str, arguments: Mapping[str, Any]) -> tuple[str | None, Callable[[], Awaitable[None]]]:
        """Apply the changes of a verb; return the id of the message that it created, and what then runs due tasks.

        Raises:
            InvalidInputError: There is no such verb, an argument is invalid, or the clock cannot run.
        """
        if verb == "clock" and self._background is None:
            problem = "clock: runs only while the sandbox is served, or in `async with sandbox`; use advance or settle"
            raise InvalidInputError(problem, field="running")
        if verb in CLOCK_VERBS:
            return None, partial(self._move_clock, self.state, self._choose_time(verb, arguments))
        return self.apply_verb(verb, arguments), checkpoint if verb in SETUP_VERBS else self.deliver_due

    def store_file(self, name: str, content: bytes) -> StoredFile:
        """Keep a file that a customer can send, until the next reset. It is no part of a recording."""
        file = StoredFile(token_urlsafe(12), clean_file_name(name), content)
        self._apply(self.state, (FileStored(file),))
        return file

    async def deliver_due(self) -> None:
        """Run the due tasks."""
        await self.run_until(self.state.now)

    async def deliver_after_request(self) -> None:
        """Run the tasks that are due, such as the webhook of an echo, unless somebody runs tasks already.

        A receiver's own request leaves them to the verb that called the receiver, which may have to return first.
        """
        if not self._runs and not self._is_running and self.state.next_due <= self.state.now:
            await self.deliver_due()

    async def run_until(self, time: float) -> None:
        """Run the tasks that are due until a time (Unix seconds), one after the other, and set the clock to it.

        With inf, run all tasks, and leave the clock where the last one was due. A reset meanwhile ends it.
        """
        begun = self.state
        self._runs += 1
        try:
            async with self.webhook_sender.keep_open():
                for state, attempt in self._run_tasks(time):
                    await self._deliver(state, attempt)
        finally:
            self._runs -= 1
        if time != math.inf:
            self._apply(begun, (ClockSet(time),))

    @property
    def now(self) -> float:
        """The clock, Unix seconds. Its progress does not depend on the machine's date."""
        state = self.state
        elapsed = (time.monotonic() - self._read_at) * state.speed if self._is_running else 0.0
        return max(state.now, min(state.now + elapsed, MAX_TIME))

    @property
    def clock(self) -> dict[str, Any]:
        """The clock as JSON."""
        state = self.state
        return {"now": self.now, "running": state.is_running and self.has_background, "speed": state.speed}

    @property
    def has_background(self) -> bool:
        """Whether the clock can run by itself."""
        return self._background is not None and not self._background.has_ended

    def start_background(self) -> None:
        """Let the clock run until `stop_background`, except while it is paused."""
        if self._background is None:
            self._read_at = time.monotonic()
            self._background = BackgroundTask(self._follow_clock)

    async def stop_background(self) -> None:
        """Let the clock stand still."""
        self._apply(self.state, (ClockSet(self.now),))
        background, self._background = self._background, None
        if background is not None:
            await background.stop()

    def build_recording(self) -> str:
        """Return the recording of the run as text.

        Raises:
            InvalidInputError: The beginning of the run is no longer kept.
        """
        return build_recording(self.settings, self._start, self.state).to_text()

    def build_snapshot(self) -> str:
        """Return the state as the text of a file.

        Whoever reads it delivers again what is on its way: whether that arrived, nobody will know then.
        """
        self._catch_up()
        tasks = [attempt.task for state, attempt in self._under_way.values() if state is self.state]
        return build_snapshot(self.state, self._start, tasks)

    def load_snapshot(self, text: str) -> None:
        """Replace the state by one of a file.

        Raises:
            InvalidInputError: It is no such file, of another version, or damaged.
        """
        state, start = parse_snapshot(text, self.settings)
        if state.is_running and self.settings.clock == "real":
            state.apply(ClockSet(time.time()))
        self._begin(state, start)

    def _choose_time(self, verb: str, arguments: Mapping[str, Any]) -> float:
        """Return until when a verb moves the clock, and record it."""
        seconds = read_seconds(verb, arguments)
        self._catch_up()
        state = self.state
        if seconds and seconds != math.inf and state.now + seconds > MAX_TIME:
            raise InvalidInputError("seconds: the clock goes no further than the year 9999", field="seconds")
        self._apply(state, (record_verb(state, verb, arguments),))
        return state.now + seconds

    async def _move_clock(self, state: State, until: float) -> None:
        self._movers += 1
        try:
            while state is self.state:  # A response may have come before, and a reset after it.
                await self.run_until(until)
                version = self.version
                if not any(self._under_way[key][0] is state for key in self._begun_by_clock):
                    break
                await self.wait_for_change(version)
        finally:
            self._movers -= 1
            self._read_at = time.monotonic()
            self._wake_up()

    async def _follow_clock(self) -> None:
        """Run the tasks that become due, until cancelled; webhooks do not wait for each other."""
        try:
            async with self.webhook_sender.keep_open(), anyio.create_task_group() as deliveries:
                while True:
                    self._wake = anyio.Event()
                    self._catch_up()
                    # Those that wait for others have no task yet, which would be larger than they are.
                    while self._ready and len(self._begun_by_clock) - len(self._ready) < _MAX_DELIVERIES:
                        deliveries.start_soon(self._deliver, *self._ready.popleft())
                    state = self.state
                    wait = max(0.0, state.next_due - state.now) / state.speed if self._is_running else math.inf
                    with anyio.move_on_after(wait):
                        await self._wake.wait()
        finally:
            while self._ready:
                self._postpone(*self._ready.popleft())

    def _wake_up(self) -> None:
        if self._wake is not None:
            self._wake.set()

    @property
    def _is_running(self) -> bool:
        return self.state.is_running and self.has_background and not self._movers

    def _catch_up(self) -> None:
        """Let a running clock reach the present: what became due happens before whatever comes next."""
        if not self._is_running:
            self._read_at = time.monotonic()
            return
        now = self.now
        # Count what the clock shows, not what has passed: many short steps of a slow clock would add up to an error.
        self._read_at += (now - self.state.now) / self.state.speed
        attempts = list(self._run_tasks(now))
        self._ready.extend(attempts)
        self._begun_by_clock.update(id(attempt) for _, attempt in attempts)
        self.state.apply(ClockSet(now))
        if self._ready:
            self._wake_up()

    def _run_tasks(self, until: float) -> Iterator[tuple[State, Attempt]]:
        """Run the tasks that are due until a time, and yield the attempts to make."""
        state = self.state
        # A receiver that is awaited may reset the sandbox, whose new state has a clock of its own.
        while state is self.state and state.next_due <= until and state.schedule:
            _, _, task = state.schedule[0]
            self._apply(state, (TaskStarted(),))
            dispatch = self._perform(state, task)
            self._apply(state, dispatch.changes)
            self._under_way |= {id(attempt): (state, attempt) for attempt in dispatch.attempts}
            self._apply(state, (DeliveryCounted(attempt.task) for attempt in dispatch.attempts))
            for attempt in dispatch.attempts:
                yield state, attempt

    def _perform(self, state: State, task: Task) -> Dispatch:
        match task:
            case StatusDue():
                return Dispatch(tuple(advance_status(self.settings, state, task)))
            case ReleaseDue():
                return release_webhook(self.settings, state, task)
            case _:
                return dispatch_webhook(self.settings, state, task)

    async def _deliver(self, state: State, attempt: Attempt) -> None:
        try:
            outcome = await self.webhook_sender.deliver(attempt)
        except anyio.get_cancelled_exc_class():
            # It may have arrived, which nobody knows, as with the service: it will be delivered again.
            self._postpone(state, attempt)
            raise
        self._end(state, attempt)
        self._apply(state, conclude_attempt(self.settings, state, attempt, outcome))

    def _postpone(self, state: State, attempt: Attempt) -> None:
        self._end(state, attempt)
        self._apply(state, (TaskScheduled(state.now, attempt.task),))

    def _end(self, state: State, attempt: Attempt) -> None:
        del self._under_way[id(attempt)]
        self._begun_by_clock.discard(id(attempt))
        self._apply(state, (DeliveryCounted(attempt.task, is_over=True),))
        if self._ready:
            self._wake_up()

    def _conclude_request(self, request: Request, decision: Decision) -> Decision:
        state = self.state
        self._apply(state, decision.changes)
        recipient = find_recipient(self._service, self.settings, request, decision)
        received = record_request(request, decision, recipient, state, self.settings.api_key)
        self._apply(state, (EntryRecorded(received, recipient),))
        return decision

    def _apply(self, state: State, changes: Iterable[Change]) -> None:
        self._wake_waiters()  # They run later, and even if a callback raises an exception.
        for change in changes:
            state.apply(change)
            if isinstance(change, ClockChanged) or (isinstance(change, TaskScheduled) and change.due <= state.next_due):
                self._wake_up()
            entry = change.entry if isinstance(change, EntryRecorded) else None
            if isinstance(entry, ReceivedRequest) and self._on_request is not None:
                self._on_request(entry)
            elif isinstance(entry, Delivery) and self._on_delivery is not None:
                self._on_delivery(entry)
            if entry is not None and self._on_entry is not None:
                self._on_entry(entry)

    def _wake_waiters(self) -> None:
        self.version += 1
        for changed in self._waiters:
            changed.set()

    def _build_state(self, earliest: float) -> State:
        is_running = self.settings.clock == "real"
        now = max(earliest, time.time()) if is_running else self.settings.start
        return State(now, self.settings.keep, self.settings.keep_bytes, is_running)

    def _begin(self, state: State, start: float | None = None) -> None:
        self.state, self._start = state, state.now if start is None else start
        self.run = token_hex(8)
        self._read_at = time.monotonic()
        self._wake_up()
        self._wake_waiters()
