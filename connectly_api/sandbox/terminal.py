"""What a sandbox prints: a banner, then a line for each entry of its timeline. Pure, and ASCII.

12:00:01  ** customer says (text)
12:00:01  -> POST SendMessage           200  text to +160***11  01KDVDNA00TBFQ4529X20A5JF0
12:00:02  .. sent                            01KDVDNA00TBFQ4529X20A5JF0
12:00:02  <- delivery_status sent       200  http://127.0.0.1:9000/...
12:00:09  -> POST SendMessage           400  ERROR_CODE_MESSAGE_TEXT_EMPTY message.text: is empty
12:00:09  ** clock +24 h

Without `--show-personal-data`, a line consists of the sandbox's own words. Anything that a client or a customer wrote
may be personal, so neither texts, paths nor the names of unknown fields are shown, and only the origin of a webhook's
URL.
"""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from http import HTTPMethod
from posixpath import commonpath
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from connectly_api.json_values import get_object, get_text
from connectly_api.lowlevel._source import OPERATIONS
from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    Delivery,
    ReceivedRequest,
    StatusChange,
    TimelineEntry,
    VerbCall,
    get_problem_kind,
)
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.verbs.customer_verbs import CUSTOMER_VERBS
from connectly_api.sandbox.verbs.setup import read_seconds
from connectly_api.sandbox.web.control import PREFIX

_EVENT_WIDTH, _LEAST_EVENT_WIDTH = 36, 19
_OTHER_WIDTH: Final = 61
"""Characters of a line about an accepted text, apart from its event."""
_INDENT: Final = " " * 12
_ERROR, _FAILURE = 400, 500
_GREEN, _YELLOW, _RED, _DIM, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"

_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "request": ("number", "method", "operation", "status", "code", "messageId", "traceId", "fault"),
    "delivery": ("number", "attempt", "topic", "registrationId", "status", "problem", "fault", "messageId", "cause"),
    "act": ("name", "arguments", "id"),
    "status": ("messageId", "status", "code"),
}
"""What JSON shows of an entry without personal data, besides its place in the timeline."""

_OWN_WORDS: Final = frozenset({"what", "type", "status", "accepted", "html", "running"})
_NUMBERS: Final = frozenset({
    *("next", "every", "probability", "seconds", "minutes", "hours", "days", "speed", "entry", "number"),
})  # fmt: skip
"""Arguments of verbs whose values are not personal; of the others, only the names are shown."""

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
        columns: The width that lines are wrapped to; None wraps nothing.
        zone: The time zone; None is the machine's.
    """

    is_json: bool = False
    personal: bool = False
    colored: bool = False
    columns: int | None = None
    zone: tzinfo | None = None

    def format_banner(self, address: str, settings: Settings) -> str:
        """Return where the sandbox listens, and lines to copy that point a client at it."""
        address, wildcard = _find_usable_address(address)
        if self.is_json:
            places = {"address": address, "page": f"{address}{PREFIX}/", "inspect": f"{address}{PREFIX}/"}
            secrets = {"apiKey": settings.api_key, "webhookSecret": settings.webhook_secret}
            business = {"businessId": settings.business_id, "senders": settings.senders}
            return json.dumps({"what": "listening", **places, **business, **secrets})
        return _escape_unicode("\n".join(_list_banner_lines(address, settings, is_open=wildcard)))

    def format_entry(self, entry: TimelineEntry, before: float | None = None) -> str:
        """Return an entry as lines that begin with its time; `before` is the time of the entry printed before it."""
        event, status, details = self._describe(entry)
        at = self._find_time(get_time(entry))
        day = "" if before is not None and self._find_time(before).date() == at.date() else f"-- {at:%a %Y-%m-%d}\n"
        line = _escape_unicode(f"{event:<{self._find_event_width()}} {status:3}  {'  '.join(details)}".rstrip())
        shown = self._wrap(f"{at:%H:%M:%S}  ", _escape_controls(line if self.personal else _mask(line)))
        return f"{day}{self._color(shown, status)}"

    def format_document(self, document: Mapping[str, Any]) -> str:
        """Return an entry of the timeline, as the control interface has it, as a line of JSON."""
        if self.personal:
            return json.dumps(document)
        shown = {name: document[name] for name in ("entry", "what", "at", "customer", *_SHOWN[document["what"]])}
        if shown.get("method") not in {None, *HTTPMethod.__members__}:
            shown["method"] = "?"
        if "problem" in shown:
            shown["problem"] = get_problem_kind(shown["problem"])
        if "arguments" in shown:
            safe = _OWN_WORDS | _NUMBERS
            shown["arguments"] = {name: value for name, value in shown["arguments"].items() if name in safe}
        return json.dumps(shown)

    def _find_time(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self.zone)

    def _find_event_width(self) -> int:
        room = _EVENT_WIDTH if self.columns is None else self.columns - _OTHER_WIDTH
        return min(_EVENT_WIDTH, max(_LEAST_EVENT_WIDTH, room))

    def _wrap(self, clock: str, line: str) -> str:
        if self.columns is None:
            return f"{clock}{line}"
        # A word that is longer than a line stays whole, so that it can be copied.
        return textwrap.fill(
            f"{clock}{line}",
            self.columns,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _color(self, shown: str, status: str) -> str:
        if not self.colored:
            return shown
        clock, line = shown[:8], shown[8:]
        color = _get_color(status)
        if color:
            line = re.sub(rf"(?m)(?<= ){status}(?= |$)", f"{color}{status}{_PLAIN}", line, count=1)
        return f"{_DIM}{clock}{_PLAIN}{line}"

    def _describe(self, entry: TimelineEntry) -> tuple[str, str, Iterable[str]]:
        """Return what happened, the status of a response, and details."""
        match entry:
            case ReceivedRequest():
                return f"-> {self._name_request(entry)}", str(entry.status or "---"), self._describe_request(entry)
            case Delivery():
                return f"<- {_name_webhook(entry)}", str(entry.status or "---"), self._describe_webhook(entry)
            case StatusChange():
                return f".. {entry.status}", "", filter(None, (entry.message_id, entry.code))
            case _:
                return f"** {self._name_verb(entry)}", "", ()

    def _name_verb(self, verb: VerbCall) -> str:
        name, arguments = verb.name.replace("_", " "), verb.arguments
        if verb.name == "advance":
            return f"clock +{_format_duration(read_seconds(verb.name, arguments))}"
        if verb.name == "settle":
            return "clock until nothing is due"
        if verb.name in CUSTOMER_VERBS:
            customer = str(arguments.pop("customer", ""))
            name = f"{customer if self.personal else 'customer'} {name}"
        shown = ", ".join(self._list_arguments(arguments))
        return f"{name} ({shown})" if shown else name

    def _list_arguments(self, arguments: Mapping[str, Any]) -> Iterator[str]:
        for name, value in arguments.items():
            if name in _OWN_WORDS and isinstance(value, str):
                yield value
            else:
                yield f"{name} {json.dumps(value)}" if self.personal or name in _OWN_WORDS | _NUMBERS else name

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


def _list_banner_lines(address: str, settings: Settings, *, is_open: bool) -> Iterator[str]:
    yield f"Connectly sandbox: {address}{PREFIX}/  (Ctrl-C stops it)"
    yield ""
    yield f"  senders         {', '.join(settings.senders)}"
    yield f"  webhook secret  {settings.webhook_secret}"
    if is_open:
        port = urlsplit(address).port
        yield f"  elsewhere       http://NAME:{port} from another container or machine;"
        yield "                  for the page, start it with --allow-host NAME"
    yield ""
    yield f"export CONNECTLY_BASE_URL={address}"
    yield f"export CONNECTLY_API_KEY={shlex.quote(settings.api_key)}"
    yield f"export CONNECTLY_BUSINESS_ID={shlex.quote(settings.business_id)}"


def _find_usable_address(address: str) -> tuple[str, bool]:
    """Return the URL to use on this machine, and whether the sandbox listens on all interfaces."""
    for wildcard, host in (("//0.0.0.0:", "//127.0.0.1:"), ("//[::]:", "//[::1]:")):
        if wildcard in address:
            return address.replace(wildcard, host), True
    return address, False


def get_time(entry: TimelineEntry) -> float:
    """Return when an entry happened, by the sandbox's clock."""
    return entry.received_at if isinstance(entry, ReceivedRequest) else entry.at


def _format_duration(seconds: float) -> str:
    """Return `24 h` or `1 h 30 min`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count:g} {unit}" for count, unit in parts if count) or "0 s"


def _mask(line: str) -> str:
    return _PERSONAL.sub("[hidden]", line)


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


def _get_color(status: str) -> str:
    if not status:
        return ""
    if status == "---" or int(status) >= _FAILURE:
        return _RED
    return _YELLOW if int(status) >= _ERROR else _GREEN


def _escape_unicode(line: str) -> str:
    return line.encode("ascii", "backslashreplace").decode()


def _escape_controls(line: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", line)
