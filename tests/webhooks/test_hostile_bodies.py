"""Every documented body, changed at every path: nothing fails, `raw` stays whole, a lost field costs that field."""

from __future__ import annotations

import copy
import json
import pickle
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from connectly_api.recipients import to_recipient
from connectly_api.webhooks import Event, StatusTracker, WebhookError, parse
from connectly_api.webhooks.events import DeliveryStatus

from .documented_bodies import BODIES, Json, load_body

Path = tuple[str | int, ...]
Change = Callable[[Any, str | int], None]

WRONG: list[Any] = [
    None, True, False, 0, 1, -7, 10**30, 1e300, 0.5, [], [None], [[]], ["x", 5], {}, {"": None}, {"id": []},
    {"text": {"text": 5}}, [{"id": 1}],
]  # fmt: skip
STRINGS: list[str] = [
    "", " ", "x", "\0", "\ud800", "👋", "+", "+0", "0", "1" * 400, "NaN", "null", "true", "US.", "bsuid:US.1", "a.b",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "9" * 14, "1e5", "messages", "delivery_status", "report",
    "topic_unspecified", "delivery_failure", "x" * 5000, "\u2028", "٣",
]  # fmt: skip
NAMES = [
    *("topic", "message", "statusUpdate", "status_update", "report", "buttonResponse", "context", "metadata", "userId"),
    *("isEcho", "isButtonResponse", "attachments", "location", "referral", "callbackData", "listMessage", "reaction"),
    *("listResponse", "interactive", "isEdited", "emoji", "messageId"),
    *("sender", "recipient", "phoneNumber", "id", "error", "", "constructor", "__class__", "\ud800"),
]


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*path, name)
        yield from _paths(inner, (*path, name))


def _change(body: Json, path: Path, change: Change) -> Json:
    changed = copy.deepcopy(body)
    parent: Any = changed
    for name in path[:-1]:
        parent = parent[name]
    change(parent, path[-1])
    return changed


def _drop(parent: Any, name: str | int) -> None:
    del parent[name]


def _put(value: object) -> Change:
    def change(parent: Any, name: str | int) -> None:
        parent[name] = copy.deepcopy(value)

    return change


def _rename(to: Callable[[str], str]) -> Change:
    def change(parent: Any, name: str | int) -> None:
        if isinstance(name, str):
            parent[to(name)] = parent.pop(name)
        else:
            parent.insert(0, parent.pop(name))

    return change


def _add(name: str, value: object) -> Change:
    def change(parent: Any, _name: str | int) -> None:
        if isinstance(parent, dict):
            parent[name] = copy.deepcopy(value)
        else:
            parent.append(copy.deepcopy(value))

    return change


LOSSES: list[Change] = [_drop, *map(_put, WRONG)]
RENAMES = [
    _rename(lambda name: name + "x"),
    _rename(str.upper),
    _rename(lambda name: re.sub("([A-Z])", r"_\1", name).lower()),
    _rename(lambda name: re.sub("_([a-z])", lambda match: match[1].upper(), name)),
]
ADDITIONS = [_add(name, value) for name in NAMES for value in (None, "x", {"id": "x", "text": "y"}, [5])]
CHANGES: list[Change] = [*LOSSES, *map(_put, STRINGS), *RENAMES, *ADDITIONS]


def _check(body: Json) -> Event:
    """Read a body, and do with the event whatever a program does with one."""
    event = parse(json.dumps(body).encode())
    assert event.raw == body
    assert event.key == parse(json.dumps(body, ensure_ascii=True, indent=1).encode()).key
    assert isinstance(hash(event), int)
    assert repr(event).encode()
    assert event.timestamp is None or event.timestamp.utcoffset() is not None
    if event.customer.recipient is not None:
        assert to_recipient(event.customer.recipient) == event.customer.recipient
    if isinstance(event, DeliveryStatus):
        assert StatusTracker().advance(event)[1] is (event.status is not None)
    return event


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
def test_one_change_at_any_path_never_fails(name: str) -> None:
    body = load_body(name)
    events = [_check(_change(body, path, change)) for path in _paths(body) for change in CHANGES]
    assert len(events) > 1000
    assert pickle.loads(pickle.dumps(events[::50])) == events[::50]  # noqa: S301 (its own)


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
def test_several_changes_at_once_never_fail(name: str) -> None:
    dice = random.Random(f"seed-{name}")  # noqa: S311 (repeatable, not secret)
    for _ in range(1500):
        body = load_body(name)
        for _ in range(dice.randint(2, 6)):
            if paths := list(_paths(body)):
                body = _change(body, dice.choice(paths), dice.choice(CHANGES))
        _check(body)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_cut_or_spoilt_anywhere_raises_a_webhook_error_or_is_read(name: str) -> None:
    dice = random.Random(f"seed-{name}")  # noqa: S311 (repeatable, not secret)
    body = BODIES[name]
    spoilt = [body[:end] for end in range(len(body))]
    for _ in range(600):
        place = dice.randrange(len(body))
        spoilt.append(body[:place] + dice.randbytes(dice.randint(0, 2)) + body[place + dice.randint(0, 2) :])
    read = 0
    for piece in spoilt:
        try:
            event = parse(piece)
        except WebhookError:
            continue
        read += 1
        assert event.raw == json.loads(piece)
    assert 0 < read < len(spoilt)


def _losses() -> Iterator[Any]:
    for name in BODIES:
        for path in _paths(load_body(name)):
            # A part that is lost takes its fields along; here are the fields.
            if path[0] != "topic" and not isinstance(_at(load_body(name), path), (dict, list)):
                yield pytest.param(name, path, id=f"{name}-{'.'.join(map(str, path))}")


def _at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


@pytest.mark.parametrize(("name", "path"), list(_losses()))
def test_a_lost_field_costs_that_field_and_not_the_event(name: str, path: Path) -> None:
    body = load_body(name)
    whole = parse(BODIES[name])
    for change in [_drop, *map(_put, [None, [], {}, True, [[5]]])]:
        event = _check(_change(body, path, change))
        assert type(event) is type(whole)
        differing = [
            field.name
            for field in attrs.fields(type(whole))
            if field.name != "raw" and getattr(event, field.name) != getattr(whole, field.name)
        ]
        assert len(differing) <= 1


def test_the_cases_are_as_many_as_promised() -> None:
    single = sum(len(list(_paths(load_body(name)))) * len(CHANGES) for name in BODIES)
    assert single + 1500 * len(BODIES) >= 20_000
