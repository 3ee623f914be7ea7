"""Names places without the vendor's names, which are not sent, and compares what is there. Pure.

An operation's place is `POST /v1/businesses/{}/send/messages`. Within it, `request` is the body, `query limit` an
argument; within a class, `attachments[]` is an element of the list in a field.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from codegen.spec.document import Json

REFERENCE = "#/components/schemas/"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_PARTS = re.compile(r"\{[^{}]*\}|[^/{}]+")
_VERSION = re.compile(r"v[0-9]+\w*")
_MARKED = re.compile(r'["{}\[\]]')
_OWN = frozenset({"additionalProperties", "enum", "items", "properties"})


def operation(method: str, path: str) -> str:
    """Return the place of an operation."""
    return f"{method.upper()} {PLACEHOLDER.sub('{}', path)}"


def path_arguments(path: str) -> list[str]:
    """Return the places of the arguments in a path, in order: `path /businesses` is the one after that word."""
    word, numbers, found = "", Counter[str](), list[str]()
    for part in _PARTS.findall(path):
        if part.startswith("{"):
            numbers[word] += 1
            found.append(f"path /{word}/{numbers[word]}".removesuffix("/1"))
        else:
            word = "" if _VERSION.fullmatch(part) else part
    return found


def field(name: str) -> str:
    """Return the place of a field within its class: its name, which must not look like the place of an element."""
    return json.dumps(name) if _MARKED.search(name) else name


def target(schema: Json, definitions: Mapping[str, Any]) -> tuple[Json, str | None]:
    """Follow references to their end, and return the schema there and the name of its definition, if it has one."""
    name: str | None = None
    while (found := _reference(schema)) is not None:
        name = found.removeprefix(REFERENCE)
        schema = definitions[name]
    return schema, name


def _reference(schema: Json) -> str | None:
    parts = schema.get("allOf", [])
    if len(parts) == 1 and "$ref" in parts[0] and not _OWN.intersection(schema):
        schema = parts[0]
    return schema.get("$ref")


def same(one: Json, other: Json, definitions: Mapping[str, Any]) -> bool:
    """Return whether two schemas mean the same on the wire, ignoring descriptions and names."""
    waiting, seen = [(one, other)], set[tuple[int, int]]()
    while waiting:
        first, second = (target(schema, definitions)[0] for schema in waiting.pop())
        # A pair that was seen is the same, unless something else in it is not.
        if first is not second and (id(first), id(second)) not in seen:
            seen.add((id(first), id(second)))
            inner, others = _parts(first), _parts(second)
            if _look(first) != _look(second) or inner.keys() != others.keys():
                return False
            waiting += [(part, others[key]) for key, part in inner.items()]
    return True


def _parts(schema: Json) -> dict[tuple[str, ...], Json]:
    inner = {(key,): schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)}
    return inner | {("properties", name): part for name, part in schema.get("properties", {}).items()}


def _look(schema: Json) -> list[object]:
    """Return what a schema says apart from its parts."""
    closed = schema.get("additionalProperties") is False
    unordered = [set(map(json.dumps, schema.get(key, []))) for key in ("enum", "required")]
    return [schema.get("type"), schema.get("format"), closed, unordered]
