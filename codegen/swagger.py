"""A Swagger 2.0 document as an OpenAPI 3.0.3 document. Pure; whatever it does not know is an error.

It knows what protoc-gen-openapiv2 writes, and what else of Swagger 2.0 has an equivalent. References to shared
parameters and responses are resolved, so that every operation stands for itself.

Source: https://swagger.io/specification/v2/ and https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from codegen.document import Json, checked, extensions, inside, refuse
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

__all__ = ["convert"]

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
    """Convert a whole document.

    Args:
        swagger: The decoded Swagger 2.0 file; it is not changed.

    Returns:
        An OpenAPI 3.0.3 document, ready to be validated as such.

    Raises:
        CodegenError: It holds something that this function does not know, or that OpenAPI cannot say; the text begins
            with its JSON pointer.
    """
    root = checked(swagger, _ROOT, "#", required=("swagger", "info", "paths"))
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
