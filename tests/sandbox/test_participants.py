from typing import Any

import pytest

from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.model.identity import parse_bsuid, parse_phone
from tests.sandbox.calls import TEMPLATES, answer, ask, fields, session, template

WHATSAPP = {"channelType": "whatsapp"}
INVALID = "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID"
BAD_FORMAT = "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT"
SENDER = "ERROR_CODE_INVALID_SENDER_ID"
CHANNEL = "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL"
SELF = "ERROR_CODE_MESSAGE_SELF_INVALID"
BSUID = "US.13491208655302741918"


@pytest.mark.parametrize("text", ["+16044441111", "+4915112345678", "+1234567", "+123456789012345"])
def test_e164_numbers_are_phones(text: str) -> None:
    assert parse_phone(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "16044441111", "+0604444111", "+1604", "+1234567890123456", "+1 604", "+1604444\n", "+१६०४४४४११११", "tel"],
)
def test_anything_else_is_not(text: str) -> None:
    assert parse_phone(text) is None


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (BSUID, True),
        ("US.ENT.abc123", True),
        ("us.1", False),
        ("USA.1", False),
        ("US.", False),
        ("US.a-b", False),
        (f"US.{'a' * 129}", False),
    ],
)
def test_a_bsuid_is_a_country_a_dot_and_alphanumerics(text: str, fits: bool) -> None:
    assert (parse_bsuid(text) == text) == fits


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"recipient": ...}, INVALID, "recipient"),
        ({"recipient": {}}, INVALID, "recipient"),
        ({"recipient": WHATSAPP}, INVALID, "recipient.id"),
        ({"recipient": {"id": "", **WHATSAPP}}, INVALID, "recipient.id"),
        ({"recipient": {"id": "6044441111", **WHATSAPP}}, BAD_FORMAT, "recipient.id"),
        ({"recipient": {"id": "+1(604) 444-1111", **WHATSAPP}}, BAD_FORMAT, "recipient.id"),
        ({"recipient": {"userId": BSUID, **WHATSAPP}}, INVALID, "recipient.userId"),
        ({"recipient": {"id": BSUID, **WHATSAPP}}, INVALID, "recipient.id"),
        ({"recipient": {"id": "+16044441111", "userId": f"bsuid:{BSUID}", **WHATSAPP}}, INVALID, "recipient.userId"),
        ({"recipient": {"id": "+16044441111"}}, "ERROR_CODE_UNSPECIFIED", "recipient.channelType"),
        (
            {"recipient": {"id": "+16044441111", "channelType": "channel_type_unspecified"}},
            "ERROR_CODE_UNSPECIFIED",
            "recipient.channelType",
        ),
        ({"recipient": {"id": "+16044441111", "channelType": "sms"}}, CHANNEL, "recipient.channelType"),
        ({"sender": {"id": "+14150000000"}}, SENDER, "sender.id"),
        ({"sender": {"id": "sales"}}, SENDER, "sender.id"),
        ({"sender": {"id": "+14151111234", "channelType": "sms"}}, CHANNEL, "sender.channelType"),
        ({"recipient": {"id": "+14151111234", **WHATSAPP}}, SELF, "recipient.id"),
        (
            {"sender": {"id": "+16501113333"}, "recipient": {"id": "+16501113333", **WHATSAPP}},
            SELF,
            "recipient.id",
        ),
    ],
)
def test_a_session_message_between_the_wrong_parties_is_refused(
    sandbox: Sandbox, changes: dict[str, Any], code: str, field: str
) -> None:
    decision = ask(sandbox, session(**changes))
    assert (decision.status, decision.code, fields(decision)) == (400, code, [field])
    assert sandbox.messages == ()


@pytest.mark.parametrize(
    ("changes", "sender", "phone", "bsuid"),
    [
        ({}, "+14151111234", "+16044441111", None),
        ({"sender": {"id": "+16501113333", **WHATSAPP}}, "+16501113333", "+16044441111", None),
        ({"sender": {}}, "+14151111234", "+16044441111", None),
        (
            {"recipient": {"id": "+16044441111", "userId": BSUID, **WHATSAPP}},
            "+14151111234",
            "+16044441111",
            BSUID,
        ),
        ({"recipient": {"id": "+16501113333", **WHATSAPP}}, "+14151111234", "+16501113333", None),
    ],
)
def test_a_session_message_between_the_right_parties_is_accepted(
    sandbox: Sandbox, changes: dict[str, Any], sender: str, phone: str | None, bsuid: str | None
) -> None:
    assert ask(sandbox, session(**changes)).status == 200
    (message,) = sandbox.messages
    assert (message.sender, message.phone, message.bsuid) == (sender, phone, bsuid)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"number": ...}, INVALID, "number"),
        ({"number": ""}, INVALID, "number"),
        ({"number": "16044441111"}, BAD_FORMAT, "number"),
        ({"number": "bsuid:"}, BAD_FORMAT, "number"),
        ({"number": "bsuid:+16044441111"}, BAD_FORMAT, "number"),
        ({"number": BSUID}, BAD_FORMAT, "number"),
        ({"sender": "+14150000000"}, SENDER, "sender"),
        ({"number": "+14151111234"}, SELF, "number"),
        ({"number": "+16501113333", "sender": "+16501113333"}, SELF, "number"),
    ],
)
def test_a_template_between_the_wrong_parties_is_refused(
    sandbox: Sandbox, changes: dict[str, Any], code: str, field: str
) -> None:
    decision = ask(sandbox, template(**changes), path=TEMPLATES)
    assert (decision.status, decision.code, fields(decision)) == (400, code, [field])


@pytest.mark.parametrize("number", ["+1(604) 585 2331", "+1 604-585.2331"])
def test_a_templates_number_may_have_punctuation(sandbox: Sandbox, number: str) -> None:
    assert ask(sandbox, template(number=number, sender="+1 415 111 1234"), path=TEMPLATES).status == 200
    assert sandbox.messages[0].phone == "+16045852331"


def test_by_default_a_bsuid_gets_templates_and_no_session_messages(sandbox: Sandbox) -> None:
    assert ask(sandbox, template(number=f"bsuid:{BSUID}"), path=TEMPLATES).status == 200
    assert sandbox.messages[0].bsuid == BSUID
    assert ask(sandbox, session(recipient={"userId": BSUID, **WHATSAPP})).status == 400


def test_a_bsuid_gets_everything_or_nothing_as_chosen() -> None:
    both = Sandbox(windows="open", bsuid_recipients="accept")
    assert ask(both, session(recipient={"userId": BSUID, **WHATSAPP})).status == 200
    none = Sandbox(windows="open", bsuid_recipients="refuse")
    refused = ask(none, template(number=f"bsuid:{BSUID}"), path=TEMPLATES)
    assert (refused.status, refused.code, fields(refused)) == (400, INVALID, ["number"])


def test_a_missing_sender_is_refused_where_that_is_chosen_and_there_are_several() -> None:
    several = Sandbox(windows="open", missing_sender="refuse")
    assert ask(several, session()).code == SENDER
    assert ask(several, template(), path=TEMPLATES).code == SENDER
    assert ask(Sandbox(windows="open", missing_sender="refuse", senders=["+14151111234"]), session()).status == 200


def test_the_channels_of_the_business_decide() -> None:
    sms = Sandbox(windows="open", channels=["sms"])
    assert ask(sms, session(recipient={"id": "+16044441111", "channelType": "sms"})).status == 200
    assert ask(sms, session()).code == CHANNEL
    assert ask(sms, template(), path=TEMPLATES).code == CHANNEL


def test_every_finding_is_listed_and_the_first_gives_the_code(sandbox: Sandbox) -> None:
    decision = ask(sandbox, session(sender={"id": "x"}, recipient={"id": "y"}, message={"text": ""}))
    assert decision.code == SENDER
    assert fields(decision) == ["sender.id", "recipient.id", "recipient.channelType", "message.text"]
    body = answer(decision)
    assert body["message"] == "Invalid request: sender.id: is not one of the business's numbers (and 3 more)"
    assert len(body["details"]["violations"]) == 4
    assert body["details"]["violations"][0] == {"field": "sender.id", "problem": "is not one of the business's numbers"}
