"""Compares schemas and everything within them, each pair once. Pure.

Two schemas at the same place are a pair. A pair that was compared is not compared again, so that recursive messages
terminate, and a schema that many operations use costs no more than one. Afterwards, each change is placed.
"""

from __future__ import annotations

import functools
import re
from collections import deque
from collections.abc import Iterator
from typing import Final

from codegen.difference.changes import Change, Place, Side, classify
from codegen.difference.constraints import Finding, compare_facets
from codegen.difference.normalized import Schema

_PLAIN: Final = re.compile(r"\w+")
_STEPS: Final = 50_000
"""The limit on steps to the places of changes, as there can be far too many; after that, each gets the shortest."""

_Pair = tuple[Side, Schema, Schema]
_Path = tuple[str, ...]


@functools.cache
def label(name: str) -> str:
    """Return a field's name as a step of a path, quoted if it is ambiguous."""
    return f".{name}" if _PLAIN.fullmatch(name) else f"['{name}']"


class SchemaComparison:
    """Compares the schemas of two documents: first `add` each pair, then get all `changes`."""

    def __init__(self) -> None:
        self._findings: dict[_Pair, list[tuple[_Path, Finding]]] = {}
        self._roots: dict[_Pair, list[Place]] = {}
        self._outer: dict[_Pair, list[tuple[str, _Pair]]] = {}
        self._steps = _STEPS

    def add(self, side: Side, place: Place, old: Schema, new: Schema) -> None:
        """Compare two schemas at a place, and all that is within them."""
        root: _Pair = (side, old, new)
        self._roots.setdefault(root, []).append(place)
        waiting = [root]
        while waiting:
            pair = waiting.pop()
            if pair not in self._findings:
                self._findings[pair] = [((), one) for one in compare_facets(pair[1].facets, pair[2].facets)]
                if pair[1].facets.get("type") == pair[2].facets.get("type"):
                    self._findings[pair] += _compare_fields(*pair)
                    for step, inner in _list_inner(*pair):
                        self._outer.setdefault(inner, []).append((step, pair))
                        waiting.append(inner)

    def changes(self) -> Iterator[Change]:
        """Yield every change with its places."""
        for pair, findings in self._findings.items():
            places = self._find_places(pair) if findings else []
            for within, (kind, what) in findings:
                found = [Place(place.operation, place.part, (*place.path, *within)) for place in places]
                yield classify(kind, pair[0], what, *found)

    def _find_places(self, target: _Pair) -> list[Place]:
        """Return the places of a pair: all of them, or at least the shortest if there are too many."""
        places: list[Place] = []
        seen: set[_Pair] = set()
        waiting = deque([(target, _Path(), frozenset([target]))])
        while waiting and not (places and self._steps < 0):
            pair, path, below = waiting.popleft()
            self._steps -= 1
            if pair in seen and self._steps < 0:
                continue
            seen.add(pair)
            places += (Place(root.operation, root.part, path) for root in self._roots.get(pair, ()))
            waiting.extend(
                (outer, (step, *path), below | {outer})
                for step, outer in self._outer.get(pair, ())
                if outer not in below
            )
        return places


def _list_inner(side: Side, old: Schema, new: Schema) -> Iterator[tuple[str, _Pair]]:
    for name in sorted(old.list_names(side) & new.list_names(side)):
        yield label(name), (side, old.fields[name], new.fields[name])
    for step in sorted(old.inner.keys() & new.inner.keys()):
        yield step, (side, old.inner[step], new.inner[step])


def _compare_fields(side: Side, old: Schema, new: Schema) -> Iterator[tuple[_Path, Finding]]:
    """Compare which fields there are; one that is read-only is not sent."""
    before, after = old.list_names(side), new.list_names(side)
    for name in before - after:
        removed = ("field-removed", "the field is removed")
        hidden = ("field-read-only", "now read-only: it can no longer be sent")
        yield (label(name),), hidden if name in new.fields else removed
    for name in after - before:
        is_required = name in new.required
        if name in old.fields:
            kind, word = ("required-field-added", "must") if is_required else ("field-writable", "can")
            yield (label(name),), (kind, f"no longer read-only: it {word} be sent")
        else:
            kind, word = ("required-field-added", "required") if is_required else ("field-added", "optional")
            yield (label(name),), (kind, f"new {word} field, {new.fields[name].describe()}")
    for name in (before & after) & (old.required ^ new.required):
        kind, word = ("field-required", "now") if name in new.required else ("field-optional", "no longer")
        yield (label(name),), (kind, f"{word} required")
