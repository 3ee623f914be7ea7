"""The error tree: its drawing, its texts, and what survives pickling and copying."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from connectly_api import errors
from connectly_api.errors import (
    ApiError,
    AuthenticationError,
    CallbackDataTooLongError,
    ConflictError,
    ConnectlyError,
    InvalidContentError,
    InvalidInputError,
    InvalidRecipientError,
    InvalidSenderError,
    NotFoundError,
    NotSentError,
    OptedOutError,
    OutcomeUnknownError,
    OutsideWindowError,
    PermissionDeniedError,
    RateLimitError,
    RecipientRejectedError,
    RequestRejectedError,
    SenderRestrictedError,
    ServerError,
    TemplateRejectedError,
    UnexpectedResponseError,
    UsageError,
    Violation,
    WebhookError,
    WebhookPayloadError,
    WebhookSignatureError,
    WebhookStoreError,
)

TRACE_ID = "11824978358485860716"
HEADERS = (("Content-Type", "application/json"), ("Retry-After", "3"))


def api_error(kind: type[ApiError]) -> ApiError:
    error = kind(
        status=418,
        code="ERROR_CODE_NEW",
        type="ERROR_TYPE_NEW",
        message="short and stout",
        user_title="A teapot",
        user_message="Pour elsewhere",
        trace_id=TRACE_ID,
        details={"spout": [1, {"deep": None}]},
        headers=HEADERS,
        body=b'{"code":"ERROR_CODE_NEW"}',
        sent=["+16044441111"],
    )
    if isinstance(error, RateLimitError):
        error.retry_after = 2.5
    return error


API_ERRORS = [
    ApiError,
    AuthenticationError,
    PermissionDeniedError,
    NotFoundError,
    ConflictError,
    RequestRejectedError,
    OutsideWindowError,
    OptedOutError,
    RecipientRejectedError,
    TemplateRejectedError,
    SenderRestrictedError,
    RateLimitError,
    ServerError,
]
VIOLATIONS = (Violation("text", "is empty", 0), Violation("url", "must be a string, not int", level="error"))

SAMPLES: list[ConnectlyError] = [
    ConnectlyError("root"),
    InvalidInputError("text: 5 of 4", field="text", size=5, limit=4),
    InvalidRecipientError("recipient: no", field="recipient", size=3),
    InvalidSenderError("sender: no", field="sender", size=3),
    InvalidContentError(VIOLATIONS),
    CallbackDataTooLongError(1025, 1024),
    UsageError("closed"),
    NotSentError("refused", timed_out=True),
    OutcomeUnknownError("dropped", timed_out=True),
    UnexpectedResponseError("unreadable", status=200, headers=HEADERS, body=b"<html>"),
    WebhookError("no"),
    WebhookSignatureError("unsigned"),
    WebhookPayloadError("no object"),
    WebhookStoreError("no database"),
    *map(api_error, API_ERRORS),
]


def tree(root: type[ConnectlyError] = ConnectlyError) -> list[type[ConnectlyError]]:
    inner = [kind for kind in root.__subclasses__() if kind.__module__ == errors.__name__]
    return [root, *(kind for child in inner for kind in tree(child))]


DRAWN = re.compile(r" {4}(?P<stem>(?:│ {3}| {4})*(?:[├└]─ )?)(?P<name>[A-Z]\w+Error)(?: \((?P<also>\w+)\))?")


def drawn() -> list[tuple[str, str | None, str | None]]:
    """Read the drawing: name, parent, and the builtin class in brackets."""
    above: list[str] = []
    rows: list[tuple[str, str | None, str | None]] = []
    for match in filter(None, map(DRAWN.match, (errors.__doc__ or "").splitlines())):
        depth = (len(match["stem"]) + 1) // 4
        above = [*above[:depth], match["name"]]
        rows.append((match["name"], above[depth - 1] if depth else None, match["also"]))
    return rows


def real() -> list[tuple[str, str | None, str | None]]:
    rows: list[tuple[str, str | None, str | None]] = []
    for kind in tree():
        parent = next((base for base in kind.__bases__ if issubclass(base, ConnectlyError)), None)
        also = next((base for base in kind.__bases__ if parent is not None and base is not parent), None)
        rows.append((kind.__name__, parent.__name__ if parent else None, also.__name__ if also else None))
    return rows


def test_the_drawing_in_the_docstring_is_the_real_tree() -> None:
    assert sorted(drawn(), key=str) == sorted(real(), key=str)


def test_every_class_of_the_tree_is_exported_and_has_a_sample_here() -> None:
    names = {kind.__name__ for kind in tree()}

    assert names == set(errors.__all__) - {"Violation"}
    assert names == {type(sample).__name__ for sample in SAMPLES}


def test_every_class_says_in_a_docstring_what_it_means() -> None:
    assert all(kind.__doc__ and kind.__doc__.strip() for kind in tree())


def test_only_what_was_provably_not_accepted_may_simply_be_sent_again() -> None:
    assert {kind for kind in tree() if kind.retry_safe} == {NotSentError, RateLimitError}
    assert not NotSentError("not trusted", retry_safe=False).retry_safe


def test_only_what_left_and_was_not_refused_may_have_taken_effect() -> None:
    unknown = {errors.OutcomeUnknownError, errors.ServerError, errors.UnexpectedResponseError}
    assert {kind for kind in tree() if kind.may_have_taken_effect} == unknown


def pickled(protocol: int) -> Callable[[Any], Any]:
    return lambda value: pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 (its own pickle)


COPIERS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {protocol}": pickled(protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)},
}


@pytest.mark.parametrize("copier", COPIERS.values(), ids=COPIERS.keys())
@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_survives_copying_and_pickling_with_all_it_holds(
    error: ConnectlyError, copier: Callable[[Any], Any]
) -> None:
    other = copier(error)

    assert type(other) is type(error)
    assert other is not error
    assert vars(other) == vars(error)
    assert (other.args, str(other), repr(other)) == (error.args, str(error), repr(error))


def test_a_copy_keeps_notes_and_a_callers_own_attributes() -> None:
    error = NotSentError("refused")
    error.add_note("while sending the invoice")
    error.invoice = 12  # type: ignore[attr-defined]

    other = copy.deepcopy(error)

    assert vars(other) == {"timed_out": False, "__notes__": ["while sending the invoice"], "invoice": 12}


class OwnError(ApiError):
    """A caller's subclass with a constructor of its own."""

    def __init__(self, order: int) -> None:
        super().__init__(status=400, message="no")
        self.order = order


def test_a_subclass_with_another_constructor_pickles() -> None:
    other = pickle.loads(pickle.dumps(OwnError(7)))  # noqa: S301 (its own pickle)

    assert (type(other), other.order, str(other)) == (OwnError, 7, "400 Bad Request; see error.message")


def test_a_deep_copy_shares_nothing_that_can_change() -> None:
    error = ApiError(status=400, details={"rows": [1]})
    other = copy.deepcopy(error)

    other.details["rows"].append(2)  # type: ignore[index]

    assert error.details == {"rows": [1]}


def test_a_refused_input_is_a_value_error_that_names_field_size_and_limit() -> None:
    error = InvalidInputError("text: 5 characters; the limit is 4", field="text", size=5, limit=4)

    assert isinstance(error, ValueError)
    assert (error.field, error.size, error.limit, str(error)) == ("text", 5, 4, "text: 5 characters; the limit is 4")


def test_a_refused_input_without_a_size_has_none() -> None:
    error = InvalidInputError("text: must be a string", field="text")

    assert (error.size, error.limit) == (None, None)


def test_too_long_callback_data_says_both_numbers() -> None:
    error = CallbackDataTooLongError(1025, 1024)

    assert (error.field, error.size, error.limit) == ("callback_data", 1025, 1024)
    assert str(error) == "callback_data: 1025 bytes as JSON; the limit is 1024 bytes"


def test_refused_content_names_every_violation_and_the_first_field() -> None:
    error = InvalidContentError(violation for violation in VIOLATIONS)

    assert error.violations == VIOLATIONS
    assert error.field == "text"
    assert str(error) == "text: is empty; url: must be a string, not int"


def test_a_violation_is_a_frozen_value_that_reads_as_field_and_problem() -> None:
    violation = Violation("text", "is empty", 0)

    assert str(violation) == "text: is empty"
    assert violation == attrs.evolve(violation)
    assert violation.level == "limit"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        violation.field = "url"  # type: ignore[misc]


def test_misuse_is_a_runtime_error() -> None:
    assert issubclass(UsageError, RuntimeError)


@pytest.mark.parametrize("kind", [NotSentError, OutcomeUnknownError])
def test_an_error_without_an_answer_says_whether_time_ran_out(kind: type[NotSentError | OutcomeUnknownError]) -> None:
    assert kind("dropped").timed_out is False
    assert kind("late", timed_out=True).timed_out is True


def test_an_unreadable_answer_keeps_the_raw_answer_out_of_its_text() -> None:
    error = UnexpectedResponseError("unreadable", status=202, headers=HEADERS, body=b"canary")

    assert (error.status, error.headers, error.body) == (202, HEADERS, b"canary")
    assert "canary" not in f"{error} {error!r}"


def test_the_text_of_an_answer_holds_status_code_meaning_and_trace_id() -> None:
    error = OutsideWindowError(
        status=400,
        code="ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW",
        message="too late",
        trace_id=TRACE_ID,
    )

    assert str(error) == (
        "400 ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW: more than 24 hours since the customer wrote;"
        " use a template message; see error.message (trace id 11824978358485860716)"
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (AuthenticationError(status=401), "401 Unauthorized: the API key is missing, wrong or revoked"),
        (
            RequestRejectedError(status=400, code="ERROR_CODE_UNSPECIFIED", message="+16044441111"),
            "400 ERROR_CODE_UNSPECIFIED: the service refuses the request; see error.message",
        ),
        (
            ServerError(status=500, code="ERROR_CODE_NEW", message="+16044441111"),
            "500 Internal Server Error: the service failed; see error.code and error.message",
        ),
        (ApiError(status=302, code="ERROR_CODE_NEW"), "302 Found; see error.code"),
        (NotFoundError(status=404, code="NOT_FOUND"), "404 NOT_FOUND: there is no such business or registration"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_no_code_says_more_the_class_does_and_the_text_says_where_the_services_words_are(
    error: ApiError, text: str
) -> None:
    assert str(error) == text


@pytest.mark.parametrize(
    ("status", "text"),
    [(400, "400 Bad Request"), (503, "503 Service Unavailable"), (499, "499"), (520, "520"), (0, "0"), (-7, "-7")],
)
def test_without_a_code_the_status_speaks_whether_it_has_a_phrase_or_not(status: int, text: str) -> None:
    error = ApiError(status=status)

    assert (error.status, str(error)) == (status, text)


@pytest.mark.parametrize(
    "code",
    [
        *("", "X", "lower_case", "ERROR\nCODE", "+16044441111", "ERROR_CODE_\u0416", "ERROR_CODE_MESSAGE_TEXT_EMPTY\n"),
        # In the form of a code, any text can be spelt.
        *("ERROR_CODE_NEW", "ERROR_CODE_KESTREL_TEXT", "KESTREL"),
    ],
    ids=ascii,
)
def test_a_code_that_is_not_documented_is_kept_but_not_shown(code: str) -> None:
    error = ApiError(status=400, code=code)

    assert (error.code, error.shown_code) == (code, None)
    assert str(error) == "400 Bad Request; see error.code"


DOCUMENTED = Path(__file__).parent.parent / "docs" / "errors-and-retries.md"


@pytest.mark.skipif(not DOCUMENTED.exists(), reason="the documentation is not beside the tests")
def test_every_code_in_the_documentation_is_shown_with_its_meaning() -> None:
    codes = re.findall(r"^\| `(ERROR_CODE_\w+)`", DOCUMENTED.read_text("utf-8"), re.MULTILINE)

    assert len(codes) == 17
    for code in codes:
        assert re.fullmatch(f"400 {code}: [a-z].{{10,}}", str(ApiError(status=400, code=code)))


@pytest.mark.parametrize("trace_id", [TRACE_ID, "1" + "0" * 16, str(2**64 - 1)])
def test_a_trace_id_is_shown_for_support_asks_for_it(trace_id: str) -> None:
    error = ApiError(status=500, trace_id=trace_id)

    assert error.shown_trace_id == trace_id
    assert str(error) == f"500 Internal Server Error (trace id {trace_id})"


HEX = b"+16044440042".hex()
DECIMAL = "".join(str(ord(digit)) for digit in "604444004")


@pytest.mark.parametrize(
    "trace_id",
    [
        *("", "6044441111", "+16044441111", "US.13491208655302741918", "1" * 16, "0" * 20, str(2**64), TRACE_ID + "\n"),
        *("a\x1b[2J", "0123456789abcdef" * 2, "0f8fad5b-d9cb-469f-a165-70867728950e", "१" * 18),
        # Digits as the numbers of their characters: hexadecimal, decimal, octal; forward and backward.
        *(HEX[2:20], HEX[2:20][::-1], DECIMAL, DECIMAL[::-1], "60646464646060646260"),
    ],
    ids=ascii,
)
def test_a_trace_id_that_could_be_anything_else_is_kept_but_not_shown(trace_id: str) -> None:
    error = ApiError(status=500, trace_id=trace_id)

    assert (error.trace_id, error.shown_trace_id) == (trace_id, None)
    assert str(error) == "500 Internal Server Error"


@pytest.mark.parametrize(
    "sent",
    [
        *("4929 1234 1234 9876", "card 4929-1234 1234.9876!", "code 234123", "6789432143219294"),
        *("４９２９１２３４１２３４", "٤٩٢٩١٢"),
    ],
    ids=ascii,
)
def test_a_trace_id_that_repeats_digits_of_the_request_is_not_shown(sent: str) -> None:
    error = ApiError(status=500, trace_id="149291234123498760", sent=["key", sent])

    assert str(error) == "500 Internal Server Error"
    assert str(ApiError(status=500, trace_id=TRACE_ID, sent=["key", sent])).endswith(f"(trace id {TRACE_ID})")


def shown_by_sentry(error: Exception) -> str:
    """Return what `sentry_sdk.utils.get_error_message` makes of an exception."""
    return str(getattr(error, "message", "") or getattr(error, "detail", "") or error)


@pytest.mark.parametrize("kind", API_ERRORS)
@pytest.mark.parametrize("again", [lambda error: error, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301 (its own pickle)
def test_what_shows_an_exceptions_message_rather_than_its_text_shows_the_text(
    kind: type[ApiError], again: Callable[[ApiError], ApiError]
) -> None:
    error = again(kind(status=400, message="no customer +16044441111"))

    assert shown_by_sentry(error) == str(error)
    assert "+16044441111" not in str(error)


def test_a_message_is_a_text_like_any_other_for_code_that_asks() -> None:
    message = ApiError(status=400, message="no customer").message

    assert message is not None
    assert (message, f"{message:>12}", message.upper(), message[3:]) == (
        "no customer", " no customer", "NO CUSTOMER", "customer",
    )  # fmt: skip
    assert ("customer" in message, len(message), hash(message)) == (True, 11, hash("no customer"))
    assert json.loads(json.dumps({"message": message})) == {"message": "no customer"}
    assert not message
    assert ApiError(status=400).message is None


@pytest.mark.parametrize("kind", API_ERRORS)
def test_an_answers_attributes_are_as_sent_and_its_text_is_not(kind: type[ApiError]) -> None:
    error = kind(
        status=400,
        message="no customer +16044441111",
        user_title="canary-title",
        user_message="canary-message",
        type="canary-type",
        details={"canary": "details"},
        headers=(("X-Canary", "canary-header"),),
        body=b"canary-body",
        sent=["+16044441111"],
    )

    assert error.message == "no customer +16044441111"
    assert (error.user_title, error.user_message, error.type) == ("canary-title", "canary-message", "canary-type")
    assert (error.details, error.headers, error.body) == (
        {"canary": "details"},
        (("X-Canary", "canary-header"),),
        b"canary-body",
    )
    for shown in (str(error), repr(error)):
        assert "canary" not in shown.lower()
        assert "6044441111" not in shown


def test_a_rate_limit_that_names_no_time_has_none() -> None:
    assert RateLimitError(status=429).retry_after is None
