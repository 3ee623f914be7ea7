"""Iterates over the operations and the schemas of an OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from codegen.spec.document import Json, inside
from codegen.spec.to_openapi.operations import METHODS


class Operation(NamedTuple):
    """One operation and its place."""

    at: str
    path: str
    method: str
    fields: Json


class Site(NamedTuple):
    """The place of one schema: `owner[key]`."""

    owner: Any
    key: str | int
    at: str

    @property
    def schema(self) -> Json:
        """The schema."""
        return cast("Json", self.owner[self.key])

    @schema.setter
    def schema(self, schema: Json) -> None:
        self.owner[self.key] = schema


def operations(document: Json) -> Iterator[Operation]:
    """Yield every operation of a document, in order."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield Operation(inside(inside("#/paths", path), method), path, method, item[method])


def sites(document: Json) -> Iterator[Site]:
    """Yield every schema of a document, outer ones first; if one is replaced meanwhile, the replacement is entered."""
    for site in _roots(document):
        yield from _within(site)


def _roots(document: Json) -> Iterator[Site]:
    schemas = document.get("components", {}).get("schemas", {})
    for name in list(schemas):
        yield Site(schemas, name, inside("#/components/schemas", name))
    for operation in operations(document):
        fields, at = operation.fields, operation.at
        for n, parameter in enumerate(fields.get("parameters", [])):
            yield Site(parameter, "schema", f"{at}/parameters/{n}/schema")
        yield from _media(fields.get("requestBody", {}), f"{at}/requestBody")
        for status, response in fields["responses"].items():
            yield from _media(response, inside(f"{at}/responses", status))
        for status, holder in fields.get("x-errors", {}).items():
            yield Site(holder, "schema", inside(f"{at}/responses", status) + "/schema")


def _media(holder: Json, at: str) -> Iterator[Site]:
    for name, media in holder.get("content", {}).items():
        if "schema" in media:
            yield Site(media, "schema", inside(inside(at, "content"), name) + "/schema")
    for name, header in holder.get("headers", {}).items():
        yield Site(header, "schema", inside(inside(at, "headers"), name) + "/schema")


def _within(site: Site) -> Iterator[Site]:
    yield site
    schema = site.schema
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _within(Site(schema, key, inside(site.at, key)))
    for name in list(schema.get("properties", {})):
        yield from _within(Site(schema["properties"], name, inside(inside(site.at, "properties"), name)))
    for n in range(len(schema.get("allOf", []))):
        yield from _within(Site(schema["allOf"], n, inside(inside(site.at, "allOf"), n)))


def is_class(schema: Json) -> bool:
    """Return whether a schema itself, not its reference, is an object that needs a class."""
    parts = schema.get("allOf", [])
    return bool(schema.get("properties")) or len(parts) > 1 or any(is_class(part) for part in parts)


def is_mapping(schema: Json) -> bool:
    """Return whether a schema is an object without declared fields: a `dict` from names to values."""
    return schema.get("type") == "object" and not schema.get("properties") and not schema.get("allOf")


def leave_out(document: Json, operation: Operation, reason: str) -> None:
    """Remove an operation, and note it with the reason."""
    del document["paths"][operation.path][operation.method]
    found = document.setdefault("x-left-out", [])
    found.append({"operation": f"{operation.method.upper()} {operation.path}", "reason": reason})


def read_left_out(document: Json) -> list[dict[str, str]]:
    """Return the operations that were left out, each with the reason."""
    return list(document.get("x-left-out", []))
