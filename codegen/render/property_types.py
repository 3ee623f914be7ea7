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

from codegen.spec.document import refuse

Classes = frozenset[tuple[str, str]]
"""Names of classes, each with its module."""


@attrs.frozen
class Type:
    """The type of a value that is set, in generated code: its annotation, with at most one class, and its reader."""

    annotation: str
    reader: str
    classes: Classes = frozenset()

    @property
    def read_classes(self) -> Classes:
        """The class that the reader calls, if there is one."""
        return self.classes if "from_dict" in self.reader else frozenset()

    @property
    def has_enum(self) -> bool:
        """Whether a value, or its elements, are of an enum."""
        return self.classes != self.read_classes

    @property
    def has_object(self) -> bool:
        """Whether a value, or its elements, are objects."""
        return "from_dict" in self.reader or "map_of" in self.reader

    @property
    def put(self) -> str:
        """The function that writes a field."""
        return "_writing.put_any" if self == _ANY else "_writing.put_enum" if self.has_enum else "_writing.put"

    @property
    def body_reader(self) -> str:
        """The function that reads a whole body."""
        empty = {"list": "[]", "dict": "{}"}.get(self.annotation.partition("[")[0])
        return self.reader if empty is None else f"_reading.read_parts_of({self.reader}, {empty})"

    @property
    def body_writer(self) -> str:
        """The expression that converts a whole body to JSON."""
        if self.reader.endswith(".from_dict"):
            return "body.to_dict()"
        return f"_writing.to_plain({'_writing.drop_unspecified(body)' if self.has_enum else 'body'})"


_ANY = Type("_typing.Any", "_reading.as_is")
_SIMPLE: Mapping[type, Type] = {
    AnyProperty: _ANY,
    BooleanProperty: Type("bool", "_reading.as_boolean"),
    FloatProperty: Type("float", "_reading.as_number"),
    IntProperty: Type("int", "_reading.as_integer"),
    StringProperty: Type("str", "_reading.as_text"),
}


def find_type(kind: PropertyProtocol, models: Mapping[str, ModelProperty], at: str) -> Type:
    """Return the type of a property.

    Args:
        kind: The property.
        models: The generator's finished models, by class name; a property that refers to one has an unfinished copy.
        at: Its place, for an error.

    Raises:
        CodegenError: No template supports it.
    """
    if isinstance(kind, ListProperty):
        inner = find_type(kind.inner_property, models, at)
        return Type(f"list[{inner.annotation}]", f"_reading.list_of({inner.reader})", inner.classes)
    if isinstance(kind, LiteralEnumProperty | ModelProperty):
        name, module = str(kind.class_info.name), str(kind.class_info.module_name)
        if isinstance(kind, LiteralEnumProperty):
            reader = "_reading.as_text" if kind.value_type is str else "_reading.as_integer"
            return Type(f"{name} | {kind.value_type.__name__}", reader, frozenset({(name, module)}))
        if not (models[name].data.model_extra or {}).get("x-mapping"):
            return Type(name, f"{name}.from_dict", frozenset({(name, module)}))
        values = models[name].additional_properties
        inner = find_type(values, models, at) if values is not None else _ANY
        return Type(f"dict[str, {inner.annotation}]", f"_reading.map_of({inner.reader})", inner.classes)
    return _SIMPLE.get(type(kind)) or refuse(at, f"no template knows a {type(kind).__name__}")
