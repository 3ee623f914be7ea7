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


def echo_all(request: WireRequest, status: int) -> Response:
    """Respond with everything that was sent, in every field."""
    whole = f"{' and '.join(CANARIES[:-1])} {(request.content or b'').decode()} {dict(request.headers)}"
    names = ("message", "code", "type", "userTitle", "userMessage", "cntTraceId")
    body = {**dict.fromkeys(names, whole), "details": {"x": whole}}
    return Response(status, (("X-Echo", KEY), ("Retry-After", "0")), json.dumps(body).encode())


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
    Path("key").write_text(KEY, "utf-8")
    ended = shell.against(lambda request: echo_all(request, status))(
        *COMMANDS[command], *OPTIONS, "--api-key-file", "key", *form
    )

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


@pytest.mark.slow
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 422, 500])
def test_nothing_of_a_campaign_is_shown_but_in_its_report(shell: Shell, log: io.StringIO, status: int) -> None:
    """Without 429: a run would wait and try again."""
    Path("customers.csv").write_text(f"to;text\n{PHONE};{TEXT}\n{PHONE};{TEXT}\n{TEXT};{TEXT}\n", "utf-8")
    commands = shell.against(lambda request: echo_all(request, status))
    callback = ("--sender", SENDER, "--callback-data", f'{{"x": "{DATA}"}}')

    planned = commands(
        *("campaign", "plan", "customers.csv", "--name", "spring", "--template", "offer", "--language", "en"),
        *("--to", "to", "--map", "body_1=text", *callback),
    )
    ended = [commands("campaign", *words.split()) for words in ("run spring", "run spring --json", "status spring")]

    assert planned.code == 0
    assert [end.code in {0, 40, 41} for end in ended] == [True] * 3
    assert leaked(planned.err + "".join(end.out + end.err for end in ended)) == []
    assert leaked("".join(line for line in planned.out.splitlines() if not line.startswith("sample: "))) == []
    assert [number for number in (KEY, PHONE, PHONE[1:], SENDER) if number in planned.out] == []
    assert leaked(log.getvalue()) == []
