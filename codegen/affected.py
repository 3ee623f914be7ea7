"""Finds the handwritten code that a difference affects, by the names it uses. Pure.

A place is affected if it names a changed model, enum or function, if it sets or reads a changed field, or if it has the
wire name of such a field, or the value of such an enum, as a string next to others of the same model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import attrs

from codegen.difference import Change, Difference
from codegen.difference.changes import Place
from codegen.handwritten import Part, find_public_callers, parts
from codegen.naming import places
from codegen.naming.name_table import NameTable
from codegen.spec.ascii_names import original
from codegen.spec.document import to_object

PUBLIC: Mapping[str, str] = {
    "connectly_api/client.py": "Connectly",
    "connectly_api/registrations.py": "Registrations",
}
"""The public classes of the client."""


@attrs.frozen
class Touched:
    """One change, in terms of the generated code.

    Attributes:
        what: The change in a few words.
        kind: The kind of change, as in the difference.
        function: The operation's function, if the change is about a whole operation.
        model: The model that changed, or that has the field.
        field: The field's names on the wire and in Python, if the change is about a field.
        siblings: The wire names of the model's other fields, or the values of an enum.
    """

    what: str
    kind: str
    function: str = ""
    model: str = ""
    field: tuple[str, str] = ("", "")
    siblings: frozenset[str] = frozenset()


@attrs.frozen(order=True)
class Affected:
    """One handwritten place to review.

    Attributes:
        why: The change that affects it.
        kind: `facade`, `code` or `golden`.
        where: The place.
    """

    why: str
    kind: str
    where: str


def list_changed_names(
    difference: Difference, tables: Iterable[NameTable], enums: Mapping[str, frozenset[str]]
) -> list[Touched]:
    """List the generated names that a difference changes, without cosmetic changes.

    Args:
        difference: The difference between the vendored file and the new one.
        tables: The published names after and before, in this order.
        enums: The values of enums, by the names of their types.
    """
    found = [
        named
        for change in difference.changes
        if change.impact != "cosmetic"
        for place in change.places
        for table in tables
        if (named := _name_change(change, place, table, enums)) is not None
    ]
    return list(dict.fromkeys(found))


def _name_change(change: Change, place: Place, table: NameTable, enums: Mapping[str, frozenset[str]]) -> Touched | None:
    where = places.operation(*place.operation.split(" ", 1)) if " " in place.operation else ""
    if where not in table.operations:
        return None
    if not place.part:
        return _describe_function(change, table.operations[where].rpartition(".")[2], "")
    known = {f"{where} {one}": name for one, name in table.find(table.operations[where]).models.items()}
    known |= {f"{owner}.{one}": name for owner, found in table.owners.items() for one, name in found.models.items()}
    # A response's status is not part of a name.
    here = f"{where} {'response' if place.part.startswith('response ') else place.part}"
    owner, wire = "", ""
    for step in ("", *place.path):
        if step.startswith((".", "['")):
            wire = step[1:] if step[0] == "." else step[2:-2]
            owner, here = here, f"{here}.{places.field(wire)}"
        elif step in {"[]", "{}"}:
            here += step
        here = known.get(here, here)
    if here in enums and change.kind.startswith("enum"):
        return Touched(f"{here}: {change.what}", change.kind, model=here, siblings=enums[here])
    if owner in table.owners:
        fields = table.owners[owner].names
        python = fields.get(wire, "")
        what = f"{owner}.{wire}: {change.what}"
        return Touched(what, change.kind, model=owner, field=(wire, python), siblings=frozenset(fields) - {wire})
    if here in table.owners:
        return Touched(f"{here}: {change.what}", change.kind, model=here)
    return _describe_function(change, table.operations[where].rpartition(".")[2], place.part)


def _describe_function(change: Change, function: str, part: str) -> Touched:
    where = f"{function}, {part}" if part else function
    return Touched(f"{where}: {change.what}", change.kind, function=function)


def find_affected(found: Iterable[Touched], modules: Mapping[str, str], golden: Mapping[str, Any]) -> list[Affected]:
    """List the handwritten places that changes affect.

    Args:
        found: The changes.
        modules: Handwritten source by path.
        golden: Decoded JSON of the tests' golden files, by path.
    """
    everything = [part for path, source in modules.items() for part in parts(path, source)]
    facade = [part for part in everything if part.lowlevel or part.path in PUBLIC]
    result: set[Affected] = set()
    for one in found:
        direct = [part for part in everything if _concerns(one, part, everything)]
        result |= {Affected(one.what, "code", str(part)) for part in direct}
        inside = [part for part in direct if part.lowlevel]
        result |= {Affected(one.what, "facade", part.name) for part in find_public_callers(inside, facade, PUBLIC)}
        result |= {Affected(one.what, "golden", path) for path, value in golden.items() if _contains_field(value, one)}
    return sorted(result)


def _concerns(one: Touched, part: Part, everything: Iterable[Part]) -> bool:
    if one.function:
        return part.lowlevel and one.function in part.names
    wire, python = one.field
    if not wire:
        knows = len(one.siblings & part.texts) > 1
        return (part.lowlevel and one.model in part.names) or knows
    if part.lowlevel:
        if one.model in part.calls:
            return one.kind.endswith("added") or python in part.calls[one.model] or "field-required" in one.kind
        return python in part.names and any(one.model in other.names for other in everything if other.path == part.path)
    spellings = {wire, original(wire)}
    beside = {text for name in one.siblings for text in (name, original(name))}
    return bool(spellings & part.texts) and (not beside or bool(beside & part.texts))


def _contains_field(value: object, one: Touched) -> bool:
    """Return whether JSON has the field next to others of its model."""
    wire = one.field[0]
    fields = to_object(value) or {}
    beside = not one.siblings or bool(one.siblings & fields.keys())
    inside = (*fields.values(), *(cast("list[object]", value) if isinstance(value, list) else ()))
    return (bool(wire) and wire in fields and beside) or any(_contains_field(part, one) for part in inside)
