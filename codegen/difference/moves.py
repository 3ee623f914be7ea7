"""Finds operations that still exist at another address. Pure.

An operation at a new place is recognized by its id, its path, the words about it, and the fields that it takes and
returns, which need only be similar. Operations with equal places are the same, unless they clearly swapped their paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Final

import attrs

from codegen.difference.changes import Change, Place
from codegen.difference.endpoints import Endpoint, Service
from codegen.difference.normalized import Node, Schemas
from codegen.difference.severity import classify

_LIKELY: Final = 0.6
_FIELDS: Final = 0.75
_SIMILAR_FIELDS: Final = 0.5
"""Two operations are likely the same from this score on. Fields have this weight against words, and must be similar."""

_SAME_ID: Final = 0.5
_SAME_PATH: Final = 0.4
_OTHER_METHOD: Final = 0.15
_OTHER_PARAMETER: Final = 0.1
_WRITERS: Final = frozenset({"PATCH", "POST", "PUT"})
_DEPTH: Final = 4
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_VERSION: Final = re.compile(r"/v\d+\w*(?=/|$)")


@attrs.frozen(eq=False)
class _Look:
    """What an operation is recognized by: fields that it takes and returns, the path without versions, and words."""

    endpoint: Endpoint
    fields: frozenset[str]
    path: str
    words: frozenset[str]

    @staticmethod
    def of(schemas: Schemas, endpoint: Endpoint) -> _Look:
        fields: set[str] = set()
        for key, part in endpoint.parts.items():
            if part.kind == "parameter" and not key.startswith("path "):
                fields.add(key)
            elif part.kind == "request" or (part.kind == "body" and part.label.startswith("response 2")):
                fields.update(_list_fields(schemas, part.node or (), part.side, _DEPTH))
        path = _VERSION.sub("", endpoint.blank_path).rstrip("/")
        words = _WORD.findall(f"{path} {endpoint.parts[''].facets.get('text', '')}")
        return _Look(endpoint, frozenset(fields), path, frozenset(word.lower() for word in words))


def _list_fields(schemas: Schemas, node: Node, place: str, depth: int) -> Iterator[str]:
    shape = schemas.shape(node)
    for name, field in shape.fields.items() if depth else ():
        yield f"{place}.{name}"
        yield from _list_fields(schemas, field, f"{place}.{name}", depth - 1)
    if "[]" in shape.inner and depth:
        yield from _list_fields(schemas, shape.inner["[]"], place, depth - 1)


def find_service_moves(old: Service, new: Service) -> dict[str, str]:
    """Return the new place of each operation that moved, by its old one."""
    # An operation that only one side leaves out is still where it was.
    stays = {*old.left_out, *new.left_out}
    for place in old.endpoints.keys() & new.endpoints.keys():
        if old.endpoints[place].operation_id == new.endpoints[place].operation_id:
            stays.add(place)
    before, after = (
        {place: _Look.of(found.schemas, one) for place, one in found.endpoints.items() if place not in stays}
        for found in (old, new)
    )
    for place in [place for place, one in before.items() if place in after and one.fields == after[place].fields]:
        del before[place], after[place]
    scores = ((_score(one, other), place, target) for place, one in before.items() for target, other in after.items())
    found: dict[str, str] = {}
    for _, place, target in sorted(filter(lambda entry: entry[0], scores), key=lambda entry: (-entry[0], entry[1:])):
        if place in before and target in after:
            del before[place], after[target]
            found[place] = target
    return {place: target for place, target in found.items() if place != target}


def _score(old: _Look, new: _Look) -> float:
    """Return how likely two operations are the same, or 0 if that is not likely."""
    one, other = old.endpoint, new.endpoint
    has_id = bool(one.operation_id) and one.operation_id == other.operation_id
    has_path = one.blank_path == other.blank_path
    has_method = one.method == other.method
    if not (has_id or has_method or {one.method, other.method} <= _WRITERS):
        return 0
    is_nested = bool(old.path and new.path) and (old.path.endswith(new.path) or new.path.endswith(old.path))
    score = 1.0 if is_nested else _compare_sets(old.words, new.words)
    if old.fields or new.fields:
        # A few equal fields say less than many.
        fields = _compare_sets(old.fields, new.fields, doubt=1)
        score = _FIELDS * fields + (1 - _FIELDS) * score if fields >= _SIMILAR_FIELDS else 0
    score -= _OTHER_METHOD * (not has_method) + _OTHER_PARAMETER * abs(one.path.count("{") - other.path.count("{"))
    return score + _SAME_ID * has_id + _SAME_PATH * has_path if has_id or has_path or score >= _LIKELY else 0


def _compare_sets(old: frozenset[str], new: frozenset[str], doubt: int = 0) -> float:
    return len(old & new) / max(len(old | new) + doubt, 1)


def describe_moves(old: Service, new: Service, moves: Mapping[str, str]) -> Iterator[Change]:
    """Yield the moves as changes; if all paths changed alike, that is one."""
    pairs = [(old.endpoints[place], new.endpoints[target]) for place, target in moves.items()]
    alike = [(one, other) for one, other in pairs if one.method == other.method]
    heads = {_split_paths(one.blank_path, other.blank_path) for one, other in alike}
    if len(heads) == 1 and len(alike) > 1:
        (before, after), *_ = heads
        steps = {tuple(one.blank_path.removeprefix(before[0]).split("/")[1:2]) for one, _ in alike}
        # A prefix is easier to recognize beside the step that follows.
        step = "".join(f"/{name}" for name in steps.pop()) if len(steps) == 1 and "" in {before[0], after[0]} else ""
        is_all = len(alike) == len(old.endpoints)
        what = " -> ".join(f"{head}{step}/...{slash}" for head, slash in (before, after))
        places = [Place("paths")] if is_all else [Place(one.name) for one, _ in alike]
        count = f"{'all ' * is_all}{len(alike)}"
        yield classify("operations-moved", "service", f"{count} operations moved: {what}", *places)
        pairs = [pair for pair in pairs if pair not in alike]
    for one, other in pairs:
        yield classify("operation-moved", "service", f"moved to {other.name}", Place(one.name))


def _split_paths(old: str, new: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return how each of two paths begins until both are equal, and its final slash."""
    one, other = (path.rstrip("/").split("/") for path in (old, new))
    pairs = zip(reversed(one), reversed(other), strict=False)
    common = len([*takewhile(lambda pair: pair[0] == pair[1], pairs)])
    before, after = ("/".join(steps[: len(steps) - common]) for steps in (one, other))
    return (before, "/" * old.endswith("/")), (after, "/" * new.endswith("/"))
