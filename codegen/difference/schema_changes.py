"""Compares two schemas and everything within them, each pair once. Pure.

The two documents are walked side by side. A pair of schemas that was visited is not entered again, so that recursive
messages terminate, and a schema that is used everywhere is compared once for each body. It is reported at each of its
places.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from codegen.difference.changes import Change, Place
from codegen.difference.constraints import comparable, compare_facets, compare_notes
from codegen.difference.hints import guess_renames
from codegen.difference.normalized import Node, Shape, describe, shape_of
from codegen.difference.severity import Side, classify

_PLAIN: Final = re.compile(r"\w+")
_STEPS: Final = 2000
"""The limit on steps to find further places of changes, because there can be far too many."""

_HIDDEN: Final[Mapping[Side, str]] = {"request": "readOnly", "response": "writeOnly"}

Key = tuple[tuple[int, ...], tuple[int, ...]]


@attrs.frozen
class Documents:
    """The two documents, for resolving references."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]


@attrs.frozen
class _Finding:
    """A change of a pair of schemas, or of a field directly within it."""

    kind: str
    within: tuple[str, ...]
    what: str


@attrs.define
class _Pair:
    """Two schemas at the same place.

    Attributes:
        path: The shortest path to it.
        findings: The changes at this pair.
        inner: The pairs directly within, by the text of their step.
    """

    path: tuple[str, ...]
    findings: list[_Finding] = attrs.Factory(list["_Finding"])
    inner: list[tuple[str, Key]] = attrs.Factory(list[tuple[str, "Key"]])


def label(name: str) -> str:
    """Return a field's name as a step of a path, quoted if it is ambiguous."""
    return f".{name}" if _PLAIN.fullmatch(name) else f"['{name}']"


def compare_schemas(
    documents: Documents, old: Iterable[object], new: Iterable[object], side: Side, place: Place
) -> list[Change]:
    """Compare two lists of schemas, all of which a value must match; usually there is one.

    Args:
        documents: The documents, for resolving references.
        old: The schemas before.
        new: The schemas after.
        side: Whether the value is sent or read.
        place: The place of the schemas.

    Returns:
        Every change, with all its places.
    """
    root = (Node.of(documents.old, old), Node.of(documents.new, new))
    pairs = _pairs(documents, root, _HIDDEN[side])
    return [
        classify(finding.kind, side, attrs.evolve(place, path=(*path, *finding.within)), finding.what)
        for key, paths in _places(pairs, _key(root)).items()
        for finding in pairs[key].findings
        for path in paths
    ]


def _key(pair: tuple[Node, Node]) -> Key:
    return pair[0].key, pair[1].key


def _pairs(documents: Documents, root: tuple[Node, Node], hidden: str) -> dict[Key, _Pair]:
    """Compare every reachable pair, the nearest first."""
    found = {_key(root): _Pair(())}
    waiting = deque([root])
    while waiting:
        nodes = waiting.popleft()
        pair = found[_key(nodes)]
        old = shape_of(documents.old, nodes[0], hidden=hidden)
        new = shape_of(documents.new, nodes[1], hidden=hidden)
        pair.findings += [
            _Finding(kind, (), what) for kind, what in (*compare_facets(old, new), *compare_notes(old, new))
        ]
        if not comparable(old, new):
            continue
        pair.findings += _fields(documents, old, new, hidden)
        for step, inner in _within(documents, pair, old, new):
            key = _key(inner)
            pair.inner.append((step, key))
            if key not in found:
                found[key] = _Pair((*pair.path, step))
                waiting.append(inner)
    return found


def _fields(documents: Documents, old: Shape, new: Shape, hidden: str) -> Iterator[_Finding]:
    added = {
        name: shape_of(documents.new, node, hidden=hidden)
        for name, node in new.properties.items()
        if name not in old.properties
    }
    removed = {
        name: shape_of(documents.old, node, hidden=hidden)
        for name, node in old.properties.items()
        if name not in new.properties
    }
    hints = guess_renames(removed, added)
    for name, shape in added.items():
        required = name in new.required
        what = f"new {'required' if required else 'optional'} field, {describe(documents.new, shape, hidden=hidden)}"
        yield _Finding("required-field-added" if required else "field-added", (label(name),), what)
    for name in removed:
        hint = f"; perhaps renamed to {hints[name]!r}" if name in hints else ""
        yield _Finding("field-removed", (label(name),), f"the field is removed{hint}")
    for name in old.properties.keys() & new.properties.keys():
        if (name in old.required) != (name in new.required):
            required = name in new.required
            yield _Finding(
                "field-required" if required else "field-optional",
                (label(name),),
                "now required" if required else "no longer required",
            )


def _within(documents: Documents, pair: _Pair, old: Shape, new: Shape) -> Iterator[tuple[str, tuple[Node, Node]]]:
    for name in sorted(old.properties.keys() & new.properties.keys()):
        yield label(name), (old.properties[name], new.properties[name])
    if old.items is not None and new.items is not None:
        yield "[]", (old.items, new.items)
    if isinstance(old.values, Node) and isinstance(new.values, Node):
        yield "{}", (old.values, new.values)
    before, after = _by_look(documents.old, old.variants), _by_look(documents.new, new.variants)
    for look in sorted(before.keys() | after.keys()):
        if look not in after:
            pair.findings.append(_Finding("variant-removed", (), f"the alternative {look} is removed"))
        elif look not in before:
            pair.findings.append(_Finding("variant-added", (), f"new alternative {look}"))
        else:
            yield f"<{look}>", (before[look], after[look])


def _by_look(document: Mapping[str, Any], variants: Iterable[Node]) -> dict[str, Node]:
    """Return alternatives by their content, because their names do not count."""
    found: dict[str, Node] = {}
    for node in variants:
        shape = shape_of(document, node, hidden="")
        look = ", ".join(sorted(shape.properties)) or describe(document, shape, hidden="")
        number = sum(known.partition("#")[0] == look for known in found)
        found[f"{look}#{number + 1}" if number else look] = node
    return found


def _places(pairs: Mapping[Key, _Pair], root: Key) -> dict[Key, set[tuple[str, ...]]]:
    """Return every path to each pair with findings within the step limit, and in any case its shortest path."""
    places = {key: {pair.path} for key, pair in pairs.items() if pair.findings}
    live = _find_ancestors(pairs, places)
    waiting: deque[tuple[Key, tuple[str, ...], frozenset[Key]]] = deque(
        [(root, (), frozenset([root]))] if root in live else []
    )
    for _ in range(_STEPS):
        if not waiting:
            break
        key, path, above = waiting.popleft()
        if key in places:
            places[key].add(path)
        waiting.extend(
            (inner, (*path, step), above | {inner})
            for step, inner in pairs[key].inner
            if inner in live and inner not in above
        )
    return places


def _find_ancestors(pairs: Mapping[Key, _Pair], targets: Iterable[Key]) -> set[Key]:
    outer: dict[Key, list[Key]] = {}
    for key, pair in pairs.items():
        for _, inner in pair.inner:
            outer.setdefault(inner, []).append(key)
    found, waiting = set[Key](), list(targets)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += outer.get(key, [])
    return found
