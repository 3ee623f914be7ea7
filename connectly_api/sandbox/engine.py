"""What makes the sandbox's clock go: it takes from the agenda what is due, and sends what has to be sent."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import TaskGroup

from connectly_api.sandbox.delivery.attempts import Dispatch, Sending, concluded, dispatched, released
from connectly_api.sandbox.delivery.statuses import status_reached
from connectly_api.sandbox.delivery.webhook_sender import Courier
from connectly_api.sandbox.model.changes import ClockSet, Noted, Taken
from connectly_api.sandbox.model.records import Delivery
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.model.tasks import ReleaseDue, StatusDue, Task

__all__ = ["Clockwork"]

_TICK = 0.02
"""Seconds between two looks at a clock that runs."""

_AT_ONCE = 100
"""Webhooks under way at the same time, where the clock runs."""


class Clockwork:
    """Drives one sandbox."""

    def __init__(
        self,
        settings: Settings,
        state: Callable[[], State],
        courier: Courier,
        *,
        on_delivery: Callable[[Delivery], None] | None = None,
    ) -> None:
        """Take the parts.

        Args:
            settings: The sandbox's.
            state: Returns the state, which a reset replaces.
            courier: Sends webhooks.
            on_delivery: Called with each attempt, once its outcome is known.
        """
        self._settings = settings
        self._state = state
        self._courier = courier
        self._on_delivery = on_delivery

    async def run_until(self, time: float) -> None:
        """Do all that is due until a time (Unix seconds), one after the other, and let the clock be there then.

        With inf, it is done when nothing is left to do, and the clock is where the last thing was due.
        """
        async with self._courier.at_work():
            await self._work(time, self._carry)
        if time != math.inf:
            self._state().apply(ClockSet(time))

    async def follow(self, clock: Callable[[], float]) -> None:
        """Let the sandbox's clock follow another one, until cancelled; webhooks do not wait for each other.

        Args:
            clock: Returns Unix seconds.
        """
        limit = anyio.CapacityLimiter(_AT_ONCE)
        async with self._courier.at_work(), anyio.create_task_group() as group:
            while True:
                await self._work(clock(), self._carrying_in(group, limit))
                self._state().apply(ClockSet(clock()))
                await anyio.sleep(_TICK)

    async def _work(self, until: float, carry: Callable[[State, Sending], Awaitable[None]]) -> None:
        while (state := self._state()).next_due() <= until and state.agenda:
            _, _, task = state.agenda[0]
            state.apply(Taken())
            dispatch = self._performed(state, task)
            for change in dispatch.changes:
                state.apply(change)
                if isinstance(change, Noted) and isinstance(change.entry, Delivery):
                    self._tell(change.entry)
            for sending in dispatch.sendings:
                await carry(state, sending)

    def _performed(self, state: State, task: Task) -> Dispatch:
        match task:
            case StatusDue():
                return Dispatch(tuple(status_reached(self._settings, state, task)))
            case ReleaseDue():
                return released(self._settings, state, task)
            case _:
                return dispatched(self._settings, state, task)

    async def _carry(self, state: State, sending: Sending) -> None:
        outcome = await self._courier.deliver(sending)
        for change in concluded(self._settings, state, sending, outcome):
            state.apply(change)
            if isinstance(change, Noted) and isinstance(change.entry, Delivery):
                self._tell(change.entry)

    def _carrying_in(
        self, group: TaskGroup, limit: anyio.CapacityLimiter
    ) -> Callable[[State, Sending], Awaitable[None]]:
        async def carried(state: State, sending: Sending) -> None:
            async with limit:
                await self._carry(state, sending)

        async def carry(state: State, sending: Sending) -> None:
            group.start_soon(carried, state, sending)

        return carry

    def _tell(self, delivery: Delivery) -> None:
        if self._on_delivery is not None:
            self._on_delivery(delivery)
