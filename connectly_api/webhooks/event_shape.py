"""The documented shapes of webhooks, and of the error bodies in them: the known fields, and the values of enums.

Source, unless noted otherwise: https://docs.connectly.ai/webhooks/payload-types. The service describes no webhook in
its Swagger file.
"""

from __future__ import annotations

from typing import Final

from connectly_api.error_codes import GRPC_CODES, MEANINGS, TYPES
from connectly_api.webhooks.event_values import (
    ATTACHMENT_TYPES,
    CHANNEL_TYPES,
    MEDIA_TYPES,
    REPORT_TYPES,
    RUN_STATUSES,
    SOURCE_TYPES,
    STATUSES,
    TOPICS,
)
from connectly_api.wire.shapes import ANY, BOOLEAN, NUMBER, TEXT, EnumShape, ListShape, Shape, build_object_shape

# Free in form: what the program attached, and the tags of a campaign.
_CALLBACK_DATA: Final = ANY
_METADATA: Final = ANY

# `userId` and `phoneNumber`: https://docs.connectly.ai/messaging/bsuid
_SIDE: Final = build_object_shape({
    "id": TEXT,
    "channelType": EnumShape(frozenset(CHANNEL_TYPES)),
    "name": TEXT,
    "userId": TEXT,
    "phoneNumber": TEXT,
})  # fmt: skip
_BUTTON_RESPONSE: Final = build_object_shape({"id": TEXT, "text": TEXT, "payload": TEXT})
_CONTEXT: Final = build_object_shape({"replyToId": TEXT})
_ATTACHMENT: Final = build_object_shape({
    "type": EnumShape(frozenset(ATTACHMENT_TYPES)),
    "url": TEXT,
    "caption": TEXT,
    "filename": TEXT,
})  # fmt: skip
_CONTENT: Final[dict[str, Shape]] = {
    "attachments": ListShape(_ATTACHMENT),
    "location": build_object_shape({"latitude": NUMBER, "longitude": NUMBER, "name": TEXT, "address": TEXT}),
    "referral": build_object_shape({
        "ctwaClid": TEXT,
        "sourceUrl": TEXT,
        "sourceId": TEXT,
        "sourceType": EnumShape(frozenset(SOURCE_TYPES)),
        "headline": TEXT,
        "body": TEXT,
        "mediaType": EnumShape(frozenset(MEDIA_TYPES)),
        "imageUrl": TEXT,
        "videoUrl": TEXT,
        "thumbnailUrl": TEXT,
    }),
    "buttonResponse": _BUTTON_RESPONSE,
    "context": _CONTEXT,
    "metadata": _METADATA,
    "callbackData": _CALLBACK_DATA,
    "isEcho": BOOLEAN,
}  # fmt: skip
"""What stands in a message, or beside it."""

BUSINESS_CONTENT_SHAPE: Final = build_object_shape({
    "listMessage": ANY,
    "replyButtonMessage": ANY,
    "singleProductMessage": ANY,
    "multiProductMessage": ANY,
})  # fmt: skip
"""Content that only a business sends, so that only an echo has it; requests show its form."""

MESSAGE_SHAPE: Final = build_object_shape({
    "id": TEXT,
    "text": TEXT,
    "isButtonResponse": BOOLEAN,
    **_CONTENT,
    **BUSINESS_CONTENT_SHAPE.fields,
})  # fmt: skip

ERROR_SHAPE: Final = build_object_shape({
    # Known are also the codes of a gRPC status, as strings and as numbers.
    "code": EnumShape(frozenset({*MEANINGS, *GRPC_CODES}), numbers=range(len(GRPC_CODES))),
    "type": EnumShape(TYPES),
    "message": TEXT,
    "userTitle": TEXT,
    "userMessage": TEXT,
    "cntTraceId": TEXT,
    # Free in form.
    "details": ANY,
})  # fmt: skip
"""An error body, of a response or of a delivery status."""

_STATUS_UPDATE: Final = build_object_shape({
    "id": TEXT,
    # The documentation's older prose has `delivery_failure`.
    "status": EnumShape(frozenset({*STATUSES, "delivery_failure"})),
    "error": ERROR_SHAPE,
    "metadata": _METADATA,
})  # fmt: skip

# Reports API, webhooks configuration.
_REPORT: Final = build_object_shape({
    "id": TEXT,
    "name": TEXT,
    "type": EnumShape(frozenset(REPORT_TYPES)),
    "lastRun": build_object_shape({
        "id": TEXT,
        "status": EnumShape(frozenset(RUN_STATUSES)),
        "result": build_object_shape({"url": TEXT, "createdAt": TEXT, "expiresAt": TEXT}),
    }),
})  # fmt: skip

BODY_SHAPE: Final = build_object_shape({
    "topic": EnumShape(frozenset(TOPICS)),
    "timestamp": TEXT,
    "sender": _SIDE,
    "recipient": _SIDE,
    "message": MESSAGE_SHAPE,
    "statusUpdate": _STATUS_UPDATE,
    "report": _REPORT,
    **_CONTENT,
})  # fmt: skip
