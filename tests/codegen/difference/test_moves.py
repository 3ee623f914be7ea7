"""An operation is found again wherever it moved and whatever it is called there, and no other is taken for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from codegen.difference import compare, find_moves, line
from codegen.naming import places
from codegen.spec.document import Json
from codegen.spec.to_openapi import convert
from tests.codegen.difference.sample_documents import MESSAGES, TEMPLATES, document, edit, lines
from tests.codegen.samples import VENDORED, swagger

BODY = {"content": {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}}
FROZEN = swagger(VENDORED)
OPERATIONS = [(method, path) for path, item in FROZEN["paths"].items() for method in item]


def move(document: Json, change: Callable[[str], str]) -> None:
    paths: Json = {}
    for path, item in document["paths"].items():
        paths.setdefault(change(path), {}).update(item)
    document["paths"] = paths


def rename_everything(document: Json) -> None:
    """Give operations, tags and definitions names of no meaning, and each message a field more."""
    for n, item in enumerate(document["paths"].values()):
        for operation in item.values():
            operation |= {"operationId": f"Op{n}", "tags": ["Other"]}
    text = json.dumps(document)
    for n, name in enumerate(document["definitions"]):
        text = text.replace(json.dumps(name), f'"T{n}"').replace(
            json.dumps(f"#/definitions/{name}"), f'"#/definitions/T{n}"'
        )
    document.update(json.loads(text))
    for definition in document["definitions"].values():
        if len(definition.get("properties", {})) > 3:
            definition["properties"]["x"] = {"type": "string"}


def restful(path: str) -> str:
    """Return the path that another style of API would have."""
    return re.sub(r"/(create|update|delete|send)/", "/", path).replace("/v1/businesses/", "/v2/accounts/")


def replace_names(document: Json) -> None:
    move(document, lambda path: path.replace("{businessId}", "{business.id}"))
    document.update(json.loads(json.dumps(document).replace('"name": "businessId"', '"name": "business.id"')))


ADDRESSES: dict[str, tuple[Callable[[str], str], str]] = {
    "a prefix": (lambda path: f"/connectly{path}", "/... -> /connectly/..."),
    "two prefixes": (lambda path: f"/api/connectly{path}", "/... -> /api/connectly/..."),
    "another version": (lambda path: path.replace("/v1/", "/v2/"), "/v1/... -> /v2/..."),
    "no version": (lambda path: path.removeprefix("/v1"), "/v1/... -> /..."),
    "a final slash": (lambda path: f"{path}/", "/... -> /.../"),
    "a prefix and a final slash": (lambda path: f"/a{path}/", "/... -> /a/.../"),
}


@pytest.mark.parametrize("is_renamed", [False, True], ids=["as it was", "renamed"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_the_same_api_at_another_address_is_one_move_of_everything(name: str, is_renamed: bool) -> None:
    change, what = ADDRESSES[name]

    def apply(new: Json) -> None:
        move(new, change)
        if is_renamed:
            rename_everything(new)

    old, new = edit(apply, base=FROZEN)
    expected = {places.operation(method, path): places.operation(method, change(path)) for method, path in OPERATIONS}
    assert find_moves(old, new) == expected
    assert find_moves(new, old) == {after: before for before, after in expected.items()}
    moved, *others = compare(old, new).changes
    assert line(moved) == f"breaking: paths: all 6 operations moved: {what}"
    assert {change.kind for change in others} <= {"field-added"}


UNMOVED: list[Callable[[Json], object]] = [
    lambda new: new.update(basePath="/v1", paths={key.removeprefix("/v1"): one for key, one in new["paths"].items()}),
    lambda new: new.update(host="gateway.example", schemes=["http"]),
    replace_names,
]


@pytest.mark.parametrize("change", UNMOVED)
def test_where_no_path_changes_nothing_moves(change: Callable[[Json], object]) -> None:
    old, new = edit(change, base=FROZEN)
    assert find_moves(old, new) == {}


def test_a_base_path_is_a_part_of_every_path() -> None:
    old, new = edit(lambda new: new.update(basePath="/connectly/"), base=FROZEN)
    assert find_moves(old, new) == {
        places.operation(method, path): places.operation(method, f"/connectly{path}") for method, path in OPERATIONS
    }


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_operation_that_moved_and_is_called_otherwise_is_found_by_what_it_takes_and_returns(
    method: str, path: str
) -> None:
    def change(new: Json) -> None:
        item = new["paths"].pop(path)
        new["paths"][restful(path)] = {"patch" if method == "put" else method: item[method]}
        rename_everything(new)

    old, new = edit(change, base=FROZEN)
    target = places.operation("patch" if method == "put" else method, restful(path))
    assert find_moves(old, new) == {places.operation(method, path): target}


def test_all_operations_that_moved_and_are_called_otherwise_are_found() -> None:
    def apply(new: Json) -> None:
        move(new, restful)
        rename_everything(new)

    old, new = edit(apply, base=FROZEN)
    assert find_moves(old, new) == {
        places.operation(method, path): places.operation(method, restful(path)) for method, path in OPERATIONS
    }


def test_fields_are_enough() -> None:
    def apply(new: Json) -> None:
        move(new, lambda path: f"/zzz{'/{webhookId}' * ('{webhookId}' in path)}/{len(path)}/{{businessId}}")
        rename_everything(new)
        for item in new["paths"].values():
            for operation in item.values():
                operation["summary"] = "Something else"

    old, new = edit(apply, base=FROZEN)
    # Nothing but its address and its words tells an operation that takes and returns no fields.
    assert find_moves(old, new).keys() == {
        places.operation(method, path) for method, path in OPERATIONS if method != "delete"
    }


def test_a_path_with_one_parameter_less_keeps_the_others() -> None:
    def apply(new: Json) -> None:
        move(new, lambda path: path.replace("/businesses/{businessId}", ""))
        for item in new["paths"].values():
            for operation in item.values():
                operation["parameters"] = [one for one in operation["parameters"] if one["name"] != "businessId"]

    old, new = edit(apply, base=FROZEN)
    assert lines(old, new) == [
        "breaking: GET /v1/webhooks · path businessId: the parameter is removed",
        "breaking: paths: all 6 operations moved: /v1/businesses/{}/... -> /v1/...",
    ]


def test_operations_may_have_swapped_their_paths() -> None:
    def swap(new: Json) -> None:
        paths = new["paths"]
        paths[MESSAGES], paths[TEMPLATES] = paths[TEMPLATES], paths[MESSAGES]

    old, new = edit(swap, base=FROZEN)
    one, other = (places.operation("post", path) for path in (MESSAGES, TEMPLATES))
    assert find_moves(old, new) == {one: other, other: one}
    assert lines(old, new) == [
        f"breaking: POST {MESSAGES}: moved to POST {TEMPLATES}",
        f"breaking: POST {TEMPLATES}: moved to POST {MESSAGES}",
    ]


def test_ids_that_were_swapped_move_nothing() -> None:
    def swap(new: Json) -> None:
        one, other = (new["paths"][path]["post"] for path in (MESSAGES, TEMPLATES))
        one["operationId"], other["operationId"] = other["operationId"], one["operationId"]
        new["definitions"]["v1Message"]["properties"]["x"] = {"type": "string"}

    old, new = edit(swap, base=FROZEN)
    assert find_moves(old, new) == {}
    assert [entry.rpartition(" · ")[2] for entry in lines(old, new)] == ["message.x: new optional field, string"]


CONTACTS: Json = {
    "operationId": "ContactService_Create",
    "summary": "API to create a new contact",
    "parameters": [
        {"name": "businessId", "in": "path", "required": True, "type": "string"},
        {
            "name": "body",
            "in": "body",
            "schema": {"properties": {"address": {"type": "string"}, "name": {"type": "string"}}},
        },
    ],
    "responses": {"200": {"description": "", "schema": {"$ref": "#/definitions/v1CreateWebhookResponse"}}},
}
REMOVAL: Json = {
    "operationId": "ContactService_Delete",
    "summary": "API to delete a contact for business",
    "parameters": [{"name": name, "in": "path", "required": True, "type": "string"} for name in ("businessId", "id")],
    "responses": {"200": {"description": "", "schema": {"type": "object"}}},
}
CONTACT_LIST: Json = {
    "operationId": "ContactService_List",
    "summary": "API to get contacts for business",
    "parameters": [{"name": "businessId", "in": "path", "required": True, "type": "string"}],
    "responses": {
        "200": {
            "description": "",
            "schema": {
                "properties": {
                    "entity": {
                        "properties": {"businessId": {"type": "string"}, "contacts": {"type": "array", "items": {}}}
                    }
                }
            },
        }
    },
}


@pytest.mark.parametrize("path", [path for _, path in OPERATIONS])
@pytest.mark.parametrize(
    ("method", "added", "operation"),
    [
        ("post", "/v1/businesses/{businessId}/create/contacts", CONTACTS),
        ("delete", "/v1/businesses/{businessId}/delete/contacts/{id}", REMOVAL),
        ("get", "/v1/businesses/{businessId}/contacts", CONTACT_LIST),
    ],
    ids=["post", "delete", "get"],
)
def test_a_new_operation_beside_a_removed_one_is_no_move(path: str, method: str, added: str, operation: Json) -> None:
    def change(new: Json) -> None:
        del new["paths"][path]
        new["paths"][added] = {method: operation}

    old, new = edit(change, base=FROZEN)
    assert find_moves(old, new) == {}
    assert {change.kind for change in compare(old, new).changes} == {"operation-removed", "operation-added"}


def test_some_operations_that_moved_alike_are_one_change_with_their_places() -> None:
    def change(new: Json) -> None:
        move(new, lambda path: path.replace("/v1/", "/v2/") if "/send/" in path else path)

    old, new = edit(change, base=FROZEN)
    [moved] = compare(old, new).changes
    assert moved.what == "2 operations moved: /v1/... -> /v2/..."
    assert [place.operation for place in moved.places] == [f"POST {MESSAGES}", f"POST {TEMPLATES}"]


def moved(old: tuple[str, str, Json], new: tuple[str, str, Json]) -> list[str]:
    found: list[Any] = [document(fields, path=path, method=method) for path, method, fields in (old, new)]
    return lines(*found)


MOVED: list[tuple[tuple[str, str, Json], tuple[str, str, Json]]] = [
    (("/a", "get", {"operationId": "A"}), ("/other/b", "post", {"operationId": "A"})),
    (("/a", "put", {}), ("/a", "patch", {})),
    (("/v1/send", "post", {"requestBody": BODY}), ("/v2/send", "post", {"requestBody": BODY})),
    (("/v1/send", "delete", {}), ("/v2/all/send", "delete", {})),
]


@pytest.mark.parametrize(("old", "new"), MOVED)
def test_an_operation_of_the_same_id_or_path_or_of_a_similar_address_moved(
    old: tuple[str, str, Json], new: tuple[str, str, Json]
) -> None:
    names = [f"{method.upper()} {path}" for path, method, _ in (old, new)]
    assert moved(old, new) == [f"breaking: {names[0]}: moved to {names[1]}"]


def test_what_changed_beside_the_address_is_told_too() -> None:
    new = {"operationId": "A", "requestBody": BODY}
    assert moved(("/a", "post", {"operationId": "A"}), ("/b", "post", new)) == [
        "breaking: POST /a: moved to POST /b",
        "additive: POST /b · request: new optional body, object",
    ]


@pytest.mark.parametrize(
    "new",
    [
        ("/v2/send", "post", {}),
        ("/entirely/elsewhere", "post", {"requestBody": BODY}),
        ("/v2/send", "get", {"requestBody": BODY}),
        ("/v2/{a}/{b}/{c}/{d}/x", "post", {"requestBody": BODY}),
    ],
)
def test_operations_that_are_not_alike_are_removed_and_new(new: tuple[str, str, Json]) -> None:
    found = moved(("/v1/send", "post", {"requestBody": BODY}), new)
    assert [entry.rpartition(": ")[2] for entry in found] == ["the operation is removed", "new operation"]


def test_the_same_moves_are_found_every_time() -> None:
    twins = {f"/v1/x{n}/things": {"get": {"responses": {"200": {"description": ""}}}} for n in range(4)}
    old = convert({**FROZEN, "paths": twins})
    new = convert({**FROZEN, "paths": {path.replace("/v1/x", "/v2/y"): item for path, item in reversed(twins.items())}})
    assert find_moves(old, new) == find_moves(old, json.loads(json.dumps(new, sort_keys=True)))


LEFT_OUT = {"operation": "POST /v1/media", "reason": "it takes a form"}


def test_an_operation_that_is_left_out_is_told_with_the_reason() -> None:
    none, listed = document(), {**document(), "x-left-out": [LEFT_OUT]}
    known = document()
    known["paths"]["/v1/media"] = {"post": {"responses": {"200": {"description": ""}}}}
    assert lines(listed, listed) == []
    assert lines(none, listed) == ["cosmetic: POST /v1/media: left out: it takes a form"]
    assert lines(listed, none) == ["cosmetic: POST /v1/media: removed; it was left out: it takes a form"]
    assert lines(known, listed) == ["breaking: POST /v1/media: left out: it takes a form"]
    assert lines(listed, known) == ["additive: POST /v1/media: no longer left out"]


def test_one_of_two_operations_at_the_same_place_is_left_out() -> None:
    twins = document(path="/v1/{b}")
    listed = {**twins, "x-left-out": [{"operation": "POST /v1/{a}", "reason": "at the same place as /v1/{b}"}]}
    assert lines(twins, listed) == ["cosmetic: POST /v1/{a}: left out: at the same place as /v1/{b}"]


def test_an_operation_that_is_left_out_did_not_move() -> None:
    def change(new: Json) -> None:
        new["paths"]["/v1/businesses/{businessId}/messages"] = new["paths"].pop(MESSAGES)

    old, new = edit(change, base=FROZEN)
    new["x-left-out"] = [{"operation": f"POST {MESSAGES}", "reason": "it is odd"}]
    assert find_moves(old, new) == find_moves(new, old) == {}
    assert {change.kind for change in compare(old, new).changes} == {"known-operation-left-out", "operation-added"}


def test_a_definition_that_is_left_out_is_told_by_its_operations() -> None:
    listed = {**document(), "x-left-out": [{"operation": "definition v1Media", "reason": "it is odd"}]}
    assert lines(document(), listed) == []


def test_an_operation_that_is_left_out_at_its_new_address_moved_with_all_others() -> None:
    old, new = edit(lambda new: move(new, lambda path: f"/connectly{path}"), base=FROZEN)
    del new["paths"][f"/connectly{MESSAGES}"]
    new["x-left-out"] = [{"operation": f"POST /connectly{MESSAGES}", "reason": "it is odd"}]
    assert find_moves(old, new)[places.operation("post", MESSAGES)] == places.operation("post", f"/connectly{MESSAGES}")
    assert lines(old, new) == [
        f"breaking: POST /connectly{MESSAGES}: left out: it is odd",
        "breaking: paths: all 6 operations moved: /... -> /connectly/...",
    ]


def test_an_operation_without_fields_follows_the_others() -> None:
    def apply(new: Json) -> None:
        rename_everything(new)
        move(new, lambda path: path.replace("/v1/businesses/", "/zzz/accounts/"))
        for item in new["paths"].values():
            for operation in item.values():
                operation["summary"] = "Something else"

    old, new = edit(apply, base=FROZEN)
    assert find_moves(old, new) == {
        places.operation(method, path): places.operation(method, path.replace("/v1/businesses/", "/zzz/accounts/"))
        for method, path in OPERATIONS
    }
