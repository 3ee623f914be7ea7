"""Compares two documents. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from codegen.difference.changes import Change, Difference, Place, merge_changes
from codegen.difference.constraints import value
from codegen.difference.endpoints import Service
from codegen.difference.moves import describe_moves, find_service_moves
from codegen.difference.operation_changes import compare_operations
from codegen.difference.schema_changes import SchemaComparison
from codegen.difference.severity import classify
from codegen.spec.document import Json


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
        kind = "known-operation-left-out" if place in old.endpoints else "operation-left-out"
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
        yield from compare_operations(new.schemas, comparison, old.endpoints[place], new.endpoints[target])
    yield from comparison.changes()
    for place in old.endpoints.keys() - moves.keys() - stays.keys() - new.left_out.keys():
        yield classify("operation-removed", "service", "the operation is removed", Place(old.endpoints[place].name))
    for place in new.endpoints.keys() - taken - stays.keys():
        what = "no longer left out" if place in old.left_out else "new operation"
        yield classify("operation-added", "service", what, Place(new.endpoints[place].name))
