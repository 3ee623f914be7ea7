"""The documents of the state, of a page of the timeline, and of an update of the event stream. Pure.

All of them have the same shapes, so that a client needs one way to take in what it reads and what it is sent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import attrs

from connectly_api.sandbox.engine import Engine
from connectly_api.sandbox.model.documents import (
    encode_numbered,
    serialize_customer,
    serialize_rule,
    serialize_template,
)
from connectly_api.sandbox.model.records import NumberedEntry
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.recording import is_public_setting

VERSION: Final = 1
"""The version of the control interface. It grows when a program that was written for it may no longer work."""

MAX_ENTRIES: Final = 1000
"""The maximum of entries in a page."""

_MAX_UPDATE_ENTRIES: Final = 500
_MAX_CHARACTERS: Final = 4 * 1024 * 1024
"""A page or an update ends before it gets longer, unless a single entry is."""


@attrs.frozen
class Place:
    """A place in a timeline: a run, and the number of the last entry that is known of it."""

    run: str
    entry: int

    def __str__(self) -> str:
        """Return the id of an event, as a client sends it back in `Last-Event-ID`."""
        return f"{self.run}:{self.entry}"


def get_place(engine: Engine) -> Place:
    """Return the end of the timeline."""
    return Place(engine.run, engine.state.entry_count)


def is_lost(engine: Engine, place: Place) -> bool:
    """Return whether entries after a place are no longer kept, or the place is of another run."""
    return place.run != engine.run or not engine.state.first_entry - 1 <= place.entry <= engine.state.entry_count


def build_state(engine: Engine) -> dict[str, Any]:
    """Return everything that a sandbox knows, except its timeline."""
    state = engine.state
    return {
        "version": VERSION,
        "run": engine.run,
        **build_summary(engine),
        "firstEntry": state.first_entry,
        "settings": attrs.asdict(engine.settings, filter=is_public_setting),
        "senders": engine.settings.senders,
        "customers": list(map(serialize_customer, state.customers)),
        **build_declarations(state),
    }


def build_summary(engine: Engine) -> dict[str, Any]:
    """Return the end of the timeline, the clock, what is due, and the counts."""
    state = engine.state
    return {
        "entry": state.entry_count,
        "clock": engine.clock,
        "due": {"count": len(state.schedule), "next": None if state.next_due == math.inf else state.next_due},
        "counts": {
            "received": state.request_count,
            "accepted": state.message_count,
            "messages": len(state.messages),
            "requests": len(state.requests),
            "deliveries": len(state.deliveries),
        },
    }


def build_declarations(state: State) -> dict[str, list[dict[str, Any]]]:
    """Return the registrations, templates and rules, used-up ones included."""
    rules = sorted({**state.used_rules, **state.rules}.items())
    return {
        "registrations": [registration.to_dict() for registration in state.registrations.values()],
        "templates": list(map(serialize_template, state.templates.values())),
        "rules": [serialize_rule(number, rule, state.rule_matches[number]) for number, rule in rules],
    }


def encode_page(engine: Engine, after: int | None, before: int | None, limit: int, customer: int | None) -> str:
    """Return a page of the timeline, in ascending order.

    Args:
        engine: The engine.
        after: Only entries after this one.
        before: Only entries before this one; without `after`, the latest of them instead of the first.
        limit: The maximum of entries.
        customer: Only entries about the customer with this number.
    """
    state, is_backward = engine.state, before is not None and after is None
    end = state.entry_count + 1
    low, high = after or 0, end if before is None else max(before, 1)
    texts, has_more = _encode_entries(state, _find_entries(state, low, high, customer, is_backward=is_backward), limit)
    first, last = min(texts, default=high if is_backward else low + 1), max(texts, default=high - 1)
    has_earlier = has_more if is_backward else any(_find_entries(state, 0, first, customer))
    has_later = any(_find_entries(state, last, end, customer)) if is_backward else has_more
    head = {
        "run": engine.run,
        "now": state.now,
        "entries": state.entry_count,
        "first": state.first_entry,
        "last": state.entry_count,
        "next": last if has_later else None,
        "previous": first if has_earlier else None,
    }
    return _join(head, texts.values())


@attrs.define
class UpdateBuilder:
    """Builds the updates of one event stream, which knows the timeline up to a place."""

    engine: Engine
    place: Place
    _sent: dict[str, Any] = attrs.field(init=False, factory=dict[str, Any])
    _summary: dict[str, Any] | None = attrs.field(init=False, default=None)

    @property
    def is_behind(self) -> bool:
        """Whether there are entries after the place."""
        return self.place != get_place(self.engine)

    def skip(self) -> str:
        """Move to the end of the timeline, and return the data of a `gap`."""
        self.place = get_place(self.engine)
        self._sent, self._summary = {}, None
        return json.dumps(attrs.asdict(self.place))

    def build(self) -> str | None:
        """Move on by as many entries as one update holds, and return its data; None if nothing has changed."""
        engine, state, low = self.engine, self.engine.state, self.place.entry
        found = list(islice(_find_entries(state, low, state.entry_count + 1), _MAX_UPDATE_ENTRIES))
        texts, _ = _encode_entries(state, found, _MAX_UPDATE_ENTRIES)
        self.place = Place(engine.run, low + len(texts))
        summary = {**build_summary(engine), "entry": self.place.entry}
        declarations = {
            name: value for name, value in build_declarations(state).items() if value != self._sent.get(name)
        }
        if not declarations and summary == self._summary:
            return None
        self._summary = summary
        self._sent |= declarations
        customers = {
            entry.customer: state.customers.get(entry.customer) for entry in found[: len(texts)] if entry.customer
        }
        touched = {record.number: serialize_customer(record) for record in customers.values() if record is not None}
        return _join(
            {"run": engine.run, **summary, **declarations, "customers": list(touched.values())}, texts.values()
        )


def _find_entries(
    state: State, low: int, high: int, customer: int | None = None, *, is_backward: bool = False
) -> Iterator[NumberedEntry]:
    """Yield the kept entries between two numbers, both exclusive; of one customer, if a number is given."""
    start, stop = max(low + 1, state.first_entry), min(high, state.entry_count + 1)
    count = max(0, stop - start)
    skipped, entries = start - state.first_entry, iter(state.timeline)
    if is_backward:
        skipped, entries = state.entry_count + 1 - stop, reversed(state.timeline)
    found = islice(entries, skipped, skipped + count)
    resolve = state.customers.resolve
    return found if customer is None else (one for one in found if resolve(one.customer) == resolve(customer))


def _encode_entries(state: State, entries: Iterable[NumberedEntry], limit: int) -> tuple[dict[int, str], bool]:
    """Return the texts of the first entries by number, as many as fit, and whether there are more."""
    texts: dict[int, str] = {}
    size = 0
    for entry in entries:
        text = encode_numbered(entry, state.customers) if len(texts) < limit else ""
        size += len(text)
        if not text or (texts and size > _MAX_CHARACTERS):
            return dict(sorted(texts.items())), True
        texts[entry.number] = text
    return dict(sorted(texts.items())), False


def _join(head: dict[str, Any], texts: Iterable[str]) -> str:
    return f'{json.dumps(head)[:-1]}, "timeline": [{", ".join(texts)}]}}'
