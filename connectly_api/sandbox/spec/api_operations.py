"""What a Swagger 2.0 file says about a service: its operations, and what each takes and answers. Pure.

Source: https://swagger.io/specification/v2/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

import attrs
from jsonschema import Draft4Validator

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_mapping
from connectly_api.sandbox.spec.json_schemas import (
    Schema,
    SchemaConverter,
    build_swagger_error,
    get_accepted_names,
    resolve_references,
)
from connectly_api.sandbox.spec.validation import build_validator

KEY_HEADER: Final = "X-API-Key"
"""Source: the service's documentation, https://docs.connectly.ai"""

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")

_PLACES = {"path", "query", "header"}


@attrs.frozen
class Parameter:
    """A value in the path, the query or a header; `separator` is set where one text holds a list."""

    name: str
    place: str
    required: bool
    schema: Schema
    validator: Draft4Validator = attrs.field(repr=False, eq=False)
    separator: str | None = None


@attrs.frozen
class Requirement:
    """Where the key must stand: in a header or in the query; after a scheme's name where `scheme` is set."""

    place: str
    name: str
    scheme: bool = False


@attrs.frozen
class Operation:
    """One method of one path.

    Attributes:
        id: `operationId`, or method and path where the file gives none.
        method: In capitals.
        template: The path as the file has it, base path included.
        path_names: The names of the parameters within the path, in its order.
        parameters: All but the body.
        body: What a body must be like, or None where there is none; with its validator.
        body_required: Whether a request without a body is refused.
        status: The status of a success.
        answer: What a success's body is like, or None where it has none.
        security: Alternatives, each of them requirements that hold together; empty where no key is needed.
    """

    id: str
    method: str
    template: str
    pattern: re.Pattern[str]
    path_names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: Schema | None
    body_validator: Draft4Validator | None = attrs.field(repr=False, eq=False)
    body_required: bool
    status: int
    response_schema: Schema | None
    security: tuple[tuple[Requirement, ...], ...]

    @cached_property
    def shape(self) -> tuple[str, str]:
        """Method and path with nameless parameters: what a known operation is recognised by."""
        return self.method, re.sub(r"\{[^{}]*\}", "{}", self.template)


@attrs.frozen
class RouteMatch:
    """An operation that a request's path leads to, and the path's decoded parameters."""

    operation: Operation
    parameters: Mapping[str, str]


@attrs.frozen
class Service:
    """The operations of one file, the most literal paths first."""

    operations: tuple[Operation, ...]

    def find(self, path: str) -> dict[str, RouteMatch]:
        """Return the operations that a percent-encoded path leads to, by method; none for an unknown path."""
        found: dict[str, RouteMatch] = {}
        spelt = normalize_path(path)
        for operation in self.operations:
            if operation.method not in found and (match := operation.pattern.fullmatch(spelt)):
                values = zip(operation.path_names, map(unquote, match.groups()), strict=True)
                found[operation.method] = RouteMatch(operation=operation, parameters=dict(values))
        return found


def load_service(swagger: str | Path | bytes | Mapping[str, Any] | None) -> Service:
    """Read a service from a file's path, a file's bytes, a decoded file, or, for None, the file in the package.

    Raises:
        InvalidInputError: It cannot be read, is not JSON, or is not a Swagger 2.0 file that can be served.
    """
    if is_mapping(swagger):
        return parse_service(swagger)
    try:
        document: object = json.loads(_content(swagger))
    except OSError as error:
        raise build_swagger_error(f"cannot be read: {error.strerror}") from error
    except InvalidInputError:
        raise
    except ValueError as error:
        raise build_swagger_error(f"is not JSON: {error}") from None
    if not is_mapping(document):
        raise build_swagger_error("is not a JSON object")
    return parse_service(document)


def _content(swagger: object) -> bytes:
    match swagger:
        case None:
            return (resources.files("connectly_api") / "lowlevel" / "service.swagger.json").read_bytes()
        case bytes():
            return swagger
        case str() | Path():
            return Path(swagger).read_bytes()
        case _:
            raise build_swagger_error(f"must be a path, bytes or a mapping, not {type(swagger).__name__}")


def parse_service(document: Mapping[str, Any]) -> Service:
    """Read a service from a decoded file.

    Raises:
        InvalidInputError: It is not Swagger 2.0, or holds what cannot be served; the text says where.
    """
    if document.get("swagger") != "2.0":
        raise build_swagger_error('is not a Swagger 2.0 file: its "swagger" must be "2.0"')
    try:
        return _read(document)
    except InvalidInputError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise build_swagger_error(f"does not have the shape of a Swagger 2.0 file: {error}") from error
    except RecursionError:
        raise build_swagger_error("holds a schema that is made of itself") from None


@attrs.frozen
class _Source:
    """One file, and its schemas in both spellings: protobuf's for what is read, the file's own for what is written."""

    document: Mapping[str, Any]
    incoming: SchemaConverter
    outgoing: SchemaConverter


def _read(document: Mapping[str, Any]) -> Service:
    source = _Source(document, SchemaConverter(document), SchemaConverter(document, spell=str))
    for name in document.get("definitions", {}):
        pointer = quote(name.replace("~", "~0").replace("/", "~1"))
        get_accepted_names(source.incoming.convert({"$ref": f"#/definitions/{pointer}"}))
    operations = [
        _operation(source, path, item, method)
        for path, entry in document.get("paths", {}).items()
        for item in (resolve_references(document, entry),)
        for method in _METHODS
        if method in item
    ]
    return Service(operations=tuple(sorted(operations, key=lambda operation: sort_key(operation.template))))


def _operation(source: _Source, path: str, item: Mapping[str, Any], method: str) -> Operation:
    document = source.document
    entry = resolve_references(document, item[method])
    template = document.get("basePath", "").rstrip("/") + path
    where = f"{method.upper()} {template}"
    given = _parameters(document, [*item.get("parameters", ()), *entry.get("parameters", ())])
    parameters = tuple(_parameter(source.incoming, one, where) for one in given if one.get("in") != "body")
    body = next((one for one in given if one.get("in") == "body"), None)
    body_schema = None if body is None else source.incoming.convert(body.get("schema", {}))
    names, pattern = compile_template(template, {one.name: str(one.schema.get("pattern", "")) for one in parameters})
    status, answer = _success(document, source.outgoing, entry.get("responses", {}))
    return Operation(
        id=str(entry.get("operationId") or where),
        method=method.upper(),
        template=template,
        pattern=pattern,
        path_names=names,
        parameters=parameters,
        body=body_schema,
        body_validator=None if body_schema is None else build_validator(body_schema),
        body_required=body is not None and bool(body.get("required")),
        status=status,
        response_schema=answer,
        security=_security(document, entry),
    )


def _parameters(document: Mapping[str, Any], entries: Iterable[object]) -> list[Mapping[str, Any]]:
    """Resolve, and let an operation's own parameter replace its path's."""
    found = {
        (one.get("name"), one.get("in")): one for one in (resolve_references(document, entry) for entry in entries)
    }
    return list(found.values())


def _parameter(reader: SchemaConverter, entry: Mapping[str, Any], where: str) -> Parameter:
    place = entry.get("in")
    if place not in _PLACES:
        raise build_swagger_error(f"{where}: a parameter in {place!r} cannot be served")
    separators = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}
    one_text = entry.get("type") == "array" and entry.get("collectionFormat", "csv") != "multi"
    schema = reader.convert({key: value for key, value in entry.items() if key != "required"})
    return Parameter(
        name=str(entry.get("name")),
        place=place,
        required=bool(entry.get("required")),
        schema=schema,
        validator=build_validator(schema),
        separator=separators.get(entry.get("collectionFormat", "csv"), ",") if one_text else None,
    )


def _success(document: Mapping[str, Any], reader: SchemaConverter, responses: Mapping[str, Any]) -> tuple[int, Any]:
    statuses = sorted(int(status) for status in responses if re.fullmatch("2[0-9][0-9]", status))
    key = str(statuses[0]) if statuses else "default"
    schema = resolve_references(document, responses.get(key, {})).get("schema")
    return (statuses or [200])[0], None if schema is None else reader.convert(schema)


def _security(document: Mapping[str, Any], entry: Mapping[str, Any]) -> tuple[tuple[Requirement, ...], ...]:
    schemes = document.get("securityDefinitions", {})
    alternatives = entry.get("security", document.get("security"))
    if alternatives is None:
        # A file that is silent about keys does not make the service do without.
        keys = [_requirement(scheme) for scheme in schemes.values() if scheme.get("type") == "apiKey"]
        return (((keys or [Requirement(place="header", name=KEY_HEADER)])[0],),)
    unknown = {name for alternative in alternatives for name in alternative} - set(schemes)
    if unknown:
        raise build_swagger_error(f"security names what securityDefinitions lacks: {', '.join(sorted(unknown))}")
    if not all(alternatives):
        return ()
    return tuple(tuple(_requirement(schemes[name]) for name in alternative) for alternative in alternatives)


def _requirement(scheme: Mapping[str, Any]) -> Requirement:
    if scheme.get("type") == "apiKey":
        return Requirement(place=str(scheme.get("in")), name=str(scheme.get("name")))
    return Requirement(place="header", name="Authorization", scheme=True)


@lru_cache(maxsize=1024)
def normalize_path(path: str) -> str:
    """Return a path in the one spelling in which nothing is percent-encoded without need."""
    return "/".join(quote(unquote(segment), safe="-._~!$&'()*+,;=:@") for segment in path.split("/"))


def compile_template(template: str, patterns: Mapping[str, str]) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Return a template's parameters, in order, and what its plain paths match.

    Args:
        template: `/v1/businesses/{businessId}/webhooks`.
        patterns: What the values of parameters must match, by name.
    """
    names: list[str] = []
    pieces: list[str] = []
    for piece in re.split(r"(\{[^{}]*\})", template):
        if not piece.startswith("{"):
            pieces.append(re.escape(normalize_path(piece)))
            continue
        name, _, segments = piece[1:-1].partition("=")
        names.append(name)
        # A resource's name of several segments: protoc writes it as a pattern of the parameter.
        several = "/" in segments or "**" in segments or "/" in patterns.get(name, "")
        pieces.append("(.+)" if several else "([^/]+)")
    return tuple(names), re.compile("".join(pieces))


def sort_key(template: str) -> tuple[int, ...]:
    """Return what sorts templates so that a literal segment goes before a parameter."""
    return tuple(segment.count("{") for segment in template.split("/"))
