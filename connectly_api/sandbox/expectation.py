"""What a test expects of a message, and how a failure reads. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from connectly_api.json_values import get_object
from connectly_api.sandbox.model.records import AcceptedMessage, ReceivedRequest

__all__ = ["Expectation", "describe_mismatch"]

_SHOWN: Final = 5
"""How many messages, and how many refusals, a failure shows."""


def _recipients(message: AcceptedMessage) -> tuple[str, ...]:
    return message.customer.ids


_VALUES: Final[Mapping[str, Callable[[AcceptedMessage], Any]]] = {
    "recipient": lambda message: " ".join(_recipients(message)),
    "kind": lambda message: message.kind,
    "text": lambda message: get_object(message.body, "message").get("text"),
    "template": lambda message: message.body.get("templateName"),
    "callback_data": lambda message: message.callback_data,
    "campaign_name": lambda message: message.campaign_name,
    "sender": lambda message: message.sender,
}


@attrs.frozen
class Expectation:
    """Values by name; a message fits if it has them all."""

    wanted: Mapping[str, object] = attrs.field(repr=False)

    def differences(self, message: AcceptedMessage) -> list[str]:
        """Return in words what of a message is not as expected."""
        found: list[str] = []
        for name, wanted in self.wanted.items():
            value = _VALUES[name](message)
            if value != wanted and not (name == "recipient" and wanted in _recipients(message)):
                found.append(f"{name} is {value!r}")
        return found

    def __str__(self) -> str:
        """Return what is expected in words."""
        return ", ".join(f"{name} {value!r}" for name, value in self.wanted.items()) or "any message"


def describe_mismatch(
    expectation: Expectation,
    found: Sequence[AcceptedMessage],
    messages: Sequence[AcceptedMessage],
    requests: Sequence[ReceivedRequest],
) -> str:
    """Return the text of a failure.

    Args:
        expectation: What was expected once.
        found: The messages that fit: none, or several.
        messages: All messages that are kept.
        requests: All requests that are kept.
    """
    lines = [f"expected exactly one message with {expectation}; {len(found) or 'none'} of {len(messages)} fit"]
    lines += [f"  fits: {_told(message)}" for message in found[:_SHOWN]]
    if not found:
        closest = sorted(messages, key=lambda message: len(expectation.differences(message)))
        lines += [f"  {_told(message)}: {', '.join(expectation.differences(message))}" for message in closest[:_SHOWN]]
    refused = [request for request in requests if request.message is None and request.method == "POST"]
    lines += [f"  not accepted: {_refusal(request)}" for request in refused[-_SHOWN:]]
    return "\n".join(lines)


def _told(message: AcceptedMessage) -> str:
    return f"{message.kind} to {' '.join(_recipients(message))}, id {message.id}"


def _refusal(request: ReceivedRequest) -> str:
    reasons = "; ".join(map(str, request.violations))
    told = (f"{request.method} {request.path}", str(request.status), request.code, reasons, request.fault)
    return " ".join(part for part in told if part)
