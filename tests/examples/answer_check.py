"""Checks a bot by the sandbox's records: each event is answered once, to its customer, from its number. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Final

import attrs

from connectly_api.sandbox import AcceptedMessage, Delivery, ReceivedRequest
from connectly_api.webhooks import Event, parse

SILENT: Final = frozenset({"bad_signature", "drop_webhook"})
"""Faults after which the bot cannot know of the event."""

Expect = Callable[[Event], str | None]
"""Returns what the answer to an event says; None if the event needs no answer."""


@attrs.frozen
class Answers:
    """What the records say.

    Attributes:
        exact: Events that were answered once, and the bot knew it.
        unknown: Events of which an answer's outcome was not known to the bot; each was answered once or not at all.
        refused: Events whose answer the service refused for good.
        late: Events that were answered by a template, among those above.
        problems: What must not be, by event.
    """

    exact: int
    unknown: int
    refused: int
    late: int
    problems: tuple[str, ...]


def check_answers(deliveries: Iterable[Delivery], requests: Iterable[ReceivedRequest], expect: Expect) -> Answers:
    """Compare the answers with the events that were delivered.

    The callback data of an answer is the key of the event that it answers.
    """
    events = {event.key: event for event in map(parse, _list_contents(deliveries)) if expect(event) is not None}
    calls: dict[object, list[ReceivedRequest]] = defaultdict(list)
    for request in requests:
        if is_send(request):
            calls[request.json().get("callbackData")].append(request)
    strangers = [f"{key}: answers no event" for key in calls if key not in events]
    problems = [problem for key, event in events.items() for problem in _find_problems(event, calls[key], expect)]
    ends = [_describe_end(calls[key]) for key in events]
    late = sum(any(is_template(request.message) for request in calls[key]) for key in events)
    return Answers(
        ends.count("exact"), ends.count("unknown"), ends.count("refused"), late, (*strangers, *sorted(problems))
    )


def is_send(request: ReceivedRequest) -> bool:
    """Return whether a request sends a message; the operation's id has a prefix that depends on the Swagger file."""
    return request.method == "POST" and "/send/" in request.path


def is_template(message: AcceptedMessage | None) -> bool:
    """Return whether a message was accepted and is a template."""
    return message is not None and message.kind == "template"


def is_unknown(request: ReceivedRequest) -> bool:
    """Return whether the client cannot know if the message was accepted."""
    is_failure = request.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return is_failure or request.fault in {"reset", "hang", "drop", "cut_off", "truncated", "wrong_types", "nulls"}


def _list_contents(deliveries: Iterable[Delivery]) -> Iterator[bytes]:
    # An event of which every attempt failed may have been handled or not, so it must have been responded to once.
    return (one.content for one in deliveries if one.status == HTTPStatus.OK and one.fault not in SILENT)


def _describe_end(calls: list[ReceivedRequest]) -> str:
    if any(map(is_unknown, calls)):
        return "unknown"
    return "exact" if any(call.message for call in calls) else "refused"


def _find_problems(event: Event, calls: list[ReceivedRequest], expect: Expect) -> Iterator[str]:
    messages = [call.message for call in calls if call.message is not None]
    if len(messages) > 1:
        yield f"{event.key}: answered {len(messages)} times"
    if not messages and not any(map(is_unknown, calls)) and not (calls and _is_refusal(calls[-1])):
        yield f"{event.key}: not answered, after {[(call.status, call.code) for call in calls]}"
    for call in calls[:-1]:
        if is_unknown(call):
            yield f"{event.key}: sent again after an unknown outcome"
    for message in messages:
        phone, bsuid = event.customer.phone, event.customer.bsuid
        ids = {phone.e164 if phone else None, bsuid.value if bsuid else None} - {None}
        if ids.isdisjoint({message.phone, message.bsuid}):
            yield f"{event.key}: another customer got the answer"
        if message.sender != event.business.id:
            yield f"{event.key}: answered from another number"
        if not is_template(message) and message.body["message"].get("text") != expect(event):
            yield f"{event.key}: another answer"
        if is_template(message) and not any((call.code or "").endswith("ELIGIBILITY_WINDOW") for call in calls):
            yield f"{event.key}: a template within the window"


def _is_refusal(call: ReceivedRequest) -> bool:
    """Return whether the service refused a message in a way that will not change."""
    return call.status in range(400, 500) and call.status != HTTPStatus.TOO_MANY_REQUESTS

