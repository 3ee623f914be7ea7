"""What may be shown of a text that somebody else wrote.

The service's error messages are worth reading, and may repeat what the request held: a phone number, a text, the
callback data. `redact` takes such values out before a message becomes part of an exception's text or of a log line.
Pure; a leaf of the import tree.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from connectly_api.json_kinds import is_array, is_object

__all__ = ["personal_values", "redact", "repeats"]

MARK = "[redacted]"
SHOWN = 500
"""How many characters of a foreign text are shown at most."""

# How much of a foreign text is looked at. Where it is cut, the last characters may be the beginning of what must go.
_READ = 4 * SHOWN
_MARGIN = 64

# A run of so many letters and digits shared with a personal value goes wherever it stands: an echo may be cut off.
_RUN = 10
# The same for a value that holds digits alone, as a phone number does.
_DIGITS = 7
# Shorter values are parts of ordinary words too often: they go as whole words only.
_SHORT = 6
# Values of one or two characters are parts of names such as `body_1` too often, too.
_TINY = 2

# A run of 7 to 15 digits, however punctuated, is taken for a phone number, unless it is a date; longer runs are ids
# (trace ids have 20).
_PHONE = re.compile(
    r"(?<!\w)(?!(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?!\d))"
    r"[+\uff0b]?\d(?:[ ().\-\u00a0\u2010-\u2015]{0,2}\d){6,14}(?!\d)"
)
_BSUID = re.compile(r"(?<!\w)[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{5,128}")
# Controls would let a foreign text forge log lines or drive a terminal; no encoder takes a lone surrogate.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# Characters that nobody sees, and those that turn around what follows.
_INVISIBLE = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]+"
)

_NO_BONES = re.compile(r"[^0-9a-z]+")

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
                # A parameter's name is the template's word for a place.
                if name != "parameters" or inner != "name":
                    pending.append(("callbackData" if inside else inner, child))
        elif is_array(item):
            pending.extend((name, child) for child in item)
        elif name not in _IMPERSONAL and item is not None and not isinstance(item, bool):
            yield str(item)


def redact(text: str, personal: Iterable[str] = ()) -> str:
    """Return a foreign text without personal values, controls, or more than 500 characters.

    Args:
        text: The text as it came.
        personal: Values to take out: each as a whole word, and each run of 10 or more letters and digits of it (7 or
            more, where it has digits alone), whatever the case, the width, the accents and the punctuation, also as
            JSON, URLs and HTML escape them. Phone numbers and BSUIDs go whether listed or not.
    """
    shown = _readable(text[:_READ])
    hidden = _hidden(shown, personal)
    for pattern in (_PHONE, _BSUID):
        for match in pattern.finditer(shown):
            _hide(hidden, match.start(), match.end())
    if len(text) > _READ:
        _hide(hidden, max(0, len(shown) - _MARGIN), len(shown))
    result = _marked(shown, hidden)
    if len(text) <= _READ and len(result) <= SHOWN:
        return result
    return f"{result[:SHOWN]}… ({len(text)} characters)"


def repeats(text: str, personal: Iterable[str]) -> bool:
    """Say whether a short text, such as a name or an id, repeats a personal value or a long part of one."""
    return any(_hidden(_readable(text), personal))


def _readable(text: str) -> str:
    return _CONTROL.sub(" ", _INVISIBLE.sub("", text)).strip()


def _hidden(shown: str, personal: Iterable[str]) -> bytearray:
    """Return one byte for each character: whether it belongs to a personal value."""
    hidden = bytearray(len(shown))
    pairs = [(place, part) for place, character in enumerate(shown) for part in _bones(character)]
    places, bones = [place for place, _ in pairs], "".join(part for _, part in pairs)
    for value in set(personal):
        _hide_whole(shown, _readable(value), hidden)
        for spelling in set(map(_bones, _spellings(value))):
            _hide_runs(bones, places, spelling, hidden)
    return hidden


def _hide(hidden: bytearray, start: int, end: int) -> None:
    hidden[start:end] = b"\x01" * (end - start)


def _hide_whole(shown: str, value: str, hidden: bytearray) -> None:
    bones = _bones(value)
    if not value:
        return
    if not bones and not value.isascii():
        beside = r"[^\W\w]"  # An emoji ends where it ends.
    elif len(value) > _TINY and bones.isdigit():
        beside = r"\d"
    elif len(value) > _TINY and bones:
        beside = r"[^\W_]"
    else:
        beside = r"\w"
    for match in re.finditer(rf"(?<!{beside}){re.escape(value)}(?!{beside})", shown, re.IGNORECASE):
        _hide(hidden, match.start(), match.end())


def _hide_runs(bones: str, places: list[int], value: str, hidden: bytearray) -> None:
    length = min(len(value), _DIGITS if value.isdigit() else _RUN)
    if length < _SHORT:
        return
    runs = {value[start : start + length] for start in range(len(value) - length + 1)}
    for start in range(len(bones) - length + 1):
        if bones[start : start + length] in runs:
            _hide(hidden, places[start], places[start + length - 1] + 1)


def _spellings(value: str) -> Iterator[str]:
    yield value
    if value.isascii() and not _bones(value):
        return  # Escapes of punctuation alone would be mistaken for numbers.
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield quote(value, safe="", errors="replace")
    yield html.escape(value)


def _bones(text: str) -> str:
    """Return the letters and digits alone, without what case, width and accents add to them."""
    if text.isascii():
        return _NO_BONES.sub("", text.lower())
    kept = filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold())
    return "".join(str(unicodedata.decimal(part, part)) for part in kept)


def _marked(text: str, hidden: bytearray) -> str:
    pieces: list[str] = []
    position = 0
    for match in re.finditer(rb"\x01+", hidden):
        pieces += [text[position : match.start()], MARK]
        position = match.end()
    return "".join([*pieces, text[position:]])
