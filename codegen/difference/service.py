"""What a document offers: its operations, as they are on the wire, its servers and what it says of itself. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from codegen.difference.shapes import mapping, resolved, sequence, told
from codegen.document import Json

__all__ = ["Endpoint", "Parameter", "endpoints", "information", "origins"]

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_SERVER: Final = re.compile(r"((?:[^/]*:)?(?://[^/]*)?)(.*?)/?", re.DOTALL)
_IGNORED: Final = frozenset({"description"})


@attrs.frozen
class Parameter:
    """A value in the path, the query, a header or a cookie.

    Attributes:
        place: Which of them.
        name: As it is sent; in the path, the place of its placeholder, as its name is not sent.
        fields: All that the document says of it.
    """

    place: str
    name: str
    fields: Json

    @property
    def schemas(self) -> list[object]:
        """What its value has to fit."""
        media = mapping(next(iter(mapping(self.fields.get("content")).values()), None))
        return [self.fields.get("schema", media.get("schema"))]


@attrs.frozen
class Endpoint:
    """One operation.

    Attributes:
        method: In capitals.
        path: With the base path of the server before it.
        fields: All that the document says of it.
        parameters: Each by its place and name.
        security: The ways in, each a set of credentials that are needed together; none needed where there is none.
    """

    method: str
    path: str
    fields: Json
    parameters: Mapping[tuple[str, str], Parameter]
    security: frozenset[frozenset[str]]

    @property
    def name(self) -> str:
        """How a reader calls it."""
        return f"{self.method} {self.path}"


def endpoints(document: Mapping[str, Any]) -> dict[tuple[str, str], Endpoint]:
    """Return every operation of a document by method and path; names of placeholders do not count."""
    found: dict[tuple[str, str], Endpoint] = {}
    bases = {_split(server)[1] for server in sequence(document.get("servers"))}
    base = bases.pop() if len(bases) == 1 else ""
    for template, value in mapping(document.get("paths")).items():
        item = resolved(document, value)
        path = f"{base}{template}"
        for method in _METHODS:
            if isinstance(item.get(method), dict):
                blank = (method, _PLACEHOLDER.sub("{}", path))
                found[(method, path) if blank in found else blank] = _endpoint(document, method, path, item)
    return found


def _split(server: object) -> tuple[str, str]:
    """Return the origin and the path of a server's address."""
    match = _SERVER.fullmatch(str(mapping(server).get("url", "")))
    return (match[1], match[2]) if match is not None else ("", "")


def _endpoint(document: Mapping[str, Any], method: str, path: str, item: Json) -> Endpoint:
    fields = mapping(item[method])
    placeholders = [match[0][1:-1] for match in _PLACEHOLDER.finditer(path)]
    parameters: dict[tuple[str, str], Parameter] = {}
    for given in (*sequence(item.get("parameters")), *sequence(fields.get("parameters"))):
        entry = resolved(document, given)
        place, name = str(entry.get("in", "")), str(entry.get("name", ""))
        if place == "path" and name in placeholders:
            name = str(placeholders.index(name))
        parameters[place, name.lower() if place == "header" else name] = Parameter(place, name, entry)
    return Endpoint(
        method=method.upper(),
        path=path,
        fields=fields,
        parameters=parameters,
        security=frozenset(_security(document, fields.get("security", document.get("security")))),
    )


def _security(document: Mapping[str, Any], given: object) -> Iterator[frozenset[str]]:
    schemes = mapping(mapping(document.get("components")).get("securitySchemes"))
    for way in sequence(given) or [{}]:
        yield frozenset(
            _credential(resolved(document, schemes.get(name)), name, scopes) for name, scopes in mapping(way).items()
        )


def _credential(scheme: Json, name: str, scopes: object) -> str:
    """Return what has to be presented; a scheme's name is not on the wire, and its description says no more."""
    kind = scheme.get("type")
    if kind == "apiKey":
        return f"API key in the {scheme.get('in')} {scheme.get('name')}"
    if kind == "http":
        return f"{scheme.get('scheme')} authentication"
    needed = f" for {', '.join(sorted(map(str, sequence(scopes))))}" if sequence(scopes) else ""
    rest = {key: value for key, value in scheme.items() if key not in _IGNORED and not key.startswith("x-")}
    return f"{kind or name}{needed} {json.dumps(rest, sort_keys=True) if rest else ''}".strip()


def origins(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the hosts that a document names, with their schemes; none where the file names no host."""
    servers = [_split(server) for server in sequence(document.get("servers"))]
    several = len({path for _, path in servers}) > 1
    return frozenset(filter(None, (f"{origin}{path}" if several else origin for origin, path in servers)))


def information(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what a document says of itself: title, description and version."""
    info = mapping(document.get("info"))
    return {key: told(info.get(key)) for key in ("title", "description", "version")}
