from __future__ import annotations

from typing import Any

from codegen.spec.document import Json
from tests.codegen.difference.sample_documents import document, lines

BODY = {"content": {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}}


def moved(old: tuple[str, str, Json], new: tuple[str, str, Json]) -> list[str]:
    found: list[Any] = [document(fields, path=path, method=method) for path, method, fields in (old, new)]
    return lines(*found)


def test_an_operation_of_the_same_id_moved() -> None:
    found = moved(("/a", "get", {"operationId": "A"}), ("/other/b", "post", {"operationId": "A"}))
    assert found == ["breaking: GET /a: moved to POST /other/b"]


def test_an_operation_of_the_same_path_has_another_method() -> None:
    assert moved(("/a", "put", {}), ("/a", "patch", {})) == ["breaking: PUT /a: moved to PATCH /a"]


def test_an_operation_that_takes_and_answers_the_same_at_a_path_like_it_moved() -> None:
    found = moved(("/v1/send", "post", {"requestBody": BODY}), ("/v2/send", "post", {"requestBody": BODY}))
    assert found == ["breaking: POST /v1/send: moved to POST /v2/send"]


def test_what_changed_beside_the_address_is_told_too() -> None:
    new = {"operationId": "A", "requestBody": BODY}
    assert moved(("/a", "post", {"operationId": "A"}), ("/b", "post", new)) == [
        "breaking: POST /a: moved to POST /b",
        "additive: POST /b · request: now takes a body, which is optional",
    ]


def test_operations_that_are_not_alike_are_removed_and_new() -> None:
    for new in (
        ("/v2/send", "post", {}),
        ("/entirely/elsewhere", "post", {"requestBody": BODY}),
        ("/v2/send", "put", {"requestBody": BODY}),
        ("/v2/send", "post", {"requestBody": BODY, "responses": {"200": {"description": "", **BODY}}}),
        (
            "/v2/send",
            "post",
            {
                "requestBody": BODY,
                "responses": {"default": {"description": ""}},
                "parameters": [{"in": "query", "name": "q", "schema": {"type": "string"}}],
            },
        ),
    ):
        found = moved(("/v1/send", "post", {"requestBody": BODY}), new)
        assert [entry.rpartition(": ")[2] for entry in found] == ["the operation is removed", "new operation"]


def test_two_operations_move_to_two() -> None:
    old, new = document({"operationId": "A"}, path="/v1/a"), document({"operationId": "A"}, path="/v2/a")
    old["paths"]["/v1/ab"], new["paths"]["/v2/ab"] = old["paths"]["/v1/a"].copy(), new["paths"]["/v2/a"].copy()
    assert lines(old, new) == [
        "breaking: POST /v1/a: moved to POST /v2/a",
        "breaking: POST /v1/ab: moved to POST /v2/ab",
    ]
