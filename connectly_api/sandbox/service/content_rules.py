"""What may stand in a message: one kind of content, an attachment with an address, a text that is not empty. Pure.

Source for fields and codes: the service's documentation, https://docs.connectly.ai
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from connectly_api.errors import Violation
from connectly_api.json_values import get_object, get_objects, get_text
from connectly_api.sandbox.model.refusals import UNSPECIFIED, Finding
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.spec.protojson import encode_compact
from connectly_api.setting_rules import find_name_problem
from connectly_api.web_address import find_web_address_problem

CALLBACK_DATA_BYTES: Final = 1024
"""Source: the service's documentation."""

_TEXT_EMPTY = "ERROR_CODE_MESSAGE_TEXT_EMPTY"
_ATTACHMENTS = "ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID"
_ATTACHMENT_EMPTY = "ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY"
_ATTACHMENT_INVALID = "ERROR_CODE_MESSAGE_ATTACHMENT_INVALID"
_TEMPLATE_NOT_FOUND = "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND"
_TEMPLATE_INPUT = "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID"

_KINDS: Mapping[str, str] = {
    "location": "location",
    "listMessage": "list",
    "replyButtonMessage": "reply_buttons",
    "singleProductMessage": "product",
    "multiProductMessage": "product_list",
}

_NEED_TEXT = ("replyButtonMessage", "multiProductMessage")
_TAKE_TEXT = ("listMessage", "replyButtonMessage", "singleProductMessage", "multiProductMessage")


def get_kind(message: Mapping[str, Any]) -> str:
    """Return the kind of a message without findings, `text` or `reply_buttons` or the like."""
    if attachments := get_objects(message, "attachments"):
        return get_text(attachments[0], "type")
    return next((kind for name, kind in _KINDS.items() if name in message), "text")


def check_message(message: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what the service would refuse in `message` of a session message."""
    found = [name for name in ("attachments", *_KINDS) if name in message and message[name] != []]
    body = get_text(message, "text")
    if body and any(name not in _TAKE_TEXT for name in found):
        found.insert(0, "text")
    if len(found) > 1:
        yield (
            UNSPECIFIED,
            Violation(field="message", problem=f"holds more than one kind of content: {', '.join(found)}"),
        )
    elif not found and not message:
        yield _TEXT_EMPTY, Violation(field="message", problem="holds no content")
    elif not body.strip() and (not found or found[0] in _NEED_TEXT):
        yield _TEXT_EMPTY, Violation(field="message.text", problem="is empty")
    yield from _attachments_findings(get_objects(message, "attachments"))
    yield from _location_findings(message)
    for name in _TAKE_TEXT:
        yield from _header_findings(get_object(get_object(message, name), "header"), f"message.{name}.header")


def check_template_message(body: Mapping[str, Any], settings: Settings) -> Iterator[Finding]:
    """Yield what the service would refuse in a template message, whatever templates it has."""
    if not get_text(body, "templateName"):
        yield _TEMPLATE_NOT_FOUND, Violation(field="templateName", problem="is missing")
    if settings.template_language == "required" and not get_text(body, "language"):
        yield _TEMPLATE_NOT_FOUND, Violation(field="language", problem="is missing")
    for field in ("templateName", "language"):
        name = get_text(body, field)
        if name:
            yield from ((_TEMPLATE_NOT_FOUND, violation) for violation in _name_violations(field, name))
    names = [get_text(parameter, "name") for parameter in get_objects(body, "parameters")]
    for index, name in enumerate(names):
        field = f"parameters[{index}].name"
        if not name:
            yield _TEMPLATE_INPUT, Violation(field=field, problem="is missing")
        else:
            yield from ((_TEMPLATE_INPUT, violation) for violation in _name_violations(field, name))
    if any(times > 1 for name, times in Counter(names).items() if name):
        yield _TEMPLATE_INPUT, Violation(field="parameters", problem="one name is given more than once")


def _name_violations(field: str, name: str) -> Iterator[Violation]:
    if (problem := find_name_problem(name)) is not None:
        yield Violation(field=field, problem=problem, size=len(name))


def check_callback_data(body: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding where callback data is more than 1024 bytes, as compact UTF-8 JSON."""
    if "callbackData" in body and (size := len(encode_compact(body["callbackData"]))) > CALLBACK_DATA_BYTES:
        problem = f"is {size} bytes as JSON; the limit is {CALLBACK_DATA_BYTES} bytes"
        violation = Violation(field="callbackData", problem=problem, size=size, limit=CALLBACK_DATA_BYTES)
        yield UNSPECIFIED, violation


def _attachments_findings(attachments: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    if len(attachments) > 1:
        problem = f"holds {len(attachments)} attachments; one is supported"
        yield _ATTACHMENTS, Violation(field="message.attachments", problem=problem, size=len(attachments), limit=1)
    for index, attachment in enumerate(attachments):
        yield from _attachment_findings(attachment, f"message.attachments[{index}]")


def _attachment_findings(attachment: Mapping[str, Any], path: str) -> Iterator[Finding]:
    url = get_text(attachment, "url")
    if not url.strip():
        yield _ATTACHMENT_EMPTY, Violation(field=f"{path}.url", problem="is empty")
    elif (problem := find_web_address_problem(url)) is not None:
        yield _ATTACHMENT_INVALID, Violation(field=f"{path}.url", problem=problem)
    if not get_text(attachment, "type"):
        yield _ATTACHMENT_INVALID, Violation(field=f"{path}.type", problem="is missing")


def _header_findings(header: Mapping[str, Any], path: str) -> Iterator[Finding]:
    if get_text(header, "text") and "attachment" in header:
        yield UNSPECIFIED, Violation(field=path, problem="holds both text and attachment")
    if "attachment" in header:
        yield from _attachment_findings(get_object(header, "attachment"), f"{path}.attachment")
        if get_text(get_object(header, "attachment"), "type") == "audio":
            yield _ATTACHMENT_INVALID, Violation(field=f"{path}.attachment.type", problem="a header takes no audio")


def _location_findings(message: Mapping[str, Any]) -> Iterator[Finding]:
    location = get_object(message, "location")
    if "location" in message and "latitude" not in location and "longitude" not in location:
        yield UNSPECIFIED, Violation(field="message.location", problem="has neither latitude nor longitude")
