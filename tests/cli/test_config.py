"""Settings come from options, then the environment, then a file; the key is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectly_api import Response
from connectly_api.transport import WireRequest
from tests.cli.conftest import Ended, Input, Shell
from tests.contract.service_file import find_place

FILE = """
# a comment
CONNECTLY_API_KEY="file-key"
export CONNECTLY_BUSINESS_ID='file-business'
OTHER_API_KEY=x
CONNECTLY_SENDER=
"""


@pytest.fixture
def shell(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.delenv("CONNECTLY_API_KEY")
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", "environment-business")
    return shell


def request_of(shell: Shell, *options: str) -> tuple[str | None, str]:
    """Return the key and the address of the request that a command makes with these options."""
    requests: list[WireRequest] = []

    def respond(request: WireRequest) -> Response:
        requests.append(request)
        return Response(200, (), b"{}")

    ended = shell.against(respond)("webhooks", "list", *options)
    assert (ended.code, ended.out) == (0, ""), ended.err
    return dict(requests[0].headers)["X-API-Key"], requests[0].url


def test_an_option_wins_over_the_environment_and_the_environment_over_the_file(shell: Shell, empty: Path) -> None:
    (empty / ".env").write_text(FILE, "utf-8")
    (empty / "other").write_text("CONNECTLY_API_KEY=other-key\nCONNECTLY_BUSINESS_ID=b\n", "utf-8")
    (empty / "key").write_text("option-key\r\n", "utf-8")
    address = f"https://api.connectly.ai{find_place('get_webhooks').path}"

    assert request_of(shell) == ("file-key", address.format("environment-business"))
    assert request_of(shell, "--business-id", "b") == ("file-key", address.format("b"))
    assert request_of(shell, "--env-file", "other") == ("other-key", address.format("environment-business"))
    assert request_of(shell, "--api-key-file", "key") == ("option-key", address.format("environment-business"))


def test_a_variable_that_is_empty_is_not_set(shell: Shell, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty / ".env").write_text(FILE, "utf-8")
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", "")

    assert request_of(shell)[1] == f"https://api.connectly.ai{find_place('get_webhooks').fill('file-business')}"
    assert "sender" not in shell("send", "text", "+16044441111", "x", "--dry-run").out


def test_a_dollar_sign_in_a_file_refers_to_nothing(shell: Shell, empty: Path) -> None:
    (empty / ".env").write_text("CONNECTLY_API_KEY=a$b${HOME}\n", "utf-8")

    assert request_of(shell)[0] == "a$b${HOME}"


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "cannot be read: No such file"), (b"\xff", "is not text in UTF-8")]
)
def test_a_file_that_cannot_be_read_is_refused(shell: Shell, empty: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        (empty / "settings").write_bytes(content)

    ended = shell("webhooks", "list", "--env-file", "settings")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"connectly: --env-file: {problem}")


def test_the_working_directory_cannot_redirect_the_users_key(
    shell: Shell, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "CONNECTLY_BASE_URL=https://kestrel.example\n"
    (empty / ".env").write_text(text, "utf-8")
    monkeypatch.setenv("CONNECTLY_API_KEY", "my-key")

    ended = shell("webhooks", "list")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("connectly: CONNECTLY_BASE_URL: comes from .env in this directory, but the API key")
    assert request_of(shell, "--env-file", ".env")[1].startswith("https://kestrel.example/")
    assert request_of(shell, "--base-url", "https://mine.example")[1].startswith("https://mine.example/")
    monkeypatch.delenv("CONNECTLY_API_KEY")
    (empty / ".env").write_text(f"{text}CONNECTLY_API_KEY=its-key\n", "utf-8")
    assert request_of(shell)[1].startswith("https://kestrel.example/")


def test_the_key_comes_from_a_file_or_from_standard_input(shell: Shell, empty: Path, standard_input: Input) -> None:
    (empty / "key").write_text("kestrel-key\r\n", "utf-8")
    standard_input("other-key")

    assert request_of(shell, "--api-key-file", "key")[0] == "kestrel-key"
    assert request_of(shell, "--api-key-file", "-")[0] == "other-key"


def test_what_is_missing_is_named_with_every_way_to_give_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def problem(ended: Ended) -> str:
        assert (ended.code, ended.out) == (2, "")
        return ended.err

    assert problem(shell("webhooks", "list")) == (
        "connectly: no API key: set CONNECTLY_API_KEY, add it to .env, or use --api-key-file FILE\n"
    )
    monkeypatch.setenv("CONNECTLY_API_KEY", "k")
    monkeypatch.delenv("CONNECTLY_BUSINESS_ID")
    assert problem(shell("webhooks", "list")) == (
        "connectly: no business: set CONNECTLY_BUSINESS_ID, add it to .env, or use --business-id ID\n"
    )


def test_a_dry_run_needs_no_setting(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONNECTLY_BUSINESS_ID")
    path = find_place("send_message").fill("YOUR_BUSINESS_ID")

    ended = shell("send", "text", "+16044441111", "Hello!", "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"POST https://api.connectly.ai{path}\n")

    Path(".env").write_text("CONNECTLY_BASE_URL=http://127.0.0.1:8750\n", "utf-8")
    assert shell("send", "text", "+16044441111", "Hello!", "--dry-run").out.startswith(
        f"POST http://127.0.0.1:8750{path}"
    )


def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(shell: Shell, empty: Path) -> None:
    (empty / "key").write_text("kestrel key", "utf-8")

    ended = shell("webhooks", "list", "--api-key-file", "key")

    assert ended.code == 3
    assert "kestrel" not in ended.err


@pytest.mark.parametrize(
    ("variable", "option"),
    [
        ("CONNECTLY_BUSINESS_ID", "--business-id"),
        ("CONNECTLY_BASE_URL", "--base-url"),
        ("CONNECTLY_SENDER", "--sender"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_as_it_was_given(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, variable: str, option: str
) -> None:
    monkeypatch.setenv("CONNECTLY_API_KEY", "k")
    ended = shell("send", "text", "+16044441111", "Hello!", option, " x ")
    assert (ended.code, ended.err.partition(":")[2].partition(":")[0]) == (3, f" {option}")

    monkeypatch.setenv(variable, " x ")
    ended = shell("send", "text", "+16044441111", "Hello!")
    assert (ended.code, ended.err.partition(":")[2].partition(":")[0]) == (3, f" {variable}")
