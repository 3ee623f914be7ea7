"""A difference consists of changes, each classified for a client. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import attrs

Impact = Literal["breaking", "additive", "cosmetic"]
"""The effect of a change on a client: it may fail, it can do more, or only the description changed."""

Bump = Literal["major", "minor", "patch", "none"]
"""The part of a semantic version to increase; `none` if nothing changed."""

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
        named = [n for n, step in enumerate(self.path) if step[0] == "." or step[:2] == "['"]
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
    """One change: its kind, a fixed word; where and what it is; its class for a client, and the reason.

    Its texts may contain anything from the files; `render` escapes them.
    """

    kind: str
    places: tuple[Place, ...]
    what: str
    impact: Impact
    reason: str

    @property
    def place(self) -> Place:
        """The shortest of the places, which is the first."""
        return self.places[0]

    @property
    def bump(self) -> Bump:
        """The version bump that it requires."""
        return BUMPS[self.impact]


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
    return Difference(tuple(sorted(merged, key=lambda one: (impacts.index(one.impact), str(one.place), one.what))))


def _size(place: Place) -> tuple[int, str]:
    text = str(place)
    return len(text), text
