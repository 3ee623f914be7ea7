"""Each class of errors has its exit status, and the documentation lists the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from connectly_api import Response, errors
from connectly_api.cli.exit_codes import MEANINGS
from connectly_api.errors import (
    ApiError,
    CallbackDataTooLongError,
    ConnectlyError,
    InvalidInputError,
    NotSentError,
    RateLimitError,
    ServerError,
)
from connectly_api.transport import WireRequest
from tests.cli.conftest import Ended, Shell

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "command-line.md"
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ConnectlyError)]

End = Callable[..., Ended]


@pytest.fixture
def end(shell: Shell) -> End:
    """A function that lets a command end with an error."""

    def end(error: ConnectlyError, *options: str) -> Ended:
        def respond(_: WireRequest) -> Response:
            raise error

        return shell.against(respond)("webhooks", "list", *options)

    return end


def error_of(kind: type[ConnectlyError]) -> ConnectlyError:
    if issubclass(kind, ApiError):
        return kind(status=400)
    error = kind.__new__(kind)
    if isinstance(error, InvalidInputError):
        error.field, error.size, error.limit = "x", None, None
    return error


def test_every_error_ends_with_a_documented_status_and_only_alike_ones_share_it(end: End) -> None:
    codes: dict[int, set[str]] = {}
    for kind in KINDS:
        ended = end(error_of(kind), "--json")
        assert (ended.out, ended.error()["kind"], ended.error()["exitCode"]) == ("", kind.__name__, ended.code)
        codes.setdefault(ended.code, set()).add(kind.__name__)

    assert set(codes) == set(MEANINGS) - {0, 2, 9, 32, 40, 41, 42, 130, 141}
    assert {code: names for code, names in codes.items() if len(names) > 1} == {
        1: {"ConnectlyError", "UsageError", "WebhookError", "WebhookStoreError"},
        3: {kind.__name__ for kind in KINDS if issubclass(kind, InvalidInputError)},
    }


def test_a_class_that_is_new_ends_as_its_nearest_known_one(end: End) -> None:
    class NewError(errors.OutsideWindowError):
        pass

    assert end(NewError(status=400)).code == 21


def test_what_was_not_sent_and_never_will_be_has_a_status_of_its_own(end: End) -> None:
    assert end(NotSentError("refused")).code == 4
    hopeless = end(NotSentError("not trusted", retry_safe=False), "--json")
    assert (hopeless.code, hopeless.error()["retrySafe"]) == (9, False)


def test_json_says_whether_the_call_may_have_taken_effect(end: End) -> None:
    assert end(NotSentError("refused"), "--json").error()["mayHaveTakenEffect"] is False
    assert end(ServerError(status=500), "--json").error()["mayHaveTakenEffect"] is True


def test_a_rate_limit_says_how_long_to_wait(end: End) -> None:
    error = RateLimitError(status=429)
    assert end(error).err.endswith("; retry later\n")
    error.retry_after = 2.5
    assert end(error).err.endswith("; retry in 2.5 s\n")
    document = end(error, "--json").error()
    assert (document["retryAfter"], document["retrySafe"]) == (2.5, True)


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("kestrel", None),
        ("ERROR_CODE_KESTREL", None),
        (None, None),
        ("ERROR_CODE_UNSPECIFIED", "ERROR_CODE_UNSPECIFIED"),
    ],
)
def test_json_repeats_no_code_but_the_services_own(end: End, code: str | None, shown: str | None) -> None:
    assert end(ApiError(status=400, code=code), "--json").error()["code"] == shown


def test_json_says_field_size_and_limit(end: End) -> None:
    error = end(CallbackDataTooLongError(1025, 1024), "--json").error()
    assert (error["field"], error["size"], error["limit"], error["exitCode"]) == ("callback_data", 1025, 1024, 3)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)"), "connection refused"),
        (TimeoutError("kestrel"), "no response in time"),
    ],
)
@pytest.mark.parametrize(("may_have_left", "code", "what"), [(False, 4, "not sent"), (True, 5, "outcome unknown")])
def test_a_network_failure_is_named_in_words_with_the_address(
    shell: Shell, error: Exception, reason: str, *, may_have_left: bool, code: int, what: str
) -> None:
    def respond(_: WireRequest) -> Response:
        raise error

    commands = shell.against(respond, may_have_left=may_have_left)
    ended = commands("send", "text", "+16044441111", "Hi", "--base-url", "http://127.0.0.1:1", "--timeout", "0.1")

    assert ended.code == code
    assert ended.err.startswith(f"connectly: {what}: {reason}, 127.0.0.1:1; ")
    assert ended.err.count("\n") == 1


def test_a_network_failure_names_the_proxy(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(_: WireRequest) -> Response:
        raise ConnectionRefusedError(111, "kestrel")

    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    commands = shell.against(respond, may_have_left=False)
    ended = commands("send", "text", "+16044441111", "Hi", "--timeout", "0.1")

    assert ended.err.startswith("connectly: not sent: connection refused, api.connectly.ai through HTTPS_PROXY; ")


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not beside the tests")
def test_the_documentation_lists_the_same_statuses() -> None:
    rows = re.findall(r"^\| (\d+) \| ([^|]*?) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == MEANINGS
