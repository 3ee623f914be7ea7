"""Converts OpenAPI 3.0 or 3.1 to Swagger 2.0, which everything else here reads. Pure.

If Swagger 2.0 cannot express something, it is an error if a client needs it, and dropped if only a validator would.

Source: https://spec.openapis.org/oas/v3.0.3 and https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from codegen import names
from codegen.document import Json, check_object, elements, extensions, inside, members, refuse, to_list, to_object
from codegen.openapi_schemas import SchemaReader
from codegen.operations import METHODS

_ROOT: Mapping[str, type] = {
    "openapi": str, "info": dict, "servers": list, "paths": dict, "components": dict, "security": list, "tags": list,
    "externalDocs": dict, "webhooks": dict, "jsonSchemaDialect": str,
}  # fmt: skip
_COMPONENTS = (
    "schemas", "securitySchemes", "parameters", "responses", "requestBodies", "headers", "examples", "links",
    "callbacks", "pathItems",
)  # fmt: skip
_PATH: Mapping[str, type] = {**dict.fromkeys(METHODS, dict), "parameters": list, "summary": str, "description": str}
_OPERATION: Mapping[str, type] = {
    "tags": list, "summary": str, "description": str, "externalDocs": dict, "operationId": str, "parameters": list,
    "requestBody": dict, "responses": dict, "callbacks": dict, "deprecated": bool, "security": list,
}  # fmt: skip
_PARAMETER: Mapping[str, type] = {
    "name": str, "in": str, "description": str, "required": bool, "deprecated": bool, "allowEmptyValue": bool,
    "style": str, "explode": bool, "allowReserved": bool, "schema": object, "example": object, "examples": dict,
}  # fmt: skip
_BODY: Mapping[str, type] = {"description": str, "content": dict, "required": bool}
_RESPONSE: Mapping[str, type] = {"description": str, "content": dict, "headers": dict, "links": dict, "summary": str}
_STYLES: Mapping[str, str] = {"spaceDelimited": "ssv", "pipeDelimited": "pipes", "simple": "csv"}
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_FLOWS: Mapping[str, str] = {
    "implicit": "implicit", "password": "password", "clientCredentials": "application",
    "authorizationCode": "accessCode",
}  # fmt: skip


def as_swagger(document: Json) -> Json:
    """Return a decoded document as Swagger 2.0; one that is already Swagger 2.0 is returned unchanged.

    Returns:
        A document whose definitions have names that OpenAPI also allows; nothing depends on these names.

    Raises:
        CodegenError: Something in it, or its version, is unknown, or Swagger 2.0 cannot express it; the message begins
            with its JSON pointer.
    """
    if "openapi" not in document:
        return _with_plain_names(document)
    root = check_object(document, _ROOT, "#", required=("openapi", "info", "paths"))
    if not re.fullmatch(r"3\.[01]\.\d+", root["openapi"]):
        refuse("#/openapi", f"must be 3.0 or 3.1, not {root['openapi']!r}")
    components = check_object(root.get("components", {}), dict.fromkeys(_COMPONENTS, dict), "#/components")
    reader = _Reader(components)
    result: Json = {"swagger": "2.0", "info": _info(root["info"])} | _servers(root.get("servers", []))
    for key in ("security", "tags", "externalDocs"):
        if key in root:
            result[key] = copy.deepcopy(root[key])
    result["paths"] = {path: reader.path(item, inside("#/paths", path)) for path, item in root["paths"].items()}
    at = "#/components/schemas"
    result["definitions"] = {
        name: reader.schemas.convert(schema, inside(at, name)) for name, schema in components.get("schemas", {}).items()
    }
    at = "#/components/securitySchemes"
    schemes = components.get("securitySchemes", {})
    result["securityDefinitions"] = {name: _scheme(scheme, inside(at, name)) for name, scheme in schemes.items()}
    kept = {key: part for key, part in result.items() if part != {}}
    return _with_plain_names(kept | {"paths": result["paths"]} | extensions(root))


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


def _info(value: Json) -> Json:
    info = {key: copy.deepcopy(part) for key, part in value.items() if key != "summary"}
    if isinstance(info.get("license"), dict):
        info["license"].pop("identifier", None)
    return info


def _servers(value: list[object]) -> Json:
    """Return the host, the schemes and the base path of the first server; the others serve the same API."""
    found: list[tuple[str, str, str]] = []
    for n, entry in enumerate(value):
        at = inside("#/servers", n)
        server = check_object(entry, {"url": str, "description": str, "variables": dict}, at, required=("url",))
        url = str(server["url"])
        for name, variable in server.get("variables", {}).items():
            url = url.replace(f"{{{name}}}", str(members(variable, at).get("default", "")))
        parts = urlsplit(url)
        found.append((parts.scheme, parts.netloc, parts.path.rstrip("/")))
    if not found:
        return {}
    if len({base for _, _, base in found}) > 1:
        refuse("#/servers", "the servers differ in their base path")
    scheme, host, base = found[0]
    result: Json = {"host": host} if host else {}
    result |= {"basePath": base} if base else {}
    return result | ({"schemes": [scheme]} if scheme and host else {})


def _scheme(value: object, at: str) -> Json:
    scheme = members(value, at)
    notes: Json = {"description": scheme["description"]} if "description" in scheme else {}
    match scheme.get("type"), str(scheme.get("scheme", "")).lower():
        case "apiKey", _ if scheme.get("in") in {"header", "query"}:
            return {"type": "apiKey", "name": scheme.get("name"), "in": scheme["in"], **notes}
        case "http", "basic":
            return {"type": "basic", **notes}
        case ("http", "bearer") | ("openIdConnect", _):
            return {"type": "apiKey", "name": "Authorization", "in": "header", **notes}
        case "oauth2", _:
            for name, flow in members(scheme.get("flows", {}), at).items():
                if name in _FLOWS:
                    kept = ("authorizationUrl", "tokenUrl", "scopes")
                    parts = {key: part for key, part in members(flow, at).items() if key in kept}
                    return {"type": "oauth2", "flow": _FLOWS[name], **parts, **notes}
        case _:
            pass
    return refuse(at, "only API keys in a header or the query, HTTP basic and bearer, and OAuth 2 are supported")


class _Reader:
    """Converts the parts that may refer to a document's components.

    Attributes:
        components: The components.
        schemas: The converter of their schemas.
    """

    def __init__(self, components: Json) -> None:
        self.components = components
        self.schemas = SchemaReader(components.get("schemas", {}))

    def _resolve(self, value: object, kind: str, at: str) -> tuple[Json, str]:
        """Follow references to components, and return the target and its JSON pointer."""
        entry = members(value, at)
        for _ in range(len(self.components.get(kind, {})) + 1):
            if "$ref" not in entry:
                return entry, at
            target = str(entry["$ref"])
            name = target.removeprefix(f"#/components/{kind}/")
            if name == target or name not in self.components.get(kind, {}):
                refuse(inside(at, "$ref"), f"{target!r} is not under #/components/{kind}")
            at = inside(f"#/components/{kind}", name)
            entry = members(self.components[kind][name], at)
        return refuse(at, "the reference refers to itself")

    def path(self, value: object, at: str) -> Json:
        found, at = self._resolve(value, "pathItems", at)
        item = check_object(found, _PATH, at)
        result: Json = {
            method: self._operation(item[method], inside(at, method)) for method in METHODS if method in item
        }
        shared = self._parameters(item.get("parameters", []), inside(at, "parameters"))
        return result | ({"parameters": shared} if shared else {}) | extensions(item)

    def _operation(self, value: object, at: str) -> Json:
        fields = check_object(value, _OPERATION, at, required=("responses",))
        copied = ("tags", "summary", "description", "externalDocs", "operationId", "deprecated", "security")
        result: Json = {key: copy.deepcopy(fields[key]) for key in copied if key in fields}
        parameters = self._parameters(fields.get("parameters", []), inside(at, "parameters"))
        if "requestBody" in fields:
            body, consumes = self._body(fields["requestBody"], inside(at, "requestBody"))
            parameters.append(body)
            result["consumes"] = consumes
        if parameters:
            result["parameters"] = parameters
        produces: dict[str, None] = {}
        responses: Json = {}
        # Swagger 2.0 has no ranges of statuses: the first one represents the range, unless it is listed itself.
        for status in sorted(fields["responses"], key=lambda status: status.endswith("XX")):
            if not status.startswith("x-"):
                where = inside(inside(at, "responses"), status)
                response = self._response(fields["responses"][status], where, produces)
                responses.setdefault(re.sub("XX$", "00", status), response)
        media = list(produces) or ["application/json"]
        return {**result, "responses": responses, "produces": media, **extensions(fields)}

    def _parameters(self, value: object, at: str) -> list[Json]:
        return [self._parameter(entry, inside(at, n)) for n, entry in enumerate(elements(value, at))]

    def _parameter(self, value: object, at: str) -> Json:
        found, at = self._resolve(value, "parameters", at)
        fields = check_object(found, _PARAMETER, at, required=("name", "in", "schema"))
        kept = ("name", "in", "description", "required", "deprecated", "allowEmptyValue")
        result: Json = {key: fields[key] for key in kept if key in fields}
        schema = self._simple(fields["schema"], inside(at, "schema"))
        description = schema.pop("description", None)
        if description:
            result.setdefault("description", description)
        if schema.get("type") == "array":
            result["collectionFormat"] = _collection(fields, at)
        return {**schema, **result}

    def _simple(self, value: object, at: str) -> Json:
        """Return the schema of a parameter, which cannot be a reference in Swagger 2.0."""
        raw, where = self._resolve(value, "schemas", at)
        schema = self.schemas.convert(raw, where)
        if schema.get("type", "object") == "object":
            refuse(at, "a parameter must be a single value or a list of single values")
        if "items" in schema:
            schema["items"] = self._simple(raw.get("items") or {"type": "string"}, inside(where, "items"))
            schema["items"].pop("description", None)
        dropped = ("x-nullable", "title", "example", "deprecated", "readOnly", "externalDocs", "xml")
        return {key: part for key, part in schema.items() if key not in dropped}

    def _body(self, value: object, at: str) -> tuple[Json, list[str]]:
        found, at = self._resolve(value, "requestBodies", at)
        fields = check_object(found, _BODY, at, required=("content",))
        schema, media = self._content(fields["content"], at)
        result: Json = {"name": "body", "in": "body", "schema": schema if schema is not None else {}}
        result |= {key: fields[key] for key in ("description", "required") if key in fields}
        return result | extensions(fields), media

    def _response(self, value: object, at: str, produces: dict[str, None]) -> Json:
        found, at = self._resolve(value, "responses", at)
        fields = check_object(found, _RESPONSE, at)
        result: Json = {"description": fields.get("description", "")}
        schema, media = self._content(fields.get("content", {}), at)
        produces.update(dict.fromkeys(media))
        return result | ({"schema": schema} if schema is not None else {}) | extensions(fields)

    def _content(self, content: Json, at: str) -> tuple[Json | None, list[str]]:
        """Return the schema of the JSON in a body, or of its first media type, and the media types that share it."""
        found = {media: members(part, inside(at, media)).get("schema") for media, part in content.items()}
        chosen = next((media for media in found if "json" in media.lower()), next(iter(found), None))
        if chosen is None:
            return None, []
        shared: list[str] = [media for media in found if found[media] == found[chosen]]
        schema: Any = found[chosen]
        where = inside(inside(inside(at, "content"), chosen), "schema")
        return (None if schema is None else self.schemas.convert(schema, where)), shared


def _collection(fields: Json, at: str) -> str:
    """Return the collection format of a list, with the defaults of OpenAPI 3."""
    style = fields.get("style", "form" if fields["in"] == "query" else "simple")
    if style == "form":
        return "multi" if fields.get("explode", True) else "csv"
    if style not in _STYLES:
        refuse(inside(at, "style"), f"lists of style {style!r} are not supported")
    return _STYLES[style]
