"""Help, wrong command lines, interruption, a closed pipe: in this process, and as a process of its own."""

from __future__ import annotations

import asyncio
import builtins
import io
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

import connectly_api
from connectly_api import Response, __version__, lowlevel
from connectly_api.cli import main
from connectly_api.cli.command_line import app
from connectly_api.cli.exit_codes import MEANINGS
from connectly_api.lowlevel._source import SWAGGER_SHA256
from connectly_api.transport import WireRequest
from connectly_api.webhooks import sign
from tests.cli.conftest import Shell
from tests.patience import wait_patiently
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
            "Too many arguments;",
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
            "Invalid value for '--timeout': must be a number;",
            "connectly send text",
        ),
        (
            ("webhooks", "create", "message", "https://kestrel.example"),
            "Invalid value for 'TOPIC': must be one of delivery_status, messages, report;",
            "connectly webhooks create",
        ),
        (
            ("webhooks", "create"),
            "Missing argument 'TOPIC': one of delivery_status, messages, report;",
            "connectly webhooks create",
        ),
    ],
)
def test_a_wrong_command_line_gets_one_line_that_repeats_no_value(
    shell: Shell, arguments: tuple[str, ...], problem: str, help_: str
) -> None:
    ended = shell(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"connectly: {problem}")
    assert ended.err.endswith(f"; see '{help_} --help'\n")
    assert ended.err.count("\n") == 1
    assert "kestrel" not in ended.err.replace("No such command 'kestrel'", "")


def test_a_wrong_command_line_gets_json_where_asked_for(shell: Shell) -> None:
    assert shell("send", "text", "--json").error()["exitCode"] == 2
    assert shell("send", "text", TO, "--", "--json", "x").err.startswith("connectly: Too many")


def test_no_arguments_show_help(shell: Shell) -> None:
    assert shell() == shell("--help")


@pytest.mark.parametrize("group", ["send", "webhooks", "campaign"])
def test_a_group_alone_names_its_help(shell: Shell, group: str) -> None:
    ended = shell(group)

    assert (ended.code, ended.err) == (2, f"connectly: Missing command; see 'connectly {group} --help'\n")


def test_help_lists_every_exit_status_and_plain_lines_for_a_pipe(shell: Shell) -> None:
    ended = shell("--help")

    words = " ".join(ended.out.split())
    assert ended.code == 0
    assert [code for code, meaning in MEANINGS.items() if f" {code} {meaning}" not in words] == []
    assert all(ord(character) < 128 for character in ended.out)


def strip_styles(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


COMMANDS = (
    *((),),
    *(("send", kind) for kind in ("text", "image", "video", "audio", "document", "location", "list", "buttons")),
    *(("send", kind) for kind in ("product", "products", "template")),
    *(("webhooks", name) for name in ("list", "create", "ensure", "update", "delete", "verify")),
    *(("campaign", name) for name in ("plan", "run", "status", "pause", "resume", "retry", "report", "forget")),
    ("campaign", "schema"),
    *(("trigger", name) for name in ("message", "file", "location", "button", "row", "reaction", "status", "report")),
    *(("send",), ("webhooks",), ("campaign",), ("trigger",), ("spec",)),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("width", [80, 120])
def test_help_fits_a_terminal_in_groups(shell: Shell, width: int, command: tuple[str, ...]) -> None:
    ended = shell.on_terminal(width)(*command, "--help")

    lines = strip_styles(ended.out).splitlines()
    assert (ended.code, ended.err, max(map(len, lines))) == (0, "", width)
    assert [line for line in lines if "\u2026" in line] == []
    options = [line for line in lines if re.match(r"\u2502 [* ] ? ?--", line)]
    assert [line for line in options if not re.search("--[a-z-]+ .*[A-Za-z]{2}", line)] == []
    panels = [line.split()[1] for line in lines if line.startswith("\u256d")]
    if command[:1] == ("send",) and len(command) > 1:
        assert panels[-3:] == ["Message", "Output", "Connection"]
    if command in {("send", "list"), ("send", "template")}:
        assert panels[:3] == ["Arguments", "Options", "Header"]


def test_every_option_is_in_lower_case_and_documented() -> None:
    commands: list[Any] = [get_command(app)]
    for command in commands:
        commands += getattr(command, "commands", {}).values()
        for option in command.params:
            assert [name for name in option.opts if name != name.lower()] == []
            assert option.help, (command.name, option.name)
    assert {command.name for command in commands} >= {"text", "template", "verify", "spec", "sandbox"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_examples_of_the_help_run_as_they_stand(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    Path("body.json").write_text('{"message": {"text": "Hi"}}', "utf-8")
    Path("customers.csv").write_text("phone,name\n+16044441111,Ann\n", "utf-8")
    if command[:1] == ("campaign",) and command != ("campaign", "plan"):
        plan = "campaign plan customers.csv --name spring --template offer --language en --to phone"
        assert shell(*plan.split()).code == 0
    monkeypatch.setenv("CONNECTLY_WEBHOOK_SECRET", "wh-secret-01")
    monkeypatch.setenv("SIGNATURE", sign(Path("body.json").read_bytes(), "wh-secret-01"))

    examples = re.findall(
        "^ +(connectly .*?) *$", shell(*command, "--help").out.partition("Examples:")[2], re.MULTILINE
    )

    assert examples or command in {("send",), ("webhooks",), ("campaign",), ("trigger",)}
    for example in examples:
        _, *words = shlex.split(os.path.expandvars(example.partition(" > ")[0]))
        commands = shell.against(lambda _: Response(200)) if words[0] == "trigger" else shell
        ended = commands(*words, *(("--dry-run",) if {"delete", "update"} & set(words) else ()))
        assert (ended.code, words[: len(command)]) == (0, list(command)), ended.err


def test_the_version_is_the_packages(shell: Shell) -> None:
    assert shell("--version").out == f"connectly {__version__}\n"


def raise_error(error: BaseException) -> Callable[[WireRequest], Response]:
    def answer(_: WireRequest) -> Response:
        raise error

    return answer


def test_an_interruption_ends_with_130_and_says_that_the_message_may_be_gone(
    shell: Shell,
) -> None:
    ended = shell.against(raise_error(KeyboardInterrupt()))("send", "text", TO, "Hi")

    assert (ended.code, ended.out) == (130, "")
    assert ended.err == "connectly: interrupted; a message that was being sent may have been delivered\n"


@pytest.mark.parametrize(("may_have_left", "code"), [(True, 5), (False, 4)])
def test_sent_perhaps_and_not_sent_end_differently(shell: Shell, *, may_have_left: bool, code: int) -> None:
    commands = shell.against(raise_error(ConnectionError("kestrel")), may_have_left=may_have_left)

    ended = commands("send", "text", TO, "kestrel")

    assert ended.code == code
    assert "kestrel" not in ended.err


def test_a_bug_is_a_traceback(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError

    monkeypatch.setattr("connectly_api.cli.client_call.Connectly.from_env", fail)
    with pytest.raises(LookupError):
        shell("webhooks", "list")


def test_what_is_new_in_the_parser_is_reported_without_its_text(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise typer.TyperException("kestrel")

    monkeypatch.setattr("connectly_api.cli.client_call.Connectly.from_env", fail)

    ended = shell("webhooks", "list")

    assert (ended.code, ended.err) == (2, "connectly: This command line is not valid; see 'connectly --help'\n")


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
@pytest.mark.parametrize("arguments", [("spec", "--sha256"), ("--help",)])
def test_a_closed_pipe_ends_it_silently(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], method: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.stdout", Broken(BrokenPipeError(32, "Broken pipe"), method))

    assert main(arguments) == 141
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_reported(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout", Broken(OSError(28, "No space left on device"), "flush"))

    assert main(["send", "text", TO, "Hi"], transport=shell.transport) == 1
    assert len(shell.sandbox.messages) == 1
    text = "connectly: the output cannot be written: No space left on device; the command itself succeeded\n"
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

    def import_module(name: str, *arguments: Any, **options: Any) -> Any:
        if name == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found(name, *arguments, **options)

    monkeypatch.setattr("builtins.__import__", import_module)


def test_the_swagger_file_is_printed_byte_for_byte(empty: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert empty.is_dir()
    assert main(["spec"]) == 0
    assert capfdbinary.readouterr().out == (Path(lowlevel.__file__).parent / "service.swagger.json").read_bytes()


def test_the_swagger_files_hash_is_printed(shell: Shell) -> None:
    assert shell("spec", "--sha256").out == f"{SWAGGER_SHA256}\n"


def test_the_sandbox_takes_its_own_options(shell: Shell) -> None:
    assert "--windows {closed,open}" in shell("sandbox", "--help").out
    assert shell("sandbox", "--port", "none").code == 2
    assert shell("sandbox", "--sender", "nobody").code == 1


@pytest.mark.slow
def test_shell_completion_knows_the_commands() -> None:
    script = process(_CONNECTLY_COMPLETE="source_bash")
    words = process(_CONNECTLY_COMPLETE="complete_bash", COMP_WORDS="connectly webhooks ", COMP_CWORD="2")

    assert "complete -o default -F _connectly_completion connectly" in script.stdout
    assert words.stdout.split() == ["list", "create", "ensure", "update", "delete", "verify"]


@pytest.mark.slow
def test_as_a_process_it_answers_on_a_terminal_that_lacks_characters(empty: Path) -> None:
    assert empty.is_dir()
    environment = {"PYTHONIOENCODING": "ascii", "CONNECTLY_BUSINESS_ID": "b"}
    shown = process("send", "text", TO, "Grüße", "--dry-run", **environment)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[-1].endswith('"message":{"text":"Gr\\xfc\\xdfe"}}')


@pytest.mark.slow
def test_as_a_process_its_output_may_be_cut_off() -> None:
    with subprocess.Popen([*COMMAND, "spec"], cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        errors = running.stderr.read()
    assert (running.returncode, errors) == (141, b"")


# Without time limits: on a machine that is suspended for a while, one of them would end the call before Ctrl-C does.
PATIENT = """
import functools, math, sys
from connectly_api import Connectly, Timeouts
from connectly_api.cli import main
forever = Timeouts(total=math.inf, connect=math.inf, read=math.inf)
Connectly.from_env = functools.partial(Connectly.from_env, timeouts=forever)
sys.exit(main())
"""


@pytest.mark.slow
async def test_as_a_process_it_ends_with_ctrl_c() -> None:
    async def interrupt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        (await starting).send_signal(signal.SIGINT)
        await hang_after_reading(reader, writer, server)

    async with rough_server(interrupt) as server:
        starting = asyncio.create_task(
            asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "error", "-c", PATIENT),
                *("send", "text", TO, "kestrel", "--base-url", server.base_url),
                env={**os.environ, "CONNECTLY_API_KEY": "kestrel", "CONNECTLY_BUSINESS_ID": "b"},
                cwd=HOME,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        running = await starting
        out, err = await wait_patiently(running.communicate())
        assert len(server.requests) == 1
    assert (running.returncode, out) == (130, b"")
    assert err == b"connectly: interrupted; a message that was being sent may have been delivered\n"
