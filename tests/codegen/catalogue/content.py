"""Fields, types, enums and limits that come, go or change."""

from __future__ import annotations

from tests.codegen.catalogue.row import CREATE, LIST, SEND, WEBHOOKS, Document, Rows, fields, operation

row = Rows()

CHANNELS = 'any value is allowed, not just "sms", "whatsapp"'


@row(
    f"additive: {SEND} · request · message.reaction: new optional field, string",
)
def a_new_field_in_messages(document: Document) -> None:
    fields(document, "v1Message")["reaction"] = {"type": "string", "description": "An emoji."}


@row(
    f"additive: {LIST} · response 200 · entity.webhooks[].createdAt: new optional field, string (date-time)",
)
def a_new_field_in_an_answer(document: Document) -> None:
    fields(document, "v1Webhook")["createdAt"] = {"type": "string", "format": "date-time"}


@row(
    f'additive: {SEND} · request · message.attachments[].type: new enum value "sticker"',
)
def a_new_kind_of_attachment(document: Document) -> None:
    document["definitions"]["v1AttachmentType"]["enum"].append("sticker")


@row(
    f"breaking: {SEND} · request · sender.name: the field is removed",
    f"additive: {SEND} · request · sender.displayName: new optional field, string",
    facade=True,
)
def a_field_that_the_facade_sets_is_renamed(document: Document) -> None:
    found = fields(document, "v1Participant")
    found["displayName"] = found.pop("name")


@row(
    f"breaking: {SEND} · request · message.referral.headline: the field is removed",
    f"additive: {SEND} · request · message.referral.headLine: new optional field, string",
)
def a_field_that_nobody_sets_is_renamed(document: Document) -> None:
    found = fields(document, "v1Referral")
    found["headLine"] = found.pop("headline")


@row(
    f"breaking: {SEND} · request · message.attachments[].caption: the field is removed",
    facade=True,
)
def a_field_that_the_facade_sets_is_removed(document: Document) -> None:
    del fields(document, "v1Attachment")["caption"]


@row(
    f"breaking: {SEND} · request · message.isEcho: the field is removed",
)
def a_field_that_nobody_sets_is_removed(document: Document) -> None:
    del fields(document, "v1Message")["isEcho"]


@row(
    f"breaking: {SEND} · response 200 · id: the field is removed",
    facade=True,
)
def the_id_of_the_answer_is_removed(document: Document) -> None:
    document["definitions"]["v1SendMessageResponse"] = {"type": "object"}


@row(
    f"breaking: {SEND} · request · message.location.latitude: type number became string",
    facade=True,
)
def the_type_of_a_field_that_the_facade_sets_changes(document: Document) -> None:
    fields(document, "v1Location")["latitude"] = {"type": "string"}


@row(
    f"breaking: {SEND} · request · order.parentId: type string became integer",
)
def the_type_of_a_field_that_nobody_sets_changes(document: Document) -> None:
    fields(document, "v1Order")["parentId"] = {"type": "integer", "format": "int32"}


@row(
    f"breaking: {SEND} · request · idempotencyKey: new required field, string",
    facade=True,
)
def a_new_required_field(document: Document) -> None:
    found = document["definitions"]["MessageServiceSendMessageBody"]
    found["properties"]["idempotencyKey"] = {"type": "string"}
    found["required"] = ["idempotencyKey"]


@row(
    f"breaking: {SEND} · request · message: now required",
    f"breaking: {SEND} · request · recipient: now required",
)
def what_is_always_sent_is_required_now(document: Document) -> None:
    document["definitions"]["MessageServiceSendMessageBody"]["required"] = ["recipient", "message"]


@row(
    f"breaking: {SEND} · request · sender: now required",
    facade=True,
)
def what_is_sent_at_times_is_required_now(document: Document) -> None:
    document["definitions"]["MessageServiceSendMessageBody"]["required"] = ["sender"]


@row(
    f'breaking: {SEND} · request · message.attachments[].type: enum value "audio" is removed',
    facade=True,
)
def a_kind_of_attachment_is_removed(document: Document) -> None:
    document["definitions"]["v1AttachmentType"]["enum"].remove("audio")


@row(
    f'breaking: {CREATE} · request · type: enum value "zapier" is removed',
    f'cosmetic: {LIST} · response 200 · entity.webhooks[].type: enum value "zapier" is removed',
)
def a_kind_of_webhook_is_removed(document: Document) -> None:
    document["definitions"]["v1WebhookType"]["enum"].remove("zapier")


@row(
    f"additive: {LIST} · response 200 · entity.webhooks[].configuration.channelTypes[]: {CHANNELS}",
    f"additive: {SEND} · request · sender.channelType: {CHANNELS}",
    facade=True,
)
def an_enum_becomes_a_string(document: Document) -> None:
    document["definitions"]["v1ChannelType"] = {"type": "string"}


@row(
    f"breaking: {SEND} · request · message.text: limit maxLength none became 4096",
)
def a_limit_that_is_kept(document: Document) -> None:
    fields(document, "v1Message")["text"]["maxLength"] = 4096


@row(
    f"breaking: {SEND} · request · message.replyButtonMessage.buttons: limit maxItems none became 1",
    facade=True,
)
def a_limit_that_is_not_kept(document: Document) -> None:
    fields(document, "v1ReplyButtonMessage")["buttons"]["maxItems"] = 1


@row(
    f"additive: {SEND} · request · message.contact: new optional field, object",
    f"additive: {SEND} · request · message.sticker: new optional field, object",
)
def a_oneof_as_protobuf_has_it(document: Document) -> None:
    fields(document, "v1Message").update(
        {
            "sticker": {"$ref": "#/definitions/v1Sticker", "title": "oneof content"},
            "contact": {"$ref": "#/definitions/v1Contact"},
        }
    )
    document["definitions"]["v1Sticker"] = {"type": "object", "properties": {"url": {"type": "string"}}}
    document["definitions"]["v1Contact"] = {"type": "object", "properties": {"phone": {"type": "string"}}}


@row(
    f"breaking: {SEND}: left out: needs v1Header: #/definitions/v1Header/oneOf: unknown key; "
    "decide first what it means for the generated code",
    facade=True,
)
def a_one_of_that_swagger_does_not_have(document: Document) -> None:
    document["definitions"]["v1Header"]["oneOf"] = [{"required": ["text"]}, {"required": ["attachment"]}]


@row(
    f"additive: {SEND} · request · campaignId: new optional field, string (int64)",
    f"additive: {SEND} · response 200 · sequence: new optional field, string (uint64)",
)
def a_64_bit_number(document: Document) -> None:
    fields(document, "MessageServiceSendMessageBody")["campaignId"] = {"type": "string", "format": "int64"}
    fields(document, "v1SendMessageResponse")["sequence"] = {"type": "string", "format": "uint64"}


@row(
    f"additive: {LIST} · response 200 · entity.byTopic: new optional field, map",
    f"additive: {SEND} · request · message.labels: new optional field, map",
)
def maps(document: Document) -> None:
    fields(document, "v1Message")["labels"] = {"type": "object", "additionalProperties": {"type": "string"}}
    fields(document, "v1WebhookRegistrations")["byTopic"] = {
        "type": "object",
        "additionalProperties": {"$ref": "#/definitions/v1Webhook"},
    }


@row(
    f"additive: {SEND} · request · message.listMessage.grid: new optional field, list of array",
)
def lists_within_lists(document: Document) -> None:
    fields(document, "v1ListMessage")["grid"] = {
        "type": "array",
        "items": {"type": "array", "items": {"$ref": "#/definitions/v1Button"}},
    }


@row(
    f"additive: {SEND} · request · message.listMessage.sections[].rows[].rows: new optional field, list of object",
    f"additive: {SEND} · request · message.repliesTo: new optional field, object",
)
def a_message_within_itself(document: Document) -> None:
    fields(document, "v1ListRow")["rows"] = {"type": "array", "items": {"$ref": "#/definitions/v1ListRow"}}
    fields(document, "v1Message")["repliesTo"] = {"$ref": "#/definitions/v1Message"}


@row(
    f"additive: {LIST} · response 200 · entity.webhooks[].address: null is allowed",
    f"additive: {SEND} · request · message.text: null is allowed",
)
def fields_that_may_be_null(document: Document) -> None:
    fields(document, "v1Message")["text"]["x-nullable"] = True
    fields(document, "v1Webhook")["address"]["x-nullable"] = True


@row(
    f"additive: {SEND} · request · message.isEcho: now deprecated",
)
def a_deprecated_field(document: Document) -> None:
    fields(document, "v1Message")["isEcho"]["deprecated"] = True


@row(
    f'cosmetic: {SEND} · request · message.text: new description: "Up to 4096 characters."',
)
def a_described_field(document: Document) -> None:
    fields(document, "v1Message")["text"]["description"] = "Up to 4096 characters."


@row(
    f"additive: {LIST} · query pageSize: new optional parameter, integer (int32)",
)
def a_new_query_parameter(document: Document) -> None:
    operation(document, WEBHOOKS, "get")["parameters"].append(
        {"name": "pageSize", "in": "query", "required": False, "type": "integer", "format": "int32"}
    )


@row(
    f"breaking: {LIST} · query topic: new required parameter, enum",
    facade=True,
)
def a_required_query_parameter(document: Document) -> None:
    operation(document, WEBHOOKS, "get")["parameters"].append(
        {"name": "topic", "in": "query", "required": True, "type": "string", "enum": ["messages", "report"]}
    )


ROWS = tuple(row.found)
