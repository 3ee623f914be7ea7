"""States what the documentation (https://docs.connectly.ai) says, whatever the vendor's file says. Pure: Swagger 2.0.

A step replaces what contradicts the documentation, adds what is missing, and keeps the rest. The host is no fact here,
as neither the client nor the sandbox reads it. Nor are limits that no schema expresses, such as 1,024 bytes of
callback data.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from itertools import chain, count
from typing import Final

from codegen.spec.document import Json, members, to_list, to_object
from codegen.spec.traverse import METHODS

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
_DEFAULT: Final[Json] = {"description": "An unexpected error response."}


def apply_facts(swagger: Json) -> Json:
    """Return a copy of a Swagger 2.0 document that states every fact; it is equal if the document already does."""
    result = copy.deepcopy(swagger)
    for state_fact in FACTS:
        state_fact(result)
    return result


def state_error_body(swagger: Json) -> None:
    """Give every error the documented body, and the fields that only the file has. Source: the page on errors.

    A generated file describes gRPC's status: an integer code and a list of details, which the service does not answer.
    """
    errors = list(_list_errors(swagger))
    wrong = [error for error in errors if not _has_error_body(swagger, error.get("schema"))]
    if not wrong:
        return
    before, definitions = _list_references(swagger), members(swagger.setdefault("definitions", {}), "#/definitions")
    spellings = {name.lower() for name in ERROR_FIELDS}
    others = {
        name: field
        for error in wrong
        for name, field in _get_properties(swagger, error.get("schema")).items()
        if name.replace("_", "").lower() not in spellings
    }
    whole = (str(_object(error.get("schema")).get("$ref")).rpartition("/")[2] for error in errors if error not in wrong)
    name = next((found for found in whole if found in definitions), "") or _find_free_name("Error", definitions)
    own = definitions.setdefault(name, {"type": "object", "properties": copy.deepcopy(ERROR_FIELDS)})
    own["properties"] = {**_get_properties(swagger, own), **others}
    for error in wrong:
        error["schema"] = {"$ref": f"#/definitions/{name}"}
    while unused := (before - _list_references(swagger)) & {f"#/definitions/{one}" for one in definitions}:
        for reference in unused:
            del definitions[reference.removeprefix("#/definitions/")]


def state_key(swagger: Json) -> None:
    """Let the header X-API-Key suffice for each operation that needs anything. Source: the page on authentication.

    A generated file describes a key only if somebody wrote it down for the generator.
    """
    schemes = members(swagger.setdefault("securityDefinitions", {}), "#/securityDefinitions")
    found = (name for name, one in schemes.items() if _is_key(_object(one)))
    name = next(found, "") or _find_free_name("ApiKeyAuth", schemes)
    schemes.setdefault(name, dict(_KEY))
    for holder in (swagger, *(operation for _, _, operation in _list_operations(swagger))):
        given = [alternative for alternative in to_list(holder.get("security")) or [] if alternative]
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
    holders = [*_object(swagger.get("paths")).values(), *(operation for _, _, operation in _list_operations(swagger))]
    listed = [swagger.get("parameters"), *(_object(holder).get("parameters") for holder in holders)]
    for parameter in chain.from_iterable(_object(one).values() or to_list(one) or () for one in listed):
        if _object(parameter).get("in") in {"body", "path"}:
            parameter["required"] = True


FACTS: Final = (state_error_body, state_key, state_successes, state_required)


def _list_operations(swagger: Json) -> list[tuple[str, str, Json]]:
    return [
        (method, path, item[method])
        for path, item in _object(swagger.get("paths")).items()
        for method in METHODS
        if to_object(_object(_object(item).get(method)).get("responses")) is not None
    ]


def _list_errors(swagger: Json) -> Iterator[Json]:
    """Yield the error responses of each operation that has a success, and so a `default` that is an error."""
    for _, _, operation in _list_operations(swagger):
        responses: Json = operation["responses"]
        if any(status.startswith("2") for status in responses):
            responses.setdefault("default", dict(_DEFAULT))
            errors = (status for status in responses if re.fullmatch("[45][0-9][0-9]|default", status))
            yield from (_resolve(swagger, responses[status]) for status in errors)


def _has_error_body(swagger: Json, schema: object) -> bool:
    fields, required = _get_properties(swagger, schema), to_list(_resolve(swagger, schema).get("required")) or ()
    types = {name: _resolve(swagger, fields.get(name)).get("type") for name in ERROR_FIELDS}
    is_whole = types == {name: field["type"] for name, field in ERROR_FIELDS.items()}
    return is_whole and all(name in types for name in map(str, required))


def _is_key(scheme: Json) -> bool:
    return (scheme.get("in"), str(scheme.get("name")).lower()) == ("header", "x-api-key")


def _get_properties(swagger: Json, schema: object) -> Json:
    found = _resolve(swagger, schema)
    parts = [_get_properties(swagger, part) for part in to_list(found.get("allOf")) or ()]
    return {name: field for part in (*parts, _object(found.get("properties"))) for name, field in part.items()}


def _resolve(swagger: Json, value: object) -> Json:
    """Follow references; one that leads nowhere is an empty object, and the converter's to refuse."""
    found = _object(value)
    for _ in range(9):
        if "$ref" in found:
            kind, _, name = str(found["$ref"]).removeprefix("#/").partition("/")
            found = _object(_object(swagger.get(kind)).get(name))
    return found


def _find_free_name(name: str, taken: Json) -> str:
    return next(one for number in count() if (one := f"{name}{number or ''}") not in taken)


def _list_references(swagger: Json) -> set[str]:
    return set(re.findall(r'"(#/definitions/[^"]+)"', json.dumps(swagger)))


def _object(value: object) -> Json:
    found = to_object(value)
    return {} if found is None else found
