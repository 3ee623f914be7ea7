"""What a customer says, and what follows: the window opens, and registrations get the event. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import get_object, get_objects
from connectly_api.sandbox.delivery.payloads import (
    CustomerMessage,
    build_button_part,
    build_list_part,
    build_message_event,
    build_message_part,
    build_reaction_part,
)
from connectly_api.sandbox.delivery.statuses import schedule_webhooks
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.ids import build_inbound_id
from connectly_api.sandbox.model.records import ATTACHMENT_TYPES, AcceptedMessage
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import Change, State
from connectly_api.sandbox.model.state_changes import InboundMessageCounted, WindowSet
from connectly_api.sandbox.verbs.arguments import VerbArguments
from connectly_api.sandbox.verbs.windows import choose_senders, get_new_window_end

__all__ = ["CUSTOMER_VERBS", "complete_identity"]

Verb = Callable[[Settings, State, VerbArguments], Iterable[Change]]


def complete_identity(state: State, customer: Identity) -> Identity:
    """Return a customer with the phone number or BSUID that belongs to the one given."""
    return state.complete_identity(customer)


def _says(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    customer, about = asked.customer(), None
    if (reply_to := asked.optional_text("reply_to")) is not None:
        about = _message(state, customer, reply_to)
    id = _id(settings, state)  # noqa: A001  (the event's own name)
    part = build_message_part(settings, id, text=asked.text("text"), referral=asked.part("referral"))
    return _written(settings, state, asked, customer, (part, about))


def _sends(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    kind = asked.text("type")
    if kind not in ATTACHMENT_TYPES:
        raise InvalidInputError(f"type: must be one of {', '.join(ATTACHMENT_TYPES)}", field="type")
    attachment = {"type": kind, "url": asked.text("url")}
    for name in ("caption", "filename"):
        if (value := asked.optional_text(name)) is not None:
            attachment[name] = value
    part = build_message_part(settings, _id(settings, state), attachments=[attachment])
    return _written(settings, state, asked, asked.customer(), (part, None))


def _shares_location(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    location: dict[str, object] = {name: asked.number(name) for name in ("latitude", "longitude")}
    for name in ("name", "address"):
        if (value := asked.optional_text(name)) is not None:
            location[name] = value
    part = build_message_part(settings, _id(settings, state), location=location)
    return _written(settings, state, asked, asked.customer(), (part, None))


def _taps(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    customer, wanted = asked.customer(), asked.text("button")
    about, button = _choice(state, customer, asked.optional_text("message"), "button", wanted)
    part = build_button_part(settings, _id(settings, state), button)
    return _written(settings, state, asked, customer, (part, about))


def _picks(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    customer, wanted = asked.customer(), asked.text("row")
    about, row = _choice(state, customer, asked.optional_text("message"), "row", wanted)
    return _written(settings, state, asked, customer, (build_list_part(row), about))


def _reacts(settings: Settings, state: State, asked: VerbArguments) -> Iterator[Change]:
    customer = asked.customer()
    about = _message(state, customer, asked.optional_text("message"))
    part = build_reaction_part(asked.text("emoji"), about.id)
    return _written(settings, state, asked, customer, (part, about))


CUSTOMER_VERBS: Final[Mapping[str, Verb]] = {
    "says": _says,
    "sends": _sends,
    "shares_location": _shares_location,
    "taps": _taps,
    "picks": _picks,
    "reacts": _reacts,
}
"""Those that open the window: the customer writes."""


_Said = tuple[Mapping[str, Any], AcceptedMessage | None]
"""The event's own parts, and the message that it refers to."""


def _id(settings: Settings, state: State) -> str:
    return build_inbound_id(settings.seed, state.inbound_count + 1, state.now)


def _written(
    settings: Settings,
    state: State,
    asked: VerbArguments,
    given: Identity,
    said: _Said,
) -> Iterator[Change]:
    customer = complete_identity(state, given)
    sender, (_, about) = asked.value("sender"), said
    business = choose_senders(settings, sender if sender is not None or about is None else about.sender)[0]
    name = state.get_display_name(customer)
    yield InboundMessageCounted()
    if customer.phone is None and settings.bsuid_events == "off":
        return
    yield WindowSet(business, customer.ids, get_new_window_end(settings, state.now))
    writing = CustomerMessage(customer, name, business, state.now, *said)
    yield from schedule_webhooks(state, build_message_event(settings, writing))


def _message(state: State, customer: Identity, message_id: str | None) -> AcceptedMessage:
    """Return the message to a customer that is named, or the latest."""
    for message in state.find_messages(customer, message_id):
        return message
    raise InvalidInputError("message: no such message went to this customer", field="message")


def _choice(
    state: State, customer: Identity, message_id: str | None, what: str, wanted: str
) -> tuple[AcceptedMessage, Mapping[str, str]]:
    """Return the latest message that offers a button or row of that id or text, and the button or row."""
    for message in state.find_messages(customer, message_id):
        for offered in _offers(message, what, wanted):
            if wanted in {offered["id"], offered["text"]}:
                return message, offered
    raise InvalidInputError(f"{what}: no message to this customer has it", field=what)


def _offers(message: AcceptedMessage, what: str, wanted: str) -> Iterator[Mapping[str, str]]:
    """Yield what a message offers; a template's buttons are not known here, so it may have the one that is wanted."""
    content = get_object(message.body, "message")
    if what == "button" and message.kind == "template":
        yield {"id": wanted, "text": wanted}
    buttons = get_objects(get_object(content, "replyButtonMessage"), "buttons") if what == "button" else ()
    sections = get_objects(get_object(content, "listMessage"), "sections") if what == "row" else ()
    for one in (*buttons, *(row for section in sections for row in get_objects(section, "rows"))):
        yield {"id": str(one.get("id", "")), "text": str(one.get("text", ""))}
