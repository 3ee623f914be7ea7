"""A difference consists of changes, each classified for a client by one table, with the reason. Pure values.

A request can safely accept more, and a response can safely promise more. Two rules of this package make exceptions:
clients must expect unknown values of enums, and null means absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

import attrs

Impact = Literal["breaking", "additive", "cosmetic"]
"""The effect of a change on a client: it may fail, it can do more, or only the description changed."""

Bump = Literal["major", "minor", "patch", "none"]
"""The part of a semantic version to increase; `none` if nothing changed."""

Side = Literal["request", "response", "service"]
"""The side of a change: what a client sends, what it reads, or neither."""

BUMPS: Final[Mapping[Impact, Bump]] = {"breaking": "major", "additive": "minor", "cosmetic": "patch"}
"""The classes, most severe first, and the bump that each requires."""


@attrs.frozen(cache_hash=True)
class Place:
    """The place of a change, from the outside in: `POST /v1/things`, `request`, `.parts`, `[]`, `['odd name']`.

    The operation may be another part of the file, such as `servers`; the part is empty for an operation itself.
    """

    operation: str
    part: str = ""
    path: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The name of the thing at this place, or of the list that contains it."""
        named = [n for n, step in enumerate(self.path) if step not in {"[]", "{}"}]
        if named:
            return "".join(self.path[named[-1] :]).removeprefix(".")
        # The same change in all responses is one change.
        part = "response" if self.part.startswith("response ") and " header " not in self.part else self.part
        return "".join((part, *self.path)) or self.operation

    def __str__(self) -> str:
        """Return the place as text: `POST /v1/things · request · parts[].name`."""
        return " · ".join(filter(None, (self.operation, self.part, "".join(self.path).removeprefix("."))))


@attrs.frozen
class Change:
    """One change: its kind, a fixed word; its places, shortest first; what it is; its class for a client, and why.

    Its texts may contain anything from the files; `render` escapes them.
    """

    kind: str
    places: tuple[Place, ...]
    what: str
    impact: Impact
    reason: str


@attrs.frozen
class Difference:
    """All changes from one file to another, most severe class first; each class is sorted by place."""

    changes: tuple[Change, ...] = ()

    @property
    def impact(self) -> Impact | None:
        """The most severe class of all changes, or None if there are none."""
        return next((impact for impact in BUMPS if any(change.impact == impact for change in self.changes)), None)

    @property
    def bump(self) -> Bump:
        """The version bump that all changes together require."""
        return "none" if self.impact is None else BUMPS[self.impact]


def merge_changes(changes: Iterable[Change]) -> Difference:
    """Merge equal changes of things with one name, and sort them."""
    found: dict[tuple[Change, str], set[Place]] = {}
    for change in changes:
        subject = min(change.places, key=_size).subject
        found.setdefault((attrs.evolve(change, places=()), subject), set()).update(change.places)
    merged = [attrs.evolve(change, places=tuple(sorted(places, key=_size))) for (change, _), places in found.items()]
    impacts = [*BUMPS]
    return Difference(tuple(sorted(merged, key=lambda one: (impacts.index(one.impact), str(one.places[0]), one.what))))


def _size(place: Place) -> tuple[int, str]:
    text = str(place)
    return len(text), text


Verdict = tuple[Impact, str]

_REFUSED: Final[Verdict] = ("breaking", "The service may reject what it accepted before.")
_TAKES_MORE: Final[Verdict] = ("additive", "The service accepts more; today's requests still work.")
_UNEXPECTED: Final[Verdict] = ("breaking", "Responses may contain what a client does not expect.")
_STRICTER: Final[Verdict] = ("cosmetic", "Responses are stricter than before; every client still reads them.")
_UNFIT: Final[Verdict] = ("breaking", "Today's requests are no longer valid.")
_UNREADABLE: Final[Verdict] = ("breaking", "Responses no longer match what a client reads.")
_LACKING: Final[Verdict] = ("breaking", "Calls without it are rejected.")
_UNNEEDED: Final[Verdict] = ("additive", "Calls without it still work.")
_IGNORED: Final[Verdict] = ("additive", "Clients that do not know it ignore it.")
_LOST: Final[Verdict] = ("breaking", "What clients send there is rejected or lost.")
_DESCRIBED: Final[Verdict] = ("cosmetic", "Only the description changes.")

# Kinds of changes of what is sent or read, with the verdicts for a request and for a response.
_BY_DIRECTION: Final[tuple[tuple[str, Verdict | None, Verdict | None], ...]] = (
    ("type-narrowed format-narrowed limit-narrowed enum-value-removed enum-closed", _REFUSED, _STRICTER),
    ("null-forbidden rest-closed", _REFUSED, _STRICTER),
    ("type-widened format-widened limit-widened", _TAKES_MORE, _UNEXPECTED),
    ("type-changed format-changed limit-changed style-changed", _UNFIT, _UNREADABLE),
    ("enum-value-added enum-opened", _TAKES_MORE, ("additive", "Enums are open: clients must expect unknown values.")),
    ("null-allowed", _TAKES_MORE, ("additive", "Clients read null as absent.")),
    ("rest-opened media-added", _TAKES_MORE, _IGNORED),
    ("media-removed", _REFUSED, _UNREADABLE),
    ("field-added parameter-added body-added header-added", _UNNEEDED, _IGNORED),
    ("required-field-added required-parameter-added required-body-added", _LACKING, _IGNORED),
    ("now-required", _LACKING, ("cosmetic", "It is now always present; clients that expect less still read it.")),
    ("now-optional", _UNNEEDED, ("breaking", "Clients that rely on it may find nothing.")),
    ("field-removed body-removed header-removed", _LOST, ("breaking", "Clients that read it find nothing.")),
    ("parameter-removed", _LOST, None),
    ("success-added", None, ("additive", "Clients that treat every 2xx as success still work.")),
    ("success-removed", None, ("cosmetic", "Another success response is still declared.")),
    ("last-success-removed", None, ("breaking", "Clients that wait for it never get it.")),
    ("error-added error-removed", None, ("cosmetic", "Clients must expect any error status at any time.")),
    ("default-changed", ("breaking", "Requests without it now mean something else."), _DESCRIBED),
    ("path-parameter-renamed", ("cosmetic", "The name of a path parameter is never sent."), None),
    ("default-told format-told", _DESCRIBED, _DESCRIBED),
)
_ANYWHERE: Final[Mapping[str, Verdict]] = {
    "description-changed": _DESCRIBED,
    "undeprecated": _DESCRIBED,
    "deprecated": ("additive", "It still works, but may be removed later."),
}
_SERVICE: Final[Mapping[str, Verdict]] = {
    "server-changed": ("cosmetic", "The client configures the host itself."),
    "security-demanded": ("breaking", "Calls with today's credentials are rejected."),
    "security-allowed": ("additive", "There is one more way to authenticate; today's still works."),
    "operation-added": ("additive", "No client calls it yet."),
    "operation-removed": ("breaking", "Calls fail."),
    "operation-moved": ("breaking", "Calls to the old path fail."),
    "operations-moved": ("breaking", "Calls to the old paths fail, unless another base address makes up for it."),
    "operation-left-out": ("cosmetic", "No code was or is generated for it."),
    "known-operation-left-out": ("breaking", "Code is no longer generated for it."),
}
KINDS: Final[Mapping[tuple[str, Side], Verdict]] = {
    **{(kind, "request"): verdict for kinds, verdict, _ in _BY_DIRECTION if verdict for kind in kinds.split()},
    **{(kind, "response"): verdict for kinds, _, verdict in _BY_DIRECTION if verdict for kind in kinds.split()},
    **{(kind, "service"): verdict for kind, verdict in _SERVICE.items()},
    **{(kind, side): verdict for kind, verdict in _ANYWHERE.items() for side in get_args(Side)},
}
"""Each kind of change, by side: its class and the reason."""


def classify(kind: str, side: Side, what: str, *places: Place) -> Change:
    """Return a change of a kind of `KINDS` with its class and reason."""
    impact, reason = KINDS[kind, side]
    return Change(kind=kind, places=places, what=what, impact=impact, reason=reason)
