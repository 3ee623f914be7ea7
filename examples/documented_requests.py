"""Every request body of Connectly's documentation, as the `Connectly` call that sends it.

The bodies are in tests/data/requests; a test compares the two as JSON.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from connectly_api import (
    Button,
    Connectly,
    CreatedWebhook,
    Document,
    Image,
    Response,
    Row,
    Section,
    SentMessage,
    WebhookFilter,
)

SENDER: Final = "+14151111234"
CUSTOMER: Final = "+16044441111"
BSUID: Final = "US.13491208655302741918"
BUTTON_TEXT: Final = "This is a reply button message"
PDF: Final = "https://www.w3.org/WAI/ER/tests/xhtml/testfiles/resources/pdf/dummy.pdf"
PICTURE: Final = "https://cdn.connectly.ai/26fa/26fa1308-d328-41c9-a6a1-d5f4225a3768"

SENDS: Final[Mapping[str, Callable[[Connectly], Awaitable[SentMessage]]]] = {
    "session_text": lambda c: c.send_text(CUSTOMER, "Hello, this is a text message!", sender=SENDER),
    "session_text_callback_data": lambda c: c.send_text(
        CUSTOMER, "Hello, this is a text message!", sender=SENDER, callback_data={"order_id": "12345"}
    ),
    "session_text_no_sender": lambda c: c.send_text("+15555555555", "hello!"),
    "session_text_bsuid": lambda c: c.send_text(BSUID, "Hello!"),
    "session_image": lambda c: c.send_image(
        CUSTOMER, "https://example.com/image.jpg", caption="Check out this image!", sender=SENDER
    ),
    "session_video": lambda c: c.send_video(
        CUSTOMER, "https://example.com/video.mp4", caption="Check out this video!", sender=SENDER
    ),
    "session_audio": lambda c: c.send_audio(CUSTOMER, "https://example.com/audio.mp3", sender=SENDER),
    "session_document": lambda c: c.send_document(
        CUSTOMER,
        "https://example.com/document.pdf",
        filename="document.pdf",
        caption="Check out this document!",
        sender=SENDER,
    ),
    "session_location": lambda c: c.send_location(
        CUSTOMER, 37.7749, -122.4194, name="San Francisco", address="123 Main St", sender=SENDER
    ),
    "session_list": lambda c: c.send_list(
        CUSTOMER,
        "Select",
        [
            Section(
                "Section 1",
                [Row("1", "Item 1", "Description for Item 1"), Row("2", "Item 2", "Description for Item 2")],
            ),
            Section("Section 2", [Row("3", "Item 3", "Description for Item 3")]),
        ],
        header="Check out this list of items!",
        footer="Choose an option from the list.",
        sender=SENDER,
    ),
    "session_reply_buttons": lambda c: c.send_reply_buttons(
        CUSTOMER,
        BUTTON_TEXT,
        [Button("b1", "Button 1"), Button("b2", "Button 2"), Button("b3", "Button 3")],
        header="Header",
        footer="Footer",
        sender=SENDER,
    ),
    "session_reply_buttons_image_header": lambda c: c.send_reply_buttons(
        CUSTOMER, BUTTON_TEXT, [Button("b1", "Button 1")], header=Image(PICTURE), sender=SENDER
    ),
    "session_reply_buttons_document_header": lambda c: c.send_reply_buttons(
        CUSTOMER, BUTTON_TEXT, [Button("b1", "Button 1")], header=Document(PDF, "feeeelsss"), sender=SENDER
    ),
    "template": lambda c: c.send_template(CUSTOMER, "template", "en", body=[], sender=SENDER),
    "template_body_parameters": lambda c: c.send_template(CUSTOMER, "my_template", "en", body=["YOUR_VALUE"] * 3),
    "template_bsuid": lambda c: c.send_template(BSUID, "my_template", "en"),
    "template_document_campaign": lambda c: c.send_template(
        "+16502223333",
        "bogo_marketing_campaign",
        "en",
        header_document=("https://example.com/doc.pdf", "doc.pdf"),
        body=["Harry"],
        sender="+16501113333",
        campaign_name="test_campaign_2022-03-12",
        callback_data={"order_id": "12345"},
    ),
}
"""By the name of the documented body."""

WEBHOOK_CALLS: Final[Mapping[str, Callable[[Connectly, str], Awaitable[CreatedWebhook | Response]]]] = {
    "webhook_create": lambda c, _: c.webhooks.create("messages", "https://example.com/webhook"),
    "webhook_create_filtered": lambda c, _: c.webhooks.create(
        "delivery_status",
        "https://example.com/webhook/delivery",
        type="custom",
        echo=False,
        channel_types=["whatsapp"],
        filters=[WebhookFilter("test-campaign-*")],
    ),
    "webhook_update": lambda c, webhook_id: c.webhooks.update(webhook_id, address="https://example.com/webhook-v2"),
    "webhook_update_configuration": lambda c, webhook_id: c.webhooks.update(
        webhook_id, echo=True, channel_types=["whatsapp"], filters=[WebhookFilter("prod-*")]
    ),
}
"""By the name of the documented body; the second argument is the id of the registration to update."""
