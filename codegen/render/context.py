"""The data about a document that the templates need in addition to the generator's. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import LiteralEnumProperty, ModelProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol

from codegen.render.literals import literal, path_expression
from codegen.render.property_types import Classes, Type, find_type
from codegen.spec import ascii_names as names
from codegen.spec.document import CodegenError, Json, is_unspecified, refuse
from codegen.spec.traverse import Operation, operations, read_left_out

_SEPARATORS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
_BODY = {"description": "The body, as JSON."}


@attrs.frozen
class Value:
    """A field of a model, or an argument of an operation, by its names in Python and on the wire."""

    name: str
    wire: str
    type: Type
    required: bool
    notes: Json  # The part of the document with its description.
    separator: str | None = None  # What separates a list's elements; None if each is a parameter of its own.


@attrs.frozen
class Call:
    """The arguments of an operation, by where they are sent, and the type of its result."""

    path: list[Value]
    query: list[Value]
    header: list[Value]
    body: list[Value]
    result: Type

    @property
    def arguments(self) -> list[Value]:
        """All arguments, in the order of the documentation."""
        return [*self.path, *self.query, *self.header, *self.body]

    @property
    def keywords(self) -> list[Value]:
        """The arguments that are given by name."""
        return [*self.body, *self.query, *self.header]

    @property
    def classes(self) -> list[tuple[str, str]]:
        """The classes in all types, except for those that the reader calls."""
        found = [self.result.classes, *(value.type.classes for value in self.arguments)]
        return [one for one in unite(found) if one not in self.result.read_classes]


class View:
    """One document, for the templates: its schemas by class name, and its operations by function name."""

    def __init__(self, document: Json, data: GeneratorData) -> None:
        self.schemas: Json = document.get("components", {}).get("schemas", {})
        self.operations = {operation.fields["operationId"]: operation for operation in operations(document)}
        self.left_out = read_left_out(document)
        self._models = {str(model.class_info.name): model for model in data.models}
        self._classes = [kind.class_info for kind in [*data.models, *data.enums]]

    def list_names(self, prefix: str) -> list[tuple[str, str]]:
        """Return the names of all classes and aliases, each with its module after a prefix."""
        return sorted((str(one.name), f"{prefix}{one.module_name}") for one in self._classes)

    def list_all_names(self) -> list[tuple[str, str]]:
        """Return all public names, each with its module relative to the tree."""
        functions = ((name, f"api.{one.fields['tags'][0]}.{name}") for name, one in self.operations.items())
        return sorted([*self.list_names("models."), *functions])

    def type(self, kind: PropertyProtocol, at: str) -> Type:
        """Return the type of a property; raise CodegenError with its place if no template supports it."""
        return find_type(kind, self._models, at)

    def fields(self, model: ModelProperty) -> list[Value]:
        """Return a model's fields, required ones first; raise CodegenError if no template supports one."""
        schema, found = self.schemas[model.class_info.name], list[Value]()
        for kind in [*(model.required_properties or []), *(model.optional_properties or [])]:
            name = kind.name.get_untrusted_value()
            found_type = self.type(kind, f"#/components/schemas/{model.class_info.name}/properties/{name}")
            found.append(Value(name, schema["x-wire"][name], found_type, kind.required, schema["properties"][name]))
        return found

    def call(self, endpoint: Endpoint) -> Call:
        """Return an operation's arguments and result; raise CodegenError if no template supports one."""
        responses, bodies = endpoint.responses.patterns, endpoint.bodies
        if len(responses) != 1 or responses[0].source["attribute"] not in {"response.json()", "None"}:
            raise CodegenError("it does not have exactly one response, with JSON or nothing")
        if len(bodies) > 1 or any(body.body_type.value != "json" for body in bodies):
            raise CodegenError("its body is not JSON")
        if endpoint.cookie_parameters:
            raise CodegenError("it has a parameter in a cookie")
        entries = {entry["name"]: entry for entry in self.operations[endpoint.name].fields.get("parameters", [])}

        def find_values(kinds: Iterable[PropertyProtocol]) -> list[Value]:
            found: list[Value] = []
            for kind in kinds:
                entry = entries[kind.name.get_untrusted_value()]
                separator = None if entry.get("explode", True) else _SEPARATORS[entry["style"]]
                found_type = self.type(kind, f"parameter {entry['x-wire']}")
                if found_type.has_object:
                    refuse(f"parameter {entry['x-wire']}", "an object cannot be a parameter")
                found.append(Value(entry["name"], entry["x-wire"], found_type, kind.required, entry, separator))
            return found

        return Call(
            path=find_values(endpoint.path_parameters),
            query=find_values(endpoint.query_parameters),
            header=find_values(endpoint.header_parameters),
            body=[Value("body", "", self.type(one.prop, "body"), one.prop.required, _BODY) for one in bodies],
            result=self.type(responses[0].prop, "response"),
        )


def find_spellings(fields: Iterable[Value]) -> dict[str, str]:
    """Return the snake_case names of fields with another name on the wire: a gRPC gateway accepts both."""
    wire = [field.wire for field in fields]
    return {other: name for name in wire if (other := names.original(name)) not in wire}


def list_values(enum: LiteralEnumProperty) -> list[str]:
    """Return an enum's values as literals, without the unspecified one, which is kept only if it is alone."""
    values = sorted(enum.values, key=lambda value: (str(type(value)), value))
    return [literal(value) for value in values if not is_unspecified(value)]


def build_path(operation: Operation, arguments: Iterable[Value]) -> str:
    """Return the expression that builds an operation's path."""
    segments: dict[str, str] = {}
    for argument in arguments:
        name = argument.name
        text = name if argument.type.annotation == "str" else f"_parameters.encode_parameter('{name}', {name})"
        segments[name] = f"_parameters.encode_path_segment('{name}', {text})"
    return path_expression(operation.path, segments)


def unite(classes: Iterable[Classes]) -> list[tuple[str, str]]:
    """Return classes in a fixed order."""
    return sorted(frozenset[tuple[str, str]]().union(*classes))
