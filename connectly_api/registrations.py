"""Webhook registrations: which events the service posts to which URL. `connectly.webhooks` is a `Registrations`.

Source: https://docs.connectly.ai (webhook API). There is one URL for each topic. An update is partial and cannot change
the topic. A deletion cannot be undone. An unknown id is a 404. Creating a registration for a topic that has one is a
409 according to one page, and replaces it according to another.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, get_args

import attrs

from connectly_api.content.fields import to_tuple
from connectly_api.errors import ConflictError, InvalidInputError, NotFoundError, UnexpectedResponseError
from connectly_api.keywords import suggest_keywords
from connectly_api.lowlevel import models
from connectly_api.lowlevel.api.webhook_service import create_webhook, delete_webhook, get_webhooks, update_webhook
from connectly_api.lowlevel.models import ChannelType, Topic, WebhookType
from connectly_api.registration_match import find_registration, is_different
from connectly_api.results import CreatedWebhook, EnsuredWebhook, WebhookFilter, WebhookRegistration
from connectly_api.setting_rules import check_kind, check_name, check_string
from connectly_api.tracebacks import cut_init_traceback, cut_traceback
from connectly_api.transport.attempt_outcome import fail_unsent
from connectly_api.transport.endpoint import find_address_problem
from connectly_api.transport.pipeline import Pipeline
from connectly_api.transport.protocol import Response
from connectly_api.web_address import find_web_address_problem
from connectly_api.wire.unset import UNSET, Unset

_MOST_ROUNDS: Final = 3
"""How often `ensure` looks at what is there, if other processes change it meanwhile."""


@cut_init_traceback
@attrs.frozen
class Webengage:
    """Where a registration of type `webengage` forwards events.

    Attributes:
        token: WebEngage's token; hidden in the repr.
        webhook_url: WebEngage's URL; hidden in the repr.
    """

    token: str = attrs.field(repr=False)
    webhook_url: str = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        """Check both.

        Raises:
            InvalidInputError: The token is empty or has white space around it, or the URL is invalid.
        """
        check_name("token", self.token)
        check_string("webhook_url", self.webhook_url)
        if (problem := find_web_address_problem(self.webhook_url)) is not None:
            raise InvalidInputError(f"webhook_url: {problem}", field="webhook_url", size=len(self.webhook_url))


class Registrations:
    """The webhook registrations of one business."""

    def __init__(self, transport: Pipeline, business_id: str) -> None:
        """Use a client's transport."""
        self._transport = transport
        self._business_id = business_id

    @cut_traceback
    @suggest_keywords
    async def ensure(
        self,
        topic: Topic,
        address: str,
        *,
        type: WebhookType | None = None,  # noqa: A002 (the wire's own word, as keyword only)
        echo: bool | None = None,
        channel_types: Iterable[ChannelType] | None = None,
        filters: Iterable[WebhookFilter] | None = None,
        webengage: Webengage | None = None,
        timeout: float | None = None,
    ) -> EnsuredWebhook:
        """Make a topic's registration be as given: create it, update it, or leave it alone.

        Meant for every start of a program and every deployment, also of several processes at once. Whatever error it
        raises, calling it again is safe: it looks first at what is there. Arguments that you leave out stay as they
        are; in a new registration, they are the service's defaults.

        Args:
            topic: `messages`, `delivery_status` or `report`.
            address: A public `https://` URL; `http://` to loopback for the sandbox.
            type: `custom`, `zapier`, `webengage` or `integromat_make`.
            echo: Whether the business's own outbound messages are delivered, too.
            channel_types: The channels; an empty list means all.
            filters: Filters by campaign; an empty list means all campaigns.
            webengage: For the type `webengage` only. It cannot be read back, so it is always updated.
            timeout: Seconds for all requests together; by default the client's.

        Raises:
            InvalidInputError: An argument is invalid, raised before any I/O; or the registration has another type, or
                the topic has several registrations with other addresses, raised before anything is changed.
            ConnectlyError: As for every call; see `connectly_api.errors`.
        """
        with fail_unsent():
            configuration = _build_configuration(echo, channel_types, filters, webengage)
            wanted = _build_creation(topic, address, type, configuration)
        budget = self._transport.start_budget(timeout)
        rounds = 0
        while True:
            rounds += 1
            registrations = await self.list(timeout=budget.get_remaining("get_webhooks"))
            found = find_registration(registrations, topic, address)
            if found is not None and not is_different(found, wanted):
                return EnsuredWebhook(found.id, "unchanged")
            try:
                if found is None:
                    created = await self._create(wanted, budget.get_remaining("create_webhook"))
                    return EnsuredWebhook(created.id, "created")
                body = models.UpdateWebhookRequest(address=wanted.address, configuration=wanted.configuration)
                await self._update(found.id, body, budget.get_remaining("update_webhook"))
                return EnsuredWebhook(found.id, "updated")
            except (ConflictError, NotFoundError):
                # Another process was faster: it created the registration, or replaced the one that was found.
                if rounds == _MOST_ROUNDS:
                    raise

    @cut_traceback
    @suggest_keywords
    async def create(
        self,
        topic: Topic,
        address: str,
        *,
        type: WebhookType | None = None,  # noqa: A002 (the wire's own word, as keyword only)
        echo: bool | None = None,
        channel_types: Iterable[ChannelType] | None = None,
        filters: Iterable[WebhookFilter] | None = None,
        webengage: Webengage | None = None,
        timeout: float | None = None,
    ) -> CreatedWebhook:
        """Register a URL for a topic.

        Args:
            topic: `messages`, `delivery_status` or `report`.
            address: A public `https://` URL; `http://` to loopback for the sandbox.
            type: By default the service's, `custom`.
            echo: Whether the business's own outbound messages are delivered, too.
            channel_types: The channels; by default all.
            filters: Filters by campaign; by default all campaigns.
            webengage: For the type `webengage` only.
            timeout: Seconds for the whole call; by default the client's.

        Raises:
            InvalidInputError: An argument is invalid. Raised before any I/O.
            ConflictError: The topic has a registration already (see the module's note).
            UnexpectedResponseError: The service accepted it, but the response has no id.
            ConnectlyError: As for every call; see `connectly_api.errors`.
        """
        with fail_unsent():
            configuration = _build_configuration(echo, channel_types, filters, webengage)
            body = _build_creation(topic, address, type, configuration)
        return await self._create(body, timeout)

    async def _create(self, body: models.CreateWebhookRequest, timeout: float | None) -> CreatedWebhook:
        request = create_webhook.request(self._business_id, body=body)
        answer = await self._transport.send(request, timeout=timeout)
        if not answer.value.id:
            raise UnexpectedResponseError(
                "create_webhook: accepted, but the response has no id; list the registrations to find it",
                status=answer.response.status,
                headers=answer.response.headers,
                body=answer.response.body,
            )
        return CreatedWebhook(answer.value.id, answer.response)

    @cut_traceback
    @suggest_keywords
    async def list(self, *, timeout: float | None = None) -> tuple[WebhookRegistration, ...]:
        """Return all registrations, in the service's order.

        Args:
            timeout: Seconds for the whole call; by default the client's.

        Raises:
            ConnectlyError: As for every call; see `connectly_api.errors`.
        """
        answer = await self._transport.send(get_webhooks.request(self._business_id), timeout=timeout)
        entity = answer.value.entity
        return tuple(map(_to_registration, entity.webhooks or ())) if entity else ()

    @cut_traceback
    @suggest_keywords
    async def update(
        self,
        webhook_id: str,
        *,
        address: str | None = None,
        echo: bool | None = None,
        channel_types: Iterable[ChannelType] | None = None,
        filters: Iterable[WebhookFilter] | None = None,
        webengage: Webengage | None = None,
        timeout: float | None = None,
    ) -> Response:
        """Change a registration. Arguments that you leave out stay as they are; the topic cannot change.

        Args:
            webhook_id: The registration's id.
            address: A public `https://` URL.
            echo: Whether the business's own outbound messages are delivered, too.
            channel_types: The channels.
            filters: Filters by campaign; an empty list removes them all.
            webengage: For the type `webengage` only.
            timeout: Seconds for the whole call; by default the client's.

        Returns:
            The raw response, whose content is not documented.

        Raises:
            InvalidInputError: An argument is invalid, or there is nothing to change. Raised before any I/O.
            NotFoundError: There is no such registration.
            ConnectlyError: As for every call; see `connectly_api.errors`.
        """
        if address is not None:
            _check_address(address)
        with fail_unsent():
            configuration = _build_configuration(echo, channel_types, filters, webengage)
            if address is None and not configuration:
                raise InvalidInputError("address: there is nothing to change", field="address")
            body = models.UpdateWebhookRequest(
                address=UNSET if address is None else address, configuration=configuration
            )
        return await self._update(webhook_id, body, timeout)

    async def _update(self, webhook_id: str, body: models.UpdateWebhookRequest, timeout: float | None) -> Response:
        request = update_webhook.request(self._business_id, webhook_id, body=body)
        return (await self._transport.send(request, timeout=timeout)).response

    @cut_traceback
    @suggest_keywords
    async def delete(self, webhook_id: str, *, timeout: float | None = None) -> Response:
        """Delete a registration. This cannot be undone.

        Args:
            webhook_id: The registration's id.
            timeout: Seconds for the whole call; by default the client's.

        Returns:
            The raw response, which is empty.

        Raises:
            InvalidInputError: The id is invalid. Raised before any I/O.
            NotFoundError: There is no such registration.
            ConnectlyError: As for every call; see `connectly_api.errors`.
        """
        request = delete_webhook.request(self._business_id, webhook_id)
        return (await self._transport.send(request, timeout=timeout)).response


def _build_creation(
    topic: Topic,
    address: str,
    type_: WebhookType | None,
    configuration: models.WebhookConfiguration | Unset,
) -> models.CreateWebhookRequest:
    _check_choice("topic", topic, get_args(Topic))
    _check_address(address)
    if type_ is not None:
        _check_choice("type", type_, get_args(WebhookType))
    return models.CreateWebhookRequest(
        topic=topic,
        address=address,
        type_=UNSET if type_ is None else type_,
        configuration=configuration,
    )


def _check_choice(field: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidInputError(f"{field}: must be one of {', '.join(choices)}", field=field)


def _check_address(value: str) -> None:
    check_string("address", value)
    if (problem := find_address_problem(value, with_query=True)) is not None:
        raise InvalidInputError(f"address: {problem}", field="address", size=len(value))


def _build_configuration(
    echo: bool | None,  # noqa: FBT001 (passed on from a keyword)
    channel_types: Iterable[ChannelType] | None,
    filters: Iterable[WebhookFilter] | None,
    webengage: Webengage | None,
) -> models.WebhookConfiguration | Unset:
    check_kind("echo", echo, bool, "True or False")
    check_kind("webengage", webengage, Webengage, "a Webengage value")
    channels = None if channel_types is None else list(to_tuple(channel_types, "channel_types", is_ordered=False))
    for channel in channels or ():
        _check_choice("channel_types", channel, get_args(ChannelType))
    patterns = None if filters is None else list(to_tuple(filters, "filters", is_ordered=False))
    for index, pattern in enumerate(patterns or ()):
        _check_filter(f"filters[{index}]", pattern)
    if echo is None and channels is None and patterns is None and webengage is None:
        return UNSET
    return models.WebhookConfiguration(
        echo=UNSET if echo is None else echo,
        channel_types=UNSET if channels is None else [*channels],
        filters=UNSET
        if patterns is None
        else [models.WebhookFilter(field=pattern.field, expression=pattern.expression) for pattern in patterns],
        webengage_configuration=UNSET
        if webengage is None
        else models.WebengageConfiguration(
            webengage_token=webengage.token, webengage_webhook_url=webengage.webhook_url
        ),
    )


def _check_filter(path: str, value: object) -> None:
    if not isinstance(value, WebhookFilter):
        raise InvalidInputError(f"{path}: must be a WebhookFilter, not {type(value).__name__}", field=path)
    check_name(f"{path}.field", value.field)
    check_name(f"{path}.expression", value.expression)


def _to_registration(model: models.Webhook) -> WebhookRegistration:
    configuration = model.configuration or models.WebhookConfiguration()
    return WebhookRegistration(
        id=model.id or "",
        topic=model.topic or None,
        address=model.address or None,
        type=model.type_ or None,
        echo=None if isinstance(configuration.echo, Unset) else configuration.echo,
        channel_types=tuple(configuration.channel_types or ()),
        filters=tuple(
            WebhookFilter(pattern.expression or "", pattern.field or "") for pattern in configuration.filters or ()
        ),
    )
