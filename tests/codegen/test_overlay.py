from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from codegen.overlay import OPERATION_RULES, SCHEMA_RULES, apply
from codegen.spec.document import Json
from codegen.spec.to_openapi import convert
from codegen.spec.traverse import sites
from tests.codegen.samples import NAMES, VENDORED, swagger


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_valid_openapi_still(name: str) -> None:
    document = apply(convert(swagger(name)))
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) == []


def test_the_source_is_not_changed() -> None:
    document = convert(swagger(VENDORED))
    before = copy.deepcopy(document)
    apply(document)
    assert document == before


def test_the_vendored_file_comes_out_as_the_package_documents_it() -> None:
    document = apply(convert(swagger(VENDORED)))
    assert document["components"]["schemas"]["v1ChannelType"]["enum"] == ["sms", "whatsapp"]
    assert not any("default" in site.schema or "title" in site.schema for site in sites(document))


def test_every_rule_says_what_it_does_and_why() -> None:
    for rule in (*OPERATION_RULES, *SCHEMA_RULES):
        assert len(re.findall(r"[:;,.]", rule.__doc__ or "")) > 1, rule


def apply_to_operation(**operation: Any) -> Json:
    """Return what becomes of an operation."""
    fields: Json = {"responses": {"200": {"description": "Fine."}}, **operation}
    document = {"paths": {"/v1/a": {"get": fields}}, "components": {"schemas": {}}}
    result: Json = apply(document)["paths"]["/v1/a"]["get"]
    return result


def apply_to_schemas(schemas: Json) -> Json:
    """Return what becomes of definitions."""
    operation = {"responses": {"200": {"description": "Fine."}}}
    document = {"paths": {"/v1/a": {"get": operation}}, "components": {"schemas": schemas, "securitySchemes": {"a": 1}}}
    result = apply({**document, "security": "odd"})
    assert "security" not in result
    assert list(result["components"]) == ["schemas"]
    found: Json = result["components"]["schemas"]
    return found


def answers(*schemas: Json | None, media: str = "application/json") -> Json:
    return {
        f"20{n}": {"description": "", **({} if schema is None else {"content": {media: {"schema": schema}}})}
        for n, schema in enumerate(schemas)
    }


def test_of_error_responses_the_schemas_of_json_are_kept() -> None:
    error = {
        "content": {"text/plain": {"schema": {"type": "array", "items": {}}}, "*/*": {"schema": {"type": "string"}}}
    }
    found = apply_to_operation(responses={"200": {}, "201": {}, "404": error, "500": {}}, security=["odd"])
    assert list(found["responses"]) == ["200"]
    assert found["x-errors"] == {"404": {"schema": {"type": "string"}}}
    assert "security" not in found


@pytest.mark.parametrize(
    ("schemas", "kept"),
    [
        (({"type": "string"},), "200"),
        (({"type": "string"}, {"type": "string"}), "200"),
        ((None, {"type": "string"}), "201"),
        ((None, None), "200"),
    ],
)
def test_successes_that_answer_the_same_become_one(schemas: tuple[Json | None, ...], kept: str) -> None:
    assert list(apply_to_operation(responses=answers(*schemas))["responses"]) == [kept]


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", "*/*", "application/vnd.a+json", "application/*"]
)
def test_json_under_any_name_is_kept_under_one(media: str) -> None:
    found = apply_to_operation(responses=answers({}, media=media), requestBody={"content": {media: {"schema": {}}}})
    assert found["requestBody"]["content"] == {"application/json": {"schema": {}}}
    assert found["responses"]["200"]["content"] == {"application/json": {"schema": {}}}


def test_other_media_types_beside_json_go() -> None:
    others = {f"application/{name}": {"schema": {"type": name}} for name in ("object", "json", "string")}
    found = apply_to_operation(requestBody={"content": others})
    assert found["requestBody"]["content"] == {"application/json": {"schema": {"type": "json"}}}


def test_a_schema_that_stands_twice_is_changed_once_in_each_place() -> None:
    shared = {"type": "string", "title": "It.", "default": "a"}
    found = apply_to_schemas({"A": shared, "B": shared})
    assert found["A"] == found["B"] == {"type": "string", "description": 'It.\n\nThe service\'s default: "a".'}


def test_titles_become_the_beginning_of_descriptions() -> None:
    schemas = {"A": {"title": "It.", "description": "More."}, "B": {"title": "It."}, "C": {"description": "It."}}
    assert apply_to_schemas(schemas) == {
        "A": {"description": "It.\n\nMore."},
        "B": {"description": "It."},
        "C": {"description": "It."},
    }


def test_limits_go_whatever_they_are() -> None:
    assert apply_to_schemas({"A": {"type": "string", "maxLength": -1, "pattern": "[", "readOnly": "yes"}}) == {
        "A": {"type": "string"}
    }


def test_strings_lose_their_formats_and_numbers_keep_them() -> None:
    schemas = {"A": {"type": "string", "format": "int64"}, "B": {"type": "number", "format": "double"}}
    assert apply_to_schemas(schemas) == {"A": {"type": "string"}, "B": {"type": "number", "format": "double"}}


def test_nothing_is_nullable() -> None:
    schemas = {"A": {"nullable": True, "type": "string", "enum": ["a", None]}, "B": {"nullable": False}, "C": {}}
    assert apply_to_schemas(schemas) == {"A": {"type": "string", "enum": ["a"]}, "B": {}, "C": {}}


def test_defaults_go_and_those_that_say_something_are_told() -> None:
    schemas = {
        "A": {"type": "string", "enum": ["a_unspecified", "a"], "default": "a_unspecified"},
        "B": {"description": "Size.", "default": 3},
        "C": {"type": "string", "enum": ["a"], "default": "é"},
        "D": {"type": "number", "default": "0.2"},
    }
    assert apply_to_schemas(schemas) == {
        "A": {"type": "string", "enum": ["a"]},
        "B": {"description": "Size.\n\nThe service's default: 3."},
        "C": {"type": "string", "enum": ["a"], "description": 'The service\'s default: "é".'},
        "D": {"type": "number", "description": 'The service\'s default: "0.2".'},
    }


def test_unspecified_values_go_where_others_are_left() -> None:
    enums: dict[str, list[object]] = {"A": ["A_UNSPECIFIED", "a"], "B": ["b_unspecified"], "C": [0, 1]}
    found = apply_to_schemas({name: {"enum": values} for name, values in enums.items()})
    assert {name: schema["enum"] for name, schema in found.items()} == {"A": ["a"], "B": ["b_unspecified"], "C": [0, 1]}


def test_enums_of_several_types_or_of_odd_ones_become_plain_values_that_are_told() -> None:
    found = apply_to_schemas(
        {
            "Mixed": {"enum": ["a", 1], "description": "It."},
            "Half": {"type": "number", "enum": [0.5]},
            "Flag": {"type": "boolean", "enum": [True]},
            "Wrong": {"type": "integer", "enum": ["a"]},
            "Empty": {"type": "string", "enum": []},
            "Text": {"enum": ["a"]},
            "Level": {"type": "integer", "enum": [1]},
        }
    )
    assert found["Mixed"] == {"description": 'It.\n\nOne of: ["a", 1].'}
    assert [name for name, schema in found.items() if "enum" in schema] == ["Text", "Level"]
    assert found["Text"] == {"type": "string", "enum": ["a"]}


def test_what_includes_others_becomes_one_object() -> None:
    part = {"$ref": "#/components/schemas/Part"}
    found = apply_to_schemas(
        {
            "Whole": {
                "allOf": [
                    {"$ref": "#/components/schemas/Middle"},
                    {"properties": {"a": {"type": "string", "description": "Said otherwise."}}},
                ],
                "properties": {"c": {}},
                "description": "Whole.",
            },
            "Part": {
                "type": "object",
                "title": "Part.",
                "properties": {"a": {"type": "string", "format": "int64"}},
                "required": ["a"],
            },
            "Middle": {"allOf": [part, {"properties": {"b": {}}}]},
            "Told": {"allOf": [part], "description": "Beside."},
            "Plain": {"allOf": [{"type": "string"}, {"maxLength": 3}]},
        }
    )
    assert found["Whole"] == {
        "type": "object",
        "properties": {"a": {"type": "string", "description": "Said otherwise."}, "b": {}, "c": {}},
        "required": ["a"],
        "description": "Whole.",
    }
    assert found["Told"] == {"allOf": [part], "description": "Beside."}
    assert found["Plain"] == {"type": "string"}


def test_what_is_included_many_times_is_merged_once() -> None:
    """Each level includes the one below twice: 2 to the power of 40 ways lead to the last."""
    reference = [{"$ref": f"#/components/schemas/A{n + 1}"} for n in range(40)]
    schemas = {f"A{n}": {"allOf": [reference[n], reference[n]]} for n in range(40)}
    found = apply_to_schemas({**schemas, "A40": {"type": "object", "properties": {"a": {}}}})
    assert found["A0"] == found["A40"]
