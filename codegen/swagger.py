"""Converts Swagger 2.0 to OpenAPI 3.0.3. Pure; anything unknown is an error.

It supports what protoc-gen-openapiv2 writes, and the rest of Swagger 2.0 that has an equivalent. References to shared
parameters and responses are resolved.

Source: https://swagger.io/specification/v2/ and https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from codegen.document import Json, check_object, extensions, inside, refuse
from codegen.operations import convert_path
from codegen.schemas import convert_schema
from codegen.service import (
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
