"""Converts Swagger 2.0 to OpenAPI 3.0.3, as far as anything reads it. Pure; anything unknown is an error.

It supports what protoc-gen-openapiv2 writes, and what else Swagger 2.0 has for JSON. An operation that cannot be
converted is left out, and so is a definition, with the operations that need it. Each path begins with the base path.

Source: https://swagger.io/specification/v2/ and https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from codegen.spec import ascii_names
from codegen.spec.document import (
    CodegenError,
    Json,
    UnsupportedError,
    check_object,
    inside,
    refuse,
    select,
    strings,
    to_object,
)
from codegen.spec.to_openapi.operations import PLACEHOLDER, Service, convert_operation
from codegen.spec.to_openapi.schemas import convert_schema, find_definition
from codegen.spec.traverse import (
    METHODS,
    Operation,
    check_operations,
    leave_out,
    leave_out_definitions,
    leave_out_unneeded,
    read_left_out,
)

_ROOT: Mapping[str, type] = {
    **dict.fromkeys(("swagger", "host", "basePath"), str),
    **dict.fromkeys(("info", "paths", "definitions", "parameters", "responses", "securityDefinitions"), dict),
    **dict.fromkeys(("schemes", "consumes", "produces", "security"), list),
    **dict.fromkeys(("tags", "externalDocs"), object),
}
_PATH: Mapping[str, type] = dict.fromkeys((*METHODS, "parameters"), object)
_INFO: Mapping[str, type] = {"title": str, "version": str, "description": str}
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")


def check_root(swagger: Json) -> Json:
    """Return a decoded file if its outer parts are those of Swagger 2.0; raise CodegenError if they are not."""
    if swagger.get("swagger") != "2.0":
        found = "OpenAPI 3" if "openapi" in swagger else "not Swagger 2.0"
        raise CodegenError(f"{found}; only Swagger 2.0 is read, which is what the vendor publishes")
    return check_object(swagger, _ROOT, "#", required=("info", "paths"))


def convert(swagger: Json) -> Json:
    """Convert a decoded Swagger 2.0 file, which is not changed, to an OpenAPI 3.0.3 document.

    Raises:
        CodegenError: The file is not to be trusted, or no operation of it can be converted.
    """
    root = check_root(swagger)
    definitions = root.get("definitions", {})
    service = Service(root, _name_plainly(definitions))
    schemas: Json = {}
    broken: dict[str, str] = {}
    for name, plain in service.names.items():
        try:
            schemas[plain] = convert_schema(definitions[name], service.names, inside("#/definitions", name))
        except UnsupportedError as error:
            broken[plain] = str(error)
    document: Json = {
        "openapi": "3.0.3",
        "info": check_object(select(root["info"], _INFO), _INFO, "#/info", required=("title", "version")),
        **_convert_host(root),
        **select(root, {"security": list}),
        "paths": {},
        # Security is only compared, and needs no converting for that.
        "components": {"schemas": schemas, "securitySchemes": root.get("securityDefinitions", {})},
    }
    _convert_paths(document, service)
    leave_out_definitions(document, broken)
    if read_left_out(document):
        leave_out_unneeded(document, _find_definitions(root["paths"], service.names))
    check_operations(document)
    return document


def _convert_paths(document: Json, service: Service) -> None:
    base = service.root.get("basePath", "").rstrip("/")
    if base and not base.startswith("/"):
        refuse("#/basePath", "must begin with a slash")
    taken: dict[tuple[str, str], str] = {}
    for template, value in service.root["paths"].items():
        if template.startswith("x-"):
            continue
        at, path, methods = inside("#/paths", template), f"{base}{template}", to_object(value) or {}
        # A path without a method is checked all the same, because what it has may be meant as one.
        for method in [found for found in METHODS if found in methods] or [""]:
            operation = Operation(inside(at, method) if method else at, path, method, {})
            place = method, PLACEHOLDER.sub("{}", path)
            try:
                item = check_object(value, _PATH, at)
                if not template.startswith("/"):
                    refuse(at, "must begin with a slash")
                if method:
                    fields = convert_operation(operation, item, service)
                    if taken.setdefault(place, path) != path:
                        refuse(operation.at, f"at the same place as {taken[place]}")
                    document["paths"].setdefault(path, {})[method] = fields
            except UnsupportedError as error:
                leave_out(document, operation, str(error))


def _find_definitions(value: Json | list[Any], names: Mapping[str, str]) -> Iterator[str]:
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(part, dict | list):
            yield from _find_definitions(cast("Json | list[Any]", part), names)
        elif key == "$ref" and (name := find_definition(str(part), names)) is not None:
            yield name


def _name_plainly(definitions: Json) -> dict[str, str]:
    """Return the name of each definition in the result, where it needs no escaping."""
    taken = set(filter(_PLAIN.fullmatch, definitions))
    names = {name: name for name in definitions}
    for name in [name for name in definitions if name not in taken]:
        names[name] = ascii_names.free([re.sub(r"[^A-Za-z0-9_.-]+", "_", ascii_names.plain(name))], taken)
        taken.add(names[name])
    return names


def _convert_host(root: Json) -> Json:
    if "host" not in root:
        return {}
    if not re.fullmatch(r"[^{}/\\\s?#@]+", root["host"]):
        refuse("#/host", "must be a name, optionally with a port")
    schemes = [f"{scheme}:" for scheme in strings(root.get("schemes", []), "#/schemes")]
    return {"servers": [{"url": f"{scheme}//{root['host']}"} for scheme in schemes or [""]]}
