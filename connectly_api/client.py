"""`Connectly`, the client."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack, get_args

from connectly_api.content.basic import Audio, Document, Image, Location, Text, Video
from connectly_api.content.interactive import Button, ListMessage, ReplyButtons, Section
from connectly_api.content.limits import Limits
from connectly_api.content.parts import Header
from connectly_api.content.products import Product, ProductList, ProductSection
from connectly_api.content.template import Parameter, Template
from connectly_api.errors import ConnectlyError, InvalidInputError, OutsideWindowError, UnexpectedResponseError
from connectly_api.keywords import check_keywords, list_keywords, suggest_sync_keywords
from connectly_api.recipients import Phone, Recipient, RecipientLike, SenderLike, to_recipient, to_sender
from connectly_api.replies import Replies
from connectly_api.reply_options import build_reply_options
from connectly_api.results import SentMessage
from connectly_api.send_request import (
    Content,
    Message,
    SendOptions,
    build_fallback_request,
    build_request,
    check_options,
)
from connectly_api.setting_rules import check_kind, name_origin
from connectly_api.tracebacks import cut_traceback
from connectly_api.transport.adapters.auto import TransportName, to_transport
from connectly_api.transport.attempt_outcome import fail_unsent
from connectly_api.transport.endpoint import PRODUCTION, read_proxy_from_environment
from connectly_api.transport.pacing import PacedTransport, PaceLike, apply_pace
from connectly_api.transport.pipeline import Pipeline
from connectly_api.transport.protocol import Answer, Request, Timeouts, Transport
from connectly_api.transport.retry import Retry
from connectly_api.transport.tls import Tls
from connectly_api.unknown_outcomes import add_unknown_outcome, begin_call, end_call
from connectly_api.window_advice import is_window_closed
from connectly_api.wire.parameters import encode_path_segment

if TYPE_CHECKING:
    from connectly_api.conversations import Conversations
    from connectly_api.drift import DriftMonitor
    from connectly_api.lowlevel.models import SendMessageResponse
    from connectly_api.registrations import Registrations
    from connectly_api.telemetry import Telemetry
    from connectly_api.webhooks.events import Event


class Connectly(Replies):
    """An async client of Connectly's Message API, for one business.

    It connects at the first call and keeps its connections until `aclose`, or the end of its `async with` block. One
    client serves any number of tasks of one event loop, asyncio's or Trio's.

    Attributes:
        business_id: The business.
        transport: The first argument of the functions in `connectly_api.lowlevel`.
    """

    @cut_traceback
    @suggest_sync_keywords
    def __init__(
        self,
        *,
        api_key: str,
        business_id: str,
        sender: SenderLike | None = None,
        base_url: str = PRODUCTION,
        transport: Transport | TransportName = "auto",
        proxy: str | None = None,
        tls: Tls | None = None,
        timeouts: Timeouts | None = None,
        retry: Retry | None = None,
        limits: Limits = "strict",
        pace: PaceLike = "off",
        max_in_flight: int | None = None,
        telemetry: Telemetry | None = None,
        drift: DriftMonitor | None = None,
        conversations: Conversations | None = None,
    ) -> None:
        """Check the settings, without any I/O.

        Args:
            api_key: From the service's dashboard. It is sent as `X-API-Key` and never shown.
            business_id: The business's id, which is part of every URL.
            sender: The default sender, one of the business's numbers. Not needed if it has only one.
            base_url: `https://…`, or `http://` to loopback for the sandbox.
            transport: `auto` uses pyreqwest if the extra `fast` is installed and the event loop is asyncio's, and httpx
                otherwise. `httpx` and `pyreqwest` select one. Or pass an adapter of your own, which the client closes.
            proxy: The `http://`, `https://` or `socks5://` URL of a proxy. Only `from_env` reads the environment.
            tls: Additional certificate authorities to trust.
            timeouts: Seconds for the whole call, for connecting, and between bytes; by default 30, 5 and 20.
            retry: How many attempts to make where a call cannot take effect twice; by default three.
            limits: What to do about WhatsApp's limits on content. `strict` raises before sending, `warn` warns and
                sends, `off` sends.
            pace: `on` keeps to the documented rates for endpoints, numbers and customers, a `Pace` to your own; a
                `RedisPace` or `PostgresPace` is kept by several processes together. Waiting counts towards a call's
                timeout.
            max_in_flight: The maximum number of requests at the same time; further ones wait in order.
            telemetry: Spans and metrics, from `connectly_api.telemetry` (extra `otel`).
            drift: Reports what the service sends beyond its documentation, from `connectly_api.drift`.
            conversations: Remembers until when each window is open, from `connectly_api.conversations`. Where one is
                known to be closed, `otherwise` is sent at once.

        Raises:
            InvalidInputError: A setting is invalid.
            InvalidSenderError: The sender is not a phone number.
        """
        if limits not in get_args(Limits):
            raise InvalidInputError(f"limits: must be one of {', '.join(get_args(Limits))}", field="limits")
        check_kind("timeouts", timeouts, Timeouts, "a Timeouts value, Timeouts(total=…)")
        check_kind("retry", retry, Retry, "a Retry value, Retry(attempts=…)")
        check_kind("telemetry", telemetry, ("wrap_transport", "trace_call"), "a Telemetry value")
        check_kind("drift", drift, ("watch_response",), "a DriftMonitor value")
        check_kind("conversations", conversations, ("closes_at", "is_open"), "a Conversations value")
        encode_path_segment("business_id", business_id)
        self.business_id = business_id
        self._sender = None if sender is None else to_sender(sender)
        self._limits: Limits = limits
        self._conversations = conversations
        self._is_view = False
        paced = apply_pace(
            to_transport(transport, proxy=proxy, tls=tls),
            pace,
            max_in_flight,
            business_id=business_id,
            api_key=api_key,
        )
        self._is_paced = isinstance(paced, PacedTransport)
        self.transport = Pipeline(
            paced,
            api_key=api_key,
            base_url=base_url,
            timeouts=timeouts,
            retry=retry,
            telemetry=telemetry,
            drift=drift,
        )

    @classmethod
    @cut_traceback
    def from_env(cls, **settings: Any) -> Self:  # noqa: ANN401 (the constructor's own keywords)
        """Create a client from environment variables. Nothing else in this package reads the environment.

        `CONNECTLY_API_KEY` and `CONNECTLY_BUSINESS_ID` are required, `CONNECTLY_SENDER` and `CONNECTLY_BASE_URL` are
        optional. The usual proxy variables (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) are honoured.

        Args:
            **settings: The constructor's keyword arguments, which take precedence over the environment.

        Raises:
            InvalidInputError: A required variable is missing or empty, or a setting is invalid. The error names the
                variable that the setting came from.
            TypeError: The constructor has no such argument; the error suggests the closest name.
        """
        check_keywords(settings, list_keywords(cls))
        names = {
            "api_key": "CONNECTLY_API_KEY",
            "business_id": "CONNECTLY_BUSINESS_ID",
            "sender": "CONNECTLY_SENDER",
            "base_url": "CONNECTLY_BASE_URL",
        }
        found = {name: os.environ[variable] for name, variable in names.items() if os.environ.get(variable)}
        merged: dict[str, Any] = {**found, **settings}
        for name in ("api_key", "business_id"):
            if name not in merged:
                raise InvalidInputError(f"{names[name]}: is not set", field=names[name])
        origins = {name: names[name] for name in found if name not in settings}
        if "proxy" not in merged and isinstance(merged.get("transport", "auto"), str):
            proxy = read_proxy_from_environment(merged.get("base_url", PRODUCTION))
            if proxy is not None:
                merged["proxy"], origins["proxy"] = proxy
        try:
            return cls(**merged)
        except InvalidInputError as error:
            raise name_origin(error, origins) from None

    @cached_property
    def webhooks(self) -> Registrations:
        """The business's webhook registrations."""
        # Imported here, because most programs only send.
        with fail_unsent():
            from connectly_api.registrations import Registrations  # noqa: PLC0415

        return Registrations(self.transport, self.business_id)

    @cut_traceback
    def with_sender(self, sender: SenderLike | None) -> Self:
        """Return a view of this client with another default sender, on the same connections.

        Closing a view does nothing; closing the client closes the connections of its views, too.

        Args:
            sender: The number, or None for no default.

        Raises:
            InvalidSenderError: The sender is not a phone number.
        """
        view = copy.copy(self)
        view._sender = None if sender is None else to_sender(sender)  # noqa: SLF001 (a copy of this object)
        view._is_view = True  # noqa: SLF001 (likewise)
        return view

    def __repr__(self) -> str:
        """Show the business and the base URL, but neither the key nor the sender's whole number."""
        return f"Connectly(business_id={self.business_id!r}, sender={self._sender!r}, transport={self.transport!r})"

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. Calling it again, or on a view, does nothing.

        Raises:
            UsageError: Called from another event loop than the client's.
        """
        if not self._is_view:
            await self.transport.aclose()

    @cut_traceback
    async def send(self, recipient: RecipientLike, content: Content, **options: Unpack[SendOptions]) -> SentMessage:
        """Send any kind of content.

        Free-form content reaches a customer who wrote within the last 24 hours; a `Template` reaches every customer.
        A request is retried only if the service provably did not accept it, so no message is sent twice.

        Args:
            recipient: A string of `+` and digits, a BSUID, a `Phone`, a `Bsuid`, or a `Recipient` with both.
            content: A `Text`, `Image`, …, or `Template`.
            **options: `sender`, `callback_data`, `campaign_name`, `channel_type`, `timeout`, `otherwise`; see
                `SendOptions`.

        Returns:
            The accepted message. Its delivery statuses tell you what happens to it.

        Raises:
            TypeError: There is no such option; the error suggests the closest name.
            InvalidRecipientError: The recipient is neither a phone number nor a BSUID.
            InvalidSenderError: The sender is not a phone number.
            InvalidContentError: The content breaks limits; the error lists all of them.
            CallbackDataTooLongError: The callback data has more than 1024 bytes.
            InvalidInputError: Another argument is invalid. All errors up to here are raised before any I/O.
            UsageError: The client is closed, or belongs to another event loop.
            NotSentError: The request never left this machine. It is safe to send the message again.
            RateLimitError: Too many requests (429); nothing was accepted. Send it again later.
            OutsideWindowError: The customer has not written for 24 hours. Send a template, or pass one as `otherwise`.
            RequestRejectedError: The service rejected the request; the subclasses say why.
            AuthenticationError: The API key is not valid.
            OutcomeUnknownError: The request left, but no response arrived. The message may have been delivered.
            ServerError: The service failed (5xx). The message may have been delivered.
            UnexpectedResponseError: The service accepted the message, but the response has no id.
            ApiError: Any other response that is not 2xx.
        """
        check_options(options, content)
        running = begin_call("send")
        try:
            await self.transport.take_turn()
            to = to_recipient(recipient)
            sender, channel_type = options.get("sender"), options.get("channel_type")
            message = Message(
                recipient=to,
                content=content,
                sender=self._sender if sender is None else to_sender(sender),
                callback_data=options.get("callback_data"),
                campaign_name=options.get("campaign_name"),
                channel_type="whatsapp" if channel_type is None else channel_type,
                otherwise=options.get("otherwise"),
            )
            with fail_unsent():
                request = build_request(self.business_id, message, self._limits, with_rate_keys=self._is_paced)
            if message.otherwise is not None:
                return await self._send_either(message, request, message.otherwise, options.get("timeout"))
            return _to_sent_message(request, await self.transport.send(request, timeout=options.get("timeout")), to)
        finally:
            end_call(running)

    async def _send_either(
        self, message: Message, request: Request[SendMessageResponse], otherwise: Template, timeout: float | None
    ) -> SentMessage:
        """Send a message's content or, if the customer's window is closed, its template, within one timeout."""
        budget = self.transport.start_budget(timeout)
        with fail_unsent():
            fallback = build_fallback_request(self.business_id, message, otherwise, with_rate_keys=self._is_paced)
        to, refusal = message.recipient, None
        if self._conversations is None or not await is_window_closed(
            self._conversations, to, message.sender, budget.get_remaining(request.operation)
        ):
            try:
                seconds = budget.get_remaining(request.operation)
                return _to_sent_message(request, await self.transport.send(request, timeout=seconds), to)
            except OutsideWindowError as error:
                refusal = error
        try:
            seconds = budget.get_remaining(fallback.operation)
            answer = await self.transport.send(fallback, timeout=seconds)
            return _to_sent_message(fallback, answer, to, is_fallback=True)
        except ConnectlyError as error:
            raise error from refusal

    @cut_traceback
    async def reply(self, event: Event, content: Content, **options: Unpack[SendOptions]) -> SentMessage:
        """Send any kind of content to the customer whom an event is about.

        Unless the options say otherwise, it comes from the number that the customer wrote to (from the client's default
        if that number cannot be read), and goes through the event's channel.

        Args:
            event: An event, as handlers get it, `Echo` and `ReportReady` apart.
            content: A `Text`, `Image`, …, or `Template`.
            **options: As for `send`.

        Raises:
            InvalidRecipientError: The event names no customer who can be read. Raised before any I/O.
            InvalidInputError: The event is one of the business's own messages, which would be a loop, or comes from a
                channel that is not known. Raised before any I/O.
            ConnectlyError: As for `send`.
        """
        recipient, completed = build_reply_options(event, options)
        return await self.send(recipient, content, **completed)

    @cut_traceback
    async def send_text(self, recipient: RecipientLike, text: str, **options: Unpack[SendOptions]) -> SentMessage:
        """Send a text of 1 to 4096 characters; see `Text` and `send`."""
        return await self.send(recipient, Text(text), **options)

    @cut_traceback
    async def send_image(
        self, recipient: RecipientLike, url: str, *, caption: str | None = None, **options: Unpack[SendOptions]
    ) -> SentMessage:
        """Send an image by its public URL; see `Image` and `send`."""
        return await self.send(recipient, Image(url, caption), **options)

    @cut_traceback
    async def send_video(
        self, recipient: RecipientLike, url: str, *, caption: str | None = None, **options: Unpack[SendOptions]
    ) -> SentMessage:
        """Send a video by its public URL; see `Video` and `send`."""
        return await self.send(recipient, Video(url, caption), **options)

    @cut_traceback
    async def send_audio(self, recipient: RecipientLike, url: str, **options: Unpack[SendOptions]) -> SentMessage:
        """Send an audio file by its public URL; see `Audio` and `send`."""
        return await self.send(recipient, Audio(url), **options)

    @cut_traceback
    async def send_document(
        self,
        recipient: RecipientLike,
        url: str,
        *,
        filename: str | None = None,
        caption: str | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a document by its public URL; see `Document` and `send`."""
        return await self.send(recipient, Document(url, filename, caption), **options)

    @cut_traceback
    async def send_location(
        self,
        recipient: RecipientLike,
        latitude: float,
        longitude: float,
        *,
        name: str | None = None,
        address: str | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a location; see `Location` and `send`."""
        return await self.send(recipient, Location(latitude, longitude, name, address), **options)

    @cut_traceback
    async def send_list(
        self,
        recipient: RecipientLike,
        button: str,
        sections: Iterable[Section],
        *,
        text: str | None = None,
        header: Header | None = None,
        footer: str | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a list from which the customer can pick one row; see `ListMessage` and `send`."""
        return await self.send(recipient, ListMessage(button, sections, text, header, footer), **options)

    @cut_traceback
    async def send_reply_buttons(
        self,
        recipient: RecipientLike,
        text: str,
        buttons: Iterable[Button],
        *,
        header: Header | None = None,
        footer: str | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a text with one to three buttons; see `ReplyButtons` and `send`."""
        return await self.send(recipient, ReplyButtons(text, buttons, header, footer), **options)

    @cut_traceback
    async def send_product(
        self,
        recipient: RecipientLike,
        catalog_id: str,
        product_id: str,
        *,
        text: str | None = None,
        footer: str | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send one product from the catalogue; see `Product` and `send`."""
        return await self.send(recipient, Product(catalog_id, product_id, text, footer), **options)

    @cut_traceback
    async def send_product_list(
        self,
        recipient: RecipientLike,
        text: str,
        catalog_id: str,
        sections: Iterable[ProductSection],
        *,
        header: Header | None = None,
        footer: str | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send several products from the catalogue; see `ProductList` and `send`."""
        return await self.send(recipient, ProductList(text, catalog_id, sections, header, footer), **options)

    @cut_traceback
    async def send_template(
        self,
        recipient: RecipientLike,
        name: str,
        language: str,
        *,
        body: Iterable[str] | None = None,
        header_text: str | None = None,
        header_image: str | None = None,
        header_video: str | None = None,
        header_document: str | tuple[str, str] | None = None,
        button_urls: Iterable[str | None] | None = None,
        parameters: Mapping[str, str] | Iterable[Parameter] | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a template, which reaches every customer; see `Template` and `send`."""
        template = Template(
            name,
            language,
            body=body,
            header_text=header_text,
            header_image=header_image,
            header_video=header_video,
            header_document=header_document,
            button_urls=button_urls,
            parameters=parameters,
        )
        return await self.send(recipient, template, **options)


def get_default_sender(client: Connectly) -> Phone | None:
    """Return the number that a client sends from by default."""
    return client._sender  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (its own module)


def _to_sent_message(
    request: Request[SendMessageResponse],
    answer: Answer[SendMessageResponse],
    recipient: Recipient,
    *,
    is_fallback: bool = False,
) -> SentMessage:
    if not answer.value.id:
        error = UnexpectedResponseError(
            f"{request.operation}: accepted, but the response has no message id",
            status=answer.response.status,
            headers=answer.response.headers,
            body=answer.response.body,
        )
        add_unknown_outcome(error)
        raise error
    return SentMessage(answer.value.id, recipient, answer.response, is_fallback)
