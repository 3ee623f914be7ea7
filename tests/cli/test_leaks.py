"""Keys and personal data are in nothing that a command says of a failure, whatever the service echoes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from connectly_api import Response
from connectly_api.transport import WireRequest
from tests.cli.conftest import Shell
from tests.test_canary import BSUID, CANARIES, DATA, KEY, PHONE, SENDER, TEXT, leaked, log

__all__ = ["log"]

COMMANDS: dict[str, tuple[str, ...]] = {
    "text": ("send", "text", PHONE, TEXT),
    "buttons": ("send", "buttons", PHONE, TEXT, "--button", f"{DATA}={TEXT[:20]}", "--footer", TEXT),
    "list": ("send", "list", PHONE, "--button", TEXT[:20], "--row", f"{DATA}={TEXT[:20]}|{TEXT}"),
    "template": ("send", "template", PHONE, "greeting", "en", "--body", TEXT, "--parameter", f"x={DATA}"),
}
OPTIONS = ("--sender", SENDER, "--bsuid", BSUID, "--recipient-name", "kestrel", "--callback-data", f'["{DATA}"]')


@pytest.mark.slow
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["plain", "json"])
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 422, 429, 500])
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_that_the_service_echoes_is_shown(
    shell: Shell,
    log: io.StringIO,
    *,
    command: str,
    status: int,
    form: tuple[str, ...],
) -> None:
    def echo(request: WireRequest) -> Response:
        whole = f"{' and '.join(CANARIES[:-1])} {(request.content or b'').decode()} {dict(request.headers)}"
        names = ("message", "code", "type", "userTitle", "userMessage", "cntTraceId")
        body = {**dict.fromkeys(names, whole), "details": {"x": whole}}
        return Response(status, (("X-Echo", KEY), ("Retry-After", "0")), json.dumps(body).encode())

    Path("key").write_text(KEY, "utf-8")
    ended = shell.against(echo)(*COMMANDS[command], *OPTIONS, "--api-key-file", "key", *form)

    assert ended.code not in {0, 2}
    assert ended.out == ""
    assert leaked(ended.err) == []
    assert leaked(log.getvalue()) == []


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["plain", "json"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_key_is_in_what_a_dry_run_shows(shell: Shell, command: str, form: tuple[str, ...]) -> None:
    Path(".env").write_text(f"CONNECTLY_API_KEY={KEY}\nCONNECTLY_WEBHOOK_SECRET={KEY}\n", "utf-8")

    ended = shell(*COMMANDS[command], *OPTIONS, "--env-file", ".env", "--dry-run", *form)

    assert (ended.code, ended.err) == (0, "")
    assert PHONE in ended.out
    assert KEY not in ended.out
    assert shell.sandbox.settings.api_key not in ended.out
