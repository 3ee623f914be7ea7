"""Writes out what the operations of a Swagger 2.0 file share, so that no other module looks for it. Pure."""

from __future__ import annotations

from codegen.spec.document import Json, copy_json, to_list, to_object
from codegen.spec.traverse import METHODS, read_reference


def write_out_shared_parts(swagger: Json) -> Json:
    """Return a copy in which each operation has all its parameters and responses; a dangling reference stays."""
    result: Json = copy_json(swagger)
    for item in map(to_object, to_object(result.get("paths")).values()):
        shared = to_list(item.pop("parameters", None))
        for operation in (to_object(item.get(method)) for method in METHODS if method in item):
            own = [_resolve(result, "parameters", entry) for entry in to_list(operation.get("parameters"))]
            taken = list(map(_identify, own))
            others = [_resolve(result, "parameters", entry) for entry in copy_json(shared)]
            if parameters := [*(entry for entry in others if _identify(entry) not in taken), *own]:
                operation["parameters"] = parameters
            responses = to_object(operation.get("responses"))
            for status, response in responses.items():
                responses[status] = _resolve(result, "responses", response)
    return {key: part for key, part in result.items() if key not in {"parameters", "responses"}}


def _identify(parameter: object) -> tuple[object, object]:
    fields = to_object(parameter)
    return fields.get("in"), fields.get("name")


def _resolve(swagger: Json, kind: str, value: object) -> object:
    """Return a copy of what a value refers to, or else the value."""
    target = str(to_object(value).get("$ref"))
    name = read_reference(target).removeprefix(f"#/{kind}/")
    found = to_object(swagger.get(kind)) if target.startswith(f"#/{kind}/") else {}
    return copy_json(found[name]) if name in found else value
