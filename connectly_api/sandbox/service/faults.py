"""Applies fault rules to decisions. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from connectly_api.error_codes import find_phrase
from connectly_api.json_values import is_array, is_object
from connectly_api.sandbox.model.exchange import ConnectionBehavior, Decision, refuse_request
from connectly_api.sandbox.model.fault_rules import REQUEST_FAULTS, FaultRule, match_rules
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.ids import build_trace_id
from connectly_api.sandbox.model.refusals import Refusal, refuse_code, refuse_rate
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.model.state_changes import MessageAccepted, RuleMatched, SendCounted
from connectly_api.sandbox.spec.json_schemas import Schema
from connectly_api.sandbox.spec.protojson import encode_ascii

NEW_VALUE: Final = "a_value_of_tomorrow"
"""A value or a field that no client can know."""

_PAGE: Final = "<html><head><title>{title}</title></head><body><h1>{title}</h1><center>nginx</center></body></html>"

Fault = Callable[[Decision, FaultRule, Settings], Decision]
Replace = Callable[[object, Schema], object]


def apply_faults(settings: Settings, state: State, decision: Decision) -> Decision:
    """Apply the first rule that is triggered, if any.

    Rules with a recipient match messages that would be accepted; other rules match every request of a known operation.
    """
    if not state.rules or not decision.operation:
        return decision
    messages = [change.message for change in decision.changes if isinstance(change, MessageAccepted)]
    match = match_rules(
        state.rules,
        state.rule_matches,
        settings.seed,
        kinds=REQUEST_FAULTS,
        operation=decision.operation,
        customer=_complete(state, messages[0].customer) if messages else None,
    )
    if match.rule is not None:
        decision = attrs.evolve(_FAULTS[match.rule.what](decision, match.rule, settings), fault=match.rule.what)
    return attrs.evolve(decision, changes=(*map(RuleMatched, match.matched), *decision.changes))


def decide_reset(settings: Settings, state: State, operation: tuple[str, ...]) -> Decision | None:
    """Decide on a request whose connection is reset before its body is read; None if no rule is triggered.

    Rules with a recipient are not considered: the recipient is in the body.
    """
    rules = {number: rule for number, rule in state.rules.items() if rule.what == "reset" and rule.recipient is None}
    match = match_rules(rules, state.rule_matches, settings.seed, kinds=frozenset({"reset"}), operation=operation)
    if match.rule is None:
        return None
    return Decision(
        status=0,
        content=b"",
        trace_id=build_trace_id(settings.seed, state.request_count + 1),
        changes=tuple(map(RuleMatched, match.matched)),
        operation=operation,
        behavior=ConnectionBehavior(ending="reset"),
        fault="reset",
    )


def _complete(state: State, customer: Identity) -> Identity:
    known = state.complete_identity(customer)
    return Identity(customer.phone or known.phone, customer.bsuid or known.bsuid)


def _refuse(decision: Decision, refusal: Refusal, page: bytes | None = None) -> Decision:
    """Refuse the request: nothing is accepted, but it counts towards the rate limit."""
    refused = refuse_request(refusal, decision.trace_id, decision.operation, decision.unknown_fields)
    if page is not None:
        refused = attrs.evolve(refused, content=page, headers=(("content-type", "text/html"),))
    return attrs.evolve(refused, changes=_get_counts(decision))


def _get_counts(decision: Decision) -> tuple[SendCounted, ...]:
    return tuple(change for change in decision.changes if isinstance(change, SendCounted))


def _limit_rate(decision: Decision, rule: FaultRule, _settings: Settings) -> Decision:
    return _refuse(decision, refuse_rate(None, rule.retry_after))


def _refuse_code(decision: Decision, rule: FaultRule, settings: Settings) -> Decision:
    return _refuse(decision, refuse_code(rule.status, rule.code, settings.window_error_type))


def _fail(decision: Decision, rule: FaultRule, _settings: Settings) -> Decision:
    refusal = Refusal(status=rule.status, message="The service failed", type="ERROR_TYPE_UNSPECIFIED")
    title = f"{rule.status} {find_phrase(rule.status)}".rstrip()
    failed = _refuse(decision, refusal, _PAGE.format(title=title).encode() if rule.html else None)
    return attrs.evolve(failed, changes=decision.changes) if rule.accepted else failed


def _hang(decision: Decision, rule: FaultRule, _settings: Settings) -> Decision:
    changes = decision.changes if rule.accepted else _get_counts(decision)
    return attrs.evolve(_behave(decision, ending="hang"), changes=changes)


def _reset(decision: Decision, _rule: FaultRule, _settings: Settings) -> Decision:
    return attrs.evolve(_behave(decision, ending="reset"), changes=_get_counts(decision))


def _behave(decision: Decision, **behavior: Any) -> Decision:  # noqa: ANN401  (the fields of a ConnectionBehavior)
    return attrs.evolve(decision, behavior=attrs.evolve(decision.behavior, **behavior))


def _truncate(decision: Decision, _rule: FaultRule, _settings: Settings) -> Decision:
    return attrs.evolve(decision, content=decision.content[: len(decision.content) // 2])


def _replace_with(replace: Replace) -> Fault:
    def replace_all(decision: Decision, _rule: FaultRule, _settings: Settings) -> Decision:
        if not decision.content:
            return decision
        value = _replace_scalars(json.loads(decision.content), decision.response_schema or {}, replace)
        return attrs.evolve(decision, content=encode_ascii(value))

    return replace_all


def _replace_scalars(value: object, schema: Schema, replace: Replace) -> object:
    if is_object(value):
        properties: Mapping[str, Schema] = schema.get("properties", {})
        fields = {name: _replace_scalars(item, properties.get(name, {}), replace) for name, item in value.items()}
        return {**fields, NEW_VALUE: {"any": [1, None]}} if replace is _to_new_value else fields
    if is_array(value):
        return [_replace_scalars(item, schema.get("items", {}), replace) for item in value]
    return replace(value, schema)


def _to_wrong_type(value: object, _schema: Schema) -> object:
    return [value] if isinstance(value, str) else str(value)


def _to_null(_value: object, _schema: Schema) -> object:
    return None


def _to_new_value(value: object, schema: Schema) -> object:
    is_enum = "enum" in schema or (isinstance(value, str) and value.startswith(("ERROR_CODE_", "ERROR_TYPE_")))
    return NEW_VALUE if is_enum else value


_FAULTS: Final[Mapping[str, Fault]] = {
    "rate_limited": _limit_rate,
    "refuse": _refuse_code,
    "server_error": _fail,
    "slow_head": lambda decision, rule, _settings: _behave(decision, before=rule.seconds),
    "slow_body": lambda decision, rule, _settings: _behave(decision, between=rule.seconds),
    "hang": _hang,
    "reset": _reset,
    "drop": lambda decision, _rule, _settings: _behave(decision, ending="reset"),
    "cut_off": lambda decision, _rule, _settings: _behave(decision, ending="cut_off"),
    "truncated": _truncate,
    "wrong_types": _replace_with(_to_wrong_type),
    "new_values": _replace_with(_to_new_value),
    "nulls": _replace_with(_to_null),
}
