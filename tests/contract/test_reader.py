"""The independent reader finds each way in which a request or an answer can differ from a Swagger file.

What is sent here is held against a frozen file: it is the reader that is tested, not what the vendor publishes.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from connectly_api import Response
from connectly_api.transport import WireRequest
from tests.codegen.samples import VENDORED, swagger
from tests.contract.reader import ContractError, Reader

ADDRESS = "https://example.com/v1/businesses/b"
SEND = "POST /v1/businesses/{}/send/messages"
LIST = "GET /v1/businesses/{}/webhooks"
DELETE = "DELETE /v1/businesses/{}/delete/webhooks/{}"
JSON = ("content-type", "application/json")
KEY = ("X-API-Key", "k")
TEXT: dict[str, Any] = {
    "recipient": {"id": "+16044441111", "channelType": "whatsapp"},
    "message": {"text": "Hello!", "attachments": [{"type": "image", "url": "https://example.com"}]},
    "callbackData": {"any": ["thing"]},
}


def sent(
    body: Any = TEXT,
    *,
    method: str = "POST",
    address: str = f"{ADDRESS}/send/messages",
    headers: tuple[tuple[str, str], ...] = (JSON, KEY),
) -> WireRequest:
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    return WireRequest(method, address, headers, content)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(swagger(VENDORED))


LISTING = sent(None, method="GET", address=f"{ADDRESS}/webhooks")
DELETING = sent(None, method="DELETE", address=f"{ADDRESS}/delete/webhooks/wh_1")


def changed(**paths: Any) -> dict[str, Any]:
    """Return the text message with values at `a__b__c` replaced."""
    body = copy.deepcopy(TEXT)
    for path, value in paths.items():
        *above, last = path.split("__")
        place: Any = body
        for name in above:
            place = place[int(name)] if name.isdigit() else place[name]
        place[last] = value
    return body


@pytest.mark.parametrize(
    ("request_", "operation"),
    [
        (sent(), SEND),
        (sent({}), SEND),
        (sent(headers=(("Content-Type", "Application/JSON; charset=utf-8"), KEY)), SEND),
        (LISTING, LIST),
        (DELETING, DELETE),
    ],
)
def test_what_the_file_describes_is_accepted(reader: Reader, request_: WireRequest, operation: str) -> None:
    assert reader.check_request(request_) == operation


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (sent(address=f"{ADDRESS}/send/message"), "is no path of the file"),
        (sent(address=f"{ADDRESS}/x/send/messages"), "is no path of the file"),
        (sent(address=ADDRESS.replace("/b", "//send/messages")), "is no path of the file"),
        (sent(method="PUT"), "has POST, not PUT"),
        (sent(address=f"{ADDRESS}/send/messages?page=1"), "no query parameter is called page"),
        (sent(headers=(JSON,)), "No security definition used"),
        (sent(headers=(KEY,)), "is of no content type"),
        (sent(headers=(("content-type", "text/plain"), KEY)), "is text/plain, not application/json"),
        (sent(headers=(JSON, JSON, KEY)), "is application/json, application/json"),
        (sent(None), "has no body, and one is required"),
        (sent({}, method="GET", address=f"{ADDRESS}/webhooks"), "has a body, and none is described"),
        (sent(b"{"), "is no JSON"),
        (sent(b'{"message":{"location":{"latitude":NaN}}}'), "NaN is no JSON"),
        (sent(b'{"message":{},"message":{}}'), "a name comes twice"),
        (sent(b'"\xff"'), "is no JSON"),
        (sent([]), r"\$: \[\] is not of type 'object'"),
        (sent(b"null"), r"\$: None is not of type 'object'"),
        (sent(changed(text="x")), r"\$\.text: no such field"),
        (sent(changed(message__attachments__0__link="x")), r"\$\.message\.attachments\[0\]\.link: no such field"),
        (sent(changed(message__text=1)), r"\$\.message\.text: 1 is not of type 'string'"),
        (sent(changed(message__text=None)), r"\$\.message\.text: None is not of type 'string'"),
        (sent(changed(message__location={"latitude": "37"})), r"latitude: '37' is not of type 'number'"),
        (sent(changed(message__attachments__0__type="gif")), r"attachments\[0\]\.type: 'gif' is not one of"),
    ],
)
def test_what_it_does_not_describe_is_refused_with_the_place(
    reader: Reader, request_: WireRequest, problem: str
) -> None:
    with pytest.raises(ContractError, match=problem):
        reader.check_request(request_)


OK = (JSON,)


@pytest.mark.parametrize(
    "response",
    [
        Response(200, OK, b'{"id":"x"}'),
        Response(201, OK, b'{"id":"x","new":{"a":1}}'),
        Response(200, (("Content-Type", "application/json;charset=utf-8"),), b"{}"),
        Response(400, OK, b'{"message":"x","details":{"any":1}}'),
        Response(599, OK, b"{}"),
    ],
)
def test_an_answer_that_the_file_describes_is_accepted(reader: Reader, response: Response) -> None:
    assert reader.check_answer(sent(), response) == SEND


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (Response(200, OK, b""), "answer 200: is no JSON"),
        (Response(200, OK, b'{"id":1}'), r"answer 200: \$\.id: 1 is not of type 'string'"),
        (Response(200, (), b"{}"), "answer 200: is , not one of application/json"),
        (Response(503, (("content-type", "text/html"),), b"<html>"), "answer 503: is text/html"),
        (Response(400, OK, b'{"code":3}'), r"answer 400: \$\.code: 3 is not of type 'string'"),
        (Response(400, OK, b"[]"), r"answer 400: \$: \[\] is not of type 'object'"),
    ],
)
def test_an_answer_that_it_does_not_describe_is_refused(reader: Reader, response: Response, problem: str) -> None:
    with pytest.raises(ContractError, match=problem):
        reader.check_answer(sent(), response)


def test_a_closed_answer_may_say_no_more_than_the_file(reader: Reader) -> None:
    answer = Response(200, OK, b'{"entity":{"webhooks":[{"id":"x","age":1}]}}')

    reader.check_answer(LISTING, answer)
    with pytest.raises(ContractError, match=r"\$\.entity\.webhooks\[0\]\.age: no such field"):
        reader.check_answer(LISTING, answer, is_closed=True)


def test_another_file_than_swagger_2_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be '2\.0'"):
        Reader({"openapi": "3.0.0", "paths": {}})


def operation(**parts: Any) -> dict[str, Any]:
    return {"responses": {"200": {"description": "", "schema": {"type": "object"}}}, **parts}


def test_another_file_is_read_as_it_says() -> None:
    """Base path, prefix, required fields, `allOf`, maps, 64-bit numbers, query parameters, answers without a body."""
    listing = {
        "name": "ids", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"
    }  # fmt: skip
    count = {"name": "count", "in": "query", "type": "integer"}
    point = {
        "allOf": [
            {"type": "object", "properties": {"x": {"type": "string", "format": "int64"}}, "required": ["x"]},
            {"type": "object", "properties": {"y": {"type": "number"}}},
        ]
    }
    kind = {"allOf": [{"$ref": "#/definitions/Kind"}], "description": "A reference with a description."}
    labels = {"type": "object", "additionalProperties": {"type": "object", "properties": {"a": {"type": "string"}}}}
    properties = {"point": point, "labels": labels, "kind": kind}
    thing = {"type": "object", "properties": properties, "required": ["point"]}
    body = {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Thing"}}
    reader = Reader(
        {
            "swagger": "2.0",
            "info": {"title": "Things", "version": "1"},
            "basePath": "/api",
            "definitions": {"Thing": thing, "Kind": {"type": "string", "enum": ["big"]}},
            "paths": {
                "/things/latest": {"get": operation(operationId="Latest")},
                "/things/{id}": {
                    "get": operation(operationId="Get", parameters=[listing, count]),
                    "put": operation(operationId="Put", parameters=[body]),
                    "delete": operation(operationId="Delete", responses={"204": {"description": ""}}),
                },
            },
        },
        prefix="/mirror/",
    )
    home = "https://example.com/mirror/api/things"

    def ask(method: str, path: str, body: Any = None) -> str:
        return reader.check_request(sent(body, method=method, address=home + path, headers=(JSON,)))

    thing_path = "/api/things/{}"
    assert reader.operations == {"GET /api/things/latest", *(f"{one} {thing_path}" for one in ("GET", "PUT", "DELETE"))}
    assert ask("GET", "/latest") == "GET /api/things/latest"
    assert ask("GET", "/1?ids=a&ids=b&count=3") == f"GET {thing_path}"
    assert (
        ask("PUT", "/1", {"point": {"x": "12345678901", "y": 1}, "labels": {"any": {"a": "b"}}}) == f"PUT {thing_path}"
    )
    assert ask("PUT", "/1", {"point": {"x": "1"}, "kind": "big"}) == f"PUT {thing_path}"
    assert ask("PUT", "/1") == f"PUT {thing_path}"
    for method, path, content, problem in [
        ("GET", "/1?count=three", None, "three"),
        ("GET", "/1?count=1&count=2", None, "count comes twice"),
        ("PUT", "/1", {}, "'point' is a required property"),
        ("PUT", "/1", {"point": {"y": 1}}, "'x' is a required property"),
        ("PUT", "/1", {"point": {"x": "1"}, "kind": "small"}, "'small' is not one of"),
        ("PUT", "/1", {"point": {"x": "1", "z": 1}}, r"\$\.point\.z: no such field"),
        ("PUT", "/1", {"point": {"x": "1"}, "labels": {"any": {"b": 1}}}, r"\$\.labels\.any\.b: no such field"),
    ]:
        with pytest.raises(ContractError, match=problem):
            ask(method, path, content)
    gone = sent(None, method="DELETE", address=f"{home}/1")
    reader.check_answer(gone, Response(204, (), b""))
    with pytest.raises(ContractError, match="has a body, and none is described"):
        reader.check_answer(gone, Response(204, (), b"{}"))
    with pytest.raises(ContractError, match="404"):
        reader.check_answer(gone, Response(404, (), b""))
