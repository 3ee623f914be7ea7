"""A sandbox's state as readable JSON, and back. Pure.

Every value is written and read by its class and type hints, so a new field or record needs no code here. A record that
may be one of several has its class's name. A mapping whose keys are not strings is an array of pairs, bytes are text or
Base64, and a message that the state keeps is written once and elsewhere only its id.
"""

from __future__ import annotations

import base64
import heapq
import json
import math
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from itertools import count
from types import NoneType, UnionType
from typing import Any, Final, Literal, cast, get_args, get_origin, get_type_hints

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_array, is_object
from connectly_api.number_checks import is_number
from connectly_api.sandbox.model.bounded_collections import BoundedMap, BoundedQueue, measure
from connectly_api.sandbox.model.customer_registry import CustomerRegistry
from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    Delivery,
    ReceivedRequest,
    Registration,
    TimelineEntry,
    VerbCall,
)
from connectly_api.sandbox.model.settings import MAX_TIME, Settings
from connectly_api.sandbox.model.state import Event, State, StatusDue, Task

_FORMAT: Final = "connectly-sandbox-state"
_VERSION: Final = 1

_TAGGED: Final[frozenset[object]] = frozenset({*get_args(Task), *get_args(TimelineEntry)})

_LEFT_OUT: Final = frozenset({"keep", "keep_bytes", "due_bytes", "send_times", "requests", "deliveries"})
"""Fields of the state that are a setting, of the last second only, or follow from others."""

_STATUSES: Final = frozenset({"sent", "delivered", "read", "delivery_failed"})

_JSON: Final[Mapping[type[object], str]] = {
    VerbCall: "_arguments",
    AcceptedMessage: "_body",
    Registration: "_configuration",
    Delivery: "content",
    Event: "content",
}
"""Fields whose texts are JSON objects."""

_PLAIN: Final = frozenset({str, int, bool, NoneType})
_SCALARS: Final = _PLAIN | {float}

_INFINITE: Final = {"inf": math.inf, "-inf": -math.inf}


class _MismatchError(Exception):
    """A value does not fit its type; the text says where."""


def build_snapshot(state: State, start: float, tasks: Iterable[Task] = ()) -> str:
    """Return the text of a file with the state of a run whose clock began at `start`.

    `tasks` were taken off the schedule, and are not finished: in the file, they are due.
    """
    messages = {id(message) for message in state.messages.values()}

    def write(value: Any, *, is_kept: bool = False) -> object:  # noqa: ANN401  (any type)
        if type(value) in _PLAIN:
            return value
        if id(value) in messages and not is_kept:
            return value.id
        kind = cast("Any", type(value))
        if attrs.has(kind):
            written = {name: write(getattr(value, field)) for name, field in _list_names(kind)}
            return {"class": kind.__name__, **written} if kind in _TAGGED else written
        if isinstance(value, Mapping):
            items = cast("Mapping[object, object]", value).items()
            pairs = [(key, write(given, is_kept=is_kept)) for key, given in items]
            return dict(pairs) if all(isinstance(key, str) for key, _ in pairs) else pairs
        if isinstance(value, (tuple, list, deque, set)):
            return [write(given) for given in cast("tuple[object, ...]", value)]
        return _write_scalar(value)

    head = {"format": _FORMAT, "version": _VERSION, "start": start}
    names = [field.name for field in attrs.fields(State) if field.name not in _LEFT_OUT]
    first = min((number for _, number, _ in state.schedule), default=0)
    due = [(state.now, number, task) for number, task in zip(count(min(first, 0) - 1, -1), tasks)]
    values = {name: getattr(state, name) for name in names} | {"schedule": [*state.schedule, *due]}
    fields = [f'"{name}": {_format(write(value, is_kept=name == "messages"))}' for name, value in values.items()]
    return f'{json.dumps(head)[:-1]}, "state": {{\n' + ",\n".join(fields) + "\n}}\n"


def parse_snapshot(text: str, settings: Settings) -> tuple[State, float]:
    """Return the state in a file, of which as much as the settings say is kept, and when its clock began.

    Raises:
        InvalidInputError: It is no such file, of another version, or damaged.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        document = None
    if not is_object(document) or document.get("format") != _FORMAT:
        raise InvalidInputError("state: the file is damaged, or is not a sandbox's state", field="state")
    if document.get("version") != _VERSION:
        found = document.get("version")
        raise InvalidInputError(f"state: the file has version {found!r}, and only {_VERSION} is known", field="state")
    try:
        start = _read(document.get("start"), float, {})
        given = _read(document.get("state"), dict[str, Any], {})
        messages = _read(given.pop("messages", None), dict[str, AcceptedMessage], {})
        state = _read({**given, "keep": settings.keep, "keep_bytes": settings.keep_bytes}, State, messages)
        _check(state)
    except (_MismatchError, RecursionError) as error:
        raise InvalidInputError(f"state: the file is damaged: {error}", field="state") from None
    for message in messages.values():
        for forgotten in state.messages.keep(message.id, message):
            state.statuses.pop(forgotten, None)
    records = [entry.record for entry in state.timeline]
    state.requests.extend(record for record in records if isinstance(record, ReceivedRequest))
    state.deliveries.extend(record for record in records if isinstance(record, Delivery))
    heapq.heapify(state.schedule)
    state.due_bytes = sum(measure(task) for _, _, task in state.schedule)
    read, state.customers = state.customers, CustomerRegistry(settings.keep, state.customers.count)
    for record in read.list_latest_last():
        state.customers.store(record)
    return state, start


def _check(state: State) -> None:
    """Check what the parts of a state say about each other, for somebody may have edited the file.

    Raises:
        _MismatchError: They contradict each other.
    """
    numbers = [number for _, number, _ in state.schedule]
    due = (task.status for _, _, task in state.schedule if isinstance(task, StatusDue))
    rules = [*state.rules, *state.used_rules]
    customers = [record.number for record in state.customers.list_latest_last()]
    problems = {
        "now is no time": not 0 <= state.now <= MAX_TIME or not 0 < state.speed < math.inf,
        "a status is unknown": not _STATUSES.issuperset((*state.statuses.values(), *due)),
        "the schedule has a number twice": len(set(numbers)) < len(numbers)
        or max(numbers, default=0) > state.task_count,
        "the rules do not fit their matches": set(rules) != set(state.rule_matches) or len(set(rules)) < len(rules),
        "the customers are not numbered": len(set(customers)) < len(customers)
        or not all(0 < number <= state.customers.count for number in customers),
        "the timeline has a gap": any(
            entry.number != number for number, entry in enumerate(state.timeline, state.first_entry)
        ),
    }
    for problem in (problem for problem, is_found in problems.items() if is_found):
        raise _MismatchError(problem)


@cache
def _list_names(kind: Any) -> list[tuple[str, str]]:  # noqa: ANN401  (a class of records)
    """Return the names of fields in the file and in the class."""
    return [(field.name.lstrip("_"), field.name) for field in attrs.fields(kind)]


@cache
def _get_hints(kind: Any) -> Mapping[str, Any]:  # noqa: ANN401  (a class of records)
    return get_type_hints(kind)


def _format(value: object) -> str:
    """Return JSON with a line for each item."""
    if is_object(value):
        return "{\n" + ",\n".join(f" {json.dumps(name)}: {json.dumps(one)}" for name, one in value.items()) + "\n}"
    if is_array(value):
        return "[\n" + ",\n".join(f" {json.dumps(one)}" for one in value) + "\n]"
    return json.dumps(value)


def _refuse_constant(_name: str) -> None:
    raise ValueError  # NaN is no time.


def _write_scalar(value: object) -> object:
    if not isinstance(value, bytes):
        return str(value) if value in _INFINITE.values() else value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _read(value: Any, hint: Any, messages: Mapping[str, AcceptedMessage]) -> Any:  # noqa: ANN401  (any type)
    """Return a value of a type from its JSON.

    Raises:
        _MismatchError: It is something else.
    """
    if type(value) is hint and hint in _SCALARS:
        return value
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind is UnionType:
        return _read_union(value, parts, messages)
    if attrs.has(kind):
        return _read_record(value, kind, messages)
    if is_object(value) or is_array(value):
        parts = (str, *parts) if kind is BoundedMap else parts
        return _read_container(value, kind, parts, messages)
    return value if hint is Any or (kind is Literal and value in parts) else _read_special(value, kind)


def _read_container(value: Any, kind: Any, parts: tuple[Any, ...], messages: Mapping[str, AcceptedMessage]) -> Any:  # noqa: ANN401
    if kind in {dict, OrderedDict, BoundedMap, Mapping}:
        items = list(value.items()) if is_object(value) else [_read(pair, tuple[Any, Any], {}) for pair in value]
        pairs = [(_read(key, parts[0], messages), _read(one, parts[1], messages)) for key, one in items]
        return OrderedDict(pairs) if kind is OrderedDict else dict(pairs)
    if is_array(value) and (kind in {list, BoundedQueue} or parts[1:] == (...,)):
        return (tuple if kind is tuple else list)(_read(one, parts[0], messages) for one in value)
    if is_array(value) and kind is tuple and len(value) == len(parts):
        return tuple(_read(one, part, messages) for one, part in zip(value, parts, strict=True))
    if kind is Any:
        return value
    return _read_special(value, kind)


def _read_union(value: Any, parts: tuple[Any, ...], messages: Mapping[str, AcceptedMessage]) -> Any:  # noqa: ANN401
    tag = value.get("class") if is_object(value) else None
    for part in parts:
        with suppress(_MismatchError):
            if tag is not None and tag != part.__name__:
                continue
            return _read(value, part, messages)
    raise _MismatchError("a value is none of those that are possible")


def _read_record(value: Any, kind: Any, messages: Mapping[str, AcceptedMessage]) -> Any:  # noqa: ANN401
    if kind is AcceptedMessage and isinstance(value, str) and value in messages:
        return messages[value]
    if not is_object(value):
        return _read_special(value, kind)
    given = {name: one for name, one in value.items() if name != "class"}
    if value.get("class", kind.__name__) != kind.__name__:
        raise _MismatchError(f"a record is no {kind.__name__}")
    hints, arguments, later = _get_hints(kind), dict[str, Any](), dict[str, Any]()
    for field in attrs.fields(kind):
        name = field.name.lstrip("_")
        if name in given:
            try:
                (arguments if field.init else later)[name if field.init else field.name] = _read(
                    given.pop(name), hints[field.name], messages
                )
            except _MismatchError as error:
                raise _MismatchError(f"{name}: {error}") from None
    if given:
        raise _MismatchError(f"{kind.__name__} has no {', '.join(given)}")
    try:
        record = kind(**arguments)
        _check_json(record)
    except (TypeError, ValueError, InvalidInputError) as error:
        raise _MismatchError(str(error)) from None
    for name, one in later.items():
        _fill(record, name, one)
    return record


def _check_json(record: object) -> None:
    """Check what is read as JSON only when somebody asks for it.

    Raises:
        ValueError: It is no JSON object.
    """
    name = _JSON.get(type(record))
    if name is not None:
        content: str | bytes = getattr(record, name)
        if not is_object(json.loads(content if isinstance(content, str) else content.decode())):
            raise ValueError(f"{name.lstrip('_')} must be a JSON object")


def _fill(record: object, name: str, value: Any) -> None:  # noqa: ANN401  (the field's own type)
    current: Any = getattr(record, name)
    if isinstance(getattr(record, name), BoundedQueue):
        current.extend(value)
    elif isinstance(getattr(record, name), BoundedMap):
        for key, item in value.items():
            current.keep(key, item)
    else:
        setattr(record, name, value)


def _read_special(value: object, kind: object) -> object:
    """Read bytes, and a number that JSON lacks or writes as an integer."""
    if kind is bytes:
        with suppress(ValueError):
            if isinstance(value, str):
                return value.encode()
            if is_object(value):
                return base64.b64decode(str(value.get("base64")), validate=True)
    if kind is float and (str(value) in _INFINITE or is_number(value)):
        return _INFINITE.get(str(value), value)
    raise _MismatchError(f"must be {getattr(kind, '__name__', kind)}")
