"""Checks a bot by the sandbox's records: each event is answered once, to its customer, from its number. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus

import attrs

from connectly_api.sandbox import AcceptedMessage, Delivery, ReceivedRequest
from connectly_api.sandbox.model.fault_rules import REQUEST_FAULTS
from connectly_api.webhooks import DeliveryStatus, Event, parse

HARMLESS = {"rate_limited", "slow_head", "slow_body"}
"""Faults after which the client knows the outcome."""

Expect = Callable[[Event], str | None]
"""Returns the text of the answer to an event; None if the event needs no answer."""

Calls = dict[str, list[ReceivedRequest]]
"""The requests that send, by the key of the event that was being handled."""


@attrs.frozen
class Answers:
    """What the records say of the events that need an answer.

    Attributes:
        exact: How many were answered once, and the bot knew it.
        unknown: How many were answered once or not at all, because an outcome was not known to the bot.
        refused: How many answers the service refused for good.
        late: How many were answered by a template; they are among the others, too.
        problems: What must not be.
    """

    exact: int = 0
    unknown: int = 0
    refused: int = 0
    late: int = 0
    problems: tuple[str, ...] = ()


def check_answers(entries: Iterable[object], expect: Expect) -> Answers:
    """Compare the messages that the sandbox accepted with the events that it delivered, one after the other.

    Args:
        entries: The sandbox's entries. A request that sends comes before the delivery in which the bot made it, and
            after every earlier one.
        expect: What is to be answered.
    """
    handled: dict[str, Event] = {}
    calls: Calls = defaultdict(list)
    pending: list[ReceivedRequest] = []
    for entry in entries:
        if isinstance(entry, ReceivedRequest) and "/send/" in entry.path:
            pending.append(entry)
        elif isinstance(entry, Delivery):
            event = parse(entry.content)
            if expect(event) is not None:  # An early status may be delivered while another event is being handled.
                calls[event.key] += pending
                pending = []
            if entry.delivered:
                handled[event.key] = event
    strangers = [f"{key}: is not handled, but answered" for key in calls if calls[key] and key not in handled]
    if pending:
        strangers.append("messages were sent for no event")
    events = [event for event in handled.values() if expect(event) is not None]
    problems = [problem for event in events for problem in _find_problems(event, calls[event.key], expect(event))]
    ends = [_describe_end(calls[event.key]) for event in events]
    late = sum(any(map(_is_template, _list_messages(calls[event.key]))) for event in events)
    counts = {end: ends.count(end) for end in ("exact", "unknown", "refused")}
    return Answers(**counts, late=late, problems=(*strangers, *problems))


def list_statuses(entries: Iterable[object]) -> set[tuple[str | None, str | None]]:
    """Return the id and the status of each delivery status that a receiver took."""
    events = [parse(entry.content) for entry in entries if isinstance(entry, Delivery) and entry.delivered]
    return {(event.message_id, event.status) for event in events if isinstance(event, DeliveryStatus)}


def _is_unknown(call: ReceivedRequest) -> bool:
    """Return whether the client cannot know if the message was accepted."""
    return call.fault in REQUEST_FAULTS - HARMLESS


def _is_refused(call: ReceivedRequest) -> bool:
    """Return whether the service refused a message for good."""
    return call.status in range(400, 500) and call.status != HTTPStatus.TOO_MANY_REQUESTS and not _is_unknown(call)


def _is_template(message: AcceptedMessage) -> bool:
    return message.kind == "template"


def _list_messages(calls: list[ReceivedRequest]) -> list[AcceptedMessage]:
    return [call.message for call in calls if call.message is not None]


def _describe_end(calls: list[ReceivedRequest]) -> str:
    if any(map(_is_unknown, calls)):
        return "unknown"
    return "exact" if _list_messages(calls) else "refused"


def _find_problems(event: Event, calls: list[ReceivedRequest], text: str | None) -> Iterator[str]:
    messages = _list_messages(calls)
    if len(messages) > 1:
        yield f"{event.key}: answered {len(messages)} times"
    if any(map(_is_unknown, calls[:-1])):
        yield f"{event.key}: sent again after an unknown outcome"
    is_known = not any(map(_is_unknown, calls)) and not any(map(_is_refused, calls[-1:]))
    if is_known and not messages:
        yield f"{event.key}: not answered, after {[call.status for call in calls]}"
    for message in messages:
        yield from (f"{event.key}: {problem}" for problem in _compare(event, message, text))
        is_closed = any((call.code or "").endswith("_ELIGIBILITY_WINDOW") for call in calls)
        if _is_template(message) and not is_closed:
            yield f"{event.key}: answered by a template within the window"


def _compare(event: Event, message: AcceptedMessage, text: str | None) -> Iterator[str]:
    phone, bsuid = event.customer.phone, event.customer.bsuid
    if {phone and phone.e164, bsuid and bsuid.value, None}.isdisjoint({message.phone or "", message.bsuid or ""}):
        yield "another customer was answered"
    if message.sender != event.business.id:
        yield "answered from another number"
    if not _is_template(message) and message.body["message"].get("text") != text:
        yield "another answer"
