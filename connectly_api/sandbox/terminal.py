"""What a sandbox prints: a banner, then a line for each request and each webhook. Pure, and ASCII.

12:00:01  -> POST SendMessage           200  text to +160***11  01KDVDNA00TBFQ4529X20A5JF0
12:00:02  <- delivery_status sent       200  http://127.0.0.1:9000/...
12:00:09  -> POST SendMessage           400  ERROR_CODE_MESSAGE_TEXT_EMPTY message.text: is empty

Without `--show-personal-data`, a line consists of the sandbox's own words. Anything that a client wrote may
be personal, so neither paths nor the names of unknown fields are shown, and only the origin of a webhook's URL.
"""

from __future__ import annotations

import json
import re
import shlex
from http import HTTPMethod
from posixpath import commonpath
from typing import Any, Final
from urllib.parse import quote, urlsplit

import attrs

from connectly_api.json_values import get_object, get_text
from connectly_api.lowlevel._source import OPERATIONS
from connectly_api.sandbox.model.documents import serialize_entry
from connectly_api.sandbox.model.records import AcceptedMessage, Delivery, ReceivedRequest, get_problem_kind
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.web.control import PREFIX

_EVENT_WIDTH: Final = 36
_ERROR, _FAILURE = 400, 500
_GREEN, _YELLOW, _RED, _DIM, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"

_SHOWN_OF_REQUESTS: Final = ("number", "method", "operation", "status", "code", "messageId", "traceId", "fault", "at")
_SHOWN_OF_DELIVERIES: Final = ("number", "attempt", "topic", "registrationId", "status", "problem", "fault", "at")

_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
_SHARED: Final = re.compile(
    "[^/]+".join(map(re.escape, _PARAMETER.split(commonpath(path for _, path in OPERATIONS.values()).rstrip("/"))))
)
"""What all paths begin with: the version and the business."""

# A phone number, however punctuated, or a BSUID. A message's id or a shortened number does not match.
_PERSONAL: Final = re.compile(
    r"(?<!\w)\+?\d(?:[ ().-]{0,2}\d){6,14}(?!\d)|(?<!\w)[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{5,128}"
)


@attrs.frozen(kw_only=True)
class TerminalFormat:
    """How the sandbox prints.

    Attributes:
        is_json: Whether each line is a JSON object.
        personal: Whether phone numbers and BSUIDs are shown in full; in JSON, whether requests and events are.
        colored: Whether statuses have colors.
    """

    is_json: bool = False
    personal: bool = False
    colored: bool = False

    def format_banner(self, address: str, settings: Settings) -> str:
        """Return how to use the sandbox, with commands to copy."""
        if self.is_json:
            listening = {"what": "listening", "address": address, "inspect": f"{address}{PREFIX}/"}
            secrets = {"apiKey": settings.api_key, "webhookSecret": settings.webhook_secret}
            return json.dumps({**listening, "businessId": settings.business_id, "senders": settings.senders, **secrets})
        return _escape_unicode(_format_banner(address, settings))

    def format_entry(self, entry: ReceivedRequest | Delivery, clock: str) -> str:
        """Return one request or one webhook as a line that begins with the time of day."""
        if self.is_json:
            return json.dumps(self._select_fields(entry))
        if isinstance(entry, ReceivedRequest):
            event, details = f"-> {self._name_request(entry)}", self._describe_request(entry)
        else:
            event, details = f"<- {_name_webhook(entry)}", self._describe_webhook(entry)
        status = str(entry.status or "---")
        line = _escape_unicode(f"{event:<{_EVENT_WIDTH}} {status}  {'  '.join(details)}".rstrip())
        shown = _escape_controls(line if self.personal else _PERSONAL.sub("[hidden]", line))
        if self.colored:
            shown = shown.replace(f" {status}  ", f" {_get_color(entry)}{status}{_PLAIN}  ", 1)
            return f"{_DIM}{clock}{_PLAIN}  {shown}"
        return f"{clock}  {shown}"

    def _select_fields(self, entry: ReceivedRequest | Delivery) -> dict[str, Any]:
        document = serialize_entry(entry)
        if self.personal:
            return document
        names = _SHOWN_OF_REQUESTS if isinstance(entry, ReceivedRequest) else _SHOWN_OF_DELIVERIES
        shown = {name: document[name] for name in ("what", *names)}
        if isinstance(entry, ReceivedRequest):
            return shown | {"method": _get_known_method(entry)}
        return shown | {"problem": get_problem_kind(entry.problem)}

    def _name_request(self, received: ReceivedRequest) -> str:
        if self.personal:
            path = _SHARED.sub("", received.path, count=1) if received.operation else received.path
            return f"{received.method} {path}"
        name = "(no operation)" if received.operation is None else received.operation.rpartition("_")[2]
        return f"{_get_known_method(received)} {name}"

    def _describe_request(self, received: ReceivedRequest) -> list[str]:
        details = [] if received.message is None else [self._describe_message(received.message)]
        if received.code is not None:
            reasons = "; ".join(map(str, received.violations))
            details.append(f"{received.code} {reasons}".rstrip())
        if names := received.unknown_fields:
            plural = "s" * (len(names) > 1)
            shown = f"s: {', '.join(names)}" if self.personal else f"{plural}: {len(names)}, see {PREFIX}/requests"
            details.append(f"ignored unknown field{shown}")
        if received.fault is not None:
            details.append(f"fault: {received.fault}")
        return details

    def _describe_message(self, message: AcceptedMessage) -> str:
        ids = [one if self.personal else f"{one[:4]}***{one[-2:]}" for one in message.customer.ids]
        return f"{message.kind} to {' '.join(ids)}  {message.id}"

    def _describe_webhook(self, delivery: Delivery) -> list[str]:
        details = [delivery.address if self.personal else _get_origin(delivery.address)]
        if delivery.problem is not None:
            details.append(delivery.problem if self.personal else str(get_problem_kind(delivery.problem)))
        if delivery.attempt > 1:
            details.append(f"attempt {delivery.attempt}")
        if delivery.fault is not None:
            details.append(f"fault: {delivery.fault}")
        return details


def _format_banner(address: str, settings: Settings) -> str:
    customer = next(number for index in range(1000) if (number := f"+1604444{1111 + index}") not in settings.senders)
    template = {"number": customer, "templateName": "welcome", "language": "en"}
    recipient = {"id": customer, "channelType": settings.channels[0]}
    message = {"recipient": recipient, "message": {"text": "Hello"}}
    return f"""Connectly sandbox: {address}  (Ctrl-C stops it)

  API key         {settings.api_key}
  business        {settings.business_id}
  senders         {", ".join(settings.senders)}
  webhook secret  {settings.webhook_secret}

Point the connectly command, or a program that uses Connectly.from_env(), at it:

  export CONNECTLY_BASE_URL={address}
  export CONNECTLY_API_KEY={shlex.quote(settings.api_key)}
  export CONNECTLY_BUSINESS_ID={shlex.quote(settings.business_id)}

Send a template:

  {_format_curl(f"{address}{_build_path('send_whatsapp_templated_message', settings)}", template, settings)}

Write as a customer, which opens the 24-hour window, then reply:

  {_format_curl(f"{address}{PREFIX}/says", {"customer": customer, "text": "Hi"})}
  {_format_curl(f"{address}{_build_path('send_message', settings)}", message, settings)}

Inject a fault into the next request, then move the clock by a day:

  {_format_curl(f"{address}{PREFIX}/fault", {"what": "server_error", "next": 1})}
  {_format_curl(f"{address}{PREFIX}/advance", {"hours": 24})}

See what happened, at {PREFIX}/messages, /requests, /deliveries, or all of it in order:

  curl {address}{PREFIX}/timeline
"""


def _build_path(function: str, settings: Settings) -> str:
    _, template = OPERATIONS[function]
    return _PARAMETER.sub(quote(settings.business_id, safe=""), template)


def _format_curl(url: str, body: object, settings: Settings | None = None) -> str:
    key = () if settings is None else ("-H", f"X-API-Key: {settings.api_key}")
    words = (*key, "-H", "Content-Type: application/json", "-d", json.dumps(body, separators=(",", ":")))
    return shlex.join(["curl", "-X", "POST", url, *words])


def _get_known_method(received: ReceivedRequest) -> str:
    return received.method if received.method in HTTPMethod.__members__ else "?"


def _name_webhook(delivery: Delivery) -> str:
    status = get_text(get_object(delivery.json(), "statusUpdate"), "status")
    return f"{delivery.topic} {status}".rstrip()


def _get_origin(address: str) -> str:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "(an address)"
    netloc = f"[{host}]" if ":" in host else host
    netloc += "" if port is None else f":{port}"
    return f"{parts.scheme}://{netloc}/{'...' if parts.path.strip('/') or parts.query or parts.fragment else ''}"


def _get_color(entry: ReceivedRequest | Delivery) -> str:
    if not entry.status or entry.status >= _FAILURE:
        return _RED
    return _YELLOW if entry.status >= _ERROR else _GREEN


def _escape_unicode(line: str) -> str:
    return line.encode("ascii", "backslashreplace").decode()


def _escape_controls(line: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", line)
