"""Names the schemas: with their published names, or else with new, unique names. Pure.

It works from the outside in, starting with the operations' requests and responses. A published place keeps its name,
whatever the vendor calls the schema there and wherever it is defined. A new place of a schema that already has a name
shares it. Everything else is named last, so that it cannot take another schema's name.
"""

from __future__ import annotations

import copy
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from codegen.naming import places
from codegen.naming.name_table import Model, Published
from codegen.spec import ascii_names as names
from codegen.spec.document import Json, refuse, to_object
from codegen.spec.traverse import Site, is_class, is_mapping, operations, sites

_DEEPEST = 30
"""The limit on nested lists: a deeper one contains itself."""

_TOLD = ("description", "example", "deprecated")


@attrs.frozen
class _Slot:
    """One place of a schema.

    Attributes:
        site: The place in the document.
        place: The place as text.
        wanted: The name for a schema that is defined in place.
        whole: Whether it is a whole request or response.
    """

    site: Site
    place: str
    wanted: str
    whole: bool = False


def name_schemas(document: Json, published: Published) -> dict[str, Model]:
    """Turn each object, mapping and enum into a named schema, and replace it with a reference.

    Args:
        document: An OpenAPI document whose operations are already named; it is changed in place.
        published: The published names.

    Returns:
        The schemas by name, without the names of their fields.

    Raises:
        CodegenError: A schema cannot be named; the message says where it is.
    """
    naming = _Naming(document.get("components", {}).get("schemas", {}), published, _suggestions(document))
    for slot in _roots(document):
        naming.enter(slot)
    naming.settle_all()
    for name in naming.definitions:
        if name not in naming.named:
            holder: Json = {"schema": {"$ref": f"{places.REFERENCE}{name}"}}
            naming.enter(_Slot(Site(holder, "schema", ""), places.definition(name), ""))
            naming.settle_all()
    document.setdefault("components", {})["schemas"] = naming.schemas
    return {name: Model(naming.kinds[name], tuple(found), {}) for name, found in naming.places.items()}


def _roots(document: Json) -> Iterator[_Slot]:
    for operation in operations(document):
        fields, place, name = operation.fields, operation.fields["x-place"], operation.fields["x-class"]
        for entry in fields.get("parameters", []):
            wanted = _join_names(name, entry["name"])
            yield _Slot(Site(entry, "schema", operation.at), f"{place} {entry['in']} {entry['name']}", wanted)
        for holder, role in (
            (fields.get("requestBody", {}), "request"),
            *((r, "response") for r in fields["responses"].values()),
        ):
            for media in holder.get("content", {}).values():
                if "schema" in media:  # pragma: no branch  (the converter writes no content without one)
                    yield _Slot(
                        Site(media, "schema", operation.at), f"{place} {role}", f"{name}{role.title()}", whole=True
                    )
        for status, holder in fields.get("x-errors", {}).items():
            yield _Slot(Site(holder, "schema", operation.at), f"{place} error {status}", f"{name}Error", whole=True)


def _suggestions(document: Json) -> dict[str, tuple[str, ...]]:
    """Return the names that each definition could have, the best first."""
    definitions: Json = document.get("components", {}).get("schemas", {})
    uses = Counter(
        str(site.schema["$ref"]).removeprefix(places.REFERENCE) for site in sites(document) if "$ref" in site.schema
    )
    bodies = {
        str(places.target(slot.site.schema, definitions)[1]): slot.wanted
        for slot in _roots(document)
        if slot.place.endswith(" request")
    }
    short = {
        name: bodies[name]
        if name in bodies and uses[name] == 1 and name.lower().endswith("body")
        else names.class_name(names.plain(names.short_schema(name)))
        for name in definitions
    }
    counts = Counter(short.values())
    return {
        name: ((wanted,) if counts[wanted] == 1 else ()) + (names.class_name(names.plain(name)),)
        for name, wanted in short.items()
    }


class _Naming:
    """The state of a run.

    Attributes:
        definitions: The vendor's schemas by the vendor's names; they are not changed.
        schemas: The named schemas.
        named: The shared name of each definition that has one.
        kinds: The kind of schema that each name stands for.
        places: The places where each name is used.
    """

    def __init__(
        self, definitions: Mapping[str, Any], published: Published, suggestions: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.definitions = definitions
        self.schemas: Json = {}
        self.named: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.places: dict[str, list[str]] = {}
        self._published = published
        self._known = {place: name for name, model in published.models.items() for place in model.places}
        self._suggestions = suggestions
        self._wanted = {found[0] for found in suggestions.values()}
        self._kept = {self._known[place] for place in map(places.definition, definitions) if place in self._known}
        self._modules: set[str] = set()
        self._origins: dict[str, dict[str, None]] = {}
        self._sources: dict[str, Json] = {}
        self._first: deque[_Slot] = deque()
        self._last: deque[_Slot] = deque()

    def enter(self, slot: _Slot) -> None:
        """Queue the schemas to name at a place, or within it."""
        for _ in range(len(self.definitions) + 1):
            schema = slot.site.schema
            target, definition = places.target(schema, self.definitions)
            if self._kind(target, slot, definition) is not None:
                (self._first if slot.place in self._known else self._last).append(slot)
                return
            if definition is None:
                self._enter_within(slot)
                return
            # A plain string or a list needs no name: it stays in place.
            slot.site.schema = {**copy.deepcopy(target), **_copy_notes(schema)}
        refuse(slot.place, "the schema refers only to itself")  # pragma: no cover  (`target` refuses cycles)

    def _enter_within(self, slot: _Slot) -> None:
        schema = slot.site.schema
        if slot.place.count("[]") + slot.place.count("{}") > _DEEPEST:
            refuse(slot.place.rstrip("[]{}"), "the schema refers only to itself")
        for key, place, suffix in (
            ("items", places.element(slot.place), "Item"),
            ("additionalProperties", places.mapping_value(slot.place), "Value"),
        ):
            if to_object(schema.get(key)) is not None:
                self.enter(_Slot(Site(schema, key, slot.site.at), place, f"{slot.wanted}{suffix}"))

    def _kind(self, schema: Json, slot: _Slot, definition: str | None) -> str | None:
        """Return the kind of a schema, or None if it needs no name."""
        if schema.get("enum"):
            return "enum"
        if is_class(schema) or not is_mapping(schema):
            return "class" if is_class(schema) else None
        return self._kind_of_bare(schema, slot, definition)

    def _kind_of_bare(self, schema: Json, slot: _Slot, definition: str | None) -> str:
        """Return whether an object without fields is an empty class or a mapping."""
        values = schema.get("additionalProperties")
        known = self._published.models.get(self._known.get(slot.place, ""))
        if known is not None and known.kind == "class" and not isinstance(values, dict):
            return "class"
        if known is not None and known.kind == "mapping":
            return "mapping"
        if definition is not None:
            return "mapping" if values not in (None, False) else "class"
        return "class" if slot.whole and values is None else "mapping"

    def settle_all(self) -> None:
        while self._first or self._last:
            if self._first:
                slot = self._first.popleft()
                self._settle(slot, self._known[slot.place])
            else:
                self._settle(self._last.popleft(), None)

    def _settle(self, slot: _Slot, name: str | None) -> None:
        schema = slot.site.schema
        target, definition = places.target(schema, self.definitions)
        kind = self._kind(target, slot, definition)
        taken = name is not None and name in self._sources
        if taken and not (
            self.kinds[str(name)] == kind and places.same(self._sources[str(name)], target, self.definitions)
        ):
            self._last.append(slot)
            self._known = {place: known for place, known in self._known.items() if place != slot.place}
            return
        if name is None:
            name = self.named.get(definition or "") or self._fresh(slot, definition)
        if name not in self._sources:
            self._bind(name, target, str(kind))
        if definition is not None:
            self.named.setdefault(definition, name)
            self._origins.setdefault(name, {})[definition] = None
            self.schemas[name]["x-definitions"] = list(self._origins[name])
        self.places[name].append(slot.place)
        reference: Json = {"$ref": f"{places.REFERENCE}{name}"}
        notes = _copy_notes(schema)
        slot.site.schema = {"allOf": [reference], **notes} if notes else reference

    def _fresh(self, slot: _Slot, definition: str | None) -> str:
        wanted = self._suggestions[definition] if definition is not None else (slot.wanted,)
        taken = self._kept if definition is not None else self._kept | self._wanted
        numbered = (names.class_name(f"{wanted[-1]}{n}") for n in range(2, len(self.places) + len(taken) + 3))
        return next(
            name
            for name in (*wanted, *numbered)
            if name not in taken and name not in self._sources and names.module(name) not in self._modules
        )

    def _bind(self, name: str, target: Json, kind: str) -> None:
        self._sources[name] = target
        self._modules.add(names.module(name))
        self.kinds[name], self.places[name] = kind, []
        schema = self.schemas[name] = copy.deepcopy(target)
        if kind == "mapping":
            schema["x-mapping"] = True
            self._enter_within(_Slot(Site(self.schemas, name, name), name, name))
        for key in schema.get("properties", {}) if kind == "class" else ():
            wanted = _join_names(name, key)
            self.enter(_Slot(Site(schema["properties"], key, name), places.field(name, key), wanted))
        if kind == "class" and to_object(schema.get("additionalProperties")) is not None:
            self.enter(_Slot(Site(schema, "additionalProperties", name), places.mapping_value(name), f"{name}Value"))


def _join_names(name: str, key: str) -> str:
    return names.class_name(names.plain(f"{name} {names.plain(key)}"))


def _copy_notes(schema: Json) -> Json:
    return {key: schema[key] for key in _TOLD if key in schema}
