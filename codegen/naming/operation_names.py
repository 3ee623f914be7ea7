"""Names operations, arguments and fields: with their published names, or else with new ones. Pure.

The generator sees only the Python names; the names on the wire are next to them in `x-wire`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import attrs

from codegen.naming import places
from codegen.naming.name_table import Model, Operation, Published
from codegen.naming.schema_names import name_schemas
from codegen.spec import ascii_names as names
from codegen.spec.document import Json, refuse
from codegen.spec.traverse import Operation as Found
from codegen.spec.traverse import operations

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(r"v[0-9]+\w*")


@attrs.frozen
class Named:
    """A document in which everything has its Python name.

    Attributes:
        document: The input of the generator.
        published: The names, to keep for the next run.
    """

    document: Json
    published: Published


def name(document: Json, published: Published) -> Named:
    """Name everything in a document.

    Args:
        document: An OpenAPI document, prepared by the overlay; it is changed in place.
        published: The published names.

    Raises:
        CodegenError: Something cannot be named; the message says where it is.
    """
    named = _name_operations(document, published.operations)
    models = name_schemas(document, published)
    for operation in operations(document):
        operation.fields.pop("x-errors", None)
        _rename_arguments(operation, named[operation.fields["x-place"]].arguments)
    document["paths"] = _rename_paths(document)
    fields = {
        found: _name_fields(schema, published.models.get(found)) if models[found].kind == "class" else {}
        for found, schema in document["components"]["schemas"].items()
    }
    return Named(
        document,
        Published(named, {found: attrs.evolve(model, fields=fields[found]) for found, model in models.items()}),
    )


def _name_operations(document: Json, published: Mapping[str, Operation]) -> dict[str, Operation]:
    found: dict[str, Found] = {}
    for operation in operations(document):
        place = places.operation(operation.method, operation.path)
        if place in found:
            refuse(operation.at, f"the same operation as {found[place].path}: both are {place}")
        found[place] = operation
    known = {place: published[place].function for place in found if place in published}
    short = {place: _short(operation) for place, operation in found.items() if place not in known}
    counts = Counter(names.function(one) for one in short.values())
    taken = set(known.values())
    named: dict[str, Operation] = {}
    for place, operation in found.items():
        if place in known:
            function, title = known[place], known[place]
            module = published[place].module
        else:
            long = names.plain(operation.fields.get("operationId") or short[place])
            wanted = [short[place], long] if counts[names.function(short[place])] == 1 else [long]
            function = names.free(map(names.function, wanted), taken)
            title = next((one for one in wanted if names.function(one) == function), function)
            module = names.module(names.plain((operation.fields.get("tags") or ["default"])[0]))
        taken.add(function)
        named[place] = Operation(module, function, _arguments(operation, published.get(place)))
        operation.fields.update(
            {
                "operationId": function,
                "tags": [module],
                "x-place": place,
                "x-path": operation.path,
                "x-class": names.class_name(title),
            }
        )
    return named


def _short(operation: Found) -> str:
    """Return an operation's id without its service; without an id, its method and the words of its path."""
    operation_id = operation.fields.get("operationId", "")
    if any(map(str.isalnum, operation_id)):
        return names.plain(names.short_operation(operation_id, operation.fields.get("tags", [])))
    words = [part for part in _PLACEHOLDER.sub("", operation.path).split("/") if part and not _VERSION.fullmatch(part)]
    return names.plain(re.sub(r"\W+", "_", "_".join([operation.method, *words])))


def _arguments(operation: Found, known: Operation | None) -> dict[str, str]:
    """Return the names of the arguments by place; those in the path are in its order."""
    entries: list[Json] = operation.fields.get("parameters", [])
    in_path = [match[1] for match in _PLACEHOLDER.finditer(operation.path)]
    if sorted(in_path) != sorted(entry["name"] for entry in entries if entry["in"] == "path"):
        refuse(operation.at, "the path and its parameters have different names")
    wires = {("path", wire): f"path {n}" for n, wire in enumerate(in_path, 1)}
    wires |= {(e["in"], e["name"]): f"{e['in']} {e['name']}" for e in entries if e["in"] != "path"}
    for place, wire in wires:
        if place == "header" and not _HEADER.fullmatch(wire):
            refuse(operation.at, "the name of a header parameter cannot be sent")
    given: Mapping[str, str] = known.arguments if known is not None else {}
    found = {key: given[key] for key in given if key in wires.values()}
    for (place, wire), key in wires.items():
        if key not in found:
            wanted = names.argument(names.plain(wire))
            found[key] = names.free([wanted, f"{wanted.rstrip('_')}_{place}"], found.values())
    return found


def _rename_arguments(operation: Found, arguments: Mapping[str, str]) -> None:
    in_path = [match[1] for match in _PLACEHOLDER.finditer(operation.path)]
    entries: list[Json] = operation.fields.get("parameters", [])
    for entry in entries:
        wire = entry["name"]
        key = f"path {in_path.index(wire) + 1}" if entry["in"] == "path" else f"{entry['in']} {wire}"
        entry |= {"x-wire": wire, "name": arguments[key]}
    order = list(arguments.values())
    entries.sort(key=lambda entry: order.index(entry["name"]))


def _rename_paths(document: Json) -> Json:
    """Return the paths with the arguments' names; a path is repeated if two operations name them differently."""
    by_path: Json = {}
    for operation in operations(document):
        entries = operation.fields.get("parameters", [])
        by_wire = {entry["x-wire"]: entry["name"] for entry in entries if entry["in"] == "path"}
        parts = _PLACEHOLDER.split(operation.path)
        parts[1::2] = [f"{{{by_wire[wire]}}}" for wire in parts[1::2]]
        by_path.setdefault("".join(parts), {})[operation.method] = operation.fields
    return by_path


def _name_fields(schema: Json, known: Model | None) -> dict[str, str]:
    there: Json = schema.get("properties", {})
    given: Mapping[str, str] = known.fields if known is not None else {}
    found = {wire: given[wire] for wire in given if wire in there}
    # In the published order, so that a different order in the file changes nothing.
    properties = {wire: there[wire] for wire in [*found, *(wire for wire in there if wire not in found)]}
    for wire in properties:
        if wire not in found:
            found[wire] = names.free([names.field(names.plain(wire))], found.values())
    schema["x-wire"] = {found[wire]: wire for wire in properties}
    if properties:
        schema["properties"] = {found[wire]: value for wire, value in properties.items()}
    if "required" in schema:
        schema["required"] = [found[wire] for wire in schema["required"] if wire in found]
    return found
