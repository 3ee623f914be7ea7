"""What the known operations do, by method and path: pure functions from a call to an answer and its changes.

An operation that is not in the table is answered from its response schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final

import attrs

from connectly_api.json_values import get_object, get_text
from connectly_api.sandbox.delivery.statuses import schedule_statuses
from connectly_api.sandbox.model.fault_rules import match_rules
from connectly_api.sandbox.model.ids import build_message_id, build_registration_id
from connectly_api.sandbox.model.records import AcceptedMessage
from connectly_api.sandbox.model.refusals import (
    Refusal,
    refuse_closed_window,
    refuse_findings,
    refuse_no_conversation,
    refuse_violations,
)
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import Change, State
from connectly_api.sandbox.model.state_changes import (
    MessageAccepted,
    RegistrationRemoved,
    RegistrationStored,
    RuleMatched,
)
from connectly_api.sandbox.service.content_limits import check_limits
from connectly_api.sandbox.service.content_rules import (
    check_callback_data,
    check_message,
    check_template_message,
    get_kind,
)
from connectly_api.sandbox.service.declared_templates import (
    check_declared_template,
    check_parameter_values,
    find_template,
)
from connectly_api.sandbox.service.participants import (
    Participants,
    read_session_participants,
    read_template_participants,
)
from connectly_api.sandbox.service.registration_rules import (
    build_registration,
    check_creation,
    check_update,
    update_registration,
)
from connectly_api.sandbox.spec.protojson import encode_compact


@attrs.frozen
class Call:
    """A request that fits its operation.

    Attributes:
        parameters: Those of the path, decoded.
        body: As `reading` fitted it to the schema.
        trace_id: The request's.
        settings: The sandbox's fixed side.
        state: The sandbox's changeable side, to be looked at.
        operation: The Swagger's operation id.
    """

    parameters: Mapping[str, str]
    body: Mapping[str, Any]
    trace_id: str
    settings: Settings
    state: State
    operation: str


@attrs.frozen
class Success:
    """A success.

    Attributes:
        body: The answer's.
        changes: What it changes.
        status: The answer's, where it is not the file's first.
        is_early: Whether webhooks that are due go out before the answer.
    """

    body: Mapping[str, Any]
    changes: tuple[Change, ...] = ()
    status: int | None = None
    is_early: bool = False


Handler = Callable[[Call], Success | Refusal]


def send_session_message(call: Call) -> Success | Refusal:
    """Accept a free-form message, if it is well written and the window is open."""
    parties = read_session_participants(call.body, call.settings)
    message = get_object(call.body, "message")
    limits = check_limits(message) if call.settings.content_limits == "refuse" else ()
    findings = chain(parties.findings, check_message(message), limits, check_callback_data(call.body))
    return refuse_findings(findings) or _outside_window(call, parties) or _accepted(call, parties, get_kind(message))


def send_template_message(call: Call) -> Success | Refusal:
    """Accept a template message, if it is well written and fits its template; it needs no open window."""
    settings, state = call.settings, call.state
    parties = read_template_participants(call.body, settings)
    written = chain(parties.findings, check_template_message(call.body, settings), check_callback_data(call.body))
    if refusal := refuse_findings(written):
        return refusal
    findings = check_parameter_values(call.body, settings)
    if _are_checked(settings, state):
        findings = chain(check_declared_template(find_template(state.templates, call.body), call.body), findings)
    misfit = refuse_findings(findings)
    if misfit is not None and settings.template_mismatch == "refuse":
        return misfit
    if not state.opted_out.isdisjoint(_names(call, parties)):
        message = "The customer opted out of templates"
        return Refusal(status=400, message=message, code="ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT")
    return _accepted(call, parties, "template", None if misfit is None else misfit.code)


def create_webhook(call: Call) -> Success | Refusal:
    """Register an address for a topic that has none; a second one is a conflict or replaces the first."""
    if problems := list(check_creation(call.body)):
        return refuse_violations(problems)
    earlier = [one.id for one in call.state.registrations.values() if one.topic == get_text(call.body, "topic")]
    if earlier and call.settings.second_registration == "conflict":
        return Refusal(status=409, message="That topic is registered already")
    number = call.state.registration_count + 1
    registration = build_registration(build_registration_id(call.settings.seed, number, call.state.now), call.body)
    removed = map(RegistrationRemoved, earlier)
    return Success({"id": registration.id}, changes=(*removed, RegistrationStored(registration, new=True)))


def update_webhook(call: Call) -> Success | Refusal:
    """Change what is given of a registration."""
    registration = call.state.registrations.get(_webhook_id(call))
    if registration is None:
        return _no_such_registration()
    if problems := list(check_update(call.body, registration)):
        return refuse_violations(problems)
    body = {"id": registration.id} if call.settings.update_answer == "id" else {}
    return Success(body, changes=(RegistrationStored(update_registration(registration, call.body)),))


def get_webhooks(call: Call) -> Success | Refusal:
    """List the registrations in the order of their creation."""
    listed = [registration.document() for registration in call.state.registrations.values()]
    return Success({"entity": {"businessId": call.settings.business_id, "webhooks": listed}})


def delete_webhook(call: Call) -> Success | Refusal:
    """Remove a registration for good."""
    if _webhook_id(call) not in call.state.registrations:
        return _no_such_registration()
    return Success({}, changes=(RegistrationRemoved(_webhook_id(call)),))


HANDLERS: Final[Mapping[tuple[str, str], Handler]] = {
    ("POST", "/v1/businesses/{}/send/messages"): send_session_message,
    ("POST", "/v1/businesses/{}/send/whatsapp_templated_messages"): send_template_message,
    ("POST", "/v1/businesses/{}/create/webhooks"): create_webhook,
    ("PUT", "/v1/businesses/{}/update/webhooks/{}"): update_webhook,
    ("GET", "/v1/businesses/{}/webhooks"): get_webhooks,
    ("DELETE", "/v1/businesses/{}/delete/webhooks/{}"): delete_webhook,
}
"""Source: the service's documentation, https://docs.connectly.ai"""

RATE_LIMITED: Final = frozenset({
    ("POST", "/v1/businesses/{}/send/messages"),
    ("POST", "/v1/businesses/{}/send/whatsapp_templated_messages"),
})  # fmt: skip
"""The operations with a limit of requests a second. Source: the same."""


def _are_checked(settings: Settings, state: State) -> bool:
    choice = settings.undeclared_templates
    return choice == "refuse" or (bool(state.templates) and choice == "until_declared")


def _names(call: Call, parties: Participants) -> tuple[str, ...]:
    """Every name of the recipient's that is known."""
    return (*parties.customer.ids, *call.state.complete_identity(parties.customer).ids)


def _outside_window(call: Call, parties: Participants) -> Refusal | None:
    until = call.state.get_window_end(parties.sender, _names(call, parties))
    if until is None:
        return None if call.settings.windows == "open" else refuse_no_conversation()
    return None if until > call.state.now else refuse_closed_window(call.settings.window_error_type)


def _accepted(call: Call, parties: Participants, kind: str, failure: str | None = None) -> Success:
    settings, state = call.settings, call.state
    message = AcceptedMessage(
        id=build_message_id(settings.seed, state.message_count + 1, state.now),
        kind=kind,
        sender=parties.sender,
        phone=parties.customer.phone,
        bsuid=parties.customer.bsuid,
        campaign_name=get_text(call.body, "campaignName") or None,
        accepted_at=state.now,
        trace_id=call.trace_id,
        body=encode_compact(call.body).decode(),
        channel=get_text(get_object(call.body, "recipient"), "channelType") or "whatsapp",
    )
    failing, early = (
        match_rules(
            state.rules, state.rule_matches, settings.seed,
            kinds=frozenset({kind}), operation=call.operation, customer=parties.customer,
        )
        for kind in ("fail_delivery", "early_webhook")
    )  # fmt: skip
    if not state.former_ids.isdisjoint(parties.customer.ids):
        failure = "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID"
    elif failing.rule is not None:
        failure = failing.rule.code
    changes: tuple[Change, ...] = (
        *map(RuleMatched, (*failing.matched, *early.matched)),
        MessageAccepted(message),
        *schedule_statuses(settings, state, message, failure, early=early.rule is not None),
    )
    return Success({"id": message.id}, changes, settings.sent_status, is_early=early.rule is not None)


def _webhook_id(call: Call) -> str:
    """The last of the path's parameters, whatever the file calls it."""
    return list(call.parameters.values())[-1]


def _no_such_registration() -> Refusal:
    return Refusal(status=404, message="There is no such webhook registration")
