"""`connectly trigger` sends what the service would send, and says what the receiver responded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectly_api import Bsuid, Response
from connectly_api.transport import AsgiTransport, WireRequest
from connectly_api.webhooks import (
    ButtonReply,
    DeliveryStatus,
    Event,
    InboundMessage,
    ListReply,
    Reaction,
    ReportReady,
    WebhookApp,
    parse,
    verify,
)
from tests.cli.conftest import Shell

SECRET = "wh-secret-01"  # noqa: S105  (of these tests)
TO = ("--to", "http://127.0.0.1:9000/webhooks")


class Receiver:
    """Keeps the events that were signed with the secret, and the bodies of all."""

    def __init__(self, *statuses: int, body: bytes = b"{}") -> None:
        self.statuses, self.body = list(statuses), body
        self.bodies: list[bytes] = []

    def __call__(self, request: WireRequest) -> Response:
        content = request.content or b""
        self.bodies.append(content)
        verify(content, dict(request.headers)["x-connectly-hmac-sha256"], SECRET)
        return Response(self.statuses.pop(0) if self.statuses else 200, (), self.body)

    @property
    def event(self) -> Event:
        (body,) = self.bodies
        return parse(body)


@pytest.fixture
def trigger(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell with a secret."""
    monkeypatch.setenv("CONNECTLY_WEBHOOK_SECRET", SECRET)
    return shell


@pytest.mark.parametrize(
    ("arguments", "kind", "values"),
    [
        (["message", "--text", "Hello"], InboundMessage, {"text": "Hello", "reply_to_id": None}),
        (["message", "--message-id", "01M"], InboundMessage, {"text": "Hi", "reply_to_id": "01M"}),
        (["file", "--type", "video", "--url", "https://example.com/a.mp4"], InboundMessage, {"text": None}),
        (["location", "--at", "1.5,-2"], InboundMessage, {}),
        (["button", "--button", "yes=Yes, please"], ButtonReply, {"id": "yes", "text": "Yes, please"}),
        (["row", "--row", "s=Small"], ListReply, {"id": "s", "title": "Small"}),
        (["reaction", "--message-id", "01M"], Reaction, {"reply_to_id": "01M", "emoji": "\U0001f44d"}),
        (["reaction", "--emoji", ""], Reaction, {"is_removed": True}),
        (["status"], DeliveryStatus, {"status": "delivered", "failure": None}),
        (
            ["status", "--status", "sent", "--message-id", "01M"],
            DeliveryStatus,
            {"status": "sent", "message_id": "01M"},
        ),
        (["status", "--status", "read", "--campaign", "spring"], DeliveryStatus, {"campaign_name": "spring"}),
        (["status", "--status", "failed", "--code", "ERROR_CODE_X"], DeliveryStatus, {"status": "delivery_failed"}),
        (["status", "--callback-data", '{"order": 7}'], DeliveryStatus, {"callback_data": {"order": 7}}),
        (["report", "--name", "Daily"], ReportReady, {"name": "Daily"}),
    ],
    ids=str,
)
def test_each_kind_of_event_arrives_signed(
    trigger: Shell, arguments: list[str], kind: type[Event], values: dict[str, Any]
) -> None:
    receiver = Receiver()

    ended = trigger.against(receiver)("trigger", *arguments, *TO)

    assert (ended.code, ended.out, ended.err) == (0, "200  {}\n", "")
    assert type(receiver.event) is kind
    assert {name: getattr(receiver.event, name) for name in values} == values


def test_customer_sender_and_name_are_the_given_ones(trigger: Shell) -> None:
    receiver = Receiver()
    people = ("--from", "US.13491208655302741918", "--from-name", "Ann", "--sender", "+14155550100")

    trigger.against(receiver)("trigger", "message", *TO, *people)

    event = receiver.event
    assert isinstance(event, InboundMessage)
    assert event.customer is not None
    assert (event.customer.bsuid, event.customer.name) == (Bsuid("US.13491208655302741918"), "Ann")
    assert "+14155550100" in receiver.bodies[0].decode()


def test_each_event_is_new_and_times_repeats_one(trigger: Shell) -> None:
    receiver = Receiver()
    commands = trigger.against(receiver)

    assert commands("trigger", "message", *TO, "--times", "2").out == "200  {}\n200  {}\n"
    commands("trigger", "message", *TO)

    first, second, third = receiver.bodies
    assert first == second
    assert parse(first).key != parse(third).key


def test_a_receiver_of_this_package_handles_a_repeated_event_once(trigger: Shell) -> None:
    app, heard = WebhookApp(SECRET), list[str | None]()

    @app.on(InboundMessage)
    async def hear(event: InboundMessage) -> None:
        heard.append(event.text)

    ended = Shell(trigger.sandbox, AsgiTransport(app), trigger.capsys)(
        *("trigger", "message", *TO, "--text", "Hello", "--times", "2")
    )

    assert (ended.code, heard) == (0, ["Hello"])


@pytest.mark.parametrize(
    ("statuses", "out", "err"),
    [
        ([500], "500  no luck\n", ""),
        ([201], "201  no luck\n", ""),
        ([200, 503], "200  no luck\n503  no luck\n", ""),
        (
            [401],
            "401  no luck\n",
            "connectly: the receiver does not accept the signature: does it have the same secret?\n",
        ),
    ],
)
def test_only_a_200_is_a_success(trigger: Shell, statuses: list[int], out: str, err: str) -> None:
    times = str(len(statuses))

    ended = trigger.against(Receiver(*statuses, body=b"no\n luck"))("trigger", "message", *TO, "--times", times)

    assert (ended.code, ended.out, ended.err) == (32, out, err)


def test_without_a_response_the_reason_is_told(trigger: Shell) -> None:
    def fail(_: WireRequest) -> Response:
        raise LookupError

    assert trigger.against(fail)("trigger", "message", *TO).out == "---  LookupError\n"


def test_a_response_that_is_cut_off_is_no_success(trigger: Shell) -> None:
    ended = trigger.against(lambda _: Response(200, (), b"o", complete=False))("trigger", "message", *TO)
    assert (ended.code, ended.out) == (32, "200  the response ended in the middle, or is too long\n")


@pytest.mark.slow
def test_where_nobody_listens_it_says_so(trigger: Shell) -> None:
    ended = Shell(trigger.sandbox, None, trigger.capsys)("trigger", "message", "--to", "http://127.0.0.1:9/")

    assert (ended.code, ended.err) == (32, "")
    assert ended.out.lower().startswith("---  connection refused")


def test_a_bad_signature_is_refused(trigger: Shell) -> None:
    ended = Shell(trigger.sandbox, AsgiTransport(WebhookApp(SECRET)), trigger.capsys)(
        "trigger", "message", *TO, "--bad-signature"
    )

    assert (ended.code, ended.out[:3], ended.err) == (32, "401", "")


def test_json_has_the_body_the_signature_and_the_responses(trigger: Shell) -> None:
    receiver = Receiver(500)

    ended = trigger.against(receiver)("trigger", "status", *TO, "--json")

    document = ended.json()
    assert (ended.code, ended.err) == (32, "")
    assert document["responses"] == [{"status": 500, "answer": "{}", "problem": None}]
    verify(document["body"].encode(), document["signature"], SECRET)
    assert document["body"].encode() == receiver.bodies[0]


def test_the_secret_can_come_from_a_file(shell: Shell) -> None:
    Path("secret").write_text(f"{SECRET}\n", "utf-8")

    assert shell.against(Receiver())("trigger", "message", *TO, "--secret-file", "secret").code == 0
    assert shell.against(Receiver())("trigger", "message", *TO).code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["message", "--to", "ftp://127.0.0.1/"], 2, "--to: must be an absolute address"),
        (["message", *TO, "--from", "12"], 3, "--from: is neither a phone number"),
        (["message", *TO, "--sender", "12"], 3, "--sender: must be a phone number"),
        (["message", *TO, "--text", ""], 3, "--text: is missing or empty"),
        (["message", *TO, "--callback-data", "{"], 2, "--callback-data: is not JSON"),
        (["file", *TO, "--type", "gif"], 3, "--type: must be one of"),
        (["location", *TO, "--at", "here"], 2, "--at: write LATITUDE,LONGITUDE"),
        (["location", *TO, "--at", "1e99,2"], 3, "--at: must be a number"),
        (["button", *TO, "--button", "yes"], 2, "--button: write ID=TITLE"),
        (["status", *TO, "--status", "lost"], 2, "Invalid value for '--status'"),
    ],
    ids=str,
)
def test_what_cannot_be_sent_is_refused_with_its_option(
    trigger: Shell, arguments: list[str], code: int, problem: str
) -> None:
    receiver = Receiver()

    ended = trigger.against(receiver)("trigger", *arguments)

    assert (ended.code, ended.out, receiver.bodies) == (code, "", [])
    assert ended.err.startswith(f"connectly: {problem}")
