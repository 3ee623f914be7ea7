"""Faults by rule: which requests and webhook events a rule meets, and what it does to them. Pure.

A rule counts what its selectors fit, and strikes at the next n of these, at every nth, or at each with a probability
that is drawn from the seed: the same run meets the same faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, cast, get_args

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.model.identity import Identity, parse_customer
from connectly_api.sandbox.model.ids import draw_probability
from connectly_api.sandbox.model.settings import MAX_SECONDS

FaultKind = Literal[
    "rate_limited",
    "server_error",
    "slow_head",
    "slow_body",
    "hang",
    "reset",
    "drop",
    "cut_off",
    "truncated",
    "wrong_types",
    "new_values",
    "nulls",
    "fail_delivery",
    "early_webhook",
    "duplicate_webhook",
    "reorder_webhook",
    "delay_webhook",
    "drop_webhook",
    "unknown_topic",
    "bad_signature",
]
"""What a rule does; `connectly_api.sandbox.Sandbox.fault` describes each."""

MESSAGE_FAULTS: Final = frozenset({"fail_delivery", "early_webhook"})
"""Those that concern what becomes of an accepted message."""

DELIVERY_FAULTS: Final = frozenset({
    *("duplicate_webhook", "reorder_webhook", "delay_webhook", "drop_webhook", "unknown_topic", "bad_signature"),
})  # fmt: skip
"""Those that concern one webhook event on its way."""

REQUEST_FAULTS: Final = frozenset(get_args(FaultKind)) - MESSAGE_FAULTS - DELIVERY_FAULTS
"""Those that concern the answer to a request."""

_WITH_ANSWER: Final = frozenset({"server_error", "hang"})
_LEAST_ERROR, _MOST_ERROR = 500, 599

# What only some kinds take: the option's name, and the kinds.
_OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "status": frozenset({"server_error"}),
    "html": frozenset({"server_error"}),
    "retry_after": frozenset({"rate_limited"}),
    "seconds": frozenset({"slow_head", "slow_body", "delay_webhook"}),
    "accepted": _WITH_ANSWER,
    "code": frozenset({"fail_delivery"}),
}


def build_rule(given: Mapping[str, Any]) -> FaultRule:
    """Return a rule of what was given for it.

    Raises:
        InvalidInputError: A value cannot be, does not go with another, or would have no effect.
    """
    rule = FaultRule(**given)
    for name, kinds in _OPTIONS.items():
        if name in given and rule.what not in kinds:
            raise _refuse(name, f"has no meaning for {rule.what}")
    return rule


def _words(value: object) -> str | None:
    """A number of seconds may be given as one; what is neither that nor text is refused later."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else cast("str | None", value)


def _refuse(field: str, problem: str) -> InvalidInputError:
    return InvalidInputError(f"{field}: {problem}", field=field)


@attrs.frozen(kw_only=True)
class FaultRule:
    """One rule. `what` says what it does, `operation`, `recipient` and `topic` whom it concerns, the next three when.

    Attributes:
        what: The fault.
        operation: The Swagger's operation id, whole or without its service's prefix, in any spelling; None for all.
        recipient: A customer's phone number or BSUID; None for all.
        topic: For webhooks: the event's topic; None for all.
        next: Strikes at the next so many that it fits.
        every: Strikes at each so-manieth that it fits.
        probability: Strikes with this probability; 1 where nothing of the three is given.
        status: For `server_error`: 500 to 599.
        html: For `server_error`: whether the body is a proxy's HTML page.
        accepted: For `server_error` and `hang`: whether the message exists all the same.
        retry_after: For `rate_limited`: the header's value, seconds or a date or anything else; None for no header.
        seconds: For `slow_head` and `slow_body`: real seconds, as a client's own time-outs are real; for
            `delay_webhook`: of the sandbox's clock.
        code: For `fail_delivery`: the error code.
    """

    what: FaultKind
    operation: str | None = attrs.field(default=None)
    recipient: str | None = attrs.field(default=None, repr=False)
    topic: str | None = None
    next: int | None = None
    every: int | None = None
    probability: float | None = None
    status: int = 500
    html: bool = False
    accepted: bool = False
    retry_after: str | None = attrs.field(default=None, converter=_words)
    seconds: float = 1.0
    code: str = "ERROR_CODE_UNSPECIFIED"

    def __attrs_post_init__(self) -> None:
        """Check the values together.

        Raises:
            InvalidInputError: One cannot be, or does not go with another.
        """
        for problem in _problems(self):
            raise problem

    def is_triggered(self, seed: int, number: int, nth: int) -> bool:
        """Say whether it strikes at the `nth` thing that its selectors fit, being rule `number`."""
        if self.next is not None:
            return nth <= self.next
        if self.every is not None:
            return nth % self.every == 0
        return self.probability is None or draw_probability(seed, f"rule {number}", nth) < self.probability


@attrs.frozen
class RuleMatch:
    """The rules whose selectors fitted, and the first that struck."""

    matched: tuple[int, ...] = ()
    rule: FaultRule | None = None


def match_rules(
    rules: Mapping[int, FaultRule],
    matched: Mapping[int, int],
    seed: int,
    *,
    kinds: frozenset[str],
    operation: str | None = None,
    customer: Identity | None = None,
    topic: str | None = None,
) -> RuleMatch:
    """Return which rules something meets; one rule strikes at most, and those after it do not count it.

    Args:
        rules: By number, oldest first.
        matched: How often each fitted so far.
        seed: The sandbox's.
        kinds: Only rules of these kinds are asked.
        operation: The request's operation id.
        customer: Whom it concerns, where that is known.
        topic: The event's.
    """
    fitting: list[int] = []
    for number, rule in rules.items():
        if rule.what in kinds and _fits(rule, operation, customer, topic):
            fitting.append(number)
            if rule.is_triggered(seed, number, matched[number] + 1):
                return RuleMatch(tuple(fitting), rule)
    return RuleMatch(tuple(fitting))


def _fits(rule: FaultRule, operation: str | None, customer: Identity | None, topic: str | None) -> bool:
    if rule.operation is not None and _plain(rule.operation) not in _spellings(operation or ""):
        return False
    if rule.topic is not None and rule.topic != topic:
        return False
    return rule.recipient is None or (customer is not None and rule.recipient in customer.ids)


def _plain(operation: str) -> str:
    return re.sub("[^a-z0-9]", "", operation.lower())


def _spellings(operation: str) -> set[str]:
    return {_plain(operation), _plain(operation.rpartition("_")[2])}


def _problems(rule: FaultRule) -> Iterator[InvalidInputError]:
    if rule.what not in get_args(FaultKind):
        yield _refuse("what", f"must be one of {', '.join(get_args(FaultKind))}")
    if rule.recipient is not None:
        parse_customer("recipient", rule.recipient)
    if sum(value is not None for value in (rule.next, rule.every, rule.probability)) > 1:
        yield _refuse("next", "goes with neither every nor probability, nor these with each other")
    for name in ("next", "every"):
        value: Any = getattr(rule, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            yield _refuse(name, "must be a whole number above 0")
    if rule.probability is not None and not _is_number(rule.probability, 1):
        yield _refuse("probability", "must be a number from 0 to 1")
    yield from _selector_problems(rule)
    yield from _option_problems(rule)


def _selector_problems(rule: FaultRule) -> Iterator[InvalidInputError]:
    for name in ("operation", "topic", "code"):
        value: Any = getattr(rule, name)
        if value is not None and (not isinstance(value, str) or not value):
            yield _refuse(name, "must be a string that is not empty")
    if rule.topic is not None and rule.what not in DELIVERY_FAULTS:
        yield _refuse("topic", f"has no meaning for {rule.what}")
    if rule.operation is not None and rule.what in DELIVERY_FAULTS:
        yield _refuse("operation", f"has no meaning for {rule.what}")


def _option_problems(rule: FaultRule) -> Iterator[InvalidInputError]:
    if not isinstance(rule.status, int) or not _LEAST_ERROR <= rule.status <= _MOST_ERROR:
        yield _refuse("status", f"must be {_LEAST_ERROR} to {_MOST_ERROR}")
    if not _is_number(rule.seconds, MAX_SECONDS):
        yield _refuse("seconds", "must be a number of seconds, 0 or more, and not more than thirty years")
    for name in ("html", "accepted"):
        if not isinstance(getattr(rule, name), bool):
            yield _refuse(name, "must be true or false")
    retry_after: object = rule.retry_after
    if retry_after is not None and not (isinstance(retry_after, str) and re.fullmatch("[ -~]{0,1000}", retry_after)):
        yield _refuse("retry_after", "must be a number of seconds, or at most 1000 printable ASCII characters")


def _is_number(value: object, most: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most
