"""The published names, by the places where they are used. They stay when the vendor renames things. Pure.

A name belongs to the caller, not to the vendor: `Message` stays `Message` when `v1Message` becomes `connectlyMessage`,
is written in place, or is shared with another field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import attrs

from codegen.spec.document import CodegenError, check_object, elements, inside, load, members, refuse, strings

KINDS = ("class", "enum", "mapping")


@attrs.frozen
class Operation:
    """The names of one operation.

    Attributes:
        module: Its module.
        function: Its function, which is also the name of the function's module.
        arguments: The names of its arguments, by `path 1` for the first in the path, `query NAME` or `header NAME`.
    """

    module: str
    function: str
    arguments: Mapping[str, str]


@attrs.frozen
class Model:
    """The names of one schema.

    Attributes:
        kind: One of `KINDS`.
        places: Where it is used; see `codegen.naming.places`.
        fields: The Python names of its fields, by their names on the wire.
    """

    kind: str
    places: tuple[str, ...]
    fields: Mapping[str, str]


@attrs.frozen
class Published:
    """All names.

    Attributes:
        operations: By place.
        models: By class name.
    """

    operations: Mapping[str, Operation]
    models: Mapping[str, Model]

    def move(self, moves: Mapping[str, str]) -> Published:
        """Return the table with the places of operations that have moved."""

        def follow(place: str) -> str:
            operation = " ".join(place.split(" ", 2)[:2])
            return moves.get(operation, operation) + place[len(operation) :]

        operations = {follow(place): operation for place, operation in self.operations.items()}
        models = {
            name: attrs.evolve(model, places=tuple(map(follow, model.places))) for name, model in self.models.items()
        }
        return Published(operations, models)


NO_NAMES = Published({}, {})
"""The table of a file from which nothing has been generated yet."""


def dump(published: Published) -> bytes:
    """Return the table as a file, sorted except for fields, whose order is kept."""
    models = {
        name: {"kind": model.kind, "places": sorted(model.places), "fields": dict(model.fields)}
        for name, model in sorted(published.models.items())
    }
    operations = {place: attrs.asdict(operation) for place, operation in sorted(published.operations.items())}
    return (json.dumps({"operations": operations, "models": models}, indent=1) + "\n").encode()


def read(content: bytes) -> Published:
    """Parse the table from a file; raise CodegenError if it is not such a table."""
    try:
        root = check_object(load(content), {"operations": dict, "models": dict}, "#", required=("operations", "models"))
        operations = {
            place: _operation(entry, inside("#/operations", place)) for place, entry in root["operations"].items()
        }
        models = {name: _model(entry, inside("#/models", name)) for name, entry in root["models"].items()}
    except CodegenError as error:
        raise CodegenError(f"codegen/names.json: {error}; restore it from version control") from None
    return Published(operations, models)


def _operation(value: object, at: str) -> Operation:
    known = {"module": str, "function": str, "arguments": dict}
    entry = check_object(value, known, at, required=known)
    return Operation(entry["module"], entry["function"], _names(entry["arguments"], inside(at, "arguments")))


def _model(value: object, at: str) -> Model:
    known = {"kind": str, "places": list, "fields": dict}
    entry = check_object(value, known, at, required=known)
    if entry["kind"] not in KINDS:
        refuse(inside(at, "kind"), f"must be one of {', '.join(KINDS)}")
    places = strings(elements(entry["places"], at), inside(at, "places"))
    return Model(entry["kind"], tuple(places), _names(entry["fields"], inside(at, "fields")))


def _names(value: object, at: str) -> dict[str, str]:
    found = members(value, at)
    strings(list(found.values()), at)
    return found
