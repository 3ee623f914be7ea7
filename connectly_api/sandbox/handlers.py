"""What the known operations do, by method and path: pure functions from a call to an answer and its changes.

An operation that is not in the table is answered from its response schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, Final

import attrs

from connectly_api.sandbox.contents import callback_data_findings, kind_of, message_findings, template_findings
from connectly_api.sandbox.fields import inner, text
from connectly_api.sandbox.ids import message_id, registration_id
from connectly_api.sandbox.parties import Finding, Parties, session_parties, template_parties
from connectly_api.sandbox.reading import compact
from connectly_api.sandbox.refusals import Refusal, first_of, invalid, outside_window
from connectly_api.sandbox.registrations import creation_problems, new_registration, update_problems, updated
from connectly_api.sandbox.settings import Settings
from connectly_api.sandbox.state import (
    AcceptedMessage,
    Change,
    MessageAccepted,
    RegistrationRemoved,
    RegistrationStored,
    State,
)

__all__ = ["HANDLERS", "Call", "Done", "Handler"]


@attrs.frozen
class Call:
    """A request that fits its operation.

    Attributes:
        parameters: Those of the path, decoded.
        body: As `reading` fitted it to the schema.
        trace_id: The request's.
        settings: The sandbox's fixed side.
        state: The sandbox's changeable side, to be looked at.
    """

    parameters: Mapping[str, str]
    body: Mapping[str, Any]
    trace_id: str
    settings: Settings
    state: State


@attrs.frozen
class Done:
    """A success: its body, what it changes, and its status where that is not the file's first."""

    body: Mapping[str, Any]
    changes: tuple[Change, ...] = ()
    status: int | None = None


Handler = Callable[[Call], Done | Refusal]


def send_session_message(call: Call) -> Done | Refusal:
    """Accept a free-form message, if it is well written and the window is open."""
    parties = session_parties(call.body, call.settings)
    message = inner(call.body, "message")
    refusal = first_of([*parties.findings, *message_findings(message), *callback_data_findings(call.body)])
    if refusal is not None:
        return refusal
    if not call.state.is_open(parties.sender, parties.customer.names):
        return outside_window(call.settings.window_error_type)
    return _accepted(call, parties, kind_of(message))


def send_template_message(call: Call) -> Done | Refusal:
    """Accept a template message, if it is well written; it needs no open window."""
    parties = template_parties(call.body, call.settings)
    findings: Iterable[Finding] = chain(
        parties.findings, template_findings(call.body, call.settings), callback_data_findings(call.body)
    )
    return first_of(findings) or _accepted(call, parties, "template")


def create_webhook(call: Call) -> Done | Refusal:
    """Register an address for a topic that has none; a second one is a conflict or replaces the first."""
    if problems := list(creation_problems(call.body)):
        return invalid(problems)
    earlier = [one.id for one in call.state.registrations.values() if one.topic == text(call.body, "topic")]
    if earlier and call.settings.second_registration == "conflict":
        return Refusal(status=409, message="That topic is registered already")
    number = call.state.registered + 1
    registration = new_registration(registration_id(call.settings.seed, number, call.state.now), call.body)
    removed = map(RegistrationRemoved, earlier)
    return Done({"id": registration.id}, changes=(*removed, RegistrationStored(registration, new=True)))


def update_webhook(call: Call) -> Done | Refusal:
    """Change what is given of a registration."""
    registration = call.state.registrations.get(_webhook_id(call))
    if registration is None:
        return _no_such_registration()
    if problems := list(update_problems(call.body, registration)):
        return invalid(problems)
    return Done({}, changes=(RegistrationStored(updated(registration, call.body)),))


def get_webhooks(call: Call) -> Done | Refusal:
    """List the registrations in the order of their creation."""
    listed = [registration.document() for registration in call.state.registrations.values()]
    return Done({"entity": {"businessId": call.settings.business_id, "webhooks": listed}})


def delete_webhook(call: Call) -> Done | Refusal:
    """Remove a registration for good."""
    if _webhook_id(call) not in call.state.registrations:
        return _no_such_registration()
    return Done({}, changes=(RegistrationRemoved(_webhook_id(call)),))


HANDLERS: Final[Mapping[tuple[str, str], Handler]] = {
    ("POST", "/v1/businesses/{}/send/messages"): send_session_message,
    ("POST", "/v1/businesses/{}/send/whatsapp_templated_messages"): send_template_message,
    ("POST", "/v1/businesses/{}/create/webhooks"): create_webhook,
    ("PUT", "/v1/businesses/{}/update/webhooks/{}"): update_webhook,
    ("GET", "/v1/businesses/{}/webhooks"): get_webhooks,
    ("DELETE", "/v1/businesses/{}/delete/webhooks/{}"): delete_webhook,
}
"""Source: the service's documentation, https://docs.connectly.ai"""


def _accepted(call: Call, parties: Parties, kind: str) -> Done:
    message = AcceptedMessage(
        id=message_id(call.settings.seed, call.state.accepted + 1, call.state.now),
        kind=kind,
        sender=parties.sender,
        phone=parties.customer.phone,
        bsuid=parties.customer.bsuid,
        campaign_name=text(call.body, "campaignName") or None,
        accepted_at=call.state.now,
        trace_id=call.trace_id,
        body=compact(call.body).decode(),
    )
    return Done({"id": message.id}, changes=(MessageAccepted(message),), status=call.settings.sent_status)


def _webhook_id(call: Call) -> str:
    """The last of the path's parameters, whatever the file calls it."""
    return list(call.parameters.values())[-1]


def _no_such_registration() -> Refusal:
    return Refusal(status=404, message="There is no such webhook registration")
