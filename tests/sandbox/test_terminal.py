import json
import re
import shlex
from datetime import UTC
from typing import Any
from urllib.parse import quote

import pytest

from connectly_api import Connectly
from connectly_api.sandbox import Sandbox, terminal
from connectly_api.sandbox.model.exchange import Request
from connectly_api.sandbox.model.records import ReceivedRequest, TimelineEntry, VerbCall
from connectly_api.sandbox.sandbox import get_engine
from connectly_api.sandbox.terminal import TerminalFormat, get_time
from connectly_api.transport import AsgiTransport
from tests.sandbox.calls import (
    CREATE,
    LIST,
    MESSAGES,
    TEMPLATES,
    ask,
    attach_receiver,
    path_of,
    session,
    short_id,
    template,
)

BSUID = "US.13491208655302741918"


def lay_out(entry: TimelineEntry, **options: Any) -> str:
    """Return an entry's lines as of a time when another entry of the same day was printed."""
    return TerminalFormat(zone=UTC, **options).format_entry(entry, get_time(entry))


def told(sandbox: Sandbox, *, personal: bool = False) -> str:
    return " ".join(lay_out(sandbox.requests[-1], personal=personal).removeprefix("00:00:00  -> ").split())


def test_the_banner_begins_with_the_page_and_ends_with_three_lines_to_copy() -> None:
    sandbox = Sandbox(business_id="it's a shop", senders=["+16044441111"], api_key="k'1")
    first, *lines = TerminalFormat().format_banner("http://127.0.0.1:8750", sandbox.settings).splitlines()
    assert first.split()[2] == "http://127.0.0.1:8750/__sandbox__/"
    assert len(lines) < 10
    assert any("+16044441111" in line for line in lines)
    assert any("sandbox-secret" in line for line in lines)
    assert [line.partition("=")[0] for line in lines[-3:]] == [
        *("export CONNECTLY_BASE_URL", "export CONNECTLY_API_KEY", "export CONNECTLY_BUSINESS_ID"),
    ]


async def test_the_banners_variables_point_a_client_at_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox(business_id="it's a shop", api_key="k'1", windows="open")
    for row in TerminalFormat().format_banner("http://127.0.0.1:8750", sandbox.settings).splitlines()[-3:]:
        (assignment,) = shlex.split(row)[1:]
        monkeypatch.setenv(*assignment.split("=", 1))
    async with Connectly.from_env(transport=AsgiTransport(sandbox.app)) as connectly:
        await connectly.send_text("+16044441111", "Hello!")
    sandbox.assert_sent_once(text="Hello!")
    assert ("host", "127.0.0.1:8750") in sandbox.requests[0].headers


@pytest.mark.parametrize(
    ("address", "usable"),
    [("http://0.0.0.0:8750", "http://127.0.0.1:8750"), ("http://[::]:8750", "http://[::1]:8750")],
)
def test_an_interface_that_stands_for_all_is_no_address_to_use(address: str, usable: str) -> None:
    settings = Sandbox().settings
    text = TerminalFormat().format_banner(address, settings)
    assert address not in text
    assert f"{usable}/__sandbox__/" in text.splitlines()[0]
    assert f"export CONNECTLY_BASE_URL={usable}" in text.splitlines()
    assert "http://NAME:8750 from another container" in text
    assert "--allow-host NAME" in text
    assert max(map(len, text.splitlines())) <= 80
    banner = json.loads(TerminalFormat(is_json=True).format_banner(address, settings))
    assert (banner["address"], banner["page"]) == (usable, f"{usable}/__sandbox__/")


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
    lines = list(map(lay_out, sandbox.deliveries))
    assert [" ".join(line.split()) for line in lines[:2]] == [
        "00:00:01 <- delivery_status sent 500 https://bot.example/ fault: bad_signature",
        "00:00:02 <- delivery_status delivered 200 https://bot.example/",
    ]
    assert any(line.endswith("attempt 2") for line in lines)


async def test_a_webhook_without_an_answer_says_why(sandbox: Sandbox) -> None:
    ask(sandbox, {"topic": "report", "address": "https://example.com/r"}, path=CREATE)
    await sandbox.report_ready()
    (line,) = map(lay_out, sandbox.deliveries)
    assert "---  https://example.com/...  not on this machine" in line


@pytest.mark.parametrize(("body", "color"), [(session(), "\x1b[32m"), ({}, "\x1b[33m")])
def test_statuses_have_colors_where_they_are_wanted(sandbox: Sandbox, body: Any, color: str) -> None:
    ask(sandbox, body)
    shown = lay_out(sandbox.requests[-1], colored=True)
    assert f"{color}{sandbox.requests[-1].status}\x1b[0m" in shown
    sandbox.fault("server_error")
    ask(sandbox, body)
    assert "\x1b[31m500" in lay_out(sandbox.requests[-1], colored=True)


async def test_in_json_a_line_is_an_object_without_personal_data_unless_it_is_asked_for() -> None:
    sandbox, _ = await attach_receiver(200, windows="open")
    banner = json.loads(TerminalFormat(is_json=True).format_banner("http://127.0.0.1:1", sandbox.settings))
    assert (banner["what"], banner["address"], banner["apiKey"]) == ("listening", "http://127.0.0.1:1", "sandbox-key")
    ask(sandbox, session())
    await sandbox.settle()
    for entry in sandbox.timeline:
        brief = TerminalFormat(is_json=True).format_document(entry)
        whole = TerminalFormat(is_json=True, personal=True).format_document(entry)
        assert "6044441111" not in brief
        assert json.loads(whole) == json.loads(json.dumps(entry))
        assert json.loads(brief).items() <= json.loads(whole).items()


async def test_verbs_statuses_and_the_clock_are_told_without_what_is_personal() -> None:
    sandbox = Sandbox()
    customer = sandbox.customer("+16044441111", name="Ann")
    await customer.says("Hi there")
    await customer.sends("image", "https://example.com/cat.png")
    ask(sandbox, session())
    await sandbox.advance(hours=24, minutes=1, seconds=0.5)
    await customer.opts_out()
    sandbox.close_window("+16044441111")
    sandbox.fault("fail_delivery", next=2, recipient="+16044441111")
    sandbox.fault("server_error", html=True)
    await sandbox.run_verb("remove_fault", number=1)
    await sandbox.advance()
    await sandbox.settle()
    identifier = sandbox.messages[0].id
    others = [entry for entry in sandbox.entries if not isinstance(entry, ReceivedRequest)]
    assert [" ".join(lay_out(entry).split()) for entry in others] == [
        "00:00:00 ** customer (phone, name)",
        "00:00:00 ** customer says (text)",
        "00:00:00 ** customer sends (image, url)",
        "00:00:00 ** clock +24 h 1 min 0.5 s",
        f"00:00:01 .. sent {identifier}",
        f"00:00:02 .. delivered {identifier}",
        f"00:00:07 .. read {identifier}",
        "00:01:00 ** customer opts out",
        "00:01:00 ** close window (customer)",
        "00:01:00 ** fault (fail_delivery, recipient, next 2)",
        "00:01:00 ** fault (server_error, html true)",
        "00:01:00 ** remove fault (number 1)",
        "00:01:00 ** clock +0 s",
        "00:01:00 ** clock until nothing is due",
    ]
    clock = VerbCall(name="clock", arguments='{"running": false, "speed": 2}', at=sandbox.now)
    assert lay_out(clock) == "00:01:00  ** clock (running false, speed 2)"
    assert lay_out(others[1], personal=True) == '00:00:00  ** +16044441111 says (text "Hi there")'


async def test_in_json_verbs_have_their_names_and_what_is_not_personal() -> None:
    sandbox = Sandbox()
    await sandbox.customer("+16044441111").sends("image", "https://example.com/cat.png")
    await sandbox.advance(hours=24)
    shown = list(map(json.loads, map(TerminalFormat(is_json=True).format_document, sandbox.timeline)))
    assert [(one["entry"], one["what"], one["customer"], one["name"], one["arguments"]) for one in shown] == [
        (1, "act", 1, "customer", {}),
        (2, "act", 1, "sends", {"type": "image"}),
        (3, "act", None, "advance", {"seconds": 0, "minutes": 0, "hours": 24, "days": 0}),
    ]


async def test_a_day_that_begins_is_told_once(sandbox: Sandbox) -> None:
    await sandbox.advance(hours=25)
    await sandbox.advance(hours=1)
    await sandbox.advance()
    first, second, third = sandbox.entries
    shown = TerminalFormat(zone=UTC)
    assert shown.format_entry(first).splitlines() == ["-- Thu 2026-01-01", "00:00:00  ** clock +25 h"]
    assert shown.format_entry(second, get_time(first)).splitlines()[0] == "-- Fri 2026-01-02"
    assert shown.format_entry(third, get_time(second)) == "02:00:00  ** clock +0 s"


@pytest.mark.parametrize("colored", [False, True])
@pytest.mark.parametrize("columns", [60, 80, 100])
async def test_on_a_terminal_no_line_is_wider_and_no_word_is_broken(columns: int, colored: bool) -> None:
    sandbox, _ = await attach_receiver(500, windows="open")
    ask(sandbox, session())
    ask(sandbox, template(), path=TEMPLATES)
    ask(sandbox, session(message={"text": ""}, mesage=1))
    await sandbox.report_ready()
    await sandbox.settle()
    for entry in sandbox.entries:
        whole, text = lay_out(entry), lay_out(entry, columns=columns, colored=colored)
        lines = re.sub("\x1b\\[[0-9]+m", "", text).splitlines()
        assert max(map(len, lines)) <= columns
        assert " ".join(lines).split() == whole.split()
        assert [line for line in lines[1:] if not line.startswith("          ")] == []
    accepted = lay_out(sandbox.requests[-3], columns=80)
    assert "\n" not in accepted


def test_a_word_that_is_longer_than_a_line_stays_whole(sandbox: Sandbox) -> None:
    path = f"/{'a' * 90}"
    ask(sandbox, b"", path=path, method="GET")
    assert path in lay_out(sandbox.requests[-1], personal=True, columns=80).split()


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
    await sandbox.report_ready()
    customer = sandbox.customer("+16044441111", name=CANARY)
    await customer.says(spelling, referral={spelling: spelling})
    await customer.sends("image", f"https://{CANARY}.example/{quote(spelling)}", caption=spelling)
    sandbox.template(CANARY, CANARY, parameters=[CANARY])
    sandbox.fault("fail_delivery", recipient="+16044441111", code=CANARY)
    await sandbox.settle()
    if is_json:
        lines = list(map(TerminalFormat(is_json=True).format_document, sandbox.timeline))
    else:
        lines = list(map(lay_out, sandbox.entries))
    assert sandbox.deliveries
    assert {entry["what"] for entry in sandbox.timeline} == {"request", "delivery", "act", "status"}
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
