"""Converts Swagger 2.0 to OpenAPI 3.0.3. Pure; anything unknown is an error.

It supports what protoc-gen-openapiv2 writes, and the rest of Swagger 2.0 that has an equivalent. References to shared
parameters and responses are resolved.

Source: https://swagger.io/specification/v2/ and https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from codegen.spec import ascii_names as names
from codegen.spec.document import Json, check_object, extensions, inside, refuse, to_list, to_object
from codegen.spec.to_openapi.operations import convert_path
from codegen.spec.to_openapi.schemas import convert_schema
from codegen.spec.to_openapi.service import (
    convert_docs,
    convert_info,
    convert_security,
    convert_security_scheme,
    convert_servers,
    convert_tag,
)

_ROOT: Mapping[str, type] = {
    "swagger": str,
    "info": dict,
    "host": str,
    "basePath": str,
    "schemes": list,
    "consumes": list,
    "produces": list,
    "paths": dict,
    "definitions": dict,
    "parameters": dict,
    "responses": dict,
    "securityDefinitions": dict,
    "security": list,
    "tags": list,
    "externalDocs": dict,
}
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_COMPONENT = re.compile(r"[A-Za-z0-9._-]+")


def convert(swagger: Json) -> Json:
    """Convert a decoded Swagger 2.0 file, which is not changed, to a valid OpenAPI 3.0.3 document.

    Raises:
        CodegenError: Something in it is unknown here, or OpenAPI cannot express it; the message begins with its JSON
            pointer.
    """
    root = check_object(swagger, _ROOT, "#", required=("swagger", "info", "paths"))
    if root["swagger"] != "2.0":
        refuse("#/swagger", f"must be '2.0', not {root['swagger']!r}")
    definitions = root.get("definitions", {})
    components: Json = {"schemas": {}, "securitySchemes": {}}
    for name, schema in definitions.items():
        at = _component(name, "#/definitions")
        components["schemas"][name] = convert_schema(schema, definitions.keys(), at)
    for name, scheme in root.get("securityDefinitions", {}).items():
        components["securitySchemes"][name] = convert_security_scheme(scheme, _component(name, "#/securityDefinitions"))
    result: Json = {"openapi": "3.0.3", "info": convert_info(root["info"])} | convert_servers(root, root, "#")
    for key in ("security", "externalDocs"):
        if key in root:
            result[key] = (
                convert_security(root[key], "#/security") if key == "security" else convert_docs(root[key], "#")
            )
    if "tags" in root:
        result["tags"] = [convert_tag(tag, inside("#/tags", n)) for n, tag in enumerate(root["tags"])]
    result["paths"] = {path: convert_path(path, item, root) for path, item in root["paths"].items()}
    kept = {key: part for key, part in components.items() if part}
    return {**result, **({"components": kept} if kept else {}), **extensions(root)}


def _component(name: str, at: str) -> str:
    if not _COMPONENT.fullmatch(name):
        refuse(inside(at, name), "OpenAPI 3.0 allows letters, digits, '.', '-' and '_' in the name of a component")
    return inside(at, name)


def as_swagger(document: Json) -> Json:
    """Return a decoded Swagger 2.0 document with names of definitions that OpenAPI also allows.

    Raises:
        CodegenError: It is OpenAPI 3.
    """
    if "openapi" in document:
        refuse("#/openapi", "only Swagger 2.0 is read, which is what the vendor publishes")
    return _with_plain_names(document)


def _with_plain_names(swagger: Json) -> Json:
    """Return a Swagger 2.0 document in which the names of definitions need no escaping."""
    definitions = to_object(swagger.get("definitions"))
    if definitions is None or all(map(_PLAIN.fullmatch, definitions)):
        return swagger
    plain: dict[str, str] = {name: name for name in definitions if _PLAIN.fullmatch(name)}
    for name in definitions:
        if name not in plain:
            plain[name] = names.free([re.sub(r"[^A-Za-z0-9_.-]+", "_", names.plain(name))], plain.values())
    references = {f"#/definitions/{name}": f"#/definitions/{found}" for name, found in plain.items()}
    return {
        **_with_references(swagger, references),
        "definitions": {plain[name]: _with_references(part, references) for name, part in definitions.items()},
    }


def _with_references(value: Any, references: Mapping[str, str]) -> Any:  # noqa: ANN401  JSON
    if (parts := to_list(value)) is not None:
        return [_with_references(part, references) for part in parts]
    if (fields := to_object(value)) is None:
        return value
    result = {key: _with_references(part, references) for key, part in fields.items()}
    target = result.get("$ref")
    if isinstance(target, str):
        result["$ref"] = references.get(unquote(target).replace("~1", "/").replace("~0", "~"), target)
    return result
