"""Finds removed operations that still exist at another path. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Final

from codegen.difference.endpoints import Endpoint
from codegen.difference.normalized import Node, as_mapping, resolve, shape_of
from codegen.difference.schema_changes import Documents
from codegen.spec.document import Json

Key = tuple[str, str]

_ALIKE: Final = 0.5


def find_moves(documents: Documents, removed: Mapping[Key, Endpoint], added: Mapping[Key, Endpoint]) -> dict[Key, Key]:
    """Return where operations moved to.

    A removed operation and a new one are the same if they share an operation id or a path, or if they take and return
    the same fields at similar paths.
    """
    pairs = [
        (likeness, key, target)
        for key, old in removed.items()
        for target, new in added.items()
        if (likeness := _likeness(documents, old, new))
    ]
    found: dict[Key, Key] = {}
    for _, key, target in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if key not in found and target not in found.values():
            found[key] = target
    return found


def _likeness(documents: Documents, old: Endpoint, new: Endpoint) -> float:
    """Return how likely two operations are the same, from 0 to 4."""
    alike = SequenceMatcher(None, old.path, new.path, autojunk=False).ratio()
    same_id = bool(old.fields.get("operationId")) and old.fields.get("operationId") == new.fields.get("operationId")
    if same_id or old.path == new.path:
        return 2 + same_id + alike
    if old.method != new.method or alike < _ALIKE:
        return 0
    return alike if _look(documents.old, old) == _look(documents.new, new) else 0


def _look(document: Mapping[str, Any], endpoint: Endpoint) -> tuple[frozenset[str], ...]:
    body = resolve(document, endpoint.fields.get("requestBody"))
    responses = as_mapping(endpoint.fields.get("responses"))
    success = next((responses[status] for status in sorted(responses) if status.startswith("2")), None)
    return (
        frozenset(name for place, name in endpoint.parameters if place != "path"),
        frozenset(_fields(document, body)),
        frozenset(_fields(document, resolve(document, success))),
    )


def _fields(document: Mapping[str, Any], holder: Json) -> Iterator[str]:
    for media in as_mapping(holder.get("content")).values():
        yield from shape_of(document, Node.of(document, [as_mapping(media).get("schema")]), hidden="").properties
