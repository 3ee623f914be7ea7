"""The published names, by the places where they are used. They stay when the vendor renames or moves things. Pure.

A name belongs to the caller, not to the vendor: `Message` stays `Message` when `v1Message` becomes `connectlyMessage`,
is written in place, or is shared with another field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from codegen.naming import places
from codegen.spec.document import CodegenError, load

Names = Mapping[str, str]


@attrs.frozen
class Owner:
    """The names within an operation or a schema.

    Attributes:
        kind: `operation`, `class`, `enum` or `mapping`.
        names: The Python names of arguments, by `path /WORD` (the word before it), `query NAME` or `header NAME`; of
            fields, by their names on the wire.
        models: The classes that it uses: by `request`, `response`, `error STATUS` or argument; by field, where
            `attachments[]` is a list's element and `labels{}` a mapping's value.
    """

    kind: str = ""
    names: Names = attrs.field(factory=dict[str, str])
    models: Names = attrs.field(factory=dict[str, str])


@attrs.frozen
class NameTable:
    """All published names.

    Attributes:
        operations: The function of each operation with its module, `message_service.send_message`, by place.
        owners: What has names within it, by function or by class.
        definitions: The classes of definitions that no operation uses, by the vendor's names.
    """

    operations: Names = attrs.field(factory=dict[str, str])
    owners: Mapping[str, Owner] = attrs.field(factory=dict[str, Owner])
    definitions: Names = attrs.field(factory=dict[str, str])

    def find(self, name: str) -> Owner:
        """Return the names within a function, with or without its module, or a class."""
        return self.owners.get(name.rpartition(".")[2], Owner())

    def move(self, moves: Mapping[str, str]) -> NameTable:
        """Return the table after operations have moved from one place to another."""
        moved = {place: path for place, path in self.operations.items() if place in moves}
        rest = {place: path for place, path in self.operations.items() if place not in moves}
        owners = {path.rpartition(".")[2]: _move(self.find(path), place, moves[place]) for place, path in moved.items()}
        operations = rest | {moves[place]: path for place, path in moved.items()}
        return attrs.evolve(self, operations=operations, owners={**self.owners, **owners})


NO_NAMES = NameTable()
"""The table of a file from which nothing has been generated yet."""


def _move(operation: Owner, old: str, new: str) -> Owner:
    """Move the arguments in the path: the word before tells which one it is, or else the order, if all are there."""
    before, after = (places.path_arguments(place.partition(" ")[2]) for place in (old, new))
    rest, others = [one for one in before if one not in after], [one for one in after if one not in before]
    moved = dict(zip(rest, others, strict=True)) if len(rest) == len(others) else {}
    names = {moved.get(place, place): name for place, name in operation.names.items()}
    models = {moved.get(place, place): name for place, name in operation.models.items()}
    return attrs.evolve(operation, names=names, models=models)


def read_table(content: bytes) -> NameTable:
    """Parse the table from a file; raise CodegenError if it is not such a table."""
    try:
        root = load(content)
        owners = {name: Owner(**owner) for name, owner in root["owners"].items()}
        return NameTable(root["operations"], owners, root["definitions"])
    except (CodegenError, KeyError, TypeError, AttributeError) as error:
        raise CodegenError(f"codegen/names.json: {error!r}; restore it from version control") from None


def dump_table(table: NameTable) -> bytes:
    """Return the table as a file, sorted except for arguments and fields, whose order is kept."""
    owners = {name: {**attrs.asdict(owner), "models": _sort(owner.models)} for name, owner in table.owners.items()}
    root = {"operations": table.operations, "owners": owners, "definitions": table.definitions}
    return (json.dumps({part: _sort(names) for part, names in root.items()}, indent=1) + "\n").encode()


def _sort(names: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(names.items()))


def find_lost(old: NameTable, new: NameTable) -> tuple[str, ...]:
    """Return the names that stand for nothing any more: `send_fax`, `send_fax.pages`, `Header`, `Webhook.id`.

    With `fax_service.send_fax`, the function is in another module now. With `Header at Message.header`, the class is
    still there, and what is at this place now has another name.
    """
    # A new function may have the name of one that is gone, in another module.
    paths = set(new.operations.values())
    lost = [path for path in old.operations.values() if path not in paths and path.rpartition(".")[2] in new.owners]
    for owner, before in old.owners.items():
        after = new.find(owner)
        if not after.kind:
            lost.append(owner)
            continue
        there = set(after.names.values())
        lost += [f"{owner}.{name}" for name in before.names.values() if name not in there]
        moved = {place: name for place, name in before.models.items() if after.models.get(place, name) != name}
        lost += [f"{name} at {owner}.{place}" for place, name in moved.items() if name in new.owners]
    return tuple(lost)
