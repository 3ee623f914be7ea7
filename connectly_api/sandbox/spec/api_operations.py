"""Reads the operations of a Swagger 2.0 file, and finds the ones of a path.

An operation that a low-level function calls has that function's name, by which the sandbox knows it; paths may move.

Source: https://swagger.io/specification/v2/ (paths: #path-templating) and, for parameters of several segments,
https://github.com/googleapis/googleapis/blob/master/google/api/http.proto
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib import resources
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

import attrs
from jsonschema import Draft4Validator

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import get_object, is_mapping
from connectly_api.lowlevel._source import OPERATIONS
from connectly_api.sandbox.spec.json_schemas import (
    Schema,
    SchemaConverter,
    build_swagger_error,
    get_accepted_names,
    resolve_references,
    to_camel_case,
)
from connectly_api.sandbox.spec.validation import build_validator

KEY_HEADER: Final = "X-API-Key"
"""Source: the service's documentation, https://docs.connectly.ai"""

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")

_PLACES = {"path", "query", "header"}

_SEPARATORS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}


@attrs.frozen
class Parameter:
    """A value in the path, the query or a header; `separator` is set if one text is a list."""

    name: str
    place: str
    required: bool
    schema: Schema
    validator: Draft4Validator = attrs.field(repr=False, eq=False)
    separator: str | None = None


@attrs.frozen
class Requirement:
    """Where the key must be: in a header or the query; after the name of a scheme if `scheme` is set."""

    place: str
    name: str
    scheme: bool = False


@attrs.frozen
class Operation:
    """One method of one path.

    Attributes:
        id: `operationId`, or method and path if the file has none.
        template: The path in the file, with the base path.
        path_names: The names of the path's parameters, in its order.
        parameters: All parameters but the body.
        status: The status of a successful response, whose schema is `response_schema`.
        security: Alternatives, each with requirements that must all be met; empty if no key is needed.
        function: The low-level function that calls it, such as `send_message`; None if there is none.
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
    function: str | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its names: the id, with and without its service, and the function."""
        return (self.id, self.id.rpartition("_")[2], self.function or self.id)


@attrs.frozen
class RouteMatch:
    """An operation, and the decoded parameters of the requested path."""

    operation: Operation
    parameters: Mapping[str, str]

    @property
    def business(self) -> str | None:
        """The parameter `businessId`, or else the first one of an operation that a low-level function calls."""
        named = {to_camel_case(name): value for name, value in self.parameters.items()}
        first = None if self.operation.function is None else next(iter(named.values()), None)
        return named.get("businessId", first)


@attrs.frozen
class Service:
    """The operations of one file, the most literal paths first."""

    operations: tuple[Operation, ...]

    @cached_property
    def rule_names(self) -> Mapping[str, tuple[str, ...]]:
        """The names of operations and of topics for fault rules, the likeliest first; no topics if any is accepted."""
        functions = filter(None, (operation.function for operation in self.operations))
        names = chain(functions, chain.from_iterable(operation.names for operation in self.operations))
        bodies = (operation.body or {} for operation in self.operations if operation.function == "create_webhook")
        topics = (
            topic for body in bodies for topic in get_object(get_object(body, "properties"), "topic").get("enum", ())
        )
        return {"operation": tuple(dict.fromkeys(names)), "topic": tuple(map(str, topics))}

    def find(self, path: str) -> dict[str, RouteMatch]:
        """Return the operations of a percent-encoded path, by method."""
        found: dict[str, RouteMatch] = {}
        normalized = _normalize(path)
        for operation in self.operations:
            if operation.method not in found and (match := operation.pattern.fullmatch(normalized)):
                values = zip(operation.path_names, map(unquote, match.groups()), strict=True)
                found[operation.method] = RouteMatch(operation=operation, parameters=dict(values))
        return found


def load_service(swagger: str | Path | bytes | Mapping[str, Any] | None) -> Service:
    """Load a service from the path, the bytes or the decoded content of a Swagger file; None means the package's own.

    Raises:
        InvalidInputError: The file cannot be read, is not JSON, or is not Swagger 2.0 that can be served.
    """
    try:
        document: object = swagger if is_mapping(swagger) else json.loads(_read_content(swagger))
    except OSError as error:
        raise build_swagger_error(f"cannot be read: {error.strerror}") from error
    except InvalidInputError:
        raise
    except ValueError as error:
        raise build_swagger_error(f"is not JSON: {error}") from None
    if not is_mapping(document):
        raise build_swagger_error("is not a JSON object")
    if document.get("swagger") != "2.0":
        raise build_swagger_error('is not a Swagger 2.0 file: its "swagger" must be "2.0"')
    try:
        return _Parser(document).parse()
    except InvalidInputError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise build_swagger_error(f"does not have the shape of a Swagger 2.0 file: {error}") from error
    except RecursionError:
        raise build_swagger_error("holds a schema that is made of itself") from None


def _read_content(swagger: object) -> bytes:
    match swagger:
        case None:
            return (resources.files("connectly_api") / "lowlevel" / "service.swagger.json").read_bytes()
        case bytes():
            return swagger
        case str() | Path():
            return Path(swagger).read_bytes()
        case _:
            raise build_swagger_error(f"must be a path, bytes or a mapping, not {type(swagger).__name__}")


class _Parser:
    """Parses one file. Requests use protobuf's field names, responses the file's own."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.requests = SchemaConverter(document)
        self.responses = SchemaConverter(document, convert_name=str)

    def parse(self) -> Service:
        for name in self.document.get("definitions", {}):
            pointer = quote(name.replace("~", "~0").replace("/", "~1"))
            get_accepted_names(self.requests.convert({"$ref": f"#/definitions/{pointer}"}))
        operations = [
            self._parse_operation(path, item, method)
            for path, entry in self.document.get("paths", {}).items()
            for item in (self._resolve(entry),)
            for method in _METHODS
            if method in item
        ]
        return Service(operations=tuple(sorted(_name_functions(operations), key=_get_literalness)))

    def _resolve(self, value: object) -> Mapping[str, Any]:
        return resolve_references(self.document, value)

    def _parse_operation(self, path: str, item: Mapping[str, Any], method: str) -> Operation:
        entry = self._resolve(item[method])
        template = self.document.get("basePath", "").rstrip("/") + path
        where = f"{method.upper()} {template}"
        entries = map(self._resolve, (*item.get("parameters", ()), *entry.get("parameters", ())))
        # An operation's own parameter replaces the one of its path.
        given = {(one.get("name"), one.get("in")): one for one in entries}.values()
        parameters = tuple(self._parse_parameter(one, where) for one in given if one.get("in") != "body")
        body = next((one for one in given if one.get("in") == "body"), None)
        schema = None if body is None else self.requests.convert(body.get("schema", {}))
        names, pattern = _compile(template, {one.name: str(one.schema.get("pattern", "")) for one in parameters})
        status, response = self._find_success(entry.get("responses", {}))
        return Operation(
            id=str(entry.get("operationId") or where),
            method=method.upper(),
            template=template,
            pattern=pattern,
            path_names=names,
            parameters=parameters,
            body=schema,
            body_validator=None if schema is None else build_validator(schema),
            body_required=body is not None and bool(body.get("required")),
            status=status,
            response_schema=response,
            security=self._parse_security(entry),
        )

    def _parse_parameter(self, entry: Mapping[str, Any], where: str) -> Parameter:
        place = entry.get("in")
        if place not in _PLACES:
            raise build_swagger_error(f"{where}: a parameter in {place!r} cannot be served")
        style = entry.get("collectionFormat", "csv")
        is_one_text = entry.get("type") == "array" and style != "multi"
        schema = self.requests.convert({key: value for key, value in entry.items() if key != "required"})
        return Parameter(
            name=str(entry.get("name")),
            place=place,
            required=bool(entry.get("required")),
            schema=schema,
            validator=build_validator(schema),
            separator=_SEPARATORS.get(style, ",") if is_one_text else None,
        )

    def _find_success(self, responses: Mapping[str, Any]) -> tuple[int, Schema | None]:
        statuses = sorted(int(status) for status in responses if re.fullmatch("2[0-9][0-9]", status))
        key = str(statuses[0]) if statuses else "default"
        schema = self._resolve(responses.get(key, {})).get("schema")
        return (statuses or [200])[0], None if schema is None else self.responses.convert(schema)

    def _parse_security(self, entry: Mapping[str, Any]) -> tuple[tuple[Requirement, ...], ...]:
        schemes = self.document.get("securityDefinitions", {})
        alternatives = entry.get("security", self.document.get("security"))
        if alternatives is None:
            # Even if a file does not mention keys, the service may need one.
            keys = [_build_requirement(scheme) for scheme in schemes.values() if scheme.get("type") == "apiKey"]
            return (((keys or [Requirement(place="header", name=KEY_HEADER)])[0],),)
        unknown = {name for alternative in alternatives for name in alternative} - set(schemes)
        if unknown:
            raise build_swagger_error(f"security names what securityDefinitions lacks: {', '.join(sorted(unknown))}")
        if not all(alternatives):
            return ()
        return tuple(tuple(_build_requirement(schemes[name]) for name in alternative) for alternative in alternatives)


def _name_functions(operations: list[Operation]) -> list[Operation]:
    """Set the functions: by method and path, behind any prefix, or else by id."""
    named = list(operations)
    shortest_first = sorted(range(len(named)), key=lambda n: len(named[n].template))
    for function, (method, template) in OPERATIONS.items():
        shape, name = _remove_names(template), function.replace("_", "")
        same = [n for n in shortest_first if named[n].method == method and named[n].function is None]
        by_path = (n for n in same if _remove_names(named[n].template).endswith(shape))
        by_id = (n for n in same if name in {one.replace("_", "").lower() for one in named[n].names})
        for n in islice(chain(by_path, by_id), 1):
            named[n] = attrs.evolve(named[n], function=function)
    return named


def _remove_names(template: str) -> str:
    return re.sub(r"\{[^{}]*\}", "{}", template)


def _build_requirement(scheme: Mapping[str, Any]) -> Requirement:
    if scheme.get("type") == "apiKey":
        return Requirement(place=str(scheme.get("in")), name=str(scheme.get("name")))
    return Requirement(place="header", name="Authorization", scheme=True)


@lru_cache(maxsize=1024)
def _normalize(path: str) -> str:
    return "/".join(quote(unquote(segment), safe="-._~!$&'()*+,;=:@") for segment in path.split("/"))


def _compile(template: str, patterns: Mapping[str, str]) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Return the names of a template's parameters, and the regular expression of normalized paths."""
    names: list[str] = []
    pieces: list[str] = []
    for piece in re.split(r"(\{[^{}]*\})", template):
        if not piece.startswith("{"):
            pieces.append(re.escape(_normalize(piece)))
            continue
        name, _, segments = piece[1:-1].partition("=")
        names.append(name)
        # Protoc writes the name of a resource, which has several segments, as a pattern of the parameter.
        several = "/" in segments or "**" in segments or "/" in patterns.get(name, "")
        pieces.append("(.+)" if several else "([^/]+)")
    return tuple(names), re.compile("".join(pieces))


def _get_literalness(operation: Operation) -> tuple[int, ...]:
    """Return a sort key that puts literal segments before parameters."""
    return tuple(segment.count("{") for segment in operation.template.split("/"))
