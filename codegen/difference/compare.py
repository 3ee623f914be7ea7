"""Compares two documents: what they say as a whole, each operation part by part, and each pair of schemas once. Pure.

Two schemas at the same place are a pair. A pair that was compared is not compared again, so that recursive messages
terminate, and a schema that many operations use costs no more than one. Afterwards, each change is placed.
"""

from __future__ import annotations

import functools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from codegen.difference.changes import Change, Difference, Place, Side, classify, merge_changes
from codegen.difference.constraints import Finding, compare_facets
from codegen.difference.endpoints import Endpoint, Part, Service
from codegen.difference.moves import describe_moves, find_service_moves
from codegen.difference.normalized import Schema
from codegen.spec.document import Json

_PLAIN: Final = re.compile(r"\w+")
_STEPS: Final = 50_000
"""The limit on steps to the places of changes, as there can be far too many; after that, each gets the shortest."""

_Pair = tuple[Side, Schema, Schema]
_Path = tuple[str, ...]


def compare(old: Json, new: Json) -> Difference:
    """Compare two OpenAPI 3.0 documents, as `convert` returns them; neither is changed."""
    before, after = Service.of(old), Service.of(new)
    moves = find_service_moves(before, after)
    places = {place: place for place in before.endpoints.keys() - moves.values()} | moves
    return merge_changes(
        [
            *describe_moves(before, after, moves),
            *_compare_services(before, after, places),
            *_compare_endpoints(before, after, places),
        ]
    )


def find_moves(old: Json, new: Json) -> dict[str, str]:
    """Return the new place of each operation that moved, by its old one; see `codegen.naming.places.operation`."""
    return find_service_moves(Service.of(old), Service.of(new))


def _compare_services(old: Service, new: Service, places: Mapping[str, str]) -> Iterator[Change]:
    """Yield other hosts, and which operations are new, gone or left out; each old one is expected at its `places`."""
    if old.hosts and new.hosts and old.hosts != new.hosts:  # A file without a host says nothing about it.
        what = " became ".join(", ".join(sorted(hosts)) for hosts in (old.hosts, new.hosts))
        yield classify("server-changed", "service", what, Place("servers"))
    known = {*places.values()}
    for place in new.left_out.keys() - old.left_out.keys():
        name, reason = new.left_out[place]
        # One of two operations at the same place may be left out.
        is_known = place in known and place not in new.endpoints
        kind = "known-operation-left-out" if is_known else "operation-left-out"
        yield classify(kind, "service", f"left out: {reason}", Place(name))
    for place in old.left_out.keys() - new.left_out.keys() - new.endpoints.keys():
        name, reason = old.left_out[place]
        yield classify("operation-left-out", "service", f"removed; it was left out: {reason}", Place(name))
    there = {*new.endpoints, *new.left_out}
    for place, endpoint in old.endpoints.items():
        if places.get(place) not in there:
            yield classify("operation-removed", "service", "the operation is removed", Place(endpoint.name))
    for place in new.endpoints.keys() - known:
        what = "no longer left out" if place in old.left_out else "new operation"
        yield classify("operation-added", "service", what, Place(new.endpoints[place].name))


def _compare_endpoints(old: Service, new: Service, places: Mapping[str, str]) -> Iterator[Change]:
    comparison = SchemaComparison()
    for place, target in sorted(places.items()):
        if target in new.endpoints:
            yield from _compare_operations(comparison, old.endpoints[place], new.endpoints[target])
    yield from comparison.changes()


def _compare_operations(comparison: SchemaComparison, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    """Yield the changes of one operation, at its new path; its schemas are added to the comparison of schemas."""
    shared = old.parts.keys() & new.parts.keys()
    kept = {new.parts[key].kind for key in shared}
    for key in sorted(old.parts.keys() | new.parts.keys()):
        before, after = old.parts.get(key), new.parts.get(key)
        part = after or old.parts[key]
        place = Place(new.name, part.label)
        findings: Iterable[Finding] = ()
        if before is not None and after is not None:
            findings = compare_facets(before.facets, after.facets)
            if before.schema is not None and after.schema is not None:
                comparison.add(part.side, place, before.schema, after.schema)
        # A part of a new or removed response is a part of that change.
        elif part.side == "request" or part.noun == "response" or " ".join(key.split()[:2]) in shared:
            findings = [_describe_removal(part, kept) if after is None else _describe_new(part)]
        for kind, what in findings:
            yield classify(kind, part.side, what, place)


def _describe_new(part: Part) -> Finding:
    need = "" if part.side == "response" else "required " if "required" in part.facets else "optional "
    described = f", {part.schema.describe()}" if part.schema else ""
    return f"{'required-' * need.startswith('required')}{part.kind}-added", f"new {need}{part.noun}{described}"


def _describe_removal(part: Part, kept: set[str]) -> Finding:
    is_last = part.kind == "success" and "success" not in kept
    return f"{'last-' * is_last}{part.kind}-removed", f"the {part.noun} is removed"


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
        yield (label(name),), ("field-removed", "now read-only" if name in new.fields else "the field is removed")
    for name in after - before:
        kind, word = ("required-field-added", "required") if name in new.required else ("field-added", "optional")
        what = f"{'now a writable' if name in old.fields else 'new'} {word} field, {new.fields[name].describe()}"
        yield (label(name),), (kind, what)
    for name in (before & after) & (old.required ^ new.required):
        kind, word = ("now-required", "now") if name in new.required else ("now-optional", "no longer")
        yield (label(name),), (kind, f"{word} required")
