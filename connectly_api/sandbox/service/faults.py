"""What a rule makes of an answer. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from connectly_api.json_values import is_array, is_object
from connectly_api.sandbox.model.changes import MessageAccepted, RuleMatched, SendCounted
from connectly_api.sandbox.model.exchange import Manner
from connectly_api.sandbox.model.fault_rules import REQUEST_FAULTS, Rule, meeting
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.ids import trace_id
from connectly_api.sandbox.model.refusals import Refusal, rate_limited
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.service.decision import Verdict
from connectly_api.sandbox.spec.protojson import ascii_json
from connectly_api.sandbox.spec.schemas import Schema

__all__ = ["afflicted", "reset_unread", "spoilt"]

NEW_VALUE: Final = "a_value_of_tomorrow"
"""What stands for values and fields that a client cannot know."""

_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"


def afflicted(settings: Settings, state: State, verdict: Verdict) -> Verdict:
    """Return a verdict with what the first rule that strikes makes of it; the same one where none does.

    Rules with a recipient meet messages that would be accepted, the others every request of a known operation.
    """
    if not state.rules or verdict.operation is None:
        return verdict
    messages = [change.message for change in verdict.changes if isinstance(change, MessageAccepted)]
    met = meeting(
        state.rules,
        state.matched,
        settings.seed,
        kinds=REQUEST_FAULTS,
        operation=verdict.operation,
        customer=_known(state, messages[0].customer) if messages else None,
    )
    counted = tuple(map(RuleMatched, met.fitting))
    if met.rule is not None:
        verdict = attrs.evolve(_FAULTS[met.rule.what](verdict, met.rule), fault=met.rule.what)
    return attrs.evolve(verdict, changes=(*counted, *verdict.changes))


def reset_unread(settings: Settings, state: State, operation: str) -> Verdict | None:
    """Return the verdict on a request whose connection is reset before its body is read; None where no rule says so.

    Rules for a recipient cannot strike here: who that is stands in the body.
    """
    rules = {number: rule for number, rule in state.rules.items() if rule.what == "reset" and rule.recipient is None}
    met = meeting(rules, state.matched, settings.seed, kinds=frozenset({"reset"}), operation=operation)
    if met.rule is None:
        return None
    changes = tuple(map(RuleMatched, met.fitting))
    trace = trace_id(settings.seed, state.received + 1)
    return Verdict(0, b"", trace, changes=changes, operation=operation, manner=Manner(ending="reset"), fault="reset")


def _known(state: State, customer: Identity) -> Identity:
    person = state.person(customer)
    return Identity(customer.phone or person.phone, customer.bsuid or person.bsuid)


def _refused(verdict: Verdict, refusal: Refusal, content: bytes | None = None) -> Verdict:
    """Answer with a refusal instead; nothing is accepted, though the request counts towards the limit."""
    body = ascii_json(refusal.body(verdict.trace_id))
    return Verdict(
        status=refusal.status,
        content=body if content is None else content,
        trace_id=verdict.trace_id,
        headers=(*refusal.headers, *((("content-type", "text/html"),) if content else ())),
        changes=_kept(verdict),
        operation=verdict.operation,
        code=refusal.code,
        unknown=verdict.unknown,
    )


def _kept(verdict: Verdict) -> tuple[Any, ...]:
    return tuple(change for change in verdict.changes if isinstance(change, SendCounted))


def _rate_limited(verdict: Verdict, rule: Rule) -> Verdict:
    return _refused(verdict, rate_limited(None, rule.retry_after))


def _server_error(verdict: Verdict, rule: Rule) -> Verdict:
    refusal = Refusal(status=rule.status, message="The service failed", type="ERROR_TYPE_UNSPECIFIED")
    failed = _refused(verdict, refusal, _PAGE if rule.html else None)
    return attrs.evolve(failed, changes=verdict.changes) if rule.accepted else failed


def _hang(verdict: Verdict, rule: Rule) -> Verdict:
    return attrs.evolve(
        verdict, manner=_ended(verdict, "hang"), changes=verdict.changes if rule.accepted else _kept(verdict)
    )


def _reset(verdict: Verdict, _rule: Rule) -> Verdict:
    return attrs.evolve(verdict, manner=_ended(verdict, "reset"), changes=_kept(verdict))


def _drop(verdict: Verdict, _rule: Rule) -> Verdict:
    return attrs.evolve(verdict, manner=_ended(verdict, "reset"))


def _cut_off(verdict: Verdict, _rule: Rule) -> Verdict:
    return attrs.evolve(verdict, manner=_ended(verdict, "cut_off"))


def _ended(verdict: Verdict, ending: Any) -> Manner:  # noqa: ANN401  (one of the endings)
    return attrs.evolve(verdict.manner, ending=ending)


def _slow_head(verdict: Verdict, rule: Rule) -> Verdict:
    return attrs.evolve(verdict, manner=attrs.evolve(verdict.manner, before=rule.seconds))


def _slow_body(verdict: Verdict, rule: Rule) -> Verdict:
    return attrs.evolve(verdict, manner=attrs.evolve(verdict.manner, between=rule.seconds))


def _truncated(verdict: Verdict, _rule: Rule) -> Verdict:
    return attrs.evolve(verdict, content=verdict.content[: len(verdict.content) // 2])


def _spoiling(change: Callable[[object, Schema], object]) -> Callable[[Verdict, Rule], Verdict]:
    def spoil(verdict: Verdict, _rule: Rule) -> Verdict:
        return attrs.evolve(verdict, content=spoilt(verdict.content, verdict.answer or {}, change))

    return spoil


def spoilt(content: bytes, schema: Schema, change: Callable[[object, Schema], object]) -> bytes:
    """Return a JSON answer with each of its scalars changed; an empty answer stays as it is."""
    if not content:
        return content
    return ascii_json(_mapped(json.loads(content), schema, change))


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


_FAULTS: Final[Mapping[str, Callable[[Verdict, Rule], Verdict]]] = {
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
