"""The report of a test whose expectation is not met: what was sent and refused, and what became of the webhooks. Pure.

It shows what was written, as it is for the author of the test; each part is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from connectly_api.json_values import get_object, get_text
from connectly_api.sandbox.expectation import Expectation
from connectly_api.sandbox.model.clipped_text import clip
from connectly_api.sandbox.model.records import AcceptedMessage, Delivery, ReceivedRequest, VerbCall
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.value_difference import show_value

_MAX_SHOWN: Final = 5
"""How many messages, requests and webhooks are shown at most."""
_LONGEST: Final = 300
_ERROR: Final = 400
_TOPIC: Final = "messages"
_FRAME: Final = re.compile(r'^ *(File ".*", line [0-9]+, in .*)\n( +\S.*)?', re.MULTILINE)
_LIBRARY: Final = re.compile(r"site-packages|lib/python|<frozen")


def describe_mismatch(expectation: Expectation, state: State, found: Sequence[AcceptedMessage]) -> str:
    """Return why not exactly one message matches."""
    count, given = f"{len(found) or 'none'} of {len(state.messages)} match", str(expectation)
    lines = [f"expected exactly one message{f' with {given}' if given else ''}; {count}"]
    lines += _list_matches(found)
    if not found:
        lines += _list_closest(expectation, state)
        lines += _list_refused(state)
        lines += _explain_webhooks(expectation, state)
    return "\n".join(lines)


def describe_unwanted(expectation: Expectation, state: State, found: Sequence[AcceptedMessage]) -> str:
    """Return which messages match although none should."""
    given = str(expectation)
    first = f"expected no message{f' with {given}' if given else ''}; {len(found)} of {len(state.messages)} match"
    return "\n".join([first, *_list_matches(found)])


def _list_matches(found: Sequence[AcceptedMessage]) -> Iterator[str]:
    for message in found[:_MAX_SHOWN]:
        text = get_object(message.body, "message").get("text") or message.body.get("templateName")
        shown = "" if text is None else f": {show_value(text)}"
        yield f"  matches: {_describe_message(message)}{shown}"
    if len(found) > _MAX_SHOWN:
        yield f"  and {len(found) - _MAX_SHOWN} more"


def _list_closest(expectation: Expectation, state: State) -> Iterator[str]:
    differing = [(message, *expectation.describe_differences(message)) for message in state.messages.values()]
    closest = sorted(differing, key=lambda each: len(each[1]))[:_MAX_SHOWN]
    for message, differences, comparison in closest:
        yield f"  {_describe_message(message)}: {', '.join(differences)}"
        yield from (f"      {line}" for line in comparison)


def _describe_message(message: AcceptedMessage) -> str:
    return f"{message.kind} to {' '.join(message.customer.ids)}, id {message.id}"


def _list_refused(state: State) -> Iterator[str]:
    """Yield the latest refused requests, first those to send endpoints."""
    refused = sorted(filter(_is_refused, state.requests), key=lambda one: (not _is_send(one), -one.number))
    for request in sorted(refused[:_MAX_SHOWN], key=lambda one: (not _is_send(one), one.number)):
        reasons = "; ".join(map(str, request.violations))
        parts = (f"{request.method} {request.path}", str(request.status), request.code, reasons, request.fault)
        yield clip(f"  not accepted: {' '.join(part for part in parts if part)}", _LONGEST)


def _is_refused(request: ReceivedRequest) -> bool:
    is_lost = _is_send(request) and request.fault is not None
    return request.message is None and (request.status >= _ERROR or not request.status or is_lost)


def _is_send(request: ReceivedRequest) -> bool:
    return "/send/" in request.path


def _explain_webhooks(expectation: Expectation, state: State) -> Iterator[str]:
    """Yield what kept the receiver from being told, or what it answered."""
    calls = (entry.record for entry in state.timeline if isinstance(entry.record, VerbCall))
    ids = expectation.ids
    written = [call for call in calls if call.id is not None and (not ids or call.arguments.get("customer") in ids)]
    registrations = [one for one in state.registrations.values() if one.topic == _TOPIC]
    deliveries = list(_find_deliveries(expectation, state))
    if not written:
        yield f"  no customer{' of that id' if ids else ''} wrote, so no webhook was due"
    elif not registrations:
        topics = ", ".join(sorted({one.topic for one in state.registrations.values()})) or "none"
        yield f"  no webhook: no address is registered for the topic {_TOPIC} (registered topics: {topics})"
    elif not deliveries:
        address = clip(registrations[0].address, _LONGEST)
        yield f"  no webhook was sent to {address} yet: it is due later, or the address was registered later"
    for delivery in deliveries[:_MAX_SHOWN]:
        what = f"webhook {delivery.number} (attempt {delivery.attempt}) to {clip(delivery.address, _LONGEST)}"
        yield f"  {what}: {_describe_delivery(delivery)}"
        yield from (f"      {line}" for line in _find_place(delivery.traceback or ""))


def _find_deliveries(expectation: Expectation, state: State) -> Iterator[Delivery]:
    """Yield the last attempt of each event that the customer caused, the latest first; failures before successes."""
    latest: dict[int, Delivery] = {}
    for delivery in reversed(state.deliveries):
        sender = get_object(delivery.json(), "sender")
        is_theirs = not expectation.ids.isdisjoint((get_text(sender, "id"), get_text(sender, "userId")))
        if delivery.topic == _TOPIC and (is_theirs or not expectation.ids):
            latest.setdefault(delivery.number, delivery)
    return iter(sorted(latest.values(), key=lambda one: one.delivered and one.problem is None))


def _describe_delivery(delivery: Delivery) -> str:
    fault = "" if delivery.fault is None else f" (fault: {delivery.fault})"
    if delivery.traceback is not None:
        answered = "" if delivery.status is None else f" and answered {delivery.status}"
        return f"the receiver raised {clip(str(delivery.problem), _LONGEST)}{answered}{fault}"
    if delivery.status is None:
        return f"no answer: {clip(str(delivery.problem), _LONGEST)}{fault}"
    if delivery.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        hint = "" if fault else "; does it verify with the sandbox's webhook secret?"
        return f"answered {delivery.status}{hint}{fault}"
    answer = delivery.answer.decode(errors="replace")
    shown = f", {show_value(answer)}" if answer and not delivery.delivered else ""
    return f"answered {delivery.status}{shown}{fault}"


def _find_place(traceback: str) -> Iterator[str]:
    """Yield the last line of the receiver's own code in a traceback, or the last one at all."""
    frames = list(_FRAME.finditer(traceback))
    own = [frame for frame in frames if not _LIBRARY.search(frame[1])]
    for frame in (own or frames)[-1:]:
        yield from (clip(part.strip(), _LONGEST) for part in frame.groups() if part)
