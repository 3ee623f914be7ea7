"""Fields, types, enums and limits that come, go or change."""

from __future__ import annotations

from tests.codegen.catalogue.row import MESSAGES, WEBHOOKS, Document, body, fields, operation, rows_of

row = rows_of()


@row()
def a_new_field_in_messages(document: Document) -> None:
    fields(document, "v1Message")["reaction"] = {"type": "string", "description": "An emoji."}


@row()
def a_new_field_in_an_answer(document: Document) -> None:
    fields(document, "v1Webhook")["createdAt"] = {"type": "string", "format": "date-time"}


@row()
def a_new_kind_of_attachment(document: Document) -> None:
    document["definitions"]["v1AttachmentType"]["enum"].append("sticker")


@row()
def a_new_topic(document: Document) -> None:
    document["definitions"]["v1Topic"]["enum"].append("template_status")


@row()
def a_field_that_the_facade_sets_is_renamed(document: Document) -> None:
    found = fields(document, "v1Participant")
    found["displayName"] = found.pop("name")


@row()
def a_field_that_nobody_sets_is_renamed(document: Document) -> None:
    found = fields(document, "v1Referral")
    found["headLine"] = found.pop("headline")


@row()
def a_field_that_the_facade_sets_is_removed(document: Document) -> None:
    del fields(document, "v1Attachment")["caption"]


@row()
def a_field_that_nobody_sets_is_removed(document: Document) -> None:
    del fields(document, "v1Message")["isEcho"]


@row()
def the_id_of_the_answer_is_removed(document: Document) -> None:
    document["definitions"]["v1SendMessageResponse"] = {"type": "object"}


@row()
def a_field_of_a_registration_is_removed(document: Document) -> None:
    del fields(document, "v1Webhook")["address"]


@row()
def the_type_of_a_field_that_the_facade_sets_changes(document: Document) -> None:
    fields(document, "v1Location")["latitude"] = {"type": "string"}


@row()
def the_type_of_a_field_that_nobody_sets_changes(document: Document) -> None:
    fields(document, "v1Order")["parentId"] = {"type": "integer", "format": "int32"}


@row()
def one_becomes_a_list(document: Document) -> None:
    fields(document, "MessageServiceSendMessageBody")["recipient"] = {
        "type": "array",
        "items": {"$ref": "#/definitions/v1Participant"},
    }


@row()
def a_new_required_field(document: Document) -> None:
    found = document["definitions"]["MessageServiceSendMessageBody"]
    found["properties"]["idempotencyKey"] = {"type": "string"}
    found["required"] = ["idempotencyKey"]


@row()
def what_is_always_sent_is_required_now(document: Document) -> None:
    document["definitions"]["MessageServiceSendMessageBody"]["required"] = ["recipient", "message"]


@row()
def what_is_sent_at_times_is_required_now(document: Document) -> None:
    document["definitions"]["MessageServiceSendMessageBody"]["required"] = ["sender"]


@row()
def a_kind_of_attachment_is_removed(document: Document) -> None:
    document["definitions"]["v1AttachmentType"]["enum"].remove("audio")


@row()
def a_kind_of_webhook_is_removed(document: Document) -> None:
    document["definitions"]["v1WebhookType"]["enum"].remove("zapier")


@row()
def an_enum_becomes_a_string(document: Document) -> None:
    document["definitions"]["v1ChannelType"] = {"type": "string"}


@row()
def a_string_becomes_an_enum(document: Document) -> None:
    fields(document, "MessageServiceSendWhatsappTemplatedMessageBody")["language"]["enum"] = ["de", "en", "es"]


@row()
def a_limit_that_is_kept(document: Document) -> None:
    fields(document, "v1Message")["text"]["maxLength"] = 4096


@row()
def a_limit_that_is_not_kept(document: Document) -> None:
    fields(document, "v1ReplyButtonMessage")["buttons"]["maxItems"] = 1


@row()
def a_oneof_as_protobuf_has_it(document: Document) -> None:
    fields(document, "v1Message").update(
        {
            "sticker": {"$ref": "#/definitions/v1Sticker", "title": "oneof content"},
            "contact": {"$ref": "#/definitions/v1Contact"},
        }
    )
    document["definitions"]["v1Sticker"] = {"type": "object", "properties": {"url": {"type": "string"}}}
    document["definitions"]["v1Contact"] = {"type": "object", "properties": {"phone": {"type": "string"}}}


@row()
def a_one_of_that_swagger_does_not_have(document: Document) -> None:
    document["definitions"]["v1Header"]["oneOf"] = [{"required": ["text"]}, {"required": ["attachment"]}]


@row()
def a_64_bit_number(document: Document) -> None:
    fields(document, "MessageServiceSendMessageBody")["campaignId"] = {"type": "string", "format": "int64"}
    fields(document, "v1SendMessageResponse")["sequence"] = {"type": "string", "format": "uint64"}


@row()
def maps(document: Document) -> None:
    fields(document, "v1Message")["labels"] = {"type": "object", "additionalProperties": {"type": "string"}}
    fields(document, "v1WebhookRegistrations")["byTopic"] = {
        "type": "object",
        "additionalProperties": {"$ref": "#/definitions/v1Webhook"},
    }


@row()
def lists_within_lists(document: Document) -> None:
    fields(document, "v1ListMessage")["grid"] = {
        "type": "array",
        "items": {"type": "array", "items": {"$ref": "#/definitions/v1Button"}},
    }


@row()
def a_message_within_itself(document: Document) -> None:
    fields(document, "v1ListRow")["rows"] = {"type": "array", "items": {"$ref": "#/definitions/v1ListRow"}}
    fields(document, "v1Message")["repliesTo"] = {"$ref": "#/definitions/v1Message"}


@row()
def fields_that_may_be_null(document: Document) -> None:
    fields(document, "v1Message")["text"]["x-nullable"] = True
    fields(document, "v1Webhook")["address"]["x-nullable"] = True


@row()
def a_deprecated_field(document: Document) -> None:
    fields(document, "v1Message")["isEcho"]["deprecated"] = True


@row()
def a_described_field(document: Document) -> None:
    fields(document, "v1Message")["text"]["description"] = "Up to 4096 characters."


@row()
def a_closed_body(document: Document) -> None:
    document["definitions"]["WebhookServiceUpdateWebhookBody"]["additionalProperties"] = False


@row()
def a_new_query_parameter(document: Document) -> None:
    operation(document, WEBHOOKS, "get")["parameters"].append(
        {"name": "pageSize", "in": "query", "required": False, "type": "integer", "format": "int32"}
    )


@row()
def a_required_query_parameter(document: Document) -> None:
    operation(document, WEBHOOKS, "get")["parameters"].append(
        {"name": "topic", "in": "query", "required": True, "type": "string", "enum": ["messages", "report"]}
    )


@row()
def a_required_header(document: Document) -> None:
    operation(document, MESSAGES)["parameters"].append(
        {"name": "X-Idempotency-Key", "in": "header", "required": True, "type": "string"}
    )


@row()
def an_optional_body(document: Document) -> None:
    body(document, MESSAGES)["required"] = False


ROWS = tuple(row.found)
