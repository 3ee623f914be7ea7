"""Code that users write and that must type-check, under mypy --strict and pyright strict alike."""

from __future__ import annotations

from typing import Literal, TypedDict, assert_never, assert_type

from connectly_api import (
    ApiError,
    Bsuid,
    Button,
    Connectly,
    ConnectlyError,
    CreatedWebhook,
    Document,
    Image,
    Parameter,
    Phone,
    Product,
    ProductSection,
    Recipient,
    Response,
    Retry,
    Row,
    Section,
    SentMessage,
    Template,
    Text,
    Timeouts,
    WebhookFilter,
    WebhookRegistration,
    sync,
)
from connectly_api.conversations import MemoryConversations
from connectly_api.drift import Drift, DriftMonitor
from connectly_api.lowlevel import (
    Message,
    Participant,
    SendMessageRequest,
    SendMessageResponse,
    get_webhooks,
    send_message,
)
from connectly_api.sandbox import AcceptedMessage, Sandbox, SandboxServer, SyncCustomer
from connectly_api.telemetry import Telemetry
from connectly_api.transport import MockTransport, Transport
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.webhooks import (
    ButtonReply,
    DeliveryFailure,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ListReply,
    MemoryStore,
    Reaction,
    ReportReady,
    SQLiteStore,
    StatusTracker,
    Store,
    UnknownEvent,
    WebhookApp,
    decide_failure,
    receive,
)


class Order(TypedDict):
    order_id: str


async def sends(connectly: Connectly) -> None:
    named: dict[str, str] = {"order_id": "1"}
    numbers: list[int] = [1]
    order: Order = {"order_id": "1"}
    for data in (named, numbers, order, ("a", 1)):
        await connectly.send_text("+16044441111", "Hello!", callback_data=data)
    assert_type(await connectly.send_text("+16044441111", "Hello!"), SentMessage)
    await connectly.send_text(Phone.parse("+1 604"), "Hello!", callback_data={"a": [1, 2.5, None, True, {"b": "c"}]})
    await connectly.send_text(Bsuid("US.1"), "Hello!", sender=Phone("+14151111234"), campaign_name="spring")
    await connectly.send(Recipient("+16044441111", Bsuid("US.1")), Text("x"), timeout=5, channel_type="sms")
    await connectly.send("+16044441111", Product("cat", "sku"))
    await connectly.send_image("+16044441111", "https://example.com/a.png", caption=None)
    await connectly.send_reply_buttons("+16044441111", "?", (Button("a", "A"),), header=Document("https://a.example"))
    await connectly.send_list("+16044441111", "Choose", [Section(None, (row for row in [Row("a", "A")]))], header="x")
    await connectly.send_product_list("+16044441111", "t", "cat", [ProductSection(None, ["a"])], header=Image("x"))
    await connectly.send_template("+16044441111", "t", "en", body=("a",), header_document=("https://a.example", "a"))
    await connectly.send_template("+16044441111", "t", "en", button_urls=[None, "x"], parameters={"any": "x"})
    await connectly.send("+16044441111", Template("t", "en", parameters=[Parameter("any", "x", filename="f")]))


async def replies(
    connectly: Connectly,
    event: Event,
    *,
    one: InboundMessage | ButtonReply,
    message: InboundMessage,
    tap: ButtonReply,
    pick: ListReply,
    reaction: Reaction,
    echo: Echo,
    status: DeliveryStatus,
    report: ReportReady,
    unknown: UnknownEvent,
) -> None:
    assert_type(await connectly.reply(event, Text("Hello!")), SentMessage)
    await connectly.reply(one, Text("Hello!"), callback_data={"a": 1}, sender="+14151111234")
    sent = await connectly.reply(message, Text("Hello!"), otherwise=Template("t", "en"))
    assert_type(sent.is_fallback, bool)
    await connectly.reply(tap, Image("https://a.example/a.png"))
    await connectly.reply(pick, Template("t", "en"))
    await connectly.reply(reaction, Text("Hello!"))
    await connectly.reply(echo, Text("Hello!"))
    await connectly.reply(status, Text("Hello!"))
    await connectly.reply(report, Text("Hello!"))
    await connectly.reply(unknown, Text("Hello!"), otherwise=None)
    await connectly.send_text("+16044441111", "Hello!", otherwise=Template("t", "en", body=["a"]))


async def registers(connectly: Connectly) -> None:
    ensured = await connectly.webhooks.ensure("messages", "https://a.example", type="custom", echo=False, filters=[])
    match ensured.action:
        case "created" | "updated" | "unchanged":
            assert_type(ensured.id, str)
        case _:
            assert_never(ensured.action)
    created = await connectly.webhooks.create(
        "messages", "https://a.example", type="custom", channel_types=["whatsapp"], filters=[WebhookFilter("a-*")]
    )
    assert_type(created, CreatedWebhook)
    assert_type(await connectly.webhooks.list(), tuple[WebhookRegistration, ...])
    assert_type(await connectly.webhooks.update(created.id, echo=True), Response)
    await connectly.webhooks.delete(created.id)


def synchronous(event: InboundMessage) -> str:
    with sync.Connectly(
        api_key="key", business_id="biz_1", conversations=sync.SQLiteConversations("conversations.db")
    ) as connectly:
        connectly.send(event.customer.recipient or "+16044441111", Text("Hello!"), otherwise=Template("t", "en"))
        connectly.webhooks.ensure("messages", "https://a.example")
        action: Literal["created", "updated", "unchanged"] = connectly.webhooks.ensure(
            "delivery_status", "https://a.example"
        ).action
        view: sync.Connectly = connectly.with_sender("+14151111234")
        sent: SentMessage = view.reply_text(event, "Hello!", otherwise=Template("t", "en"))
    webhooks = sync.WebhookApp("secret", store=sync.SQLiteStore("webhooks.db"), on_failure=decide_failure)

    @webhooks.on(InboundMessage, ButtonReply)
    def answer(event: InboundMessage | ButtonReply) -> SentMessage | None:
        return webhooks.run_once(event, "answer", lambda: view.reply_text(event, "Hello!"))

    handled: bool = webhooks.handle(event)
    return f"{sent.id} {action} {handled} {answer}"


async def low_level(connectly: Connectly) -> None:
    body = SendMessageRequest(
        recipient=Participant(id="+16044441111", channel_type="whatsapp"), message=Message(text="Hello!")
    )
    response = await send_message(connectly.transport, "biz_1", body=body, timeout=3)
    assert_type(response, SendMessageResponse)
    await get_webhooks(connectly.transport, "biz_1")


def drift(event: Event, path: list[Drift]) -> WebhookApp:
    monitor = DriftMonitor(path.append, telemetry=Telemetry(), limit=10)
    Connectly(api_key="k", business_id="b", drift=DriftMonitor(print))
    Connectly(api_key="k", business_id="b", drift=monitor)
    monitor.watch_event(event)
    for found, count in monitor.counts.items():
        assert_type(found.path, str)
        assert_type(count, int)
        match found.kind:
            case "unknown_field" | "unknown_value" | "other_type" | "others":
                pass
            case _:
                assert_never(found.kind)
    return WebhookApp("secret", drift=monitor)


def errors(error: ConnectlyError) -> None:
    assert_type(error.retry_safe, bool)
    if isinstance(error, ApiError):
        assert_type(error.trace_id, str | None)
        assert_type(error.status, int)


async def settings() -> None:
    adapter: Transport = MockTransport(lambda _: Response(200, (), b""))
    adapter = HttpxTransport(max_connections=5)
    async with Connectly(
        api_key="k",
        business_id="b",
        transport=adapter,
        timeouts=Timeouts(total=1),
        retry=Retry(attempts=1),
        limits="warn",
        conversations=MemoryConversations(),
    ) as connectly:
        assert_type(connectly, Connectly)
        assert_type(connectly.with_sender("+14151111234"), Connectly)


def events(body: bytes) -> str:
    event = receive({"x-connectly-hmac-sha256": "s"}, body, ["old", b"new"])
    assert_type(event, Event)
    receive([(b"x-connectly-hmac-sha256", b"s")], body, "secret")
    assert_type(event.customer.recipient, Recipient | None)
    assert_type(event.business.phone, Phone | None)
    match event:
        case InboundMessage(text=text):
            return text or ""
        case ButtonReply() | Echo() | ReportReady():
            return event.key
        case ListReply(id=row, title=title):
            assert_type(row, str | None)
            return title or ""
        case Reaction(emoji=emoji, is_removed=is_removed):
            assert_type(is_removed, bool)
            return emoji or ""
        case DeliveryStatus(failure=failure):
            assert_type(failure, DeliveryFailure | None)
            tracker, is_new = StatusTracker().advance(event)
            assert_type(tracker, StatusTracker)
            return f"{event.status} {is_new}"
        case UnknownEvent(topic=topic):
            return topic or ""
        case _:
            assert_never(event)


def receiver() -> tuple[WebhookApp, object]:
    store: Store = SQLiteStore("webhooks.db")
    store = MemoryStore()
    app = WebhookApp("secret", store=store, acknowledge="first")

    @app.on(DeliveryStatus)
    async def follow(event: DeliveryStatus) -> str | None:
        return event.status

    @app.on(InboundMessage, ButtonReply)
    def answer(event: InboundMessage | ButtonReply) -> None:
        assert_type(event.text, str | None)

    @app.on(ListReply, Reaction)
    async def choose(event: ListReply | Reaction) -> None:
        assert_type(event.reply_to_id, str | None)

    @app.on(Reaction)
    async def react(event: Reaction) -> bool:
        return event.is_removed

    @app.on(Event)
    @app.on_any
    async def record(event: Event) -> None:
        assert_type(event.key, str)

    return app, (follow, answer, choose, react, record)


async def sandbox() -> AcceptedMessage:
    sandbox = Sandbox()
    ann = sandbox.customer("+16044441111")
    assert_type(await ann.says("Hi"), str)
    assert_type(ann.messages, tuple[AcceptedMessage, ...])
    sandbox.assert_nothing_sent("+16044441111", parameters={"body_1": "Ann"})
    return sandbox.assert_sent_once(template="welcome", parameters=["Ann"], callback_data=None)


def sandbox_server() -> AcceptedMessage:
    with SandboxServer(Sandbox()) as server:
        ann = server.customer("+16044441111")
        assert_type(ann, SyncCustomer)
        assert_type(ann.says("Hi", sender="+14151111234"), str)
        assert_type(ann.opts_out(), None)
        assert_type(ann.changes_phone("+16044442222"), SyncCustomer)
        server.fault("server_error", next=1, status=503)
        server.advance(hours=24)
        assert_type(server.url, str)
        return server.assert_sent_once("+16044441111", text="Hello!")
