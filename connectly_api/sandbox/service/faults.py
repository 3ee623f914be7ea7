"""What a rule makes of an answer. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from connectly_api.json_values import is_array, is_object
from connectly_api.sandbox.model.exchange import ConnectionBehavior, Decision
from connectly_api.sandbox.model.fault_rules import REQUEST_FAULTS, FaultRule, match_rules
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.ids import build_trace_id
from connectly_api.sandbox.model.refusals import Refusal, refuse_rate
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.model.state_changes import MessageAccepted, RuleMatched, SendCounted
from connectly_api.sandbox.spec.json_schemas import Schema
from connectly_api.sandbox.spec.protojson import encode_ascii

NEW_VALUE: Final = "a_value_of_tomorrow"
"""What stands for values and fields that a client cannot know."""

_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"


def apply_faults(settings: Settings, state: State, verdict: Decision) -> Decision:
    """Return a verdict with what the first rule that strikes makes of it; the same one where none does.

    Rules with a recipient meet messages that would be accepted, the others every request of a known operation.
    """
    if not state.rules or verdict.operation is None:
        return verdict
    messages = [change.message for change in verdict.changes if isinstance(change, MessageAccepted)]
    met = match_rules(
        state.rules,
        state.rule_matches,
        settings.seed,
        kinds=REQUEST_FAULTS,
        operation=verdict.operation,
        customer=_known(state, messages[0].customer) if messages else None,
    )
    counted = tuple(map(RuleMatched, met.matched))
    if met.rule is not None:
        verdict = attrs.evolve(_FAULTS[met.rule.what](verdict, met.rule), fault=met.rule.what)
    return attrs.evolve(verdict, changes=(*counted, *verdict.changes))


def decide_reset(settings: Settings, state: State, operation: str) -> Decision | None:
    """Return the verdict on a request whose connection is reset before its body is read; None where no rule says so.

    Rules for a recipient cannot strike here: who that is stands in the body.
    """
    rules = {number: rule for number, rule in state.rules.items() if rule.what == "reset" and rule.recipient is None}
    met = match_rules(rules, state.rule_matches, settings.seed, kinds=frozenset({"reset"}), operation=operation)
    if met.rule is None:
        return None
    changes = tuple(map(RuleMatched, met.matched))
    trace = build_trace_id(settings.seed, state.request_count + 1)
    return Decision(
        0, b"", trace, changes=changes, operation=operation, behavior=ConnectionBehavior(ending="reset"), fault="reset"
    )


def _known(state: State, customer: Identity) -> Identity:
    person = state.complete_identity(customer)
    return Identity(customer.phone or person.phone, customer.bsuid or person.bsuid)


def _refused(verdict: Decision, refusal: Refusal, content: bytes | None = None) -> Decision:
    """Answer with a refusal instead; nothing is accepted, though the request counts towards the limit."""
    body = encode_ascii(refusal.body(verdict.trace_id))
    return Decision(
        status=refusal.status,
        content=body if content is None else content,
        trace_id=verdict.trace_id,
        headers=(*refusal.headers, *((("content-type", "text/html"),) if content else ())),
        changes=_kept(verdict),
        operation=verdict.operation,
        code=refusal.code,
        unknown_fields=verdict.unknown_fields,
    )


def _kept(verdict: Decision) -> tuple[Any, ...]:
    return tuple(change for change in verdict.changes if isinstance(change, SendCounted))


def _rate_limited(verdict: Decision, rule: FaultRule) -> Decision:
    return _refused(verdict, refuse_rate(None, rule.retry_after))


def _server_error(verdict: Decision, rule: FaultRule) -> Decision:
    refusal = Refusal(status=rule.status, message="The service failed", type="ERROR_TYPE_UNSPECIFIED")
    failed = _refused(verdict, refusal, _PAGE if rule.html else None)
    return attrs.evolve(failed, changes=verdict.changes) if rule.accepted else failed


def _hang(verdict: Decision, rule: FaultRule) -> Decision:
    return attrs.evolve(
        verdict, behavior=_ended(verdict, "hang"), changes=verdict.changes if rule.accepted else _kept(verdict)
    )


def _reset(verdict: Decision, _rule: FaultRule) -> Decision:
    return attrs.evolve(verdict, behavior=_ended(verdict, "reset"), changes=_kept(verdict))


def _drop(verdict: Decision, _rule: FaultRule) -> Decision:
    return attrs.evolve(verdict, behavior=_ended(verdict, "reset"))


def _cut_off(verdict: Decision, _rule: FaultRule) -> Decision:
    return attrs.evolve(verdict, behavior=_ended(verdict, "cut_off"))


def _ended(verdict: Decision, ending: Any) -> ConnectionBehavior:  # noqa: ANN401  (one of the endings)
    return attrs.evolve(verdict.behavior, ending=ending)


def _slow_head(verdict: Decision, rule: FaultRule) -> Decision:
    return attrs.evolve(verdict, behavior=attrs.evolve(verdict.behavior, before=rule.seconds))


def _slow_body(verdict: Decision, rule: FaultRule) -> Decision:
    return attrs.evolve(verdict, behavior=attrs.evolve(verdict.behavior, between=rule.seconds))


def _truncated(verdict: Decision, _rule: FaultRule) -> Decision:
    return attrs.evolve(verdict, content=verdict.content[: len(verdict.content) // 2])


def _spoiling(change: Callable[[object, Schema], object]) -> Callable[[Decision, FaultRule], Decision]:
    def spoil(verdict: Decision, _rule: FaultRule) -> Decision:
        return attrs.evolve(verdict, content=replace_scalars(verdict.content, verdict.response_schema or {}, change))

    return spoil


def replace_scalars(content: bytes, schema: Schema, change: Callable[[object, Schema], object]) -> bytes:
    """Return a JSON answer with each of its scalars changed; an empty answer stays as it is."""
    if not content:
        return content
    return encode_ascii(_mapped(json.loads(content), schema, change))


def _mapped(value: object, schema: Schema, change: Callable[[object, Schema], object]) -> object:
    if is_object(value):
        properties: Mapping[str, Schema] = schema.get("properties", {})
        mapped = {name: _mapped(item, properties.get(name, {}), change) for name, item in value.items()}
        return {**mapped, NEW_VALUE: {"any": [1, None]}} if change is _new else mapped
    if is_array(value):
        return [_mapped(item, schema.get("items", {}), change) for item in value]
    return change(value, schema)


def _wrong(value: object, _schema: Schema) -> object:
    """Text becomes a list, and everything else text."""
    return [value] if isinstance(value, str) else str(value)


def _nothing(_value: object, _schema: Schema) -> object:
    return None


def _new(value: object, schema: Schema) -> object:
    is_choice = "enum" in schema or (isinstance(value, str) and value.startswith(("ERROR_CODE_", "ERROR_TYPE_")))
    return NEW_VALUE if is_choice else value


_FAULTS: Final[Mapping[str, Callable[[Decision, FaultRule], Decision]]] = {
    "rate_limited": _rate_limited,
    "server_error": _server_error,
    "slow_head": _slow_head,
    "slow_body": _slow_body,
    "hang": _hang,
    "reset": _reset,
    "drop": _drop,
    "cut_off": _cut_off,
    "truncated": _truncated,
    "wrong_types": _spoiling(_wrong),
    "new_values": _spoiling(_new),
    "nulls": _spoiling(_nothing),
}
