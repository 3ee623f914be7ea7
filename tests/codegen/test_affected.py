from __future__ import annotations

import copy
from typing import Any

import pytest

from codegen.affected import find_affected, list_changed_names
from codegen.difference import compare
from codegen.generate import prepare
from codegen.naming import NO_NAMES
from codegen.spec.document import Json
from codegen.spec.to_openapi import convert
from tests.codegen.samples import small

TEXT: Json = {"type": "string"}
FACADE = """
from connectly_api.lowlevel import models
from connectly_api.lowlevel.api.thing_service import get_thing

def build(thing):
    return get_thing.request(body=models.GetThingRequest(name=thing.name, part=models.Part(kind="big")))

def read(answer):
    return answer.size

KINDS = {"big", "small"}
"""
SANDBOX = """
def check(body):
    return body["name"], body["part"]

def other(body):
    return body["name"]
"""
MODULES = {"connectly_api/send_request.py": FACADE, "connectly_api/sandbox/x.py": SANDBOX}
GOLDEN = {"tests/data/a.json": [{"name": "x", "part": {"kind": "big"}}], "tests/data/b.json": {"name": "alone"}}


def service() -> Json:
    part = {"type": "object", "properties": {"kind": {"type": "string", "enum": ["big", "small"]}}}
    body = {"type": "object", "properties": {"name": TEXT, "part": {"$ref": "#/definitions/v1Part"}, "a.b": TEXT}}
    answer = {"type": "object", "properties": {"size": TEXT, "parts": {"type": "object", "additionalProperties": TEXT}}}
    operation = {
        "parameters": [{"name": "body", "in": "body", "schema": body}, {"name": "q", "in": "query", "type": "string"}],
        "responses": {"200": {"description": "", "schema": answer}},
    }
    return small(operation=operation, definitions={"v1Part": part})


def look(change: Any) -> dict[str, list[str]]:
    """Return the places by reason, for a change to the service."""
    old, new = service(), copy.deepcopy(service())
    change(new)
    before, after = prepare(old, NO_NAMES), prepare(new, prepare(old, NO_NAMES).table)
    enums = {
        name: frozenset(schema["enum"])
        for name, schema in before.document["components"]["schemas"].items()
        if "enum" in schema
    }
    difference = compare(convert(old), convert(new))
    found = list_changed_names(difference, (after.table, before.table), enums)
    result: dict[str, list[str]] = {}
    for one in find_affected(found, MODULES, GOLDEN):
        result.setdefault(one.why, []).append(f"{one.kind} {one.where}")
    return result


def body(document: Json) -> Json:
    found: Json = document["paths"]["/v1/things"]["get"]["parameters"][0]["schema"]["properties"]
    return found


def test_a_field_concerns_who_sets_it_who_knows_it_and_the_files_that_hold_it() -> None:
    assert look(lambda new: body(new).pop("name")) == {
        "GetThingRequest.name: the field is removed": [
            "code connectly_api/sandbox/x.py:2 check",
            "code connectly_api/send_request.py:5 build",
            "golden tests/data/a.json",
        ]
    }


def test_a_field_of_an_answer_concerns_who_reads_it_where_the_model_is_known() -> None:
    properties = ("paths", "/v1/things", "get", "responses", "200", "schema", "properties")

    def change(new: Json) -> None:
        for key in properties:
            new = new[key]
        new["size"] = {"type": "integer"}
        new["parts"]["additionalProperties"] = {"type": "integer"}

    assert look(change) == {}


def test_a_new_field_concerns_who_makes_the_model() -> None:
    assert look(lambda new: body(new).update(more=TEXT)) == {
        "GetThingRequest.more: new optional field, string": ["code connectly_api/send_request.py:5 build"]
    }


def test_an_odd_field_is_found() -> None:
    assert list(look(lambda new: body(new).pop("a.b"))) == []


def test_an_enum_concerns_who_names_it_or_knows_its_values() -> None:
    def change(new: Json) -> None:
        new["definitions"]["v1Part"]["properties"]["kind"]["enum"].append("huge")

    assert look(change) == {'PartKind: new enum value "huge"': ["code connectly_api/send_request.py:11"]}


def test_an_operation_concerns_who_calls_it() -> None:
    def parameter(new: Json) -> None:
        new["paths"]["/v1/things"]["get"]["parameters"].pop()

    assert look(parameter) == {
        "get_thing, query q: the parameter is removed": ["code connectly_api/send_request.py:5 build"]
    }

    def operation(new: Json) -> None:
        new["paths"]["/v1/others"] = {"get": new["paths"].pop("/v1/things")["get"] | {"operationId": "Other"}}
        new["paths"]["/v1/others"]["get"]["parameters"] = []

    assert all("code connectly_api/send_request.py:5 build" in where for where in look(operation).values())


def test_a_whole_model_concerns_who_names_it() -> None:
    def change(new: Json) -> None:
        parameter = new["paths"]["/v1/things"]["get"]["parameters"][0]
        parameter["schema"]["additionalProperties"] = False

    assert all("GetThingRequest: " in why for why in look(change))


@pytest.mark.parametrize("change", [lambda _: None, lambda new: body(new)["name"].update(description="Told.")])
def test_what_is_merely_told_concerns_no_one(change: Any) -> None:
    assert look(change) == {}
