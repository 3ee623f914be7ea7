"""A call of every method of the facade, as data: with each of its parameters in one case at least."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Final, get_args

import attrs

import connectly_api
from connectly_api import (
    Button,
    Connectly,
    Document,
    Image,
    Location,
    Parameter,
    ProductSection,
    Recipient,
    Row,
    Section,
    Template,
    Text,
    Video,
    Webengage,
    WebhookFilter,
)
from connectly_api.lowlevel import ChannelType, Topic, WebhookType
from connectly_api.send_request import SendOptions
from tests.contract.service_file import find_place

__all__ = [
    "BSUID", "CASES", "COMPOUND", "CREATE", "CUSTOMER", "DELETE", "LIST", "OPTIONS", "SEND", "SENDS_NOTHING",
    "SEND_TEMPLATE", "UPDATE", "WEBHOOK_ID", "Case", "public_methods",
]  # fmt: skip

CUSTOMER: Final = "+16044441111"
BSUID: Final = "US.13491208655302741918"
URL: Final = "https://example.com/file"
SEND: Final = str(find_place("send_message"))
SEND_TEMPLATE: Final = str(find_place("send_whatsapp_templated_message"))
CREATE: Final = str(find_place("create_webhook"))
UPDATE: Final = str(find_place("update_webhook"))
LIST: Final = str(find_place("get_webhooks"))
DELETE: Final = str(find_place("delete_webhook"))

WEBHOOK_ID: Final = "<the id of a registration>"
"""Stands for an id that only the service knows."""

SENDS_NOTHING: Final[Mapping[str, str]] = {
    "aclose": "closes connections",
    "from_env": "makes a client",
    "with_sender": "makes a view",
}
"""The methods that make no request, and what they do instead."""

COMPOUND: Final[Mapping[str, str]] = {"reply": "sends", "webhooks.ensure": "lists, and creates or updates"}
"""The methods, or what their names start with, whose requests are those of other methods, and what they do."""

OPTIONS: Final = frozenset(SendOptions.__annotations__)
"""The keywords that every way of sending takes."""

_OPTIONS: Final[Mapping[str, Any]] = {
    "sender": "+14151111234",
    "callback_data": {"order_id": "12345", "items": [1, 2.5, None, True, "ü"]},
    "campaign_name": "spring",
    "channel_type": "whatsapp",
    "timeout": 20.0,
}
_FREE_FORM: Final[Mapping[str, Any]] = {**_OPTIONS, "otherwise": Template("welcome", "en")}


@attrs.frozen
class Case:
    """One call.

    Attributes:
        method: The method's path below the client: `send_text`, `webhooks.create`.
        operation: What the request must be: method and path, with `{}` in the place of ids.
        args: By position.
        options: By name.
        registered: What the registration that it needs is created with.
    """

    method: str
    operation: str
    args: tuple[Any, ...] = attrs.field(default=(), repr=False)
    options: Mapping[str, Any] = attrs.field(factory=dict)
    registered: Mapping[str, Any] = attrs.field(factory=dict)

    def __str__(self) -> str:
        """Name the case in a test's id."""
        return f"{self.method}({', '.join(self.options)})"

    @property
    def is_read(self) -> bool:
        """Whether the service is the same afterwards."""
        return self.operation.startswith("GET ")

    @property
    def needs_registration(self) -> bool:
        """Whether the call is about a registration."""
        return WEBHOOK_ID in self.args

    async def run(self, connectly: Connectly) -> object:
        """Make the call, after creating the registration that it needs."""
        created = ""
        if self.needs_registration:
            created = (await connectly.webhooks.create("messages", "https://example.com", **self.registered)).id
        return await self.call(connectly, created)

    async def call(self, connectly: Connectly, webhook_id: str) -> object:
        """Make the call."""
        args = [webhook_id if value == WEBHOOK_ID else value for value in self.args]
        answer: Awaitable[object] = attrgetter(self.method)(connectly)(*args, **self.options)
        return await answer

    def parameters(self) -> set[str]:
        """Return the names of the parameters that the call gives."""
        signature = inspect.signature(attrgetter(self.method)(_client()))
        bound = signature.bind(*self.args, **self.options).arguments
        return set(bound) - {"options"} | set(bound.get("options", {}))


def _send(method: str, *args: Any, recipient: Any = CUSTOMER, **options: Any) -> Case:
    return Case(method, SEND, (recipient, *args), options)


def _template(method: str, *args: Any, recipient: Any = CUSTOMER, **options: Any) -> Case:
    return Case(method, SEND_TEMPLATE, (recipient, *args), options)


def _register(*args: Any, **options: Any) -> Case:
    return Case("webhooks.create", CREATE, args, options)


def _update(*, registered: Mapping[str, Any] | None = None, **options: Any) -> Case:
    return Case("webhooks.update", UPDATE, (WEBHOOK_ID,), options, registered=registered or {})


_SECTIONS: Final = (
    Section("Sizes", [Row("s", "Small"), Row("l", "Large", "a bit more")]),
    Section("More", [Row("m", "M")]),
)
_SHELVES: Final = (ProductSection("New", ["sku-1", "sku-2"]), ProductSection("Old", ["sku-3"]))
_BUTTONS: Final = (Button("yes", "Yes, please"), Button("no", "Another day"))
_WEBENGAGE: Final = Webengage("token", "https://example.com")
_TEXTS: Final = {"footer": "Thank you", "header": "Your order"}

CASES: Final = (
    _send("send", Text("Hello!"), **_FREE_FORM),
    _send("send", Text("Hello!"), channel_type="sms"),
    _send("send", Location(37.7749, -122.4194), recipient=Recipient(CUSTOMER, BSUID, "Ann")),
    _template("send", Template("welcome", "en"), **_OPTIONS),
    _template("send", Template("welcome", "en", body=[]), recipient=BSUID),
    _send("send_text", "Hello!", **_FREE_FORM),
    _send("send_image", URL, caption="Look!", **_FREE_FORM),
    _send("send_video", URL, caption="Look!", **_FREE_FORM),
    _send("send_audio", URL, **_FREE_FORM),
    _send("send_document", URL, filename="bill.pdf", caption="Your bill", **_FREE_FORM),
    _send("send_location", 37.7749, -122.4194, name="San Francisco", address="123 Main St", **_FREE_FORM),
    _send("send_list", "Choose", _SECTIONS, text="What size?", **_TEXTS, **_FREE_FORM),
    _send("send_list", "Choose", [Section(None, [Row("s", "Small")])]),
    _send("send_reply_buttons", "Friday?", _BUTTONS, **_TEXTS, **_FREE_FORM),
    _send("send_reply_buttons", "Friday?", _BUTTONS, header=Image(URL)),
    _send("send_reply_buttons", "Friday?", _BUTTONS, header=Video(URL)),
    _send("send_reply_buttons", "Friday?", _BUTTONS, header=Document(URL, "bill.pdf")),
    _send("send_product", "catalog-1", "sku-1", text="This one", footer="Thank you", **_FREE_FORM),
    _send("send_product_list", "These", "catalog-1", _SHELVES, **_TEXTS, **_FREE_FORM),
    _template("send_template", "shipped", "en", body=["Ann"], header_text="Hi", button_urls=[None, "x"], **_OPTIONS),
    _template("send_template", "shipped", "en", header_image=URL, parameters={"card_1": "x"}),
    _template("send_template", "shipped", "en", header_video=URL, parameters=[Parameter("card_1", "x", "x.pdf")]),
    _template("send_template", "shipped", "en", header_document=(URL, "bill.pdf")),
    Case("webhooks.list", LIST, options={"timeout": 20.0}),
    *(_register(topic, f"https://example.com/{topic}") for topic in get_args(Topic)),
    *(
        _register("messages", "https://example.com/hook?a=b", type=type_, echo=True, timeout=20.0)
        for type_ in get_args(WebhookType)
        if type_ != "webengage"
    ),
    _register("messages", "https://example.com", type="webengage", webengage=_WEBENGAGE),
    _register("messages", "https://example.com", channel_types=get_args(ChannelType), filters=[WebhookFilter("a-*")]),
    _update(address="https://example.com/v2", echo=False, timeout=20.0),
    _update(channel_types=["whatsapp"], filters=[]),
    _update(registered={"type": "webengage"}, webengage=_WEBENGAGE),
    Case("webhooks.delete", DELETE, (WEBHOOK_ID,), {"timeout": 20.0}),
)


def public_methods() -> Iterator[str]:
    """Yield the path of every public method of the facade: the client's, and of the public values that it holds.

    Its transport is the low-level functions' business, and no public name.
    """
    client = _client()
    holders: dict[str, object] = {"": client}
    for name, value in inspect.getmembers(client):
        if not name.startswith("_") and type(value).__name__ in connectly_api.__all__:
            holders[f"{name}."] = value
    for path, holder in holders.items():
        for name, _ in inspect.getmembers(holder, inspect.isroutine):
            if not name.startswith("_"):
                yield f"{path}{name}"


def _client() -> Connectly:
    return Connectly(api_key="k", business_id="b")
