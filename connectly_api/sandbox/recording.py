"""A run as a file: what was done to a sandbox, so that the same can be done again. Pure.

A recording holds what customers and clients wrote. It holds no key and no secret.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_array, is_object
from connectly_api.sandbox.delivery.attempts import Outcome
from connectly_api.sandbox.model.documents import entry_document
from connectly_api.sandbox.model.records import Entry, ReceivedRequest
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.record import REDACTED
from connectly_api.sandbox.service.decision import Incoming

__all__ = ["Recording", "differences", "incoming_of", "read_recording", "recording_of"]

_FORMAT: Final = 1
_SECRETS: Final = frozenset({"api_key", "webhook_secret"})
_TOO_LONG: Final = 413
_UNAUTHORISED: Final = 401

_NUMBER: Final = (int, float)
_FIELDS: Final[Mapping[object, Mapping[str, type | tuple[type, ...]]]] = {
    "request": {"at": _NUMBER, "content": str, "status": int},
    "act": {"at": _NUMBER, "name": str, "arguments": dict},
    "delivery": {"number": int, "attempt": int, "status": (int, type(None)), "problem": (str, type(None))},
    "status": {},
}
"""What is needed of each kind of entry."""


@attrs.frozen
class Recording:
    """A run.

    Attributes:
        settings: The keywords of `Settings`, but for key and secret.
        entries: The timeline, as JSON.
    """

    settings: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...] = attrs.field(repr=False)

    def text(self) -> str:
        """Return the file's text."""
        return json.dumps({"format": _FORMAT, "settings": self.settings, "entries": self.entries}, indent=1)

    def outcomes(self) -> dict[tuple[int, int], Outcome]:
        """Return what became of the webhooks, by number of the event and attempt."""
        return {
            (entry["number"], entry["attempt"]): Outcome(entry["status"], entry["problem"])
            for entry in self.entries
            if entry["what"] == "delivery"
        }

    def inputs(self) -> Iterator[Mapping[str, Any]]:
        """Yield requests and verbs: what came from outside, in order."""
        return (entry for entry in self.entries if entry["what"] in {"request", "act"})


def recording_of(settings: Settings, start: float, entries: Iterable[Entry], noted: int) -> Recording:
    """Return the recording of a run.

    Args:
        settings: The sandbox's.
        start: Its clock's first time.
        entries: The timeline.
        noted: How many entries there were, kept or not.

    Raises:
        InvalidInputError: The beginning is not kept any more.
    """
    kept = tuple(entries)
    if len(kept) < noted:
        raise InvalidInputError("keep: the run's beginning is not kept any more; set it higher", field="keep")
    values = attrs.asdict(settings, filter=lambda attribute, _: attribute.name not in _SECRETS)
    return Recording({**values, "start": start}, tuple(_with_bytes(entry) for entry in kept))


def read_recording(text: str) -> Recording:
    """Read a file's text.

    Raises:
        InvalidInputError: It is no recording.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not is_object(document) or document.get("format") != _FORMAT:
        raise InvalidInputError("recording: is none, or of another format", field="recording")
    settings, entries = document.get("settings"), document.get("entries")
    if not is_object(settings) or not set(settings) <= {field.name for field in attrs.fields(Settings)}:
        raise InvalidInputError("recording: has no settings, or unknown ones", field="recording")
    read = tuple(entry for entry in entries if is_object(entry) and _is_whole(entry)) if is_array(entries) else ()
    if not is_array(entries) or len(read) < len(entries):
        raise InvalidInputError("recording: has no entries, or holds what is none", field="recording")
    return Recording(settings, read)


def _is_whole(entry: Mapping[str, Any]) -> bool:
    fields = _FIELDS.get(entry.get("what", ""))
    return fields is not None and all(isinstance(entry.get(name), kind) for name, kind in fields.items())


def incoming_of(entry: Mapping[str, Any], key: str) -> Incoming:
    """Return a recorded request; its key is the sandbox's, unless a wrong one was refused.

    Raises:
        InvalidInputError: The entry is none.
    """
    try:
        content = base64.b64decode(entry["content"], validate=True)
        right = "" if entry["status"] == _UNAUTHORISED else key
        return Incoming(
            method=entry["method"],
            path=entry["path"].replace(REDACTED, key),
            query=entry["query"].replace(REDACTED, key),
            headers=tuple((name, value.replace(REDACTED, right)) for name, value in entry["headers"]),
            body=None if entry["status"] == _TOO_LONG else content,
        )
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise InvalidInputError("recording: holds a request that cannot be read", field="recording") from None


def differences(recording: Recording, entries: Iterable[Entry]) -> list[str]:
    """Return in words where requests were answered otherwise than when they were recorded."""
    then = [entry for entry in recording.entries if entry["what"] == "request"]
    now = [entry_document(entry) for entry in entries if isinstance(entry, ReceivedRequest)]
    return [
        f"request {ours['number']}: {name} is {ours[name]!r}, and was {theirs.get(name)!r}"
        for theirs, ours in zip(then, now, strict=False)
        for name in ("status", "code", "messageId", "fault")
        if theirs.get(name) != ours[name]
    ]


def _with_bytes(entry: Entry) -> dict[str, Any]:
    document = entry_document(entry)
    if isinstance(entry, ReceivedRequest):
        # The exact bytes, which need not be text.
        document["content"] = base64.b64encode(entry.body).decode()
    return document
