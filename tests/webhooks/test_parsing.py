from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectly_api import Bsuid, Phone, Recipient
from connectly_api.recipients import to_recipient
from connectly_api.webhooks import (
    Attachment,
    Business,
    ButtonReply,
    Customer,
    DeliveryFailure,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ListReply,
    Location,
    Reaction,
    Referral,
    ReportReady,
    UnknownEvent,
)
from connectly_api.webhooks.extract import EDIT_MARKS

from .documented_bodies import BODIES, Json, load_body, read

CUSTOMER = Customer(id="+16315555500", phone=Phone("+16315555500"), name="Vasi from Connectly", channel_type="whatsapp")
BUSINESS = Business(id="+16044441234", phone=Phone("+16044441234"), name="connectlyai", channel_type="whatsapp")
NOON = datetime(2021, 12, 9, 20, 53, 26, tzinfo=UTC)
EXPECTED: dict[str, Event] = {
    "text": InboundMessage(customer=CUSTOMER, business=BUSINESS, timestamp=NOON, raw=load_body("text"), text="TEST 11"),
    "media": InboundMessage(
        customer=CUSTOMER,
        business=BUSINESS,
        timestamp=datetime(2021, 12, 9, 21, 32, 17, tzinfo=UTC),
        raw=load_body("media"),
        attachments=(Attachment(type="video", url="https://cdn.dev.connectly.ai/asd/asdasdasdasd"),),
    ),
    "referral": InboundMessage(
        customer=CUSTOMER,
        business=BUSINESS,
        timestamp=NOON,
        raw=load_body("referral"),
        text="TEST 11",
        referral=Referral(
            ctwa_clid="ARAkLkA8nM",
            source_url="AD_OR_POST_FB_URL",
            source_id="ADID",
            source_type="ad",
            headline="AD_TITLE",
            body="AD_DESCRIPTION",
            media_type="image",
            image_url="RAW_IMAGE_URL",
            video_url="RAW_VIDEO_URL",
            thumbnail_url="RAW_THUMBNAIL_URL",
        ),
    ),
    "button_response": ButtonReply(
        customer=CUSTOMER,
        business=BUSINESS,
        timestamp=NOON,
        raw=load_body("button_response"),
        reply_to_id="018d62f2-2524-10fa-f857-091ab99c14c8",
        text="TEST 11",
        payload="1",
    ),
    "delivered": DeliveryStatus(
        topic="delivery_status",
        customer=Customer(id="+16044551234", phone=Phone("+16044551234"), channel_type="whatsapp"),
        business=Business(id="+16044441111", phone=Phone("+16044441111"), channel_type="whatsapp"),
        timestamp=datetime(2022, 1, 6, 23, 51, 38, tzinfo=UTC),
        message_id="01FRRWW2ZAHD9GJ1SWY4VF2GBD",
        campaign_name="<YOUR_CAMPAIGN_NAME>",
        raw=load_body("delivered"),
        status="delivered",
    ),
    "delivery_failed": DeliveryStatus(
        topic="delivery_status",
        customer=Customer(id="+60445551234", phone=Phone("+60445551234"), channel_type="whatsapp"),
        business=Business(id="+16044441111", phone=Phone("+16044441111"), channel_type="whatsapp"),
        timestamp=datetime(2022, 1, 6, 23, 47, 36, tzinfo=UTC),
        message_id="01FRRWMSAMKNFZAMBPQ65CA7DD",
        campaign_name="<YOUR_CAMPAIGN_NAME>",
        raw=load_body("delivery_failed"),
        status="delivery_failed",
        failure=DeliveryFailure(
            code="ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID",
            type="ERROR_TYPE_INVALID_REQUEST",
            message="Message template inputs invalid",
            user_title="Message template inputs invalid",
            user_message="Pass along the connectly trace id 'cnct_trace_id' to the team for more information.",
            trace_id="10827968052975079261",
            details={},
        ),
    ),
    "report": ReportReady(
        topic="report",
        timestamp=datetime(2025, 4, 30, 12, 34, 56, tzinfo=UTC),
        raw=load_body("report"),
        report_id="c80716a5-62c5-4ba5-b99d-5c2a6fd39317",
        name="Daily Campaign Report",
        report_type="campaign.daily.custom",
        run_id="run-001",
        status="completed",
        url="https://reports.connectly.ai/abcdef",
        created_at=datetime(2025, 4, 30, 12, 0, tzinfo=UTC),
        expires_at=datetime(2025, 5, 1, 12, 34, 56, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_each_documented_body_is_read_in_every_field(name: str) -> None:
    event = read(load_body(name))
    assert type(event) is type(EXPECTED[name])
    assert event == EXPECTED[name]


# Which class it is.

STATUS = {"statusUpdate": {"id": "01F", "status": "read"}}
MESSAGE = {"message": {"text": "hi"}}
REPORT = {"report": {"id": "r-1"}}
BUTTON = {"buttonResponse": {"text": "Yes"}}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        # The keys decide where there is no topic.
        (STATUS, DeliveryStatus),
        (MESSAGE, InboundMessage),
        (REPORT, ReportReady),
        (BUTTON, ButtonReply),
        (BUTTON | MESSAGE, ButtonReply),
        (STATUS | {"topic": None}, DeliveryStatus),
        (STATUS | {"topic": ""}, DeliveryStatus),
        (STATUS | {"topic": 5}, DeliveryStatus),
        (MESSAGE | {"topic": "topic_unspecified"}, InboundMessage),
        ({"status_update": {"id": "01F", "status": "read"}}, DeliveryStatus),
        ({"button_response": {"text": "Yes"}}, ButtonReply),
        # What says nothing decides nothing.
        (STATUS | {"message": None, "report": {}, "buttonResponse": {"text": "", "payload": None}}, DeliveryStatus),
        (MESSAGE | {"statusUpdate": {"id": "", "status": "", "error": None}, "report": None}, InboundMessage),
        (MESSAGE | {"buttonResponse": {}}, InboundMessage),
        (MESSAGE | {"statusUpdate": "sent"}, InboundMessage),
        ({"message": {}}, InboundMessage),
        ({"message": {"text": None}}, InboundMessage),
        ({"statusUpdate": {}}, DeliveryStatus),
        # Two kinds at once are none, unless the topic says which.
        (STATUS | MESSAGE, UnknownEvent),
        (STATUS | REPORT, UnknownEvent),
        (STATUS | BUTTON, UnknownEvent),
        (STATUS | MESSAGE | {"topic": "delivery_status"}, DeliveryStatus),
        (STATUS | MESSAGE | {"topic": "messages"}, InboundMessage),
        (STATUS | BUTTON | {"topic": "messages"}, ButtonReply),
        ({"statusUpdate": {}, "message": {}}, UnknownEvent),
        # A topic stands, though its part is lost.
        ({"topic": "delivery_status"}, DeliveryStatus),
        ({"topic": "delivery_status", "statusUpdate": "read"}, DeliveryStatus),
        ({"topic": "delivery_status", "message": {"text": ""}}, DeliveryStatus),
        ({"topic": "report", "report": []}, ReportReady),
        ({"topic": "messages"}, InboundMessage),
        ({"topic": "messages", "message": None}, InboundMessage),
        # A topic that the keys contradict, and one that is new, are not guessed at.
        (MESSAGE | {"topic": "delivery_status"}, UnknownEvent),
        (STATUS | {"topic": "messages"}, UnknownEvent),
        (STATUS | {"topic": "report"}, UnknownEvent),
        (MESSAGE | {"topic": "message_deleted"}, UnknownEvent),
        (STATUS | {"topic": "Delivery_Status"}, UnknownEvent),
        ({"topic": "calls", "call": {"id": "c"}}, UnknownEvent),
        ({}, UnknownEvent),
        ({"message": "hi"}, UnknownEvent),
        ({"message": []}, UnknownEvent),
        # New kinds of message.
        ({"message": {"id": "m", "reaction": {"emoji": "👍"}}}, Reaction),
        ({"message": {"id": "m", "text": "", "attachments": [], "sticker": {"url": "u"}}}, UnknownEvent),
        ({"message": {"contacts": [{"name": "Ann"}]}}, UnknownEvent),
        ({"message": {"text": None}, "listResponse": {"id": "row-1"}}, ListReply),
        ({"message": {"text": "hi", "reaction": None, "list": [], "flags": {"seen": False}}}, InboundMessage),
        ({"message": {"text": None, "reaction": None, "list": [], "flags": {"seen": False}}}, InboundMessage),
        ({"message": {"text": "Row 1", "listResponse": {"id": "row-1"}}}, ListReply),
        ({"sender": {"id": "+16315555500"}, "reaction": {"emoji": "👍"}}, Reaction),
    ],
    ids=repr,
)
def test_the_class_follows_from_topic_and_content(body: Json, kind: type[Event]) -> None:
    event = read(body)
    assert type(event) is kind
    assert event.raw == body


@pytest.mark.parametrize("nothing", [None, "", 0, 0.0, False, [], {}, [[]], [0, ""], {"a": {"b": [None, {"c": ""}]}}])
def test_zero_values_and_nests_of_them_are_no_content(nothing: object) -> None:
    assert type(read({"message": {"sticker": nothing}})) is InboundMessage


@pytest.mark.parametrize("something", ["0", " ", 1, True, [0, 1], {"a": {"b": [None, {"c": " "}]}}])
def test_anything_else_is_content(something: object) -> None:
    assert type(read({"message": {"sticker": something}})) is UnknownEvent


@pytest.mark.parametrize("flag", [True, "true", "True", 1, "1"])
def test_the_older_form_of_a_button_reply_is_one(flag: object) -> None:
    event = read(load_body("text", message={"id": "m-1", "text": "TEST 11", "isButtonResponse": flag}))
    assert isinstance(event, ButtonReply)
    assert (event.id, event.text, event.payload, event.message_id) == (None, "TEST 11", None, "m-1")
    assert event.customer == CUSTOMER


@pytest.mark.parametrize("flag", [False, None, "false", "", 0, 2, 1.5, [], {"a": 1}])
def test_a_flag_that_is_not_set_makes_no_button_reply(flag: object) -> None:
    assert isinstance(read(load_body("text", message={"text": "x", "isButtonResponse": flag})), InboundMessage)


def test_a_button_reply_prefers_what_its_own_part_says() -> None:
    body = load_body("button_response", message={"id": "m-1", "text": "other", "is_button_response": True})
    body["buttonResponse"] = {"id": "btn-1", "text": "TEST 11"}
    event = read(body)
    assert isinstance(event, ButtonReply)
    assert (event.id, event.text, event.payload, event.message_id) == ("btn-1", "TEST 11", None, "m-1")
    nested = read({"message": {"buttonResponse": {"id": "b", "payload": "p"}, "text": "title"}})
    assert isinstance(nested, ButtonReply)
    assert (nested.id, nested.text, nested.payload) == ("b", "title", "p")


# Echoes.


@pytest.mark.parametrize(
    "changes",
    [
        {"message": {"text": "TEST 11", "isEcho": True}},
        {"message": {"text": "TEST 11", "is_echo": "true"}},
        {"message": {"text": "TEST 11"}, "isEcho": True},
        {"message": {"text": "TEST 11", "replyButtonMessage": {"buttons": [{"text": "Yes"}]}}},
        {"message": {"text": "TEST 11", "list_message": {"button": {"text": "Choose"}}}},
        {"message": {"text": "TEST 11"}, "recipient": {"id": "US.134912", "userId": "US.134912", "phoneNumber": ""}},
        {"message": {"text": "TEST 11", "isEcho": True, "isButtonResponse": True}},
    ],
    ids=repr,
)
def test_what_the_business_wrote_is_an_echo_whose_customer_is_the_recipient(changes: Json) -> None:
    body = load_body("text", **changes)
    event = read(body)
    assert isinstance(event, Echo)
    assert event.text == "TEST 11"
    assert event.customer.id == body["recipient"]["id"]
    assert event.business.id == "+16315555500"


def test_an_echo_keeps_its_attachments_and_place() -> None:
    message = load_body("media")["message"] | {"isEcho": True, "location": {"latitude": 1.5, "longitude": -2}}
    event = read(load_body("media", message=message))
    assert isinstance(event, Echo)
    assert [attachment.type for attachment in event.attachments] == ["video"]
    assert event.location == Location(latitude=1.5, longitude=-2.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"message": {"text": "x", "isEcho": False}},
        {"message": {"text": "x", "listMessage": None, "replyButtonMessage": {"buttons": []}}},
        {"sender": {"id": "+16315555500", "userId": "US.1"}, "recipient": {"id": "+16044441234", "userId": "US.2"}},
        {"recipient": {"id": "+16044441234", "userId": None, "phoneNumber": ""}},
    ],
    ids=repr,
)
def test_without_a_sign_of_it_a_message_is_no_echo(changes: Json) -> None:
    event = read(load_body("text", **changes))
    assert isinstance(event, InboundMessage)
    assert event.customer.phone == Phone("+16315555500")


# Who the customer is.


def _customer(**side: object) -> Customer:
    return read(load_body("text", sender={"channelType": "whatsapp"} | side)).customer


PHONE = Phone("+16315555500")
BSUID = Bsuid("US.13491208655302741918")


@pytest.mark.parametrize(
    ("side", "phone", "bsuid"),
    [
        ({"id": "+16315555500"}, PHONE, None),
        ({"id": "+16315555500", "userId": BSUID.value, "phoneNumber": "+16315555500"}, PHONE, BSUID),
        ({"id": "+16315555500", "user_id": BSUID.value, "phone_number": "+16315555500"}, PHONE, BSUID),
        ({"id": BSUID.value, "userId": BSUID.value, "phoneNumber": ""}, None, BSUID),
        ({"id": BSUID.value, "userId": BSUID.value, "phoneNumber": None}, None, BSUID),
        ({"id": BSUID.value}, None, BSUID),
        ({"id": f"bsuid:{BSUID.value}"}, None, BSUID),
        ({"userId": BSUID.value}, None, BSUID),
        ({"phoneNumber": "+16315555500"}, PHONE, None),
        ({"id": BSUID.value, "phoneNumber": "+1 (631) 555-5500"}, PHONE, BSUID),
        ({"id": "US.ENT.13491208655302741918"}, None, Bsuid("US.ENT.13491208655302741918")),
        # Written otherwise, but beyond doubt.
        ({"id": "+1 (631) 555-5500"}, PHONE, None),
        ({"id": " +1.631.555.5500"}, PHONE, None),
        ({"id": "16315555500"}, PHONE, None),
        ({"id": "16315555500", "channelType": None}, PHONE, None),
        # A guess would be needed, or nothing is there.
        ({"id": "16315555500", "channelType": "sms"}, None, None),
        ({"id": "0016315555500"}, None, None),
        ({"id": "06315555500"}, None, None),
        ({"id": "(631) 555-5500"}, None, None),
        ({"id": "+1 631 555 55OO"}, None, None),
        ({"id": "123456"}, None, None),
        ({"id": "1234567890123456"}, None, None),
        ({"id": "+44 (0)20 7946 0958"}, None, None),
        ({"id": "+"}, None, None),
        ({"id": "١٦٣١٥٥٥٥٥٠٠"}, None, None),
        ({"id": "+١٦٣١٥٥٥٥٥٠٠"}, None, None),
        ({"id": "+1" + "6" * 100_000}, None, None),
        ({"id": "us.13491208655302741918"}, None, None),
        ({"id": "US.", "userId": "US.!"}, None, None),
        ({"id": "cust-77.a"}, None, None),
        ({"id": 16315555500, "userId": ["US.1"], "phoneNumber": {}}, None, None),
        ({}, None, None),
    ],
    ids=lambda case: repr(case)[:60],
)
def test_a_customer_is_read_by_every_address_and_never_guessed(
    side: Json, phone: Phone | None, bsuid: Bsuid | None
) -> None:
    customer = _customer(**side)
    assert (customer.phone, customer.bsuid) == (phone, bsuid)
    assert customer.id == (side.get("id") if isinstance(side.get("id"), str) else None)
    if phone or bsuid:
        assert customer.recipient is not None
        assert to_recipient(customer.recipient) == Recipient(phone=phone, bsuid=bsuid)
    else:
        assert customer.recipient is None


NUMBERS: list[Any] = [
    ({"id": "+16315555500", "channelType": "sms"}, PHONE),
    ({"id": "+1 (631) 555-5500"}, PHONE),
    ({"id": "16315555500"}, PHONE),
    ({"id": "16315555500", "channelType": "whatsapp"}, PHONE),
    ({"id": "16315555500", "channelType": "sms"}, None),
    ({"id": "biz_1", "phoneNumber": "16315555500"}, PHONE),
    ({"id": "573101234567"}, Phone("+573101234567")),
    ({"id": "6281234567890"}, Phone("+6281234567890")),
    ({"id": "biz_1"}, None),
    ({"id": "123456123"}, None),
    ({"id": "106540352242922"}, None),
    ({"id": "590968830767958"}, None),
    ({"id": "11234567890"}, None),
    ({"id": "0016315555500"}, None),
    ({"id": 16315555500}, None),
]


@pytest.mark.parametrize("side", [None, [], "x", 5, "+16315555500"])
def test_a_side_of_another_type_leaves_a_customer_without_fields(side: object) -> None:
    event = read(load_body("text", sender=side))
    assert isinstance(event, InboundMessage)
    assert event.customer == Customer()
    assert event.business == BUSINESS


@pytest.mark.parametrize(("side", "phone"), NUMBERS, ids=repr)
def test_the_business_number_is_read_as_a_customers_is(side: Json, phone: Phone | None) -> None:
    event = read(load_body("text", recipient=side))
    assert event.business.phone == phone
    assert event.business.phone == _customer(**side).phone


def test_the_businesses_number_may_be_an_opaque_id() -> None:
    # An older edition of the documentation: https://connectly.readme.io/reference/webhook-payload
    event = read(load_body("text", recipient={"id": "123456123", "channel_type": "whatsapp"}))
    assert event.business == Business(id="123456123", channel_type="whatsapp")


@pytest.mark.parametrize(
    ("body", "customer"),
    [
        (load_body("text", message={"sticker": {"id": "s"}}), "+16315555500"),
        (load_body("text", message={"sticker": {"id": "s"}, "isEcho": True}), "+16044441234"),
        ({"sender": {"id": "+16315555500"}, "reaction": {"emoji": "x"}}, "+16315555500"),
        (load_body("delivered", topic="calls"), None),
        (load_body("delivered", topic="calls", recipient={"id": "US.1", "userId": "US.1"}), "US.1"),
        (load_body("text", topic="calls", sender={"id": "US.1", "user_id": "US.1"}), "US.1"),
        (load_body("delivered", topic="messages"), "+16044441111"),
    ],
    ids=lambda case: repr(case)[:80],
)
def test_an_unknown_event_names_the_customer_where_there_is_no_doubt(body: Json, customer: str | None) -> None:
    event = read(body)
    assert isinstance(event, UnknownEvent | Echo | Reaction)
    assert event.customer.id == customer


# What every event has.


@pytest.mark.parametrize(
    ("changes", "campaign"),
    [
        ({"metadata": {"campaign_name": "spring"}}, "spring"),
        ({"metadata": {"campaignName": "spring"}}, "spring"),
        ({"metadata": {"campaign_name": None, "campaignName": "spring"}}, "spring"),
        ({"metadata": {"campaign_name": "", "campaignName": "spring"}}, "spring"),
        ({"metadata": {"campaign_name": "spring", "campaignName": "autumn"}}, "spring"),
        ({"metadata": {"campaign_name": 7, "campaignName": "spring"}}, None),
        ({"metadata": {"campaign_name": ""}}, None),
        ({"metadata": {"campaign_name": 7}}, None),
        ({"metadata": None}, None),
        ({"metadata": "spring"}, None),
        ({"metadata": ["spring"]}, None),
        ({"metadata": None, "statusUpdate": {"metadata": {"campaignName": "autumn"}}}, "autumn"),
        ({"metadata": {}, "statusUpdate": {"metadata": {"campaign_name": "autumn"}}}, "autumn"),
        (
            {"metadata": {"campaign_name": "spring"}, "statusUpdate": {"metadata": {"campaign_name": "autumn"}}},
            "spring",
        ),
        ({"metadata": {"campaign_name": None}, "statusUpdate": {"metadata": None}}, None),
    ],
    ids=repr,
)
def test_the_campaign_is_read_from_each_of_its_places(changes: Json, campaign: str | None) -> None:
    assert read(load_body("delivered", **changes)).campaign_name == campaign


@pytest.mark.parametrize("value", [{"order": [1, None]}, [], "", "x", 0, 1.5, False, True, {"": {}}])
def test_callback_data_is_any_json_value_unchanged(value: object) -> None:
    assert read(load_body("delivered", callbackData=value)).callback_data == value
    assert read(load_body("button_response", callback_data=value)).callback_data == value


def test_without_callback_data_there_is_none() -> None:
    assert read(load_body("delivered", callbackData=None)).callback_data is None
    assert read(load_body("text")).callback_data is None


@pytest.mark.parametrize(
    "changes",
    [
        {"context": {"replyToId": "m-0"}},
        {"context": {"reply_to_id": "m-0"}},
        {"context": None, "message": {"text": "x", "context": {"replyToId": "m-0"}}},
    ],
    ids=repr,
)
def test_the_message_that_is_answered_is_named(changes: Json) -> None:
    assert read(load_body("text", **changes)).reply_to_id == "m-0"


@pytest.mark.parametrize("context", [None, {}, [], "m-0", {"replyToId": None}, {"replyToId": ""}, {"replyToId": 5}])
def test_without_a_readable_context_no_message_is_answered(context: object) -> None:
    assert read(load_body("text", context=context)).reply_to_id is None


@pytest.mark.parametrize(
    ("changes", "message_id"),
    [
        ({"message": {"id": "01F", "text": "x"}}, "01F"),
        ({"message": {"id": None, "text": "x"}}, None),
        ({"message": {"id": 5, "text": "x"}}, None),
        ({"message": {"id": "m", "reaction": {"emoji": "x"}}}, "m"),
    ],
    ids=repr,
)
def test_a_messages_id_is_kept_as_it_came(changes: Json, message_id: str | None) -> None:
    assert read(load_body("text", **changes)).message_id == message_id


# What a message holds.


def _message(**message: Any) -> InboundMessage:
    event = read(load_body("text", message=message))
    assert isinstance(event, InboundMessage)
    return event


IMAGE = {"type": "image", "url": "https://cdn.connectly.ai/a", "caption": "A", "filename": None}


@pytest.mark.parametrize(
    ("attachments", "expected"),
    [
        ([IMAGE], [Attachment(type="image", url="https://cdn.connectly.ai/a", caption="A")]),
        (IMAGE, [Attachment(type="image", url="https://cdn.connectly.ai/a", caption="A")]),
        ([IMAGE, {"type": "hologram"}], ["image", "hologram"]),
        ([None, 5, "x", [], IMAGE], ["image"]),
        ([{"type": "attachment_type_unspecified", "url": "u"}], [Attachment(url="u")]),
        ([{"type": 5, "url": "u"}], [Attachment(url="u")]),
        ([{"type": "document", "url": None, "filename": "a.pdf"}], [Attachment(type="document", filename="a.pdf")]),
        ([{"id": "media-1"}], [Attachment()]),
        ([{"type": "", "url": None}, {}], []),
        ([], []),
        (None, []),
        ("x", []),
        (5, []),
    ],
    ids=repr,
)
def test_attachments_are_read_from_a_list_or_a_single_object(attachments: object, expected: list[object]) -> None:
    found = _message(text="x", attachments=attachments).attachments
    assert len(found) == len(expected)
    for attachment, wanted in zip(found, expected, strict=True):
        assert (attachment if isinstance(wanted, Attachment) else attachment.type) == wanted


def test_content_beside_the_message_is_read_where_the_message_has_none() -> None:
    place, referral = {"latitude": 1, "longitude": 2}, {"sourceId": "AD"}
    body = load_body("text", message={"attachments": [{}], "location": None}, attachments=[IMAGE])
    event = read(body | {"location": place, "referral": referral})
    assert isinstance(event, InboundMessage)
    assert [attachment.type for attachment in event.attachments] == ["image"]
    assert event.location == Location(latitude=1.0, longitude=2.0)
    assert event.referral == Referral(source_id="AD")


def test_the_empty_fields_of_the_documented_request_are_no_content() -> None:
    event = read(load_body("text", attachments=[], location=None))
    assert isinstance(event, InboundMessage)
    assert (event.attachments, event.location) == ((), None)


@pytest.mark.parametrize("name", sorted(EDIT_MARKS))
@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        *((mark, True) for mark in (True, "true", "True", "1", 1, "1639083206", 1639083206, "2021-12-09T20:53:26Z")),
        ({"version": 2}, True),
        *((mark, False) for mark in (False, None, "", "false", "0", 0, {}, {"version": 0}, [], [1], "soon", -1)),
        ("1970-01-01T00:00:00Z", False),
    ],
    ids=repr,
)
def test_a_message_is_edited_if_a_flag_a_time_or_an_object_says_so(name: str, mark: object, expected: bool) -> None:
    assert _message(text="x", **{name: mark}).is_edited is expected
    beside = read(load_body("text", **{name: mark}))
    assert isinstance(beside, InboundMessage)
    assert beside.is_edited is expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"latitude": 37.5, "longitude": -122}, Location(latitude=37.5, longitude=-122.0)),
        ({"latitude": "37.5", "longitude": "-122"}, Location(latitude=37.5, longitude=-122.0)),
        ({"latitude": 0, "longitude": 5, "name": "Pier"}, Location(latitude=0.0, longitude=5.0, name="Pier")),
        ({"latitude": 90, "longitude": 180, "address": "A"}, Location(latitude=90.0, longitude=180.0, address="A")),
        ({"latitude": 90.1, "longitude": -180.1, "name": "N"}, Location(name="N")),
        ({"latitude": True, "longitude": None, "name": 5}, Location()),
        ({"latitude": "1e5", "longitude": "east"}, Location()),
        ({"latitude": "NaN", "longitude": "1e999"}, Location()),
        ({"latitude": 0, "longitude": 0.0, "name": ""}, None),
        ({"latitude": 10**300, "longitude": [1]}, Location()),
        ({}, None),
        ([], None),
        (None, None),
        ("home", None),
    ],
    ids=repr,
)
def test_a_place_is_read_as_far_as_it_can_be(place: object, expected: Location | None) -> None:
    assert _message(text="x", location=place).location == expected


@pytest.mark.parametrize(
    ("referral", "expected"),
    [
        ({"source_url": "u", "ctwa_clid": "c"}, Referral(source_url="u", ctwa_clid="c")),
        ({"sourceUrl": 5, "headline": "h"}, Referral(headline="h")),
        ({"new": "field"}, Referral()),
        ({"sourceUrl": "", "headline": None}, None),
        ([], None),
        ("ad", None),
    ],
    ids=repr,
)
def test_a_referral_is_read_as_far_as_it_can_be(referral: object, expected: Referral | None) -> None:
    assert _message(text="x", referral=referral).referral == expected


# Statuses and reports.


def _status(**update: object) -> DeliveryStatus:
    event = read(load_body("delivered", statusUpdate=update))
    assert isinstance(event, DeliveryStatus)
    return event


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("delivery_failed", "delivery_failed"),
        ("delivery_failure", "delivery_failed"),
        ("played", "played"),
        ("", None),
        (None, None),
        (3, None),
        (["read"], None),
    ],
)
def test_a_status_is_open_to_new_values(status: object, expected: str | None) -> None:
    event = _status(id="01F", status=status)
    assert (event.message_id, event.status) == ("01F", expected)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, None),
        ({}, None),
        ({"message": "", "code": None}, None),
        ("failed", None),
        ([{"code": "X"}], None),
        (
            {"code": "ERROR_CODE_X", "userTitle": "T", "details": {"a": 1}},
            DeliveryFailure(code="ERROR_CODE_X", user_title="T", details={"a": 1}),
        ),
        ({"user_title": "T", "cnt_trace_id": "9"}, DeliveryFailure(user_title="T", trace_id="9")),
        (
            {"code": 3, "message": "bad", "details": []},
            DeliveryFailure(code="INVALID_ARGUMENT", message="bad", details=[]),
        ),
        ({"code": {"a": 1}, "cntTraceId": 10827968052975079261}, DeliveryFailure(trace_id="10827968052975079261")),
    ],
    ids=repr,
)
def test_a_failure_has_what_the_error_body_says(error: object, expected: DeliveryFailure | None) -> None:
    assert _status(id="01F", status="delivery_failed", error=error).failure == expected


def test_a_report_is_read_in_either_spelling_and_as_far_as_it_can_be() -> None:
    run = {"id": "run-1", "result": {"url": 5, "expiresAt": "2025-05-01T12:34:56+02:00", "createdAt": "soon"}}
    event = read({"topic": "report", "report": {"id": "r", "lastRun": run}})
    assert isinstance(event, ReportReady)
    assert (event.report_id, event.run_id, event.url, event.created_at) == ("r", "run-1", None, None)
    assert event.expires_at == datetime(2025, 5, 1, 10, 34, 56, tzinfo=UTC)
    assert event.customer == Customer()


def test_a_status_whose_sender_alone_is_a_customer_is_about_the_sender() -> None:
    sides = {"sender": {"id": "+16315555500", "userId": "US.1abc"}, "recipient": {"id": "+16044441111"}}
    event = read(load_body("delivered", **sides))
    assert (event.customer.id, event.business.id) == ("+16315555500", "+16044441111")
