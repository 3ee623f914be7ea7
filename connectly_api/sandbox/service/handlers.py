"""The operations that the sandbox implements, by function; others get an example of their response. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, Final

import attrs

from connectly_api.json_values import get_object, get_text
from connectly_api.sandbox.delivery.statuses import schedule_statuses
from connectly_api.sandbox.model.fault_rules import match_rules
from connectly_api.sandbox.model.ids import build_message_id, build_registration_id
from connectly_api.sandbox.model.records import AcceptedMessage
from connectly_api.sandbox.model.refusals import (
    RECIPIENT_INVALID,
    Finding,
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
    find_excess,
)
from connectly_api.sandbox.service.content_limits import check_limits
from connectly_api.sandbox.service.content_rules import (
    check_callback_data,
    check_declared_template,
    check_message,
    check_parameter_values,
    check_template_message,
    get_kind,
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
    """A request whose values fit its operation: the path's parameters, and the body in the schema's own names."""

    parameters: Mapping[str, str]
    body: Mapping[str, Any]
    trace_id: str
    settings: Settings
    state: State
    operation: tuple[str, ...]


@attrs.frozen
class Success:
    """A successful response.

    Attributes:
        status: None means the first success in the Swagger file.
        is_early: Whether due webhooks are delivered before the response.
    """

    body: Mapping[str, Any]
    changes: tuple[Change, ...] = ()
    status: int | None = None
    is_early: bool = False


Handler = Callable[[Call], Success | Refusal]


def send_session_message(call: Call) -> Success | Refusal:
    """Accept a valid free-form message if the window is open."""
    participants = read_session_participants(call.body, call.settings)
    message = get_object(call.body, "message")
    limits = check_limits(message) if call.settings.content_limits == "refuse" else ()
    findings = chain(participants.findings, check_message(message), limits, check_callback_data(call.body))
    return (
        refuse_findings(findings) or _check_window(call, participants) or _accept(call, participants, get_kind(message))
    )


def send_template_message(call: Call) -> Success | Refusal:
    """Accept a valid message that fits its template; it needs no open window."""
    settings, state = call.settings, call.state
    participants = read_template_participants(call.body, settings)
    findings: Iterable[Finding] = chain(
        participants.findings, check_template_message(call.body, settings), check_callback_data(call.body)
    )
    if refusal := refuse_findings(findings):
        return refusal
    findings = check_parameter_values(call.body, settings)
    if settings.undeclared_templates == "refuse" or (
        state.templates and settings.undeclared_templates == "until_declared"
    ):
        declared = state.find_template(get_text(call.body, "templateName"), get_text(call.body, "language"))
        findings = chain(check_declared_template(declared, call.body), findings)
    mismatch = refuse_findings(findings)
    if mismatch is not None and settings.template_mismatch == "refuse":
        return mismatch
    if state.is_opted_out(_get_recipient_ids(call, participants)):
        message = "The customer opted out of templates"
        return Refusal(status=400, message=message, code="ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT")
    return _accept(call, participants, "template", None if mismatch is None else mismatch.code)


def create_webhook(call: Call) -> Success | Refusal:
    """Register a URL for a topic. A second one is a conflict or replaces the first."""
    if violations := list(check_creation(call.body, call.settings)):
        return refuse_violations(violations)
    topic = get_text(call.body, "topic")
    earlier = [registration.id for registration in call.state.registrations.values() if registration.topic == topic]
    if earlier and call.settings.second_registration == "conflict":
        return Refusal(status=409, message="That topic is registered already")
    number = call.state.registration_count + 1
    registration = build_registration(build_registration_id(call.settings.seed, number, call.state.now), call.body)
    changes: tuple[Change, ...] = (*map(RegistrationRemoved, earlier), RegistrationStored(registration, new=True))
    return _refuse_excess(call, changes) or Success({"id": registration.id}, changes)


def update_webhook(call: Call) -> Success | Refusal:
    """Update a registration."""
    registration = call.state.registrations.get(_get_webhook_id(call))
    if registration is None:
        return _NO_REGISTRATION
    if violations := list(check_update(call.body, registration, call.settings)):
        return refuse_violations(violations)
    body = {"id": registration.id} if call.settings.update_answer == "id" else {}
    changes = (RegistrationStored(update_registration(registration, call.body)),)
    return _refuse_excess(call, changes) or Success(body, changes)


def get_webhooks(call: Call) -> Success | Refusal:
    """List the registrations in the order of their creation."""
    webhooks = [registration.to_dict() for registration in call.state.registrations.values()]
    return Success({"entity": {"businessId": call.settings.business_id, "webhooks": webhooks}})


def delete_webhook(call: Call) -> Success | Refusal:
    """Delete a registration."""
    webhook_id = _get_webhook_id(call)
    if webhook_id not in call.state.registrations:
        return _NO_REGISTRATION
    return Success({}, (RegistrationRemoved(webhook_id),))


HANDLERS: Final[Mapping[str, Handler]] = {
    "send_message": send_session_message,
    "send_whatsapp_templated_message": send_template_message,
    "create_webhook": create_webhook,
    "update_webhook": update_webhook,
    "get_webhooks": get_webhooks,
    "delete_webhook": delete_webhook,
}
"""By the name of the low-level function, which stays when a path moves."""

RATE_LIMITED: Final = frozenset({"send_message", "send_whatsapp_templated_message"})
"""Source: the service's documentation, https://docs.connectly.ai"""

_NO_REGISTRATION: Final = Refusal(status=404, message="There is no such webhook registration")


def _refuse_excess(call: Call, changes: tuple[Change, ...]) -> Refusal | None:
    problem = find_excess(call.state, changes)
    return None if problem is None else Refusal(status=400, message=problem)


def _get_recipient_ids(call: Call, participants: Participants) -> tuple[str, ...]:
    return (*participants.customer.ids, *call.state.complete_identity(participants.customer).ids)


def _check_window(call: Call, participants: Participants) -> Refusal | None:
    end = call.state.get_window_end(participants.sender, _get_recipient_ids(call, participants))
    if end is None:
        return None if call.settings.windows == "open" else refuse_no_conversation()
    return None if end > call.state.now else refuse_closed_window(call.settings.window_error_type)


def _accept(call: Call, participants: Participants, kind: str, failure: str | None = None) -> Success:
    settings, state, customer = call.settings, call.state, participants.customer
    message = AcceptedMessage(
        id=build_message_id(settings.seed, state.message_count + 1, state.now),
        kind=kind,
        sender=participants.sender,
        phone=customer.phone,
        bsuid=customer.bsuid,
        campaign_name=get_text(call.body, "campaignName") or None,
        accepted_at=state.now,
        trace_id=call.trace_id,
        body=encode_compact(call.body).decode(),
        channel=get_text(get_object(call.body, "recipient"), "channelType") or "whatsapp",
    )
    failing, early = (
        match_rules(
            state.rules, state.rule_matches, settings.seed,
            kinds=frozenset({fault}), operation=call.operation, customer=customer,
        )
        for fault in ("fail_delivery", "early_webhook")
    )  # fmt: skip
    if any(map(state.is_former, customer.ids)):
        failure = RECIPIENT_INVALID
    elif failing.rule is not None:
        failure = failing.rule.code
    is_early = early.rule is not None
    changes: tuple[Change, ...] = (
        *map(RuleMatched, (*failing.matched, *early.matched)),
        MessageAccepted(message, failure),
        *schedule_statuses(settings, state, message, early=is_early),
    )
    return Success({"id": message.id}, changes, settings.sent_status, is_early)


def _get_webhook_id(call: Call) -> str:
    """Return the last parameter of the path, whatever its name."""
    return list(call.parameters.values())[-1]
