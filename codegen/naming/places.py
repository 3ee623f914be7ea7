"""Describes where a name is used, without depending on the vendor's names. Pure.

`POST /v1/businesses/{}/send/messages request` is a body, `Message.attachments[]` an element of a list in a field of the
class `Message`. Operation ids, tags and names of definitions are not sent, so a place does not contain them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from codegen.spec.document import Json, refuse
from codegen.spec.document import to_object as mapped_schema

REFERENCE = "#/components/schemas/"

_PLAIN = re.compile(r"[A-Za-z0-9_@$-]+")
_OWN = frozenset({"additionalProperties", "enum", "items", "properties"})
_MEANT = ("type", "format")
_UNORDERED = ("enum", "required")


def operation(method: str, path: str) -> str:
    """Return the place of an operation, without the names of its path parameters."""
    nameless = re.sub(r"\{[^{}]*\}", "{}", path)
    return f"{method.upper()} {nameless}"


def field(owner: str, name: str) -> str:
    """Return the place of a field's value."""
    return f"{owner}.{name}" if _PLAIN.fullmatch(name) else f"{owner}.{json.dumps(name)}"


def element(place: str) -> str:
    """Return the place of a list's elements."""
    return f"{place}[]"


def mapping_value(place: str) -> str:
    """Return the place of a mapping's values."""
    return f"{place}{{}}"


def definition(name: str) -> str:
    """Return the place of a definition that no operation uses."""
    return f"definition {name}"


def target(schema: Json, definitions: Mapping[str, Any]) -> tuple[Json, str | None]:
    """Follow references, including those in an `allOf` next to a description.

    Args:
        schema: Where to begin.
        definitions: Schemas by name.

    Returns:
        The schema at the end, and the name of its definition, or None if it is defined in place.

    Raises:
        CodegenError: References form a cycle.
    """
    name: str | None = None
    seen: set[str] = set()
    while (found := _reference(schema)) is not None:
        name = found.removeprefix(REFERENCE).replace("~1", "/").replace("~0", "~")
        if name in seen:
            refuse(found, "the reference refers to itself")
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
    """Return whether two schemas mean the same on the wire, ignoring descriptions and names."""
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
