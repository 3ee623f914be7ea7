"""The overlay's rules about names. Each changes an OpenAPI document in place, and returns how many places it found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from codegen import names
from codegen.document import CodegenError, Json, refuse
from codegen.walk import Operation, Site, is_class, is_mapping, operations, sites

__all__ = [
    "check_names",
    "mark_mappings",
    "name_bodies",
    "name_nested",
    "rename_operations",
    "rename_path_parameters",
    "rename_schemas",
]

_REFERENCE = "#/components/schemas/"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def rename_path_parameters(document: Json) -> int:
    """Give each path parameter a name that is an identifier, also within its path."""
    renamed: dict[str, str] = {}
    for operation in operations(document):
        placeholders = [match[1] for match in _PLACEHOLDER.finditer(operation.path)]
        parameters = [entry for entry in operation.fields.get("parameters", []) if entry["in"] == "path"]
        if sorted(entry["name"] for entry in parameters) != sorted(placeholders):
            refuse(operation.at, "the path and its parameters do not name the same")
        for entry in parameters:
            entry["name"] = _plain(entry["name"])
        names.require_unique("path parameters", {name: _plain(name) for name in placeholders})
        renamed[operation.path] = _PLACEHOLDER.sub(lambda match: f"{{{_plain(match[1])}}}", operation.path)
    names.require_unique("paths", renamed)
    document["paths"] = {renamed.get(path, path): item for path, item in document["paths"].items()}
    return sum(old != new for old, new in renamed.items())


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def rename_operations(document: Json) -> int:
    """Name each operation without its service; see `names.operation_names`."""
    found = names.operation_names(operations(document))
    for operation in operations(document):
        operation_id = operation.fields["operationId"]
        name = found[operation_id]
        operation.fields.update(
            {
                "operationId": names.function(name),
                "tags": [names.module(tag) for tag in operation.fields.get("tags", [])[:1]] or ["default"],
                "x-operation-id": operation_id,
                "x-operation-name": names.class_name(name),
            }
        )
    return sum(name != operation_id for operation_id, name in found.items())


def name_bodies(document: Json) -> int:
    """Make a schema of each body and answer that is an object defined in place."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    moved = 0
    for operation in operations(document):
        for site, role in _bodies(operation):
            if is_class(site.schema) or (is_mapping(site.schema) and "additionalProperties" not in site.schema):
                # A space keeps the name apart from every name that a component can have.
                name = f"{operation.fields['x-operation-name']} {role}"
                schemas[name] = site.schema
                site.schema = {"$ref": f"{_REFERENCE}{name}"}
                moved += 1
    return moved


def _bodies(operation: Operation) -> Iterator[tuple[Site, str]]:
    holders = [(operation.fields.get("requestBody", {}), "body")]
    holders += [(response, "response") for response in operation.fields["responses"].values()]
    for holder, role in holders:
        for media in holder.get("content", {}).values():
            if "schema" in media:
                yield Site(media, "schema", f"{operation.at}/{role}"), role


def rename_schemas(document: Json) -> int:
    """Name each schema without its package, and each body after its operation; see `names.schema_names`."""
    schemas = document.get("components", {}).get("schemas", {})
    uses = Counter(site.schema["$ref"] for site in sites(document) if "$ref" in site.schema)
    bodies = {
        target.removeprefix(_REFERENCE): operation.fields["x-operation-name"]
        for operation in operations(document)
        for site, role in _bodies(operation)
        if role == "body" and uses[target := _target(site.schema)] == 1 and target.lower().endswith("body")
    }
    found = names.schema_names(schemas, bodies)
    for site in sites(document):
        if "$ref" in site.schema:
            site.schema = {"$ref": f"{_REFERENCE}{found[site.schema['$ref'].removeprefix(_REFERENCE)]}"}
    renamed = {found[name]: schema for name, schema in schemas.items()}
    for name, new in found.items():
        if " " not in name:
            renamed[new]["x-definition"] = name
    document.setdefault("components", {})["schemas"] = renamed
    return sum(name != new for name, new in found.items())


def _target(schema: Json) -> str:
    """Return what a schema refers to, also where it adds a description, or an empty string."""
    parts = schema.get("allOf", [])
    return str(schema.get("$ref") or (_target(parts[0]) if len(parts) == 1 else ""))


def name_nested(document: Json) -> int:
    """Make a schema of each object and each enum that is defined in place, named after where it stands."""
    schemas = document.get("components", {}).get("schemas", {})
    before = len(schemas)
    for name in list(schemas):
        _name_within(schemas[name], name, schemas)
    for operation in operations(document):
        name = operation.fields["x-operation-name"]
        for entry in operation.fields.get("parameters", []):
            _name_one(Site(entry, "schema", operation.at), names.class_name(f"{name} {entry['name']}"), schemas)
        for site, role in _bodies(operation):
            _name_one(site, f"{name}{'Request' if role == 'body' else 'Response'}", schemas)
    return len(schemas) - before


def _name_within(schema: Json, name: str, schemas: Json) -> None:
    for key, suffix in (("items", "Item"), ("additionalProperties", "Value")):
        if isinstance(schema.get(key), dict):
            _name_one(Site(schema, key, ""), f"{name}{suffix}", schemas)
    for key in schema.get("properties", {}):
        _name_one(Site(schema["properties"], key, ""), names.class_name(f"{name} {key}"), schemas)
    for part in schema.get("allOf", []):
        _name_within(part, name, schemas)


def _name_one(site: Site, name: str, schemas: Json) -> None:
    schema = site.schema
    if not (is_class(schema) or is_mapping(schema) or "enum" in schema):
        _name_within(schema, name, schemas)
        return
    if name in schemas:
        raise CodegenError(
            f"a schema defined in place would be called {name!r}, as another is; rename it in the overlay"
        )
    schemas[name] = {**schema, "x-nested": True}
    reference: Json = {"$ref": f"{_REFERENCE}{name}"}
    told: Json = {key: schema[key] for key in ("description", "example") if key in schema}
    site.schema = {"allOf": [reference], **told} if told else reference
    _name_within(schemas[name], name, schemas)


def mark_mappings(document: Json) -> int:
    """Mark each schema that is a `dict`: an object without fields, unless it is a definition that says no more."""
    found = 0
    for schema in document.get("components", {}).get("schemas", {}).values():
        if is_mapping(schema) and ("x-nested" in schema or schema.get("additionalProperties", False) is not False):
            schema["x-mapping"] = True
            found += 1
    return found


def check_names(document: Json) -> int:
    """Refuse properties of one schema, and parameters of one place, that would have one name."""
    checked = 0
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        try:
            checked += len(names.property_names(schema))
        except CodegenError as error:
            raise CodegenError(f"schema {name}: {error}") from None
    names.require_unique("modules of schemas", {name: names.module(name) for name in document["components"]["schemas"]})
    for operation in operations(document):
        for place in ("path", "query", "header"):
            entries = [entry for entry in operation.fields.get("parameters", []) if entry["in"] == place]
            found = [str(entry["name"]) for entry in entries]
            names.require_unique(f"{place} parameters", {entry: names.argument(entry) for entry in found})
            if place == "header" and not all(map(_HEADER.fullmatch, found)):
                refuse(operation.at, "the name of a header parameter cannot be sent")
            checked += len(found)
    return checked
