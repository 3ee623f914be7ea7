"""From two documents to their difference. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from codegen.difference.changes import Change, Difference, Place, ordered
from codegen.difference.facets import value
from codegen.difference.moves import moved
from codegen.difference.operations import compare_operations
from codegen.difference.schemas import Documents
from codegen.difference.service import endpoints, information, origins
from codegen.difference.verdicts import judged

__all__ = ["compare"]


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """Compare two services.

    Args:
        old: An OpenAPI 3 document, as `codegen.swagger.convert` returns it; it is not changed.
        new: Another.

    Returns:
        Every change that a client can notice, or read about.
    """
    return ordered([*_about(old, new), *_operations(Documents(old, new))])


def _operations(documents: Documents) -> Iterator[Change]:
    before, after = endpoints(documents.old), endpoints(documents.new)
    removed = {key: endpoint for key, endpoint in before.items() if key not in after}
    added = {key: endpoint for key, endpoint in after.items() if key not in before}
    moves = moved(documents, removed, added)
    for key in before.keys() & after.keys():
        yield from compare_operations(documents, before[key], after[key])
    for key, target in moves.items():
        yield judged("operation-moved", "service", Place(removed[key].name), f"moved to {added[target].name}")
        yield from compare_operations(documents, removed[key], added[target])
    for key in removed.keys() - moves.keys():
        yield judged("operation-removed", "service", Place(removed[key].name), "the operation is removed")
    for key in added.keys() - set(moves.values()):
        yield judged("operation-added", "service", Place(added[key].name), "new operation")


def _about(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    hosts = origins(old), origins(new)
    # A file that names no host says nothing of it; so does one that stops or begins to.
    if hosts[0] != hosts[1] and all(hosts):
        told = [", ".join(sorted(found)) for found in hosts]
        yield judged("server-changed", "service", Place("servers"), f"{told[0]} became {told[1]}")
    before, after = information(old), information(new)
    for key in before:
        if before[key] != after[key]:
            yield judged(
                "information-changed", "service", Place("info", key), f"{value(before[key])} became {value(after[key])}"
            )
