"""Whether a topic's registration is as it should be, for `Registrations.ensure`. Pure.

The service writes what was never set as null or as a zero value, and channels and filters in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connectly_api.errors import InvalidInputError
from connectly_api.lowlevel import models
from connectly_api.results import WebhookRegistration
from connectly_api.wire.unset import Unset
from connectly_api.wire.writing import drop_unspecified

_TYPE: Final = "custom"
_FIELD: Final = "campaign_name"
"""The service's defaults."""


def find_registration(
    registrations: Iterable[WebhookRegistration], topic: str, address: str
) -> WebhookRegistration | None:
    """Return a topic's registration; of several, which the service does not document, the one with the address.

    Raises:
        InvalidInputError: There are several, and none has the address.
    """
    found = [one for one in registrations if one.topic == topic and one.id]
    here = [one for one in found if one.address == address]
    if len(found) > 1 and not here:
        raise InvalidInputError(
            f"topic: it has {len(found)} registrations, none of them with this address; delete those that are no longer"
            " needed, then call again",
            field="topic",
        )
    return next(iter(here or found), None)


def is_different(found: WebhookRegistration, wanted: models.CreateWebhookRequest) -> bool:
    """Return whether a registration must be updated to be as wanted; what is unset there may be anything.

    Raises:
        InvalidInputError: It has another type, which an update cannot change.
    """
    if not isinstance(wanted.type_, Unset) and (drop_unspecified(found.type) or _TYPE) != wanted.type_:
        raise InvalidInputError(
            "type: the topic's registration has another type, which no update changes; delete it, then call again",
            field="type",
        )
    configuration = wanted.configuration or models.WebhookConfiguration()
    echo, channels, filters = configuration.echo, configuration.channel_types, configuration.filters
    return (
        found.address != wanted.address
        or not isinstance(configuration.webengage_configuration, Unset)
        or not (isinstance(echo, Unset) or echo == bool(found.echo))
        or not (isinstance(channels, Unset) or set(channels) == set(filter(drop_unspecified, found.channel_types)))
        or not (
            isinstance(filters, Unset)
            or {(one.field, one.expression) for one in filters}
            == {(one.field or _FIELD, one.expression) for one in found.filters}
        )
    )
