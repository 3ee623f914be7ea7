"""Maps each kind of property to generated code: its type, its reader and its writer. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from openapi_python_client.parser.properties import AnyProperty, LiteralEnumProperty, ModelProperty
from openapi_python_client.parser.properties.boolean import BooleanProperty
from openapi_python_client.parser.properties.float import FloatProperty
from openapi_python_client.parser.properties.int import IntProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.string import StringProperty

from codegen.spec.document import CodegenError

Classes = frozenset[tuple[str, str]]
"""Names of classes, each with its module."""


@attrs.frozen
class Type:
    """The type of a value that is set, in generated code.

    Attributes:
        annotation: The type itself.
        reader: The function that reads a value.
        classes: The classes in the annotation.
        read_classes: The classes that the reader calls.
        has_enum: Whether the value, or its elements, are of an enum.
    """

    annotation: str
    reader: str
    classes: Classes = frozenset()
    read_classes: Classes = frozenset()
    has_enum: bool = False

    @property
    def put(self) -> str:
        """The function that writes a field."""
        if self == _ANY:
            return "_writing.put_any"
        return "_writing.put_enum" if self.has_enum else "_writing.put"

    @property
    def body_reader(self) -> str:
        """The function that reads a whole body."""
        for container, empty in (("list[", "[]"), ("dict[", "{}")):
            if self.annotation.startswith(container):
                return f"_reading.read_parts_of({self.reader}, {empty})"
        return self.reader

    @property
    def body_writer(self) -> str:
        """The expression that converts a whole body to JSON."""
        if self.reader.endswith(".from_dict"):
            return "body.to_dict()"
        return f"_writing.to_plain({'_writing.drop_unspecified(body)' if self.has_enum else 'body'})"


@attrs.frozen
class Value:
    """A field of a model, or an argument of an operation.

    Attributes:
        name: Its name in Python.
        wire: Its name on the wire.
        type: Its type.
        required: Whether it must be given.
        text: What its documentation says.
        separator: What separates a list's elements; None if each is a parameter of its own.
    """

    name: str
    wire: str
    type: Type
    required: bool
    text: str
    separator: str | None = None


_ANY = Type("_typing.Any", "_reading.as_is")
_SIMPLE: Mapping[type, Type] = {
    AnyProperty: _ANY,
    BooleanProperty: Type("bool", "_reading.as_boolean"),
    FloatProperty: Type("float", "_reading.as_number"),
    IntProperty: Type("int", "_reading.as_integer"),
    StringProperty: Type("str", "_reading.as_text"),
}


def find_type(kind: PropertyProtocol, models: Mapping[str, ModelProperty]) -> Type:
    """Return the type of a property.

    Args:
        kind: The property.
        models: The generator's finished models, by class name; a property that refers to one has an unfinished copy.

    Raises:
        CodegenError: No template supports it.
    """
    if isinstance(kind, ListProperty):
        inner = find_type(kind.inner_property, models)
        return attrs.evolve(
            inner, annotation=f"list[{inner.annotation}]", reader=f"_reading.list_of({inner.reader})"
        )
    if isinstance(kind, ModelProperty) and is_mapping(models[kind.class_info.name]):
        values = models[kind.class_info.name].additional_properties
        inner = find_type(values, models) if values is not None else _ANY
        return attrs.evolve(
            inner, annotation=f"dict[str, {inner.annotation}]", reader=f"_reading.map_of({inner.reader})"
        )
    if isinstance(kind, LiteralEnumProperty | ModelProperty):
        name, classes = kind.class_info.name, frozenset({(str(kind.class_info.name), str(kind.class_info.module_name))})
        if isinstance(kind, ModelProperty):
            return Type(str(name), f"{name}.from_dict", classes, classes)
        plain = Type("str", "_reading.as_text") if kind.value_type is str else Type("int", "_reading.as_integer")
        return Type(f"{name} | {plain.annotation}", plain.reader, classes, has_enum=True)
    if type(kind) in _SIMPLE:
        return _SIMPLE[type(kind)]
    raise CodegenError(f"no template knows a {type(kind).__name__} ({kind.name.get_untrusted_value()})")


def is_mapping(model: ModelProperty) -> bool:
    """Return whether a model is a mapping, which has an alias instead of a class."""
    return bool((model.data.model_extra or {}).get("x-mapping"))
