import json
import shlex
from typing import Any
from urllib.parse import quote

import pytest

from connectly_api import Connectly
from connectly_api.sandbox import Sandbox, terminal
from connectly_api.sandbox.model.exchange import Request
from connectly_api.sandbox.sandbox import get_engine
from connectly_api.sandbox.terminal import TerminalFormat
from connectly_api.transport import AsgiTransport
from tests.sandbox.calls import (
    CREATE,
    LIST,
    MESSAGES,
    TEMPLATES,
    ask,
    attach_receiver,
    client_of,
    path_of,
    session,
    short_id,
    template,
)

BSUID = "US.13491208655302741918"


def told(sandbox: Sandbox, *, personal: bool = False) -> str:
    line = TerminalFormat(personal=personal).format_entry(sandbox.requests[-1], "12:00:00")
    return " ".join(line.removeprefix("12:00:00  -> ").split())


async def test_the_banner_tells_all_that_is_needed_and_its_commands_work_as_they_stand() -> None:
    sandbox = Sandbox(business_id="it's a shop", senders=["+16044441111"], api_key="k'1")
    text = TerminalFormat().format_banner("http://127.0.0.1:8750", sandbox.settings)
    assert all(
        word in text for word in ("http://127.0.0.1:8750", "k'1", "it's a shop", "+16044441111", "sandbox-secret")
    )
    commands = [shlex.split(row) for row in text.splitlines() if row.strip().startswith("curl -X")]
    assert len(commands) == 5
    async with client_of(sandbox) as client:
        for words in commands:
            headers = dict(word.split(": ") for word in words if ": " in word)
            url = words[3].replace("http://127.0.0.1:8750", "http://sandbox")
            response = await client.post(url, headers=headers, content=words[-1])
            assert response.status_code == 200, words
    assert [message.kind for message in sandbox.messages] == ["template", "text"]


async def test_the_banners_variables_point_a_client_at_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox(business_id="it's a shop", api_key="k'1", windows="open")
    for row in TerminalFormat().format_banner("http://127.0.0.1:8750", sandbox.settings).splitlines():
        if row.strip().startswith("export "):
            (assignment,) = shlex.split(row)[1:]
            monkeypatch.setenv(*assignment.split("=", 1))
    async with Connectly.from_env(transport=AsgiTransport(sandbox.app)) as connectly:
        await connectly.send_text("+16044441111", "Hello!")
    sandbox.assert_sent_once(text="Hello!")
    assert ("host", "127.0.0.1:8750") in sandbox.requests[0].headers


def test_an_accepted_message_is_one_line_with_a_shortened_number(sandbox: Sandbox) -> None:
    ask(sandbox, session())
    assert told(sandbox) == f"POST {short_id('send_message')} 200 text to +160***11 {sandbox.messages[0].id}"
    method, path, *more = told(sandbox, personal=True).split(" ")
    assert (method, " ".join(more)) == ("POST", f"200 text to +16044441111 {sandbox.messages[0].id}")
    assert MESSAGES.endswith(path)


def test_a_bsuid_is_shortened_too(sandbox: Sandbox) -> None:
    ask(sandbox, template(number=f"bsuid:{BSUID}"), path=TEMPLATES)
    assert "template to US.1***18" in told(sandbox)
    assert BSUID in told(sandbox, personal=True)


def test_a_refusal_tells_code_and_reasons(sandbox: Sandbox) -> None:
    ask(sandbox, session(message={"text": ""}))
    assert told(sandbox).endswith("400 ERROR_CODE_MESSAGE_TEXT_EMPTY message.text: is empty")


def test_a_closed_window_tells_its_code_alone(sandbox: Sandbox) -> None:
    sandbox.close_window("+16044441111")
    ask(sandbox, session())
    assert told(sandbox).endswith("400 ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW")


def test_ignored_fields_and_faults_are_named(sandbox: Sandbox) -> None:
    sandbox.fault("truncated")
    ask(sandbox, session(mesage=1))
    assert told(sandbox).endswith("ignored unknown field: 1, see /__sandbox__/requests fault: truncated")
    assert told(sandbox, personal=True).endswith("ignored unknown fields: mesage fault: truncated")
    ask(sandbox, session(mesage=1, mesages=2))
    assert told(sandbox).endswith("ignored unknown fields: 2, see /__sandbox__/requests fault: truncated")


def test_an_answer_that_nobody_got_has_no_status(sandbox: Sandbox) -> None:
    sandbox.fault("reset")
    assert get_engine(sandbox).reset_unread(_head()) is not None
    assert told(sandbox) == f"POST {short_id('send_message')} --- fault: reset"


def _head() -> Any:
    return Request(method="POST", path=MESSAGES, query="", headers=(), body=b"")


async def test_a_webhook_is_one_line_with_topic_status_address_and_attempt() -> None:
    sandbox, _ = await attach_receiver(500, 200, windows="open")
    sandbox.fault("bad_signature", next=1)
    ask(sandbox, session())
    await sandbox.settle()
    lines = [TerminalFormat().format_entry(one, "12:00:00") for one in sandbox.deliveries]
    assert [" ".join(line.split()) for line in lines[:2]] == [
        "12:00:00 <- delivery_status sent 500 https://bot.example/ fault: bad_signature",
        "12:00:00 <- delivery_status delivered 200 https://bot.example/",
    ]
    assert any(line.endswith("attempt 2") for line in lines)


async def test_a_webhook_without_an_answer_says_why(sandbox: Sandbox) -> None:
    ask(sandbox, {"topic": "report", "address": "https://example.com/r"}, path=CREATE)
    await sandbox.report_ready()
    (line,) = [TerminalFormat().format_entry(one, "12:00:00") for one in sandbox.deliveries]
    assert "---  https://example.com/...  not on this machine" in line


@pytest.mark.parametrize(("body", "color"), [(session(), "\x1b[32m"), ({}, "\x1b[33m")])
def test_statuses_have_colors_where_they_are_wanted(sandbox: Sandbox, body: Any, color: str) -> None:
    ask(sandbox, body)
    shown = TerminalFormat(colored=True).format_entry(sandbox.requests[-1], "12:00:00")
    assert f"{color}{sandbox.requests[-1].status}\x1b[0m" in shown
    sandbox.fault("server_error")
    ask(sandbox, body)
    assert "\x1b[31m500" in TerminalFormat(colored=True).format_entry(sandbox.requests[-1], "12:00:00")


async def test_in_json_a_line_is_an_object_without_personal_data_unless_it_is_asked_for() -> None:
    sandbox, _ = await attach_receiver(200, windows="open")
    banner = json.loads(TerminalFormat(is_json=True).format_banner("http://127.0.0.1:1", sandbox.settings))
    assert (banner["what"], banner["address"], banner["apiKey"]) == ("listening", "http://127.0.0.1:1", "sandbox-key")
    ask(sandbox, session())
    await sandbox.settle()
    for entry in (sandbox.requests[-1], sandbox.deliveries[-1]):
        brief = TerminalFormat(is_json=True).format_entry(entry, "12:00:00")
        whole = TerminalFormat(is_json=True, personal=True).format_entry(entry, "12:00:00")
        assert "6044441111" not in brief
        assert "6044441111" in whole
        assert json.loads(brief).items() <= json.loads(whole).items()


def test_other_paths_are_told_where_personal_data_is_asked_for(sandbox: Sandbox) -> None:
    ask(sandbox, b"", path="/v2/else", method="GET")
    assert told(sandbox).startswith("GET (no operation) 404 ERROR_CODE_UNSPECIFIED")
    assert told(sandbox, personal=True).startswith("GET /v2/else 404 ERROR_CODE_UNSPECIFIED")
    ask(sandbox, b"", path=LIST, method="GET")
    assert told(sandbox) == f"GET {short_id('get_webhooks')} 200"
    _, path, status = told(sandbox, personal=True).split(" ")
    assert (LIST.endswith(path), status) == (True, "200")


CANARY = "Canary5511"
SPELLINGS = [CANARY, f"%2B1604{CANARY}", CANARY.encode().hex(), "%43anary5511", "Can\u0430ry5511", f"a.{CANARY}[0]"]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("is_json", [False, True])
async def test_nothing_that_a_client_wrote_is_in_a_line(spelling: str, is_json: bool) -> None:
    sandbox = Sandbox(windows="open", deliver="local")
    lines: list[str] = []
    requests: list[tuple[Any, dict[str, Any]]] = []
    address = f"http://{CANARY}:{quote(spelling)}@127.0.0.1:1/{quote(spelling)}?{quote(spelling)}={quote(spelling)}"
    requests += [
        (session(**{spelling: 1, "callbackData": {spelling: spelling}}), {}),
        (session(message={"text": spelling, spelling: 1}), {"query": f"{quote(spelling)}={quote(spelling)}"}),
        (session(recipient={"id": spelling, "channelType": spelling}), {}),
        (session(sender={"id": spelling, spelling: spelling}), {}),
        (b"", {"path": f"/{quote(spelling)}", "method": "GET"}),
        (b"", {"path": path_of("send_message", business=quote(spelling)), "method": "POST"}),
        (b"", {"path": path_of("delete_webhook", quote(spelling)), "method": "DELETE"}),
        (session(), {"method": spelling.upper()}),
        (template(templateName=spelling, language=spelling, parameters=[{"name": spelling, "value": spelling}]), {}),
        ({"topic": spelling, "address": address}, {"path": CREATE}),
        ({"topic": "report", "address": address}, {"path": CREATE}),
    ]
    for body, options in requests:
        ask(sandbox, body, **options)
        lines.append(TerminalFormat(is_json=is_json).format_entry(sandbox.requests[-1], "12:00:00"))
    await sandbox.report_ready()
    lines += [TerminalFormat(is_json=is_json).format_entry(one, "12:00:00") for one in sandbox.deliveries]
    assert len(sandbox.deliveries) == 1
    for line in lines:
        for word in (spelling, CANARY, quote(spelling)):
            assert word.lower() not in line.lower()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://bot.example", "https://bot.example/"),
        ("https://u:p@bot.example:8443/", "https://bot.example:8443/"),
        ("http://[::1]:9000/hooks/t0ken", "http://[::1]:9000/..."),
        ("https://bot.example?token=1", "https://bot.example/..."),
        ("https://bot.example:port/", "(an address)"),
        ("https://[bot/", "(an address)"),
    ],
)
def test_of_an_address_the_origin_is_shown(address: str, shown: str) -> None:
    assert terminal._get_origin(address) == shown


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "/+16049998877"},
        {"path": "/16049998877"},
        {"path": f"/{BSUID}"},
        {"body": session(**{"+16049998877": 1})},
        {"body": session(**{BSUID: 1})},
        {"method": "+16049998877"},
    ],
)
def test_what_looks_personal_is_masked_wherever_it_stands(sandbox: Sandbox, asked: dict[str, Any]) -> None:
    ask(sandbox, asked.pop("body", None), **asked)
    assert "6049998877" not in told(sandbox)
    assert BSUID not in told(sandbox)


@pytest.mark.parametrize("personal", [False, True])
def test_a_line_is_ascii_and_obeyed_by_no_terminal(sandbox: Sandbox, personal: bool) -> None:
    ask(sandbox, session(**{"a\x1b[2J\r\nb\u202e\x9b\x7f": 1}), path=MESSAGES, query="a=%1b")
    text = told(sandbox, personal=personal)
    assert text.isascii()
    assert text.isprintable()
