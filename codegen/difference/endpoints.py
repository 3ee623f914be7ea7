"""A document as a client sees it: its operations on the wire, its servers and its description. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

import attrs

from codegen.difference.normalized import Facets, Node, Schemas, join_texts, keep
from codegen.difference.severity import Side
from codegen.naming import places
from codegen.spec.document import Json, to_object
from codegen.spec.traverse import operations, read_left_out

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_DEFAULT_PORTS: Final = {"http:": ":80", "https:": ":443"}
_USUAL: Final = {"a successful response", "an unexpected error response", "default response", "error", "success"}
_USUAL_TEXTS: Final = frozenset({*_USUAL, *(status.phrase.lower() for status in HTTPStatus)})
"""Descriptions of responses that say nothing."""


@attrs.frozen(eq=False)
class Part:
    """A part of an operation: itself, its security, a parameter, a body, a response, a header.

    Its label is its name in the place of a change; its parent is the response that it belongs to.
    """

    kind: str
    side: Side
    label: str
    facets: Facets
    node: Node | None = None
    parent: str = ""


@attrs.frozen(eq=False)
class Endpoint:
    """An operation; its path begins with the server's base path, its parts are by what identifies them on the wire."""

    method: str
    path: str
    operation_id: str
    parts: Mapping[str, Part]

    @property
    def name(self) -> str:
        """The method and the path."""
        return f"{self.method} {self.path}"

    @property
    def blank_path(self) -> str:
        """The path without the names of its parameters."""
        return _PLACEHOLDER.sub("{}", self.path)


@attrs.frozen(eq=False)
class Service:
    """A document: its operations, and those left out with their reasons, are by place as in the table of names."""

    schemas: Schemas
    endpoints: Mapping[str, Endpoint]
    left_out: Mapping[str, tuple[str, str]]
    hosts: frozenset[str]
    information: Mapping[str, str]

    @staticmethod
    def of(document: Json) -> Service:
        """Return what a client sees of an OpenAPI document."""
        schemas = Schemas(document)
        endpoints = {
            places.operation(method, path): Endpoint(
                method.upper(),
                path,
                fields.get("operationId", ""),
                dict(_list_parts(document, schemas, path, fields)),
            )
            for _, path, method, fields in operations(document)
        }
        return Service(
            schemas=schemas,
            endpoints=endpoints,
            left_out={
                places.operation(*entry["operation"].split(" ", 1)): (entry["operation"], entry["reason"])
                for entry in read_left_out(document)
                if " /" in entry["operation"]
            },
            hosts=frozenset(_normalize_host(server["url"]) for server in document.get("servers", [])),
            information={key: join_texts(document["info"].get(key)) for key in ("title", "description", "version")},
        )


def _normalize_host(url: str) -> str:
    scheme, _, host = url.lower().partition("//")
    return f"{scheme}//{host.removesuffix(_DEFAULT_PORTS.get(scheme, ' '))}"


def _list_parts(document: Json, schemas: Schemas, path: str, fields: Json) -> Iterator[tuple[str, Part]]:
    text = join_texts(fields.get("summary"), fields.get("description"))
    yield "", Part("operation", "service", "", keep(text=text, deprecated=fields.get("deprecated")))
    schemes = document.get("components", {}).get("securitySchemes", {})
    security: list[Any] = fields.get("security", document.get("security")) or [{}]
    ways = [to_object(way) or {} for way in security]
    credentials = ((_describe(schemes, name, scopes) for name, scopes in way.items()) for way in ways)
    yield "security", Part("security", "service", "security", keep(security=frozenset(map(frozenset, credentials))))
    placeholders = _PLACEHOLDER.findall(path)
    for entry in fields.get("parameters", []):
        where, name = entry["in"], entry["name"]
        # Counted from the end, as a path that moves changes at its beginning.
        key = str(placeholders[::-1].index(name)) if where == "path" else name
        part = _build_value("parameter", "request", f"{where} {name}", entry, schemas)
        part.facets.update(keep(required_parameter=entry.get("required"), path_name=where == "path" and name))
        yield f"{where} {key.lower() if where == 'header' else key}", part
    if "requestBody" in fields:
        body = fields["requestBody"]
        part = _build_body("request", "request", "request", body, schemas)
        part.facets.update(keep(required_body=body.get("required"), text=join_texts(body.get("description"))))
        yield "request", part
    for status, response in fields["responses"].items():
        if not status.startswith("x-"):
            yield from _list_response_parts(f"response {status}", response, schemas)


def _list_response_parts(label: str, response: Json, schemas: Schemas) -> Iterator[tuple[str, Part]]:
    text = join_texts(response["description"])
    kind = "success" if label.startswith("response 2") else "error"
    yield label, Part(kind, "response", label, keep(text="" if text.lower().rstrip(".") in _USUAL_TEXTS else text))
    if "content" in response:
        yield f"{label} body", attrs.evolve(_build_body("body", "response", label, response, schemas), parent=label)
    for name, header in response.get("headers", {}).items():
        at = f"{label} header {name.lower()}"
        yield at, attrs.evolve(_build_value("header", "response", at, header, schemas), parent=label)


def _build_value(kind: str, side: Side, label: str, entry: Json, schemas: Schemas) -> Part:
    facets = keep(
        text=join_texts(entry.get("description")),
        deprecated=entry.get("deprecated"),
        style=f"{entry['style']}, {'' if entry['explode'] else 'not '}exploded" if "style" in entry else "",
    )
    return Part(kind, side, label, facets, schemas.node(entry["schema"]))


def _build_body(kind: str, side: Side, label: str, holder: Json, schemas: Schemas) -> Part:
    """Return a body; all its media types have one schema, as in Swagger 2.0."""
    content = holder["content"]
    media = frozenset(map(_normalize_media, content)) - {"*/*"}
    return Part(kind, side, label, keep(media=media or None), schemas.node(next(iter(content.values()))["schema"]))


def _normalize_media(media: str) -> str:
    """Return a media type in lower case, without the character set that JSON has anyway."""
    name, *parameters = re.sub(r'[\s"]', "", media.lower()).split(";")
    return "; ".join([name, *sorted(parameter for parameter in parameters if parameter != "charset=utf-8")])


def _describe(schemes: Json, name: str, scopes: object) -> str:
    """Describe a credential by what is on the wire, where the name of its scheme is not."""
    scheme = to_object(schemes.get(name)) or {}
    if scheme.get("type") == "apiKey":
        where, key = scheme.get("in"), str(scheme.get("name"))
        return f"API key in the {where} {key.lower() if where == 'header' else key}"
    needs = sorted(map(str, cast("list[object]", scopes))) if isinstance(scopes, list) else []
    return f"{scheme.get('type', name)} authentication{' for ' * bool(needs)}{', '.join(needs)}"
