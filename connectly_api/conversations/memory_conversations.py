"""Conversations in memory: for one process, and gone when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from threading import Lock
from typing import Final, TypeVar

from connectly_api.conversations.conversation_store import SightingStore, list_related_ids
from connectly_api.conversations.sightings import Load, Sighting, merge_sightings
from connectly_api.number_checks import check_count
from connectly_api.webhooks.stores.store import check_clock

T = TypeVar("T")


class MemoryConversations(SightingStore):
    """`Conversations` in memory, shared by the tasks and threads of one process; other processes do not see them.

    A phone number and a BSUID count as two ids, which take about 400 bytes each. Beyond `limit`, the id is forgotten
    whose last event came first.
    """

    def __init__(self, *, limit: int = 100_000, clock: Callable[[], float] = time.time) -> None:
        """Create an empty store.

        Args:
            limit: The maximum number of ids.
            clock: Returns the time in seconds since 1970.

        Raises:
            InvalidInputError: The limit is not a whole number of at least 1, or the clock is not a function.
        """
        check_count("limit", limit)
        check_clock(clock)
        self._clock = clock
        self._limit: Final = limit
        self._lock: Final = Lock()
        # By id and sender, in the order of each id's last event.
        self._sightings: Final[dict[str, dict[str, Sighting]]] = {}

    async def _add(self, sightings: Sequence[Sighting]) -> None:
        with self._lock:
            for new in sightings:
                of_id = self._sightings.pop(new.id, {})
                old = of_id.get(new.sender)
                of_id[new.sender] = new if old is None else merge_sightings(old, new)
                self._sightings[new.id] = of_id
            while len(self._sightings) > self._limit:
                del self._sightings[next(iter(self._sightings))]

    async def _look_up(self, look_up: Callable[[Load], T | None]) -> T | None:
        with self._lock:
            return look_up(self._load)

    async def _delete(self, ids: Collection[str]) -> None:
        with self._lock:
            related = list_related_ids(self._load, ids)
            for one in list(self._sightings):
                if one in related or any(sighting.partner in related for sighting in self._sightings[one].values()):
                    del self._sightings[one]

    def _load(self, ids: Collection[str]) -> Iterator[Sighting]:
        for one in ids:
            yield from self._sightings.get(one, {}).values()
