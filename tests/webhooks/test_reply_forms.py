"""A button, a row and a reaction are read in every plausible spelling; what leaves doubt stays an unknown event."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.webhooks import ButtonReply, Event, InboundMessage, ListReply, Reaction, UnknownEvent, parse
from connectly_api.webhooks.event_values import REPLY_KINDS, REPLY_NAMES

from .documented_bodies import Json, load_body, read

Place = Callable[[str, Json], Json]


def _message(**beside: Any) -> Json:
    body = load_body("text", context={"replyToId": "m-0"}, callbackData={"order": 1})
    del body["message"]
    return body | beside


PLACES: Final[dict[str, Place]] = {
    "beside": lambda name, part: _message(**{name: part}),
    "beside an empty message": lambda name, part: _message(**{name: part}, message={"id": "m-1", "text": ""}),
    "inside": lambda name, part: _message(message={"id": "m-1", name: part}),
    "interactive": lambda name, part: _message(interactive={name: part}),
    "interactive inside": lambda name, part: _message(
        message={"id": "m-1", "type": "interactive", "interactive": {"type": name, name: part}}
    ),
    "interactive that is the reply": lambda name, part: _message(interactive={"type": name, **part}),
}
ZERO_VALUES: Final[list[object]] = [None, "", 0, False, [], {}, {"id": None, "title": "", "emoji": ""}]


def _surround(body: Json, zero: object) -> Json:
    """Put a null or zero value under each name that may have a reply, wherever there is room."""
    nothing = dict.fromkeys(REPLY_NAMES, zero)
    for owner in (body.get("message"), body.get("interactive"), body.get("message", {}).get("interactive")):
        if owner is not None:
            owner.update({name: zero for name in (*REPLY_NAMES, "isButtonResponse") if name not in owner})
    return nothing | body


def _names(kind: str) -> list[str]:
    return [name for name, one in REPLY_KINDS.items() if one == kind]


ROWS: Final = [
    {key: "row-1", title: "Row 1", "description": "The first"}
    for key, title in itertools.product(
        ("id", "rowId", "row_id", "selectedRowId", "selected_row_id", "payload"), ("title", "text")
    )
]


def _forms(kind: str, parts: list[Json]) -> list[Any]:
    return [
        pytest.param(make(name, part), id=f"{name}-{place}-{'-'.join(part)}")
        for name, (place, make), part in itertools.product(_names(kind), PLACES.items(), parts)
    ]


@pytest.mark.parametrize("body", _forms("list", ROWS))
def test_a_picked_row_is_read_in_every_form(body: Json) -> None:
    for zero in ZERO_VALUES:
        event = read(_surround(json.loads(json.dumps(body)), zero))
        assert isinstance(event, ListReply)
        assert (event.id, event.title, event.description) == ("row-1", "Row 1", "The first")
        assert (event.reply_to_id, event.callback_data) == ("m-0", {"order": 1})
        assert event.customer.id == "+16315555500"


@pytest.mark.parametrize(
    "body", _forms("button", [{"id": "b", title: "Yes", "payload": "p"} for title in ("text", "title")])
)
def test_a_tapped_button_is_read_in_every_form(body: Json) -> None:
    for zero in ZERO_VALUES:
        event = read(_surround(json.loads(json.dumps(body)), zero))
        assert isinstance(event, ButtonReply)
        assert (event.id, event.text, event.payload) == ("b", "Yes", "p")
        assert (event.reply_to_id, event.callback_data) == ("m-0", {"order": 1})


TARGETS: Final = ("messageId", "message_id", "replyToId", "reply_to_id", "id")
EMOJI: Final = "\N{THUMBS UP SIGN}"


@pytest.mark.parametrize("body", _forms("reaction", [{"emoji": EMOJI, target: "m-7"} for target in TARGETS]))
def test_a_reaction_is_read_in_every_form(body: Json) -> None:
    for zero in ZERO_VALUES:
        event = read(_surround(json.loads(json.dumps(body)), zero))
        assert isinstance(event, Reaction)
        assert (event.emoji, event.is_removed, event.callback_data) == (EMOJI, False, {"order": 1})
        # The context's meaning is documented.
        assert event.reply_to_id == "m-0"
        event = read(body | {"context": None})
        assert event.reply_to_id == "m-7"


@pytest.mark.parametrize("emoji", [None, "", ...])
@pytest.mark.parametrize("target", TARGETS[:-1])
@pytest.mark.parametrize("place", [place for place in PLACES if place != "interactive that is the reply"])
def test_a_reaction_without_an_emoji_is_a_removal(place: str, target: str, emoji: object) -> None:
    part = {target: "m-7", "id": "r-1"} if emoji is ... else {target: "m-7", "emoji": emoji}
    event = read(PLACES[place]("reaction", part))
    assert isinstance(event, Reaction)
    assert (event.emoji, event.is_removed, event.reply_to_id) == (None, True, "m-0")
    assert event.callback_data == {"order": 1}


@pytest.mark.parametrize("kind", ["listResponse", "buttonResponse", "reaction"])
@pytest.mark.parametrize("name", ["callbackData", "callback_data"])
def test_a_reply_keeps_callback_data_that_is_in_the_message(kind: str, name: str) -> None:
    part = {"id": "b", "title": "Yes", "emoji": EMOJI}
    message = {"id": "m-1", kind: part, name: {"order": 2}}
    assert read(_message(message=message, callbackData=None)).callback_data == {"order": 2}
    assert read(_message(message=message)).callback_data == {"order": 1}


@pytest.mark.parametrize(
    ("action", "is_removed"), [("react", False), ("unreact", True), ("Removed", True), ("", False), (None, False)]
)
def test_the_action_of_a_reaction_tells_whether_it_is_a_removal(action: object, is_removed: bool) -> None:
    event = read(_message(reaction={"emoji": EMOJI, "messageId": "m-7", "action": action}))
    assert isinstance(event, Reaction)
    assert (event.emoji, event.is_removed) == (EMOJI, is_removed)


@pytest.mark.parametrize(("action", "kind"), [("unreact", Reaction), ("react", UnknownEvent)])
def test_without_an_emoji_the_action_must_be_a_removal(action: str, kind: type[Event]) -> None:
    event = read(_message(reaction={"messageId": "m-7", "action": action}))
    assert isinstance(event, kind)


@pytest.mark.parametrize("name", ["isRemoved", "is_removed", "removed"])
def test_a_removed_reaction_may_keep_its_emoji(name: str) -> None:
    event = read(_message(reaction={"emoji": EMOJI, "messageId": "m-7", name: True}))
    assert isinstance(event, Reaction)
    assert (event.emoji, event.is_removed) == (EMOJI, True)


@pytest.mark.parametrize(
    "part",
    [
        {"messageId": "m-7", "unicode": EMOJI},
        {"messageId": "m-7", "emoji": 5},
        {"messageId": "m-7", "emoji": [EMOJI]},
        {"id": "m-7"},
        {"messageId": 7},
        {"text": EMOJI},
    ],
    ids=repr,
)
def test_a_reaction_that_may_have_an_emoji_somewhere_is_no_removal(part: Json) -> None:
    assert isinstance(read(_message(reaction=part)), UnknownEvent)
    assert isinstance(read(_message(message={"text": "hi", "reaction": part})), InboundMessage)


ROW: Final = {"id": "row-1", "title": "Row 1"}
BUTTON: Final = {"id": "b", "text": "Yes"}
REACTION: Final = {"emoji": EMOJI, "messageId": "m-7"}


@pytest.mark.parametrize(
    "parts",
    [
        {"listResponse": ROW, "buttonResponse": BUTTON},
        {"listResponse": ROW, "reaction": REACTION},
        {"buttonResponse": BUTTON, "reaction": REACTION},
        {"listResponse": ROW, "interactive": {"button_reply": BUTTON}},
        {"listResponse": ROW, "list_reply": {"id": "row-2"}},
        {"buttonResponse": BUTTON, "button_reply": {"id": "b", "title": "No"}},
        {"reaction": REACTION, "interactive": {"type": "reaction", "reaction": {"emoji": "x"}}},
        {"interactive": {"type": "list_reply", "button_reply": BUTTON}},
        {"interactive": {"type": "nfm_reply", "nfm_reply": {"body": "Sent"}}},
        {"interactive": {"type": "nfm_reply", "list_reply": ROW}},
        {"interactive": {"nfm_reply": {"body": "Sent"}}},
        {"interactive": {"type": "list_reply"}},
        {"listResponse": {"new": "field"}},
        {"listResponse": {"id": 5, "title": ["Row"]}},
        {"listReply": "row-1"},
        {"reaction": EMOJI},
        {"reaction": {"messageId": ""}, "sticker": {"id": "s"}},
    ],
    ids=repr,
)
def test_what_leaves_doubt_is_unknown_or_with_a_text_just_that(parts: Json) -> None:
    for body in (_message(**parts), _message(message={"id": "m-1", **parts}), _message(message={"id": "m-1"}, **parts)):
        # Without `message`, a part that is no object does not even say that the body is a message.
        assert isinstance(read(body), UnknownEvent)
        text = read(body | {"message": body.get("message", {}) | {"text": "hi"}})
        assert isinstance(text, InboundMessage)
        assert text.text == "hi"


@pytest.mark.parametrize(
    "stated", ["list_reply", "listReply", "LIST_REPLY", "INTERACTIVE_TYPE_LIST_REPLY", "listResponse", "", None, 5]
)
def test_the_type_of_an_interactive_reply_may_be_written_as_an_enum(stated: object) -> None:
    event = read(_message(message={"interactive": {"type": stated, "listReply": ROW}}))
    assert isinstance(event, ListReply)
    assert event.id == "row-1"


@pytest.mark.parametrize("zero", ["interactive_type_unspecified", "UNSPECIFIED", "", None])
def test_an_interactive_part_without_a_type_and_content_says_nothing(zero: object) -> None:
    nothing = {"type": zero, "button_reply": {"id": "", "title": None}}
    assert isinstance(read(_message(interactive=nothing, listResponse=ROW)), ListReply)
    assert isinstance(read(_message(interactive=nothing | {"nfm_reply": {"body": "Sent"}})), UnknownEvent)


def test_a_row_in_two_places_is_one_row() -> None:
    event = read(_message(message={"interactive": {"list_reply": ROW}}, listResponse={"payload": "row-1"}))
    assert isinstance(event, ListReply)
    assert (event.id, event.title) == ("row-1", "Row 1")


def test_the_flag_of_the_older_form_beside_a_row_means_the_row() -> None:
    event = read(_message(message={"text": "Row 1", "isButtonResponse": True}, listResponse={"id": "row-1"}))
    assert isinstance(event, ListReply)
    assert (event.id, event.title) == ("row-1", "Row 1")
    assert isinstance(read(_message(message={"isButtonResponse": True}, reaction=REACTION)), UnknownEvent)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"text": EMOJI}, Reaction),
        ({"text": "Thanks"}, InboundMessage),
        ({"attachments": [{"type": "image", "url": "https://a.example"}]}, InboundMessage),
        ({"location": {"latitude": 1, "longitude": 2}}, InboundMessage),
        ({"referral": {"sourceId": "AD"}}, InboundMessage),
        ({"type": "reaction", "from": "16315555500"}, Reaction),
    ],
    ids=repr,
)
def test_a_reaction_does_not_hide_what_the_customer_wrote(content: Json, kind: type[Event]) -> None:
    assert type(read(_message(message=content, reaction=REACTION))) is kind


@pytest.mark.parametrize("name", REPLY_NAMES)
def test_a_reply_beside_a_documented_part_of_another_topic_decides_nothing(name: str) -> None:
    documented = {"buttonResponse", "button_response"}
    status = {"statusUpdate": {"id": "01F", "status": "read"}}
    expected = "unknown" if name in documented else "delivery_status"
    assert read(status | {name: {"id": "x"}}).kind == expected
    assert read({"topic": "delivery_status", name: {"id": "x"}}).kind == "unknown"
    assert read({"topic": "calls", name: {"id": "x"}}).kind == "unknown"
    assert read({"statusUpdate": {"id": ""}, name: BUTTON | {"emoji": EMOJI}}).kind != "delivery_status"


SCALARS: Final = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "1", "list_reply", "other"])
KEYS: Final = st.sampled_from(
    sorted({*REPLY_NAMES, *TARGETS, "type", "title", "text", "payload", "emoji", "isRemoved", "rowId", "edited"})
)
JSON: Final = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)
PART: Final = st.dictionaries(KEYS, JSON, max_size=5)


@given(message=PART | JSON, beside=PART)
def test_whatever_stands_there_is_an_event_with_a_key(message: Any, beside: Json) -> None:
    body = _message(message=message) | beside
    event = read(body)
    assert event.raw == body
    assert event.key == parse(json.dumps(body, indent=1).encode()).key
    if isinstance(event, ListReply):
        assert event.id or event.title
    if isinstance(event, Reaction):
        assert event.emoji or (event.is_removed and event.reply_to_id)
    if isinstance(message, dict) and isinstance(text := message.get("text"), str) and text:
        assert not isinstance(event, UnknownEvent)
