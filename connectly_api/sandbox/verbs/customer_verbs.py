"""The verbs of customers. Pure.

A customer's message opens the 24-hour window, and its event is sent to the registrations. Source: the service's
documentation, https://docs.connectly.ai: free-form messages reach only customers who wrote within the last 24 hours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import get_object, get_objects, get_text
from connectly_api.sandbox.delivery.payloads import (
    CustomerMessage,
    build_button_part,
    build_list_part,
    build_message_event,
    build_message_part,
    build_reaction_part,
)
from connectly_api.sandbox.delivery.statuses import mark_delivered, mark_read, schedule_webhooks
from connectly_api.sandbox.model.clipped_text import clip
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.ids import build_inbound_id, build_next_bsuid
from connectly_api.sandbox.model.records import AcceptedMessage, InboundText
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import Change, State
from connectly_api.sandbox.model.state_changes import (
    CustomerPhoneChanged,
    InboundMessageCounted,
    InboundTextKept,
    OptOutChanged,
    WindowSet,
)
from connectly_api.sandbox.verbs.arguments import VerbArguments

_WINDOW_SECONDS: Final = 24 * 3600.0
_MAX_CHOICES: Final = 10
_LONGEST_CHOICE: Final = 100

# Characters, as in messages of the business.
_TEXT: Final = 4096
_CAPTION: Final = 1024
_UNDELIVERED: Final = "the delivery of that message fails, so the customer does not get it"

Found = TypeVar("Found")
Verb = Callable[[Settings, State, VerbArguments], Iterable[Change]]


def get_new_window_end(settings: Settings, now: float) -> float:
    """Return when the window of a customer who writes now will close."""
    return math.inf if settings.windows == "open" else now + _WINDOW_SECONDS


def choose_senders(settings: Settings, sender: object) -> tuple[str, ...]:
    """Return the given number of the business; all of them for None.

    Raises:
        InvalidInputError: It is not one of the business's numbers.
    """
    if sender is None:
        return settings.senders
    if not isinstance(sender, str) or sender not in settings.senders:
        raise InvalidInputError("sender: is not one of the sandbox's senders", field="sender")
    return (sender,)


def read_customer(state: State, arguments: VerbArguments) -> Identity:
    """Return the customer of a verb, with all known ids.

    Raises:
        InvalidInputError: It is neither a phone number nor a BSUID, or one that the customer no longer has.
    """
    given = arguments.get_customer()
    record = state.customers.find(given.ids)
    if record is not None and any(map(state.is_former, given.ids)):
        new = " or ".join(record.identity.ids)
        raise InvalidInputError(f"customer: has changed the phone number, and is now {new}", field="customer")
    return state.complete_identity(given)


def _say(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    customer, reply_to = read_customer(state, arguments), arguments.get_optional_text("reply_to")
    about = None if reply_to is None else _find_message(settings, state, arguments, reply_to)
    text, referral = arguments.get_text("text", _TEXT), arguments.get_object("referral")
    text_id = _build_id(settings, state)
    part = build_message_part(settings, text_id, text=text, referral=referral)
    return _write(settings, state, arguments, customer, part, about=about, text_id=text_id)


def _edit(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    customer = read_customer(state, arguments)
    new, text_id = arguments.get_text("text", _TEXT), arguments.get_optional_text("message")
    for text in state.find_texts(customer, text_id):
        part = build_message_part(settings, text.id, text=new, isEdited=True)
        name = state.get_display_name(customer)
        message = CustomerMessage(customer, name, text.business, state.now, part, text.about)
        return schedule_webhooks(state, build_message_event(settings, message))
    raise InvalidInputError("message: no such text came from this customer", field="message")


def _send(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    kind = arguments.get_text("type")
    caption, filename = arguments.get_optional_text("caption", _CAPTION), arguments.get_optional_name("filename")
    if caption is not None and kind == "audio":
        raise InvalidInputError("caption: audio has none", field="caption", size=len(caption), limit=0)
    if filename is not None and kind != "document":
        raise InvalidInputError("filename: only documents have one", field="filename", size=len(filename), limit=0)
    given = {"type": kind, "url": arguments.get_url("url"), "caption": caption, "filename": filename}
    attachment = {name: value for name, value in given.items() if value is not None}
    part = build_message_part(settings, _build_id(settings, state), attachments=[attachment])
    return _write(settings, state, arguments, read_customer(state, arguments), part)


def _share_location(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    names = {name: arguments.get_optional_name(name) for name in ("name", "address")}
    location = {
        "latitude": arguments.get_degrees("latitude", 90),
        "longitude": arguments.get_degrees("longitude", 180),
        **{name: text for name, text in names.items() if text is not None},
    }
    part = build_message_part(settings, _build_id(settings, state), location=location)
    return _write(settings, state, arguments, read_customer(state, arguments), part)


def _tap(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    about, button = _find_choice(settings, state, arguments, "button")
    part = build_button_part(settings, _build_id(settings, state), button)
    return _write(settings, state, arguments, read_customer(state, arguments), part, about=about)


def _pick(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    about, row = _find_choice(settings, state, arguments, "row")
    return _write(settings, state, arguments, read_customer(state, arguments), build_list_part(row), about=about)


def _react(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    about = _find_message(settings, state, arguments, arguments.get_optional_text("message"))
    part = build_reaction_part(arguments.get_optional_emoji("emoji"), about.id)
    return _write(settings, state, arguments, read_customer(state, arguments), part, about=about)


def _read(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    customer, message_id = read_customer(state, arguments), arguments.get_optional_text("message")
    messages = list(state.find_messages(customer, message_id))
    if message_id is not None and not messages:
        raise InvalidInputError("message: no message of that id went to this customer", field="message")
    if message_id is not None and state.is_undeliverable(message_id):
        raise InvalidInputError(f"message: {_UNDELIVERED}", field="message")
    for message in reversed(messages):
        if not state.is_undeliverable(message.id):
            yield from mark_read(settings, state, message)


def _opt_out(_settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    yield OptOutChanged(read_customer(state, arguments).ids)


def _opt_in(_settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    yield OptOutChanged(read_customer(state, arguments).ids, is_out=False)


def _change_phone(settings: Settings, state: State, arguments: VerbArguments) -> Iterator[Change]:
    old, new = read_customer(state, arguments), arguments.get_identity()
    if new.bsuid is None and old.bsuid is not None:
        new = attrs.evolve(new, bsuid=build_next_bsuid(settings.seed, old.bsuid, new.phone))
    yield CustomerPhoneChanged(old, new, keeps_opt_out=arguments.get_flag("keeps_opt_out"))


CUSTOMER_VERBS: Final[Mapping[str, Verb]] = {
    "says": _say,
    "edits": _edit,
    "sends": _send,
    "shares_location": _share_location,
    "taps": _tap,
    "picks": _pick,
    "reacts": _react,
    "reads": _read,
    "opts_out": _opt_out,
    "opts_in": _opt_in,
    "changes_phone": _change_phone,
}


def _build_id(settings: Settings, state: State) -> str:
    return build_inbound_id(settings.seed, state.inbound_count + 1, state.now)


def _write(
    settings: Settings,
    state: State,
    arguments: VerbArguments,
    customer: Identity,
    part: Mapping[str, Any],
    *,
    about: AcceptedMessage | None = None,
    text_id: str | None = None,
) -> Iterator[Change]:
    """Yield the changes when a customer writes.

    Args:
        settings: The settings.
        state: The state.
        arguments: Those of the verb.
        customer: Who writes.
        part: The content.
        about: The message that it refers to.
        text_id: The id of a text, which can be edited.
    """
    sender = arguments.get("sender")
    business = choose_senders(settings, sender if sender is not None or about is None else about.sender)[0]
    name = state.get_display_name(customer)
    verb_entry = state.entry_count + 1
    if about is not None:
        yield from mark_delivered(settings, state, about)
    yield InboundMessageCounted(_build_id(settings, state))
    if customer.phone is None and settings.bsuid_events == "off":
        return
    yield WindowSet(business, customer.ids, get_new_window_end(settings, state.now))
    if text_id is not None:
        yield InboundTextKept(InboundText(text_id, customer, business, about))
    message = CustomerMessage(customer, name, business, state.now, part, about)
    # The verb's own entry: statuses of the message that it refers to may come between.
    yield from schedule_webhooks(state, build_message_event(settings, message), cause=verb_entry)


def _find_messages(
    settings: Settings, state: State, arguments: VerbArguments, message_id: str | None
) -> Iterator[AcceptedMessage]:
    """Yield the messages to the customer, latest first; only that of an id, and only a sender's, if they are given."""
    senders = choose_senders(settings, arguments.get("sender"))
    found = state.find_messages(read_customer(state, arguments), message_id)
    return (message for message in found if message.sender in senders)


def _find_message(
    settings: Settings, state: State, arguments: VerbArguments, message_id: str | None
) -> AcceptedMessage:
    found = ((message, None) for message in _find_messages(settings, state, arguments, message_id))
    return _take_delivered(state, found, "message", lambda: "no such message went to this customer")[0]


def _find_choice(
    settings: Settings, state: State, arguments: VerbArguments, kind: str
) -> tuple[AcceptedMessage, Mapping[str, str]]:
    """Return the latest message that offers a button or row of the given id or text, and the button or row."""
    wanted, message_id = arguments.get_text(kind), arguments.get_optional_text("message")

    def list_all() -> Iterator[tuple[AcceptedMessage, Mapping[str, str]]]:
        for message in _find_messages(settings, state, arguments, message_id):
            yield from ((message, choice) for choice in _list_choices(state, message, kind, wanted))

    def describe() -> str:
        texts = dict.fromkeys(f"{choice['text']!r} ({choice['id']})" for _, choice in list_all())
        shown = [clip(text, _LONGEST_CHOICE) for text in texts][:_MAX_CHOICES]
        more = f" and {len(texts) - _MAX_CHOICES} more" if len(texts) > _MAX_CHOICES else ""
        existing = f"there are {', '.join(shown)}{more}" if shown else f"none has a {kind}"
        return f"no message to this customer has {clip(repr(wanted), _LONGEST_CHOICE)}; {existing}"

    found = (pair for pair in list_all() if wanted in {pair[1]["id"], pair[1]["text"]})
    return _take_delivered(state, found, kind, describe)


def _take_delivered(
    state: State, found: Iterable[tuple[AcceptedMessage, Found]], field: str, describe: Callable[[], str]
) -> tuple[AcceptedMessage, Found]:
    """Return the first whose message was delivered, or will be."""
    problem = None
    for message, value in found:
        if not state.is_undeliverable(message.id):
            return message, value
        problem = _UNDELIVERED
    raise InvalidInputError(f"{field}: {problem or describe()}", field=field)


def _list_choices(state: State, message: AcceptedMessage, kind: str, wanted: str) -> Iterator[Mapping[str, str]]:
    content = get_object(message.body, "message")
    if kind == "button" and message.kind == "template":
        body = message.body
        template = state.find_template(get_text(body, "templateName"), get_text(body, "language"))
        # If the buttons of a template are not known here, it may have this one.
        yield from ({"id": text, "text": text} for text in (template and template.buttons) or (wanted,))
    buttons = get_objects(get_object(content, "replyButtonMessage"), "buttons") if kind == "button" else ()
    sections = get_objects(get_object(content, "listMessage"), "sections") if kind == "row" else ()
    for choice in (*buttons, *(row for section in sections for row in get_objects(section, "rows"))):
        yield {"id": str(choice.get("id", "")), "text": str(choice.get("text", ""))}
