"""Resolves schemas, with all their parts and references, to what they mean on the wire. Pure.

Source: https://spec.openapis.org/oas/v3.0.3#schema-object and, for `allOf`, JSON Schema: a value must match every part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import attrs

from codegen.difference.changes import Side
from codegen.spec.document import Json, is_unspecified
from codegen.spec.traverse import REFERENCE

LIMITS: Final = {
    **dict.fromkeys(("minLength", "minimum", "minItems", "minProperties"), 1),
    **dict.fromkeys(("maxLength", "maximum", "maxItems", "maxProperties"), -1),
}
"""Limits with a sign: multiplied by it, the stricter value is the greater one."""

OTHER_LIMITS: Final = ("multipleOf", "pattern", "uniqueItems")
"""Limits that cannot be ordered."""

_COUNTS: Final = frozenset({"minLength", "minItems", "minProperties"})
_PURE_REFERENCE: Final = frozenset({"$ref", "allOf"})

Facets = dict[str, Any]
"""What applies to a thing itself, by names for which `constraints` has rules; what says nothing is absent."""


@attrs.frozen(eq=False)
class Schema:
    """Schemas without references, all of which a value must match; the outermost is first, and wins.

    A document has only one of the same parts. What it means is worked out when it is asked for, as it may contain
    itself.
    """

    _parts: tuple[Json, ...]
    _document: Schemas

    @cached_property
    def fields(self) -> Mapping[str, Schema]:
        """The fields that are declared."""
        properties: dict[str, list[Json]] = {}
        for part in self._parts:
            for name, schema in part.get("properties", {}).items():
                properties.setdefault(name, []).append(schema)
        return {name: self._document.resolve(*schemas) for name, schemas in properties.items()}

    @cached_property
    def required(self) -> frozenset[str]:
        """The fields that must be there."""
        return frozenset(name for part in self._parts for name in part.get("required", ())) & self.fields.keys()

    def list_names(self, side: Side) -> frozenset[str]:
        """Return the fields that are sent, or that are read."""
        return frozenset(name for name, one in self.fields.items() if side != "request" or not one.has("readOnly"))

    @cached_property
    def inner(self) -> Mapping[str, Schema]:
        """The elements of a list as `[]`, and the values of a mapping as `{}`."""
        found = {"[]": [part["items"] for part in self._parts if "items" in part]}
        if False not in self._others:
            found["{}"] = [schema for schema in self._others if schema and schema is not True]
        return {step: self._document.resolve(*schemas) for step, schemas in found.items() if schemas}

    @cached_property
    def _others(self) -> list[Any]:
        return [part["additionalProperties"] for part in self._parts if "additionalProperties" in part]

    def has(self, flag: str) -> bool:
        """Return whether a flag is set."""
        return any(part.get(flag) is True for part in self._parts)

    @cached_property
    def facets(self) -> Facets:
        """What applies to a value as a whole."""
        first: Json = {key: value for part in reversed(self._parts) for key, value in part.items()}
        is_object = "properties" in first or "additionalProperties" in first
        types = {part["type"] for part in self._parts if "type" in part}
        type_ = " and ".join(sorted(types)) or ("object" if is_object else "array" if "items" in first else "")
        default = first.get("default")
        return keep(
            type=type_,
            others="forbidden" if False in self._others else "restricted" if "{}" in self.inner else "",
            nullable=self.has("nullable") or any(None in part.get("enum", ()) for part in self._parts),
            format=(type_, first.get("format", "")),
            enum=self._merge_enums(),
            default="" if default is None or is_unspecified(default) else to_json(default),
            text=join_texts(first.get("title"), first.get("description")),
            deprecated=self.has("deprecated"),
            **{key: next((part[key] for part in self._parts if part.get(key)), None) for key in OTHER_LIMITS},
            **{key: self._merge_limits(key, type_) for key in LIMITS if key in first},
        )

    def _merge_enums(self) -> frozenset[str] | None:
        """Return the allowed values, each as JSON, without unspecified ones, which are never sent."""
        lists: list[list[object]] = [part["enum"] for part in self._parts if "enum" in part]
        kept = [{to_json(one) for one in values if one is not None and not is_unspecified(one)} for values in lists]
        return frozenset(kept[0].intersection(*kept)) if kept else None

    def _merge_limits(self, key: str, type_: str) -> tuple[float, bool] | None:
        """Return the strictest value of a limit, with its sign, and whether the value itself is excluded."""
        found: list[tuple[float, bool]] = []
        for part in self._parts:
            limit: Any = part.get(key)
            # That a length is at least 0 says nothing.
            if type(limit) in (int, float) and (limit or key not in _COUNTS):
                is_exclusive = part.get(f"exclusive{key.capitalize()}") is True
                step = is_exclusive and type_ == "integer"
                found.append((LIMITS[key] * limit + step, is_exclusive and not step))
        return max(found, default=None)

    def describe(self) -> str:
        """Describe a value in a few words: `list of string`, `string (date-time)`."""
        one, prefix = (self.inner["[]"], "list of ") if "[]" in self.inner else (self, "")
        if "enum" in one.facets:
            return f"{prefix}enum"
        if "{}" in one.inner and not one.fields:
            return f"{prefix}map"
        type_, format_ = one.facets["format"]
        return f"{prefix}{type_ or 'any JSON'}{f' ({format_})' if format_ else ''}"


class Schemas:
    """The schemas of one document."""

    def __init__(self, document: Json) -> None:
        self._definitions: Json = document.get("components", {}).get("schemas", {})
        self._found: dict[tuple[int, ...], Schema] = {}

    def resolve(self, *schemas: Json) -> Schema:
        """Return what schemas mean that all apply, with each reference followed once."""
        seen: dict[int, Json] = {}
        waiting = [*schemas]
        while waiting:
            schema = waiting.pop(0)
            if id(schema) not in seen:
                seen[id(schema)] = schema
                inner = [self._definitions[schema["$ref"].removeprefix(REFERENCE)]] if "$ref" in schema else []
                waiting[:0] = [*inner, *schema.get("allOf", ())]
        parts = {key: schema for key, schema in seen.items() if not schema.keys() <= _PURE_REFERENCE}
        return self._found.setdefault(tuple(parts), Schema(tuple(parts.values()), self))


def keep(**facets: object) -> Facets:
    """Return the facets that say something."""
    return {name: value for name, value in facets.items() if value not in (None, "", False)}


def join_texts(*texts: str | None) -> str:
    """Join texts, each once, with normalized white space."""
    return " ".join(dict.fromkeys(filter(None, (" ".join((text or "").split()) for text in texts))))


def to_json(value: object) -> str:
    """Return a value as JSON that is equal for equal values."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return json.dumps(whole, ensure_ascii=False, sort_keys=True)
