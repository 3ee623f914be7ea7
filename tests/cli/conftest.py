"""The command line in this process, on a sandbox in this process, in an empty directory and an empty environment."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from connectly_api.cli import main
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport, Transport

Input = Callable[[str | bytes], None]


@attrs.frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def error(self) -> Any:
        return json.loads(self.err)["error"]


@attrs.frozen
class Shell:
    """Where commands run."""

    sandbox: Sandbox
    transport: Transport
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Ended:
        self.capsys.readouterr()
        code = main(arguments, transport=self.transport)
        captured = self.capsys.readouterr()
        return Ended(code, captured.out, captured.err)


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory to work in, and an environment without settings."""
    for name in [name for name in os.environ if name.startswith(("CONNECTLY_", "_CONNECTLY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Input:
    """What puts something into standard input."""

    def put(content: str | bytes) -> None:
        raw = content.encode() if isinstance(content, str) else content
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))

    return put


@pytest.fixture
def shell(empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Commands on a sandbox whose windows are open."""
    assert empty.is_dir()
    sandbox = Sandbox(windows="open")
    monkeypatch.setenv("CONNECTLY_API_KEY", sandbox.settings.api_key)
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", sandbox.settings.business_id)
    return Shell(sandbox, AsgiTransport(sandbox.app), capsys)
