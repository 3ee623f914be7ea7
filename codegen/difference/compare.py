"""Compares two documents: what they say as a whole, and each operation part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from codegen.difference.changes import Change, Difference, Place, classify, merge_changes
from codegen.difference.constraints import Finding, compare_facets, value
from codegen.difference.endpoints import Endpoint, Part, Service
from codegen.difference.moves import describe_moves, find_service_moves
from codegen.difference.schema_changes import SchemaComparison
from codegen.spec.document import Json

_NEW: Final[Mapping[str, Finding]] = {
    "parameter": ("parameter-added", "new optional parameter"),
    "required parameter": ("required-parameter-added", "new required parameter"),
    "request": ("body-added", "now takes a body, which is optional"),
    "required request": ("required-body-added", "now takes a body, which is required"),
    "body": ("body-added", "now returns a body"),
    "success": ("success-added", "new response"),
    "error": ("error-added", "new response"),
    "header": ("header-added", "new header"),
}
_GONE: Final[Mapping[str, Finding]] = {
    "parameter": ("parameter-removed", "the parameter is removed"),
    "request": ("body-removed", "no longer takes a body"),
    "body": ("body-removed", "no longer returns a body"),
    "success": ("success-removed", "the response is removed"),
    "last success": ("successes-replaced", "the response is removed"),
    "error": ("error-removed", "the response is removed"),
    "header": ("header-removed", "the header is removed"),
}


def compare(old: Json, new: Json) -> Difference:
    """Compare two OpenAPI 3.0 documents, as `convert` returns them; neither is changed."""
    before, after = Service.of(old), Service.of(new)
    moves = find_service_moves(before, after)
    places = {place: place for place in before.endpoints.keys() - moves.values()} | moves
    return merge_changes(
        [
            *_compare_information(before, after),
            *describe_moves(before, after, moves),
            *_compare_lists(before, after, places),
            *_compare_endpoints(before, after, places),
        ]
    )


def find_moves(old: Json, new: Json) -> dict[str, str]:
    """Return the new place of each operation that moved, by its old one; see `codegen.naming.places.operation`."""
    return find_service_moves(Service.of(old), Service.of(new))


def _compare_information(old: Service, new: Service) -> Iterator[Change]:
    for key, before in old.information.items():
        after = new.information[key]
        if before != after:
            what = f"{value(before)} became {value(after)}"
            yield classify("information-changed", "service", what, Place("info", key))
    if old.hosts and new.hosts and old.hosts != new.hosts:  # A file without a host says nothing about it.
        what = " became ".join(", ".join(sorted(hosts)) for hosts in (old.hosts, new.hosts))
        yield classify("server-changed", "service", what, Place("servers"))


def _compare_lists(old: Service, new: Service, places: Mapping[str, str]) -> Iterator[Change]:
    """Yield which operations are new, gone or left out; `places` has the place to expect each old one at."""
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
        elif part.kind not in {"body", "header"} or " ".join(key.split()[:2]) in old.parts.keys() & new.parts.keys():
            findings = [_describe_removal(part, old, new) if after is None else _describe_new(part)]
        for kind, what in findings:
            yield classify(kind, part.side, what, place)


def _describe_new(part: Part) -> Finding:
    kind, what = _NEW[f"{'required ' * (f'required_{part.kind}' in part.facets)}{part.kind}"]
    return kind, f"{what}, {part.schema.describe()}" if part.kind == "parameter" and part.schema else what


def _describe_removal(part: Part, old: Endpoint, new: Endpoint) -> Finding:
    kept = (new.parts[key].kind for key in old.parts.keys() & new.parts)
    is_last = part.kind == "success" and "success" not in kept
    return _GONE[f"{'last ' * is_last}{part.kind}"]
