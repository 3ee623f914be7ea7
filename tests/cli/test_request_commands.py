"""Every documented request can be typed: the command's request is the documented one, and the sandbox takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Input, Shell

FOLDER = Path(__file__).resolve().parent.parent / "data" / "requests"
TO, BSUID = "+16044441111", "US.13491208655302741918"
FROM = ("--sender", "+14151111234")
BODY = "This is a reply button message"
B1, B2, B3 = (("--button", f"b{number}=Button {number}") for number in (1, 2, 3))

COMMANDS: dict[str, tuple[str, ...]] = {
    "session_audio": ("send", "audio", TO, "https://example.com/audio.mp3", *FROM),
    "session_document": (
        *("send", "document", TO, "https://example.com/document.pdf", *FROM),
        *("--caption", "Check out this document!", "--filename", "document.pdf"),
    ),
    "session_image": (
        "send",
        "image",
        TO,
        "https://example.com/image.jpg",
        "--caption",
        "Check out this image!",
        *FROM,
    ),
    "session_list": (
        *("send", "list", TO, "--button", "Select", *FROM, "--header-text", "Check out this list of items!"),
        *("--footer", "Choose an option from the list."),
        *("--section", "Section 1: 1=Item 1|Description for Item 1; 2=Item 2|Description for Item 2"),
        *("--section", "Section 2: 3=Item 3|Description for Item 3"),
    ),
    "session_location": (
        *("send", "location", TO, "--at", "37.7749,-122.4194", "--name", "San Francisco"),
        *("--address", "123 Main St", *FROM),
    ),
    "session_reply_buttons": (
        *("send", "buttons", TO, BODY, *B1, *B2, *B3, "--header-text", "Header", "--footer", "Footer", *FROM),
    ),
    "session_reply_buttons_document_header": (
        *("send", "buttons", TO, BODY, *B1, *FROM, "--header-filename", "feeeelsss", "--header-document"),
        "https://www.w3.org/WAI/ER/tests/xhtml/testfiles/resources/pdf/dummy.pdf",
    ),
    "session_reply_buttons_image_header": (
        *("send", "buttons", TO, BODY, *B1, *FROM, "--header-image"),
        "https://cdn.connectly.ai/26fa/26fa1308-d328-41c9-a6a1-d5f4225a3768",
    ),
    "session_text": ("send", "text", TO, "Hello, this is a text message!", *FROM),
    "session_text_bsuid": ("send", "text", BSUID, "Hello!"),
    "session_text_callback_data": (
        *("send", "text", TO, "Hello, this is a text message!", *FROM, "--callback-data", '{"order_id": "12345"}'),
    ),
    "session_text_no_sender": ("send", "text", "+15555555555", "hello!"),
    "session_video": (
        "send",
        "video",
        TO,
        "https://example.com/video.mp4",
        "--caption",
        "Check out this video!",
        *FROM,
    ),
    "template": ("send", "template", TO, "template", "en", *FROM, "--parameters", "-"),
    "template_body_parameters": (
        *("send", "template", TO, "my_template", "en", "--body", "YOUR_VALUE"),
        *("--body", "YOUR_VALUE", "--body", "YOUR_VALUE"),
    ),
    "template_bsuid": ("send", "template", BSUID, "my_template", "en"),
    "template_document_campaign": (
        *("send", "template", "+16502223333", "bogo_marketing_campaign", "en", "--sender", "+16501113333"),
        *("--header-document", "https://example.com/doc.pdf", "--header-filename", "doc.pdf", "--body", "Harry"),
        *("--campaign", "test_campaign_2022-03-12", "--callback-data", '{"order_id":"12345"}'),
    ),
    "webhook_create": ("webhooks", "create", "messages", "https://example.com/webhook"),
    "webhook_create_filtered": (
        *("webhooks", "create", "delivery_status", "https://example.com/webhook/delivery", "--type", "custom"),
        *("--no-echo", "--channel", "whatsapp", "--campaign", "test-campaign-*"),
    ),
    "webhook_update": ("webhooks", "update", "wh_1", "--address", "https://example.com/webhook-v2"),
    "webhook_update_configuration": (
        *("webhooks", "update", "wh_1", "--echo", "--channel", "whatsapp", "--filter", "campaign_name=prod-*"),
    ),
}
REFUSED = {"session_text_bsuid"}
"""A customer known by BSUID alone cannot be written to yet: the service documents a 400 for it."""


def read_request(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_bytes())


def test_there_is_a_command_for_every_documented_request() -> None:
    assert set(COMMANDS) == {path.stem for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_documented_request_can_be_shown(name: str, shell: Shell, standard_input: Input) -> None:
    standard_input("[]")

    shown = shell(*COMMANDS[name], "--dry-run", "--json")

    assert (shown.code, shown.err) == (0, "")
    assert shown.json()["request"]["body"] == read_request(name)
    assert shell.sandbox.requests == ()


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if name.startswith(("session", "template", "webhook_create"))]
)
def test_a_documented_request_can_be_made(name: str, shell: Shell, standard_input: Input) -> None:
    standard_input("[]")

    ended = shell(*COMMANDS[name], "--json")

    assert json.loads(shell.sandbox.requests[-1].body) == read_request(name)
    if name in REFUSED:
        assert (ended.code, ended.out, ended.error()["kind"]) == (23, "", "RecipientRejectedError")
    else:
        made = [one.id for one in shell.sandbox.messages] + [one.id for one in shell.sandbox.registrations]
        assert (ended.code, ended.err, ended.json()["id"]) == (0, "", made[0])
