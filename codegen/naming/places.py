"""Names places without the vendor's names, which are not sent, and compares what is there. Pure.

An operation's place is `POST /v1/businesses/{}/send/messages`. Within it, `request` is the body, `query limit` an
argument; within a class, `attachments[]` is an element of the list in a field.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable, Mapping

from codegen.spec.document import Json
from codegen.spec.traverse import PLACEHOLDER, reference, sites

_PARTS = re.compile(r"\{[^{}]*\}|[^/{}]+")
_VERSION = re.compile(r"v[0-9]+\w*")
_ELEMENTS = re.compile(r"(?:\[\]|\{\})+$")
_MARKED = re.compile(r'["{}\[\]]')


def operation(method: str, path: str) -> str:
    """Return the place of an operation."""
    return f"{method.upper()} {PLACEHOLDER.sub('{}', path)}"


def path_arguments(path: str) -> dict[str, str]:
    """Return the vendor's names of the arguments in a path, by place: `path /businesses` is after that word."""
    word, numbers, found = "", Counter[str](), dict[str, str]()
    for part in _PARTS.findall(path):
        if part.startswith("{"):
            numbers[word] += 1
            found[f"path /{word}/{numbers[word]}".removesuffix("/1")] = part[1:-1]
        else:
            word = "" if _VERSION.fullmatch(part) else part
    return found


def field(name: str) -> str:
    """Return the place of a field within its class: its name, which must not look like the place of an element."""
    return json.dumps(name) if _MARKED.search(name) else name


def find_definition(place: str) -> str:
    """Return the definition of a place among the definitions, which may be an element of what it defines."""
    return _ELEMENTS.sub("", place)


def target(schema: Json, definitions: Mapping[str, Json]) -> tuple[Json, str | None]:
    """Follow references to their end, and return the schema there and the name of its definition, if it has one."""
    name: str | None = None
    while (found := reference(schema)) is not None:
        name, schema = found, definitions[found]
    return schema, name


def find_meanings(document: Json) -> Mapping[int, Hashable]:
    """Return a value for the `id` of each schema: schemas with the same value mean the same on the wire.

    Descriptions and names of definitions mean nothing there.
    """
    definitions = document["components"]["schemas"]
    schemas = {id(schema): schema for schema in (target(site.schema, definitions)[0] for site in sites(document))}
    parts = {
        key: [id(target(part, definitions)[0]) for _, part in sorted(_name_parts(schema).items())]
        for key, schema in schemas.items()
    }
    found: dict[int, Hashable] = {key: _look(schema) for key, schema in schemas.items()}
    numbers: dict[Hashable, int] = {}
    count = -1
    # Two schemas are told apart by their parts, as long as this tells any others apart.
    while count < len(numbers):
        count = len(numbers)
        numbers = {}
        looks = {key: (found[key], *(found[part] for part in inner)) for key, inner in parts.items()}
        found = {key: numbers.setdefault(look, len(numbers)) for key, look in looks.items()}
    return found


def _name_parts(schema: Json) -> dict[str, Json]:
    parts = {key: schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)}
    return parts | {f".{name}": part for name, part in schema.get("properties", {}).items()}


def _look(schema: Json) -> Hashable:
    """Return what a schema says apart from what its parts say."""
    unordered = [frozenset(map(json.dumps, schema.get(key, []))) for key in ("enum", "required")]
    closed = schema.get("additionalProperties") is False
    return (schema.get("type"), schema.get("format"), closed, frozenset(_name_parts(schema)), *unordered)
