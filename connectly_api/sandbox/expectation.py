"""What a test expects of the messages that were sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

import attrs

from connectly_api.json_values import get_object, get_objects, get_text, is_mapping
from connectly_api.sandbox.model.records import AcceptedMessage
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.value_difference import describe_difference, show_value

_BODY: Final = re.compile(r"body_([0-9]{1,9})")

_VALUES: Final[Mapping[str, Callable[[AcceptedMessage], Any]]] = {
    "recipient": lambda message: " ".join(message.customer.ids),
    "kind": lambda message: message.kind,
    "text": lambda message: get_object(message.body, "message").get("text"),
    "template": lambda message: message.body.get("templateName"),
    "parameters": lambda message: {
        get_text(one, "name"): get_text(one, "value") for one in get_objects(message.body, "parameters")
    },
    "callback_data": lambda message: message.callback_data,
    "campaign_name": lambda message: message.campaign_name,
    "sender": lambda message: message.sender,
}


@attrs.frozen
class Expectation:
    """Values by name; a message matches if it has all of them.

    Attributes:
        wanted: `recipient`, `kind`, `text`, `template`, `parameters` (by name, or the list of those of the body),
            `callback_data`, `campaign_name`, `sender`.
        ids: All ids of the recipient, past ones included.
    """

    wanted: Mapping[str, object] = attrs.field(repr=False)
    ids: frozenset[str] = attrs.field(repr=False)

    def find_matches(self, messages: Iterable[AcceptedMessage]) -> list[AcceptedMessage]:
        """Return the messages that match."""
        return [message for message in messages if not any(self._differs(name, message) for name in self.wanted)]

    def describe_differences(self, message: AcceptedMessage) -> tuple[list[str], list[str]]:
        """Return a text for each value of a message that differs, and the lines of comparisons."""
        texts, lines = list[str](), list[str]()
        for name, wanted in self.wanted.items():
            if self._differs(name, message):
                text, comparison = describe_difference(name, wanted, self._read(name, message))
                texts.append(text)
                lines += comparison
        return texts, lines

    def __str__(self) -> str:
        """Return what is expected, in words."""
        return ", ".join(f"{name} {show_value(value)}" for name, value in self.wanted.items())

    def _differs(self, name: str, message: AcceptedMessage) -> bool:
        if name == "recipient":
            return self.ids.isdisjoint(message.customer.ids)
        return bool(self._read(name, message) != self.wanted[name])

    def _read(self, name: str, message: AcceptedMessage) -> object:
        value = _VALUES[name](message)
        if name == "parameters" and not is_mapping(self.wanted[name]):
            numbers = {int(match[1]): value[key] for key in value if (match := _BODY.fullmatch(key))}
            return [numbers[number] for number in sorted(numbers)]
        return value


def build_expectation(state: State, wanted: Mapping[str, object]) -> Expectation:
    """Return what is expected of messages, from the values of `Expectation.wanted` that a test gives."""
    values, recipient, parameters = dict(wanted), wanted.get("recipient"), wanted.get("parameters")
    if isinstance(parameters, (list, tuple)):
        values["parameters"] = list(cast("Sequence[object]", parameters))
    ids = (recipient,) if isinstance(recipient, str) else ()
    return Expectation(values, state.list_ids(ids))
