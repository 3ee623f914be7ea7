"""Webhook registrations: what is accepted, and what an update keeps. Pure.

Source: the service's documentation, https://docs.connectly.ai
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from connectly_api.errors import Violation
from connectly_api.json_values import get_object, get_objects, get_text
from connectly_api.sandbox.model.identity import is_loopback, is_web_address
from connectly_api.sandbox.model.records import Registration
from connectly_api.sandbox.spec.protojson import encode_compact


def check_creation(body: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what keeps a registration from being created."""
    if not get_text(body, "topic"):
        yield Violation(field="topic", problem="is missing")
    if not get_text(body, "address"):
        yield Violation(field="address", problem="is missing")
    yield from _problems(body, get_text(body, "type") or "custom")


def check_update(body: Mapping[str, Any], registration: Registration) -> Iterator[Violation]:
    """Yield what keeps a registration from being updated."""
    if "address" in body and not get_text(body, "address"):
        yield Violation(field="address", problem="is empty")
    yield from _problems(body, registration.type)


def build_registration(id: str, body: Mapping[str, Any]) -> Registration:  # noqa: A002  (the field's own name)
    """Return a registration without problems; its type is `custom` unless given."""
    return Registration(
        id=id,
        topic=get_text(body, "topic"),
        address=get_text(body, "address"),
        type=get_text(body, "type") or "custom",
        configuration=encode_compact(get_object(body, "configuration")).decode(),
    )


def update_registration(registration: Registration, body: Mapping[str, Any]) -> Registration:
    """Return a registration with what an update gives; all else, within its configuration too, stays."""
    configuration = {**registration.configuration, **get_object(body, "configuration")}
    return attrs.evolve(
        registration,
        address=get_text(body, "address") or registration.address,
        configuration=encode_compact(configuration).decode(),
    )


def _problems(body: Mapping[str, Any], kind: str) -> Iterator[Violation]:
    if (address := get_text(body, "address")) and not _is_deliverable(address):
        yield Violation(field="address", problem="must be an https address; http is taken for this machine alone")
    configuration = get_object(body, "configuration")
    if "webengageConfiguration" in configuration and kind != "webengage":
        yield Violation(field="configuration.webengageConfiguration", problem="goes only with the type webengage")
    for index, rule in enumerate(get_objects(configuration, "filters")):
        path = f"configuration.filters[{index}]"
        if get_text(rule, "field") != "campaign_name":
            yield Violation(field=f"{path}.field", problem="must be campaign_name")
        if not get_text(rule, "expression"):
            yield Violation(field=f"{path}.expression", problem="is missing")


def _is_deliverable(address: str) -> bool:
    """The service wants public HTTPS; a program under test listens without TLS on its own machine."""
    return is_web_address(address, ("https",)) or is_loopback(address)
