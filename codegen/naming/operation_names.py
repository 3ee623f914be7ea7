"""Names operations and their arguments, and with them everything else: as published, or else anew. Pure.

The generator sees only the Python names; the names on the wire are next to them in `x-wire`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import attrs

from codegen.naming import places
from codegen.naming.name_table import Names, NameTable, Owner, find_lost
from codegen.naming.schema_names import SchemaNames, Slot
from codegen.spec.ascii_names import assign, identifier, short_operation
from codegen.spec.document import Json, copy_json
from codegen.spec.traverse import PLACEHOLDER, Operation, operations

_RESERVED_ARGUMENTS = ("body", "built", "request", "timeout", "transport")
_RESERVED_FUNCTIONS = ("api", "models", "request")


@attrs.frozen
class Named:
    """A document in which everything has its Python name.

    Attributes:
        document: The input of the generator.
        table: The names, to keep for the next run.
        lost: The published names that stand for nothing any more; see `find_lost`.
    """

    document: Json
    table: NameTable
    lost: tuple[str, ...]


def name_document(document: Json, table: NameTable) -> Named:
    """Name everything in a document that the overlay has prepared; the document itself is not changed."""
    document = copy_json(document)
    found = {places.operation(operation.method, operation.path): operation for operation in operations(document)}
    functions = _name_functions(found, table.operations)
    schemas = SchemaNames(document, table)
    paths: Json = {}
    owners: dict[str, Owner] = {}
    for place, operation in found.items():
        module, _, function = functions[place].rpartition(".")
        known = table.find(table.operations.get(place, ""))
        fields = operation.fields
        fields |= {"operationId": function, "tags": [module], "x-path": operation.path}
        arguments = _name_arguments(operation, known.names)
        models: dict[str, str] = {}
        for holder, part, wanted in _find_schemas(fields, arguments):
            schemas.enter(Slot(holder, "schema", part, models, known.models, wanted, whole=part not in arguments))
        fields.pop("x-errors", None)
        owners[function] = Owner("operation", arguments, models)
        paths.setdefault(_rename_path(operation.path, arguments), {})[operation.method] = fields
    schemas.finish()
    result = NameTable(functions, {**owners, **schemas.owners}, schemas.definitions)
    document = {**document, "paths": paths, "components": {"schemas": schemas.schemas}}
    return Named(document, result, find_lost(table, result))


def _name_functions(found: Mapping[str, Operation], known: Names) -> dict[str, str]:
    """Return the function of each operation, with its module, by place."""
    tags = {place: operation.fields.get("tags") or ["default"] for place, operation in found.items()}
    # Without an id, an operation is named after its place.
    ids = {place: one.fields.get("operationId") or re.sub(r"\W+", " ", place.lower()) for place, one in found.items()}
    short = {place: identifier(short_operation(text, tags[place])) for place, text in ids.items()}
    counts = Counter(short.values())
    texts = {place: [text, ids[place]] if counts[text] == 1 else [ids[place]] for place, text in short.items()}
    functions = {place: path.rpartition(".")[2] for place, path in known.items()}
    names = assign(texts, functions, _RESERVED_FUNCTIONS, "_operation")
    return {place: known.get(place) or f"{identifier(tags[place][0])}.{names[place]}" for place in found}


def _name_arguments(operation: Operation, known: Names) -> dict[str, str]:
    """Give the parameters their Python names, and return these by place."""
    entries: list[Json] = operation.fields.get("parameters", [])
    by_wire = {(entry["in"], entry["name"]): entry for entry in entries}
    wires = {place: ("path", wire) for place, wire in places.path_arguments(operation.path).items()}
    wires |= {f"{where} {places.field(wire)}": (where, wire) for where, wire in by_wire if where != "path"}
    texts = {place: (wire, f"{wire} {where}") for place, (where, wire) in wires.items()}
    found = assign(texts, known, _RESERVED_ARGUMENTS)
    entries[:] = [by_wire[wires[place]] | {"x-wire": wires[place][1], "name": name} for place, name in found.items()]
    return found


def _find_schemas(fields: Json, arguments: Names) -> Iterator[tuple[Json, str, str]]:
    """Yield the holder of each schema that an operation uses, its place, and the name for it."""
    name = fields["operationId"]
    for entry, place in zip(fields.get("parameters", []), arguments, strict=True):
        yield entry, place, f"{name} {entry['x-wire']}"
    bodies = [("request", fields.get("requestBody", {})), *(("response", one) for one in fields["responses"].values())]
    for part, body in bodies:
        for media in body.get("content", {}).values():
            yield media, part, f"{name} {part}"
    for status, holder in fields.get("x-errors", {}).items():
        yield holder, f"error {status}", f"{name} error"


def _rename_path(path: str, arguments: Names) -> str:
    """Return a path with the names of its arguments; it becomes two if two operations have different ones."""
    found = iter(places.path_arguments(path))
    return PLACEHOLDER.sub(lambda _: f"{{{arguments[next(found)]}}}", path)
