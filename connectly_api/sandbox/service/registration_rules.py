"""The rules of webhook registrations. Pure.

Source: the service's documentation, https://docs.connectly.ai
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from connectly_api.errors import Violation
from connectly_api.json_values import get_object, get_objects, get_text
from connectly_api.sandbox.model.identity import is_loopback
from connectly_api.sandbox.model.records import Registration
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.spec.protojson import encode_compact
from connectly_api.web_address import find_web_address_problem

TOPICS: Final = ("messages", "delivery_status", "report")
_NEEDS_TLS: Final = (
    "must be an https address: http is only for this machine, unless webhooks are delivered anywhere, "
    'with deliver="anywhere" or --deliver anywhere'
)


def check_creation(body: Mapping[str, Any], settings: Settings) -> Iterator[Violation]:
    """Check the body of a registration to create."""
    if not get_text(body, "topic"):
        yield Violation(field="topic", problem="is missing")
    if not get_text(body, "address"):
        yield Violation(field="address", problem="is missing")
    yield from _check(body, get_text(body, "type") or "custom", settings)


def check_update(body: Mapping[str, Any], registration: Registration, settings: Settings) -> Iterator[Violation]:
    """Check the body of an update."""
    if "address" in body and not get_text(body, "address"):
        yield Violation(field="address", problem="is empty")
    yield from _check(body, registration.type, settings)


def build_registration(id: str, body: Mapping[str, Any]) -> Registration:  # noqa: A002  (the field's own name)
    """Build a registration from a valid body; its type is `custom` by default."""
    return Registration(
        id=id,
        topic=get_text(body, "topic"),
        address=get_text(body, "address"),
        type=get_text(body, "type") or "custom",
        configuration=encode_compact(get_object(body, "configuration")).decode(),
    )


def update_registration(registration: Registration, body: Mapping[str, Any]) -> Registration:
    """Apply an update; everything that it leaves out stays, also within the configuration."""
    configuration = {**registration.configuration, **get_object(body, "configuration")}
    return attrs.evolve(
        registration,
        address=get_text(body, "address") or registration.address,
        configuration=encode_compact(configuration).decode(),
    )


def _check(body: Mapping[str, Any], type_: str, settings: Settings) -> Iterator[Violation]:
    address = get_text(body, "address")
    # The service requires public HTTPS; a program under test listens on this machine or in a container, without TLS.
    if address and (problem := find_web_address_problem(address)) is not None:
        yield Violation(field="address", problem=problem)
    elif address and settings.deliver == "local" and not _is_https(address) and not is_loopback(address):
        yield Violation(field="address", problem=_NEEDS_TLS)
    configuration = get_object(body, "configuration")
    if "webengageConfiguration" in configuration and type_ != "webengage":
        yield Violation(field="configuration.webengageConfiguration", problem="goes only with the type webengage")
    for index, rule in enumerate(get_objects(configuration, "filters")):
        path = f"configuration.filters[{index}]"
        if get_text(rule, "field") != "campaign_name":
            yield Violation(field=f"{path}.field", problem="must be campaign_name")
        if not get_text(rule, "expression"):
            yield Violation(field=f"{path}.expression", problem="is missing")


def _is_https(address: str) -> bool:
    return find_web_address_problem(address, ("https",)) is None
