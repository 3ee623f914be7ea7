"""The data about a document that the templates need in addition to the generator's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import LiteralEnumProperty, ModelProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol

from codegen.render.docstrings import argument_text, field_text
from codegen.render.literals import literal, path_expression
from codegen.render.property_types import Classes, Type, Value, find_type
from codegen.spec import ascii_names as names
from codegen.spec.document import CodegenError, Json
from codegen.spec.traverse import Operation, operations

_SEPARATORS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


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
        """All arguments, as the documentation lists them."""
        return [*self.path, *self.query, *self.header, *self.body]

    @property
    def keywords(self) -> list[Value]:
        """The arguments that are given by name."""
        return [*self.body, *self.query, *self.header]

    @property
    def classes(self) -> list[tuple[str, str]]:
        """The classes in all types, without those that the reader calls."""
        found = [self.result.classes, *(value.type.classes for value in self.arguments)]
        return [one for one in unite(found) if one not in self.result.read_classes]


@attrs.frozen
class View:
    """One document, for the templates.

    Attributes:
        schemas: Its schemas by class name.
        operations: Its operations by function name.
        models: Its models by class name.
        classes: Its classes and aliases, with their modules.
        functions: The functions of its operations, with their modules.
        left_out: The operations that are not in it, with the reason.
    """

    schemas: Json
    operations: Mapping[str, Operation]
    models: Mapping[str, ModelProperty]
    classes: list[tuple[str, str]]
    functions: list[tuple[str, str]]
    left_out: list[Json]

    @staticmethod
    def of(document: Json, data: GeneratorData) -> View:
        """Return the view of a document and of the generator's data about it."""
        found = {operation.fields["operationId"]: operation for operation in operations(document)}
        return View(
            schemas=document.get("components", {}).get("schemas", {}),
            operations=found,
            models={str(model.class_info.name): model for model in data.models},
            classes=sorted(
                (str(kind.class_info.name), str(kind.class_info.module_name)) for kind in [*data.models, *data.enums]
            ),
            functions=sorted((name, f"api.{one.fields['tags'][0]}.{name}") for name, one in found.items()),
            left_out=document.get("x-left-out", []),
        )

    def everything(self) -> list[tuple[str, str]]:
        """Return all public names, each with its module relative to the tree."""
        return sorted([*((name, f"models.{module}") for name, module in self.classes), *self.functions])

    def type(self, kind: PropertyProtocol) -> Type:
        """Return the type of a property; raise CodegenError if no template supports it."""
        return find_type(kind, self.models)

    def fields(self, model: ModelProperty) -> list[Value]:
        """Return a model's fields, required ones first; raise CodegenError if no template supports one."""
        schema = self.schemas[model.class_info.name]
        found: list[Value] = []
        for kind in [*(model.required_properties or []), *(model.optional_properties or [])]:
            name = kind.name.get_untrusted_value()
            wire = schema["x-wire"][name]
            try:
                found.append(
                    Value(name, wire, self.type(kind), kind.required, field_text(wire, schema["properties"][name]))
                )
            except CodegenError as error:
                raise CodegenError(f"#/components/schemas/{model.class_info.name}/properties/{name}: {error}") from None
        return found

    def call(self, endpoint: Endpoint) -> Call:
        """Return an operation's arguments and result; raise CodegenError if no template supports them."""
        responses = endpoint.responses.patterns
        if len(responses) != 1 or responses[0].source["attribute"] not in {"response.json()", "None"}:
            raise CodegenError("it has no single successful response with JSON")
        if any(body.body_type.value != "json" for body in endpoint.bodies) or len(endpoint.bodies) > 1:
            raise CodegenError("its body is not JSON alone")
        if endpoint.cookie_parameters:
            raise CodegenError("it has a parameter in a cookie")
        entries = {entry["name"]: entry for entry in self.operations[endpoint.name].fields.get("parameters", [])}

        def values(kinds: Iterable[PropertyProtocol]) -> list[Value]:
            found: list[Value] = []
            for kind in kinds:
                entry = entries[kind.name.get_untrusted_value()]
                separator = None if entry.get("explode", True) else _SEPARATORS[entry["style"]]
                found.append(
                    Value(entry["name"], entry["x-wire"], self.type(kind), kind.required, argument_text(entry), separator)
                )
            return found

        return Call(
            path=values(endpoint.path_parameters),
            query=values(endpoint.query_parameters),
            header=values(endpoint.header_parameters),
            body=[
                Value("body", "", self.type(body.prop), body.prop.required, "The body, as JSON.")
                for body in endpoint.bodies
            ],
            result=self.type(responses[0].prop),
        )


def spellings(fields: Iterable[Value]) -> dict[str, str]:
    """Return the snake_case names of fields with another name on the wire: a gRPC gateway accepts both."""
    wire = [field.wire for field in fields]
    return {other: name for name in wire if (other := names.original(name)) not in wire}


def enum_values(enum: LiteralEnumProperty) -> list[str]:
    """Return an enum's values as literals, without the unspecified one, which is kept only if it is alone."""
    values = sorted(enum.values, key=lambda value: (str(type(value)), value))
    return [literal(value) for value in values if not str(value).lower().endswith("unspecified")]


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
