"""Resolves schemas, with all their parts and references, to what they mean on the wire. Pure.

Source: https://spec.openapis.org/oas/v3.0.3#schema-object and, for `allOf`, JSON Schema: a value must match every part.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from codegen.spec.document import Json
from codegen.spec.traverse import REFERENCE

LOWER: Final = ("minLength", "minimum", "minItems", "minProperties")
"""Limits that are stricter if greater."""

UPPER: Final = ("maxLength", "maximum", "maxItems", "maxProperties")
"""Limits that are stricter if smaller."""

OTHER_LIMITS: Final = ("multipleOf", "pattern", "uniqueItems")
"""Limits that cannot be ordered."""

_EXCLUSIVE: Final = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_NO_LIMIT: Final = {"minLength": 0, "minItems": 0, "minProperties": 0, "pattern": "", "uniqueItems": False}
_PURE_REFERENCE: Final = frozenset({"$ref", "allOf"})

Key = tuple[int, ...]
"""What identifies a node as long as its document exists."""

Node = tuple[Json, ...]
"""A schema as its parts without references, all of which a value must match; the outermost is first, and wins."""

Facets = dict[str, Any]
"""What applies to a thing itself, by names for which `constraints` has rules; what says nothing is absent."""


@attrs.frozen(eq=False)
class Shape:
    """The meaning of a schema: its facets, its fields, and elements as `[]` and values of a mapping as `{}`."""

    facets: Facets
    fields: Mapping[str, Node]
    required: frozenset[str]
    read_only: frozenset[str]
    inner: Mapping[str, Node]


class Schemas:
    """The schemas of one document, each resolved once."""

    def __init__(self, document: Json) -> None:
        self._definitions: Json = document.get("components", {}).get("schemas", {})
        self._nodes: dict[Key, Node] = {}
        self._shapes: dict[Key, Shape] = {}

    def node(self, *schemas: Json) -> Node:
        """Return the node of schemas that all apply, with each reference followed once."""
        key = identify(schemas)
        if key not in self._nodes:
            self._nodes[key] = tuple(self._list_parts(schemas))
        return self._nodes[key]

    def _list_parts(self, schemas: Iterable[Json]) -> Iterator[Json]:
        seen: set[int] = set()
        waiting = list(schemas)
        while waiting:
            schema = waiting.pop(0)
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            if not schema.keys() <= _PURE_REFERENCE:
                yield schema
            inner = [self._definitions[schema["$ref"].removeprefix(REFERENCE)]] if "$ref" in schema else []
            waiting[:0] = [*inner, *schema.get("allOf", ())]

    def shape(self, node: Node) -> Shape:
        """Return the shape of a node of this document."""
        key = identify(node)
        if key not in self._shapes:
            self._shapes[key] = self._resolve(node)
        return self._shapes[key]

    def _resolve(self, node: Node) -> Shape:
        properties: dict[str, list[Json]] = {}
        for part in node:
            for name, schema in part.get("properties", {}).items():
                properties.setdefault(name, []).append(schema)
        fields = {name: self.node(*schemas) for name, schemas in properties.items()}
        items = [part["items"] for part in node if "items" in part]
        inner = {"[]": self.node(*items)} if items else {}
        others: list[Any] = [part["additionalProperties"] for part in node if "additionalProperties" in part]
        values = self.node(*(schema for schema in others if schema not in (True, False)))
        if values and False not in others:
            inner["{}"] = values
        return Shape(
            facets=_list_facets(node, others="forbidden" if False in others else "restricted" if values else ""),
            fields=fields,
            required=frozenset(name for part in node for name in part.get("required", ())) & fields.keys(),
            read_only=frozenset(
                name for name, parts in fields.items() if any(part.get("readOnly") is True for part in parts)
            ),
            inner=inner,
        )

    def describe(self, node: Node) -> str:
        """Describe a value in a few words: `list of string`, `string (date-time)`."""
        shape = self.shape(node)
        return f"list of {_describe(self.shape(shape.inner['[]']))}" if "[]" in shape.inner else _describe(shape)


def _describe(shape: Shape) -> str:
    if "enum" in shape.facets:
        return "enum"
    if "{}" in shape.inner and not shape.fields:
        return "map"
    type_, format_ = shape.facets["format"]
    return f"{type_ or 'any JSON'}{f' ({format_})' if format_ else ''}"


def identify(schemas: Iterable[Json]) -> Key:
    """Return what identifies schemas."""
    return tuple(map(id, schemas))


def keep(**facets: object) -> Facets:
    """Return the facets that say something."""
    return {name: value for name, value in facets.items() if value not in (None, "", False)}


def _list_facets(node: Node, others: str) -> Facets:
    first: Json = {key: value for part in reversed(node) for key, value in part.items()}
    is_object = "properties" in first or "additionalProperties" in first
    types = {part["type"] for part in node if "type" in part}
    type_ = " and ".join(sorted(types)) or ("object" if is_object else "array" if "items" in first else "")
    default = first.get("default")
    return keep(
        type=type_,
        others=others,
        nullable=any(part.get("nullable") is True or None in part.get("enum", ()) for part in node),
        format=(type_, first.get("format", "")),
        enum=_merge_enums(node),
        default="" if default is None or _is_unspecified(default) else to_json(default),
        text=join_texts(first.get("title"), first.get("description")),
        example=to_json(first["example"]) if "example" in first else "",
        deprecated=any(part.get("deprecated") is True for part in node),
        **{key: _merge_limits(key, node, type_) for key in (*LOWER, *UPPER, *OTHER_LIMITS) if key in first},
    )


def _merge_enums(node: Node) -> frozenset[str] | None:
    """Return the allowed values, each as JSON, without unspecified ones, which are never sent."""
    lists: list[list[object]] = [part["enum"] for part in node if "enum" in part]
    kept = [
        {to_json(value) for value in values if value is not None and not _is_unspecified(value)} for values in lists
    ]
    return frozenset(kept[0].intersection(*kept)) if kept else None


def _is_unspecified(value: object) -> bool:
    return str(value).lower().endswith("unspecified")


def _merge_limits(key: str, node: Node, type_: str) -> tuple[Any, bool] | None:
    """Return the strictest value of a limit, and whether the value itself is excluded; None if it allows everything."""
    found: list[tuple[Any, bool]] = []
    for part in node:
        limit = part.get(key)
        if (
            limit is None
            or limit == _NO_LIMIT.get(key)
            or (key in (*LOWER, *UPPER) and type(limit) not in (int, float))
        ):
            continue
        is_exclusive = part.get(_EXCLUSIVE.get(key, "")) is True
        step = (1 if key in LOWER else -1) if is_exclusive and type_ == "integer" else 0
        found.append((limit + step, False) if step else (limit, is_exclusive))
    if not found or key in OTHER_LIMITS:
        return found[0] if found else None
    return max(found, key=lambda limit: (limit[0] if key in LOWER else -limit[0], limit[1]))


def join_texts(*texts: str | None) -> str:
    """Join texts, each once, with normalized white space."""
    return " ".join(dict.fromkeys(filter(None, (" ".join((text or "").split()) for text in texts))))


def to_json(value: object) -> str:
    """Return a value as JSON that is equal for equal values."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return json.dumps(whole, ensure_ascii=False, sort_keys=True)
