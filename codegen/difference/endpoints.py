"""A document as a client sees it: its operations on the wire, its servers and its description. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from codegen.difference.normalized import as_mapping, as_sequence, join_texts, resolve
from codegen.spec.document import Json

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_SERVER: Final = re.compile(r"((?:[^/]*:)?(?://[^/]*)?)(.*?)/?", re.DOTALL)
_IGNORED: Final = frozenset({"description"})


@attrs.frozen
class Parameter:
    """A value in the path, the query, a header or a cookie.

    Attributes:
        place: Which of these.
        name: The name on the wire; in the path, the position of the placeholder.
        fields: The document's object.
    """

    place: str
    name: str
    fields: Json

    @property
    def schemas(self) -> list[object]:
        """The schemas that its value must match."""
        media = as_mapping(next(iter(as_mapping(self.fields.get("content")).values()), None))
        return [self.fields.get("schema", media.get("schema"))]


@attrs.frozen
class Endpoint:
    """One operation.

    Attributes:
        method: In capitals.
        path: With the server's base path.
        fields: The document's object.
        parameters: By place and name.
        security: The alternatives, each a set of credentials; empty if none are needed.
    """

    method: str
    path: str
    fields: Json
    parameters: Mapping[tuple[str, str], Parameter]
    security: frozenset[frozenset[str]]

    @property
    def name(self) -> str:
        """The method and the path."""
        return f"{self.method} {self.path}"


def endpoints(document: Mapping[str, Any]) -> dict[tuple[str, str], Endpoint]:
    """Return every operation of a document by method and path, without the names of placeholders."""
    found: dict[tuple[str, str], Endpoint] = {}
    bases = {_split(server)[1] for server in as_sequence(document.get("servers"))}
    base = bases.pop() if len(bases) == 1 else ""
    for template, value in as_mapping(document.get("paths")).items():
        item = resolve(document, value)
        path = f"{base}{template}"
        for method in _METHODS:
            if isinstance(item.get(method), dict):
                blank = (method, _PLACEHOLDER.sub("{}", path))
                found[(method, path) if blank in found else blank] = _endpoint(document, method, path, item)
    return found


def _split(server: object) -> tuple[str, str]:
    match = _SERVER.fullmatch(str(as_mapping(server).get("url", "")))
    return (match[1], match[2]) if match is not None else ("", "")


def _endpoint(document: Mapping[str, Any], method: str, path: str, item: Json) -> Endpoint:
    fields = as_mapping(item[method])
    placeholders = [match[0][1:-1] for match in _PLACEHOLDER.finditer(path)]
    parameters: dict[tuple[str, str], Parameter] = {}
    for given in (*as_sequence(item.get("parameters")), *as_sequence(fields.get("parameters"))):
        entry = resolve(document, given)
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
    schemes = as_mapping(as_mapping(document.get("components")).get("securitySchemes"))
    for way in as_sequence(given) or [{}]:
        yield frozenset(
            _credential(resolve(document, schemes.get(name)), name, scopes) for name, scopes in as_mapping(way).items()
        )


def _credential(scheme: Json, name: str, scopes: object) -> str:
    """Describe a credential; a scheme's name is not on the wire."""
    kind = scheme.get("type")
    if kind == "apiKey":
        return f"API key in the {scheme.get('in')} {scheme.get('name')}"
    if kind == "http":
        return f"{scheme.get('scheme')} authentication"
    needed = f" for {', '.join(sorted(map(str, as_sequence(scopes))))}" if as_sequence(scopes) else ""
    rest = {key: value for key, value in scheme.items() if key not in _IGNORED and not key.startswith("x-")}
    return f"{kind or name}{needed} {json.dumps(rest, sort_keys=True) if rest else ''}".strip()


def origins(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the hosts of a document with their schemes; empty if it has no host."""
    servers = [_split(server) for server in as_sequence(document.get("servers"))]
    several = len({path for _, path in servers}) > 1
    return frozenset(filter(None, (f"{origin}{path}" if several else origin for origin, path in servers)))


def information(document: Mapping[str, Any]) -> dict[str, str]:
    """Return a document's title, description and version."""
    info = as_mapping(document.get("info"))
    return {key: join_texts(info.get(key)) for key in ("title", "description", "version")}
