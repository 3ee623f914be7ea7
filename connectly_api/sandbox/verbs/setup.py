"""What others than the client do: the customers' verbs, and what a test sets up. Pure functions from words to changes.

Each verb is known by its name to `Sandbox`, to HTTP below `/__sandbox__/`, and to recorded runs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.delivery.payloads import build_report_event
from connectly_api.sandbox.delivery.statuses import mark_read, schedule_webhooks
from connectly_api.sandbox.model.fault_rules import FaultRule, build_rule
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.ids import build_next_bsuid, build_report_id
from connectly_api.sandbox.model.records import DeclaredTemplate, VerbCall
from connectly_api.sandbox.model.settings import MAX_TIME, Settings
from connectly_api.sandbox.model.state import Change, State
from connectly_api.sandbox.model.state_changes import (
    CustomerIdentified,
    CustomerPhoneChanged,
    EntryRecorded,
    OptOutChanged,
    RuleAdded,
    RulesCleared,
    TemplateStored,
    WindowSet,
)
from connectly_api.sandbox.verbs.arguments import VerbArguments
from connectly_api.sandbox.verbs.customer_verbs import CUSTOMER_VERBS, complete_identity
from connectly_api.sandbox.verbs.windows import choose_senders, get_new_window_end

__all__ = ["SETUP_VERBS", "VERBS", "record_verb", "run_verb"]

Verb = Callable[[Settings, State, VerbArguments], Iterable[Change]]


def run_verb(settings: Settings, state: State, name: str, arguments: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what a verb changes, its own record first.

    Raises:
        InvalidInputError: There is no such verb, or it cannot be done with these arguments.
    """
    deed = VERBS.get(name)
    if deed is None:
        raise InvalidInputError(f"there is no verb {name!r}; there are {', '.join(sorted(VERBS))}", field="verb")
    asked = VerbArguments(arguments)
    changes = tuple(deed(settings, state, asked))
    asked.end()
    return (record_verb(state, name, arguments), *changes)


def record_verb(state: State, name: str, arguments: Mapping[str, Any]) -> Change:
    """Return the record of a verb."""
    given = {key: value for key, value in arguments.items() if value is not None}
    return EntryRecorded(VerbCall(name=name, arguments=json.dumps(given), at=state.now))


def _customer(_settings: Settings, _state: State, asked: VerbArguments) -> Iterator[Change]:
    yield CustomerIdentified(asked.identity("phone", "bsuid"), asked.optional_text("name"))


def _reads(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    customer, message_id = asked.customer(), asked.optional_text("message")
    messages = list(state.find_messages(customer, message_id))
    if message_id is not None and not messages:
        raise InvalidInputError("message: no message of that id went to this customer", field="message")
    for message in reversed(messages):
        yield from mark_read(settings, state, message)


def _opts_out(_settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    yield OptOutChanged(complete_identity(state, asked.customer()).ids)


def _opts_in(_settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    yield OptOutChanged(complete_identity(state, asked.customer()).ids, is_out=False)


def _changes_phone(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    old = complete_identity(state, asked.customer())
    new = asked.identity("phone", "bsuid")
    if new.bsuid is None and old.bsuid is not None:
        new = attrs.evolve(new, bsuid=build_next_bsuid(settings.seed, old.bsuid, new.phone))
    yield CustomerPhoneChanged(old, new)


def _template(_settings: Settings, _state: State, asked: VerbArguments) -> Iterator[Change]:
    status: Any = asked.optional_text("status") or "approved"
    language = asked.optional_text("language") or "en"
    yield TemplateStored(DeclaredTemplate(asked.text("name"), language, asked.texts("parameters"), status))


def _fault(_settings: Settings, _state: State, asked: VerbArguments) -> Iterator[Change]:
    given = {field.name: asked.value(field.name) for field in attrs.fields(FaultRule)}
    given["what"] = asked.text("what")
    yield RuleAdded(build_rule({name: value for name, value in given.items() if value is not None}))


def _clear_faults(_settings: Settings, _state: State, _asked: VerbArguments) -> Iterator[Change]:
    yield RulesCleared()


def _report_ready(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    if state.now > MAX_TIME:
        raise InvalidInputError("report_ready: the clock is past the year 9999, where times have no date", field="now")
    name = asked.optional_text("name") or "Daily Campaign Report"
    url = asked.optional_text("url") or "https://reports.example.com/report"
    yield from schedule_webhooks(
        state, build_report_event(build_report_id(settings.seed, state.event_count + 1), state.now, name, url)
    )


def _close_window(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    return _windows(settings, state, asked, -math.inf)


def _open_window(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    return _windows(settings, state, asked, get_new_window_end(settings, state.now))


def _windows(settings: Settings, state: State, asked: VerbArguments, until: float) -> Iterator[Change]:
    customer: Identity = complete_identity(state, asked.customer())
    for number in choose_senders(settings, asked.value("sender")):
        yield WindowSet(number, customer.ids, until)


VERBS: Final[Mapping[str, Verb]] = {
    **CUSTOMER_VERBS,
    "customer": _customer,
    "reads": _reads,
    "opts_out": _opts_out,
    "opts_in": _opts_in,
    "changes_phone": _changes_phone,
    "template": _template,
    "fault": _fault,
    "clear_faults": _clear_faults,
    "report_ready": _report_ready,
    "close_window": _close_window,
    "open_window": _open_window,
}
"""By name. `advance` and `settle`, which let time go by, and `reset` are the sandbox's own."""

SETUP_VERBS: Final = frozenset({"customer", "template", "fault", "clear_faults", "close_window", "open_window"})
"""Those that bring nothing about by themselves."""
