"""Where a name is used, as a text that the vendor's own names have no part in. Pure.

`POST /v1/businesses/{}/send/messages request` is a body, `Message.attachments[]` what the list in a field of the class
`Message` holds. Ids of operations, tags and names of definitions, which say nothing on the wire, stand in none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from codegen.document import Json, refuse
from codegen.document import mapped as mapped_schema

__all__ = ["REFERENCE", "definition", "element", "field", "mapped", "operation", "same", "target"]

REFERENCE = "#/components/schemas/"

_PLAIN = re.compile(r"[A-Za-z0-9_@$-]+")
_OWN = frozenset({"additionalProperties", "enum", "items", "properties"})
_MEANT = ("type", "format")
_UNORDERED = ("enum", "required")


def operation(method: str, path: str) -> str:
    """Return the place of an operation: what its path parameters are called is not part of it."""
    nameless = re.sub(r"\{[^{}]*\}", "{}", path)
    return f"{method.upper()} {nameless}"


def field(owner: str, name: str) -> str:
    """Return the place of what a field of a class holds."""
    return f"{owner}.{name}" if _PLAIN.fullmatch(name) else f"{owner}.{json.dumps(name)}"


def element(place: str) -> str:
    """Return the place of what a list holds."""
    return f"{place}[]"


def mapped(place: str) -> str:
    """Return the place of the values of a mapping."""
    return f"{place}{{}}"


def definition(name: str) -> str:
    """Return the place of a definition that no operation leads to."""
    return f"definition {name}"


def target(schema: Json, definitions: Mapping[str, Any]) -> tuple[Json, str | None]:
    """Follow references, also those that stand in an `allOf` beside a description.

    Args:
        schema: Where to begin.
        definitions: Schemas by name.

    Returns:
        What stands at the end, and the name of the definition that it is, or None where it is defined in place.

    Raises:
        CodegenError: References lead in a circle.
    """
    name: str | None = None
    seen: set[str] = set()
    while (found := _reference(schema)) is not None:
        name = found.removeprefix(REFERENCE).replace("~1", "/").replace("~0", "~")
        if name in seen:
            refuse(found, "the reference leads to itself")
        seen.add(name)
        schema = definitions[name]
    return schema, name


def _reference(schema: Json) -> str | None:
    if "$ref" in schema:
        return str(schema["$ref"])
    parts = schema.get("allOf", [])
    if len(parts) == 1 and "$ref" in parts[0] and not _OWN.intersection(schema):
        return str(parts[0]["$ref"])
    return None


def same(
    one: Json, other: Json, definitions: Mapping[str, Any], seen: frozenset[tuple[int, int]] = frozenset()
) -> bool:
    """Say whether two schemas mean the same on the wire, whatever is told of them and whatever they are called."""
    first, second = target(one, definitions)[0], target(other, definitions)[0]
    pair = (id(first), id(second))
    if first is second or pair in seen:
        return True
    if any(first.get(key) != second.get(key) for key in _MEANT):
        return False
    if any(_set(first, key) != _set(second, key) for key in _UNORDERED):
        return False
    inner = seen | {pair}
    properties, others = first.get("properties", {}), second.get("properties", {})
    if properties.keys() != others.keys():
        return False
    if not all(same(schema, others[name], definitions, inner) for name, schema in properties.items()):
        return False
    return all(
        _same_part(first.get(key), second.get(key), definitions, inner) for key in ("items", "additionalProperties")
    )


def _set(schema: Json, key: str) -> set[str]:
    return {json.dumps(value) for value in schema.get(key, [])}


def _same_part(one: object, other: object, definitions: Mapping[str, Any], seen: frozenset[tuple[int, int]]) -> bool:
    first, second = mapped_schema(one), mapped_schema(other)
    if first is not None and second is not None:
        return same(first, second, definitions, seen)
    return one == other
