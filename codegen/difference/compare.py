"""Compares two documents. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from codegen.difference.changes import Change, Difference, Place, merge_changes
from codegen.difference.constraints import value
from codegen.difference.endpoints import endpoints, information, origins
from codegen.difference.moves import find_moves as match_endpoints
from codegen.difference.operation_changes import compare_operations
from codegen.difference.schema_changes import Documents
from codegen.difference.severity import classify


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """Compare two OpenAPI 3 documents, as `to_openapi` returns them; neither is changed."""
    return merge_changes([*_about(old, new), *_operations(Documents(old, new))])


def _operations(documents: Documents) -> Iterator[Change]:
    before, after = endpoints(documents.old), endpoints(documents.new)
    removed = {key: endpoint for key, endpoint in before.items() if key not in after}
    added = {key: endpoint for key, endpoint in after.items() if key not in before}
    moves = match_endpoints(documents, removed, added)
    for key in before.keys() & after.keys():
        yield from compare_operations(documents, before[key], after[key])
    for key, target in moves.items():
        yield classify("operation-moved", "service", Place(removed[key].name), f"moved to {added[target].name}")
        yield from compare_operations(documents, removed[key], added[target])
    for key in removed.keys() - moves.keys():
        yield classify("operation-removed", "service", Place(removed[key].name), "the operation is removed")
    for key in added.keys() - set(moves.values()):
        yield classify("operation-added", "service", Place(added[key].name), "new operation")


def _about(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    hosts = origins(old), origins(new)
    # A file without a host says nothing about it, so adding or removing the host is not a change.
    if hosts[0] != hosts[1] and all(hosts):
        sides = [", ".join(sorted(found)) for found in hosts]
        yield classify("server-changed", "service", Place("servers"), f"{sides[0]} became {sides[1]}")
    before, after = information(old), information(new)
    for key in before:
        if before[key] != after[key]:
            yield classify(
                "information-changed", "service", Place("info", key), f"{value(before[key])} became {value(after[key])}"
            )


def find_moves(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """Return where operations moved to, by place."""
    before, after = endpoints(old), endpoints(new)
    removed = {key: endpoint for key, endpoint in before.items() if key not in after}
    added = {key: endpoint for key, endpoint in after.items() if key not in before}
    moves = match_endpoints(Documents(old, new), removed, added)
    return {" ".join(one): " ".join(other) for one, other in moves.items()}
