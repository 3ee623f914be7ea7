"""Which of the removed operations are still there under another address. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Final

from codegen.difference.schemas import Documents
from codegen.difference.service import Endpoint
from codegen.difference.shapes import Node, mapping, resolved, shape_of
from codegen.document import Json

__all__ = ["moved"]

Key = tuple[str, str]

_ALIKE: Final = 0.5


def moved(documents: Documents, removed: Mapping[Key, Endpoint], added: Mapping[Key, Endpoint]) -> dict[Key, Key]:
    """Return where operations moved to.

    One that is gone is taken for one that is new where both have one operation id, or one path, or take and answer the
    same fields at paths that are alike.

    Args:
        documents: Where references lead.
        removed: The operations that are gone.
        added: Those that are new.
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
    """Say how likely two operations are one, from 0 to 4."""
    alike = SequenceMatcher(None, old.path, new.path, autojunk=False).ratio()
    same_id = bool(old.fields.get("operationId")) and old.fields.get("operationId") == new.fields.get("operationId")
    if same_id or old.path == new.path:
        return 2 + same_id + alike
    if old.method != new.method or alike < _ALIKE:
        return 0
    return alike if _look(documents.old, old) == _look(documents.new, new) else 0


def _look(document: Mapping[str, Any], endpoint: Endpoint) -> tuple[frozenset[str], ...]:
    body = resolved(document, endpoint.fields.get("requestBody"))
    responses = mapping(endpoint.fields.get("responses"))
    success = next((responses[status] for status in sorted(responses) if status.startswith("2")), None)
    return (
        frozenset(name for place, name in endpoint.parameters if place != "path"),
        frozenset(_fields(document, body)),
        frozenset(_fields(document, resolved(document, success))),
    )


def _fields(document: Mapping[str, Any], holder: Json) -> Iterator[str]:
    for media in mapping(holder.get("content")).values():
        yield from shape_of(document, Node.of(document, [mapping(media).get("schema")]), hidden="").properties
