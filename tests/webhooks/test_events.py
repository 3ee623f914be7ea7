from __future__ import annotations

import copy
import json
import pickle
import re
from typing import Any, Final

import pytest

from connectly_api.webhooks import (
    Attachment,
    Business,
    Customer,
    DeliveryFailure,
    DeliveryStatus,
    Event,
    InboundMessage,
    Referral,
    ReportReady,
    UnknownEvent,
    parse,
)
from connectly_api.webhooks.decoding import MAX_DEPTH

from .documented_bodies import BODIES, Json, load_body, read

CANARY = "canary5511"
PHONE = "+15550001234"
BSUID = "US.13491208655302741918"


def _shuffle(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shuffle(inner) for name, inner in reversed(value.items())}
    return [_shuffle(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", BODIES)
def test_a_key_does_not_depend_on_how_the_json_is_written(name: str) -> None:
    body = load_body(name)
    key = parse(BODIES[name]).key
    assert key == parse(json.dumps(_shuffle(body), indent=7).encode()).key
    assert key == parse(b"\xef\xbb\xbf" + json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()).key
    assert re.fullmatch(r"[a-z_]+:[0-9a-f]{64}", key)


@pytest.mark.parametrize("name", BODIES)
def test_a_key_does_not_depend_on_the_envelope_or_on_how_nothing_is_written(name: str) -> None:
    body = load_body(name)
    again = body | {"attachments": [], "location": None, "callbackData": "x", "attempt": 2, "metadata": None}
    again["topic"] = {"delivered": "delivery_status", "delivery_failed": "delivery_status"}.get(name, body.get("topic"))
    if "message" in body:
        again["message"] = body["message"] | {"id": "", "isEcho": False, "location": {"latitude": 0}}
    assert read(again).key == read(body).key


@pytest.mark.parametrize("name", ["text", "media", "referral", "button_response"])
def test_a_time_in_another_form_is_the_same_time(name: str) -> None:
    assert read(load_body(name, timestamp=1639083206)).key == read(load_body(name, timestamp="1639083206")).key


def test_a_key_does_not_depend_on_how_a_whole_number_is_written() -> None:
    keys = {read(load_body("text", message={"location": {"latitude": one, "longitude": 7.5}})).key for one in (5, 5.0)}
    assert len(keys) == 1
    large = {read(load_body("text", message={"location": {"latitude": one}})).key for one in (2**53, 2**53 + 1)}
    assert len(large) == 2


def test_all_documented_bodies_have_keys_of_their_own() -> None:
    assert len({parse(body).key for body in BODIES.values()}) == len(BODIES)


def _update(**changes: object) -> Json:
    update: Json = load_body("delivered")["statusUpdate"]
    return update | changes


DIFFERENT = [
    load_body("delivered"),
    load_body("delivered", statusUpdate=_update(status="sent")),
    load_body("delivered", statusUpdate=_update(status="read")),
    load_body("delivered", statusUpdate=_update(status="delivery_failed")),
    load_body("delivered", statusUpdate=_update(status="played")),
    load_body("delivered", statusUpdate=_update(id="01G")),
    load_body("delivered", statusUpdate=_update(id=None)),
    load_body("delivered", statusUpdate=_update(id=None), timestamp="1641513099"),
    load_body("delivered", statusUpdate=_update(id=None), recipient={"id": "+16044551235"}),
    load_body("delivered", statusUpdate=_update(status=None)),
    load_body("text"),
    load_body("text", timestamp="1639083207"),
    load_body("text", timestamp=None),
    load_body("text", timestamp="later"),
    load_body("text", sender={"id": "+16315555501"}),
    load_body("text", sender={"userId": BSUID}),
    load_body("text", sender={"phoneNumber": PHONE}),
    load_body("text", sender={}),
    load_body("text", recipient={"id": "+16044441235"}),
    load_body("text", context={"replyToId": "01A"}),
    load_body("text", message={"text": "TEST 12"}),
    load_body("text", message={"text": "TEST 11", "id": "01A"}),
    load_body("text", message={"text": "TEST 11", "id": "01B"}),
    load_body("text", message={"text": "TEST 11", "sticker": "x"}),
    load_body("text", message={"text": "TEST 11", "isEcho": True}),
    load_body("text", message={"text": "TEST 11", "isButtonResponse": True}),
    load_body("text", message={"text": "TEST 11", "id": "01A", "isButtonResponse": True}),
    load_body("text", attachments=[{"type": "image"}]),
    load_body("text", location={"latitude": 1}),
    load_body("button_response"),
    load_body("button_response", buttonResponse={"text": "TEST 11", "payload": "2"}),
    load_body("button_response", context={"replyToId": "other"}),
    load_body("button_response", sender={"id": "+16315555501"}),
    load_body("report"),
    load_body("report", report={"id": "r", "last_run": {"id": "1", "status": "completed"}}),
    load_body("report", report={"id": "r", "last_run": {"id": "1", "status": "running"}}),
    load_body("report", report={"id": "r", "last_run": {"id": "2", "status": "completed"}}),
    load_body("report", report={"id": "r", "last_run": {"status": "completed"}}),
    {"topic": "calls", "message": {"id": "01A"}, "n": 1},
    {"topic": "calls", "message": {"id": "01A"}, "n": 2},
    {"message": {"id": "01A", "reaction": {"emoji": "a"}}},
    {"message": {"id": "01A", "reaction": {"emoji": "b"}}},
    {"message": {"id": "01A", "reaction": {"messageId": "m"}}},
    {"message": {"id": "01A", "reaction": {"emoji": "a"}}, "timestamp": "1639083207"},
    {"message": {"id": "01A", "sticker": {"id": "a"}}},
    {"message": {"id": "01A", "sticker": {"id": "b"}}},
    load_body("text", message={"text": "TEST 12", "id": "01A"}),
    load_body("text", message={"text": "TEST 12", "id": "01A", "isEdited": True}),
    load_body("text", message={"text": "TEST 12", "id": "01A", "isEdited": True}, timestamp="1639083207"),
    load_body("media", message={"id": "01A", "attachments": [{"type": "image", "url": "u"}]}),
    load_body("media", message={"id": "01A", "attachments": [{"type": "image", "url": "u", "caption": "A"}]}),
    load_body("media", message={"id": "01A", "attachments": [{"type": "document", "url": "u", "filename": "A"}]}),
    load_body("text", message={"id": "01A", "location": {"latitude": 1, "longitude": 2}}),
    load_body("text", message={"id": "01A", "location": {"latitude": 1, "longitude": 3}}),
    load_body("text", message={"id": "01A", "text": "TEST 11", "isEcho": True}),
    load_body("text", message={"id": "01A", "text": "TEST 12", "isEcho": True}),
    load_body("text", message={"id": "01A", "text": "TEST 12", "isButtonResponse": True}),
    load_body("text", message={"id": "01A", "isButtonResponse": True}, buttonResponse={"id": "TEST 12"}),
    load_body("text", message={"id": "01A", "listResponse": {"id": "a"}}),
    load_body("text", message={"id": "01A", "listResponse": {"id": "b"}}),
    load_body("text", message={"id": "01A", "listResponse": {"id": "b"}}, context={"replyToId": "m"}),
    load_body("text", message=None, listResponse={"id": "a"}),
    load_body("text", message=None, listResponse={"id": "b"}),
    load_body("text", message=None, interactive={"list_reply": {"id": "b"}}),
    {},
]


def test_events_that_differ_in_what_they_say_have_different_keys() -> None:
    keys = [read(body).key for body in DIFFERENT]
    assert len(set(keys)) == len(DIFFERENT)


PLACE: Final = {"latitude": 1.5, "longitude": "2"}
IMAGE: Final = {"type": "image", "url": "https://cdn.example/1?signature=a", "caption": "A"}
# A second delivery of a message with an id, next to the first.
REPEATED: Final = [
    ({"text": "Hi", "attachments": [IMAGE]}, {"text": "Hi", "attachments": [IMAGE | {"url": "https://cdn.example/2"}]}),
    ({"attachments": [IMAGE]}, {"attachments": IMAGE, "location": {"latitude": 0, "longitude": 0}}),
    ({"text": "Hi"}, {"text": "Hi", "attachments": [], "location": None, "referral": {}, "isEdited": False}),
    ({"text": "Hi"}, {"text": "Hi", "referral": {"sourceId": "AD", "thumbnailUrl": "https://cdn.example/2"}}),
    ({"text": "Hi"}, {"text": "Hi", "deliveryAttempt": 2, "callbackData": "x"}),
    ({"location": PLACE}, {"location": {"longitude": 2, "latitude": "1.5", "name": ""}}),
    ({"text": "Hi", "isEdited": True}, {"text": "Hi", "is_edited": "true", "edited_at": "1639083206"}),
    ({"text": "Yes", "isButtonResponse": True}, {"isButtonResponse": 1, "buttonResponse": {"text": "Yes"}}),
    ({"listResponse": {"id": "a", "text": "A"}}, {"interactive": {"list_reply": {"id": "a", "title": "A"}}}),
    ({"text": "Hi", "isEcho": True, "attachments": [IMAGE]}, {"text": "Hi", "is_echo": True, "attachments": [IMAGE]}),
]


@pytest.mark.parametrize(("first", "second"), REPEATED, ids=repr)
def test_a_message_with_an_id_that_comes_again_has_the_same_key(first: Json, second: Json) -> None:
    one, two = (read(load_body("text", message=message | {"id": "01A"})) for message in (first, second))
    beside = read(load_body("text", message={"id": "01A", "isEcho": one.kind == "echo"}, **second))
    assert type(one) is type(two)
    assert one.key == two.key
    # The same content beside the message, as far as it may stand there.
    if "text" not in second and "isButtonResponse" not in second:
        assert beside.key == one.key


def test_an_edit_has_a_key_of_its_own_and_so_has_the_edit_back() -> None:
    texts = ["Monday", "Friday", "Monday", "Friday"]
    versions = [
        load_body("text", timestamp=str(1639083206 + n), message={"id": "01A", "text": text, "isEdited": n > 0})
        for n, text in enumerate(texts)
    ]
    assert len({read(body).key for body in versions}) == len(texts)
    for body in versions:
        del body["message"]["isEdited"]
    # Nothing says then that the third is an edit: it may be the first delivered again.
    assert len({read(body).key for body in versions}) == 2


def test_a_button_that_two_customers_tap_makes_two_events() -> None:
    button = {"id": "btn-1", "text": "Yes"}
    one, two = (load_body("button_response", buttonResponse=button, sender={"id": f"+1631555550{n}"}) for n in (1, 2))
    assert read(one).key != read(two).key


def test_two_identical_texts_within_a_second_cannot_be_told_from_one_delivered_twice() -> None:
    assert read(load_body("text")).key == read(load_body("text")).key


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\0", "\u2028", "👋", '"\\'])
def test_strange_texts_break_neither_key_nor_repr_nor_pickle(text: str) -> None:
    body = load_body("text", message={"text": text, text: text}, callbackData={text: text}, topic=None)
    event = parse(json.dumps(body).encode())
    assert isinstance(event, InboundMessage)
    assert event.text == text
    assert event.key.encode("ascii")
    assert repr(event).encode("utf-8")
    assert hash(event)
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301 (its own)
    assert read(load_body("delivered", statusUpdate={"id": text, "status": text})).key.encode("ascii")


def _personal(name: str) -> Json:
    body = load_body(
        name,
        sender={"id": PHONE, "phoneNumber": PHONE, "userId": BSUID, "name": CANARY},
        recipient={"id": PHONE, "phoneNumber": PHONE, "userId": BSUID, "name": CANARY},
        callbackData={CANARY: [CANARY]},
    )
    if "message" in body:
        file = {"type": "image", "url": CANARY, "caption": CANARY, "filename": CANARY}
        place = {"latitude": 55.11551, "longitude": 1, "name": CANARY, "address": CANARY}
        body["message"] = {"text": CANARY, "attachments": [file], "location": place, "referral": {"ctwaClid": CANARY}}
    if "buttonResponse" in body:
        body["buttonResponse"] = {"id": CANARY, "text": CANARY, "payload": CANARY}
    if "statusUpdate" in body:
        error = {"message": CANARY, "userTitle": CANARY, "userMessage": CANARY, "details": {CANARY: CANARY}}
        body["statusUpdate"] |= {"error": error | {"code": "ERROR_CODE_X"}}
    return body


ULID: Final = "01HZY7Q5W8X9K2M3N4P5R6S7T8"
UUID: Final = "6f1c2a9e-3b4d-4e5f-8a7b-0c1d2e3f4a5b"


@pytest.mark.parametrize("text", [CANARY, PHONE, PHONE[1:], "0" * 15 + PHONE[1:], BSUID, f"wamid.{CANARY}", "SENT", ""])
def test_what_is_no_documented_value_and_no_id_is_not_shown(text: str) -> None:
    values = [
        InboundMessage(topic=text, message_id=text, reply_to_id=text, customer=Customer(channel_type=text)),
        InboundMessage(attachments=(Attachment(type=text),), referral=Referral(source_id=text, source_type=text)),
        DeliveryStatus(status=text, business=Business(channel_type=text), failure=DeliveryFailure(trace_id=text)),
        ReportReady(report_id=text, name=text, report_type=text, run_id=text, status=text),
        Referral(media_type=text),
    ]

    for value in values:
        assert repr(text) not in repr(value)
        assert "…" in repr(value)


@pytest.mark.parametrize("text", [ULID, UUID, f"wh_{ULID}"])
def test_documented_values_and_the_services_ids_are_shown(text: str) -> None:
    event = DeliveryStatus(topic="delivery_status", status="read", message_id=text)

    for shown in ("topic='delivery_status'", "status='read'", f"message_id={text!r}", "reply_to_id=None"):
        assert shown in repr(event)


@pytest.mark.parametrize("name", BODIES)
def test_nothing_personal_shows_in_a_repr_or_a_key(name: str) -> None:
    for body in (_personal(name), _personal(name) | {"topic": "other"}):
        event = read(body)
        for shown in (repr(event), str(event), event.key, repr(event.customer), repr(event.customer.recipient)):
            assert CANARY not in shown
            assert "55.11551" not in shown
            assert PHONE[3:] not in shown
            assert BSUID[4:] not in shown


@pytest.mark.parametrize("name", BODIES)
def test_events_are_frozen_equal_hashable_and_survive_pickle_and_deepcopy(name: str) -> None:
    event = parse(BODIES[name])
    assert event == parse(BODIES[name])
    assert len({event, parse(BODIES[name]), read(load_body(name, topic="other"))}) == 2
    assert event.key
    for twin in (pickle.loads(pickle.dumps(event)), copy.deepcopy(event), copy.copy(event)):  # noqa: S301 (its own)
        assert twin == event
        assert hash(twin) == hash(event)
        assert twin.key == event.key
    with pytest.raises(AttributeError):
        event.topic = "x"  # type: ignore[misc]


def test_an_event_with_data_that_cannot_be_hashed_can_be() -> None:
    body = load_body("delivery_failed", callbackData={"a": [1]})
    body["statusUpdate"]["error"]["details"] = {"a": []}
    assert hash(read(body)) == hash(read(body))


def test_match_tells_events_apart_by_class_and_field() -> None:
    def describe(event: Event) -> str:
        match event:
            case DeliveryStatus(status="delivery_failed", failure=failure) if failure is not None:
                return f"failed {failure.code}"
            case DeliveryStatus(status=status):
                return f"status {status}"
            case InboundMessage(text=str(text)):
                return f"text {text}"
            case UnknownEvent(topic=topic):
                return f"unknown {topic}"
            case other:
                return type(other).__name__

    assert [describe(parse(body)) for body in BODIES.values()] == [
        "ButtonReply",
        "status delivered",
        "failed ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID",
        "InboundMessage",
        "text TEST 11",
        "ReportReady",
        "text TEST 11",
    ]
    assert describe(read({"topic": "calls"})) == "unknown calls"


def _deep(shape: str) -> str:
    levels = MAX_DEPTH - 3
    return "[" * levels + "]" * levels if shape == "arrays" else '{"a":' * levels + "1" + "}" * levels


@pytest.mark.parametrize("shape", ["arrays", "objects"])
@pytest.mark.parametrize("place", ['{"callbackData": %s}', '{"statusUpdate": {"error": %s}}', '{"odd": [%s]}'])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_deepest_event_that_is_read_survives_pickle_and_deepcopy(shape: str, place: str, protocol: int) -> None:
    event = parse((place % _deep(shape)).encode())
    for twin in (pickle.loads(pickle.dumps(event, protocol)), copy.deepcopy(event), copy.copy(event)):  # noqa: S301 (its own)
        assert twin == event
        assert twin.key == event.key


def test_a_failure_with_deep_details_survives_by_itself_and_what_is_no_json_stays_what_it_is() -> None:
    details = json.loads(_deep("objects"))
    failure = DeliveryFailure(code="X", details=details)
    assert pickle.loads(pickle.dumps(failure)) == failure  # noqa: S301 (its own)
    made_by_hand: list[object] = [b"bytes"]
    for _ in range(60):
        made_by_hand = [made_by_hand]
    event = DeliveryStatus(callback_data=made_by_hand, raw={"a": (1, 2)})
    assert copy.deepcopy(event) == event
