"""Everything that is decided before an operation's own rules, in the documented error shape."""

from typing import Any

import pytest

from connectly_api.lowlevel._source import OPERATIONS
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.model.exchange import Request
from connectly_api.sandbox.sandbox import get_engine
from tests.sandbox.calls import (
    CREATE,
    KEY,
    LIST,
    MESSAGES,
    TEMPLATES,
    answer,
    ask,
    fields,
    load_document,
    path_of,
    session,
)

SHAPE = list(load_document("responses/error_window_closed"))


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"headers": ()}, 401, "ERROR_TYPE_AUTHENTICATION"),
        ({"headers": (("x-api-key", "wrong"),)}, 401, "ERROR_TYPE_AUTHENTICATION"),
        ({"headers": (("x-api-key", ""),)}, 401, "ERROR_TYPE_AUTHENTICATION"),
        ({"headers": (("x-api-key", "sandbox-key\u0142"),)}, 401, "ERROR_TYPE_AUTHENTICATION"),
        ({"headers": (("authorization", "Bearer sandbox-key"),)}, 401, "ERROR_TYPE_AUTHENTICATION"),
        ({"path": path_of("send_message", business="another")}, 404, "ERROR_TYPE_INVALID_REQUEST"),
        ({"path": path_of("send_message", business="sandbox-business%2F")}, 404, "ERROR_TYPE_INVALID_REQUEST"),
        ({"path": path_of("send_message", business="")}, 404, "ERROR_TYPE_INVALID_REQUEST"),
        ({"path": f"{MESSAGES}/"}, 404, "ERROR_TYPE_INVALID_REQUEST"),
        ({"path": "/"}, 404, "ERROR_TYPE_INVALID_REQUEST"),
        ({"path": "*", "method": "OPTIONS"}, 404, "ERROR_TYPE_INVALID_REQUEST"),
        ({"method": "GET"}, 405, "ERROR_TYPE_INVALID_REQUEST"),
        ({"method": "BREW"}, 405, "ERROR_TYPE_INVALID_REQUEST"),
        ({"body": b""}, 400, "ERROR_TYPE_INVALID_REQUEST"),
        ({"body": b" \n"}, 400, "ERROR_TYPE_INVALID_REQUEST"),
        ({"body": b"{"}, 400, "ERROR_TYPE_INVALID_REQUEST"),
        ({"body": b"[]"}, 400, "ERROR_TYPE_INVALID_REQUEST"),
        ({"body": b"null"}, 400, "ERROR_TYPE_INVALID_REQUEST"),
        ({"body": b'"text"'}, 400, "ERROR_TYPE_INVALID_REQUEST"),
        ({"body": b'{"message":{"text":"\\ud800"}}'}, 400, "ERROR_TYPE_INVALID_REQUEST"),
    ],
)
def test_a_refusal_has_its_status_and_the_documented_shape(
    sandbox: Sandbox, changes: dict[str, Any], status: int, kind: str
) -> None:
    body = changes.pop("body", session())
    decision = ask(sandbox, body, **changes)
    found = answer(decision)
    assert (decision.status, list(found), found["type"]) == (status, SHAPE, kind)
    assert found["code"] == decision.code == "ERROR_CODE_UNSPECIFIED"
    assert found["cntTraceId"] == decision.trace_id
    assert isinstance(found["details"], dict)
    assert sandbox.messages == ()


def test_too_large_a_body_is_refused_with_the_limit(sandbox: Sandbox) -> None:
    decision = get_engine(sandbox).receive(Request(method="POST", path=MESSAGES, query="", headers=(KEY,), body=None))
    assert decision.status == 413
    assert "1048576 bytes" in answer(decision)["message"]


def test_a_wrong_method_is_told_the_right_ones(sandbox: Sandbox) -> None:
    assert ask(sandbox, method="DELETE").headers == (("allow", "POST"),)


def test_the_first_of_two_keys_counts(sandbox: Sandbox) -> None:
    assert ask(sandbox, session(), headers=(("x-api-key", "wrong"), KEY)).status == 401


def test_every_violation_of_the_schema_is_named_with_its_path(sandbox: Sandbox) -> None:
    body = {"sender": "x", "recipient": {"channelType": "pigeon"}, "message": {"text": 1, "attachments": [{"type": 2}]}}
    decision = ask(sandbox, body)
    assert decision.status == 400
    expected = {"sender", "recipient.channelType", "message.text", "message.attachments[0].type"}
    assert set(fields(decision)) == expected
    listed = answer(decision)["details"]["violations"]
    assert {"field": "message.text", "problem": "must be a string, not an integer"} in listed


def test_a_refusal_repeats_nothing_of_the_values(sandbox: Sandbox) -> None:
    body = {"recipient": {"id": 16049998877, "channelType": "canary"}, "message": {"text": ["canary"]}}
    content = ask(sandbox, body).content
    assert b"canary" not in content
    assert b"9998877" not in content


def test_unknown_fields_are_ignored_and_reported(sandbox: Sandbox) -> None:
    decision = ask(sandbox, session(mesage={"text": "x"}), query="pretty=1")
    assert decision.status == 200
    assert decision.unknown_fields == ("?pretty", "mesage")
    assert sandbox.requests[0].unknown_fields == ("?pretty", "mesage")


def test_a_refused_request_reports_its_unknown_fields_too(sandbox: Sandbox) -> None:
    assert ask(sandbox, {"mesage": 1}).unknown_fields == ("mesage",)
    assert ask(sandbox, {"mesage": 1, "message": 2}).unknown_fields == ("mesage",)
    assert ask(sandbox, b"{", query="a=1").unknown_fields == ("?a",)


def test_both_spellings_null_and_the_unspecified_value_are_taken(sandbox: Sandbox) -> None:
    body = {
        "sender": None,
        "recipient": {"id": "+16044441111", "channel_type": "whatsapp", "user_id": None},
        "message": {"text": "x", "list_message": None},
        "order": {"strategy": "strategy_unspecified"},
        "campaign_name": "spring",
    }
    assert ask(sandbox, body).status == 200
    assert sandbox.messages[0].body == {
        "recipient": {"id": "+16044441111", "channelType": "whatsapp"},
        "message": {"text": "x"},
        "order": {},
        "campaignName": "spring",
    }


INVENTED: dict[str, Any] = {
    "swagger": "2.0",
    "basePath": "/api",
    "securityDefinitions": {"q": {"type": "apiKey", "in": "query", "name": "key"}, "o": {"type": "oauth2"}},
    "security": [{"q": []}, {"o": []}],
    "definitions": {
        "Tree": {
            "type": "object",
            "properties": {
                "child": {"$ref": "#/definitions/Tree"},
                "big_number": {"type": "string", "format": "int64"},
            },
        },
        "Made": {"type": "object", "properties": {"made_id": {"type": "string", "example": "m_1"}}},
    },
    "paths": {
        "/v2/things/{thing_id}:grow": {
            "post": {
                "operationId": "Grow",
                "parameters": [
                    {"name": "thing_id", "in": "path", "required": True, "type": "integer"},
                    {"name": "page.size", "in": "query", "type": "integer", "format": "int32"},
                    {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Tree"}},
                ],
                "responses": {"201": {"schema": {"$ref": "#/definitions/Made"}}},
            },
        },
        "/v2/open": {"get": {"security": [], "responses": {"204": {"description": "Nothing."}}}},
    },
}


def grow(body: Any, query: str = "key=sandbox-key", path: str = "/api/v2/things/7:grow", **changes: Any) -> Any:
    return ask(Sandbox(windows="open", swagger=INVENTED), body, path=path, query=query, headers=(), **changes)


def test_an_operation_that_nobody_knows_is_served_from_its_schema() -> None:
    decision = grow({"child": {"bigNumber": 7}})
    assert (decision.status, answer(decision), decision.operation) == (201, {"made_id": "m_1"}, ("Grow",) * 3)


def test_an_operation_that_nobody_knows_is_validated() -> None:
    decision = grow(
        {"child": {"child": {"big_number": "many"}}}, "key=sandbox-key&page.size=x", "/api/v2/things/a:grow"
    )
    assert (decision.status, fields(decision)) == (400, ["thing_id", "page.size", "child.child.bigNumber"])


def test_a_key_in_the_query_and_a_bearer_token_are_checked() -> None:
    assert grow({}, query="").status == 401
    assert grow({}, query="key=wrong").status == 401
    bearer = (("authorization", "Bearer sandbox-key"),)
    asked: dict[str, Any] = {"path": "/api/v2/things/7:grow", "headers": bearer}
    assert ask(Sandbox(windows="open", swagger=INVENTED), {}, **asked).status == 201
    assert ask(Sandbox(windows="open", swagger=INVENTED, api_key="other"), {}, **asked).status == 401


def test_an_open_operation_without_content_needs_no_key_and_no_body() -> None:
    decision = ask(Sandbox(windows="open", swagger=INVENTED), b"{", path="/api/v2/open", method="GET", headers=())
    assert (decision.status, decision.content) == (204, b"")


def test_a_body_that_is_not_required_may_be_absent() -> None:
    assert grow(b"").status == 201


def test_a_body_that_contains_itself_too_deeply_is_refused() -> None:
    deep = b'{"child":' * 590 + b"{}" + b"}" * 590
    decision = grow(deep)
    assert (decision.status, fields(decision)) == (400, ["body"])


def test_a_known_operation_answers_in_the_files_own_spelling() -> None:
    found = answer(ask(Sandbox(windows="open", swagger=_snake_case_file()), b"", path=LIST, method="GET"))
    assert found == {"entity": {"business_id": "sandbox-business", "webhooks": []}}


def test_a_known_operation_whose_file_has_another_schema_refuses_and_never_fails() -> None:
    document: dict[str, Any] = {"swagger": "2.0", "paths": {}}
    bodies: list[Any] = [[], 7, {"message": [], "number": {}, "topic": 1, "recipient": "x", "parameters": {}}]
    loose = {"parameters": [{"name": "body", "in": "body", "schema": {}}], "responses": {"200": {}}}
    for function in ("send_message", "send_whatsapp_templated_message", "create_webhook"):
        document["paths"][OPERATIONS[function][1]] = {"post": loose}
    sandbox = Sandbox(windows="open", swagger=document)
    for path in (MESSAGES, TEMPLATES, CREATE):
        for body in bodies:
            assert ask(sandbox, body, path=path).status == 400
    assert ask(sandbox, session()).status == 200


def _snake_case_file() -> dict[str, Any]:
    registrations = {"properties": {"business_id": {"type": "string"}, "webhooks": {"type": "array", "items": {}}}}
    answered = {"200": {"schema": {"type": "object", "properties": {"entity": registrations}}}}
    path = OPERATIONS["get_webhooks"][1].replace("businessId", "business_id")
    return {"swagger": "2.0", "paths": {path: {"get": {"responses": answered}}}}
