"""Check shell blocks: make targets, extras, modules, flags, variables and addresses must exist.

Nothing is installed and no server is started. curl sends its request to a sandbox; every other command is only checked.
An unknown command fails the test: add it to `_CHECKS`, or give the block a reason not to run.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import attrs
import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs.pages import ROOT, Block

_OPERATORS = frozenset("();<>|&")
_REDIRECTIONS = frozenset({">", ">>", "<"})
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
_SANDBOX = "http://127.0.0.1:8750"
"""Where the pages have it: the default of `python -m connectly_api.sandbox`."""


class CommandError(AssertionError):
    """A command cannot be given as it stands."""


@attrs.frozen
class Command:
    """One command: the variables set before it, and its words."""

    variables: Mapping[str, str]
    words: tuple[str, ...]


@attrs.frozen
class Place:
    """Where commands are given: beside the files of a page, with a sandbox running."""

    folder: Path
    sandbox: str


def read_input(block: Block) -> str:
    """Return what of a block is typed: all, or in a console what follows a prompt."""
    if block.language != "console":
        return block.text
    return "".join(f"{line[2:]}\n" for line in block.text.splitlines() if line.startswith("$ "))


def commands(text: str) -> Iterator[Command]:
    """Yield each command of a script without loops and here-documents."""
    for line in _whole_lines(text):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        given = iter([*lexer, ";"])
        for word in given:
            if word in _REDIRECTIONS:
                next(given)
            elif word and set(word) <= _OPERATORS:
                yield from _command(words)
                words = []
            else:
                words.append(word)


def _whole_lines(text: str) -> Iterator[str]:
    held = ""
    for line in text.replace("\\\n", " ").splitlines():
        held += f"{line}\n"
        try:
            shlex.split(held, comments=True)
        except ValueError:  # A quotation goes on.
            continue
        yield held
        held = ""
    if held:
        raise CommandError(f"a quotation is never closed: {held}")


def _command(words: list[str]) -> Iterator[Command]:
    variables: dict[str, str] = {}
    rest = list(words)
    while rest and (assignment := _ASSIGNMENT.fullmatch(rest[0])):
        variables[assignment[1]] = assignment[2]
        rest.pop(0)
    if rest or variables:
        yield Command(variables, tuple(rest))


def check(command: Command, place: Place) -> None:
    """Check that a command can be given.

    Raises:
        CommandError: It cannot.
    """
    for name in command.variables:
        _check_variable(name, place)
    if not command.words:
        return
    program, *words = command.words
    if program in _CHECKS:
        _CHECKS[program](words, place)
    elif program in _PROJECT.get("scripts", {}):
        module = _PROJECT["scripts"][program].partition(":")[0]
        _check_help(["-c", f"from {module} import *; import sys; sys.exit({_called(program)})"], words)
    else:
        raise CommandError(f"{program}: not a command that tests/docs/shell.py knows")


def _called(program: str) -> str:
    module, _, name = _PROJECT["scripts"][program].partition(":")
    return f"__import__('importlib').import_module({module!r}).{name}()"


def _check_variable(name: str, place: Place) -> None:
    folders = (ROOT / "connectly_api", ROOT / "examples", place.folder)
    sources = [path for folder in folders for path in folder.rglob("*.py")]
    if not any(f'"{name}"' in path.read_text("utf-8") for path in sources):
        raise CommandError(f"{name}: no code reads this variable")


def _export(words: list[str], place: Place) -> None:
    for word in words:
        _check_variable(word.partition("=")[0], place)


def _make(words: list[str], _place: Place) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for word in words:
        name, is_variable, _ = word.partition("=")
        form = rf"^{name} *[:?]?=|\$\({name}\)" if is_variable else rf"^{re.escape(name)}:"
        if not re.search(form, makefile, re.MULTILINE):
            raise CommandError(f"make {word}: the Makefile has no such thing")


def _pip(words: list[str], _place: Place) -> None:
    if words[:1] != ["install"]:
        raise CommandError(f"pip {words}: only installing is known here")
    locks = "".join(path.read_text("utf-8") for path in sorted((ROOT / "requirements").glob("*.txt")))
    for word in (word for word in words[1:] if not word.startswith("-")):
        wanted = Requirement(word)
        name = canonicalize_name(wanted.name)
        if name == _PROJECT["name"]:
            missing = wanted.extras - set(_PROJECT["optional-dependencies"])
            if missing:
                raise CommandError(f"{word}: there is no extra {missing}")
        elif not re.search(rf"^{re.escape(name)}==", locks, re.MULTILINE):
            raise CommandError(f"{word}: no lock has it, so no test has tried it")


def _python(words: list[str], place: Place) -> None:
    if words[:1] == ["-m"]:
        module, rest = words[1], words[2:]
        if find_spec(module) is None:
            raise CommandError(f"{module}: there is no such module")
        if rest and module.partition(".")[0] in {"codegen", "connectly_api", "examples", "benchmarks", "tools"}:
            _check_help(["-m", module], rest)
        return
    if not words or not any((folder / words[0]).is_file() for folder in (place.folder, ROOT)):
        raise CommandError(f"python {words}: no such file on the page or in the checkout")


def _check_help(program: list[str], words: list[str]) -> None:
    """Ask a program for help on the words that stand before its options, and look the options up there."""
    leading = [word for word in words if not word.startswith("-")][:3]
    options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    helps = (_help((*program, *leading[:count])) for count in range(len(leading), -1, -1))
    told = next(filter(None, helps), None)
    if told is None:
        raise CommandError(f"{program} {words}: has no --help")
    known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", told))
    if options - known:
        raise CommandError(f"{program} {words}: has no {options - known}")


@cache
def _help(words: tuple[str, ...]) -> str | None:
    """Return what a program of Python says of itself, or None where it ends otherwise than well.

    It runs in this process, which has imported most of what the programs import: starting each would take a second.
    """
    printed = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        warnings.catch_warnings(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")  # Of a module that is run and was imported before.
        for name, value in {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", [words[1], *words[2:], "--help"])
        patch.chdir(ROOT)
        try:
            if words[0] == "-m":
                runpy.run_module(words[1], run_name="__main__", alter_sys=True)
            else:
                exec(words[1], {"__name__": "__main__"})  # noqa: S102  (it is from `check`)
        except SystemExit as end:
            return None if end.code else printed.getvalue()
        return printed.getvalue()


def _curl(words: list[str], place: Place) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("-s", "-f", "-sS", "-fsS", action="store_true")
    parser.add_argument("-X", "--request", dest="method")
    parser.add_argument("-H", "--header", dest="headers", action="append", default=[])
    parser.add_argument("-d", "--data")
    parser.add_argument("url")
    given = parser.parse_args(words)
    if not given.url.startswith(f"{_SANDBOX}/"):
        raise CommandError(f"curl {given.url}: not the sandbox's address")
    headers = dict(header.split(": ", 1) for header in given.headers)
    method = given.method or ("GET" if given.data is None else "POST")
    url = given.url.replace(_SANDBOX, place.sandbox, 1)
    answer = httpx.request(method, url, content=given.data, headers=headers, timeout=30)
    if answer.status_code != httpx.codes.OK:
        raise CommandError(f"curl {given.url}: {answer.status_code} {answer.text}")


def _git(words: list[str], _place: Place) -> None:
    git = which("git")
    assert git is not None
    done = subprocess.run([git, words[0], "-h"], capture_output=True, text=True, timeout=60, check=False)
    if "usage: git " not in done.stdout + done.stderr:
        raise CommandError(f"git {words}: there is no such command")


def _into_the_checkout(words: list[str], _place: Place) -> None:
    if not (ROOT / words[-1]).exists():
        raise CommandError(f"{words[-1]}: the checkout has no such file")


def _cd(words: list[str], _place: Place) -> None:
    # What `git clone` makes is called like the project.
    if words[0] != _PROJECT["name"] and not (ROOT / words[0]).is_dir():
        raise CommandError(f"cd {words[0]}: the checkout has no such folder")


def _serve(words: list[str], place: Place) -> None:
    """Check what uvicorn, gunicorn or celery is to serve: `module:name`, or a module's `application`."""
    for word in words:
        module, _, name = word.partition(":")
        source = place.folder / f"{module.replace('.', '/')}.py"
        definition = rf"^(async def )?{name or 'application'}( = |\()"
        if source.is_file() and re.search(definition, source.read_text("utf-8"), re.MULTILINE):
            return
    raise CommandError(f"{words}: the page has no such application")


def _nothing_to_check(_words: list[str], _place: Place) -> None:
    """What it claims is checked with another block: a file of tests on the page is run."""


_CHECKS: Mapping[str, Callable[[list[str], Place], None]] = {
    "cd": _cd,
    "celery": _serve,
    "cp": _into_the_checkout,
    "curl": _curl,
    "export": _export,
    "git": _git,
    "gunicorn": _serve,
    "make": _make,
    "pip": _pip,
    "pytest": _nothing_to_check,
    "python": _python,
    "uvicorn": _serve,
}
