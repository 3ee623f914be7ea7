"""The reader of shell: what is so passes, and what is not so fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectly_api.sandbox import Sandbox
from tests.docs.pages import Block
from tests.docs.shell import Command, CommandError, Place, check, commands, read_input


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "receiver.py").write_text("app = 1\n", "utf-8")
    return Place(tmp_path, "http://127.0.0.1:9")


def test_a_script_falls_into_commands() -> None:
    script = """\
    # a comment
    A=1 B='two words' make demo   # and another
    pip install 'x[y]' && python -m z | cat > out; \\
      echo "two
    lines" &
    """
    assert list(commands(script)) == [
        Command({"A": "1", "B": "two words"}, ("make", "demo")),
        Command({}, ("pip", "install", "x[y]")),
        Command({}, ("python", "-m", "z")),
        Command({}, ("cat",)),
        Command({}, ("echo", "two\n    lines")),
    ]


def test_a_quotation_without_an_end_is_refused() -> None:
    with pytest.raises(CommandError, match="never closed"):
        list(commands("echo 'x\n"))


def test_of_a_console_only_what_is_typed_counts() -> None:
    block = Block("p", 1, "console", None, "$ make demo\nall went well\n$ make test\n", None)
    assert read_input(block) == "make demo\nmake test\n"


@pytest.mark.parametrize(
    "line",
    [
        "make demo",
        "make test PYTHONS=python3.12",
        "make release VERSION=1.2.0",
        "cd connectly-api",
        "cd examples",
        "pip install connectly-api",
        "pip install -U 'connectly-api[sandbox,fast]' pytest",
        "python -m connectly_api.sandbox",
        "python -m connectly_api.sandbox --windows open --fault reset,every=5",
        "python -m codegen check --root .",
        "python -m http.server -d site 8000",
        "python receiver.py",
        "uvicorn receiver:app",
        "export CONNECTLY_API_KEY=k CONNECTLY_BASE_URL=http://127.0.0.1:8750",
        "CONNECTLY_BUSINESS_ID=b pytest -q",
        "git diff",
        "cp other.json service.swagger.json",
    ],
)
def test_what_is_so_passes(line: str, place: Place) -> None:
    for command in commands(line):
        check(command, place)
    assert list(commands(line)) != []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("make domo", "domo"),
        ("make test PYTHON=python3.12", "PYTHON"),
        ("pip uninstall connectly-api", "only installing"),
        ("pip install 'connectly-api[speed]'", "no extra"),
        ("pip install a-package-that-no-lock-has", "no lock"),
        ("python -m connectly_api.sandbocks", "no such module"),
        ("python -m connectly_api.sandbox --window open", "--window"),
        ("python -m codegen check --roof .", "--roof"),
        ("python sender.py", "no such file"),
        ("uvicorn receiver:application", "application"),
        ("export CONNECTLY_KEY=k", "no code reads"),
        ("CONNECTLY_KEY=k pytest", "no code reads"),
        ("git differ", "no such command"),
        ("cd attic", "no such folder"),
        ("cp other.json service.json", "no such file"),
        ("rm -rf /", "not a command"),
        ("curl https://api.connectly.ai/v1", "not the sandbox"),
    ],
)
def test_what_is_not_so_is_refused(line: str, problem: str, place: Place) -> None:
    (command,) = commands(line)
    with pytest.raises(CommandError, match=problem):
        check(command, place)


def test_a_request_is_made_to_the_sandbox(sandbox: Sandbox, address: str, tmp_path: Path) -> None:
    script = """curl -X POST http://127.0.0.1:8750/__sandbox__/says -d '{"customer": "+16044441111", "text": "Hi"}'"""
    (command,) = commands(script)
    check(command, Place(tmp_path, address))
    assert [entry["what"] for entry in sandbox.timeline] == ["act"]
    (wrong,) = commands("curl http://127.0.0.1:8750/__sandbox__/nothing")
    with pytest.raises(CommandError, match="404"):
        check(wrong, Place(tmp_path, address))
