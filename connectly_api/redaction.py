"""What may be shown of a text that somebody else wrote.

The service's error messages are worth reading, and may repeat what the request held: a phone number, a text, the
callback data. `redact` takes such values out before a message becomes part of an exception's text or of a log line.
Pure; a leaf of the import tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from connectly_api.json_kinds import is_array, is_object

__all__ = ["personal_values", "redact"]

MARK = "[redacted]"
SHOWN = 500
"""How many characters of a foreign text are shown at most."""

OVERLAP = 12
"""A run of this many characters shared with a personal value goes even where the rest differs (a cut-off echo)."""

# A run of 7 to 15 digits, however punctuated, is taken for a phone number; longer runs are ids (trace ids have 20).
_PHONE = re.compile(r"(?<![\w+])\+?[0-9](?:[ ().\-\u00a0]{0,2}[0-9]){6,14}(?![0-9])")
_BSUID = re.compile(r"(?<!\w)[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{5,128}")
# Controls would let a foreign text forge log lines or drive a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

# Wire names whose values are drawn from the service's own vocabulary, or are names that the business gave to things.
_IMPERSONAL = frozenset({
    "campaignName", "channelType", "channelTypes", "field", "language", "strategy", "templateName", "topic", "type",
})  # fmt: skip


def personal_values(value: object, *, key: str = "") -> Iterator[str]:
    """Yield each text of a JSON value that may be personal: all but what stands under an impersonal name.

    Args:
        value: A JSON value, as a request carries it.
        key: The name under which the value stands.
    """
    pending: list[tuple[str, object]] = [(key, value)]
    while pending:
        name, item = pending.pop()
        if is_object(item):
            # Inside callback data the names are the caller's own, too.
            inside = name == "callbackData"
            for inner, child in item.items():
                if inside:
                    yield inner
                pending.append(("callbackData" if inside else inner, child))
        elif is_array(item):
            pending.extend((name, child) for child in item)
        elif name not in _IMPERSONAL and item is not None and not isinstance(item, bool):
            yield str(item)


def redact(text: str, personal: Iterable[str] = ()) -> str:
    """Return a foreign text without personal values, controls, or more than 500 characters.

    Args:
        text: The text as it came.
        personal: Values to take out: each as a whole word, in any case, and each run of 12 or more characters of it.
            Phone numbers and BSUIDs go whether listed or not.
    """
    shown = _CONTROL.sub(" ", text).strip()
    values = {_CONTROL.sub(" ", value).strip() for value in personal} - {""}
    hidden = bytearray(len(shown))
    for value in values:
        _hide_whole(shown, value, hidden)
        _hide_overlap(shown, value, hidden)
    for pattern in (_PHONE, _BSUID):
        for match in pattern.finditer(shown):
            hidden[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
    return _cut(_marked(shown, hidden))


def _hide_whole(text: str, value: str, hidden: bytearray) -> None:
    for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE):
        hidden[match.start() : match.end()] = b"\x01" * (match.end() - match.start())


def _hide_overlap(text: str, value: str, hidden: bytearray) -> None:
    runs = {value[start : start + OVERLAP] for start in range(len(value) - OVERLAP + 1)}
    for start in range(len(text) - OVERLAP + 1):
        if text[start : start + OVERLAP] in runs:
            hidden[start : start + OVERLAP] = b"\x01" * OVERLAP


def _marked(text: str, hidden: bytearray) -> str:
    pieces: list[str] = []
    position = 0
    for match in re.finditer(rb"\x01+", hidden):
        pieces += [text[position : match.start()], MARK]
        position = match.end()
    return "".join([*pieces, text[position:]])


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
