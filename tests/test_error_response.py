"""From an answer to a typed error: every documented code, every status, and bodies that no one documented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectly_api.error_response import parse_error_response
from connectly_api.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    NotFoundError,
    OptedOutError,
    OutsideWindowError,
    PermissionDeniedError,
    RateLimitError,
    RecipientRejectedError,
    RequestRejectedError,
    SenderRestrictedError,
    ServerError,
    TemplateRejectedError,
)

WINDOW_CLOSED = (Path(__file__).parent / "data/responses/error_window_closed.json").read_bytes()

# Every code of the documentation, but for the unspecified one, and the class that a caller acts on.
BY_CODE: dict[str, type[ApiError]] = {
    "ERROR_CODE_INVALID_SENDER_ID": RequestRejectedError,
    "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT": RecipientRejectedError,
    "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID": RecipientRejectedError,
    "ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID": RequestRejectedError,
    "ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY": RequestRejectedError,
    "ERROR_CODE_MESSAGE_ATTACHMENT_INVALID": RequestRejectedError,
    "ERROR_CODE_MESSAGE_TEXT_EMPTY": RequestRejectedError,
    "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND": TemplateRejectedError,
    "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID": TemplateRejectedError,
    "ERROR_CODE_MESSAGE_TEMPLATE_DELETED": TemplateRejectedError,
    "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL": RequestRejectedError,
    "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW": OutsideWindowError,
    "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION": OutsideWindowError,
    "ERROR_CODE_BUSINESS_REACHED_LIMITS": SenderRestrictedError,
    "ERROR_CODE_MESSAGE_SELF_INVALID": RequestRejectedError,
    "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT": OptedOutError,
    "ERROR_CODE_BUSINESS_KEY_SECRET_ABSENT": RequestRejectedError,
}

BY_STATUS: dict[int, type[ApiError]] = {
    100: ApiError,
    204: ApiError,
    301: ApiError,
    302: ApiError,
    400: RequestRejectedError,
    401: AuthenticationError,
    402: ApiError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: ApiError,
    408: ApiError,
    409: ConflictError,
    413: ApiError,
    422: RequestRejectedError,
    429: RateLimitError,
    499: ApiError,
    500: ServerError,
    502: ServerError,
    503: ServerError,
    504: ServerError,
    520: ServerError,
    599: ServerError,
    600: ServerError,
    999: ServerError,
}


def error_from(status: int, body: object, *, sent: tuple[str, ...] = ()) -> ApiError:
    return parse_error_response(status, (), json.dumps(body).encode(), sent=sent)


@pytest.mark.parametrize(("code", "kind"), BY_CODE.items())
@pytest.mark.parametrize("status", [302, 400, 403, 404, 409, 422, 499, 500, 504, 520])
def test_a_documented_code_outranks_the_status(code: str, kind: type[ApiError], status: int) -> None:
    error = error_from(status, {"code": code})

    assert type(error) is kind
    assert (error.status, error.code) == (status, code)


@pytest.mark.parametrize("code", BY_CODE)
@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationError), (429, RateLimitError)])
def test_401_and_429_outrank_every_code(code: str, status: int, kind: type[ApiError]) -> None:
    error = error_from(status, {"code": code})

    assert type(error) is kind
    assert error.code == code


@pytest.mark.parametrize(("status", "kind"), BY_STATUS.items())
@pytest.mark.parametrize(
    "code", [None, "", "ERROR_CODE_UNSPECIFIED", "ERROR_CODE_OF_TOMORROW", "error_code_message_text_empty"]
)
def test_without_a_known_code_the_status_decides(status: int, kind: type[ApiError], code: str | None) -> None:
    assert type(error_from(status, {"code": code})) is kind


def test_the_documented_error_is_read_whole() -> None:
    body = json.loads(WINDOW_CLOSED)
    headers = (("Content-Type", "application/json"),)

    error = parse_error_response(400, headers, WINDOW_CLOSED)

    assert type(error) is OutsideWindowError
    assert error.status == 400
    assert error.code == body["code"]
    assert error.type == body["type"]
    assert error.message == body["message"]
    assert error.user_title == body["userTitle"]
    assert error.user_message == body["userMessage"]
    assert error.trace_id == body["cntTraceId"]
    assert error.details == {}
    assert error.headers == headers
    assert error.body == WINDOW_CLOSED


def test_the_documented_error_says_all_of_it_in_one_line() -> None:
    sent = (
        "+16044441111",
        "US.13491208655302741918",
        "Hello, this is a text message!",
        "order_id",
        "12345",
        "key_1a2b",
    )

    error = parse_error_response(504, (), WINDOW_CLOSED, sent=sent)

    assert str(error) == (
        "504 ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW: more than 24 hours since the customer wrote;"
        " use a template message; see error.message (trace id 11824978358485860716)"
    )


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "OK"),
        (3, "INVALID_ARGUMENT"),
        (5, "NOT_FOUND"),
        (16, "UNAUTHENTICATED"),
        (17, "17"),
        (-1, "-1"),
        (10**30, f"{10**30}"),
    ],
)
def test_a_grpc_status_is_read_and_its_code_gets_its_name(number: int, name: str) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest"}]

    error = error_from(400, {"code": number, "message": "bad", "details": details})

    assert type(error) is RequestRejectedError
    assert (error.code, error.message, error.details) == (name, "bad", details)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "ERROR_CODE_MESSAGE_TEXT_EMPTY", "message": "empty"}},
        {"error": {"code": "ERROR_CODE_MESSAGE_TEXT_EMPTY", "message": "empty"}, "code": None, "message": None},
        {"code": "ERROR_CODE_MESSAGE_TEXT_EMPTY", "message": "empty", "error": {}},
        {"code": "ERROR_CODE_MESSAGE_TEXT_EMPTY", "message": "empty", "error": {"code": "ERROR_CODE_OTHER"}},
        {"code": "ERROR_CODE_MESSAGE_TEXT_EMPTY", "message": "empty", "error": "empty"},
        {"code": "ERROR_CODE_MESSAGE_TEXT_EMPTY", "message": "empty", "error": None},
    ],
)
def test_an_error_is_read_at_the_top_or_under_an_error_key(body: object) -> None:
    error = error_from(400, body)

    assert (error.code, error.message) == ("ERROR_CODE_MESSAGE_TEXT_EMPTY", "empty")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \r\n",
        b"null",
        b"true",
        b"0",
        b"NaN",
        b'"text"',
        b"[]",
        b'[{"code": "ERROR_CODE_MESSAGE_TEXT_EMPTY"}]',
        b"{}",
        b'{"error": {}}',
        b'{"error": []}',
        WINDOW_CLOSED[:-2],
        WINDOW_CLOSED[:40],
        b"<html><head><title>502 Bad Gateway</title></head></html>",
        b'{"message": "\xff\xfe"}',
        b"\xff\xfe\x00",
        b"\x00\x01",
        b"\x1f\x8b\x08",
        b"[" * 200_000,
        b'{"error":' * 200_000,
        b"9" * 10_000,
        b'{"code": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda body: ascii(body[:24]),
)
@pytest.mark.parametrize(("status", "kind"), [(400, RequestRejectedError), (502, ServerError), (520, ServerError)])
def test_a_body_that_says_nothing_leaves_the_status_and_the_bytes(
    body: bytes, status: int, kind: type[ApiError]
) -> None:
    error = parse_error_response(status, (), body)

    assert type(error) is kind
    assert (error.status, error.body) == (status, body)
    assert (error.code, error.type, error.message, error.trace_id, error.details) == (None, None, None, None, None)


@pytest.mark.parametrize("value", [None, True, False, 1.5, [], ["x"], {}, {"x": 1}, ""], ids=repr)
@pytest.mark.parametrize("name", ["code", "type", "message", "userTitle", "userMessage", "cntTraceId"])
def test_a_field_of_a_wrong_type_is_lost_and_no_other(name: str, value: object) -> None:
    body = {**json.loads(WINDOW_CLOSED), name: value}
    attribute = {"userTitle": "user_title", "userMessage": "user_message", "cntTraceId": "trace_id"}.get(name, name)

    error = error_from(400, body)

    assert getattr(error, attribute) is None
    others = ["code", "type", "message", "user_title", "user_message", "trace_id"]
    assert all(isinstance(getattr(error, other), str) for other in others if other != attribute)


def test_a_trace_id_that_came_as_a_number_is_read() -> None:
    error = error_from(500, {"cntTraceId": 11824978358485860716})

    assert error.trace_id == "11824978358485860716"
    assert str(error) == "500 Internal Server Error: the service failed (trace id 11824978358485860716)"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_body_in_another_unicode_encoding_is_read(encoding: str) -> None:
    assert parse_error_response(400, (), '{"message": "caf\u00e9"}'.encode(encoding)).message == "caf\u00e9"


def test_what_the_answer_asks_to_wait_is_kept_by_a_rate_limit() -> None:
    error = parse_error_response(429, (), b"slow down", retry_after=2.5)

    assert isinstance(error, RateLimitError)
    assert error.retry_after == 2.5


def test_what_another_answer_asks_to_wait_is_left_to_its_headers() -> None:
    error = parse_error_response(503, (("Retry-After", "3"),), b"", retry_after=3.0)

    assert not hasattr(error, "retry_after")
    assert error.headers == (("Retry-After", "3"),)


@given(status=st.integers(-10, 1100) | st.integers(), body=st.binary(max_size=200))
@example(status=499, body=b"")
@example(status=520, body=b"<html>")
def test_no_status_and_no_bytes_make_it_fail(status: int, body: bytes) -> None:
    error = parse_error_response(status, (), body)

    assert (error.status, error.body) == (status, body)
    assert str(error).startswith(str(status))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["code", "type", "message", "userTitle", "userMessage", "cntTraceId", "details", "error"])


@given(status=st.integers(100, 999), body=st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=4)))
def test_no_json_makes_it_fail_and_its_text_is_one_printable_line(status: int, body: dict[str, object]) -> None:
    error = error_from(status, body)

    assert error.status == status
    assert len(str(error).splitlines()) == 1
    assert str(error).encode()
    assert len(str(error)) < 1000


PERSONAL = (
    "canary-key-5f3a9c",
    "+16044440042",
    "US.Canary13491208655302",
    "canary text, that nobody else may read",
    "canary-data-7731",
)


@pytest.mark.parametrize("value", PERSONAL)
@pytest.mark.parametrize("field", ["code", "type", "message", "userTitle", "userMessage", "cntTraceId", "details"])
def test_an_echo_in_any_field_is_in_no_text(field: str, value: str) -> None:
    for body in ({field: value}, {field: value.upper()}, {"error": {field: f"<{value}>"}}):
        error = error_from(400, body, sent=PERSONAL)

        for shown in (str(error), repr(error)):
            assert value.lower() not in shown.lower()
            assert "canary" not in shown.lower()
            assert "6044440042" not in shown
