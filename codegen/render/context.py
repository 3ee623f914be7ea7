"""The data about a document that the templates need in addition to the generator's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import LiteralEnumProperty, ModelProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol

from codegen.render import docstrings as docs
from codegen.render import literals
from codegen.render.property_types import Kinds
from codegen.spec import ascii_names as names
from codegen.spec.document import Json
from codegen.spec.traverse import Operation, operations

_SEPARATORS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}

Classes = list[tuple[str, str]]
"""Names of classes, each with its module, sorted."""


@attrs.frozen
class View:
    """One document, for the templates.

    Attributes:
        kinds: The types, readers and writers of its properties.
        by_name: Its operations by function name.
        schemas: Its schemas by class name.
        models: The classes and aliases, with their modules.
        functions: The operations' functions, with their modules.
    """

    kinds: Kinds
    by_name: Mapping[str, Operation]
    schemas: Json
    models: Classes
    functions: Classes

    @staticmethod
    def of(document: Json, data: GeneratorData) -> View:
        """Return the view of a document and of the generator's data about it."""
        return View(
            kinds=Kinds({str(model.class_info.name): model for model in data.models}),
            by_name={operation.fields["operationId"]: operation for operation in operations(document)},
            schemas=document.get("components", {}).get("schemas", {}),
            models=sorted(
                (str(kind.class_info.name), str(kind.class_info.module_name)) for kind in [*data.models, *data.enums]
            ),
            functions=sorted(
                (str(endpoint.name), f"api.{tag}.{endpoint.name}")
                for tag, collection in data.endpoint_collections_by_tag.items()
                for endpoint in collection.endpoints
            ),
        )

    def everything(self) -> Classes:
        """Return all public names, each with its module relative to the tree."""
        return sorted([*((name, f"models.{module}") for name, module in self.models), *self.functions])

    def literal(self, value: object) -> str:
        """Return a value as a Python literal."""
        return literals.literal(value)

    def name(self, kind: PropertyProtocol) -> str:
        """Return the Python name of a property or a parameter, which the document already uses."""
        return kind.name.get_untrusted_value()

    def field_wire(self, model: ModelProperty, kind: PropertyProtocol) -> str:
        """Return a property's wire name as a literal."""
        return literals.literal(docs.wire_names(model)[self.name(kind)])

    def argument_wire(self, endpoint: Endpoint, kind: PropertyProtocol) -> str:
        """Return a parameter's wire name as a literal."""
        return literals.literal(self._parameter(endpoint, kind)["x-wire"])

    def _parameter(self, endpoint: Endpoint, kind: PropertyProtocol) -> Json:
        entries: list[Json] = self.by_name[endpoint.name].fields["parameters"]
        return next(entry for entry in entries if entry["name"] == self.name(kind))

    def properties(self, model: ModelProperty) -> list[PropertyProtocol]:
        """Return a model's properties, required ones first."""
        return [*(model.required_properties or []), *(model.optional_properties or [])]

    def spellings(self, model: ModelProperty) -> dict[str, str]:
        """Return the snake_case names of fields with another name on the wire: a gRPC gateway accepts both."""
        wire = [docs.wire_names(model)[self.name(kind)] for kind in self.properties(model)]
        found = {names.original(name): name for name in wire}
        return {other: name for other, name in found.items() if other not in wire}

    def enum_values(self, enum: LiteralEnumProperty) -> list[str]:
        """Return an enum's values as literals, without the unspecified one, which is kept only if it is alone."""
        values = sorted(enum.values, key=lambda value: (str(type(value)), value))
        return [literals.literal(value) for value in values if not str(value).lower().endswith("unspecified")]

    def success(self, endpoint: Endpoint) -> PropertyProtocol:
        """Return an operation's response."""
        return endpoint.responses.patterns[0].prop

    def path(self, endpoint: Endpoint) -> str:
        """Return the expression that builds an operation's path."""
        segments: dict[str, str] = {}
        for kind in endpoint.path_parameters:
            name = self.name(kind)
            value = name if self.kinds.annotation(kind) == "str" else f"_parameters.encode_parameter('{name}', {name})"
            segments[str(kind.python_name)] = f"_parameters.encode_path_segment('{name}', {value})"
        return literals.path_expression(endpoint.path.get_untrusted_value(), segments)

    def separator(self, endpoint: Endpoint, kind: PropertyProtocol) -> str | None:
        """Return the separator of a list's elements as a literal; None if each is a parameter of its own."""
        parameter = self._parameter(endpoint, kind)
        return None if parameter.get("explode", True) else literals.literal(_SEPARATORS[parameter["style"]])

    def classes(self, kinds: Iterable[PropertyProtocol], but: Classes | None = None) -> Classes:
        """Return the classes in the types of these kinds, except for some."""
        return [item for item in _merge(map(self.kinds.classes, kinds)) if item not in (but or [])]

    def read_classes(self, kinds: Iterable[PropertyProtocol]) -> Classes:
        """Return the classes that the readers of these kinds call."""
        return _merge(map(self.kinds.read_classes, kinds))

    def model_doc(self, model: ModelProperty) -> str:
        """Return a model's docstring."""
        return docs.model_doc(model, self.properties(model))

    def mapping_doc(self, model: ModelProperty) -> str:
        """Return a mapping's docstring."""
        return docs.mapping_doc(model)

    def enum_doc(self, enum: LiteralEnumProperty) -> str:
        """Return an enum's docstring."""
        definitions = self.schemas[enum.class_info.name].get("x-definitions")
        return docs.enum_doc(enum, definitions, known=bool(self.enum_values(enum)))

    def request_doc(self, endpoint: Endpoint) -> str:
        """Return the docstring of an operation's pure half."""
        return docs.request_doc(endpoint, self.by_name[endpoint.name])

    def operation_doc(self, endpoint: Endpoint) -> str:
        """Return an operation's docstring."""
        return docs.operation_doc(endpoint, self.by_name[endpoint.name])


def _merge(found: Iterable[Mapping[str, str]]) -> Classes:
    return sorted({item for classes in found for item in classes.items()})
