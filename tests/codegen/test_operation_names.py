from __future__ import annotations

from typing import Any

import pytest

from codegen.naming import Named
from codegen.naming.name_table import NO_NAMES, Published
from codegen.spec.document import CodegenError, Json
from tests.codegen.samples import model, prepare, small

OK: Json = {"responses": {"200": {"description": ""}}}


def parameter(name: str, place: str = "query", **more: Any) -> Json:
    return {"name": name, "in": place, "type": "string", **({"required": True} if place == "path" else {}), **more}


def service(*operations: Json, path: str = "/v1/things/{n}") -> Json:
    """Return a document with one operation for each path."""
    document = small()
    document["paths"] = {path.replace("{n}", str(n)): {"get": {**OK, **one}} for n, one in enumerate(operations)}
    return document


def functions(document: Json, published: Published = NO_NAMES) -> list[str]:
    return [f"{one.module}.{one.function}" for one in prepare(document, published).table.operations.values()]


def named(document: Json, published: Published = NO_NAMES) -> Named:
    return prepare(document, published)


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


@pytest.mark.parametrize("operation_id", [None, "", "--"])
def test_an_operation_without_an_id_is_named_after_its_path(operation_id: str | None) -> None:
    fields = {} if operation_id is None else {"operationId": operation_id}
    assert functions(service(fields, path="/v1/shops/items:run")) == ["default.get_shops_items_run"]


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
    [operation] = result.table.operations.values()
    assert (operation.module, operation.function) == ("thing_service", "get_thing")
    assert operation.arguments == {"path 1": "a", "path 2": "b", "query viewMode": "view_mode", "query new": "new"}
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


def test_arguments_with_one_name_are_told_apart_by_their_place_or_a_number() -> None:
    entries = [parameter("id", "path"), parameter("id"), parameter("aB"), parameter("a_b"), parameter("X-Id", "header")]
    entries += [parameter("body"), parameter("built"), parameter("class"), parameter("価")]
    [operation] = named(small(path="/v1/{id}", operation={"parameters": entries})).table.operations.values()
    assert operation.arguments == {
        "path 1": "id",
        "query id": "id_query",
        "query aB": "a_b",
        "query a_b": "a_b_query",
        "header X-Id": "x_id",
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
        ("/v1", [parameter("X A", "header")], "the name of a header parameter cannot be sent"),
    ],
)
def test_what_cannot_be_called_is_refused_with_its_place(path: str, entries: list[Json], problem: str) -> None:
    with pytest.raises(CodegenError) as refused:
        named(small(path=path, operation={"parameters": entries}))
    assert problem in str(refused.value)


def test_two_paths_that_are_one_on_the_wire_are_refused() -> None:
    document = small(path="/v1/{a}", operation={"parameters": [parameter("a", "path")]})
    document["paths"]["/v1/{b}"] = {"get": {**OK, "parameters": [parameter("b", "path")]}}
    with pytest.raises(CodegenError, match=r"the same operation as /v1/\{a\}: both are GET /v1/\{\}"):
        named(document)


def test_fields_have_names_of_their_own_and_keep_them() -> None:
    plain: Json = {"type": "string"}
    before = named(model({"aB": plain, "class": plain}, required=["class", "gone"]))
    assert before.table.models["Thing"].fields == {"aB": "a_b", "class": "class_"}
    assert before.document["components"]["schemas"]["Thing"]["required"] == ["class_"]
    after = named(model({"a_b": plain, "": plain, "価": plain, "aB": plain}), before.table)
    assert after.table.models["Thing"].fields == {"aB": "a_b", "a_b": "a_b_2", "": "empty", "価": "u4fa1"}
    thing = after.document["components"]["schemas"]["Thing"]
    assert list(thing["properties"]) == ["a_b", "a_b_2", "empty", "u4fa1"]
    assert thing["x-wire"] == {"a_b": "aB", "a_b_2": "a_b", "empty": "", "u4fa1": "価"}
