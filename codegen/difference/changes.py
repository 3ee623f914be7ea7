"""What a difference is made of: changes, each with its class for a client. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import attrs

__all__ = ["BUMPS", "Bump", "Change", "Difference", "Impact", "ordered"]

Impact = Literal["breaking", "additive", "cosmetic"]
"""What a change is to a client: it can fail, it can do more, or only what it reads about the service is another."""

Bump = Literal["major", "minor", "patch", "none"]
"""Which part of a semantic version has to grow; none where nothing changed."""

BUMPS: Final[Mapping[Impact, Bump]] = {"breaking": "major", "additive": "minor", "cosmetic": "patch"}
"""The classes, from the gravest, and the bump that each asks for."""


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
    places: tuple[str, ...]
    what: str
    impact: Impact
    reason: str

    @property
    def place(self) -> str:
        """The first of the places."""
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
    """Return a difference: changes that say the same are one with all their places, the gravest class first."""
    places: dict[Change, set[str]] = {}
    for change in changes:
        places.setdefault(attrs.evolve(change, places=()), set()).update(change.places)
    merged = [attrs.evolve(change, places=tuple(sorted(found, key=_by_length))) for change, found in places.items()]
    impacts = list(BUMPS)
    return Difference(
        tuple(sorted(merged, key=lambda change: (impacts.index(change.impact), change.places, change.what)))
    )


def _by_length(place: str) -> tuple[int, str]:
    return len(place), place
