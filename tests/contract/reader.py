"""What a Swagger 2.0 file allows, as bravado-core reads it: natively, and with nothing of our converter or the sandbox.

`Reader(document)` takes any decoded file, so the same questions can be put to a changed one.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
from jsonschema import ValidationError

from connectly_api.transport.protocol import Response, WireRequest

with warnings.catch_warnings():
    # bravado-core uses jsonschema's older way to follow references, which says so at import.
    warnings.simplefilter("ignore", DeprecationWarning)
    from bravado_core.exception import SwaggerError
    from bravado_core.operation import Operation
    from bravado_core.request import IncomingRequest, unmarshal_request
    from bravado_core.response import get_response_spec
    from bravado_core.schema import collapsed_properties
    from bravado_core.spec import Spec
    from bravado_core.validate import validate_schema_object

__all__ = ["ContractError", "Reader"]

# Whether the file is valid is another question; here, what it says is held against what is sent.
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_WRAPPER = frozenset({"allOf", "description", "title", "readOnly", "example"})
_SETTINGS = {"validate_swagger_spec": False, "use_models": False}


class _Alone(Spec):
    """A file that knows no other.

    jsonschema hands every meta-schema that any imported package has registered to whoever follows references, and
    bravado-core would look for models in all of them, with what they refer to on other servers.
    """

    @cached_property
    def resolver(self) -> Any:
        resolver = super().resolver
        for uri in [uri for uri in resolver.store if uri != (self.origin_url or "")]:
            del resolver.store[uri]
        return resolver


class ContractError(Exception):
    """A request or an answer is not what the Swagger file describes."""


class Reader:
    """Holds requests and answers against a Swagger 2.0 file."""

    def __init__(self, document: Mapping[str, Any], *, prefix: str = "") -> None:
        """Read a file.

        Args:
            document: The decoded file; it is not changed.
            prefix: What stands between host and the file's base path in addresses, where something does.

        Raises:
            ValueError: It is not Swagger 2.0.
        """
        if document.get("swagger") != "2.0":
            raise ValueError("swagger: must be '2.0'; this reader knows no other form")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            kind: Any = _Alone
            self._spec: Spec = kind.from_dict(_unwrap(json.loads(json.dumps(document))), config=_SETTINGS)
        base = prefix.rstrip("/") + document.get("basePath", "").rstrip("/")
        found = list(self._each_operation())
        # A literal segment wins over a parameter in its place.
        found.sort(key=lambda operation: ["{" in segment for segment in operation.path_name.split("/")])
        self._operations = [(_pattern(base + operation.path_name), operation) for operation in found]

    def _each_operation(self) -> Iterator[Operation]:
        """Yield every operation; bravado-core's own list holds one of those that have an id in common."""
        for path, item in self._spec.spec_dict["paths"].items():
            for method, fields in self._spec.deref(item).items():
                if method in _METHODS:
                    yield Operation.from_spec(self._spec, path, method, self._spec.deref(fields))

    @property
    def operations(self) -> frozenset[str]:
        """The file's operations as the wire has them, without ids and parameters' names: `GET /v1/things/{}`."""
        return frozenset(_name(operation) for _, operation in self._operations)

    def check_path(self, method: str, address: str) -> str:
        """Return the operation that a method and an address lead to.

        Raises:
            ContractError: There is none.
        """
        operation, _ = self._find(method, address)
        return _name(operation)

    def check_request(self, request: WireRequest) -> str:
        """Hold a request against the file: method, path, parameters, key, content type and body.

        What the file does not know, a field, a query parameter, a body, is refused: the service would lose it in
        silence.

        Returns:
            The operation, as `operations` names it.

        Raises:
            ContractError: It is not what the file describes.
        """
        operation, ids = self._find(request.method, request.url)
        body = _body_of(operation)
        _check_content_type(operation, request, is_taken=body is not None)
        read = _Read(operation, request, ids)
        with _telling(f"{_name(operation)}: request"):
            unmarshal_request(read, operation)
        if body is not None and request.content is not None:
            self._refuse_unknown(f"{_name(operation)}: request", body["schema"], read.json())
        return _name(operation)

    def check_answer(self, request: WireRequest, response: Response, *, is_closed: bool = False) -> str:
        """Hold an answer against the file: status, content type and body.

        Args:
            request: What it answers.
            response: The answer.
            is_closed: Whether a field that the file does not know is refused, too; a service may add fields.

        Returns:
            The operation, as `operations` names it.

        Raises:
            ContractError: It is not what the file describes.
        """
        operation, _ = self._find(request.method, request.url)
        place = f"{_name(operation)}: answer {response.status}"
        with _telling(place):
            described = get_response_spec(response.status, operation)
        schema = described.get("schema")
        if schema is None:
            if response.body:
                raise ContractError(f"{place}: has a body, and none is described")
            return _name(operation)
        media_type, known = _media_type(response.header("content-type")), operation.produces or ["application/json"]
        if media_type not in known:
            raise ContractError(f"{place}: is {media_type}, not one of {', '.join(known)}")
        value = _decoded(place, response.body)
        with _telling(place):
            validate_schema_object(self._spec, schema, value)
        if is_closed:
            self._refuse_unknown(place, schema, value)
        return _name(operation)

    def _find(self, method: str, address: str) -> tuple[Operation, dict[str, str]]:
        path = urlsplit(address).path
        methods: list[str] = []
        for pattern, operation in self._operations:
            if (match := pattern.fullmatch(path)) is not None:
                if operation.http_method.upper() == method:
                    names = re.findall(r"\{([^{}]+)\}", operation.path_name)
                    return operation, dict(zip(names, map(unquote, match.groups()), strict=True))
                methods.append(operation.http_method.upper())
        problem = f"has {', '.join(methods)}, not {method}" if methods else "is no path of the file"
        raise ContractError(f"{path}: {problem}")

    def _refuse_unknown(self, place: str, schema: Mapping[str, Any], value: object) -> None:
        if unknown := list(self._unknown(schema, value, "$")):
            raise ContractError(f"{place}: {', '.join(unknown)}: no such field in the file")

    def _unknown(self, schema: Mapping[str, Any], value: object, path: str) -> Iterator[str]:
        """Yield the paths of the fields that no schema describes."""
        schema = self._spec.deref(schema)
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._unknown(schema.get("items", {}), item, f"{path}[{index}]")
        elif isinstance(value, dict):
            known, others = collapsed_properties(dict(schema), self._spec), self._others(schema)
            for name, inner in value.items():
                if name in known:
                    yield from self._unknown(known[name], inner, f"{path}.{name}")
                elif isinstance(others, Mapping):
                    yield from self._unknown(others, inner, f"{path}.{name}")
                # An object within that names no field at all may be any object; a whole body without fields has none.
                elif (known or path == "$") and not others:
                    yield f"{path}.{name}"

    def _others(self, schema: Mapping[str, Any]) -> bool | Mapping[str, Any]:
        """Return what a schema says of further fields: a schema for them, or whether any are welcome."""
        parts = [schema, *map(self._spec.deref, schema.get("allOf", ()))]
        said = (part.get("additionalProperties") or False for part in parts)
        return next((one for one in said if one is not False), False)


def _unwrap(value: Any) -> Any:
    """Write an `allOf` of one schema as that schema: bravado-core takes every `allOf` for an object, an enum's too.

    This is how a description is added to a reference, so what stands beside it says nothing of the values.
    """
    if isinstance(value, list):
        return [_unwrap(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(one := value.get("allOf"), list) and len(one) == 1 and value.keys() <= _WRAPPER:
        return _unwrap(one[0])
    return {name: _unwrap(inner) for name, inner in value.items()}


class _Read(IncomingRequest):
    """A request as bravado-core asks for it."""

    def __init__(self, operation: Operation, request: WireRequest, ids: dict[str, str]) -> None:
        self.path = ids
        self.headers = httpx.Headers(list(request.headers))
        self.form: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.query = _query(operation, request)
        place = f"{_name(operation)}: request"
        self._json = None if request.content is None else _decoded(place, request.content)

    def json(self, **_: Any) -> Any:
        return self._json


@contextmanager
def _telling(place: str) -> Generator[None]:
    """Tell whatever bravado-core and jsonschema raise as one error, with the place and the path."""
    with warnings.catch_warnings():
        # The older way to follow references, again.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            yield
        except ValidationError as error:
            raise ContractError(f"{place}: {error.json_path}: {error.message}") from error
        except (SwaggerError, ValueError) as error:
            raise ContractError(f"{place}: {error}") from error


def _name(operation: Operation) -> str:
    base = operation.swagger_spec.spec_dict.get("basePath", "").rstrip("/")
    return f"{operation.http_method.upper()} {base}{re.sub(r'{[^{}]+}', '{}', operation.path_name)}"


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^{}]+\}", template)
    return re.compile("([^/]+)".join(map(re.escape, parts)))


def _body_of(operation: Operation) -> Mapping[str, Any] | None:
    bodies = [param.param_spec for param in operation.params.values() if param.location == "body"]
    return bodies[0] if bodies else None


def _query(operation: Operation, request: WireRequest) -> dict[str, str | list[str]]:
    known = {param.name: param.param_spec for param in operation.params.values() if param.location == "query"}
    found: dict[str, str | list[str]] = {}
    for name, value in parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True):
        if name not in known:
            raise ContractError(f"{_name(operation)}: request: no query parameter is called {name}")
        if known[name].get("collectionFormat") == "multi":
            earlier = found.setdefault(name, [])
            assert isinstance(earlier, list)
            earlier.append(value)
        elif name in found:
            raise ContractError(f"{_name(operation)}: request: the query parameter {name} comes twice")
        else:
            found[name] = value
    return found


def _check_content_type(operation: Operation, request: WireRequest, *, is_taken: bool) -> None:
    place = f"{_name(operation)}: request"
    if request.content is None:
        body = _body_of(operation)
        if body is not None and body.get("required", False):
            raise ContractError(f"{place}: has no body, and one is required")
        return
    if not is_taken:
        raise ContractError(f"{place}: has a body, and none is described")
    given = [value for name, value in request.headers if name.lower() == "content-type"]
    known = operation.consumes or ["application/json"]
    if len(given) != 1 or _media_type(given[0]) not in known:
        raise ContractError(f"{place}: is {', '.join(given) or 'of no content type'}, not {', '.join(known)}")


def _media_type(value: str | None) -> str:
    return (value or "").partition(";")[0].strip().lower()


def _decoded(place: str, content: bytes) -> Any:
    """Decode strict JSON: UTF-8, no NaN, no name twice in an object."""
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_unique)
    except ValueError as error:
        raise ContractError(f"{place}: is no JSON: {error}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice in an object")
    return found
