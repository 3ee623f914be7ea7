"""What a difference is made of: changes, each with its class for a client. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import attrs

__all__ = ["BUMPS", "Bump", "Change", "Difference", "Impact", "Place", "ordered"]

Impact = Literal["breaking", "additive", "cosmetic"]
"""What a change is to a client: it can fail, it can do more, or only what it reads about the service is another."""

Bump = Literal["major", "minor", "patch", "none"]
"""Which part of a semantic version has to grow; none where nothing changed."""

BUMPS: Final[Mapping[Impact, Bump]] = {"breaking": "major", "additive": "minor", "cosmetic": "patch"}
"""The classes, from the gravest, and the bump that each asks for."""


@attrs.frozen
class Place:
    """Where a change is, from the outside in.

    Attributes:
        operation: Method and path, or a part of the file that is no operation, such as `servers`.
        part: `request`, `response 200`, `query limit`, or an empty string for the operation itself.
        path: The steps into a body: `.name` or `['odd name']` into a field, `[]` into a list, `{}` into a map, `<…>`
            into an alternative.
    """

    operation: str
    part: str = ""
    path: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What stands there is called, or is an element of what is called so."""
        named = [n for n, step in enumerate(self.path) if step[0] == "." or step[:2] == "['"]
        if named:
            return "".join(self.path[named[-1] :]).removeprefix(".")
        # What changed alike in all responses is one change.
        part = "response" if self.part.startswith("response ") and " header " not in self.part else self.part
        return "".join((part, *self.path)) or self.operation

    def __str__(self) -> str:
        """Say it as a reader does: `POST /v1/things · request · parts[].name`."""
        return " · ".join(filter(None, (self.operation, self.part, "".join(self.path).removeprefix("."))))


@attrs.frozen
class Change:
    """One change. All its texts may hold whatever stands in the files; `render` makes them harmless.

    Attributes:
        kind: What kind of change, a fixed word such as `field-added`.
        places: Where, as a reader says it; more than one where several places say the same.
        what: What changed, in a few words.
        impact: Its class for a client.
        reason: Why it is of that class, in one sentence.
    """

    kind: str
    places: tuple[Place, ...]
    what: str
    impact: Impact
    reason: str

    @property
    def place(self) -> Place:
        """The first of the places, which is the shortest."""
        return self.places[0]

    @property
    def bump(self) -> Bump:
        """The version bump that it asks for."""
        return BUMPS[self.impact]


@attrs.frozen
class Difference:
    """All changes from one file to another.

    Attributes:
        changes: From the gravest class; each class in the order of its places.
    """

    changes: tuple[Change, ...] = ()

    @property
    def impact(self) -> Impact | None:
        """The gravest class of all changes, or None where there is none."""
        return next((impact for impact in BUMPS if any(change.impact == impact for change in self.changes)), None)

    @property
    def bump(self) -> Bump:
        """The version bump that all changes together ask for."""
        return "none" if self.impact is None else BUMPS[self.impact]


def ordered(changes: Iterable[Change]) -> Difference:
    """Return a difference: what changed alike in things of one name is one change, the gravest class comes first."""
    places: dict[tuple[Change, str], set[Place]] = {}
    for change in changes:
        for place in change.places:
            places.setdefault((attrs.evolve(change, places=()), place.subject), set()).add(place)
    merged = [attrs.evolve(change, places=tuple(sorted(found, key=_size))) for (change, _), found in places.items()]
    impacts = list(BUMPS)
    return Difference(
        tuple(sorted(merged, key=lambda change: (impacts.index(change.impact), str(change.place), change.what)))
    )


def _size(place: Place) -> tuple[int, str]:
    return len(str(place)), str(place)
