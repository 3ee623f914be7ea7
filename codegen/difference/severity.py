"""Classifies each kind of change for a client, with the reason, in one table. Pure.

A request can safely accept more, and a response can safely promise more. Two rules of this package make exceptions:
clients must expect unknown values of enums, and null means absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from codegen.difference.changes import Change, Impact, Place

Side = Literal["request", "response", "service"]
"""The side of a change: what a client sends, what it reads, or neither."""

Verdict = tuple[Impact, str]

_REFUSED: Final[Verdict] = ("breaking", "The service may reject what it accepted before.")
_TAKES_MORE: Final[Verdict] = ("additive", "The service accepts more; today's requests still work.")
_UNFIT: Final[Verdict] = ("breaking", "Today's requests are no longer valid.")
_READS_ON: Final[Verdict] = ("cosmetic", "Responses are stricter than before; every client still reads them.")
_UNEXPECTED: Final[Verdict] = ("breaking", "Responses may contain what a client does not expect.")
_UNREADABLE: Final[Verdict] = ("breaking", "Responses no longer match what a client reads.")
_DESCRIBED: Final[Verdict] = ("cosmetic", "Only the description changes.")

_BOUND: Final[Mapping[str, Mapping[str, Verdict]]] = {
    "narrowed": {"request": _REFUSED, "response": _READS_ON},
    "widened": {"request": _TAKES_MORE, "response": _UNEXPECTED},
    "changed": {"request": _UNFIT, "response": _UNREADABLE},
}

KINDS: Final[Mapping[str, Mapping[str, Verdict]]] = {
    **{f"{what}-{how}": by_side for what in ("type", "format", "limit") for how, by_side in _BOUND.items()},
    "enum-value-added": {
        "request": _TAKES_MORE,
        "response": ("additive", "Enums are open: clients must expect unknown values."),
    },
    "enum-value-removed": {"request": _REFUSED, "response": _READS_ON},
    "enum-closed": {"request": _REFUSED, "response": _READS_ON},
    "enum-opened": {
        "request": _TAKES_MORE,
        "response": ("additive", "Enums are open: clients must expect unknown values."),
    },
    "null-allowed": {"request": _TAKES_MORE, "response": ("additive", "Clients read null as absent.")},
    "null-forbidden": {"request": _REFUSED, "response": _READS_ON},
    "variant-added": {"request": _TAKES_MORE, "response": _UNEXPECTED},
    "variant-removed": {"request": _REFUSED, "response": _READS_ON},
    "rest-closed": {"request": _REFUSED, "response": _READS_ON},
    "rest-opened": {"request": _TAKES_MORE, "response": ("additive", "Clients ignore unknown fields.")},
    "field-added": {
        "request": ("additive", "Today's requests still work without it."),
        "response": ("additive", "Clients that do not know it ignore it."),
    },
    "required-field-added": {
        "request": ("breaking", "Today's requests lack it and are rejected."),
        "response": ("additive", "Clients that do not know it ignore it."),
    },
    "field-removed": {
        "request": ("breaking", "What clients send there is rejected or lost."),
        "response": ("breaking", "Clients that read it find nothing."),
    },
    "field-required": {
        "request": ("breaking", "Requests without it are rejected."),
        "response": ("cosmetic", "It is now always present; clients that expect less still read it."),
    },
    "field-optional": {
        "request": ("additive", "It is now optional; today's requests still work."),
        "response": ("breaking", "Clients that rely on it may find nothing."),
    },
    "default-changed": {
        "request": ("breaking", "Requests without it now mean something else."),
        "response": _DESCRIBED,
    },
    "default-told": {"request": _DESCRIBED, "response": _DESCRIBED},
    "style-changed": {"request": _UNFIT, "response": _UNREADABLE},
    "media-added": {
        "request": _TAKES_MORE,
        "response": ("additive", "Clients still request a type that they can read."),
    },
    "media-removed": {"request": _REFUSED, "response": _UNREADABLE},
    "body-added": {
        "request": ("additive", "Calls without it still work."),
        "response": ("additive", "Clients that expect none ignore it."),
    },
    "required-body-added": {"request": ("breaking", "Calls without it are rejected.")},
    "body-removed": {
        "request": ("breaking", "What clients send is rejected or lost."),
        "response": ("breaking", "Clients that read it find nothing."),
    },
    "body-required": {"request": ("breaking", "Calls without it are rejected.")},
    "body-optional": {"request": ("additive", "Calls may omit it; today's calls still work.")},
    "parameter-added": {"request": ("additive", "Calls without it still work.")},
    "required-parameter-added": {"request": ("breaking", "Calls without it are rejected.")},
    "parameter-removed": {"request": ("breaking", "What clients pass there is rejected or lost.")},
    "parameter-required": {"request": ("breaking", "Calls without it are rejected.")},
    "parameter-optional": {"request": ("additive", "Calls may omit it; today's calls still work.")},
    "path-parameter-renamed": {"request": ("cosmetic", "The name of a path parameter is never sent.")},
    "header-added": {"response": ("additive", "Clients that do not know it ignore it.")},
    "header-removed": {"response": ("breaking", "Clients that read it find nothing.")},
    "success-added": {"response": ("additive", "Clients that treat every 2xx as success still work.")},
    "success-removed": {"response": ("cosmetic", "Another success response is still declared.")},
    "successes-replaced": {"response": ("breaking", "Clients that wait for it never get it.")},
    "error-added": {"response": ("cosmetic", "Clients must expect any error status at any time.")},
    "error-removed": {"response": ("cosmetic", "Clients must expect any error status at any time.")},
    "security-demanded": {"service": ("breaking", "Calls with today's credentials are rejected.")},
    "security-allowed": {"service": ("additive", "There is one more way to authenticate; today's still works.")},
    "operation-added": {"service": ("additive", "No client calls it yet.")},
    "operation-removed": {"service": ("breaking", "Calls fail.")},
    "operation-moved": {"service": ("breaking", "Calls to the old path fail.")},
    "deprecated": dict.fromkeys(
        ("request", "response", "service"), ("additive", "It still works, but may be removed later.")
    ),
    "undeprecated": dict.fromkeys(("request", "response", "service"), _DESCRIBED),
    "description-changed": dict.fromkeys(("request", "response", "service"), _DESCRIBED),
    "example-changed": dict.fromkeys(("request", "response", "service"), _DESCRIBED),
    "information-changed": {"service": _DESCRIBED},
    "server-changed": {"service": ("cosmetic", "The client configures the host itself.")},
}
"""Each kind of change, by side: its class and the reason."""


def classify(kind: str, side: Side, place: Place, what: str) -> Change:
    """Return a change with its class and reason, from its kind (one of `KINDS`) and the side of the changed thing."""
    impact, reason = KINDS[kind][side]
    return Change(kind=kind, places=(place,), what=what, impact=impact, reason=reason)
