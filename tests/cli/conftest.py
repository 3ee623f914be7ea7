"""The command line and a sandbox, both in this process, in an empty directory and an empty environment."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from connectly_api import Response
from connectly_api.cli import main
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport, MockTransport, Transport, WireRequest

Input = Callable[[str | bytes], None]


@attrs.frozen
class Ended:
    """What a command printed, and its exit status."""

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
    transport: Transport | None
    capsys: pytest.CaptureFixture[str]
    columns: int | None = None
    """The width of the terminal that commands print to; None stands for a pipe."""

    def __call__(self, *arguments: str) -> Ended:
        self.capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            if self.columns is not None:
                patch.setattr("sys.stdout.isatty", lambda: True)
                for name, value in (("COLUMNS", str(self.columns)), ("NO_COLOR", "1"), ("TERM", "xterm")):
                    patch.setenv(name, value)
            code = main(arguments, transport=self.transport)
        captured = self.capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    def against(self, respond: Callable[[WireRequest], Response], **options: bool) -> Shell:
        """Return a shell whose commands reach something else than the sandbox."""
        return attrs.evolve(self, transport=MockTransport(respond, **options))

    def on_terminal(self, columns: int = 80) -> Shell:
        """Return a shell whose commands print to a terminal."""
        return attrs.evolve(self, columns=columns)


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory to work in, and an environment without settings."""
    for name in [name for name in os.environ if name.startswith(("CONNECTLY_", "_CONNECTLY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Input:
    """A function that fills standard input."""

    def fill(content: str | bytes) -> None:
        raw = content.encode() if isinstance(content, str) else content
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))

    return fill


@pytest.fixture
def shell(empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Commands on a sandbox whose windows are open."""
    assert empty.is_dir()
    sandbox = Sandbox(windows="open")
    monkeypatch.setenv("CONNECTLY_API_KEY", sandbox.settings.api_key)
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", sandbox.settings.business_id)
    return Shell(sandbox, AsgiTransport(sandbox.app), capsys)
