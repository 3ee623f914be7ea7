"""Converts Swagger 2.0 schemas to JSON Schema draft 4, with the names that a gRPC gateway accepts.

References are replaced by their targets, so a request needs no look-ups; a definition that refers to itself becomes a
dictionary that contains itself.

Source: https://swagger.io/specification/v2/#schema-object, and for the names
https://protobuf.dev/programming-guides/json/ (a field has a lowerCamelCase name and its original one).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_mapping

Schema = Mapping[str, Any]

NAMES: Final = "x-names"
"""Our own keyword in a converted object: maps each accepted name to the name of the property."""

_KEPT = (
    "type", "format", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    "default", "example",
)  # fmt: skip


def build_swagger_error(problem: str) -> InvalidInputError:
    """Return the error for a Swagger file that cannot be served."""
    return InvalidInputError(f"swagger: {problem}", field="swagger")


def to_camel_case(name: str) -> str:
    """Return a field's name in protobuf's JSON: `listMessage` for `list_message`."""
    return re.sub("_+(.)", lambda match: match[1].upper(), name)


def get_accepted_names(schema: Schema) -> Mapping[str, str]:
    """Map each name that an object or a part of its `allOf` accepts to the name of its property."""
    own: Mapping[str, str] = schema.get(NAMES, {})
    if "allOf" not in schema:
        return own
    names: dict[str, str] = {}
    for part in schema["allOf"]:
        names.update(get_accepted_names(part))
    return names | dict(own)


@attrs.frozen
class SchemaConverter:
    """Converts the schemas of one file.

    Attributes:
        document: The Swagger file.
        convert_name: Converts the name of a property: `to_camel_case` for requests, `str` for responses.
    """

    document: Mapping[str, Any]
    convert_name: Callable[[str], str] = to_camel_case
    _done: dict[str, dict[str, Any]] = attrs.field(factory=dict[str, dict[str, Any]], init=False, repr=False, eq=False)

    def convert(self, schema: object) -> Schema:
        """Return the JSON Schema of a Swagger schema.

        Raises:
            InvalidInputError: The schema is not an object, has an invalid pattern, or has a reference that cannot be
                resolved.
        """
        if not is_mapping(schema):
            raise build_swagger_error(f"a schema is of type {type(schema).__name__}, not an object")
        if "$ref" in schema:
            return self._resolve(schema["$ref"])
        parts = schema.get("allOf", ())
        if len(parts) == 1 and "properties" not in schema:
            # Protoc writes this to describe a reference. The target may be incomplete, so it must not be copied.
            return self.convert(parts[0])
        converted: dict[str, Any] = {}
        self._fill(converted, schema)
        return converted

    def _resolve(self, reference: object) -> Schema:
        if not isinstance(reference, str):
            raise build_swagger_error("a $ref is not a string")
        if reference not in self._done:
            self._done[reference] = {}
            self._fill(self._done[reference], resolve_references(self.document, {"$ref": reference}))
        return self._done[reference]

    def _fill(self, converted: dict[str, Any], schema: Mapping[str, Any]) -> None:
        converted.update({key: schema[key] for key in _KEPT if key in schema})
        _check_pattern(schema)
        if "items" in schema:
            converted["items"] = self.convert(schema["items"])
        if "allOf" in schema:
            converted["allOf"] = [self.convert(part) for part in schema["allOf"]]
        additional = schema.get("additionalProperties")
        if isinstance(additional, bool):
            converted["additionalProperties"] = additional
        elif additional is not None:
            converted["additionalProperties"] = self.convert(additional)
        if "properties" in schema:
            self._fill_properties(converted, schema["properties"])
        if schema.get("required"):
            names = converted.get(NAMES, {})
            converted["required"] = [names.get(name, self.convert_name(name)) for name in schema["required"]]

    def _fill_properties(self, converted: dict[str, Any], properties: Mapping[str, Any]) -> None:
        names = {name: self.convert_name(name) for name in properties}
        if len(set(names.values())) < len(names):
            names = {name: name for name in properties}
        converted["properties"] = {names[name]: self.convert(inner) for name, inner in properties.items()}
        converted[NAMES] = {to_camel_case(name): kept for name, kept in names.items()} | names


def resolve_references(document: Mapping[str, Any], value: object) -> Mapping[str, Any]:
    """Follow `$ref`s within the file to their target.

    Raises:
        InvalidInputError: A reference is circular, points outside the file, or does not point to an object.
    """
    seen: set[str] = set()
    while is_mapping(value) and "$ref" in value:
        reference: object = value["$ref"]
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise build_swagger_error(f"the reference {reference!r} leads outside the file")
        if reference in seen:
            raise build_swagger_error(f"{reference} refers to itself")
        seen.add(reference)
        value = _get_target(document, reference)
    if not is_mapping(value):
        raise build_swagger_error(f"an object is expected where there is a value of type {type(value).__name__}")
    return value


def _get_target(document: Mapping[str, Any], reference: str) -> object:
    value: object = document
    for segment in reference[2:].split("/"):
        step = unquote(segment).replace("~1", "/").replace("~0", "~")
        if not is_mapping(value) or step not in value:
            raise build_swagger_error(f"{reference} is not in the file")
        value = value[step]
    return value


def _check_pattern(schema: Mapping[str, Any]) -> None:
    try:
        re.compile(schema.get("pattern", ""))
    except (re.error, TypeError) as error:
        raise build_swagger_error(f"a pattern cannot be read: {error}") from None
