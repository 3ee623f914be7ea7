"""The rules of content: one kind per message, valid attachments, and templates with the right parameters. Pure.

Source for fields, codes and the names of parameters: the service's documentation, https://docs.connectly.ai
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectly_api.content.template_rules import check_body, check_value, find_max_length
from connectly_api.errors import Violation
from connectly_api.json_values import get_object, get_objects, get_text
from connectly_api.sandbox.model.records import DeclaredTemplate
from connectly_api.sandbox.model.refusals import UNSPECIFIED, Finding
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.service.content_limits import check_length
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
_TEMPLATE_DELETED = "ERROR_CODE_MESSAGE_TEMPLATE_DELETED"

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
    """Return the kind of a valid message: `text`, `reply_buttons` and so on."""
    if attachments := get_objects(message, "attachments"):
        return get_text(attachments[0], "type")
    return next((kind for name, kind in _KINDS.items() if name in message), "text")


def check_message(message: Mapping[str, Any]) -> Iterator[Finding]:
    """Check the content of a session message."""
    parts = [name for name in ("attachments", *_KINDS) if name in message and message[name] != []]
    text = get_text(message, "text")
    if text and any(name not in _TAKE_TEXT for name in parts):
        parts.insert(0, "text")
    if len(parts) > 1:
        problem = f"holds more than one kind of content: {', '.join(parts)}"
        yield UNSPECIFIED, Violation(field="message", problem=problem)
    elif not parts and not message:
        yield _TEXT_EMPTY, Violation(field="message", problem="holds no content")
    elif not text.strip() and (not parts or parts[0] in _NEED_TEXT):
        yield _TEXT_EMPTY, Violation(field="message.text", problem="is empty")
    attachments = get_objects(message, "attachments")
    if (count := len(attachments)) > 1:
        problem = f"holds {count} attachments; one is supported"
        yield _ATTACHMENTS, Violation(field="message.attachments", problem=problem, size=count, limit=1)
    for index, attachment in enumerate(attachments):
        yield from _check_attachment(attachment, f"message.attachments[{index}]")
    location = get_object(message, "location")
    if "location" in message and "latitude" not in location and "longitude" not in location:
        yield UNSPECIFIED, Violation(field="message.location", problem="has neither latitude nor longitude")
    for name in _TAKE_TEXT:
        yield from _check_header(get_object(get_object(message, name), "header"), f"message.{name}.header")


def check_template_message(body: Mapping[str, Any], settings: Settings) -> Iterator[Finding]:
    """Check the names in a template message, whatever templates are declared."""
    if not get_text(body, "templateName"):
        yield _TEMPLATE_NOT_FOUND, Violation(field="templateName", problem="is missing")
    if settings.template_language == "required" and not get_text(body, "language"):
        yield _TEMPLATE_NOT_FOUND, Violation(field="language", problem="is missing")
    for field in ("templateName", "language"):
        if name := get_text(body, field):
            yield from _check_name(_TEMPLATE_NOT_FOUND, field, name)
    names = [get_text(parameter, "name") for parameter in get_objects(body, "parameters")]
    for index, name in enumerate(names):
        field = f"parameters[{index}].name"
        if not name:
            yield _TEMPLATE_INPUT, Violation(field=field, problem="is missing")
        else:
            yield from _check_name(_TEMPLATE_INPUT, field, name)
    if any(times > 1 for name, times in Counter(names).items() if name):
        yield _TEMPLATE_INPUT, Violation(field="parameters", problem="one name is given more than once")


def check_declared_template(template: DeclaredTemplate | None, body: Mapping[str, Any]) -> Iterator[Finding]:
    """Check a message against its template."""
    if template is None:
        problem = "there is no template of that name and language"
        yield _TEMPLATE_NOT_FOUND, Violation(field="templateName", problem=problem)
        return
    if template.status == "deleted":
        problem = "that translation is being deleted; use another name, or wait four weeks"
        yield _TEMPLATE_DELETED, Violation(field="templateName", problem=problem)
    elif template.status == "paused":
        yield UNSPECIFIED, Violation(field="templateName", problem="the template is paused")
    given = [get_text(parameter, "name") for parameter in get_objects(body, "parameters")]
    for name in template.parameters:
        if name not in given:
            yield _TEMPLATE_INPUT, Violation(field="parameters", problem=f"{name} is missing")
    for index, name in enumerate(given):
        if name not in template.parameters:
            problem = "is not a parameter of the template"
            yield _TEMPLATE_INPUT, Violation(field=f"parameters[{index}].name", problem=problem)


def check_parameter_values(body: Mapping[str, Any], settings: Settings) -> Iterator[Finding]:
    """Check the values of a template's parameters, and their limits if the settings say so."""
    has_limits = settings.content_limits == "refuse"
    refused = {"error", "limit"} if has_limits else {"error"}
    values = [
        (get_text(parameter, "name"), get_text(parameter, "value")) for parameter in get_objects(body, "parameters")
    ]
    for index, (name, value) in enumerate(values):
        field = f"parameters[{index}].value"
        if not value.strip():
            yield _TEMPLATE_INPUT, Violation(field=field, problem="is empty")
            continue
        violations = [*check_length(field, value, find_max_length(name)), *check_value(field, name, value)]
        yield from ((_TEMPLATE_INPUT, violation) for violation in violations if violation.level in refused)
    if has_limits:
        yield from ((_TEMPLATE_INPUT, violation) for violation in check_body("parameters", values))


def check_callback_data(body: Mapping[str, Any]) -> Iterator[Finding]:
    """Check the size of the callback data, as compact UTF-8 JSON."""
    if "callbackData" in body and (size := len(encode_compact(body["callbackData"]))) > CALLBACK_DATA_BYTES:
        problem = f"is {size} bytes as JSON; the limit is {CALLBACK_DATA_BYTES} bytes"
        violation = Violation(field="callbackData", problem=problem, size=size, limit=CALLBACK_DATA_BYTES)
        yield UNSPECIFIED, violation


def _check_name(code: str, field: str, name: str) -> Iterator[Finding]:
    if (problem := find_name_problem(name)) is not None:
        yield code, Violation(field=field, problem=problem, size=len(name))


def _check_attachment(attachment: Mapping[str, Any], path: str) -> Iterator[Finding]:
    url = get_text(attachment, "url")
    if not url.strip():
        yield _ATTACHMENT_EMPTY, Violation(field=f"{path}.url", problem="is empty")
    elif (problem := find_web_address_problem(url)) is not None:
        yield _ATTACHMENT_INVALID, Violation(field=f"{path}.url", problem=problem)
    if not get_text(attachment, "type"):
        yield _ATTACHMENT_INVALID, Violation(field=f"{path}.type", problem="is missing")


def _check_header(header: Mapping[str, Any], path: str) -> Iterator[Finding]:
    if "attachment" not in header:
        return
    if get_text(header, "text"):
        yield UNSPECIFIED, Violation(field=path, problem="holds both text and attachment")
    attachment = get_object(header, "attachment")
    yield from _check_attachment(attachment, f"{path}.attachment")
    if get_text(attachment, "type") == "audio":
        yield _ATTACHMENT_INVALID, Violation(field=f"{path}.attachment.type", problem="a header takes no audio")
