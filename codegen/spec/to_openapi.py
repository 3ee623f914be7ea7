"""Converts Swagger 2.0 to OpenAPI 3.0.3, as far as anything reads it. Pure; anything unknown is an error.

It supports what protoc-gen-openapiv2 writes, and what else Swagger 2.0 has for JSON, once parts that operations share
are written out. An operation that cannot be converted is left out, and so is a definition, with the
operations that need it. Each path begins with the base path.

Source: https://swagger.io/specification/v2/ and https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from codegen.spec.document import (
    CodegenError,
    Json,
    UnsupportedError,
    check_object,
    check_strings,
    check_type,
    inside,
    refuse,
    select,
    to_object,
)
from codegen.spec.traverse import (
    METHODS,
    PLACEHOLDER,
    REFERENCE,
    Operation,
    check_operations,
    find_references,
    leave_out,
    leave_out_definitions,
    leave_out_unneeded,
    read_left_out,
    read_reference,
)

_ROOT: Mapping[str, type] = {
    **dict.fromkeys(("swagger", "host", "basePath"), str),
    **dict.fromkeys(("info", "paths", "definitions", "securityDefinitions"), dict),
    **dict.fromkeys(("schemes", "consumes", "produces", "security"), list),
    **dict.fromkeys(("tags", "externalDocs", "parameters", "responses"), object),
}
_INFO: Mapping[str, type] = {"title": str, "version": str, "description": str}
_PATH: Mapping[str, type] = dict.fromkeys(METHODS, object)
_TEXTS: Mapping[str, type] = {
    **dict.fromkeys(("summary", "description", "operationId"), str),
    "deprecated": bool,
    "security": list,
}
_OPERATION: Mapping[str, type] = {
    **dict.fromkeys((*_TEXTS, "tags", "externalDocs", "schemes", "consumes", "produces"), object),
    "parameters": list,
    "responses": dict,
}
_BODY: Mapping[str, type] = {"name": object, "in": str, "description": object, "required": object, "schema": dict}
_RESPONSE: Mapping[str, type] = {"description": object, "schema": dict, "headers": dict, "examples": object}

LIMITS = (
    *("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "multipleOf", "maxLength", "minLength", "pattern"),
    *("maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "readOnly"),
)
"""Keys that restrict a value without changing its type."""

# `deprecated` is not in Swagger 2.0, but protoc-gen-openapiv2 writes it. A note of a wrong type is dropped.
_NOTES: Mapping[str, type] = {
    **dict.fromkeys((*LIMITS, "default", "example"), object),
    **dict.fromkeys(("title", "description", "format"), str),
    "deprecated": bool,
}
_IGNORED = ("x-nullable", "discriminator", "xml", "externalDocs", "collectionFormat")
_SCHEMA: Mapping[str, type] = {
    **dict.fromkeys((*_NOTES, *_IGNORED, "additionalProperties"), object),
    **dict.fromkeys(("$ref", "type"), str),
    **dict.fromkeys(("items", "properties"), dict),
    **dict.fromkeys(("allOf", "enum", "required"), list),
}
# What a parameter has next to its type.
_OWN: Mapping[str, type] = {"name": str, "in": str, "description": str, "required": bool, "deprecated": bool}
_PARAMETER = {**_SCHEMA, **_OWN, "required": object, "allowEmptyValue": object}
_TYPES = frozenset({"array", "boolean", "integer", "number", "object", "string"})
_QUERY_STYLES: Mapping[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "multi": ("form", True),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
}
_STATUS = re.compile(r"[1-5][0-9][0-9]|default")
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What protoc-gen-openapiv2 writes for streams, in all its versions, and for google.api.HttpBody.
_STREAM = re.compile(r"\(streaming (inputs|responses)\)|^Stream result of |^#/x-stream-definitions/", re.MULTILINE)
_RAW = re.compile(r"^#/definitions/(.*\.|.*api)?HttpBody$", re.MULTILINE)


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
    schemas: Json = {}
    broken: dict[str, str] = {}
    for name, schema in definitions.items():
        at = inside("#/definitions", name)
        try:
            if not _PLAIN.fullmatch(name):
                refuse(at, "a definition's name has only letters, digits, and the characters . _ -")
            schemas[name] = _convert_schema(schema, definitions, at)
        except UnsupportedError as error:
            broken[name] = str(error)
    schemes = [f"{scheme}:" for scheme in check_strings(root.get("schemes", []), "#/schemes")] or [""]
    document: Json = {
        "openapi": "3.0.3",
        "info": check_object(select(root["info"], _INFO), _INFO, "#/info", required=("title", "version")),
        **({"servers": [{"url": f"{scheme}//{root['host']}"} for scheme in schemes]} if "host" in root else {}),
        **select(root, {"security": list}),
        "paths": {},
        # Security is only compared, and needs no converting for that.
        "components": {"schemas": schemas, "securitySchemes": root.get("securityDefinitions", {})},
    }
    _convert_paths(document, root)
    leave_out_definitions(document, broken)
    if read_left_out(document):
        leave_out_unneeded(document, find_references(root["paths"]))
    check_operations(document)
    return document


def _convert_paths(document: Json, root: Json) -> None:
    base = root.get("basePath", "").rstrip("/")
    if base and not base.startswith("/"):
        refuse("#/basePath", "must begin with a slash")
    taken: dict[tuple[str, str], str] = {}
    for template, item in root["paths"].items():
        if template.startswith("x-"):
            continue
        at, path = inside("#/paths", template), f"{base}{template}"
        # A path without a method is checked all the same, because what it has may be meant as one.
        for method in [found for found in METHODS if found in to_object(item)] or [""]:
            operation = Operation(inside(at, method) if method else at, path, method, {})
            try:
                check_object(item, _PATH, at)
                if not template.startswith("/"):
                    refuse(at, "must begin with a slash")
                if method:
                    fields = _convert_operation(operation, item[method], root)
                    place = method, PLACEHOLDER.sub("{}", path)
                    if taken.setdefault(place, path) != path:
                        refuse(operation.at, f"at the same place as {taken[place]}")
                    document["paths"].setdefault(path, {})[method] = fields
            except UnsupportedError as error:
                leave_out(document, operation, str(error))


def _convert_operation(operation: Operation, value: object, root: Json) -> Json:
    at, definitions = operation.at, root.get("definitions", {})
    fields = check_object(value, _OPERATION, at, required=("responses",))
    consumes, produces = (
        check_strings(fields.get(key, root.get(key, [])), inside(at, key)) for key in ("consumes", "produces")
    )
    parameters: list[Json] = []
    bodies: list[Json] = []
    for n, entry in enumerate(fields.get("parameters", [])):
        where = f"{at}/parameters/{n}"
        if _check_own(entry, where).get("in") == "body":
            bodies.append(_convert_body(entry, consumes or ["application/json"], definitions, where))
        else:
            parameters.append(_convert_parameter(entry, where))
    _check_parameters(operation, parameters)
    if len(bodies) > 1:
        refuse(at, "an operation can have at most one body")
    result = select(fields, _TEXTS)
    if "tags" in fields:
        result["tags"] = check_strings(fields["tags"], inside(at, "tags"))
    if parameters:
        result["parameters"] = parameters
    if bodies:
        [result["requestBody"]] = bodies
    result["responses"] = {
        status: _convert_response(status, response, produces or ["*/*"], definitions, inside(f"{at}/responses", status))
        for status, response in fields["responses"].items()
        if not status.startswith("x-")
    }
    return result


def _check_own(value: object, at: str) -> Json:
    """Return a parameter or a response that is written where it is used."""
    fields: Json = check_type(value, dict, at)
    if "$ref" in fields:
        refuse(inside(at, "$ref"), f"{fields['$ref']!r} is not in this file")
    return fields


def _check_parameters(operation: Operation, parameters: list[Json]) -> None:
    if len({(entry["in"], entry["name"]) for entry in parameters}) < len(parameters):
        refuse(operation.at, "the same parameter occurs twice")
    expected = sorted(PLACEHOLDER.findall(operation.path))
    if expected != sorted(entry["name"] for entry in parameters if entry["in"] == "path"):
        refuse(operation.at, "the path and its parameters have different names")
    if len(set(expected)) < len(expected) or re.search(r"[{}]", PLACEHOLDER.sub("", operation.path)):
        refuse(operation.at, "the path repeats a parameter, or has a brace without its pair")
    for entry in parameters:
        if entry["in"] == "header" and not _HEADER.fullmatch(entry["name"]):
            refuse(operation.at, f"{entry['name']!r} is not the name of a header")


def _convert_body(value: Json, consumes: list[str], definitions: Json, at: str) -> Json:
    fields = check_object(value, _BODY, at, required=("schema",))
    _check_value(fields, at)
    required: Json = {"required": True} if fields.get("required") is True else {}
    return {**_convert_content(fields, consumes, definitions, at), **required}


def _convert_response(status: str, value: object, produces: list[str], definitions: Json, at: str) -> Json:
    if not _STATUS.fullmatch(status):
        refuse(at, "must be a status code, or 'default'")
    fields = check_object(_check_own(value, at), _RESPONSE, at)
    if status.startswith("2"):
        _check_value(fields, at)
    where = inside(at, "headers")
    headers = {name: _convert_header(header, inside(where, name)) for name, header in fields.get("headers", {}).items()}
    content = _convert_content(fields, produces, definitions, at)
    return {"description": "", **content, **({"headers": headers} if headers else {})}


def _check_value(fields: Json, at: str) -> None:
    """Refuse a body or a response that is not one JSON value."""
    schema: Json = fields.get("schema", {})
    signs = "\n".join(map(str, (fields.get("description"), schema.get("title"), schema.get("$ref"))))
    if _STREAM.search(signs):
        refuse(at, "a stream of values; a function sends one and returns one")
    if schema.get("type") == "file" or schema.get("format") == "binary" or _RAW.search(signs):
        refuse(at, "raw bytes or a file; a function sends and returns JSON")


def _convert_content(fields: Json, media_types: list[str], definitions: Json, at: str) -> Json:
    result = select(fields, {"description": str})
    if "schema" in fields:
        schema = _convert_schema(fields["schema"], definitions, inside(at, "schema"))
        result["content"] = {media: {"schema": schema} for media in media_types}
    return result


def _convert_schema(value: object, definitions: Json, at: str) -> Json:
    """Convert a schema; a `$ref` becomes an `allOf` next to its siblings, because OpenAPI 3.0 would ignore these."""
    fields = check_object(value, _SCHEMA, at)
    kind = fields.get("type")
    if kind is not None and kind not in _TYPES:
        refuse(inside(at, "type"), f"{kind!r} is not a type of JSON")
    result = select(fields, {**_NOTES, "type": str, "enum": list})
    if fields.get("x-nullable") is True:
        result["nullable"] = True
    if kind == "array" or "items" in fields:
        result["items"] = _convert_schema(fields.get("items", {}), definitions, inside(at, "items"))
    if "properties" in fields:
        where = inside(at, "properties")
        result["properties"] = {
            name: _convert_schema(schema, definitions, inside(where, name))
            for name, schema in fields["properties"].items()
        }
    if "required" in fields:
        result["required"] = check_strings(fields["required"], inside(at, "required"))
    if "additionalProperties" in fields:
        rest, where = fields["additionalProperties"], inside(at, "additionalProperties")
        result["additionalProperties"] = rest if isinstance(rest, bool) else _convert_schema(rest, definitions, where)
    where = inside(at, "allOf")
    parts = [_convert_schema(part, definitions, inside(where, n)) for n, part in enumerate(fields.get("allOf", []))]
    if "$ref" in fields:
        parts.insert(0, _convert_reference(fields["$ref"], definitions, inside(at, "$ref")))
        if not result and len(parts) == 1:
            return parts[0]
    return {**result, "allOf": parts} if parts else result


def _convert_reference(target: str, definitions: Json, at: str) -> Json:
    if not target.startswith("#/"):
        raise CodegenError(f"{at}: refers to {target[:200]!r}, which is outside the file")
    name = read_reference(target)
    if not target.startswith("#/definitions/") or name not in definitions:
        refuse(at, f"{target!r} is not a definition of this file")
    return {"$ref": inside(REFERENCE.removesuffix("/"), quote(name))}


def _convert_parameter(value: Json, at: str) -> Json:
    place = str(value.get("in"))
    if place not in ("path", "query", "header"):
        refuse(inside(at, "in"), f"{place!r} parameters are not supported: bodies are JSON, not forms")
    fields = check_object(value, _PARAMETER, at, required=("name", "type"))
    required: Json = {"required": True} if place == "path" else {}
    return {**select(fields, _OWN), **required, **_convert_value(fields, place, at)}


def _convert_header(value: object, at: str) -> Json:
    fields = check_object(value, _PARAMETER, at)
    return {**select(fields, {"description": str}), **_convert_value(fields, "header", at)}


def _convert_value(fields: Json, place: str, at: str) -> Json:
    """Return the schema of a parameter or a header, and the style of a list, which is csv by default."""
    kind, items = fields.get("type"), to_object(fields.get("items"))
    if kind == "object" or (kind == "array" and items.get("type") in ("array", "object")):
        refuse(at, "a parameter must be a single value or a list of single values")
    schema = {key: fields[key] for key in fields if key in _SCHEMA and key not in _OWN}
    result: Json = {"schema": _convert_schema(schema, {}, at)}  # Nothing refers to a definition here.
    if kind == "array":
        form = fields.get("collectionFormat", "csv")
        style = _QUERY_STYLES.get(str(form)) if place == "query" else ("simple", False) if form == "csv" else None
        if style is None:
            refuse(inside(at, "collectionFormat"), f"there are no {form!r} lists in a {place}")
        result |= {"style": style[0], "explode": style[1]}
    return result
