"""A document as a client sees it: its operations on the wire, and its servers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import attrs

from codegen.difference.changes import Side
from codegen.difference.normalized import Facets, Schema, Schemas, join_texts, keep
from codegen.naming import places
from codegen.spec.document import Json, to_object
from codegen.spec.traverse import PLACEHOLDER, Operation, operations, read_left_out

_USUAL: Final = {"a successful response", "an unexpected error response", "default response", "error", "success"}
_USUAL_TEXTS: Final = frozenset({*_USUAL, *(status.phrase.lower() for status in HTTPStatus)})
"""Descriptions of responses that say nothing."""


@attrs.frozen(eq=False)
class Part:
    """A part of an operation, whose label is its name in the place of a change."""

    kind: str
    side: Side
    label: str
    facets: Facets
    schema: Schema | None = None

    @property
    def noun(self) -> str:
        """What it is called."""
        return "response" if self.kind in {"success", "error"} else self.kind


@attrs.frozen(eq=False)
class Endpoint:
    """An operation; its path begins with the server's base path, its parts are by what identifies them on the wire."""

    name: str
    operation_id: str
    parts: Mapping[str, Part]


@attrs.frozen(eq=False)
class Service:
    """A document: its operations, and those left out with their reasons, are by place as in the table of names."""

    endpoints: Mapping[str, Endpoint]
    left_out: Mapping[str, tuple[str, str]]
    hosts: frozenset[str]

    @staticmethod
    def of(document: Json) -> Service:
        """Return what a client sees of an OpenAPI document."""
        schemas = Schemas(document)
        return Service(
            endpoints={
                places.operation(one.method, one.path): Endpoint(
                    name=f"{one.method.upper()} {one.path}",
                    operation_id=one.fields.get("operationId", ""),
                    parts=dict(_list_parts(document, schemas, one)),
                )
                for one in operations(document)
            },
            left_out={
                places.operation(*entry["operation"].split(" ", 1)): (entry["operation"], entry["reason"])
                for entry in read_left_out(document)
                if " /" in entry["operation"]
            },
            hosts=frozenset(server["url"].lower() for server in document.get("servers", [])),
        )

    def name(self, place: str) -> str:
        """Return the method and the path of an operation, left out or not."""
        return self.endpoints[place].name if place in self.endpoints else self.left_out[place][0]


def _list_parts(document: Json, schemas: Schemas, operation: Operation) -> Iterator[tuple[str, Part]]:
    fields = operation.fields
    text = join_texts(fields.get("summary"), fields.get("description"))
    yield "", Part("operation", "service", "", keep(text=text, deprecated=fields.get("deprecated")))
    schemes = document.get("components", {}).get("securitySchemes", {})
    security: list[Any] = fields.get("security", document.get("security")) or [{}]
    ways = frozenset(frozenset(_describe(schemes, name) for name in to_object(way) or {}) for way in security)
    yield "security", Part("security", "service", "security", keep(security=ways))
    # Counted from the end, as a path that moves changes at its beginning.
    placeholders = PLACEHOLDER.findall(operation.path)[::-1]
    for entry in fields.get("parameters", []):
        where, name = entry["in"], entry["name"]
        key = str(placeholders.index(name)) if where == "path" else name
        part = _build("parameter", "request", f"{where} {name}", entry, schemas)
        yield f"{where} {key.lower() if where == 'header' else key}", part
    if "requestBody" in fields:
        yield "request", _build("body", "request", "request", fields["requestBody"], schemas)
    for status, response in fields["responses"].items():
        if not status.startswith("x-"):
            yield from _list_response_parts(f"response {status}", response, schemas)


def _list_response_parts(label: str, response: Json, schemas: Schemas) -> Iterator[tuple[str, Part]]:
    text = join_texts(response["description"])
    kind = "success" if label.startswith("response 2") else "error"
    yield label, Part(kind, "response", label, keep(text="" if text.lower().rstrip(".") in _USUAL_TEXTS else text))
    if "content" in response:
        yield f"{label} body", _build("body", "response", label, {"content": response["content"]}, schemas)
    for name, header in response.get("headers", {}).items():
        at = f"{label} header {name.lower()}"
        yield at, _build("header", "response", at, header, schemas)


def _build(kind: str, side: Side, label: str, entry: Json, schemas: Schemas) -> Part:
    """Return a part of a value; all media types of a body have one schema, as in Swagger 2.0."""
    content = entry.get("content", {})
    facets = {
        "text": join_texts(entry.get("description")),
        "deprecated": entry.get("deprecated"),
        "style": f"{entry['style']}, {'' if entry['explode'] else 'not '}exploded" if "style" in entry else "",
        "media": (frozenset(map(_normalize_media, content)) - {"*/*"}) or None,
        "path_name": entry.get("in") == "path" and entry["name"],
        "required": entry.get("required"),
    }
    return Part(kind, side, label, keep(**facets), schemas.resolve(next(iter(content.values()), entry)["schema"]))


def _normalize_media(media: str) -> str:
    """Return a media type in lower case, without the character set that JSON has anyway."""
    name, *parameters = re.sub(r'[\s"]', "", media.lower()).split(";")
    return "; ".join([name, *sorted(parameter for parameter in parameters if parameter != "charset=utf-8")])


def _describe(schemes: Json, name: str) -> str:
    """Describe a credential by what is on the wire, where the name of its scheme is not.

    What a login is good for is not compared, as the documented key is always enough.
    """
    scheme = to_object(schemes.get(name)) or {}
    if scheme.get("type") != "apiKey":
        return f"{scheme.get('type', name)} authentication"
    where, key = scheme.get("in"), str(scheme.get("name"))
    return f"API key in the {where} {key.lower() if where == 'header' else key}"
