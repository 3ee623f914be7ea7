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
from connectly_api.sandbox.delivery.payloads import report
from connectly_api.sandbox.delivery.statuses import announced, read_now
from connectly_api.sandbox.model.changes import (
    CustomerKnown,
    CustomerMoved,
    Noted,
    OptedOut,
    RuleAdded,
    RulesCleared,
    TemplateStored,
    WindowSet,
)
from connectly_api.sandbox.model.fault_rules import Rule, rule_of
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.ids import bsuid_after, report_id
from connectly_api.sandbox.model.records import Act
from connectly_api.sandbox.model.settings import LAST_MOMENT, Settings
from connectly_api.sandbox.model.state import Change, State
from connectly_api.sandbox.service.declared_templates import DeclaredTemplate
from connectly_api.sandbox.verbs.arguments import ActArguments
from connectly_api.sandbox.verbs.customer_verbs import CUSTOMER_ACTS, knowing
from connectly_api.sandbox.verbs.windows import chosen_senders, open_until

__all__ = ["ACTS", "SETTING_UP", "acted", "noted"]

Deed = Callable[[Settings, State, ActArguments], Iterable[Change]]


def acted(settings: Settings, state: State, name: str, arguments: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what a verb changes, its own record first.

    Raises:
        InvalidInputError: There is no such verb, or it cannot be done with these arguments.
    """
    deed = ACTS.get(name)
    if deed is None:
        raise InvalidInputError(f"there is no verb {name!r}; there are {', '.join(sorted(ACTS))}", field="verb")
    asked = ActArguments(arguments)
    changes = tuple(deed(settings, state, asked))
    asked.end()
    return (noted(state, name, arguments), *changes)


def noted(state: State, name: str, arguments: Mapping[str, Any]) -> Change:
    """Return the record of a verb."""
    given = {key: value for key, value in arguments.items() if value is not None}
    return Noted(Act(name=name, arguments=json.dumps(given), at=state.now))


def _customer(_settings: Settings, _state: State, asked: ActArguments) -> Iterator[Change]:
    yield CustomerKnown(asked.identity("phone", "bsuid"), asked.optional_text("name"))


def _reads(settings: Settings, state: State, asked: ActArguments) -> Iterator[Change]:
    customer, message_id = asked.customer(), asked.optional_text("message")
    messages = list(state.message_to(customer, message_id))
    if message_id is not None and not messages:
        raise InvalidInputError("message: no message of that id went to this customer", field="message")
    for message in reversed(messages):
        yield from read_now(settings, state, message)


def _opts_out(_settings: Settings, state: State, asked: ActArguments) -> Iterator[Change]:
    yield OptedOut(knowing(state, asked.customer()).names)


def _opts_in(_settings: Settings, state: State, asked: ActArguments) -> Iterator[Change]:
    yield OptedOut(knowing(state, asked.customer()).names, is_out=False)


def _changes_phone(settings: Settings, state: State, asked: ActArguments) -> Iterator[Change]:
    old = knowing(state, asked.customer())
    new = asked.identity("phone", "bsuid")
    if new.bsuid is None and old.bsuid is not None:
        new = attrs.evolve(new, bsuid=bsuid_after(settings.seed, old.bsuid, new.phone))
    yield CustomerMoved(old, new)


def _template(_settings: Settings, _state: State, asked: ActArguments) -> Iterator[Change]:
    status: Any = asked.optional_text("status") or "approved"
    language = asked.optional_text("language") or "en"
    yield TemplateStored(DeclaredTemplate(asked.text("name"), language, asked.texts("parameters"), status))


def _fault(_settings: Settings, _state: State, asked: ActArguments) -> Iterator[Change]:
    given = {field.name: asked.value(field.name) for field in attrs.fields(Rule)}
    given["what"] = asked.text("what")
    yield RuleAdded(rule_of({name: value for name, value in given.items() if value is not None}))


def _clear_faults(_settings: Settings, _state: State, _asked: ActArguments) -> Iterator[Change]:
    yield RulesCleared()


def _report_ready(settings: Settings, state: State, asked: ActArguments) -> Iterator[Change]:
    if state.now > LAST_MOMENT:
        raise InvalidInputError("report_ready: the clock is past the year 9999, where times have no date", field="now")
    name = asked.optional_text("name") or "Daily Campaign Report"
    url = asked.optional_text("url") or "https://reports.example.com/report"
    yield from announced(state, report(report_id(settings.seed, state.announced + 1), state.now, name, url))


def _close_window(settings: Settings, state: State, asked: ActArguments) -> Iterator[Change]:
    return _windows(settings, state, asked, -math.inf)


def _open_window(settings: Settings, state: State, asked: ActArguments) -> Iterator[Change]:
    return _windows(settings, state, asked, open_until(settings, state.now))


def _windows(settings: Settings, state: State, asked: ActArguments, until: float) -> Iterator[Change]:
    customer: Identity = knowing(state, asked.customer())
    for number in chosen_senders(settings, asked.value("sender")):
        yield WindowSet(number, customer.names, until)


ACTS: Final[Mapping[str, Deed]] = {
    **CUSTOMER_ACTS,
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

SETTING_UP: Final = frozenset({"customer", "template", "fault", "clear_faults", "close_window", "open_window"})
"""Those that bring nothing about by themselves."""
