"""Webhook registrations: which events are posted where. `connectly.webhooks` is a `Registrations`.

Source: https://docs.connectly.ai (webhook API): one address per topic; an update is partial and cannot change the
topic; a deletion cannot be undone; an unknown id is answered with 404; creating a topic that exists is answered with
409 on one page, and replaces it on another.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import attrs

from connectly_api.content.basic import many
from connectly_api.errors import InvalidInputError, UnexpectedResponseError
from connectly_api.keywords import name_keywords
from connectly_api.lowlevel import models
from connectly_api.lowlevel.api.webhook_service import create_webhook, delete_webhook, get_webhooks, update_webhook
from connectly_api.lowlevel.models import ChannelType, Topic, WebhookType
from connectly_api.results import CreatedWebhook, WebhookFilter, WebhookRegistration
from connectly_api.setting_rules import check_kind, name_problem
from connectly_api.tracebacks import cut_init_traceback, cut_traceback
from connectly_api.transport.attempt_outcome import fail_unsent
from connectly_api.transport.endpoint import find_address_problem
from connectly_api.transport.pipeline import Pipeline
from connectly_api.transport.protocol import Response
from connectly_api.web_address import web_address_problem
from connectly_api.wire.encoding import UNSET, Unset

__all__ = ["Registrations", "Webengage"]


@cut_init_traceback
@attrs.frozen
class Webengage:
    """Where a registration of type `webengage` passes events on to.

    Attributes:
        token: WebEngage's token; not shown in the repr.
        webhook_url: WebEngage's address.
    """

    token: str = attrs.field(repr=False)
    webhook_url: str = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        """Check both.

        Raises:
            InvalidInputError: The token has white space around it or is empty, or the address is none.
        """
        _check_name("token", self.token)
        _check_string("webhook_url", self.webhook_url)
        if (problem := web_address_problem(self.webhook_url)) is not None:
            raise InvalidInputError(f"webhook_url: {problem}", field="webhook_url", size=len(self.webhook_url))


class Registrations:
    """The webhook registrations of one business."""

    def __init__(self, transport: Pipeline, business_id: str) -> None:
        """Share a client's transport.

        Args:
            transport: The client's.
            business_id: Opaque.
        """
        self._transport = transport
        self._business_id = business_id

    @cut_traceback
    @name_keywords
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
        """Register an address for a topic.

        Args:
            topic: `messages`, `delivery_status` or `report`.
            address: Public `https://` address; `http://` to loopback is for the sandbox.
            type: `custom` is the service's default.
            echo: Whether the business's own outbound messages are delivered too.
            channel_types: Of which channels; all where not given.
            filters: Of which campaigns; all where not given.
            webengage: For the type `webengage` only.
            timeout: Seconds for the whole call; the client's where not given.

        Raises:
            InvalidInputError: An argument is refused, before any I/O.
            ConflictError: The topic is registered already (see the module's note).
            UnexpectedResponseError: Accepted, but the answer holds no id.
            ConnectlyError: As for every call: see `connectly_api.errors`.
        """
        _check_choice("topic", topic, get_args(Topic))
        _check_address(address)
        if type is not None:
            _check_choice("type", type, get_args(WebhookType))
        with fail_unsent():
            body = models.CreateWebhookRequest(
                topic=topic,
                address=address,
                type_=UNSET if type is None else type,
                configuration=_configuration(echo, channel_types, filters, webengage),
            )
        request = create_webhook.request(self._business_id, body=body)
        answer = await self._transport.send(request, timeout=timeout)
        if not answer.value.id:
            raise UnexpectedResponseError(
                "create_webhook: accepted, but the answer holds no id; list the registrations to find it",
                status=answer.response.status,
                headers=answer.response.headers,
                body=answer.response.body,
            )
        return CreatedWebhook(answer.value.id, answer.response)

    @cut_traceback
    @name_keywords
    async def list(self, *, timeout: float | None = None) -> tuple[WebhookRegistration, ...]:
        """Return every registration, in the service's order.

        Args:
            timeout: Seconds for the whole call; the client's where not given.

        Raises:
            ConnectlyError: As for every call: see `connectly_api.errors`.
        """
        answer = await self._transport.send(get_webhooks.request(self._business_id), timeout=timeout)
        entity = answer.value.entity
        return tuple(map(_registration, entity.webhooks or ())) if entity else ()

    @cut_traceback
    @name_keywords
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
        """Change a registration: what is not given stays as it is; the topic cannot change.

        Args:
            webhook_id: The registration's id.
            address: Public `https://` address.
            echo: Whether the business's own outbound messages are delivered too.
            channel_types: Of which channels.
            filters: Of which campaigns; an empty list takes all filters away.
            webengage: For the type `webengage` only.
            timeout: Seconds for the whole call; the client's where not given.

        Returns:
            The raw answer: what it holds is not documented.

        Raises:
            InvalidInputError: An argument is refused, or nothing is to change.
            NotFoundError: No such registration.
            ConnectlyError: As for every call: see `connectly_api.errors`.
        """
        if address is not None:
            _check_address(address)
        with fail_unsent():
            configuration = _configuration(echo, channel_types, filters, webengage)
            if address is None and not configuration:
                raise InvalidInputError("address: nothing to change is given", field="address")
            body = models.UpdateWebhookRequest(
                address=UNSET if address is None else address, configuration=configuration
            )
        request = update_webhook.request(self._business_id, webhook_id, body=body)
        return (await self._transport.send(request, timeout=timeout)).response

    @cut_traceback
    @name_keywords
    async def delete(self, webhook_id: str, *, timeout: float | None = None) -> Response:
        """Delete a registration; this cannot be undone.

        Args:
            webhook_id: The registration's id.
            timeout: Seconds for the whole call; the client's where not given.

        Returns:
            The raw answer, which holds nothing.

        Raises:
            InvalidInputError: The id cannot be one.
            NotFoundError: No such registration.
            ConnectlyError: As for every call: see `connectly_api.errors`.
        """
        request = delete_webhook.request(self._business_id, webhook_id)
        return (await self._transport.send(request, timeout=timeout)).response


def _check_choice(field: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidInputError(f"{field}: must be one of {', '.join(choices)}", field=field)


def _check_string(field: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidInputError(f"{field}: must be a string, not {type(value).__name__}", field=field)


def _check_name(field: str, value: str) -> None:
    _check_string(field, value)
    if (problem := name_problem(value)) is not None:
        raise InvalidInputError(f"{field}: {problem}", field=field, size=len(value))


def _check_address(value: str) -> None:
    _check_string("address", value)
    if (problem := find_address_problem(value, with_query=True)) is not None:
        raise InvalidInputError(f"address: {problem}", field="address", size=len(value))


def _configuration(
    echo: bool | None,  # noqa: FBT001 (three states, passed on as they came)
    channel_types: Iterable[ChannelType] | None,
    filters: Iterable[WebhookFilter] | None,
    webengage: Webengage | None,
) -> models.WebhookConfiguration | Unset:
    check_kind("echo", echo, bool, "True or False")
    check_kind("webengage", webengage, Webengage, "a Webengage value")
    channels = None if channel_types is None else list(many(channel_types, "channel_types", is_ordered=False))
    for channel in channels or ():
        _check_choice("channel_types", channel, get_args(ChannelType))
    patterns = None if filters is None else list(many(filters, "filters", is_ordered=False))
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
    _check_name(f"{path}.field", value.field)
    _check_name(f"{path}.expression", value.expression)


def _registration(model: models.Webhook) -> WebhookRegistration:
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
