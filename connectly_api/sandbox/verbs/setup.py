"""The verbs of tests, and all verbs by name. Pure.

`Sandbox`, HTTP below `/__sandbox__/` and recorded runs use the same names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.delivery.payloads import build_report_event
from connectly_api.sandbox.delivery.statuses import schedule_webhooks
from connectly_api.sandbox.model.fault_rules import FaultRule, build_rule, normalize_operation
from connectly_api.sandbox.model.identity import Identity, parse_customer
from connectly_api.sandbox.model.ids import build_registration_id, build_report_id
from connectly_api.sandbox.model.records import DeclaredTemplate, Delivery, VerbCall
from connectly_api.sandbox.model.settings import MAX_SECONDS, MAX_TIME, Settings
from connectly_api.sandbox.model.state import Change, Event, State, WebhookDue
from connectly_api.sandbox.model.state_changes import (
    ClockChanged,
    CustomerIdentified,
    EntryRecorded,
    InboundMessageCounted,
    RegistrationRemoved,
    RegistrationStored,
    RetryDropped,
    RuleAdded,
    RuleRemoved,
    RulesCleared,
    TaskScheduled,
    TemplateStored,
    WindowSet,
    find_excess,
)
from connectly_api.sandbox.model.template_texts import list_parameters
from connectly_api.sandbox.service.registration_rules import build_registration, check_creation
from connectly_api.sandbox.spec.protojson import encode_compact
from connectly_api.sandbox.verbs.arguments import VerbArguments
from connectly_api.sandbox.verbs.customer_verbs import (
    CUSTOMER_VERBS,
    Verb,
    choose_senders,
    get_new_window_end,
    read_customer,
)
from connectly_api.sandbox.verbs.declarations import DECLARATIONS

_MAX_SPEED: Final = 86_400


def build_verb_changes(
    settings: Settings, state: State, name: str, arguments: Mapping[str, Any], names: Mapping[str, Collection[str]]
) -> tuple[Change, ...]:
    """Return the changes of a verb, and its entry in the timeline: first, as the cause of what follows.

    `names` are the service's own, of operations and of topics.

    Raises:
        InvalidInputError: There is no such verb, or an argument is invalid.
    """
    verb = VERBS.get(name)
    if verb is None:
        raise InvalidInputError(f"there is no verb {name!r}; there are {', '.join(sorted(VERBS))}", field="verb")
    changes = tuple(verb(settings, state, VerbArguments(DECLARATIONS[name], arguments, names)))
    if state.is_full and name not in SETUP_VERBS:
        raise InvalidInputError("too much is due that has not happened yet: move the clock", field="verb")
    if (problem := find_excess(state, changes)) is not None:
        raise InvalidInputError(problem, field=problem.partition(":")[0])
    entry = record_verb(state, name, arguments, find_message_id(changes))
    # Whoever is declared may get a number that another customer gave up, so the entry comes last.
    return (*changes, entry) if name == "customer" else (entry, *changes)


def find_message_id(changes: Iterable[Change]) -> str | None:
    """Return the id of the customer's message among the changes of a verb, or None."""
    return next((change.id for change in changes if isinstance(change, InboundMessageCounted)), None)


def record_verb(state: State, name: str, arguments: Mapping[str, Any], message_id: str | None = None) -> Change:
    """Return the timeline's entry of a verb with valid arguments."""
    given = {key: value for key, value in arguments.items() if value is not None}
    customer = Identity()
    if name == "customer":
        customer = Identity(given.get("phone"), given.get("bsuid"))
    elif "customer" in given:
        customer = parse_customer("customer", given["customer"])
    return EntryRecorded(VerbCall(name=name, arguments=json.dumps(given), at=state.now, id=message_id), customer)


def read_seconds(name: str, arguments: Mapping[str, Any]) -> float:
    """Return by how many seconds `advance` moves the clock; inf for `settle`.

    Raises:
        InvalidInputError: An argument is invalid.
    """
    given, seconds = VerbArguments(DECLARATIONS[name], arguments), math.inf
    if name == "advance":
        units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
        seconds = sum(given.get_number(unit) * size for unit, size in units.items())
        if not 0 <= seconds <= MAX_SECONDS:
            raise InvalidInputError("seconds: time goes forward, and not by more than thirty years", field="seconds")
    return seconds


def _identify_customer(_settings: Settings, _state: State, arguments: VerbArguments) -> Iterator[Change]:
    yield CustomerIdentified(arguments.get_identity(), arguments.get_optional_name("name"))


def _declare_template(_settings: Settings, _state: State, arguments: VerbArguments) -> Iterator[Change]:
    status: Any = arguments.get_optional_text("status") or "approved"
    language = arguments.get_optional_text("language") or "en"
    name, buttons = arguments.get_text("name"), arguments.get_text_list("buttons")
    header, text, footer = map(arguments.get_optional_text, ("header", "text", "footer"))
    parameters = arguments.get_text_list("parameters")
    if arguments.get("parameters") is None:
        parameters = list_parameters(header, text)
    yield TemplateStored(DeclaredTemplate(name, language, parameters, status, header, text, footer, buttons))


def _add_fault(_settings: Settings, _state: State, arguments: VerbArguments) -> Iterator[Change]:
    given = {field.name: arguments.get(field.name) for field in attrs.fields(FaultRule)}
    arguments.check_name("operation", normalize_operation)
    arguments.check_name("topic")
    yield RuleAdded(build_rule({name: value for name, value in given.items() if value is not None}))


def _remove_fault(_settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    number: int = arguments.get("number")
    if number not in state.rule_matches:
        raise InvalidInputError("number: there is no rule of that number", field="number")
    yield RuleRemoved(number)


def _clear_faults(_settings: Settings, _state: State, _arguments: VerbArguments) -> Iterator[Change]:
    yield RulesCleared()


def _set_clock(_settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    is_running = arguments.get_flag("running", default=state.is_running)
    speed = arguments.get_number("speed", state.speed)
    if not 0 < speed <= _MAX_SPEED:
        raise InvalidInputError("speed: must be above 0, and at most 86,400: a day in a second", field="speed")
    yield ClockChanged(is_running, speed)


def _finish_report(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    if state.now > MAX_TIME:
        raise InvalidInputError("report_ready: the clock is past the year 9999, where times have no date", field="now")
    name = arguments.get_optional_name("name") or "Daily Campaign Report"
    url = arguments.get_url("url", "https://reports.example.com/report")
    report_id = build_report_id(settings.seed, state.event_count + 1)
    yield from schedule_webhooks(state, build_report_event(report_id, state.now, name, url))


def _redeliver(_settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    """Deliver an event once more, in the place of a retry that is still due."""
    index = arguments.get("entry") - state.first_entry
    entry = state.timeline[index] if 0 <= index < len(state.timeline) else None
    if entry is None or not isinstance(entry.record, Delivery):
        raise InvalidInputError("entry: is not the number of a delivery that is kept", field="entry")
    delivery, record = entry.record, None if entry.customer is None else state.customers.get(entry.customer)
    if delivery.registration_id not in state.registrations:
        raise InvalidInputError("entry: its registration was deleted", field="entry")
    event = Event(
        topic=delivery.topic,
        customer=Identity() if record is None else record.identity,
        content=delivery.content,
        message_id=entry.message_id,
    )
    attempts = [delivery.attempt, *(one.attempt for one in state.deliveries if one.number == delivery.number)]
    task = WebhookDue(delivery.number, delivery.registration_id, event, max(attempts) + 1, skip_faults=True)
    yield RetryDropped(delivery.number)
    yield TaskScheduled(state.now, attrs.evolve(task, cause=entry.cause))


def _send_event(_settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    topic, content = arguments.get_text("topic"), encode_compact(arguments.get_object("body"))
    registrations = [one for one in state.registrations.values() if one.topic == topic]
    if not registrations:
        raise InvalidInputError("topic: no webhook is registered for it", field="topic")
    for registration in registrations:
        yield TaskScheduled(state.now, WebhookDue(0, registration.id, Event(topic, Identity(), content)))


def _register(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    """Register an address for a topic, in the place of earlier ones: a bot that starts again may have another port."""
    topic = arguments.get_text("topic")
    body = {"topic": topic, "address": arguments.get_text("address")}
    if (problem := next(check_creation(body, settings), None)) is not None:
        raise InvalidInputError(str(problem), field=problem.field)
    new_id = build_registration_id(settings.seed, state.registration_count + 1, state.now)
    yield from (RegistrationRemoved(one.id) for one in state.registrations.values() if one.topic == topic)
    yield RegistrationStored(build_registration(new_id, body), new=True)


def _close_window(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    return _set_window(settings, state, arguments, -math.inf)


def _open_window(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    return _set_window(settings, state, arguments, get_new_window_end(settings, state.now))


def _set_window(settings: Settings, state: State, arguments: VerbArguments, until: float) -> Iterator[Change]:
    customer = read_customer(state, arguments)
    for number in choose_senders(settings, arguments.get("sender")):
        yield WindowSet(number, customer.ids, until)


VERBS: Final[Mapping[str, Verb]] = {
    **CUSTOMER_VERBS,
    "customer": _identify_customer,
    "template": _declare_template,
    "fault": _add_fault,
    "remove_fault": _remove_fault,
    "clear_faults": _clear_faults,
    "clock": _set_clock,
    "register": _register,
    "report_ready": _finish_report,
    "redeliver": _redeliver,
    "event": _send_event,
    "close_window": _close_window,
    "open_window": _open_window,
}

CLOCK_VERBS: Final = frozenset({"advance", "settle"})
"""Verbs that only move the clock."""

SETUP_VERBS: Final = frozenset({
    *("customer", "template", "register", "fault", "remove_fault", "clear_faults", "clock"),
    *("close_window", "open_window"),
})  # fmt: skip
"""Verbs after which nothing is due."""
