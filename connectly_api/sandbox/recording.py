"""Records requests, and writes a run as a file that can be replayed. Pure.

A recording contains what customers and clients wrote, but no API key or webhook secret.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote_plus

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_array, is_object
from connectly_api.sandbox.delivery.attempts import Outcome
from connectly_api.sandbox.model.clipped_text import REDACTED
from connectly_api.sandbox.model.documents import serialize_numbered, serialize_request
from connectly_api.sandbox.model.exchange import Decision, Request
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import NumberedEntry, ReceivedRequest, TimelineEntry
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.model.state_changes import MessageAccepted

_SECRET_HEADERS: Final = frozenset({"x-api-key", "authorization", "proxy-authorization", "cookie"})
"""Their values are redacted as a whole; elsewhere in a request, only the sandbox's API key is."""

_FORMAT: Final = 1
_TOO_LONG: Final = 413
_UNAUTHORIZED: Final = 401

_KEPT_WITHOUT_KEY: Final = 1024
"""Bytes of the body, of the query and of the headers that are kept of a request without the API key."""

_NUMBER: Final = (int, float)
_OPTIONAL_TEXT: Final = (str, type(None))
_FIELDS: Final[Mapping[object, Mapping[str, type | tuple[type, ...]]]] = {
    "request": {"at": _NUMBER, **dict.fromkeys(("method", "path", "query", "content"), str), "status": int},
    "act": {"at": _NUMBER, "name": str, "arguments": dict},
    "delivery": {
        "number": int,
        "attempt": int,
        "status": (int, type(None)),
        "problem": _OPTIONAL_TEXT,
        "answer": _OPTIONAL_TEXT,
        "traceback": _OPTIONAL_TEXT,
    },
    "status": {},
}
"""The fields that each kind of entry needs. An `act` is a verb."""


@attrs.frozen
class Recording:
    """A run.

    Attributes:
        settings: Keywords of `Settings`, without secrets.
        entries: The timeline, as JSON.
    """

    settings: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...] = attrs.field(repr=False)

    @property
    def outcomes(self) -> dict[tuple[int, int], Outcome]:
        """The responses of receivers, by number of the event and attempt."""
        return {
            (entry["number"], entry["attempt"]): Outcome(
                entry["status"],
                entry["problem"],
                answer=(entry.get("answer") or "").encode(),
                traceback=entry.get("traceback"),
            )
            for entry in self.entries
            if entry["what"] == "delivery"
        }

    @property
    def inputs(self) -> Iterator[Mapping[str, Any]]:
        """Requests and verbs, in order."""
        return (entry for entry in self.entries if entry["what"] in {"request", "act"})

    def to_text(self) -> str:
        """Return the text of the file."""
        return json.dumps({"format": _FORMAT, "settings": self.settings, "entries": self.entries}, indent=1)


def is_public_setting(attribute: attrs.Attribute[Any], _value: object = None) -> bool:
    """Return whether a setting is not secret; for `attrs.asdict(settings, filter=…)`."""
    return attribute.name not in {"api_key", "webhook_secret"}


def record_request(
    request: Request, decision: Decision, recipient: Identity, state: State, key: str
) -> ReceivedRequest:
    """Return the record of the next request, without credentials and the API key `key`.

    Of a request without the key, little is kept: whoever can reach the sandbox could fill its memory.
    """

    def redact(text: str) -> str:
        return text.replace(key, REDACTED).replace(quote_plus(key), REDACTED)

    body = request.body or b""
    has_key = any(redact(text) != text for text in (request.query, *(value for _, value in request.headers)))
    is_whole = has_key or (bool(decision.operation) and decision.status != _UNAUTHORIZED)
    limit = None if is_whole else _KEPT_WITHOUT_KEY
    headers = ((name, REDACTED if name in _SECRET_HEADERS else redact(value)) for name, value in request.headers)
    return ReceivedRequest(
        number=state.request_count + 1,
        method=request.method,
        path=redact(request.path),
        query=redact(request.query)[:limit],
        headers=tuple(headers if limit is None else _cut_headers(headers, limit)),
        body=body[:limit],
        body_size=len(body),
        operation=next(iter(decision.operation), None),
        status=decision.status,
        code=decision.code,
        violations=decision.violations,
        unknown_fields=decision.unknown_fields,
        message=next((change.message for change in decision.changes if isinstance(change, MessageAccepted)), None),
        trace_id=decision.trace_id,
        received_at=state.now,
        fault=decision.fault,
        recipient=next(iter(recipient.ids), None),
        answer=decision.content,
    )


def _cut_headers(headers: Iterable[tuple[str, str]], limit: int) -> Iterator[tuple[str, str]]:
    """Yield the first headers, up to a number of characters."""
    for name, value in headers:
        if limit > 0:
            yield name[:limit], value[: max(0, limit - len(name))]
        limit -= len(name) + len(value)


def build_recording(settings: Settings, start: float, state: State) -> Recording:
    """Return the recording of a run whose clock began at `start`.

    Raises:
        InvalidInputError: The beginning is no longer kept.
    """
    if len(state.timeline) < state.entry_count:
        raise InvalidInputError(
            "keep: the beginning of the run is no longer kept; set it, or keep_bytes, higher", field="keep"
        )
    values = attrs.asdict(settings, filter=is_public_setting)
    return Recording({**values, "start": start}, tuple(_to_json(entry, state) for entry in state.timeline))


def parse_recording(text: str) -> Recording:
    """Read the text of a file.

    Raises:
        InvalidInputError: It is not a recording.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not is_object(document) or document.get("format") != _FORMAT:
        raise InvalidInputError("recording: is not a recording, or of another format", field="recording")
    settings, entries = document.get("settings"), document.get("entries")
    if not is_object(settings) or not set(settings) <= {field.name for field in attrs.fields(Settings)}:
        raise InvalidInputError("recording: has no settings, or unknown ones", field="recording")
    valid = tuple(entry for entry in entries if is_object(entry) and _is_valid(entry)) if is_array(entries) else ()
    if not is_array(entries) or len(valid) < len(entries):
        raise InvalidInputError("recording: has no entries, or an entry that cannot be read", field="recording")
    return Recording(settings, valid)


def parse_request(entry: Mapping[str, Any], key: str) -> Request:
    """Return a recorded request with the sandbox's API key, or without one if a wrong key was refused.

    Raises:
        InvalidInputError: The entry cannot be read.
    """
    try:
        content = base64.b64decode(entry["content"], validate=True)
        header_key = "" if entry["status"] == _UNAUTHORIZED else key
        return Request(
            method=entry["method"],
            path=entry["path"].replace(REDACTED, key),
            query=entry["query"].replace(REDACTED, key),
            headers=tuple((name.lower(), value.replace(REDACTED, header_key)) for name, value in entry["headers"]),
            body=None if entry["status"] == _TOO_LONG else content,
        )
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise InvalidInputError("recording: holds a request that cannot be read", field="recording") from None


def find_differences(recording: Recording, entries: Iterable[TimelineEntry]) -> list[str]:
    """Return a sentence for each request whose response differs from the recorded one."""
    before = [entry for entry in recording.entries if entry["what"] == "request"]
    now = [serialize_request(entry) for entry in entries if isinstance(entry, ReceivedRequest)]
    return [
        f"request {new['number']}: {name} is {new[name]!r}, and was {old.get(name)!r}"
        for old, new in zip(before, now, strict=False)
        for name in ("status", "code", "messageId", "fault")
        if old.get(name) != new[name]
    ]


def _is_valid(entry: Mapping[str, Any]) -> bool:
    fields = _FIELDS.get(str(entry.get("what")))
    return fields is not None and all(isinstance(entry.get(name), kind) for name, kind in fields.items())


def _to_json(entry: NumberedEntry, state: State) -> dict[str, Any]:
    document = serialize_numbered(entry, state.customers)
    if isinstance(entry.record, ReceivedRequest):
        # The exact bytes, which may not be text.
        document["content"] = base64.b64encode(entry.record.body).decode()
    return document
