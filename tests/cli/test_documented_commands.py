"""Every command of the documentation runs as it stands, against the sandbox."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import anyio
import pytest

import connectly_api
from connectly_api import Response
from connectly_api.sandbox import Sandbox
from tests.cli.conftest import Shell
from tests.left_out import search_path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "command-line.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL) if PAGE.exists() else []
# A block that only a shell can run: pipes, files, substitutions.
SHELL = [block for block in BLOCKS if re.search(r"[|>]\s|<<|\$\(", block)]
PLAIN = [block for block in BLOCKS if block not in SHELL]


async def nothing() -> None:
    """Stand in for waiting for Ctrl-C."""


def words_of(block: str) -> list[list[str]]:
    lines = block.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not beside the tests")
def test_there_are_blocks_of_both_sorts() -> None:
    assert (len(PLAIN) > 5, len(SHELL) > 4) == (True, True)
    verbs = {" ".join(words[1:3]) for block in PLAIN for words in words_of(block) if words[1] == "send"}
    kinds = "text image video audio document location buttons list product products template"
    assert verbs == {f"send {kind}" for kind in kinds.split()}


@pytest.mark.parametrize("number", range(len(PLAIN)))
def test_a_block_of_plain_commands_runs_as_it_stands(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("connectly_api.sandbox.__main__._wait_for_signal", nothing)
    monkeypatch.setenv("CONNECTLY_WEBHOOK_SECRET", "wh-secret-01")
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    for program, *arguments in words_of(PLAIN[number]):
        if program == "pip":
            (extra,) = re.findall(r"^connectly-api\[(\w+)\]$", arguments[-1])
            project: Any = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
            assert extra in project["project"]["optional-dependencies"]
            continue
        elsewhere = ["--port", "0"] if arguments[0] == "sandbox" else []
        commands = shell.against(lambda _: Response(200)) if arguments[0] == "trigger" else shell
        ended = commands(*arguments, *elsewhere)
        assert (program, ended.code, ended.err, ended.out != "") == ("connectly", 0, "", True), arguments


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SHELL)))
async def test_a_block_for_a_shell_runs_as_it_stands(empty: Path, number: int) -> None:
    program = empty / "bin" / "connectly"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error -m connectly_api.cli "$@"\n', "utf-8")
    program.chmod(0o755)
    sandbox = Sandbox(windows="open")
    async with sandbox.serve() as address:
        environment = {
            **os.environ,
            "CONNECTLY_API_KEY": sandbox.settings.api_key,
            "CONNECTLY_BUSINESS_ID": sandbox.settings.business_id,
            "CONNECTLY_BASE_URL": address,
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": search_path(Path(connectly_api.__file__).parents[1]),
        }
        done = await anyio.run_process(
            ["bash", "-e", "-o", "pipefail", "-c", SHELL[number]], env=environment, cwd=empty, check=False
        )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert all(request.status == 200 for request in sandbox.requests)
    assert done.stdout or sandbox.requests or (empty / "service.swagger.json").exists()
