from __future__ import annotations

from pathlib import Path

import pytest
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol

from codegen.render.generator import config
from codegen.render.property_types import Kinds
from codegen.spec.document import CodegenError, Json
from tests.codegen.samples import model, prepared

PLACE: Json = {"type": "object", "properties": {"name": {"type": "string"}}}


def kinds_of(properties: Json) -> tuple[Kinds, dict[str, PropertyProtocol]]:
    """Return the kinds of a document with these properties, and each property as the generator has it."""
    document = model(properties)
    document["definitions"] |= {"v1Place": PLACE, "v1Color": {"type": "string", "enum": ["red"]}}
    data = GeneratorData.from_dict(prepared(document), config=config(Path("unused")))
    assert isinstance(data, GeneratorData)
    models: dict[str, ModelProperty] = {str(found.class_info.name): found for found in data.models}
    thing = models["Thing"]
    found: dict[str, PropertyProtocol] = {str(kind.python_name): kind for kind in thing.optional_properties or []}
    return Kinds(models), found


PLACES = {"$ref": "#/definitions/v1Place"}
COLORS = {"$ref": "#/definitions/v1Color"}
TABLE: list[tuple[Json, str, str, str]] = [
    ({}, "_typing.Any", "_reading.as_is", "_writing.put_any"),
    ({"type": "string"}, "str", "_reading.as_text", "_writing.put"),
    ({"type": "string", "format": "int64"}, "str", "_reading.as_text", "_writing.put"),
    ({"type": "string", "format": "date-time"}, "str", "_reading.as_text", "_writing.put"),
    ({"type": "string", "format": "byte"}, "str", "_reading.as_text", "_writing.put"),
    ({"type": "integer", "format": "int64"}, "int", "_reading.as_integer", "_writing.put"),
    ({"type": "number", "format": "float"}, "float", "_reading.as_number", "_writing.put"),
    ({"type": "boolean"}, "bool", "_reading.as_boolean", "_writing.put"),
    ({"type": "string", "x-nullable": True}, "str", "_reading.as_text", "_writing.put"),
    (PLACES, "Place", "Place.from_dict", "_writing.put"),
    ({**PLACES, "description": "It."}, "Place", "Place.from_dict", "_writing.put"),
    (COLORS, "Color | str", "_reading.as_text", "_writing.put_enum"),
    ({"type": "integer", "enum": [1, 2]}, "ThingA | int", "_reading.as_integer", "_writing.put_enum"),
    (
        {"type": "array", "items": PLACES},
        "list[Place]",
        "_reading.list_of(Place.from_dict)",
        "_writing.put",
    ),
    (
        {"type": "array", "items": COLORS},
        "list[Color | str]",
        "_reading.list_of(_reading.as_text)",
        "_writing.put_enum",
    ),
    ({"type": "object"}, "dict[str, _typing.Any]", "_reading.map_of(_reading.as_is)", "_writing.put"),
    (
        {"type": "object", "additionalProperties": False},
        "dict[str, _typing.Any]",
        "_reading.map_of(_reading.as_is)",
        "_writing.put",
    ),
    (
        {"type": "object", "additionalProperties": PLACES},
        "dict[str, Place]",
        "_reading.map_of(Place.from_dict)",
        "_writing.put",
    ),
    (
        {"type": "object", "additionalProperties": COLORS},
        "dict[str, Color | str]",
        "_reading.map_of(_reading.as_text)",
        "_writing.put_enum",
    ),
]


@pytest.mark.parametrize(("schema", "annotation", "reader", "put"), TABLE)
def test_each_kind_has_its_type_its_reader_and_its_writer(schema: Json, annotation: str, reader: str, put: str) -> None:
    kinds, found = kinds_of({"a": schema})
    assert (kinds.annotation(found["a"]), kinds.reader(found["a"]), kinds.put(found["a"])) == (annotation, reader, put)


@pytest.mark.parametrize(
    ("schema", "reader", "written"),
    [
        ({"type": "string"}, "_reading.as_text", "_writing.to_plain(body)"),
        ({}, "_reading.as_is", "_writing.to_plain(body)"),
        (PLACES, "Place.from_dict", "body.to_dict()"),
        (
            {"type": "array", "items": PLACES},
            "_reading.read_parts_of(_reading.list_of(Place.from_dict), [])",
            "_writing.to_plain(body)",
        ),
        ({"type": "object"}, "_reading.read_parts_of(_reading.map_of(_reading.as_is), {})", "_writing.to_plain(body)"),
        (COLORS, "_reading.as_text", "_writing.to_plain(_writing.drop_unspecified(body))"),
    ],
)
def test_a_whole_body_is_read_and_written(schema: Json, reader: str, written: str) -> None:
    kinds, found = kinds_of({"a": schema})
    assert (kinds.body_reader(found["a"]), kinds.body_writer(found["a"])) == (reader, written)


def test_classes_are_found_within_lists_and_mappings_and_those_that_read_are_told_apart() -> None:
    nested = {"type": "object", "additionalProperties": {"type": "array", "items": PLACES}}
    kinds, found = kinds_of({"a": nested, "b": {"type": "array", "items": COLORS}, "c": {"type": "string"}})
    assert kinds.classes(found["a"]) == kinds.read_classes(found["a"]) == {"Place": "place"}
    assert kinds.classes(found["b"]) == {"Color": "color"}
    assert kinds.read_classes(found["b"]) == {}
    assert kinds.classes(found["c"]) == {}


def test_what_the_generator_makes_of_other_schemas_is_refused() -> None:
    document = prepared(model({"a": {"type": "string"}}))
    document["components"]["schemas"]["Thing"]["properties"]["a"] = {"type": "string", "format": "date"}
    data = GeneratorData.from_dict(document, config=config(Path("unused")))
    assert isinstance(data, GeneratorData)
    (thing,) = [found for found in data.models if found.class_info.name == "Thing"]
    (kind,) = thing.optional_properties or []
    for asked in (Kinds({}).annotation, Kinds({}).reader):
        with pytest.raises(CodegenError, match=r"no template knows a DateProperty \(a\)"):
            asked(kind)
