import json
import shlex
from typing import Any

import pytest

from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.terminal import banner, line
from tests.sandbox.calls import BUSINESS, MESSAGES, TEMPLATES, ask, session, template

BSUID = "US.13491208655302741918"


def told(sandbox: Sandbox, *, personal: bool = False) -> str:
    return line(sandbox.requests[-1], sandbox.settings, personal=personal)


def test_the_banner_tells_address_key_business_senders_and_a_command_that_works() -> None:
    sandbox = Sandbox(business_id="it's a shop", senders=["+16044441111"])
    text = banner("http://127.0.0.1:8750", sandbox.settings)
    assert all(word in text for word in ("http://127.0.0.1:8750", "sandbox-key", "it's a shop", "+16044441111"))
    (command,) = [row.strip() for row in text.splitlines() if "send/messages" in row]
    words = shlex.split(command)
    assert words[:4] == ["curl", "-X", "POST", "http://127.0.0.1:8750/v1/businesses/it%27s%20a%20shop/send/messages"]
    headers = tuple((name.lower(), value) for name, value in (word.split(": ") for word in words[5:8:2]))
    path = words[3].removeprefix("http://127.0.0.1:8750")
    assert ask(sandbox, json.loads(words[-1]), path=path, headers=headers).status == 200


def test_an_accepted_message_is_one_line_with_a_shortened_number(sandbox: Sandbox) -> None:
    ask(sandbox, session())
    assert told(sandbox) == f"POST /send/messages  200  text to +160***11  {sandbox.messages[0].id}"
    assert told(sandbox, personal=True) == f"POST /send/messages  200  text to +16044441111  {sandbox.messages[0].id}"


def test_a_bsuid_is_shortened_too(sandbox: Sandbox) -> None:
    ask(sandbox, template(number=f"bsuid:{BSUID}"), path=TEMPLATES)
    assert "template to US.1***18" in told(sandbox)
    assert BSUID in told(sandbox, personal=True)


def test_a_refusal_tells_code_and_reasons(sandbox: Sandbox) -> None:
    ask(sandbox, session(message={"text": ""}))
    assert told(sandbox).endswith("400  ERROR_CODE_MESSAGE_TEXT_EMPTY message.text: is empty")


def test_a_closed_window_tells_its_code_alone(sandbox: Sandbox) -> None:
    sandbox.close_window("+16044441111")
    ask(sandbox, session())
    assert told(sandbox).endswith("400  ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW")


def test_ignored_fields_are_named(sandbox: Sandbox) -> None:
    ask(sandbox, session(mesage=1))
    assert told(sandbox).endswith("ignored, as unknown: mesage")


def test_other_paths_are_told_whole(sandbox: Sandbox) -> None:
    ask(sandbox, b"", path="/v2/else", method="GET")
    assert told(sandbox).startswith("GET /v2/else  404  ERROR_CODE_UNSPECIFIED")
    ask(sandbox, b"", path=f"{BUSINESS}/webhooks", method="GET")
    assert told(sandbox) == "GET /webhooks  200"


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
