"""Finds operations that still exist at another address. Pure.

An operation at a new place is recognized by its id, its path, the words about it, and the fields that it takes and
returns, which need only be similar. Operations with equal places are the same, unless they clearly swapped their paths.
If the paths of all that moved changed alike, the others are expected where that leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Final

import attrs

from codegen.difference.changes import Change, Place, classify
from codegen.difference.endpoints import Endpoint, Service
from codegen.difference.normalized import Schema

_LIKELY: Final = 0.6
_FIELDS: Final = 0.75
_SIMILAR_FIELDS: Final = 0.5
"""Two operations are likely the same from this score on. Fields have this weight against words, and must be similar."""

_SAME_ID: Final = 0.5
_SAME_PATH: Final = 0.4
_OTHER_METHOD: Final = 0.15
_WRITERS: Final = frozenset({"PATCH", "POST", "PUT"})
_DEPTH: Final = 4
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_VERSION: Final = re.compile(r"/v\d+\w*(?=/|$)")

_Rewrite = tuple[tuple[str, str], tuple[str, str]]
"""How each of two paths begins until both are equal, and its final slash."""


@attrs.frozen(eq=False)
class _Look:
    """What an operation is recognized by; its fields are those that it takes and returns."""

    method: str
    path: str
    operation_id: str
    fields: frozenset[str]
    unversioned: str
    words: frozenset[str]

    @staticmethod
    def of(place: str, endpoint: Endpoint) -> _Look:
        method, _, path = place.partition(" ")
        fields: set[str] = set()
        for key, part in endpoint.parts.items():
            if part.kind == "parameter" and not key.startswith("path "):
                fields.add(key)
            elif part.schema and (key == "request" or key.startswith("response 2")):
                fields.update(_list_fields(part.schema, part.side, _DEPTH))
        unversioned = _VERSION.sub("", path).rstrip("/")
        text = f"{unversioned} {endpoint.parts[''].facets.get('text', '')}"
        words = frozenset(word.lower() for word in _WORD.findall(text))
        return _Look(method, path, endpoint.operation_id, frozenset(fields), unversioned, words)


def _list_fields(schema: Schema, place: str, depth: int) -> Iterator[str]:
    for name, inner in {**schema.fields, **schema.inner}.items() if depth else ():
        yield f"{place}.{name}"
        yield from _list_fields(inner, f"{place}.{name}", depth - 1)


def find_service_moves(old: Service, new: Service) -> dict[str, str]:
    """Return the new place of each operation that moved, by its old one."""
    # An operation that only one side leaves out is still where it was.
    shared = old.endpoints.keys() & new.endpoints.keys()
    stays = {place for place in shared if old.endpoints[place].operation_id == new.endpoints[place].operation_id}
    stays |= {*old.left_out, *new.left_out}
    before, after = (
        {place: _Look.of(place, one) for place, one in found.endpoints.items() if place not in stays}
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
    moves = {place: target for place, target in found.items() if place != target}
    if rewrite := _find_rewrite(moves):
        free = after.keys() | (new.left_out.keys() - old.left_out.keys() - old.endpoints.keys())
        moves |= {place: target for place in before for target in free if _split_places(place, target) == rewrite}
    return moves


def _score(old: _Look, new: _Look) -> float:
    """Return how likely two operations are the same, or 0 if that is not likely."""
    has_id = bool(old.operation_id) and old.operation_id == new.operation_id
    has_path = old.path == new.path
    has_method = old.method == new.method
    if not (has_id or has_method or {old.method, new.method} <= _WRITERS):
        return 0
    one, other = old.unversioned, new.unversioned
    is_within = one and other and (one.endswith(other) or other.endswith(one))
    score = 1.0 if is_within else _compare_sets(old.words, new.words)
    if old.fields or new.fields:
        # A few equal fields say less than many.
        fields = _compare_sets(old.fields, new.fields, doubt=1)
        score = _FIELDS * fields + (1 - _FIELDS) * score if fields >= _SIMILAR_FIELDS else 0
    score -= _OTHER_METHOD * (not has_method)
    return score + _SAME_ID * has_id + _SAME_PATH * has_path if has_id or has_path or score >= _LIKELY else 0


def _compare_sets(old: frozenset[str], new: frozenset[str], doubt: int = 0) -> float:
    return len(old & new) / max(len(old | new) + doubt, 1)


def describe_moves(old: Service, new: Service, moves: Mapping[str, str]) -> Iterator[Change]:
    """Yield the moves as changes; if all paths changed alike, that is one."""
    rewrite = _find_rewrite(moves)
    alike = {place for place, target in moves.items() if rewrite and _split_places(place, target)}
    if rewrite:
        is_all = len(alike) == len(old.endpoints)
        what = " -> ".join(f"{head}/...{slash}" for head, slash in rewrite)
        places = [Place("paths")] if is_all else [Place(old.name(place)) for place in alike]
        count = f"{'all ' * is_all}{len(alike)}"
        yield classify("operations-moved", "service", f"{count} operations moved: {what}", *places)
    for place, target in moves.items():
        if place not in alike:
            yield classify("operation-moved", "service", f"moved to {new.name(target)}", Place(old.name(place)))


def _find_rewrite(moves: Mapping[str, str]) -> _Rewrite | None:
    """Return how the paths of all moves changed, if several changed, and all of them alike."""
    found = [rewrite for place, target in moves.items() if (rewrite := _split_places(place, target))]
    return found[0] if len(found) > 1 and len({*found}) == 1 else None


def _split_places(old: str, new: str) -> _Rewrite | None:
    """Return how the path of one place becomes that of another, if the methods are equal."""
    (method, path), (other_method, other_path) = (place.split(" ", 1) for place in (old, new))
    if method != other_method:
        return None
    one, other = (each.rstrip("/").split("/") for each in (path, other_path))
    pairs = zip(reversed(one), reversed(other), strict=False)
    common = len([*takewhile(lambda pair: pair[0] == pair[1], pairs)])
    before, after = ("/".join(steps[: len(steps) - common]) for steps in (one, other))
    return (before, "/" * path.endswith("/")), (after, "/" * other_path.endswith("/"))
