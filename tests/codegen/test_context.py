from __future__ import annotations

from pathlib import Path

from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.properties import LiteralEnumProperty

from codegen.render.context import View
from codegen.render.generator import config
from codegen.spec.document import Json
from tests.codegen.samples import model, prepared, small, swagger


def view_of(document: Json) -> tuple[View, GeneratorData]:
    data = GeneratorData.from_dict(document, config=config(Path("unused")))
    assert isinstance(data, GeneratorData)
    return View.of(document, data), data


def test_everything_public_is_known_with_its_module() -> None:
    view, _ = view_of(prepared(model({"kind": {"type": "string", "enum": ["a"]}})))
    assert view.models == [("GetThingResponse", "get_thing_response"), ("Thing", "thing"), ("ThingKind", "thing_kind")]
    assert view.functions == [("get_thing", "api.thing_service.get_thing")]
    assert view.everything() == [
        ("GetThingResponse", "models.get_thing_response"),
        ("Thing", "models.thing"),
        ("ThingKind", "models.thing_kind"),
        ("get_thing", "api.thing_service.get_thing"),
    ]


def test_other_spellings_are_those_of_protobuf_fields_that_are_no_names_themselves() -> None:
    view, data = view_of(prepared(model({"channelType": {}, "id": {}, "UNSET": {}, "aB": {}})))
    (thing,) = [found for found in data.models if found.class_info.name == "Thing"]
    assert view.spellings(thing) == {"channel_type": "channelType", "a_b": "aB"}


def test_values_of_enums_are_sorted_literals_without_the_unspecified_one() -> None:
    document = model({})
    document["definitions"] |= {
        "v1Kind": {"type": "string", "enum": ["b", "KIND_UNSPECIFIED", "a'\""]},
        "v1Open": {"type": "string", "enum": ["open_unspecified"]},
        "v1Level": {"type": "integer", "enum": [2, 0, 10]},
    }
    view, data = view_of(prepared(document))
    enums = [enum for enum in data.enums if isinstance(enum, LiteralEnumProperty)]
    found = {str(enum.class_info.name): view.enum_values(enum) for enum in enums}
    assert found == {"Kind": ["'a\\'\"'", "'b'"], "Open": [], "Level": ["0", "2", "10"]}


def test_lists_in_a_query_are_separated_as_the_file_says() -> None:
    view, data = view_of(prepared(swagger("collection_formats")))
    (endpoint,) = next(iter(data.endpoint_collections_by_tag.values())).endpoints
    found = {str(kind.python_name): view.separator(endpoint, kind) for kind in endpoint.query_parameters}
    separated = {name: separator for name, separator in found.items() if separator is not None}
    assert separated == {"ids": "','", "plain": "','", "words": "' '", "pipes": "'|'"}


def test_a_path_quotes_its_segments_and_only_texts_go_in_as_they_are() -> None:
    parameters = [
        {"name": "thing.id", "in": "path", "required": True, "type": "string"},
        {"name": "body", "in": "path", "required": True, "type": "integer"},
    ]
    view, data = view_of(prepared(small(operation={"parameters": parameters}, path="/v1/{thing.id}/{body}")))
    (endpoint,) = next(iter(data.endpoint_collections_by_tag.values())).endpoints
    first, second = (
        "_parameters.encode_path_segment('thing_id', thing_id)",
        "_parameters.encode_path_segment('body_', _parameters.encode_parameter('body_', body_))",
    )
    assert view.path(endpoint) == f'f"/v1/{{{first}}}/{{{second}}}"'


def test_classes_are_sorted_and_told_once() -> None:
    part = {"$ref": "#/definitions/v1Part"}
    document = model({"a": part, "b": part, "c": {"type": "string", "enum": ["x"]}})
    document["definitions"]["v1Part"] = {"type": "object", "properties": {"a": {}}}
    view, data = view_of(prepared(document))
    (thing,) = [found for found in data.models if found.class_info.name == "Thing"]
    kinds = view.properties(thing)
    assert view.classes(kinds) == [("Part", "part"), ("ThingC", "thing_c")]
    assert view.classes(kinds, [("Part", "part")]) == [("ThingC", "thing_c")]
    assert view.read_classes(kinds) == [("Part", "part")]
