"""What is said of the vendored file, and of files of other styles."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from connectly_api import lowlevel
from connectly_api.cli.swagger import load, read
from connectly_api.lowlevel._source import SWAGGER_SHA256
from tests.cli.conftest import Shell

VENDORED = (Path(lowlevel.__file__).parent / "service.swagger.json").read_bytes()


def test_the_facts_are_the_files(shell: Shell) -> None:
    shown = shell("spec")
    told = shell("spec", "--json").json()

    document = json.loads(VENDORED)
    assert shown.out.splitlines()[1] == f"sha256 {SWAGGER_SHA256}"
    assert told["sha256"] == hashlib.sha256(VENDORED).hexdigest() == SWAGGER_SHA256
    assert (told["title"], told["version"]) == (document["info"]["title"], document["info"]["version"])
    in_file = [(method.upper(), path) for path, item in document["paths"].items() for method in item]
    assert [(one["method"], one["path"]) for one in told["operations"]] == in_file
    assert [line.split("\t") for line in shown.out.splitlines()[3:]] == [
        [one["name"], one["method"], one["path"]] for one in told["operations"]
    ]


@pytest.mark.parametrize("operation", load().operations, ids=lambda operation: operation.name)
def test_every_operation_is_found_by_its_id_and_by_its_functions_name(shell: Shell, operation: Any) -> None:
    by_id = shell("spec", "show", operation.id, "--json").json()
    by_name = shell("spec", "show", operation.name, "--json").json()

    assert (
        by_id
        == by_name
        == operation.document() | {"parameters": list(operation.parameters), "body": list(operation.body)}
    )
    assert operation.name in lowlevel.__all__


def test_an_operation_is_shown_field_by_field(shell: Shell) -> None:
    lines = shell("spec", "show", "send_message").out.splitlines()

    assert lines[0] == "POST /v1/businesses/{businessId}/send/messages"
    assert lines[1] == "operation MessageService_SendMessage, low-level function send_message"
    assert "businessId\tstring in path\trequired\tId of the business." in lines
    assert any(line.startswith("message.listMessage.sections[].rows[].id\tstring") for line in lines)
    assert any(line.startswith("200\t") for line in lines)


def test_an_operation_without_a_body_is_shown_without_one(shell: Shell) -> None:
    assert "body:" not in shell("spec", "show", "get_webhooks").out


def test_an_unknown_operation_is_refused_with_those_that_there_are(shell: Shell) -> None:
    refused = shell("spec", "show", "nothing")

    assert (refused.code, refused.out) == (2, "")
    assert "there are create_webhook, " in refused.err


def test_the_file_is_printed_byte_for_byte(empty: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from connectly_api.cli import main  # noqa: PLC0415  (as the shell does)

    assert empty.is_dir()
    assert main(["spec", "file"]) == 0
    assert capfdbinary.readouterr().out == VENDORED


def test_a_file_of_another_style_is_read_as_far_as_it_goes() -> None:
    document = {
        "openapi": "3.0.0",
        "paths": {
            "/a": {
                "parameters": [{"name": "x", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}],
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
                    "responses": {"200": {"$ref": "#/components/responses/ok"}},
                },
            },
            "/b": "no item",
        },
        "components": {
            "schemas": {
                "A": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/components/schemas/A"}}}
            },
            "responses": {"ok": {"description": "All\n is  well."}},
        },
    }

    specification = read(json.dumps(document).encode())

    (operation,) = specification.operations
    assert (specification.title, operation.id, operation.name) == ("", "POST /a", "POST /a")
    assert operation.parameters[0]["type"] == "array of string in query"
    assert operation.body[0] == {"field": "a", "type": "object", "required": True, "about": ""}
    assert 2 <= len(operation.body) <= 20
    assert operation.answers == {"200": "All is well."}


def test_a_reference_in_a_circle_leads_nowhere() -> None:
    document = {
        "definitions": {"A": {"$ref": "#/definitions/A"}},
        "paths": {
            "/a": {"get": {"operationId": "x", "parameters": [{"in": "body", "schema": {"$ref": "#/definitions/A"}}]}}
        },
    }

    (operation,) = read(json.dumps(document).encode()).operations
    assert (operation.id, operation.name, operation.body) == ("x", "x", ())


def test_an_operation_of_which_the_file_says_nothing_is_shown_all_the_same(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = read(b'{"paths": {"/a": {"get": {"operationId": "x"}}}}')
    monkeypatch.setattr("connectly_api.cli.spec.load", lambda: bare)

    assert shell("spec", "show", "x").out == "GET /a\noperation x, low-level function x\n\nanswers:\n"
