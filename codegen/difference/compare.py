"""Compares two documents: what they say as a whole, and each operation part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from codegen.difference.changes import Change, Difference, Place, merge_changes
from codegen.difference.constraints import Finding, compare_facets, value
from codegen.difference.endpoints import Endpoint, Part, Service
from codegen.difference.moves import describe_moves, find_service_moves
from codegen.difference.normalized import Schemas
from codegen.difference.schema_changes import SchemaComparison
from codegen.difference.severity import classify
from codegen.spec.document import Json

_PARTS: Final[Mapping[str, tuple[Finding, Finding]]] = {
    "parameter": (("parameter-added", "new optional parameter"), ("parameter-removed", "the parameter is removed")),
    "request": (("body-added", "now takes a body, which is optional"), ("body-removed", "no longer takes a body")),
    "body": (("body-added", "now returns a body"), ("body-removed", "no longer returns a body")),
    "success": (("success-added", "new response"), ("success-removed", "the response is removed")),
    "error": (("error-added", "new response"), ("error-removed", "the response is removed")),
    "header": (("header-added", "new header"), ("header-removed", "the header is removed")),
}
"""What it means that a part of this kind is new, and that it is gone."""

_REQUIRED_PARTS: Final[Mapping[str, Finding]] = {
    "parameter": ("required-parameter-added", "new required parameter"),
    "request": ("required-body-added", "now takes a body, which is required"),
}


def compare(old: Json, new: Json) -> Difference:
    """Compare two OpenAPI 3.0 documents, as `convert` returns them; neither is changed."""
    before, after = Service.of(old), Service.of(new)
    return merge_changes(
        [*_compare_information(before, after), *_compare_left_out(before, after), *_compare_endpoints(before, after)]
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
    # A file without a host says nothing about it, nor does a host without a scheme about that.
    sides = [old.hosts, new.hosts]
    if any(host.startswith("//") for hosts in sides for host in hosts):
        sides = [frozenset(host[host.index("//") :] for host in hosts) for hosts in sides]
    if all(sides) and sides[0] != sides[1]:
        what = " became ".join(", ".join(sorted(hosts)) for hosts in sides)
        yield classify("server-changed", "service", what, Place("servers"))


def _compare_left_out(old: Service, new: Service) -> Iterator[Change]:
    for place in new.left_out.keys() - old.left_out.keys():
        name, reason = new.left_out[place]
        # One of two operations at the same place may be left out.
        is_known = place in old.endpoints and place not in new.endpoints
        kind = "known-operation-left-out" if is_known else "operation-left-out"
        yield classify(kind, "service", f"left out: {reason}", Place(name))
    for place in old.left_out.keys() - new.left_out.keys() - new.endpoints.keys():
        name, reason = old.left_out[place]
        yield classify("operation-left-out", "service", f"removed; it was left out: {reason}", Place(name))


def _compare_endpoints(old: Service, new: Service) -> Iterator[Change]:
    moves = find_service_moves(old, new)
    yield from describe_moves(old, new, moves)
    taken = set(moves.values())
    stays = {place: place for place in old.endpoints.keys() & new.endpoints.keys() - taken if place not in moves}
    comparison = SchemaComparison(old.schemas, new.schemas)
    for place, target in sorted({**moves, **stays}.items()):
        yield from _compare_operations(new.schemas, comparison, old.endpoints[place], new.endpoints[target])
    yield from comparison.changes()
    for place in old.endpoints.keys() - moves.keys() - stays.keys() - new.left_out.keys():
        yield classify("operation-removed", "service", "the operation is removed", Place(old.endpoints[place].name))
    for place in new.endpoints.keys() - taken - stays.keys():
        what = "no longer left out" if place in old.left_out else "new operation"
        yield classify("operation-added", "service", what, Place(new.endpoints[place].name))


def _compare_operations(
    schemas: Schemas, comparison: SchemaComparison, old: Endpoint, new: Endpoint
) -> Iterator[Change]:
    """Yield the changes of one operation, at its new path; its schemas are added to the comparison of schemas."""
    for key in sorted(old.parts.keys() | new.parts.keys()):
        before, after = old.parts.get(key), new.parts.get(key)
        part = after or old.parts[key]
        place = Place(new.name, part.label)
        findings: Iterable[Finding] = ()
        if before is not None and after is not None:
            findings = compare_facets(before.facets, after.facets)
            if before.node is not None and after.node is not None:
                comparison.add(part.side, place, before.node, after.node)
        # A part of a new or removed response is a part of that change.
        elif not part.parent or (part.parent in old.parts and part.parent in new.parts):
            findings = [_describe_removal(part, old, new) if after is None else _describe_new(schemas, part)]
        for kind, what in findings:
            yield classify(kind, part.side, what, place)


def _describe_new(schemas: Schemas, part: Part) -> Finding:
    is_required = not part.facets.keys().isdisjoint(("required_parameter", "required_body"))
    kind, what = _REQUIRED_PARTS[part.kind] if is_required else _PARTS[part.kind][0]
    return kind, f"{what}, {schemas.describe(part.node or ())}" if part.kind == "parameter" else what


def _describe_removal(part: Part, old: Endpoint, new: Endpoint) -> Finding:
    kind, what = _PARTS[part.kind][1]
    if part.kind == "success" and not any(new.parts[key].kind == "success" for key in old.parts.keys() & new.parts):
        kind = "successes-replaced"
    return kind, what
