"""Compares schemas and everything within them, each pair once. Pure.

Two schemas at the same place are a pair. A pair that was compared is not compared again, so that recursive messages
terminate, and a schema that many operations use costs no more than one. Afterwards, each change is placed.
"""

from __future__ import annotations

import functools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from codegen.difference.changes import Change, Place
from codegen.difference.constraints import Finding, compare_facets
from codegen.difference.normalized import Key, Node, Schemas, Shape, identify
from codegen.difference.severity import Side, classify

_PLAIN: Final = re.compile(r"\w+")
_INNER: Final = frozenset({"additionalProperties", "items", "properties"})
_NOTHING: Final[frozenset[str]] = frozenset()
_MORE_PLACES: Final = 20_000
"""The limit on steps to further places of changes, because there can be far too many."""

_Pair = tuple[Side, Key, Key]
_Path = tuple[str, ...]


@functools.cache
def label(name: str) -> str:
    """Return a field's name as a step of a path, quoted if it is ambiguous."""
    return f".{name}" if _PLAIN.fullmatch(name) else f"['{name}']"


class SchemaComparison:
    """Compares the schemas of two documents: first `add` each pair, then get all `changes`."""

    def __init__(self, old: Schemas, new: Schemas) -> None:
        self._old, self._new = old, new
        self._findings: dict[_Pair, list[tuple[_Path, Finding]]] = {}
        self._inner: dict[_Pair, dict[str, _Pair]] = {}
        self._roots: list[tuple[Place, _Pair]] = []

    def add(self, side: Side, place: Place, old: Node, new: Node) -> None:
        """Compare two schemas at a place, and all that is within them."""
        self._roots.append((place, (side, identify(old), identify(new))))
        waiting = [(old, new)]
        while waiting:
            one, other = waiting.pop()
            pair = (side, identify(one), identify(other))
            if pair not in self._inner:
                inner = {} if _is_same_leaf(one, other) else self._compare(pair, one, other)
                self._inner[pair] = {step: (side, identify(a), identify(b)) for step, (a, b) in inner.items()}
                waiting += inner.values()

    def _compare(self, pair: _Pair, old: Node, new: Node) -> dict[str, tuple[Node, Node]]:
        """Note the changes of a pair, and return the pairs directly within it."""
        before, after = self._old.shape(old), self._new.shape(new)
        findings: list[tuple[_Path, Finding]] = [((), one) for one in compare_facets(before.facets, after.facets)]
        inner: dict[str, tuple[Node, Node]] = {}
        if before.facets.get("type") == after.facets.get("type"):
            hidden = (before.read_only, after.read_only) if pair[0] == "request" else (_NOTHING, _NOTHING)
            findings += self._compare_fields(before, after, *hidden)
            for name in (before.fields.keys() & after.fields.keys()).difference(*hidden):
                inner[label(name)] = before.fields[name], after.fields[name]
            inner |= {step: (before.inner[step], after.inner[step]) for step in before.inner if step in after.inner}
        if findings:
            self._findings[pair] = findings
        return dict(sorted(inner.items()))

    def _compare_fields(
        self, old: Shape, new: Shape, hidden: frozenset[str], unseen: frozenset[str]
    ) -> Iterator[tuple[_Path, Finding]]:
        """Compare which fields there are; the hidden ones before, and the unseen ones after, are only in responses."""
        removed, added = old.fields.keys() - new.fields.keys() - hidden, new.fields.keys() - old.fields.keys() - unseen
        for name in removed:
            yield (label(name),), ("field-removed", "the field is removed")
        for name in added:
            kind, word = ("required-field-added", "required") if name in new.required else ("field-added", "optional")
            yield (label(name),), (kind, f"new {word} field, {self._new.describe(new.fields[name])}")
        for name in new.fields.keys() & old.fields.keys():
            is_required = name in new.required
            if name in unseen and name not in hidden:
                yield (label(name),), ("field-read-only", "now read-only: it can no longer be sent")
            elif name in hidden and name not in unseen:
                kind, word = ("required-field-added", "must") if is_required else ("field-writable", "can")
                yield (label(name),), (kind, f"no longer read-only: it {word} be sent")
            elif name not in unseen and (name in old.required) != is_required:
                kind, word = ("field-required", "now") if is_required else ("field-optional", "no longer")
                yield (label(name),), (kind, f"{word} required")

    def changes(self) -> Iterator[Change]:
        """Yield every change with its places."""
        for pair, places in self._find_places().items():
            for within, (kind, what) in self._findings[pair]:
                found = [Place(place.operation, place.part, (*place.path, *within)) for place in places]
                yield classify(kind, pair[0], what, *found)

    def _find_places(self) -> dict[_Pair, list[Place]]:
        """Return the places of each pair with changes: all of them, or at least the shortest if there are too many."""
        places: dict[_Pair, list[Place]] = {pair: [] for pair in self._findings}
        live = _find_ancestors(self._inner, places)
        seen: set[_Pair] = set()
        waiting = deque((place, pair, frozenset([pair])) for place, pair in self._roots if pair in live)
        more = _MORE_PLACES
        while waiting:
            place, pair, above = waiting.popleft()
            more -= pair in seen
            if pair in seen and more < 0:
                continue
            seen.add(pair)
            if pair in places:
                places[pair].append(place)
            waiting.extend(
                (Place(place.operation, place.part, (*place.path, step)), inner, above | {inner})
                for step, inner in self._inner[pair].items()
                if inner in live and inner not in above
            )
        return places


def _is_same_leaf(old: Node, new: Node) -> bool:
    return old == new and not any(_INNER & part.keys() for part in old)


def _find_ancestors(inner: Mapping[_Pair, Mapping[str, _Pair]], targets: Iterable[_Pair]) -> set[_Pair]:
    outer: dict[_Pair, list[_Pair]] = {}
    for pair, pairs in inner.items():
        for within in pairs.values():
            outer.setdefault(within, []).append(pair)
    found, waiting = set[_Pair](), list(targets)
    while waiting:
        pair = waiting.pop()
        if pair not in found:
            found.add(pair)
            waiting += outer.get(pair, [])
    return found
