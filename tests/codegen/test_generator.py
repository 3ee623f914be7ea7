"""What the generator writes for each shape, and what becomes of what it cannot write."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest
from openapi_python_client.parser import properties
from openapi_python_client.parser.properties.protocol import PropertyProtocol

from codegen.render.generator import UNUSED, render
from codegen.spec.document import CodegenError, Json
from tests.codegen.samples import model, prepared, small, swagger


def render_prepared(document: Json, folder: Path) -> dict[str, str]:
    """Return the files of a prepared document, by their path in the tree."""
    render(document, folder / "tree")
    paths = (folder / "tree").rglob("*.py")
    return {path.relative_to(folder / "tree").as_posix(): path.read_text(encoding="utf-8") for path in paths}


def test_the_tree_has_what_the_templates_write_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = render_prepared(prepared(model({"kind": {"type": "string", "enum": ["a"]}})), tmp_path)
    assert sorted(files) == [
        "__init__.py",
        "api/__init__.py",
        "api/thing_service/__init__.py",
        "api/thing_service/get_thing.py",
        "models/__init__.py",
        "models/get_thing_response.py",
        "models/thing.py",
        "models/thing_kind.py",
    ]
    assert not any((tmp_path / "tree" / name).exists() for name in UNUSED)
    assert capsys.readouterr().out == ""
    for path, text in files.items():
        assert text.startswith('# Generated from service.swagger.json by "python -m codegen generate": do not edit.\n')
        ast.parse(text, path)


def test_every_public_name_is_listed_once_with_its_module(tmp_path: Path) -> None:
    files = render_prepared(prepared(model({"kind": {"type": "string", "enum": ["a"]}})), tmp_path)
    for name, module in (
        ("GetThingResponse", ".models.get_thing_response"),
        ("Thing", ".models.thing"),
        ("ThingKind", ".models.thing_kind"),
        ("get_thing", ".api.thing_service.get_thing"),
    ):
        assert files["__init__.py"].count(f"{name!r}: {module!r}") == 1
    assert "'ThingKind': '.thing_kind'" in files["models/__init__.py"]


PLACES = {"$ref": "#/definitions/v1Place"}
COLORS = {"$ref": "#/definitions/v1Color"}
DEFINITIONS: Json = {
    "v1Place": {"type": "object", "properties": {"name": {"type": "string"}}},
    "v1Color": {"type": "string", "enum": ["red"]},
}
TYPES: list[tuple[Json, str, str, str]] = [
    ({}, "_typing.Any", "take_any(rest, 'a')", "put_any"),
    ({"type": "string"}, "str", "take(rest, 'a', _reading.as_text)", "put"),
    ({"type": "string", "format": "int64"}, "str", "take(rest, 'a', _reading.as_text)", "put"),
    ({"type": "string", "format": "date-time"}, "str", "take(rest, 'a', _reading.as_text)", "put"),
    ({"type": "string", "format": "byte"}, "str", "take(rest, 'a', _reading.as_text)", "put"),
    ({"type": "integer", "format": "int64"}, "int", "take(rest, 'a', _reading.as_integer)", "put"),
    ({"type": "number", "format": "float"}, "float", "take(rest, 'a', _reading.as_number)", "put"),
    ({"type": "boolean"}, "bool", "take(rest, 'a', _reading.as_boolean)", "put"),
    ({"type": "string", "x-nullable": True}, "str", "take(rest, 'a', _reading.as_text)", "put"),
    (PLACES, "Place", "take(rest, 'a', Place.from_dict)", "put"),
    ({**PLACES, "description": "It."}, "Place", "take(rest, 'a', Place.from_dict)", "put"),
    (COLORS, "Color | str", "take(rest, 'a', _reading.as_text)", "put_enum"),
    ({"type": "integer", "enum": [1]}, "ThingA | int", "take(rest, 'a', _reading.as_integer)", "put_enum"),
    ({"type": "array", "items": PLACES}, "list[Place]", "take(rest, 'a', _reading.list_of(Place.from_dict))", "put"),
    (
        {"type": "array", "items": COLORS},
        "list[Color | str]",
        "take(rest, 'a', _reading.list_of(_reading.as_text))",
        "put_enum",
    ),
    ({"type": "object"}, "dict[str, _typing.Any]", "take(rest, 'a', _reading.map_of(_reading.as_is))", "put"),
    (
        {"type": "object", "additionalProperties": False},
        "dict[str, _typing.Any]",
        "take(rest, 'a', _reading.map_of(_reading.as_is))",
        "put",
    ),
    (
        {"type": "object", "additionalProperties": PLACES},
        "dict[str, Place]",
        "take(rest, 'a', _reading.map_of(Place.from_dict))",
        "put",
    ),
    (
        {"type": "object", "additionalProperties": {"type": "array", "items": COLORS}},
        "dict[str, list[Color | str]]",
        "take(rest, 'a', _reading.map_of(_reading.list_of(_reading.as_text)))",
        "put_enum",
    ),
]


@pytest.mark.parametrize(("schema", "annotation", "read", "put"), TYPES)
def test_each_type_of_field_is_declared_read_and_written(
    schema: Json, annotation: str, read: str, put: str, tmp_path: Path
) -> None:
    document = model({"a": schema})
    document["definitions"] |= DEFINITIONS
    text = render_prepared(prepared(document), tmp_path)["models/thing.py"]
    assert f"    a: {annotation} | _unset.Unset = _unset.UNSET\n" in text
    assert f"            a=_reading.{read},\n" in text
    assert f"            _writing.{put}(written, 'a', self.a)\n" in text
    assert ("if _typing.TYPE_CHECKING:\n    from .place import Place\n" in text) == ("Place" in annotation)
    assert ("        from .place import Place\n" in text) == ("Place.from_dict" in read)
    assert text.count("from .color import Color\n") == annotation.count("Color")


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
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            "_reading.read_parts_of(_reading.map_of(_reading.as_text), {})",
            "_writing.to_plain(body)",
        ),
        (COLORS, "_reading.as_text", "_writing.to_plain(_writing.drop_unspecified(body))"),
    ],
)
def test_each_type_of_body_is_read_and_written(schema: Json, reader: str, written: str, tmp_path: Path) -> None:
    fields = {
        "parameters": [{"name": "body", "in": "body", "required": True, "schema": schema}],
        "responses": {"200": {"description": "Fine.", "schema": schema}},
    }
    files = render_prepared(prepared(small(operation=fields, definitions=DEFINITIONS)), tmp_path)
    text = files["api/thing_service/get_thing.py"]
    assert f"        parse={reader},\n" in text
    assert f'        content=_encoding.encode_json({written}, field="body"),\n' in text


def test_other_spellings_are_those_of_protobuf_fields_that_are_no_names_themselves(tmp_path: Path) -> None:
    document = prepared(model({"channelType": {}, "id": {}, "UNSET": {}, "aB": {}, "bC": {}, "b_c": {}}))
    text = render_prepared(document, tmp_path)["models/thing.py"]
    assert "_SPELLINGS: dict[str, str] = {'channel_type': 'channelType', 'a_b': 'aB'}\n" in text


def test_values_of_enums_are_sorted_literals_without_the_unspecified_one(tmp_path: Path) -> None:
    document = model({})
    document["definitions"] |= {
        "v1Kind": {"type": "string", "enum": ["b", "KIND_UNSPECIFIED", "a'\""]},
        "v1Open": {"type": "string", "enum": ["open_unspecified"]},
        "v1Level": {"type": "integer", "enum": [2, 0, 10]},
    }
    files = render_prepared(prepared(document), tmp_path)
    assert "Kind: _typing.TypeAlias = _typing.Literal['a\\'\"', 'b']\n" in files["models/kind.py"]
    assert "Open: _typing.TypeAlias = str\n" in files["models/open_.py"]
    assert "Level: _typing.TypeAlias = _typing.Literal[0, 2, 10]\n" in files["models/level.py"]


def test_lists_in_a_query_are_separated_as_the_file_says(tmp_path: Path) -> None:
    text = render_prepared(prepared(swagger("collection_formats")), tmp_path)["api/search_service/search.py"]
    for name, separator in (("ids", "','"), ("plain", "','"), ("words", "' '"), ("pipes", "'|'")):
        assert f"*_parameters.encode_query({name!r}, {name}, {separator})" in text
    assert "*_parameters.encode_query('tags', tags)" in text


@pytest.mark.parametrize("name", ["client", "url", "thing.id"])
def test_a_path_encodes_its_segments_and_only_strings_go_in_as_they_are(name: str, tmp_path: Path) -> None:
    parameters = [
        {"name": name, "in": "path", "required": True, "type": "string"},
        {"name": "body", "in": "path", "required": True, "type": "integer"},
        # The generator would rename a parameter of the same name elsewhere.
        {"name": name, "in": "query", "type": "string"},
    ]
    document = prepared(small(operation={"parameters": parameters}, path=f"/v1/{{{name}}}/{{body}}"))
    text = render_prepared(document, tmp_path)["api/thing_service/get_thing.py"]
    argument = name.replace(".", "_")
    first, second = (
        f"_parameters.encode_path_segment('{argument}', {argument})",
        "_parameters.encode_path_segment('body_', _parameters.encode_parameter('body_', body_))",
    )
    assert f'path=f"/v1/{{{first}}}/{{{second}}}"' in text
    assert f"*_parameters.encode_query({name!r}, {argument}_query)" in text


def test_a_document_that_the_generator_cannot_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match="the generator left something out:\nERROR: Failed to parse OpenAPI"):
        render({"openapi": "3.0.3"}, tmp_path / "tree")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"mixed": {"type": "string", "enum": ["a", 1]}}, "Unable to process schema /components/schemas/Thing"),
        ({"flag": {"type": "number", "enum": [1.5]}}, "Unable to process schema /components/schemas/Thing"),
        ({"ref": {"$ref": "#/components/schemas/Gone"}}, "Could not find reference"),
    ],
)
def test_a_schema_that_the_generator_cannot_read_is_refused(fields: Json, problem: str, tmp_path: Path) -> None:
    document = prepared(small())
    document["components"]["schemas"]["Thing"] = {"type": "object", "properties": fields}
    with pytest.raises(CodegenError, match=f"(?s)the generator left something out:.*{problem}"):
        render(document, tmp_path / "tree")


def test_a_place_that_is_taken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match="Directory already exists"):
        render(prepared(small()), tmp_path)


SUPPORTED = {
    "AnyProperty",
    "BooleanProperty",
    "FloatProperty",
    "IntProperty",
    "ListProperty",
    "LiteralEnumProperty",
    "ModelProperty",
    "StringProperty",
}
UNSUPPORTED: dict[str, Json] = {
    "ConstProperty": {"const": "a"},
    "DateProperty": {"type": "string", "format": "date"},
    "DateTimeProperty": {"type": "string", "format": "date-time"},
    "FileProperty": {"type": "string", "format": "binary"},
    "NoneProperty": {"type": "null"},
    "UnionProperty": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
    "UuidProperty": {"type": "string", "format": "uuid"},
}
NEVER_MADE = {"EnumProperty"}
"""The setting `literal_enums` replaces it."""


def test_every_property_of_the_generator_is_known_to_be_supported_or_not() -> None:
    modules = [
        importlib.import_module(f"{properties.__name__}.{found.name}")
        for found in pkgutil.iter_modules(properties.__path__)
    ]
    found = {
        name
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and PropertyProtocol in value.__mro__[1:]
    }
    assert found == SUPPORTED | set(UNSUPPORTED) | NEVER_MADE


def whole(schema: Json) -> Json:
    return schema


def in_list(schema: Json) -> Json:
    return {"type": "array", "items": schema}


@pytest.mark.parametrize("within", [whole, in_list])
@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_field_that_no_template_supports_is_refused_with_its_place(name: str, within: object, tmp_path: Path) -> None:
    assert callable(within)
    document = prepared(small())
    document["components"]["schemas"]["Thing"] = {
        "type": "object",
        "properties": {"a": within(UNSUPPORTED[name])},
        "x-wire": {"a": "a"},
    }
    place = "#/components/schemas/Thing/properties/a"
    with pytest.raises(CodegenError, match=f"^{place}: no template knows a {name}$"):
        render(document, tmp_path / "tree")


def in_parameter(fields: Json, schema: Json) -> None:
    fields["parameters"] = [{"name": "a", "in": "query", "x-wire": "a", "schema": schema}]


def in_body(fields: Json, schema: Json) -> None:
    fields["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}


def in_response(fields: Json, schema: Json) -> None:
    fields["responses"]["200"]["content"] = {"application/json": {"schema": schema}}


@pytest.mark.parametrize("put", [in_parameter, in_body, in_response])
@pytest.mark.parametrize("name", UNSUPPORTED)
def test_an_operation_that_no_template_supports_is_left_out(name: str, put: object, tmp_path: Path) -> None:
    assert callable(put)
    document = prepared(two_operations())
    put(document["paths"]["/v1/odd"]["get"], UNSUPPORTED[name])
    check_left_out(document, tmp_path, f"no template knows a {name}", f"FileProperty is not allowed|{name}")


def two_operations() -> Json:
    """Return a document whose second operation is to be made odd."""
    document = small()
    document["paths"]["/v1/odd"] = small(operation={"operationId": "ThingService_GetOdd"})["paths"]["/v1/things"]
    return document


def check_left_out(document: Json, folder: Path, *reasons: str) -> None:
    """Check that the second operation is left out for one of these reasons, and that all else is there."""
    files = render_prepared(document, folder)
    ((left_out),) = document["x-left-out"]
    assert left_out["operation"] == "GET /v1/odd"
    assert any(reason in left_out["reason"] for reason in reasons), left_out
    assert list(document["paths"]) == ["/v1/things"]
    assert [path for path in files if path.startswith("api/thing_service/g")] == ["api/thing_service/get_thing.py"]
    assert "'get_odd'" not in files["__init__.py"]
    said = ast.get_docstring(ast.parse(files["__init__.py"])) or ""
    assert " ".join(f"Left out: GET /v1/odd: {left_out['reason']}".split()) in " ".join(said.split())


ODD: dict[str, tuple[str, Json]] = {
    "an image": (
        "Unsupported content_type image/png",
        {"responses": {"200": {"description": "", "content": {"image/png": {"schema": {"type": "string"}}}}}},
    ),
    "text": (
        "it does not have exactly one response, with JSON or nothing",
        {"responses": {"200": {"description": "", "content": {"text/plain": {"schema": {"type": "string"}}}}}},
    ),
    "two successes": (
        "it does not have exactly one response",
        {
            "responses": {
                "200": {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}},
                "201": {"description": "", "content": {"application/json": {"schema": {"type": "integer"}}}},
            }
        },
    ),
    "only a default": ("it does not have exactly one response", {"responses": {"default": {"description": ""}}}),
    "an upload": (
        "its body is not JSON",
        {
            "requestBody": {
                "content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/GetOddResponse"}}}
            }
        },
    ),
    "a form": (
        "its body is not JSON",
        {
            "requestBody": {
                "content": {
                    "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/GetOddResponse"}}
                }
            }
        },
    ),
    "two bodies": (
        "its body is not JSON",
        {
            "requestBody": {
                "content": {
                    "application/json": {"schema": {"type": "string"}},
                    "application/merge-patch+json": {"schema": {"type": "string"}},
                }
            }
        },
    ),
    "a CSV body": (
        "Unsupported content type text/csv",
        {"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    ),
    "a cookie": (
        "it has a parameter in a cookie",
        {"parameters": [{"name": "a", "in": "cookie", "x-wire": "a", "schema": {"type": "string"}}]},
    ),
    "an object in the query": (
        "an object cannot be a parameter",
        {
            "parameters": [
                {"name": "a", "in": "query", "x-wire": "a", "schema": {"$ref": "#/components/schemas/GetOddResponse"}}
            ]
        },
    ),
    "a list in a header": (
        "is not allowed in header",
        {
            "parameters": [
                {"name": "a", "in": "header", "x-wire": "a", "schema": {"type": "array", "items": {"type": "string"}}}
            ]
        },
    ),
    "a path without its parameter": (
        "Path parameters do not match with path",
        {"parameters": [{"name": "a", "in": "path", "required": True, "x-wire": "a", "schema": {"type": "string"}}]},
    ),
    "a parameter that refers to nothing": (
        "Could not find reference",
        {"parameters": [{"name": "a", "in": "query", "x-wire": "a", "schema": {"$ref": "#/components/schemas/Gone"}}]},
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_an_operation_that_the_generator_cannot_express_is_left_out(name: str, tmp_path: Path) -> None:
    reason, fields = ODD[name]
    document = prepared(two_operations())
    document["paths"]["/v1/odd"]["get"] |= fields
    check_left_out(document, tmp_path, reason)
