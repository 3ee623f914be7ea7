"""Code that must not type-check: each line that ends in `# refused` is an error, and no other line is."""

from __future__ import annotations

from connectly_api import (
    Button,
    Connectly,
    Parameter,
    Recipient,
    ReplyButtons,
    Row,
    Section,
    Template,
    Text,
    WebhookFilter,
    sync,
)
from connectly_api.drift import Drift, DriftMonitor
from connectly_api.lowlevel import SendMessageRequest, get_webhooks, send_message
from connectly_api.sandbox import SandboxServer
from connectly_api.webhooks import ButtonReply, DeliveryStatus, WebhookApp, receive


async def sends(connectly: Connectly) -> None:
    await connectly.send_text(16044441111, "Hello!")  # refused
    await connectly.send_text("+16044441111")  # refused
    await connectly.send_text("+16044441111", b"Hello!")  # refused
    await connectly.send("+16044441111", "Hello!")  # refused
    await connectly.send_text("+16044441111", "Hello!", callback_data=object())  # refused
    await connectly.send_text("+16044441111", "Hello!", callback_data={1: "a"})  # refused
    await connectly.send_text("+16044441111", "Hello!", channel_type="fax")  # refused
    await connectly.send_text("+16044441111", "Hello!", callbackData=1)  # refused
    await connectly.send_text("+16044441111", "Hello!", sendr="+14151111234")  # refused
    await connectly.send_image("+16044441111", "https://a.example/a.png", channel="sms")  # refused
    await connectly.send_text("+16044441111", "Hello!", timeout="5")  # refused
    await connectly.send_text("+16044441111", "Hello!", otherwise="order_update")  # refused
    await connectly.send_text("+16044441111", "Hello!", otherwise=Text("Hello!"))  # refused
    await connectly.send_list("+16044441111", "Choose", [Row("a", "A")])  # refused
    await connectly.send_template("+16044441111", "t")  # refused
    await connectly.send_template("+16044441111", "t", "en", parameters=["x"])  # refused
    await connectly.send_template("+16044441111", "t", "en", headers="x")  # refused


async def replies(connectly: Connectly, event: DeliveryStatus) -> None:
    await connectly.reply(event)  # refused
    await connectly.reply(event, "Hello!")  # refused
    await connectly.reply("+16044441111", Text("Hello!"))  # refused
    await connectly.reply(event.customer, Text("Hello!"))  # refused
    await connectly.reply(event, Text("Hello!"), recipient="+16044441111")  # refused


async def registers(connectly: Connectly) -> None:
    await connectly.webhooks.ensure("statuses", "https://a.example")  # refused
    await connectly.webhooks.ensure("messages", "https://a.example", webhook_id="wh_1")  # refused
    await connectly.webhooks.create("statuses", "https://a.example")  # refused
    await connectly.webhooks.create("messages", "https://a.example", filters=["x"])  # refused
    await connectly.webhooks.create("messages", "https://a.example", channel_types=["fax"])  # refused
    await connectly.webhooks.update("wh_1", topic="messages")  # refused
    await connectly.webhooks.delete("wh_1", timeouts=5)  # refused


def synchronous(connectly: sync.Connectly, client: Connectly, event: DeliveryStatus) -> None:
    connectly.send_text("+16044441111")  # refused
    connectly.send_text("+16044441111", "Hello!", timeout="5")  # refused
    connectly.reply_text(event)  # refused
    connectly.aclose()  # refused
    print(client.send_text("+16044441111", "Hello!").id)  # noqa: T201  # refused
    sync.WebhookApp("secret", body_timeout=5.0)  # refused
    sync.WebhookApp("secret", store="webhooks.db")  # refused


async def awaits(connectly: sync.Connectly) -> None:
    await connectly.send_text("+16044441111", "Hello!")  # refused


async def low_level(connectly: Connectly) -> None:
    await send_message(connectly.transport, "biz_1")  # refused
    await send_message(connectly, "biz_1", body=SendMessageRequest())  # refused
    await get_webhooks(connectly.transport)  # refused


def values() -> None:
    Text()  # refused
    Text("a").text = "b"  # refused
    Button("a")  # refused
    ReplyButtons("a", ["b"])  # refused
    Section("a", ["b"])  # refused
    Recipient(phone=5)  # refused
    Template("t")  # refused
    Parameter("a")  # refused
    WebhookFilter()  # refused
    Connectly("k", "b")  # refused
    Connectly(api_key="k", business_id="b", limits="lax")  # refused
    Connectly(api_key="k", business_id="b", transport="curl")  # refused
    Connectly(api_key="k", business_id="b", conversations="conversations.db")  # refused


def drift(found: Drift) -> None:
    Connectly(api_key="k", business_id="b", drift=True)  # refused
    Connectly(api_key="k", business_id="b", drift=print)  # refused
    WebhookApp("secret", drift="on")  # refused
    DriftMonitor(lambda: None)  # refused
    DriftMonitor(telemetry=True)  # refused
    found.path = "x"  # refused
    DriftMonitor().counts[found] = 1  # refused


def webhooks(app: WebhookApp, event: DeliveryStatus) -> None:
    event.status = "read"  # refused
    str(event.text)  # refused
    receive({}, "body", "secret")  # refused
    WebhookApp()  # refused
    WebhookApp("secret", acknowledge="never")  # refused
    app.on(DeliveryStatus)(lambda reply: reply.payload)  # refused

    @app.on(DeliveryStatus)  # refused
    async def answer(reply: ButtonReply) -> None:
        await connectly(reply)


async def connectly(reply: ButtonReply) -> None:
    pass


def sandbox_server(server: SandboxServer) -> None:
    server.customer("+16044441111").says()  # refused
    server.customer("+16044441111").says("Hi", to="+14151111234")  # refused
    server.assert_sent_once(parameters=7)  # refused
    server.advance("1 h")  # refused
    server.url = "http://127.0.0.1"  # refused
