"""What a running sandbox says on a terminal: a banner, then a line for each request and each webhook. Pure, and ASCII.

12:00:01  -> POST SendMessage           200  text to +160***11  01KDVDNA00TBFQ4529X20A5JF0
12:00:02  <- delivery_status sent       200  http://127.0.0.1:9000/...
12:00:09  -> POST SendMessage           400  ERROR_CODE_MESSAGE_TEXT_EMPTY message.text: is empty

Unless personal data is asked for, a line is made of the sandbox's own words: of what a client wrote, which may be
personal in any spelling, neither paths nor names of unknown fields are shown, and of a webhook's address its origin.
"""

from __future__ import annotations

import json
import re
import shlex
from http import HTTPMethod
from typing import Any, Final
from urllib.parse import quote, urlsplit

import attrs

from connectly_api.json_values import get_object, get_text
from connectly_api.sandbox.model.documents import serialize_entry
from connectly_api.sandbox.model.records import AcceptedMessage, Delivery, ReceivedRequest
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.web.control import PREFIX

__all__ = ["Showing"]

_WIDTH: Final = 36
"""Of the column that says what it is."""

_ERROR, _FAILURE = 400, 500
_GREEN, _YELLOW, _RED, _DIM, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"

_SHOWN_OF_REQUESTS: Final = ("number", "method", "operation", "status", "code", "messageId", "traceId", "fault", "at")
_SHOWN_OF_DELIVERIES: Final = ("number", "attempt", "topic", "registrationId", "status", "problem", "fault", "at")


@attrs.frozen(kw_only=True)
class Showing:
    """How it is said.

    Attributes:
        is_json: Whether each line is a JSON object.
        personal: Whether phone numbers and BSUIDs are shown whole; in JSON, whether requests and events are.
        colored: Whether statuses have colors.
    """

    is_json: bool = False
    personal: bool = False
    colored: bool = False

    def banner(self, address: str, settings: Settings) -> str:
        """Return what to know and what to try, with commands that work as they stand."""
        if self.is_json:
            told = {"what": "listening", "address": address, "inspect": f"{address}{PREFIX}/"}
            secrets = {"apiKey": settings.api_key, "webhookSecret": settings.webhook_secret}
            return json.dumps({**told, "businessId": settings.business_id, "senders": settings.senders, **secrets})
        return _ascii(_banner(address, settings))

    def entry(self, entry: ReceivedRequest | Delivery, clock: str) -> str:
        """Return one request or one webhook as one line.

        Args:
            entry: What happened.
            clock: The time of day, to begin with.
        """
        if self.is_json:
            return json.dumps(self._document(entry))
        if isinstance(entry, ReceivedRequest):
            what, parts = f"-> {_operation(entry, personal=self.personal)}", _request(entry, personal=self.personal)
        else:
            what, parts = f"<- {_event(entry)}", _webhook(entry, personal=self.personal)
        status = str(entry.status or "---")
        line = f"{what:<{_WIDTH}} {status}  {'  '.join(parts)}".rstrip()
        shown = _one_line(_ascii(line if self.personal else _masked(line)))
        if self.colored:
            shown = shown.replace(f" {status}  ", f" {_color(entry)}{status}{_PLAIN}  ", 1)
            return f"{_DIM}{clock}{_PLAIN}  {shown}"
        return f"{clock}  {shown}"

    def _document(self, entry: ReceivedRequest | Delivery) -> dict[str, Any]:
        document = serialize_entry(entry)
        if self.personal:
            return document
        names = _SHOWN_OF_REQUESTS if isinstance(entry, ReceivedRequest) else _SHOWN_OF_DELIVERIES
        shown = {"what": document["what"], **{name: document[name] for name in names}}
        return shown | {"method": _method(entry)} if isinstance(entry, ReceivedRequest) else shown


def _banner(address: str, settings: Settings) -> str:
    base = f"{address}/v1/businesses/{quote(settings.business_id, safe='')}"
    customer = _customer(settings)
    template = {"number": customer, "templateName": "welcome", "language": "en"}
    recipient = {"id": customer, "channelType": settings.channels[0]}
    message = {"recipient": recipient, "message": {"text": "Hello"}}
    return f"""Connectly sandbox: {address}  (Ctrl-C ends it)

  API key         {settings.api_key}
  business        {settings.business_id}
  senders         {", ".join(settings.senders)}
  webhook secret  {settings.webhook_secret}

Send a template:

  {_curl(f"{base}/send/whatsapp_templated_messages", template, settings)}

Be a customer, whose message opens the 24-hour window; then answer:

  {_curl(f"{address}{PREFIX}/says", {"customer": customer, "text": "Hi"})}
  {_curl(f"{base}/send/messages", message, settings)}

Let something go wrong with the next request; let a day go by:

  {_curl(f"{address}{PREFIX}/fault", {"what": "server_error", "next": 1})}
  {_curl(f"{address}{PREFIX}/advance", {"hours": 24})}

Look at what happened, at {PREFIX}/messages, /requests, /deliveries, or all of it in order:

  curl {address}{PREFIX}/timeline
"""


def _curl(url: str, body: object, settings: Settings | None = None) -> str:
    key = () if settings is None else ("-H", f"X-API-Key: {settings.api_key}")
    words = (*key, "-H", "Content-Type: application/json", "-d", json.dumps(body, separators=(",", ":")))
    return shlex.join(["curl", "-X", "POST", url, *words])


def _operation(received: ReceivedRequest, *, personal: bool) -> str:
    if personal:
        # The business is the same for all, and left out where the path led somewhere.
        path = re.sub("^/v1/businesses/[^/]+", "", received.path) if received.operation else received.path
        return f"{received.method} {path}"
    name = "(no operation)" if received.operation is None else received.operation.rpartition("_")[2]
    return f"{_method(received)} {name}"


def _method(received: ReceivedRequest) -> str:
    return received.method if received.method in HTTPMethod.__members__ else "?"


def _request(received: ReceivedRequest, *, personal: bool) -> list[str]:
    parts = [] if received.message is None else [_message(received.message, personal=personal)]
    if received.code is not None:
        reasons = "; ".join(map(str, received.violations))
        parts.append(f"{received.code} {reasons}".rstrip())
    if received.unknown_fields:
        names = received.unknown_fields
        parts.append(f"ignored, as unknown: {', '.join(names) if personal else _counted(len(names))}")
    if received.fault is not None:
        parts.append(f"fault: {received.fault}")
    return parts


def _event(delivery: Delivery) -> str:
    reached = get_text(get_object(delivery.json(), "statusUpdate"), "status")
    return f"{delivery.topic} {reached}".rstrip()


def _counted(number: int) -> str:
    return f"{number} field{'s' * (number > 1)}, see {PREFIX}/requests"


def _webhook(delivery: Delivery, *, personal: bool) -> list[str]:
    parts = [delivery.address if personal else _origin(delivery.address)]
    if delivery.problem is not None:
        parts.append(delivery.problem)
    if delivery.attempt > 1:
        parts.append(f"attempt {delivery.attempt}")
    if delivery.fault is not None:
        parts.append(f"fault: {delivery.fault}")
    return parts


def _origin(address: str) -> str:
    """Return an address without user, password, path and query."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "(an address)"
    netloc = f"[{host}]" if ":" in host else host
    netloc += "" if port is None else f":{port}"
    return f"{parts.scheme}://{netloc}/{'...' if parts.path.strip('/') or parts.query or parts.fragment else ''}"


def _message(message: AcceptedMessage, *, personal: bool) -> str:
    names = [name if personal else _shortened(name) for name in message.customer.ids]
    return f"{message.kind} to {' '.join(names)}  {message.id}"


def _color(entry: ReceivedRequest | Delivery) -> str:
    if not entry.status or entry.status >= _FAILURE:
        return _RED
    return _YELLOW if entry.status >= _ERROR else _GREEN


def _shortened(name: str) -> str:
    return f"{name[:4]}***{name[-2:]}"


def _masked(line: str) -> str:
    """Take out what looks personal; a message's id and a shortened number do not."""
    return _PERSONAL.sub("[hidden]", line)


# A phone number, however punctuated, or a BSUID.
_PERSONAL: Final = re.compile(
    r"(?<!\w)\+?\d(?:[ ().-]{0,2}\d){6,14}(?!\d)|(?<!\w)[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{5,128}"
)


def _customer(settings: Settings) -> str:
    """A number that is none of the business's own."""
    return next(number for number in map(_numbered, range(1000)) if number not in settings.senders)


def _numbered(index: int) -> str:
    return f"+1604444{1111 + index}"


def _ascii(line: str) -> str:
    """Escape what a terminal may fail to show."""
    return line.encode("ascii", "backslashreplace").decode()


def _one_line(line: str) -> str:
    """Escape what a terminal might obey, line ends included."""
    return re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", line)
