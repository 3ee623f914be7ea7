from __future__ import annotations

import copy
from typing import Any

import pytest

from codegen.naming import NO_NAMES, Named, NameTable, name_document
from codegen.overlay import apply
from codegen.spec.document import CodegenError, Json
from codegen.spec.to_openapi import convert
from tests.codegen.samples import VENDORED, model, prepare, small, swagger

OK: Json = {"responses": {"200": {"description": ""}}}


def parameter(name: str, place: str = "query", **more: Any) -> Json:
    return {"name": name, "in": place, "type": "string", **({"required": True} if place == "path" else {}), **more}


def service(*operations: Json, path: str = "/v1/things/{n}") -> Json:
    """Return a document with one operation for each path."""
    document = small()
    document["paths"] = {path.replace("{n}", str(n)): {"get": {**OK, **one}} for n, one in enumerate(operations)}
    return document


def functions(document: Json, table: NameTable = NO_NAMES) -> list[str]:
    return list(prepare(document, table).table.operations.values())


def named(document: Json, table: NameTable = NO_NAMES) -> Named:
    return prepare(document, table)


def test_operations_lose_their_service_unless_they_would_clash() -> None:
    found = functions(
        service(
            {"operationId": "AService_Get", "tags": ["AService"]},
            {"operationId": "BService_Get", "tags": ["BService"]},
            {"operationId": "AService_Put", "tags": ["AService"]},
        )
    )
    assert found == ["a_service.a_service_get", "b_service.b_service_get", "a_service.put"]


def test_names_that_are_one_in_python_are_told_apart_by_a_number() -> None:
    found = functions(service({"operationId": "getThing"}, {"operationId": "get_thing"}, {"operationId": "GetThing"}))
    assert found == ["default.get_thing", "default.get_thing_2", "default.get_thing_3"]


def test_operations_stay_clear_of_what_generated_code_needs() -> None:
    found = functions(service(*({"operationId": name} for name in ("request", "Models", "api", "list"))))
    assert found == ["default.request_operation", "default.models_operation", "default.api_operation", "default.list_"]


@pytest.mark.parametrize("operation_id", [None, ""])
def test_an_operation_without_an_id_is_named_after_its_place(operation_id: str | None) -> None:
    fields = {} if operation_id is None else {"operationId": operation_id}
    assert functions(service(fields, path="/v1/shops/items:run")) == ["default.get_v1_shops_items_run"]


def test_a_known_operation_keeps_its_names_whatever_the_file_calls_it() -> None:
    path = "/v1/shops/{a}/items/{b}"
    both = [parameter("a", "path"), parameter("b", "path")]
    before = named(small(path=path, operation={"parameters": [*both, parameter("viewMode")]})).table
    after = small(
        path="/v1/shops/{shop.id}/items/{class}",
        operation={
            "operationId": "other",
            "tags": ["Else"],
            "parameters": [
                parameter("new"),
                parameter("viewMode"),
                parameter("class", "path"),
                parameter("shop.id", "path"),
            ],
        },
    )
    result = named(after, before)
    assert list(result.table.operations.values()) == ["thing_service.get_thing"]
    assert result.table.owners["get_thing"].names == {
        "path /shops": "a",
        "path /items": "b",
        "query viewMode": "view_mode",
        "query new": "new",
    }
    assert result.lost == ()
    assert list(result.document["paths"]) == ["/v1/shops/{a}/items/{b}"]
    entries = result.document["paths"]["/v1/shops/{a}/items/{b}"]["get"]["parameters"]
    assert [(entry["name"], entry["x-wire"]) for entry in entries] == [
        ("a", "shop.id"),
        ("b", "class"),
        ("view_mode", "viewMode"),
        ("new", "new"),
    ]


def test_a_new_operation_takes_no_known_name() -> None:
    before = named(service({"operationId": "Get"})).table
    assert functions(service({"operationId": "Renamed"}, {"operationId": "Get"}), before) == [
        "default.get",
        "default.get_2",
    ]


def test_operations_of_one_path_may_call_its_parameters_differently() -> None:
    shared = small(path="/v1/{a}", operation={"parameters": [parameter("a", "path")]})
    before = named(shared).table
    shared["paths"] = {"/v1/{b}": dict.fromkeys(("get", "delete"), shared["paths"]["/v1/{a}"]["get"])}
    for fields in shared["paths"]["/v1/{b}"].values():
        fields["parameters"] = [parameter("b", "path")]
    shared["paths"]["/v1/{b}"]["delete"] = {**shared["paths"]["/v1/{b}"]["delete"], "operationId": "Drop"}
    assert list(named(shared, before).document["paths"]) == ["/v1/{a}", "/v1/{b}"]


def test_arguments_with_one_name_are_told_apart_by_where_they_are_or_a_number() -> None:
    entries = [parameter("id", "path"), parameter("id"), parameter("aB"), parameter("a_b"), parameter("X-Id", "header")]
    entries += [parameter("a-b"), parameter("body"), parameter("built"), parameter("class"), parameter("価")]
    names = named(small(path="/v1/{id}", operation={"parameters": entries})).table.owners["get_thing"].names
    assert names == {
        "path /": "id",
        "query id": "id_query",
        "query aB": "a_b",
        "query a_b": "a_b_query",
        "header X-Id": "x_id",
        "query a-b": "a_b_query_2",
        "query body": "body_",
        "query built": "built_",
        "query class": "class_",
        "query 価": "u4fa1",
    }


@pytest.mark.parametrize(
    ("path", "entries", "problem"),
    [
        (
            "/v1/{a}",
            [parameter("b", "path")],
            "#/paths/~1v1~1{a}/get: the path and its parameters have different names",
        ),
        ("/v1/{a}", [], "have different names"),
        ("/v1", [parameter("a", "path")], "have different names"),
        ("/{a}/{a}", [parameter("a", "path")], "have different names"),
        ("/v1", [parameter("X A", "header")], "'X A' is not the name of a header"),
    ],
)
def test_what_cannot_be_called_is_refused_with_its_place(path: str, entries: list[Json], problem: str) -> None:
    with pytest.raises(CodegenError) as refused:
        named(small(path=path, operation={"parameters": entries}))
    assert problem in str(refused.value)


def test_of_two_paths_that_are_one_on_the_wire_the_first_is_named() -> None:
    document = small(path="/v1/{a}", operation={"parameters": [parameter("a", "path")]})
    document["paths"]["/v1/{b}"] = {"get": {**OK, "parameters": [parameter("b", "path")]}}
    assert functions(document) == ["thing_service.get_thing"]


def test_lists_in_arguments_are_not_taken_for_arguments_with_brackets() -> None:
    listed = {**parameter("kinds"), "type": "array", "items": {"type": "string", "enum": ["a"]}}
    marked = parameter("kinds[]", enum=["b"])
    found = named(small(operation={"parameters": [listed, marked]})).table.owners["get_thing"]
    assert found.names == {"query kinds": "kinds", 'query "kinds[]"': "kinds_query"}
    assert found.models == {
        "query kinds[]": "GetThingKindsItem",
        'query "kinds[]"': "GetThingKinds",
        "response": "GetThingResponse",
    }


def test_arguments_in_a_path_are_told_apart_by_the_word_before_them() -> None:
    path = "/v1/{a}/things/{b}/{c}:run/things/{d}"
    entries = [parameter(name, "path") for name in "abcd"]
    result = named(small(path=path, operation={"parameters": entries}))
    assert result.table.owners["get_thing"].names == {
        "path /": "a",
        "path /things": "b",
        "path /things/2": "c",
        "path /things/3": "d",
    }
    assert list(result.document["paths"]) == [path]


def test_fields_have_names_of_their_own_and_keep_them() -> None:
    plain: Json = {"type": "string"}
    before = named(model({"aB": plain, "class": plain}, required=["class", "gone"]))
    assert before.table.owners["Thing"].names == {"aB": "a_b", "class": "class_"}
    assert before.document["components"]["schemas"]["Thing"]["required"] == ["class_"]
    after = named(model({"a_b": plain, "": plain, "価": plain, "toDict": plain, "aB": plain}), before.table)
    names = {"aB": "a_b", "a_b": "a_b_2", "": "empty", "価": "u4fa1", "toDict": "to_dict_"}
    assert after.table.owners["Thing"].names == names
    thing = after.document["components"]["schemas"]["Thing"]
    assert list(thing["properties"]) == list(names.values())
    assert thing["x-wire"] == {python: wire for wire, python in names.items()}
    assert after.lost == ("Thing.class_",)


def test_the_document_is_not_changed() -> None:
    document = apply(convert(swagger(VENDORED)))
    before = copy.deepcopy(document)
    name_document(document, NO_NAMES)
    assert document == before
