"""Each class of the tree of errors has its exit status, and the documentation says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectly_api import errors
from connectly_api.cli.exit_codes import CODES, failure, outcome
from connectly_api.errors import (
    ApiError,
    CallbackDataTooLongError,
    ConnectlyError,
    InvalidInputError,
    NotSentError,
    RateLimitError,
    ServerError,
)

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "command-line.md"
KINDS = [kind for name in errors.__all__ if issubclass(kind := getattr(errors, name), ConnectlyError)]


def made(kind: type[ConnectlyError]) -> ConnectlyError:
    if issubclass(kind, ApiError):
        return kind(status=400)
    return kind.__new__(kind)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_ends_with_a_documented_status_other_than_done_and_usage(kind: type[ConnectlyError]) -> None:
    assert outcome(made(kind)).code in set(CODES) - {0, 2, 130, 141}


def test_only_the_kinds_of_input_and_errors_nobody_raises_share_a_status() -> None:
    codes: dict[int, set[str]] = {}
    for kind in KINDS:
        codes.setdefault(outcome(made(kind)).code, set()).add(kind.__name__)

    assert {code: names for code, names in codes.items() if len(names) > 1} == {
        1: {"ConnectlyError", "UsageError", "WebhookError", "WebhookStoreError"},
        3: {kind.__name__ for kind in KINDS if issubclass(kind, InvalidInputError)},
    }


def test_a_class_that_is_new_ends_as_its_nearest_known_one() -> None:
    class NewError(errors.OutsideWindowError):
        pass

    assert outcome(NewError(status=400)).code == 21


def test_what_was_not_sent_and_never_will_be_has_a_status_of_its_own() -> None:
    assert outcome(NotSentError("refused")).code == 4
    assert outcome(NotSentError("not trusted", retry_safe=False)).code == 9
    assert failure(NotSentError("not trusted", retry_safe=False))["retrySafe"] is False


def test_json_says_whether_the_call_may_have_taken_effect() -> None:
    assert failure(NotSentError("refused"))["mayHaveTakenEffect"] is False
    assert failure(ServerError(status=500))["mayHaveTakenEffect"] is True


def test_a_rate_limit_says_how_long_to_wait() -> None:
    error = RateLimitError(status=429)
    assert outcome(error).advice == "try again later"
    error.retry_after = 2.5
    assert outcome(error).advice == "try again in 2.5 s"
    assert failure(error)["retryAfter"] == 2.5
    assert failure(error)["retrySafe"] is True


def test_json_repeats_no_code_but_the_services_own() -> None:
    assert failure(ApiError(status=400, code="kestrel"))["code"] is None
    assert failure(ApiError(status=400, code="ERROR_CODE_KESTREL"))["code"] is None
    assert failure(ApiError(status=400))["code"] is None
    assert failure(ApiError(status=400, code="ERROR_CODE_UNSPECIFIED"))["code"] == "ERROR_CODE_UNSPECIFIED"


def test_json_says_field_size_and_limit() -> None:
    told = failure(CallbackDataTooLongError(1025, 1024))
    assert (told["field"], told["size"], told["limit"], told["exitCode"]) == ("callback_data", 1025, 1024, 3)


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not beside the tests")
def test_the_documentation_lists_the_same_statuses() -> None:
    rows = re.findall(r"^\| (\d+) \| ([^|]*?) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == CODES
