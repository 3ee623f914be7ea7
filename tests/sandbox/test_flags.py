import re
import shlex
from typing import Any, get_args

import attrs
import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.flags import build_parser, get_settings, parse_fault
from connectly_api.sandbox.model.fault_rules import FAULT_DESCRIPTIONS, FAULT_OPTIONS, FaultKind
from connectly_api.sandbox.model.settings import Settings
from tests.sandbox.calls import client_of


def given(*arguments: str) -> dict[str, Any]:
    return get_settings(build_parser().parse_args(arguments))


def test_without_flags_the_clock_runs_and_all_else_is_as_it_is_in_tests() -> None:
    assert given() == {"clock": "real"}


def test_there_is_a_flag_for_every_setting_and_each_default_is_shown() -> None:
    shown = build_parser().format_help()
    special = {
        "senders": "--sender",
        "channels": "--channel",
        "webhook_retries": "--webhook-retry",
        "allow_hosts": "--allow-host",
    }
    for field in attrs.fields(Settings):
        assert special.get(field.name, f"--{field.name.replace('_', '-')}") in shown


def test_the_help_tells_each_setting_and_its_default_in_two_lines_of_80_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = build_parser().format_help().splitlines()
    assert max(map(len, lines)) <= 80
    entries = re.findall(r"^  (--\S+).*\n((?: {8}.+\n)+)", "\n".join(lines), re.MULTILINE)
    told = {flag: " ".join(text.split()) for flag, text in entries}
    assert [flag for flag, text in entries if text.count("\n") > 2 or not text.strip()[0].isalnum()] == []
    for action in build_parser()._actions:
        if action.dest in attrs.fields_dict(Settings):
            assert re.search(r"\w.* \(default: .+\)$", told[action.option_strings[0]])
    assert told["--windows"].endswith("(default: closed)")
    assert told["--clock"].endswith("(default: real)")
    assert "None" not in "".join(told.values())


def test_the_help_tells_each_kind_of_fault_in_a_line_with_its_options() -> None:
    assert FAULT_DESCRIPTIONS.keys() == set(get_args(FaultKind))
    lines = build_parser().format_help().splitlines()
    for kind in get_args(FaultKind):
        (line,) = [line for line in lines if line.startswith(f"  {kind} ")]
        assert [
            name for name, kinds in FAULT_OPTIONS.items() if (kind in kinds) is not (name in line.partition("(")[2])
        ] == []


async def test_the_commands_of_the_help_work_as_they_stand() -> None:
    sandbox = Sandbox()
    text = build_parser().format_help().replace("\\\n", "")
    commands = [shlex.split(line) for line in text.splitlines() if line.startswith("  curl ")]
    async with client_of(sandbox) as client:
        for words in commands:
            (url,) = [word for word in words if "://" in word]
            method = "POST" if "POST" in words else "GET"
            path = url.removeprefix("http://127.0.0.1:8750")
            assert (await client.request(method, path, content=words[-1])).status_code == 200, words
    assert [entry["name"] for entry in sandbox.timeline] == ["says", "advance"]


def test_flags_become_settings_of_the_right_types() -> None:
    found = given(
        *("--sender", "+14155550100", "--sender", "+14155550101", "--rate-limit", "none", "--seed", "7"),
        *("--read-after", "2.5", "--webhook-retry", "1", "--webhook-retry", "2.5", "--sent-status", "201"),
        *("--clock", "virtual", "--windows", "open"),
    )
    assert Settings(**found) == Settings(
        senders=("+14155550100", "+14155550101"), rate_limit=None, seed=7, read_after=2.5,
        webhook_retries=(1.0, 2.5), sent_status=201, clock="virtual", windows="open",
    )  # fmt: skip
    assert given("--rate-limit", "5")["rate_limit"] == 5


@pytest.mark.parametrize("arguments", [["--windows", "ajar"], ["--seed", "x"], ["--rate-limit", "x"], ["--nothing"]])
def test_a_flag_that_cannot_be_ends_the_program_with_a_word(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(arguments)
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("reset", {"what": "reset"}),
        ("reset, every=5", {"what": "reset", "every": 5}),
        ("server_error,status=503,html=true,probability=0.5",
         {"what": "server_error", "status": 503, "html": True, "probability": 0.5}),
        ("rate_limited,retry_after=2", {"what": "rate_limited", "retry_after": "2"}),
        ("hang,accepted=false,recipient=+16044441111",
         {"what": "hang", "accepted": False, "recipient": "+16044441111"}),
        ("drop_webhook,topic=messages", {"what": "drop_webhook", "topic": "messages"}),
        ("reset,next=soon", {"what": "reset", "next": "soon"}),
    ],
)  # fmt: skip
def test_a_fault_is_written_as_words(text: str, arguments: dict[str, Any]) -> None:
    assert parse_fault(text) == arguments


def test_a_fault_with_half_a_part_is_a_clear_error() -> None:
    with pytest.raises(InvalidInputError, match="'every' needs a value"):
        parse_fault("reset,every")
