"""A document as a client sees it: its operations on the wire, its servers and its description. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Final, Literal

import attrs

from codegen.difference.normalized import Facets, Node, Schemas, join_texts, select, to_json
from codegen.difference.severity import Side
from codegen.naming import places
from codegen.spec.document import Json
from codegen.spec.traverse import operations

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_URL: Final = re.compile(r"((?:[a-z]+:)?)((?://[^/]*)?)(.*)", re.IGNORECASE | re.DOTALL)
_DEFAULT_PORTS: Final = {"http:": ":80", "https:": ":443"}
_USUAL: Final = {"a successful response", "an unexpected error response", "default response", "error", "success"}
_USUAL_TEXTS: Final = frozenset({*_USUAL, *(status.phrase.lower() for status in HTTPStatus)})
"""Descriptions of responses that say nothing."""

PartKind = Literal["operation", "security", "parameter", "request", "success", "error", "body", "header"]


@attrs.frozen(eq=False)
class Part:
    """A part of an operation; `request` is the body of a request, `body` that of a response, which is its parent."""

    kind: PartKind
    label: str
    facets: Facets
    node: Node | None = None
    parent: str = ""

    @property
    def side(self) -> Side:
        """Whether a client sends it, reads it, or neither."""
        if self.kind in {"operation", "security"}:
            return "service"
        return "request" if self.kind in {"parameter", "request"} else "response"


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
    """A document: its operations and the reasons for those left out are by place, as in the table of names."""

    schemas: Schemas
    endpoints: Mapping[str, Endpoint]
    left_out: Mapping[str, str]
    hosts: frozenset[str]
    information: Mapping[str, str]

    @staticmethod
    def of(document: Json) -> Service:
        """Return what a client sees of an OpenAPI document."""
        schemas = Schemas(document)
        urls = [_split_url(server["url"]) for server in document.get("servers", [])]
        base = urls[0][1] if urls else ""
        endpoints: dict[str, Endpoint] = {}
        for _, path, method, fields in operations(document):
            parts = dict(_list_parts(document, schemas, f"{base}{path}", fields))
            endpoint = Endpoint(method.upper(), f"{base}{path}", fields.get("operationId", ""), parts)
            place = places.operation(method, endpoint.path)
            # Two paths may differ only in the names of path parameters.
            endpoints[endpoint.name if place in endpoints else place] = endpoint
        omissions = [(entry["operation"].split(" ", 1), entry["reason"]) for entry in document.get("x-left-out", [])]
        return Service(
            schemas=schemas,
            endpoints=endpoints,
            left_out={places.operation(method, f"{base}{path}"): reason for (method, path), reason in omissions},
            hosts=frozenset(host for host, _ in urls if host),
            information={key: join_texts(document["info"].get(key)) for key in ("title", "description", "version")},
        )


def _split_url(url: str) -> tuple[str, str]:
    """Return the host of a URL with its scheme, without a default port, and the path."""
    scheme, host, path = _URL.findall(url)[0]
    return f"{scheme}{host}".lower().removesuffix(_DEFAULT_PORTS.get(scheme.lower(), " ")), path.rstrip("/")


def _list_parts(document: Json, schemas: Schemas, path: str, fields: Json) -> Iterator[tuple[str, Part]]:
    text = join_texts(fields.get("summary"), fields.get("description"))
    yield "", Part("operation", "", select(text=text, deprecated=fields.get("deprecated")))
    schemes = document.get("components", {}).get("securitySchemes", {})
    ways: Iterable[Json] = fields.get("security", document.get("security")) or [{}]
    credentials = ((_describe(schemes.get(name, {}), name, scopes) for name, scopes in way.items()) for way in ways)
    yield "security", Part("security", "security", select(security=frozenset(map(frozenset, credentials))))
    placeholders = _PLACEHOLDER.findall(path)
    for entry in fields.get("parameters", []):
        where, name = entry["in"], entry["name"]
        key = str(placeholders.index(name)) if where == "path" and name in placeholders else name
        part = _build_value("parameter", f"{where} {name}", entry, schemas)
        part.facets.update(select(required_parameter=entry.get("required"), path_name=where == "path" and name))
        yield f"{where} {key.lower() if where == 'header' else key}", part
    if "requestBody" in fields:
        body = fields["requestBody"]
        part = _build_body("request", "request", body, schemas)
        part.facets.update(select(required_body=body.get("required"), text=join_texts(body.get("description"))))
        yield "request", part
    for status, response in fields["responses"].items():
        if not status.startswith("x-"):
            yield from _list_response_parts(f"response {status}", response, schemas)


def _list_response_parts(label: str, response: Json, schemas: Schemas) -> Iterator[tuple[str, Part]]:
    content = response.get("content", {})
    examples = {media: entry["example"] for media, entry in content.items() if "example" in entry}
    text = join_texts(response["description"])
    text = "" if text.lower().rstrip(".") in _USUAL_TEXTS else text
    kind: PartKind = "success" if label.startswith("response 2") else "error"
    yield label, Part(kind, label, select(text=text, example=to_json(examples) if examples else ""))
    if any("schema" in media for media in content.values()):
        yield f"{label} body", attrs.evolve(_build_body("body", label, response, schemas), parent=label)
    for name, header in response.get("headers", {}).items():
        at = f"{label} header {name.lower()}"
        yield at, attrs.evolve(_build_value("header", at, header, schemas), parent=label)


def _build_value(kind: PartKind, label: str, entry: Json, schemas: Schemas) -> Part:
    facets = select(
        text=join_texts(entry.get("description")),
        deprecated=entry.get("deprecated"),
        empty=entry.get("allowEmptyValue"),
        style=f"{entry['style']}, {'' if entry['explode'] else 'not '}exploded" if "style" in entry else "",
    )
    return Part(kind, label, facets, schemas.node(entry["schema"]))


def _build_body(kind: PartKind, label: str, holder: Json, schemas: Schemas) -> Part:
    """Return a body; all its media types have one schema, as in Swagger 2.0."""
    content = {media: entry["schema"] for media, entry in holder["content"].items() if "schema" in entry}
    media = frozenset(map(_normalize_media, content)) - {"*/*"}
    return Part(kind, label, select(media=media or None), schemas.node(next(iter(content.values()))))


def _normalize_media(media: str) -> str:
    """Return a media type in lower case, without the character set that JSON has anyway."""
    name, *parameters = re.sub(r'[\s"]', "", media.lower()).split(";")
    return "; ".join([name, *sorted(parameter for parameter in parameters if parameter != "charset=utf-8")])


def _describe(scheme: Json, name: str, scopes: Iterable[str]) -> str:
    """Describe a credential by what is on the wire, where the name of its scheme is not."""
    match scheme:
        case {"type": "apiKey", "in": where, "name": key}:
            return f"API key in the {where} {key.lower() if where == 'header' else key}"
        case {"type": "http", "scheme": kind}:
            return f"{kind} authentication"
        case {"flows": flows}:
            (flow, urls), *_ = flows.items()
            addresses = ["".join(_split_url(url)) for key, url in sorted(urls.items()) if key != "scopes"]
            return f"oauth2 {', '.join(sorted(scopes))} ({', '.join([flow, *addresses])})"
        case _:
            return name
