"""Every value of the package, printed in whatever way, shows no key and no personal data."""

from __future__ import annotations

import importlib
import inspect
import logging
import pprint
import reprlib
import types
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
import trustme
from rich.pretty import pretty_repr

from connectly_api import Bsuid, Connectly, Phone, Recipient, Tls
from connectly_api.sandbox import Sandbox
from connectly_api.transport import MockTransport, Request, Response
from connectly_api.wire.unset import UNSET, Unset

PHONE: Final = "+16044440042"
BSUID: Final = "US.Kestrel13491208655302"
CANARY: Final = "kestrel"

FACES: Final = (
    "connectly_api",
    "connectly_api.drift",
    "connectly_api.lowlevel",
    "connectly_api.lowlevel.models",
    "connectly_api.results",
    "connectly_api.recipients",
    "connectly_api.send_request",
    "connectly_api.sandbox",
    "connectly_api.sandbox.model.records",
    "connectly_api.sandbox.model.identity",
    "connectly_api.transport",
    "connectly_api.transport.rates",
    "connectly_api.transport.retry",
    "connectly_api.webhooks",
)

# What a repr may show as it is: names and ids that a program gave to things, or that the service gave to them. Whatever
# else is a text must be hidden, or be added here with thought.
SHOWN: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(fields.split())
    for name, fields in {
        "AcceptedMessage": "id kind campaign_name trace_id channel",
        "ButtonReply": "campaign_name",
        "Claim": "key",
        "CreatedWebhook": "id",
        "DeclaredTemplate": "name language parameters status",
        "Delivery": "registration_id topic problem fault",
        "DeliveryStatus": "campaign_name",
        "EnsuredWebhook": "id",
        "Drift": "name path",
        "Echo": "campaign_name",
        "InboundMessage": "campaign_name",
        "InboundText": "id",
        "ListReply": "campaign_name",
        "Message": "campaign_name",
        "NumberedEntry": "message_id",
        "Parameter": "name",
        "Reaction": "campaign_name",
        "ReceivedRequest": "method operation code trace_id fault",
        "Registration": "id topic type",
        "ReportReady": "campaign_name",
        "Request": "operation method",
        "SentMessage": "id",
        "Settings": "allow_hosts business_id channels",
        "StatusChange": "message_id status code",
        "StatusTracker": "status seen",
        "Template": "name language",
        "RateKeys": "endpoint",
        "UnknownEvent": "campaign_name",
        "VerbCall": "id name",
        "Violation": "field problem",
        "WebhookFilter": "expression field",
        "WebhookRegistration": "id topic type channel_types filters",
        "WireRequest": "operation method",
    }.items()
}


def classes() -> Iterator[type[Any]]:
    """Yield every class of values that the package hands out or takes."""
    found: dict[type[Any], None] = {}
    for face in FACES:
        module = importlib.import_module(face)
        names = getattr(module, "__all__", None) or dir(module)
        found |= {value: None for name in names if inspect.isclass(value := getattr(module, name)) and attrs.has(value)}
    yield from found


CLASSES: Final = sorted(classes(), key=lambda kind: (kind.__module__, kind.__name__))


def filled(hint: Any) -> Any:  # noqa: PLR0911 (one for each kind of type)
    """Return a value of a type in which every text is personal."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        kinds = [argument for argument in arguments if argument not in {type(None), Unset}]
        return filled(next((kind for kind in kinds if kind is not str), str)) if str not in kinds else CANARY
    if origin is Literal:
        return arguments[0]
    if origin in {list, tuple, frozenset, set}:
        made = filled(arguments[0])
        return origin([made]) if made is not None else origin()
    if origin in {dict, Mapping} or hint is dict or (inspect.isclass(origin) and issubclass(origin, Mapping)):
        return {CANARY: CANARY}
    known: dict[Any, Any] = {
        Phone: Phone(PHONE), Bsuid: Bsuid(BSUID), Recipient: Recipient(PHONE, BSUID, CANARY), bytes: CANARY.encode(),
        int: 1, float: 1.0, bool: True, Any: CANARY, object: CANARY, datetime: None,
    }  # fmt: skip
    if hint in known:
        return known[hint]
    if inspect.isclass(hint) and attrs.has(hint):
        return made_of(hint)
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return next(iter(hint))
    return CANARY


def made_of(kind: type[Any]) -> Any:
    """Return a value of a class without asking its constructor, which would refuse some of it."""
    value = object.__new__(kind)
    namespace = {name: item for module in FACES for name, item in vars(importlib.import_module(module)).items()}
    hints = get_type_hints(kind, localns={**namespace, **vars(inspect.getmodule(kind) or types)})
    for field in attrs.fields(kind):
        name = field.alias or field.name
        given: Any = filled(hints.get(field.name, Any))
        if kind is Phone:
            given = PHONE
        if kind is Bsuid:
            given = BSUID
        if field.name in SHOWN.get(kind.__name__, ()):
            given = f"<{name}>"
        object.__setattr__(value, field.name, given)
    return value


def printed(value: object) -> str:
    """Return a value as it is printed, logged, and drawn."""
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%r %s", (value, value), None)
    plain = [repr(value), str(value), f"{value}", f"{[value]} { ({'a': value}) }", record.getMessage()]
    return "\n".join([*plain, pprint.pformat(value), reprlib.repr(value), pretty_repr(value), pretty_repr([value])])


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_value_shows_anything_personal_however_it_is_printed(kind: type[Any]) -> None:
    shown = printed(made_of(kind))

    assert CANARY not in shown.lower()
    assert PHONE[2:-2] not in shown
    assert kind.__name__ in shown


def test_the_classes_are_all_there() -> None:
    names = {kind.__name__ for kind in CLASSES}

    assert len(CLASSES) > 70
    assert names >= {
        "Phone",
        "Recipient",
        "SentMessage",
        "Template",
        "Row",
        "InboundMessage",
        "SendMessageRequest",
        "Tls",
    }
    assert set(SHOWN) <= names


def test_a_model_shows_which_fields_are_set_to_printers_of_fields_too() -> None:
    from connectly_api.lowlevel.models import Participant  # noqa: PLC0415  (only here)

    value = Participant(id=PHONE)
    value.additional_properties = {CANARY: CANARY}

    assert pretty_repr(value).replace("\n", "").replace(" ", "") == (
        "Participant(id=…,channel_type=UNSET,name=UNSET,user_id=UNSET,additional_properties=…)"
    )
    assert repr(value) == "Participant(id=…, additional_properties=…)"
    assert value.name is UNSET


def test_numbers_are_shortened_for_printers_of_fields_too() -> None:
    assert pretty_repr(Phone(PHONE)) == "Phone(e164='+1…42')"
    assert pretty_repr(Bsuid(BSUID)) == "Bsuid(value='US.…')"
    assert repr(Phone(PHONE)) == "Phone('+1…42')"


def test_clients_and_sandboxes_show_no_key() -> None:
    client = Connectly(api_key=CANARY, business_id="b", sender=PHONE, transport=MockTransport(lambda _: Response(200)))
    sandbox = Sandbox(api_key=CANARY, webhook_secret=CANARY, senders=[PHONE])
    request = Request(operation="x", method="POST", path=f"/{CANARY}", parse=str, content=CANARY.encode())
    values = [client, client.transport, client.webhooks, sandbox, sandbox.settings, sandbox.customer(PHONE), request]

    for value in values:
        assert CANARY not in printed(value).lower()
        assert PHONE[2:-2] not in printed(value)
    certificate = trustme.CA().cert_pem.bytes()
    assert certificate.decode().split()[5] not in printed(Tls(certificate))
