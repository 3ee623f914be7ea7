"""Names the schemas: with their published names, or else with new, unique names. Pure.

It works from the outside in, starting with the operations' requests and responses. A published place keeps its name,
whatever the vendor calls the schema there and wherever it is defined. A new place of a schema that already has a name
shares it. Everything else is named last, so that it cannot take another schema's name.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterable

import attrs

from codegen.naming import places
from codegen.naming.name_table import Names, NameTable, Owner
from codegen.spec import ascii_names
from codegen.spec.document import Json, select
from codegen.spec.traverse import REFERENCE, find_references, reach

_RESERVED = ("additional_properties", "from_dict", "to_dict")
_TOLD = {"description": str, "example": object, "deprecated": bool}


@attrs.frozen
class Slot:
    """One place of a schema, `holder[key]`, where a reference to its name will be.

    Attributes:
        place: The place within the operation or the class.
        names: Where to record the name, by place.
        known: The published names, by place.
        wanted: The name for a schema that is defined in place.
        whole: Whether it is a whole request or response.
    """

    holder: Json
    key: str
    place: str
    names: dict[str, str]
    known: Names
    wanted: str
    whole: bool = False


class SchemaNames:
    """One run over the schemas of a document. Only those in place are changed, the definitions are not.

    The named schemas are in `schemas`; `owners` and `definitions` are those of a name table.
    """

    def __init__(self, document: Json, table: NameTable) -> None:
        self.schemas: Json = {}
        self.owners: dict[str, Owner] = {}
        self.definitions: dict[str, str] = {}
        self._found: Json = document["components"]["schemas"]
        self._table = table
        self._meanings = places.find_meanings(document)
        self._bound: dict[str, Hashable] = {}
        # A definition that needs no name itself, such as a list, is published by what is within it: `Pets[]`.
        self._published = {*table.definitions, *map(places.find_definition, table.definitions)}
        self._unused = _find_unused(self._found, [*find_references(document["paths"]), *self._published])
        self._by_definition: dict[str, str] = {}
        self._queues: tuple[deque[Slot], ...] = (deque(), deque(), deque(), deque())
        self._unique = ascii_names.UniqueNames(convert=ascii_names.class_name)
        self._short = {name: ascii_names.class_name(ascii_names.short_schema(name)) for name in self._found}
        self._counts = Counter(self._short.values())

    def enter(self, slot: Slot) -> None:
        """Add the schema at a place, or those within it if it needs no name."""
        schema = slot.holder[slot.key]
        target, definition = places.target(schema, self._found)
        if kind := self._find_kind(slot, target, definition):
            self._queues[self._rank(slot, target, kind)].append(slot)
        else:
            # A plain string or a list stays in place, even if it is a definition.
            slot.holder[slot.key] = {**target, **select(schema, _TOLD)}
            self._enter_parts(slot, slot.holder[slot.key])

    def _rank(self, slot: Slot, target: Json, kind: str) -> int:
        """Return 0 for what certainly has its published name, 3 for what has none: one name may suit several places."""
        known = self._table.find(slot.known.get(slot.place, ""))
        fields = target.get("properties", {}).keys()
        if known.kind != kind:
            return 2 if slot.place in slot.known else 3
        return 0 if known.names.keys() == fields else 1 if known.names.keys() & fields else 2

    def _enter_parts(self, slot: Slot, schema: Json) -> None:
        for key, mark, suffix in (("items", "[]", "Item"), ("additionalProperties", "{}", "Value")):
            if isinstance(schema.get(key), dict):
                place, wanted = f"{slot.place}{mark}", f"{slot.wanted} {suffix}"
                self.enter(Slot(schema, key, place, slot.names, slot.known, wanted))

    def _find_kind(self, slot: Slot, target: Json, definition: str | None) -> str:
        """Return the kind of a schema, or nothing if it needs no name."""
        if target.get("enum"):
            return "enum"
        if target.get("properties") or target.get("type") != "object":
            return "class" if target.get("properties") else ""
        # An object without fields is what it was published as: an empty class or a mapping.
        values = target.get("additionalProperties")
        known = self._table.find(slot.known.get(slot.place, ""))
        if known.kind == "mapping" or (known.kind == "class" and not isinstance(values, dict)):
            return known.kind
        return "class" if values in (None, False) and (slot.whole or definition is not None) else "mapping"

    def finish(self) -> None:
        """Name everything that was entered, and then the definitions that were not."""
        known = self._table.definitions
        for names in ([name for name in self._found if name in self._published], *([name] for name in self._unused)):
            for name in names:
                holder: Json = {"schema": {"$ref": f"{REFERENCE}{name}"}}
                self.enter(Slot(holder, "schema", name, self.definitions, known, name))
            while any(self._queues):
                self._settle(next(filter(None, self._queues)).popleft())

    def _settle(self, slot: Slot) -> None:
        schema = slot.holder[slot.key]
        target, definition = places.target(schema, self._found)
        kind = self._find_kind(slot, target, definition)
        name = slot.known.get(slot.place)
        if name is None:
            name = self._by_definition.get(definition or "") or self._find_name(slot, definition)
        elif self._unique.is_free(name):
            self._unique.add(name)
        elif self.owners.get(name, Owner()).kind != kind or self._bound[name] != self._meanings[id(target)]:
            self.enter(attrs.evolve(slot, known={}))
            return
        if name not in self.owners:
            self._bind(name, target, kind)
        if definition is not None:
            self._by_definition.setdefault(definition, name)
            if definition not in self.schemas[name]["x-definitions"]:
                self.schemas[name]["x-definitions"].append(definition)
        slot.names[slot.place] = name
        shared: Json = {"$ref": f"{REFERENCE}{name}"}
        notes = select(schema, _TOLD)
        slot.holder[slot.key] = {"allOf": [shared], **notes} if notes else shared

    def _find_name(self, slot: Slot, definition: str | None) -> str:
        if definition is None:
            return self._unique.add(slot.wanted)
        short = self._short[definition]
        texts = [short, definition] if self._counts[short] == 1 else [definition]
        is_body = slot.place == "request" and definition.lower().endswith("body")
        return self._unique.add(*([slot.wanted] if is_body else []), *texts)

    def _bind(self, name: str, target: Json, kind: str) -> None:
        known = self._table.find(name)
        schema: Json = {**target, "x-definitions": []}
        self.schemas[name] = schema
        self._bound[name] = self._meanings[id(target)]
        models: dict[str, str] = {}
        properties: Json = target.get("properties", {}) if kind == "class" else {}
        fields = ascii_names.assign({wire: (wire,) for wire in properties}, known.names, _RESERVED)
        self.owners[name] = Owner(kind, fields, models)
        schema["required"] = [fields[wire] for wire in target.get("required", ()) if wire in fields]
        if kind == "mapping":
            schema["x-mapping"] = True
        if kind == "class":
            schema["x-wire"] = {python: wire for wire, python in fields.items()}
            schema["properties"] = {python: properties[wire] for wire, python in fields.items()}
        for wire, python in fields.items():
            wanted = f"{name} {wire}"
            self.enter(Slot(schema["properties"], python, places.field(wire), models, known.models, wanted))
        if kind != "enum":
            self._enter_parts(Slot(schema, "", "", models, known.models, name), schema)


def _find_unused(definitions: Json, used: Iterable[str]) -> list[str]:
    """Return the first of the definitions that are not used, not those that they refer to."""
    found, reached = list[str](), reach(definitions, used)
    for name in definitions:
        if name not in reached:
            found.append(name)
            reached |= reach(definitions, [name], reached)
    return found
