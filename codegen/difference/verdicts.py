"""What a change is to a client, and why: one table. Pure.

What is asked for can only grow in safety, what is answered can only shrink; two things are open by this package's
rules: a client has to expect values of enums that it does not know, and it reads null as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from codegen.difference.changes import Change, Impact, Place

__all__ = ["KINDS", "Side", "judged"]

Side = Literal["request", "response", "service"]
"""Where a thing stands: in what a client sends, in what it reads, or in neither."""

Verdict = tuple[Impact, str]

_REFUSED: Final[Verdict] = ("breaking", "The service can refuse what it took before.")
_TAKES_MORE: Final[Verdict] = ("additive", "The service takes more; what is sent today still works.")
_UNFIT: Final[Verdict] = ("breaking", "What is sent today does not fit any more.")
_READS_ON: Final[Verdict] = ("cosmetic", "Answers keep to less than before; every client still reads them.")
_UNEXPECTED: Final[Verdict] = ("breaking", "Answers can hold what a client does not expect.")
_UNREADABLE: Final[Verdict] = ("breaking", "What a client reads today is not what comes.")
_TOLD: Final[Verdict] = ("cosmetic", "Only what is written about it changes.")

_BOUND: Final[Mapping[str, Mapping[str, Verdict]]] = {
    "narrowed": {"request": _REFUSED, "response": _READS_ON},
    "widened": {"request": _TAKES_MORE, "response": _UNEXPECTED},
    "changed": {"request": _UNFIT, "response": _UNREADABLE},
}

KINDS: Final[Mapping[str, Mapping[str, Verdict]]] = {
    **{f"{what}-{how}": by_side for what in ("type", "format", "limit") for how, by_side in _BOUND.items()},
    "enum-value-added": {
        "request": _TAKES_MORE,
        "response": ("additive", "Enums are open: a client has to expect values that it does not know."),
    },
    "enum-value-removed": {"request": _REFUSED, "response": _READS_ON},
    "enum-closed": {"request": _REFUSED, "response": _READS_ON},
    "enum-opened": {
        "request": _TAKES_MORE,
        "response": ("additive", "Enums are open: a client has to expect values that it does not know."),
    },
    "null-allowed": {"request": _TAKES_MORE, "response": ("additive", "A client reads null as absent.")},
    "null-forbidden": {"request": _REFUSED, "response": _READS_ON},
    "variant-added": {"request": _TAKES_MORE, "response": _UNEXPECTED},
    "variant-removed": {"request": _REFUSED, "response": _READS_ON},
    "rest-closed": {"request": _REFUSED, "response": _READS_ON},
    "rest-opened": {"request": _TAKES_MORE, "response": ("additive", "A client passes over fields it does not know.")},
    "field-added": {
        "request": ("additive", "What is sent today still works without it."),
        "response": ("additive", "A client that does not know it passes over it."),
    },
    "required-field-added": {
        "request": ("breaking", "What is sent today lacks it and is refused."),
        "response": ("additive", "A client that does not know it passes over it."),
    },
    "field-removed": {
        "request": ("breaking", "What a client sends there is refused, or lost."),
        "response": ("breaking", "A client that reads it finds nothing."),
    },
    "field-required": {
        "request": ("breaking", "What is sent without it is refused."),
        "response": ("cosmetic", "It always comes now; a client that expects less still reads it."),
    },
    "field-optional": {
        "request": ("additive", "It may be left out now; what is sent today still works."),
        "response": ("breaking", "A client that relies on it may find nothing."),
    },
    "default-changed": {
        "request": ("breaking", "What is sent without it means something else now."),
        "response": _TOLD,
    },
    "default-told": {"request": _TOLD, "response": _TOLD},
    "style-changed": {"request": _UNFIT, "response": _UNREADABLE},
    "media-added": {"request": _TAKES_MORE, "response": ("additive", "A client still asks for what it can read.")},
    "media-removed": {"request": _REFUSED, "response": _UNREADABLE},
    "body-added": {
        "request": ("additive", "A call without it still works."),
        "response": ("additive", "A client that expects none passes over it."),
    },
    "required-body-added": {"request": ("breaking", "A call without it is refused.")},
    "body-removed": {
        "request": ("breaking", "What a client sends is refused, or lost."),
        "response": ("breaking", "A client that reads it finds nothing."),
    },
    "body-required": {"request": ("breaking", "A call without it is refused.")},
    "body-optional": {"request": ("additive", "A call may leave it out; what is sent today still works.")},
    "parameter-added": {"request": ("additive", "A call without it still works.")},
    "required-parameter-added": {"request": ("breaking", "A call without it is refused.")},
    "parameter-removed": {"request": ("breaking", "What a client passes there is refused, or lost.")},
    "parameter-required": {"request": ("breaking", "A call without it is refused.")},
    "parameter-optional": {"request": ("additive", "A call may leave it out; what is sent today still works.")},
    "path-parameter-renamed": {"request": ("cosmetic", "The name of a path parameter is never sent.")},
    "header-added": {"response": ("additive", "A client that does not know it passes over it.")},
    "header-removed": {"response": ("breaking", "A client that reads it finds nothing.")},
    "success-added": {"response": ("additive", "A client that takes every 2xx for a success reads on.")},
    "success-removed": {"response": ("cosmetic", "Another success is still declared.")},
    "successes-replaced": {"response": ("breaking", "A client that waits for it waits in vain.")},
    "error-added": {"response": ("cosmetic", "A client has to expect every status of an error at any time.")},
    "error-removed": {"response": ("cosmetic", "A client has to expect every status of an error at any time.")},
    "security-demanded": {"service": ("breaking", "A call with today's credentials is refused.")},
    "security-allowed": {"service": ("additive", "There is one more way in; today's still works.")},
    "operation-added": {"service": ("additive", "Nobody calls it yet.")},
    "operation-removed": {"service": ("breaking", "A call of it fails.")},
    "operation-moved": {"service": ("breaking", "A call of the old address fails.")},
    "deprecated": dict.fromkeys(("request", "response", "service"), ("additive", "It still works; it may go later.")),
    "undeprecated": dict.fromkeys(("request", "response", "service"), _TOLD),
    "description-changed": dict.fromkeys(("request", "response", "service"), _TOLD),
    "example-changed": dict.fromkeys(("request", "response", "service"), _TOLD),
    "information-changed": {"service": _TOLD},
    "server-changed": {"service": ("cosmetic", "Which host is called is the client's own setting.")},
}
"""Each kind of change, by side: its class and the reason."""


def judged(kind: str, side: Side, place: Place, what: str) -> Change:
    """Return a change with its class and reason.

    Args:
        kind: One of `KINDS`.
        side: Where the changed thing stands.
        place: Where, for a reader.
        what: What changed, in a few words.
    """
    impact, reason = KINDS[kind][side]
    return Change(kind=kind, places=(place,), what=what, impact=impact, reason=reason)
