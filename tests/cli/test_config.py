"""Settings come from options, the environment and a file, in that order, and the key is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectly_api.cli.config import Connection, find, settings_of
from connectly_api.cli.exit_codes import CommandLineError
from tests.cli.conftest import Input, Shell

FILE = """
# a comment
CONNECTLY_API_KEY="file-key"
export CONNECTLY_BUSINESS_ID='file-business'
CONNECTLY_WEBHOOK_SECRET=a$b${HOME}
OTHER_API_KEY=x
CONNECTLY_SENDER=
"""


def found(env_file: str | None = None, **options: str | None) -> dict[str, tuple[str, str]]:
    names = {f"CONNECTLY_{name.upper()}": value for name, value in options.items()}
    environment = {"CONNECTLY_BUSINESS_ID": "environment-business", "CONNECTLY_API_KEY": "", "HOME": "/"}
    return {name: (one.value, one.origin) for name, one in find(names, environment, env_file).items()}


def test_an_option_wins_over_the_environment_and_that_over_the_file(empty: Path) -> None:
    (empty / ".env").write_text(FILE, "utf-8")
    (empty / "other").write_text("CONNECTLY_API_KEY=other-key\n", "utf-8")

    assert found() == {
        "CONNECTLY_API_KEY": ("file-key", "directory"),
        "CONNECTLY_BUSINESS_ID": ("environment-business", "environment"),
        "CONNECTLY_WEBHOOK_SECRET": ("a$b${HOME}", "directory"),
    }
    assert found(business_id="option-business", sender=None)["CONNECTLY_BUSINESS_ID"] == ("option-business", "option")
    assert found("other")["CONNECTLY_API_KEY"] == ("other-key", "file")
    assert "CONNECTLY_WEBHOOK_SECRET" not in found("other")


def test_without_a_file_there_is_what_the_environment_says(empty: Path) -> None:
    assert not (empty / ".env").exists()
    assert set(found()) == {"CONNECTLY_BUSINESS_ID"}


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "cannot be read: No such file"), (b"\xff", "is not text in UTF-8")]
)
def test_a_file_that_cannot_be_read_is_refused(empty: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        (empty / "settings").write_bytes(content)

    with pytest.raises(CommandLineError, match=f"--env-file: {problem}"):
        found("settings")


def test_an_empty_file_says_nothing(empty: Path) -> None:
    (empty / ".env").write_bytes(b"")

    assert set(found()) == {"CONNECTLY_BUSINESS_ID"}


def test_the_working_directory_cannot_send_ones_key_elsewhere(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "CONNECTLY_BASE_URL=https://kestrel.example\nCONNECTLY_BUSINESS_ID=b\n"
    (empty / ".env").write_text(text, "utf-8")
    monkeypatch.setenv("CONNECTLY_API_KEY", "my-key")

    with pytest.raises(CommandLineError, match=r"is named by \.env in this directory, and the API key is not"):
        settings_of(Connection())
    assert settings_of(Connection(env_file=".env")).base_url == "https://kestrel.example"
    assert settings_of(Connection(base_url="https://mine.example")).base_url == "https://mine.example"
    monkeypatch.delenv("CONNECTLY_API_KEY")
    (empty / ".env").write_text(f"{text}CONNECTLY_API_KEY=its-key\n", "utf-8")
    assert settings_of(Connection()).base_url == "https://kestrel.example"


def test_the_key_comes_from_a_file_or_from_standard_input(empty: Path, standard_input: Input) -> None:
    (empty / "key").write_text("kestrel-key\r\n", "utf-8")
    standard_input("other-key")

    by_file = settings_of(Connection(api_key_file="key", business_id="b"))
    by_input = settings_of(Connection(api_key_file="-", business_id="b"))

    assert (by_file.api_key, by_input.api_key) == ("kestrel-key", "other-key")
    assert "kestrel" not in repr(by_file)


@pytest.mark.parametrize(
    ("variable", "problem"),
    [
        ("CONNECTLY_API_KEY", "no API key: set CONNECTLY_API_KEY"),
        ("CONNECTLY_BUSINESS_ID", "no business: set CONNECTLY_"),
    ],
)
def test_what_is_missing_is_told_with_every_way_to_give_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, variable: str, problem: str
) -> None:
    monkeypatch.delenv(variable)

    ended = shell("webhooks", "list")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"connectly: {problem}")


def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(shell: Shell, empty: Path) -> None:
    (empty / "key").write_text("kestrel key", "utf-8")

    ended = shell("webhooks", "list", "--api-key-file", "key")

    assert ended.code == 3
    assert "kestrel" not in ended.err


def test_the_address_is_the_options(shell: Shell) -> None:
    shown = shell("webhooks", "list", "--dry-run", "--base-url", "http://127.0.0.1:8750", "--business-id", "b")

    assert shown.out.startswith("GET http://127.0.0.1:8750/v1/businesses/b/webhooks\n")


@pytest.mark.parametrize(
    ("variable", "option"),
    [
        ("CONNECTLY_BUSINESS_ID", "--business-id"),
        ("CONNECTLY_BASE_URL", "--base-url"),
        ("CONNECTLY_SENDER", "--sender"),
    ],
)
def test_a_setting_that_cannot_be_is_named_where_it_was_found(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, variable: str, option: str
) -> None:
    ended = shell("send", "text", "+16044441111", "Hello!", option, " x ")
    assert (ended.code, ended.err.partition(":")[2].partition(":")[0]) == (3, f" {option}")

    monkeypatch.setenv(variable, " x ")
    ended = shell("send", "text", "+16044441111", "Hello!")
    assert (ended.code, ended.err.partition(":")[2].partition(":")[0]) == (3, f" {variable}")
