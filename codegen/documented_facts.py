"""States what the documentation (https://docs.connectly.ai) says, whatever the vendor's file says. Pure: Swagger 2.0.

A step replaces what contradicts the documentation, adds what is missing, and keeps the rest. The host is no fact here,
as neither the client nor the sandbox reads it. Nor are limits that no schema expresses, such as 1,024 bytes of
callback data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from codegen.spec.ascii_names import UniqueNames
from codegen.spec.document import Json, check_type, copy_json, to_list, to_object
from codegen.spec.shared_parts import write_out_shared_parts
from codegen.spec.traverse import METHODS, find_references, read_reference

ERROR_FIELDS: Final[Json] = {
    "message": {"type": "string", "description": "Human-readable description."},
    "type": {"type": "string", "description": "Broad category, ERROR_TYPE_*."},
    "code": {"type": "string", "description": "Specific error, ERROR_CODE_*."},
    "userTitle": {"type": "string"},
    "userMessage": {"type": "string"},
    "cntTraceId": {"type": "string", "description": "Trace id to pass to Connectly's support."},
    "details": {"type": "object"},
}
_KEY: Final[Json] = {"type": "apiKey", "description": "API key for authorization", "name": "X-API-Key", "in": "header"}


def apply_facts(swagger: Json) -> Json:
    """Return a copy of a Swagger 2.0 document that states every fact, and in which operations share nothing.

    It is equal if the document is so already.
    """
    result = write_out_shared_parts(swagger)
    for state_fact in (state_error_body, state_key, state_successes, state_required):
        state_fact(result)
    return result


def state_error_body(swagger: Json) -> None:
    """Give every error the documented body, and the fields that only the file has. Source: the page on errors.

    A generated file describes gRPC's status: an integer code and a list of details, which the service does not answer.
    """
    definitions: Json = check_type(swagger.get("definitions", {}), dict, "#/definitions")
    before = set(find_references(swagger))
    errors = list(_list_errors(swagger))
    wrong = [error for error in errors if not _has_error_body(definitions, error.get("schema"))]
    if not wrong:
        return
    spellings = {name.lower() for name in ERROR_FIELDS}
    others = {
        name: field
        for error in wrong
        for name, field in _get_properties(definitions, error.get("schema")).items()
        if name.replace("_", "").lower() not in spellings
    }
    right = [read_reference(str(to_object(error["schema"]).get("$ref"))) for error in errors if error not in wrong]
    name = next(filter(definitions.get, right), "") or UniqueNames(definitions, str).add("Error")
    body = definitions.setdefault(name, {"type": "object", "properties": copy_json(ERROR_FIELDS)})
    body["properties"] = {**_get_properties(definitions, body), **others}
    swagger["definitions"] = definitions
    for error in wrong:
        error["schema"] = {"$ref": f"#/definitions/{name}"}
    while unused := definitions.keys() & (before - set(find_references(swagger))):
        for name in unused:
            del definitions[name]


def state_key(swagger: Json) -> None:
    """Let the header X-API-Key suffice for each operation that needs anything. Source: the page on authentication.

    A generated file describes a key only if somebody wrote it down for the generator.
    """
    schemes: Json = check_type(swagger.setdefault("securityDefinitions", {}), dict, "#/securityDefinitions")
    found = (name for name, scheme in schemes.items() if _is_key(to_object(scheme)))
    name = next(found, "") or UniqueNames(schemes, str).add("ApiKeyAuth")
    schemes.setdefault(name, dict(_KEY))
    for holder in (swagger, *(operation for _, _, operation in _list_operations(swagger))):
        given = [alternative for alternative in to_list(holder.get("security")) if alternative]
        if given or holder is swagger:
            holder["security"] = given if {name: []} in given else [{name: []}, *given]


def state_successes(swagger: Json) -> None:
    """Let what sends, by its path or id, answer 200 and 201. Source: the pages on sending; a generated file has 200."""
    for method, path, operation in _list_operations(swagger):
        responses, both = operation["responses"], ("200", "201")
        given = [responses[status] for status in both if status in responses]
        words = f"{path} {operation.get('operationId')}"
        if method == "post" and len(given) == 1 and re.search("(?<![a-z])send", words, re.IGNORECASE):
            operation["responses"] = dict(sorted({**dict.fromkeys(both, given[0]), **responses}.items()))


def state_required(swagger: Json) -> None:
    """Require each body and each part of a path, as a call means nothing without. Source: the examples of each page."""
    for _, _, operation in _list_operations(swagger):
        for parameter in map(to_object, to_list(operation.get("parameters"))):
            if parameter.get("in") in ("body", "path"):
                parameter["required"] = True


def _list_operations(swagger: Json) -> list[tuple[str, str, Json]]:
    return [
        (method, path, item[method])
        for path, item in to_object(swagger.get("paths")).items()
        for method in METHODS
        if isinstance(to_object(to_object(item).get(method)).get("responses"), dict)
    ]


def _list_errors(swagger: Json) -> Iterator[Json]:
    """Yield the error responses of each operation that has a success, and so a `default` that is an error."""
    for _, _, operation in _list_operations(swagger):
        responses: Json = operation["responses"]
        if any(status.startswith("2") for status in responses):
            responses.setdefault("default", {"description": "An unexpected error response."})
            for status, response in responses.items():
                if re.fullmatch("[45][0-9][0-9]|default", status) and isinstance(response, dict):
                    yield response


def _has_error_body(definitions: Json, schema: object) -> bool:
    fields = _get_properties(definitions, schema)
    types = {name: _resolve(definitions, fields.get(name)).get("type") for name in ERROR_FIELDS}
    is_whole = types == {name: field["type"] for name, field in ERROR_FIELDS.items()}
    return is_whole and all(name in types for name in map(str, to_list(_resolve(definitions, schema).get("required"))))


def _is_key(scheme: Json) -> bool:
    return (scheme.get("in"), str(scheme.get("name")).lower()) == ("header", "x-api-key")


def _get_properties(definitions: Json, schema: object) -> Json:
    found = _resolve(definitions, schema)
    parts = [_get_properties(definitions, part) for part in to_list(found.get("allOf"))]
    return {name: field for part in (*parts, to_object(found.get("properties"))) for name, field in part.items()}


def _resolve(definitions: Json, value: object) -> Json:
    """Follow references; one that leads nowhere is an empty object, and the converter's to refuse."""
    found = to_object(value)
    for _ in range(9):
        if "$ref" in found:
            found = to_object(definitions.get(read_reference(str(found["$ref"]))))
    return found
