"""What is due when a request ends, such as the webhook of an echo, is delivered at once, and after the response."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectly_api import Connectly
from connectly_api.sandbox import Sandbox, replay
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import Echo, InboundMessage, WebhookApp
from tests.sandbox.calls import KEY, MESSAGES, Receiver, client_of, register, session

PHONE = "+16044441111"


def echo_to(receiver: Any, **options: Any) -> Sandbox:
    """A sandbox that tells a receiver of customers' messages, and of the business's own."""
    sandbox = Sandbox(**options)
    sandbox.attach("https://bot.example/", receiver)
    register(sandbox, "messages", echo=True)
    register(sandbox, "delivery_status")
    return sandbox


async def call_app(sandbox: Sandbox, seen: list[str]) -> None:
    """Send a message to the application itself, and note when the response is complete."""
    content = json.dumps(session()).encode()
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": MESSAGES,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in (KEY,)],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            seen.append("response")

    await sandbox.app(scope, receive, send)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (None, ["response", "echo"]),
        ({"what": "slow_body", "seconds": 0}, ["response", "echo"]),
        ({"what": "early_webhook"}, ["echo", "sent", "response"]),
    ],
)
async def test_an_echo_is_delivered_at_once_after_the_response(
    fault: dict[str, Any] | None, expected: list[str]
) -> None:
    seen: list[str] = []

    class Noting(Receiver):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await super().__call__(scope, receive, send)
            seen.append(self.bodies[-1].get("statusUpdate", {}).get("status", "echo"))

    sandbox = echo_to(Noting(200), windows="open")
    if fault is not None:
        sandbox.fault(**fault)
    await call_app(sandbox, seen)
    assert seen == expected


async def test_an_echo_does_not_wait_for_a_response_that_never_comes() -> None:
    receiver = Receiver(200)
    sandbox = echo_to(receiver, windows="open")
    sandbox.fault("drop", next=1)
    async with client_of(sandbox) as http:
        with pytest.raises(ConnectionResetError):
            await http.post(MESSAGES, json=session())
    assert [body["message"]["isEcho"] for body in receiver.bodies] == [True]


async def test_statuses_that_are_due_at_once_are_delivered_at_once() -> None:
    receiver = Receiver(200)
    sandbox = echo_to(receiver, windows="open", sent_after=0, delivered_after=0)
    async with client_of(sandbox) as http:
        await http.post(MESSAGES, json=session())
    assert receiver.get_statuses() == ["sent", "delivered"]


async def test_the_echo_of_a_handlers_own_message_comes_when_the_handler_has_ended(tmp_path: Path) -> None:
    seen: list[str] = []
    app = WebhookApp("sandbox-secret")
    sandbox = echo_to(app)

    @app.on(Echo)
    async def note(event: Echo) -> None:
        seen.append(f"echo of {event.text}")

    async with Connectly(
        api_key="sandbox-key", business_id="sandbox-business", transport=AsgiTransport(sandbox.app)
    ) as connectly:

        @app.on(InboundMessage)
        async def answer(event: InboundMessage) -> None:
            await connectly.reply_text(event, "Hello!")
            seen.append("handler")

        await sandbox.customer(PHONE).says("Hi")
        assert seen == ["handler", "echo of Hello!"]
        await connectly.send_text(PHONE, "Anything else?")
    assert seen[2:] == ["echo of Anything else?"]
    sandbox.save(tmp_path / "run.json")
    again = await replay(tmp_path / "run.json")
    assert [delivery.number for delivery in again.deliveries] == [delivery.number for delivery in sandbox.deliveries]
