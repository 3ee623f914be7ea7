"""Resolves a schema, with all its parts and references, to one value. Pure.

Source: https://spec.openapis.org/oas/v3.0.3#schema-object and, for `allOf`, JSON Schema: a value must match every part.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

import attrs

from codegen.spec.document import Json

UPPER: Final = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
"""Limits that are stricter if smaller."""

LOWER: Final = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
"""Limits that are stricter if greater."""

OTHER_LIMITS: Final = ("multipleOf", "pattern", "uniqueItems")
"""Limits that cannot be ordered."""

ANY: Final[Json] = {}
"""The schema of any value. A single object, because schemas are compared by identity."""

_PURE_REFERENCE: Final = frozenset({"$ref", "allOf"})
_VARIANTS: Final = ("oneOf", "anyOf")
_KINDS: Final[Mapping[type, str]] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
}


@attrs.frozen
class Node:
    """A schema as a list of plain parts without references, all of which a value must match.

    Attributes:
        parts: The parts, outermost first; the first one with a value for a key wins.
    """

    parts: tuple[Json, ...]

    @property
    def key(self) -> tuple[int, ...]:
        """An identity that is stable as long as the document exists."""
        return tuple(map(id, self.parts))

    @staticmethod
    def of(document: Mapping[str, Any], schemas: Iterable[object]) -> Node:
        """Return the node of schemas that all apply, with each reference followed once."""
        found: dict[int, Json] = {}
        seen: set[int] = set()
        waiting = list(schemas)
        while waiting:
            schema = as_mapping(waiting.pop(0))
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            if not schema.keys() <= _PURE_REFERENCE:
                found[id(schema)] = schema
            inner = [_target(document, schema["$ref"])] if "$ref" in schema else []
            waiting[:0] = [*inner, *as_sequence(schema.get("allOf"))]
        return Node(tuple(found.values()))


def as_mapping(value: object) -> Json:
    """Return an object; anything else becomes an empty one."""
    return cast("Json", value) if isinstance(value, dict) else ANY


def as_sequence(value: object) -> list[object]:
    """Return a list; anything else becomes an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def _target(document: Mapping[str, Any], reference: object) -> Json:
    """Return the target of a reference within the document; a dangling one allows any value."""
    value: object = document if str(reference).startswith("#/") else None
    for key in str(reference).removeprefix("#/").split("/"):
        value = as_mapping(value).get(key.replace("~1", "/").replace("~0", "~"))
    return as_mapping(value)


def resolve(document: Mapping[str, Any], value: object) -> Json:
    """Return an object that may be a reference; a dangling one becomes an empty object."""
    fields, seen = as_mapping(value), set[int]()
    while "$ref" in fields and id(fields) not in seen:
        seen.add(id(fields))
        fields = _target(document, fields["$ref"])
    return fields


@attrs.frozen
class Shape:
    """The meaning of one schema.

    Attributes:
        type: A type of JSON, several joined by "or", or an empty string for any.
        nullable: Whether null is allowed, too.
        format: Its format, or an empty string.
        enum: The allowed values, each as JSON, or None.
        limits: The limits by key.
        default: The default as JSON, or None; an unspecified enum value does not count.
        text: The title and the description, with normalized white space.
        example: The example as JSON, or an empty string.
        deprecated: Whether it is deprecated.
        properties: Fields by name.
        required: Names of required fields.
        items: The elements of an array.
        values: The values of a mapping; True for any, False for none.
        variants: Alternatives, one of which a value must match.
    """

    type: str
    nullable: bool
    format: str
    enum: frozenset[str] | None
    limits: Mapping[str, Any]
    default: str | None
    text: str
    example: str
    deprecated: bool
    properties: Mapping[str, Node]
    required: frozenset[str]
    items: Node | None
    values: Node | bool
    variants: tuple[Node, ...]


def shape_of(document: Mapping[str, Any], node: Node, *, hidden: str) -> Shape:
    """Return the shape of a node.

    Args:
        document: The document of the node.
        node: The schema.
        hidden: `readOnly` or `writeOnly`: fields with this mark are left out.
    """
    types, nullable = _types(node.parts)
    enum = _enum(node.parts)
    properties = {
        name: field
        for name, field in _properties(document, node.parts)
        if not any(part.get(hidden) for part in field.parts)
    }
    items = [part["items"] for part in node.parts if "items" in part]
    return Shape(
        type=types or _infer_type(node.parts, enum),
        nullable=nullable,
        format=str(_first(node.parts, "format") or ""),
        enum=enum,
        limits=dict(_limits(node.parts)),
        default=_default(node.parts),
        text=join_texts(_first(node.parts, "title"), _first(node.parts, "description")),
        example=next((_json(part["example"]) for part in node.parts if "example" in part), ""),
        deprecated=any(part.get("deprecated") is True for part in node.parts),
        properties=properties,
        required=frozenset(_names(part.get("required") for part in node.parts)) & properties.keys(),
        items=Node.of(document, items) if items else None,
        values=_values(document, node.parts),
        variants=tuple(
            Node.of(document, [variant])
            for part in node.parts
            for key in _VARIANTS
            for variant in as_sequence(part.get(key))
            if as_mapping(variant).get("type") != "null"
        ),
    )


def _first(parts: Iterable[Json], key: str) -> object:
    return next((part[key] for part in parts if key in part), None)


def join_texts(*texts: object) -> str:
    """Join texts, with normalized white space."""
    return " ".join(" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _types(parts: Iterable[Json]) -> tuple[str, bool]:
    """Return the type and whether null is allowed, which is a type in OpenAPI 3.1."""
    given = _first(parts, "type")
    kinds = [
        str(kind) for kind in (as_sequence(given) or ([] if given is None or isinstance(given, list) else [given]))
    ]
    variants = [as_mapping(entry) for part in parts for key in _VARIANTS for entry in as_sequence(part.get(key))]
    nullable = (
        "null" in kinds
        or any(part.get("nullable") is True or None in as_sequence(part.get("enum")) for part in parts)
        or any(variant.get("type") == "null" for variant in variants)
    )
    return " or ".join(sorted({*kinds} - {"null"})), nullable


def _infer_type(parts: Iterable[Json], enum: frozenset[str] | None) -> str:
    keys = {key for part in parts for key in part}
    if keys & {"properties", "additionalProperties"}:
        return "object"
    if "items" in keys:
        return "array"
    return " or ".join(sorted({_KINDS[type(json.loads(value))] for value in enum or ()}))


def _enum(parts: Iterable[Json]) -> frozenset[str] | None:
    lists = [as_sequence(part["enum"]) for part in parts if "enum" in part]
    lists += [[part["const"]] for part in parts if "const" in part]
    found = [frozenset(_json(value) for value in values if value is not None) for values in lists]
    return frozenset(found[0].intersection(*found)) if found else None


def _limits(parts: Iterable[Json]) -> Iterator[tuple[str, Any]]:
    for key in (*UPPER, *LOWER, *OTHER_LIMITS):
        # A limit that allows everything is none.
        found = [part[key] for part in parts if part.get(key) not in (None, False)]
        if key not in OTHER_LIMITS:
            found = [value for value in found if isinstance(value, int | float)]
        if key.startswith("min") and key != "minimum":
            found = [value for value in found if value]
        if found:
            strictest = min if key in UPPER else max
            yield key, strictest(found) if key in (*UPPER, *LOWER) else found[0]


def _default(parts: Iterable[Json]) -> str | None:
    found = next((part["default"] for part in parts if "default" in part), None)
    return None if found is None or str(found).lower().endswith("unspecified") else _json(found)


def _properties(document: Mapping[str, Any], parts: Iterable[Json]) -> Iterator[tuple[str, Node]]:
    found: dict[str, list[object]] = {}
    for part in parts:
        for name, schema in as_mapping(part.get("properties")).items():
            found.setdefault(name, []).append(schema)
    for name in sorted(found):
        yield name, Node.of(document, found[name])


def _names(lists: Iterable[object]) -> Iterator[str]:
    for names in lists:
        yield from (name for name in as_sequence(names) if isinstance(name, str))


def _values(document: Mapping[str, Any], parts: Iterable[Json]) -> Node | bool:
    given = [part["additionalProperties"] for part in parts if "additionalProperties" in part]
    if any(value is False for value in given):
        return False
    node = Node.of(document, [value for value in given if value is not True])
    return node if node.parts else True


def describe(document: Mapping[str, Any], shape: Shape, *, hidden: str) -> str:
    """Describe a value in a few words: `list of string`, `string (date-time)`."""
    if shape.type == "array" and shape.items is not None:
        return f"list of {_simply(shape_of(document, shape.items, hidden=hidden))}"
    return _simply(shape)


def _simply(shape: Shape) -> str:
    if shape.enum is not None:
        return "enum"
    if shape.type == "object" and not shape.properties and not isinstance(shape.values, bool):
        return "map"
    return f"{shape.type or 'any JSON'}{f' ({shape.format})' if shape.format else ''}"
