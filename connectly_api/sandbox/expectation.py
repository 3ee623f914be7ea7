"""A test's expectation of a message, and the text of a failure. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from connectly_api.json_values import get_object
from connectly_api.sandbox.model.records import AcceptedMessage, ReceivedRequest

_MAX_SHOWN: Final = 5
"""The maximum of messages, and of refusals, in a failure."""

_VALUES: Final[Mapping[str, Callable[[AcceptedMessage], Any]]] = {
    "recipient": lambda message: " ".join(message.customer.ids),
    "kind": lambda message: message.kind,
    "text": lambda message: get_object(message.body, "message").get("text"),
    "template": lambda message: message.body.get("templateName"),
    "callback_data": lambda message: message.callback_data,
    "campaign_name": lambda message: message.campaign_name,
    "sender": lambda message: message.sender,
}


@attrs.frozen
class Expectation:
    """Values by name; a message matches if it has all of them."""

    wanted: Mapping[str, object] = attrs.field(repr=False)

    def find_differences(self, message: AcceptedMessage) -> list[str]:
        """Return a text for each value of a message that differs."""
        found: list[str] = []
        for name, wanted in self.wanted.items():
            value = _VALUES[name](message)
            if value != wanted and not (name == "recipient" and wanted in message.customer.ids):
                found.append(f"{name} is {value!r}")
        return found

    def __str__(self) -> str:
        """Return what is expected, in words."""
        return ", ".join(f"{name} {value!r}" for name, value in self.wanted.items()) or "any message"


def describe_mismatch(
    expectation: Expectation,
    found: Sequence[AcceptedMessage],
    messages: Sequence[AcceptedMessage],
    requests: Sequence[ReceivedRequest],
) -> str:
    """Return the text of a failure: no message, or several, match the expectation."""
    lines = [f"expected exactly one message with {expectation}; {len(found) or 'none'} of {len(messages)} match"]
    lines += [f"  matches: {_describe_message(message)}" for message in found[:_MAX_SHOWN]]
    if not found:
        differing = [(message, expectation.find_differences(message)) for message in messages]
        closest = sorted(differing, key=lambda pair: len(pair[1]))[:_MAX_SHOWN]
        lines += [f"  {_describe_message(message)}: {', '.join(differences)}" for message, differences in closest]
    refused = [request for request in requests if request.message is None and request.method == "POST"]
    lines += [f"  not accepted: {_describe_refusal(request)}" for request in refused[-_MAX_SHOWN:]]
    return "\n".join(lines)


def _describe_message(message: AcceptedMessage) -> str:
    return f"{message.kind} to {' '.join(message.customer.ids)}, id {message.id}"


def _describe_refusal(request: ReceivedRequest) -> str:
    reasons = "; ".join(map(str, request.violations))
    parts = (f"{request.method} {request.path}", str(request.status), request.code, reasons, request.fault)
    return " ".join(part for part in parts if part)
