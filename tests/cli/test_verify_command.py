"""`connectly webhooks verify` checks the exact bytes, and shows the event without personal data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectly_api.webhooks import sign
from tests.cli.conftest import Ended, Input, Shell

SECRET = "wh-secret-01"  # noqa: S105  (of these tests)
CUSTOMER, BSUID, NAME, TEXT = "+16315555500", "US.Kestrel1349120865", "kestrel ann", "kestrel text"
MESSAGE = json.dumps(
    {
        "sender": {"id": CUSTOMER, "channelType": "whatsapp", "name": NAME, "userId": BSUID},
        "recipient": {"id": "+14151111234", "channelType": "whatsapp"},
        "timestamp": "1639083207",
        "message": {"text": TEXT, "attachments": [{"type": "image", "url": "https://kestrel.example"}]},
    }
).encode()
FAILED = json.dumps(
    {
        "topic": "delivery_status",
        "recipient": {"id": CUSTOMER},
        "callbackData": {"kestrel": 1},
        "metadata": {"campaign_name": "spring"},
        "statusUpdate": {
            "id": "01F",
            "status": "delivery_failed",
            "error": {"code": "ERROR_CODE_UNSPECIFIED", "message": "kestrel"},
        },
    }
).encode()


@pytest.fixture
def verify(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("CONNECTLY_WEBHOOK_SECRET", SECRET)
    return shell


def verify_body(shell: Shell, body: bytes, *arguments: str, signed: bytes | None = None) -> Ended:
    Path("body.json").write_bytes(body)
    signature = sign(body if signed is None else signed, SECRET)
    return shell("webhooks", "verify", "body.json", "--signature", signature, *arguments)


def test_a_valid_event_is_shown_without_what_is_personal(verify: Shell) -> None:
    shown = verify_body(verify, MESSAGE)

    assert (shown.code, shown.err) == (0, "")
    assert shown.out.splitlines()[0] == "valid: InboundMessage"
    assert "  timestamp: 2021-12-09T20:53:27+00:00" in shown.out.splitlines()
    assert "  customer.channelType: whatsapp" in shown.out.splitlines()
    assert CUSTOMER[1:] not in shown.out
    assert "kestrel" not in shown.out.lower()


@pytest.mark.parametrize(
    ("part", "name", "flags", "personal"),
    [
        ({"message": {"text": "kestrel"}}, "InboundMessage", [], ["text: kestrel"]),
        ({"message": {"text": "kestrel", "isEdited": True}}, "InboundMessage", ["isEdited: true"], ["text: kestrel"]),
        (
            {"listResponse": {"id": "kestrel", "title": "Kestrel", "description": "A kestrel"}},
            "ListReply",
            [],
            ["id: kestrel", "title: Kestrel", "description: A kestrel"],
        ),
        ({"reaction": {"emoji": "kestrel"}}, "Reaction", [], ["emoji: kestrel"]),
        ({"reaction": {"messageId": "kestrel"}}, "Reaction", ["isRemoved: true"], []),
    ],
    ids=repr,
)
def test_rows_reactions_and_edits_are_shown_with_their_flags(
    verify: Shell, part: dict[str, object], name: str, flags: list[str], personal: list[str]
) -> None:
    body = json.dumps({"recipient": {"id": "14151111234"}, "callbackData": False, **part}).encode()
    lines = verify_body(verify, body).out.splitlines()
    whole = verify_body(verify, body, "--show-personal-data").out.splitlines()

    assert lines[0] == f"valid: {name}"
    assert [line.strip() for line in lines if " is" in line] == flags
    assert "kestrel" not in "\n".join(lines[1:]).lower().replace("replytoid: kestrel", "")
    assert {f"  {line}" for line in (*flags, *personal)} <= set(whole)
    assert {"  business.phone: +14151111234", "  callbackData: false"} <= set(whole)


def test_personal_data_is_shown_on_request(verify: Shell) -> None:
    shown = verify_body(verify, MESSAGE, "--show-personal-data")

    lines = shown.out.splitlines()
    assert f"  text: {TEXT}" in lines
    assert f"  customer.phone.e164: {CUSTOMER}" not in lines
    assert f"  customer.phone: {CUSTOMER}" in lines
    assert f"  customer.bsuid: {BSUID}" in lines
    assert any(line.startswith("  raw: {") for line in lines)


def test_json_holds_the_same(verify: Shell) -> None:
    as_json = verify_body(verify, FAILED, "--json").json()
    whole = verify_body(verify, FAILED, "--json", "--show-personal-data").json()

    assert as_json["valid"] is True
    event = as_json["event"]
    assert (event["class"], event["status"], event["messageId"]) == ("DeliveryStatus", "delivery_failed", "01F")
    assert event["campaignName"] == "spring"
    assert event["failure"] == {"code": "ERROR_CODE_UNSPECIFIED", "type": None, "traceId": None}
    assert event["key"].startswith("delivery_status:")
    assert "kestrel" not in json.dumps(as_json)
    assert whole["event"]["callbackData"] == {"kestrel": 1}
    assert whole["event"]["raw"] == json.loads(FAILED)


def test_the_body_comes_from_standard_input_and_the_secret_from_files(shell: Shell, standard_input: Input) -> None:
    Path("old").write_text("another secret\n", "utf-8")
    Path("new").write_text(f"{SECRET}\n", "utf-8")
    standard_input(MESSAGE)

    shown = shell(
        *("webhooks", "verify", "-", "--signature", sign(MESSAGE, SECRET)),
        *("--secret-file", "old", "--secret-file", "new"),
    )

    assert shown.code == 0


def test_a_wrong_signature_ends_with_30(verify: Shell) -> None:
    refused = verify_body(verify, MESSAGE, signed=b"another body")

    assert (refused.code, refused.out) == (30, "")
    assert refused.err.startswith("connectly: webhook signature: does not match this body; check the secret")
    assert refused.err.count("\n") == 1


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_line_end_that_an_editor_added_is_named(verify: Shell, line_end: bytes) -> None:
    refused = verify_body(verify, MESSAGE + line_end, signed=MESSAGE)
    as_json = verify_body(verify, MESSAGE + line_end, "--json", signed=MESSAGE)

    assert refused.code == 30
    assert refused.err.startswith("connectly: the signature matches the body without its final line end")
    assert as_json.error()["kind"] == "WebhookSignatureError"


def test_a_signed_body_that_is_no_event_ends_with_31(verify: Shell) -> None:
    refused = verify_body(verify, b"[kestrel]")

    assert (refused.code, refused.out) == (31, "")
    assert "kestrel" not in refused.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("body.json",), "no secret: set CONNECTLY_WEBHOOK_SECRET"),
        (("nowhere.json", "--secret-file", "secret"), "BODY: cannot be read: No such file or directory"),
        (("body.json", "--secret-file", "nowhere"), "--secret-file: cannot be read: No such file or directory"),
        (("body.json", "--secret-file", "body.json"), "--secret-file: must contain only the secret, on one line"),
        (("body.json", "--secret-file", "nothing"), "--secret-file: the file is empty"),
    ],
)
def test_what_is_missing_is_named(shell: Shell, arguments: tuple[str, ...], problem: str) -> None:
    Path("secret").write_text(SECRET, "utf-8")
    Path("nothing").write_text("", "utf-8")
    Path("body.json").write_text("{\n\n}", "utf-8")

    refused = shell("webhooks", "verify", *arguments, "--signature", "x")

    assert refused.code == 2
    assert refused.err.startswith(f"connectly: {problem}")
