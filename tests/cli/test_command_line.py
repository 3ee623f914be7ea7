"""How commands end: usage, interruption, a reader that is gone, help; in this process, and as processes."""

from __future__ import annotations

import asyncio
import builtins
import io
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import connectly_api
from connectly_api import Response, __version__
from connectly_api.cli import main
from connectly_api.cli.command_line import app
from connectly_api.cli.exit_codes import CODES
from connectly_api.transport import MockTransport, WireRequest
from tests.cli.conftest import Shell
from tests.rough_server import RoughServer, hang_after_reading, rough_server

HOME = Path(connectly_api.__file__).parents[1]
TO = "+16044441111"
COMMAND = (sys.executable, "-W", "error", "-m", "connectly_api.cli")


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env={**os.environ, **environment}, cwd=HOME, capture_output=True, text=True, check=False
    )


def test_it_is_a_module_that_can_be_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["connectly", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(connectly_api.__file__).with_name("cli") / "__main__.py"), run_name="__main__")
    assert not ended.value.code
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "problem", "help_"),
    [
        (("sned",), "No such command 'sned'. Did you mean 'send'?", "connectly"),
        (("kestrel text",), "No such command;", "connectly"),
        (("kestrel",), "No such command 'kestrel';", "connectly"),
        (("snd", "kestrel"), "No such command 'snd'. Did you mean 'send'?", "connectly"),
        (
            ("send", "text", TO, "Hello", "kestrel"),
            "Got more arguments than there are places for;",
            "connectly send text",
        ),
        (("send", "text", TO, "--kestrel text"), "No such option;", "connectly send text"),
        (
            ("send", "text", TO, "x", "--campaing", "kestrel"),
            "No such option: --campaing. Did you mean",
            "connectly send text",
        ),
        (("send", "text", TO, "x", "--campaign"), "Option --campaign needs a value;", "connectly"),
        (("send", "text", TO, "x", "--dry-run=kestrel"), "Option --dry-run takes no value;", "connectly"),
        (("send", "text", TO), "Missing argument 'TEXT';", "connectly send text"),
        (("send", "text", TO, "kestrel", "--api-key=kestrel"), "No such option: --api-key", "connectly send text"),
        (("send", "text", TO, "kestrel", "--api-key", "kestrel"), "No such option: --api-key", "connectly send text"),
        (
            ("send", "text", TO, "x", "--channel=kestrel"),
            "Invalid value for '--channel': must be one of whatsapp, sms;",
            "connectly send text",
        ),
        (
            ("send", "text", TO, "x", "--timeout", "kestrel"),
            "Invalid value for '--timeout': must be of type float;",
            "connectly send text",
        ),
        (
            ("webhooks", "create", "message", "https://kestrel.example"),
            "Invalid value for 'topic': must be one of delivery_status, messages, report;",
            "connectly webhooks create",
        ),
        (
            ("webhooks", "create"),
            "Missing argument 'topic': one of delivery_status, messages, report;",
            "connectly webhooks create",
        ),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line_that_repeats_no_value(
    shell: Shell, arguments: tuple[str, ...], problem: str, help_: str
) -> None:
    ended = shell(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"connectly: {problem}")
    assert ended.err.endswith(f"; see '{help_} --help'\n")
    assert ended.err.count("\n") == 1
    assert "kestrel" not in ended.err.replace("No such command 'kestrel'", "")


def test_a_wrong_command_line_is_told_in_json_where_asked_for(shell: Shell) -> None:
    assert shell("send", "text", "--json").error()["exitCode"] == 2
    assert shell("send", "text", TO, "--", "--json", "x").err.startswith("connectly: Got more")


def test_no_verb_at_all_shows_help(shell: Shell) -> None:
    assert shell() == shell("--help")


@pytest.mark.parametrize("group", ["send", "webhooks"])
def test_half_a_verb_says_where_the_other_half_is_listed(shell: Shell, group: str) -> None:
    ended = shell(group)

    assert (ended.code, ended.err) == (2, f"connectly: Missing command; see 'connectly {group} --help'\n")


def test_help_lists_every_exit_status_and_plain_lines_for_a_pipe(shell: Shell) -> None:
    ended = shell("--help")

    words = " ".join(ended.out.split())
    assert ended.code == 0
    assert [code for code, meaning in CODES.items() if f" {code} {meaning}" not in words] == []
    assert all(ord(character) < 128 for character in ended.out)


def test_at_a_terminal_help_is_drawn(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectly_api.cli.command_line.sys.stdout.isatty", lambda: True)

    assert "╭" in shell("--help").out


def test_the_version_is_the_packages(shell: Shell) -> None:
    assert shell("--version").out == f"connectly {__version__}\n"


def test_every_option_is_in_lower_case_and_documented() -> None:
    from typer.main import get_command  # noqa: PLC0415  (only here)

    commands: list[Any] = [get_command(app)]
    for command in commands:
        commands += getattr(command, "commands", {}).values()
        for option in command.params:
            assert [name for name in option.opts if name != name.lower()] == []
            assert option.help, (command.name, option.name)
    assert {command.name for command in commands} >= {"text", "template", "verify", "show", "sandbox"}


def raising(error: BaseException) -> Callable[[WireRequest], Response]:
    def answer(_: WireRequest) -> Response:
        raise error

    return answer


def test_an_interruption_ends_with_130_and_says_that_the_message_may_be_gone(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = Shell(shell.sandbox, MockTransport(raising(KeyboardInterrupt())), capsys)("send", "text", TO, "Hi")

    assert (ended.code, ended.out) == (130, "")
    assert ended.err == "connectly: interrupted; a message that was under way may have been sent\n"


@pytest.mark.parametrize(("may_have_left", "code"), [(True, 5), (False, 4)])
def test_what_may_have_left_and_what_did_not_end_differently(
    shell: Shell, capsys: pytest.CaptureFixture[str], may_have_left: bool, code: int
) -> None:
    transport = MockTransport(raising(ConnectionError("kestrel")), may_have_left=may_have_left)

    ended = Shell(shell.sandbox, transport, capsys)("send", "text", TO, "kestrel")

    assert ended.code == code
    assert "kestrel" not in ended.err


def test_a_mistake_of_the_programs_own_is_no_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LookupError

    monkeypatch.setattr("connectly_api.cli.webhook_commands.call", broken)
    with pytest.raises(LookupError):
        shell("webhooks", "list")


class Broken(io.StringIO):
    """Standard output that nobody reads, or that has no room."""

    def __init__(self, error: OSError, method: str) -> None:
        super().__init__()
        self.error, self.method = error, method

    def write(self, text: str, /) -> int:
        if self.method == "write":
            raise self.error
        return len(text)

    def flush(self) -> None:
        if self.method == "flush":
            raise self.error


@pytest.mark.parametrize("method", ["write", "flush"])
@pytest.mark.parametrize("arguments", [("spec",), ("--help",)])
def test_a_reader_that_is_gone_ends_it_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], method: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.stdout", Broken(BrokenPipeError(32, "Broken pipe"), method))

    assert main(arguments) == 141
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdout", Broken(OSError(28, "No space left on device"), "flush"))

    assert main(["send", "text", TO, "Hi"], transport=shell.transport) == 1
    assert len(shell.sandbox.messages) == 1
    text = "connectly: the output cannot be written: No space left on device; what was asked for was done\n"
    assert capsys.readouterr().err == text


def test_errors_that_nobody_reads_still_end_with_their_status(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Broken(BrokenPipeError(32, "Broken pipe"), "write"))

    assert main(["send", "text", "nobody", "Hi"], transport=shell.transport) == 3


def test_without_the_extra_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hide(monkeypatch, "connectly_api.cli", "typer")

    assert main(["--version"]) == 1
    assert capsys.readouterr().err == "connectly: the command line needs typer: pip install 'connectly-api[cli]'\n"


def test_a_module_of_our_own_that_is_missing_is_no_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "connectly_api.cli", "connectly_api.cli.command_line")

    with pytest.raises(ModuleNotFoundError):
        main(["--version"])


def test_without_the_sandboxs_extra_one_line_says_what_to_install(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, "connectly_api.sandbox", "uvicorn")

    ended = shell("sandbox")

    assert (ended.code, ended.out) == (1, "")
    assert shell("sandbox", "--json").error()["kind"] == "ModuleNotFoundError"
    assert ended.err == "connectly: the sandbox needs uvicorn: pip install 'connectly-api[sandbox]'\n"


def hide(monkeypatch: pytest.MonkeyPatch, package: str, missing: str) -> None:
    """Let a package be imported anew, and one import fail."""
    for name in [name for name in sys.modules if name.startswith(f"{package}.") or name == "connectly_api.sandbox"]:
        monkeypatch.delitem(sys.modules, name)
    found = builtins.__import__

    def importing(name: str, *arguments: Any, **options: Any) -> Any:
        if name == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found(name, *arguments, **options)

    monkeypatch.setattr("builtins.__import__", importing)


def test_the_sandbox_takes_its_own_options(shell: Shell) -> None:
    assert "--windows {closed,open}" in shell("sandbox", "--help").out
    assert shell("sandbox", "--port", "none").code == 2
    assert shell("sandbox", "--sender", "nobody").code == 1


def test_the_shells_completion_knows_the_verbs() -> None:
    script = process(_CONNECTLY_COMPLETE="source_bash")
    words = process(_CONNECTLY_COMPLETE="complete_bash", COMP_WORDS="connectly webhooks ", COMP_CWORD="2")

    assert "complete -o default -F _connectly_completion connectly" in script.stdout
    assert words.stdout.split() == ["list", "create", "update", "delete", "verify"]


def test_as_a_process_it_answers_on_a_terminal_that_lacks_characters(empty: Path) -> None:
    assert empty.is_dir()
    environment = {"PYTHONIOENCODING": "ascii", "CONNECTLY_BUSINESS_ID": "b"}
    shown = process("send", "text", TO, "Grüße", "--dry-run", **environment)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[-1].endswith('"message":{"text":"Gr\\xfc\\xdfe"}}')


def test_as_a_process_its_output_may_be_cut_off() -> None:
    with subprocess.Popen(
        [*COMMAND, "spec", "file"], cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        errors = running.stderr.read()
    assert (running.returncode, errors) == (141, b"")


async def test_as_a_process_it_ends_with_ctrl_c() -> None:
    has_arrived = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        has_arrived.set()
        await hang_after_reading(reader, writer, server)

    async with rough_server(hang) as server:
        running = await asyncio.create_subprocess_exec(
            *(*COMMAND, "send", "text", TO, "kestrel", "--base-url", server.base_url),
            env={**os.environ, "CONNECTLY_API_KEY": "kestrel", "CONNECTLY_BUSINESS_ID": "b"},
            cwd=HOME,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        await asyncio.wait_for(has_arrived.wait(), 60)
        running.send_signal(signal.SIGINT)
        out, err = await running.communicate()
    assert (running.returncode, out) == (130, b"")
    assert err == b"connectly: interrupted; a message that was under way may have been sent\n"
