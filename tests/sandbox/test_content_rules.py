from typing import Any

import pytest

from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import MESSAGES, TEMPLATES, ask, fields, message, session, template


@pytest.fixture
def sandbox() -> Sandbox:
    """One that looks at what may stand in a message, and not at how long it is."""
    return Sandbox(windows="open", content_limits="ignore")


EMPTY = "ERROR_CODE_MESSAGE_TEXT_EMPTY"
PLAIN = "ERROR_CODE_UNSPECIFIED"
COUNT = "ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID"
NO_ADDRESS = "ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY"
UNREADABLE = "ERROR_CODE_MESSAGE_ATTACHMENT_INVALID"
NOT_FOUND = "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND"
INPUT = "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID"

IMAGE = {"type": "image", "url": "https://example.com/a.jpg"}
PLACE = {"latitude": 1.5, "longitude": 2.5}
BUTTONS = {"buttons": [{"id": "1", "text": "Yes"}]}
LIST = {"button": {"text": "Choose"}, "sections": [{"rows": [{"id": "1", "text": "One"}]}]}
PRODUCTS = {"catalogId": "c", "sections": [{"productItems": [{"productRetailerId": "p"}]}]}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"text": "Hello"}, "text"),
        ({"text": "Hello", "attachments": []}, "text"),
        ({"attachments": [IMAGE]}, "image"),
        ({"text": "", "attachments": [IMAGE]}, "image"),
        ({"attachments": [{**IMAGE, "type": "document", "filename": "a.pdf"}]}, "document"),
        ({"location": PLACE}, "location"),
        ({"location": {"latitude": 0}}, "location"),
        ({"listMessage": LIST}, "list"),
        ({"text": "Choose", "listMessage": LIST}, "list"),
        ({"text": "Choose", "replyButtonMessage": BUTTONS}, "reply_buttons"),
        ({"text": "Choose", "reply_button_message": {"header": {"attachment": IMAGE}, **BUTTONS}}, "reply_buttons"),
        ({"singleProductMessage": {"catalogId": "c", "productItem": {"productRetailerId": "p"}}}, "product"),
        ({"text": "Look", "multiProductMessage": {"header": {"text": "Ours"}, **PRODUCTS}}, "product_list"),
    ],
)
def test_each_kind_of_content_is_accepted(sandbox: Sandbox, content: dict[str, Any], kind: str) -> None:
    assert ask(sandbox, message(**content)).status == 200
    assert [accepted.kind for accepted in sandbox.messages] == [kind]


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        ({}, EMPTY, "message"),
        ({"text": ""}, EMPTY, "message.text"),
        ({"text": " \n"}, EMPTY, "message.text"),
        ({"attachments": []}, EMPTY, "message.text"),
        ({"attachments": [], "text": ""}, EMPTY, "message.text"),
        ({"replyButtonMessage": BUTTONS}, EMPTY, "message.text"),
        ({"multiProductMessage": PRODUCTS}, EMPTY, "message.text"),
        ({"text": "Hello", "attachments": [IMAGE]}, PLAIN, "message"),
        ({"text": "Hello", "location": PLACE}, PLAIN, "message"),
        ({"location": PLACE, "attachments": [IMAGE]}, PLAIN, "message"),
        ({"text": "Choose", "listMessage": LIST, "replyButtonMessage": BUTTONS}, PLAIN, "message"),
        ({"attachments": [IMAGE, IMAGE]}, COUNT, "message.attachments"),
        ({"attachments": [{"type": "image"}]}, NO_ADDRESS, "message.attachments[0].url"),
        ({"attachments": [{"type": "image", "url": " "}]}, NO_ADDRESS, "message.attachments[0].url"),
        ({"attachments": [{"type": "image", "url": "a.jpg"}]}, UNREADABLE, "message.attachments[0].url"),
        ({"attachments": [{"url": "https://example.com/a"}]}, UNREADABLE, "message.attachments[0].type"),
        ({"location": {"name": "Home"}}, PLAIN, "message.location"),
        (
            {"text": "x", "replyButtonMessage": {"header": {"text": "a", "attachment": IMAGE}}},
            PLAIN,
            "message.replyButtonMessage.header",
        ),
        (
            {"listMessage": {"header": {"attachment": {"type": "image"}}}},
            NO_ADDRESS,
            "message.listMessage.header.attachment.url",
        ),
        (
            {"text": "x", "replyButtonMessage": {"header": {"attachment": {**IMAGE, "type": "audio"}}}},
            UNREADABLE,
            "message.replyButtonMessage.header.attachment.type",
        ),
    ],
)
def test_content_that_cannot_be_sent_is_refused(
    sandbox: Sandbox, content: dict[str, Any], code: str, field: str
) -> None:
    decision = ask(sandbox, message(**content))
    assert (decision.status, decision.code, fields(decision)) == (400, code, [field])


def test_a_request_without_a_message_has_no_content(sandbox: Sandbox) -> None:
    decision = ask(sandbox, session(message=...))
    assert (decision.code, fields(decision)) == (EMPTY, ["message"])


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"templateName": ...}, NOT_FOUND, "templateName"),
        ({"templateName": " "}, NOT_FOUND, "templateName"),
        ({"parameters": [{"value": "x"}]}, INPUT, "parameters[0].name"),
        ({"parameters": [{"name": "body_1"}, {"name": "body_1"}]}, INPUT, "parameters"),
    ],
)
def test_a_template_that_cannot_be_sent_is_refused(
    sandbox: Sandbox, changes: dict[str, Any], code: str, field: str
) -> None:
    decision = ask(sandbox, template(**changes), path=TEMPLATES)
    assert (decision.status, decision.code, fields(decision)) == (400, code, [field])


def test_a_templates_language_is_optional_or_required_as_chosen() -> None:
    assert ask(Sandbox(windows="open"), template(language=...), path=TEMPLATES).status == 200
    decision = ask(Sandbox(windows="open", template_language="required"), template(language=...), path=TEMPLATES)
    assert (decision.code, fields(decision)) == (NOT_FOUND, ["language"])


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("a" * 1022, 200),
        ("a" * 1023, 400),
        ("é" * 511, 200),
        ("é" * 512, 400),
        ({"k": "a" * 1016}, 200),
        ({"k": "a" * 1017}, 400),
        ([[]] * 341, 200),
        (7, 200),
        ("[" * 1022, 200),
    ],
)
@pytest.mark.parametrize("path", [MESSAGES, TEMPLATES])
def test_callback_data_is_measured_as_the_bytes_of_its_json(
    sandbox: Sandbox, path: str, data: object, status: int
) -> None:
    body = (session if path == MESSAGES else template)(callbackData=data)
    decision = ask(sandbox, body, path=path)
    assert decision.status == status
    if status == 400:
        (violation,) = decision.violations
        assert (violation.field, violation.size, violation.limit) == ("callbackData", 1025 + (data == "é" * 512), 1024)
    else:
        assert sandbox.messages[0].callback_data == data


def test_callback_data_is_kept_to_the_letter_whatever_its_names(sandbox: Sandbox) -> None:
    data = {"order_id": None, "": [{"a_b": 1.50}], "ключ": "\U0001f600"}
    assert ask(sandbox, session(callbackData=data)).status == 200
    assert sandbox.messages[0].callback_data == data


def test_deeply_nested_callback_data_within_the_limit_is_accepted(sandbox: Sandbox) -> None:
    deep = b'{"recipient":{"id":"+16044441111","channelType":"whatsapp"},"message":{"text":"x"},"callbackData":'
    assert ask(sandbox, deep + b"[" * 512 + b"]" * 512 + b"}").status == 200


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("https://example.com/a", True),
        ("http://127.0.0.1:8000", True),
        ("ftp://example.com", False),
        ("https://", False),
        ("https://exa mple.com", False),
        ("https://example.com:99999", False),
        ("https://example.com:0", False),
        ("https://[::1", False),
        ("//example.com", False),
    ],
)
def test_an_attachment_has_an_absolute_web_address(sandbox: Sandbox, address: str, fits: bool) -> None:
    decision = ask(sandbox, message(attachments=[{"type": "image", "url": address}]))
    assert (decision.status == 200) == fits
