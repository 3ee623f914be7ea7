"""Maps each kind of property to generated code: its type, its reader and its writer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
from openapi_python_client.parser.properties import AnyProperty, LiteralEnumProperty, ModelProperty
from openapi_python_client.parser.properties.boolean import BooleanProperty
from openapi_python_client.parser.properties.float import FloatProperty
from openapi_python_client.parser.properties.int import IntProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.string import StringProperty
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonIdentifier

from codegen.spec.document import CodegenError

_SIMPLE: Mapping[type, tuple[str, str]] = {
    AnyProperty: ("_typing.Any", "_reading.as_is"),
    BooleanProperty: ("bool", "_reading.as_boolean"),
    FloatProperty: ("float", "_reading.as_number"),
    IntProperty: ("int", "_reading.as_integer"),
    StringProperty: ("str", "_reading.as_text"),
}


@attrs.frozen
class Kinds:
    """The kinds of one document.

    Attributes:
        models: The generator's finished models, by class name; a property that refers to one has an unfinished copy.
    """

    models: Mapping[str, ModelProperty]

    def value_kind(self, kind: PropertyProtocol) -> PropertyProtocol | None:
        """Return the kind of a mapping's values, or None for any other kind."""
        if not isinstance(kind, ModelProperty):
            return None
        model = self.models[kind.class_info.name]
        if not (model.data.model_extra or {}).get("x-mapping"):
            return None
        return model.additional_properties or _ANY

    def annotation(self, kind: PropertyProtocol) -> str:
        """Return the type of a value that is set; raise CodegenError if no template supports it."""
        if isinstance(kind, LiteralEnumProperty):
            return f"{kind.class_info.name} | {kind.value_type.__name__}"
        if isinstance(kind, ListProperty):
            return f"list[{self.annotation(kind.inner_property)}]"
        if (value := self.value_kind(kind)) is not None:
            return f"dict[str, {self.annotation(value)}]"
        if isinstance(kind, ModelProperty):
            return str(kind.class_info.name)
        return self._simple(kind)[0]

    def reader(self, kind: PropertyProtocol) -> str:
        """Return the function that reads a value; raise CodegenError if no template supports it."""
        if isinstance(kind, LiteralEnumProperty):
            return "_reading.as_text" if kind.value_type is str else "_reading.as_integer"
        if isinstance(kind, ListProperty):
            return f"_reading.list_of({self.reader(kind.inner_property)})"
        if (value := self.value_kind(kind)) is not None:
            return f"_reading.map_of({self.reader(value)})"
        if isinstance(kind, ModelProperty):
            return f"{kind.class_info.name}.from_dict"
        return self._simple(kind)[1]

    def body_reader(self, kind: PropertyProtocol) -> str:
        """Return the function that reads a whole body."""
        if isinstance(kind, ListProperty):
            return f"_reading.read_parts_of({self.reader(kind)}, [])"
        if self.value_kind(kind) is not None:
            return f"_reading.read_parts_of({self.reader(kind)}, {{}})"
        return self.reader(kind)

    def _simple(self, kind: PropertyProtocol) -> tuple[str, str]:
        try:
            return _SIMPLE[type(kind)]
        except KeyError:
            raise CodegenError(f"no template knows a {type(kind).__name__} ({kind.python_name})") from None

    def put(self, kind: PropertyProtocol) -> str:
        """Return the function that writes a field."""
        if isinstance(kind, AnyProperty):
            return "_writing.put_any"
        return "_writing.put_enum" if self.has_enum(kind) else "_writing.put"

    def body_writer(self, kind: PropertyProtocol) -> str:
        """Return the expression that converts a whole body to JSON."""
        if isinstance(kind, ModelProperty) and self.value_kind(kind) is None:
            return "body.to_dict()"
        return (
            "_writing.to_plain(_writing.drop_unspecified(body))" if self.has_enum(kind) else "_writing.to_plain(body)"
        )

    def has_enum(self, kind: PropertyProtocol) -> bool:
        """Return whether a value, or its elements, are of an enum."""
        return any(isinstance(part, LiteralEnumProperty) for part in self._parts(kind))

    def classes(self, kind: PropertyProtocol) -> dict[str, str]:
        """Return the classes in the type, with their modules."""
        return {
            str(part.class_info.name): str(part.class_info.module_name)
            for part in self._parts(kind)
            if isinstance(part, LiteralEnumProperty | ModelProperty) and self.value_kind(part) is None
        }

    def read_classes(self, kind: PropertyProtocol) -> dict[str, str]:
        """Return the classes that the reader calls, with their modules."""
        models = {str(part.class_info.name) for part in self._parts(kind) if isinstance(part, ModelProperty)}
        return {name: module for name, module in self.classes(kind).items() if name in models}

    def _parts(self, kind: PropertyProtocol) -> Iterator[PropertyProtocol]:
        yield kind
        if isinstance(kind, ListProperty):
            yield from self._parts(kind.inner_property)
        elif (value := self.value_kind(kind)) is not None:
            yield from self._parts(value)


_ANY = AnyProperty.build(
    name=UntrustedString("value"),
    required=True,
    default=None,
    python_name=PythonIdentifier("value", ""),
    description=None,
    example=None,
)
