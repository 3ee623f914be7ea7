"""The verbs of tests, and all verbs by name. Pure.

`Sandbox`, HTTP below `/__sandbox__/` and recorded runs use the same names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.delivery.payloads import build_report_event
from connectly_api.sandbox.delivery.statuses import schedule_webhooks
from connectly_api.sandbox.model.fault_rules import FaultRule, build_rule, normalize_operation
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.ids import build_registration_id, build_report_id
from connectly_api.sandbox.model.records import DeclaredTemplate, VerbCall
from connectly_api.sandbox.model.settings import MAX_SECONDS, MAX_TIME, Settings
from connectly_api.sandbox.model.state import Change, State
from connectly_api.sandbox.model.state_changes import (
    CustomerIdentified,
    EntryRecorded,
    InboundMessageCounted,
    RegistrationRemoved,
    RegistrationStored,
    RuleAdded,
    RulesCleared,
    TemplateStored,
    WindowSet,
)
from connectly_api.sandbox.model.template_texts import list_parameters
from connectly_api.sandbox.service.registration_rules import TOPICS, build_registration, check_creation
from connectly_api.sandbox.verbs.arguments import VerbArguments
from connectly_api.sandbox.verbs.customer_verbs import (
    CUSTOMER_VERBS,
    Verb,
    choose_senders,
    get_new_window_end,
    read_customer,
)


def build_verb_changes(
    settings: Settings, state: State, name: str, arguments: Mapping[str, Any], names: Mapping[str, Collection[str]]
) -> tuple[Change, ...]:
    """Return the changes of a verb; the first is its entry in the timeline.

    `names` are the service's own, of operations and of topics.

    Raises:
        InvalidInputError: There is no such verb, or an argument is invalid.
    """
    verb = VERBS.get(name)
    if verb is None:
        raise InvalidInputError(f"there is no verb {name!r}; there are {', '.join(sorted(VERBS))}", field="verb")
    given = VerbArguments(arguments, names)
    changes = tuple(verb(settings, state, given))
    given.check_unknown()
    message_id = next((change.id for change in changes if isinstance(change, InboundMessageCounted)), None)
    return (record_verb(state, name, arguments, message_id), *changes)


def record_verb(state: State, name: str, arguments: Mapping[str, Any], message_id: str | None = None) -> Change:
    """Return the timeline's entry of a verb with valid arguments."""
    given = {key: value for key, value in arguments.items() if value is not None}
    customer = Identity()
    if name == "customer":
        customer = VerbArguments(given).get_identity()
    elif "customer" in given:
        customer = VerbArguments(given).get_customer()
    return EntryRecorded(VerbCall(name=name, arguments=json.dumps(given), at=state.now, id=message_id), customer)


def read_seconds(name: str, arguments: Mapping[str, Any]) -> float:
    """Return by how many seconds `advance` moves the clock; inf for `settle`.

    Raises:
        InvalidInputError: An argument is invalid.
    """
    given, seconds = VerbArguments(arguments), math.inf
    if name == "advance":
        units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
        seconds = sum(given.get_number(unit, 0) * size for unit, size in units.items())
        if not 0 <= seconds <= MAX_SECONDS:
            raise InvalidInputError("seconds: time goes forward, and not by more than thirty years", field="seconds")
    given.check_unknown()
    return seconds


def _identify_customer(_settings: Settings, _state: State, arguments: VerbArguments) -> Iterator[Change]:
    yield CustomerIdentified(arguments.get_identity(), arguments.get_optional_text("name"))


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
    given["what"] = arguments.get_text("what")
    arguments.check_name("operation", normalize_operation)
    arguments.check_name("topic")
    yield RuleAdded(build_rule({name: value for name, value in given.items() if value is not None}))


def _clear_faults(_settings: Settings, _state: State, _arguments: VerbArguments) -> Iterator[Change]:
    yield RulesCleared()


def _finish_report(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    if state.now > MAX_TIME:
        raise InvalidInputError("report_ready: the clock is past the year 9999, where times have no date", field="now")
    name = arguments.get_optional_text("name") or "Daily Campaign Report"
    url = arguments.get_optional_text("url") or "https://reports.example.com/report"
    report_id = build_report_id(settings.seed, state.event_count + 1)
    yield from schedule_webhooks(state, build_report_event(report_id, state.now, name, url))


def _register(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    """Register an address for a topic, in the place of earlier ones: a bot that starts again may have another port."""
    topic = arguments.get_text("topic")
    if topic not in TOPICS:
        raise InvalidInputError(f"topic: must be one of {', '.join(TOPICS)}", field="topic")
    body = {"topic": topic, "address": arguments.get_text("address")}
    if (problem := next(check_creation(body), None)) is not None:
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
    "clear_faults": _clear_faults,
    "register": _register,
    "report_ready": _finish_report,
    "close_window": _close_window,
    "open_window": _open_window,
}

CLOCK_VERBS: Final = frozenset({"advance", "settle"})
"""Verbs that only move the clock."""

SETUP_VERBS: Final = frozenset({
    *("customer", "template", "register", "fault", "clear_faults", "close_window", "open_window"),
})  # fmt: skip
"""Verbs after which nothing is due."""
