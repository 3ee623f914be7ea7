"""Fault rules: which requests and webhook events a rule applies to, and when.

A rule counts the requests or events that match its selectors, and is triggered by the next n matches, by every n-th
match, or by each match with a probability. The probability is drawn from the seed, so the same run has the same faults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, cast, get_args

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.number_checks import check_count, is_integer, is_number
from connectly_api.sandbox.model.identity import Identity, parse_customer
from connectly_api.sandbox.model.ids import draw_probability
from connectly_api.sandbox.model.settings import MAX_SECONDS

FaultKind = Literal[
    "rate_limited",
    "refuse",
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
"""`connectly_api.sandbox.Sandbox.fault` describes each."""

FAULT_DESCRIPTIONS: Final[Mapping[FaultKind, str]] = {
    "rate_limited": "the response is a 429",
    "refuse": "the response is a 4xx of your choice",
    "server_error": "the response is a 5xx",
    "slow_head": "the response begins late",
    "slow_body": "the response's body comes late",
    "hang": "the response never comes",
    "reset": "the connection is reset, and nothing is accepted",
    "drop": "the message is accepted, and the response lost",
    "cut_off": "accepted, and the response ends in the middle",
    "truncated": "accepted, and half of the response's JSON is missing",
    "wrong_types": "accepted, and the response's JSON has other types",
    "new_values": "accepted, and the response's JSON has new values",
    "nulls": "accepted, and the response's JSON has nulls",
    "fail_delivery": "the message is accepted, and then not delivered",
    "early_webhook": "the first status comes before the response",
    "duplicate_webhook": "the webhook is delivered twice",
    "reorder_webhook": "the webhook is delivered after the next one",
    "delay_webhook": "the webhook is delivered later",
    "drop_webhook": "the webhook is never delivered",
    "unknown_topic": "the event has a topic that nobody knows",
    "bad_signature": "the webhook's signature is wrong",
}
"""Each fault in a line."""

MESSAGE_FAULTS: Final = frozenset({"fail_delivery", "early_webhook"})

DELIVERY_FAULTS: Final = frozenset({
    *("duplicate_webhook", "reorder_webhook", "delay_webhook", "drop_webhook", "unknown_topic", "bad_signature"),
})  # fmt: skip

REQUEST_FAULTS: Final = frozenset(get_args(FaultKind)) - MESSAGE_FAULTS - DELIVERY_FAULTS

_REFUSALS: Final = range(400, 500)
_ERRORS: Final = range(500, 600)

FAULT_OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "status": frozenset({"refuse", "server_error"}),
    "html": frozenset({"server_error"}),
    "retry_after": frozenset({"rate_limited"}),
    "seconds": frozenset({"slow_head", "slow_body", "delay_webhook"}),
    "accepted": frozenset({"server_error", "hang"}),
    "code": frozenset({"refuse", "fail_delivery"}),
}
"""Options that only some kinds have."""


def build_rule(given: Mapping[str, Any]) -> FaultRule:
    """Build a rule; refuse options that have no effect on its kind.

    Raises:
        InvalidInputError: A value is invalid, or cannot be combined with another.
    """
    rule = FaultRule(**given)
    for name, kinds in FAULT_OPTIONS.items():
        _refuse_if(name in given and rule.what not in kinds, name, f"has no meaning for {rule.what}")
    return rule


def _to_text(value: object) -> str | None:
    """Convert a number of seconds; the validators refuse other types."""
    return str(value) if is_number(value) else cast("str | None", value)


def _get_statuses(what: str) -> range:
    return _REFUSALS if what == "refuse" else _ERRORS


def _choose_status(rule: FaultRule) -> int:
    return _get_statuses(rule.what)[0]


def _refuse_if(is_wrong: bool, field: str, problem: str) -> None:  # noqa: FBT001  (the condition itself)
    if is_wrong:
        raise InvalidInputError(f"{field}: {problem}", field=field)


@attrs.frozen(kw_only=True)
class FaultRule:
    """One rule: fault, selectors, when it is triggered, and options, all described by `Sandbox.fault`.

    The operation is the low-level function's name, or the operation id of the Swagger file with or without the prefix
    of its service, in any spelling.
    `seconds` are real seconds for responses, like a client's timeouts, and the sandbox clock's for webhooks.
    `retry_after` is the value of the header, seconds, a date or anything else; None leaves it out.
    """

    what: FaultKind
    operation: str | None = attrs.field(default=None)
    recipient: str | None = attrs.field(default=None, repr=False)
    topic: str | None = None
    next: int | None = None
    every: int | None = None
    probability: float | None = None
    status: int = attrs.field(default=attrs.Factory(_choose_status, takes_self=True))
    html: bool = False
    accepted: bool = False
    retry_after: str | None = attrs.field(default=None, converter=_to_text)
    seconds: float = 1.0
    code: str = "ERROR_CODE_UNSPECIFIED"

    def __attrs_post_init__(self) -> None:
        """Check the values together.

        Raises:
            InvalidInputError: A value is invalid, or cannot be combined with another.
        """
        kinds = get_args(FaultKind)
        _refuse_if(self.what not in kinds, "what", f"must be one of {', '.join(kinds)}")
        if self.recipient is not None:
            parse_customer("recipient", self.recipient)
        _check_times(self)
        _check_selectors(self)
        _check_options(self)

    def is_triggered(self, seed: int, number: int, nth: int) -> bool:
        """Return whether the `nth` match triggers this rule, whose number is `number`."""
        if self.next is not None:
            return nth <= self.next
        if self.every is not None:
            return nth % self.every == 0
        return self.probability is None or draw_probability(seed, f"rule {number}", nth) < self.probability


@attrs.frozen
class RuleMatch:
    """The numbers of the rules that matched, and the first rule that was triggered."""

    matched: tuple[int, ...] = ()
    rule: FaultRule | None = None


def match_rules(
    rules: Mapping[int, FaultRule],
    matches: Mapping[int, int],
    seed: int,
    *,
    kinds: frozenset[str],
    operation: tuple[str, ...] = (),
    customer: Identity | None = None,
    topic: str | None = None,
) -> RuleMatch:
    """Find the first rule that is triggered; the rules after it do not count the match.

    Args:
        rules: By number, oldest first.
        matches: How often each has matched so far.
        seed: The sandbox's seed.
        kinds: Only rules of these kinds are considered.
        operation: The names of a request's operation.
        customer: The sender or recipient, if known.
        topic: The topic of an event.
    """
    matched: list[int] = []
    for number, rule in rules.items():
        if rule.what in kinds and _is_match(rule, operation, customer, topic):
            matched.append(number)
            if rule.is_triggered(seed, number, matches[number] + 1):
                return RuleMatch(tuple(matched), rule)
    return RuleMatch(tuple(matched))


def _is_match(rule: FaultRule, operation: tuple[str, ...], customer: Identity | None, topic: str | None) -> bool:
    if rule.operation is not None and normalize_operation(rule.operation) not in map(normalize_operation, operation):
        return False
    if rule.topic is not None and rule.topic != topic:
        return False
    return rule.recipient is None or (customer is not None and rule.recipient in customer.ids)


@lru_cache(maxsize=1024)
def normalize_operation(operation: str) -> str:
    """Return an operation's name without its spelling: `sendmessage` for `send_message` and `SendMessage`."""
    return re.sub("[^a-z0-9]", "", operation.lower())


def _check_times(rule: FaultRule) -> None:
    is_ambiguous = sum(value is not None for value in (rule.next, rule.every, rule.probability)) > 1
    _refuse_if(is_ambiguous, "next", "goes with neither every nor probability, nor these with each other")
    for name in ("next", "every"):
        if (count := getattr(rule, name)) is not None:
            check_count(name, count)
    is_valid = rule.probability is None or is_number(rule.probability, 0, 1)
    _refuse_if(not is_valid, "probability", "must be a number from 0 to 1")


def _check_selectors(rule: FaultRule) -> None:
    for name in ("operation", "topic", "code"):
        value: object = getattr(rule, name)
        is_valid = value is None or (isinstance(value, str) and value != "")
        _refuse_if(not is_valid, name, "must be a string that is not empty")
    is_delivery = rule.what in DELIVERY_FAULTS
    _refuse_if(rule.topic is not None and not is_delivery, "topic", f"has no meaning for {rule.what}")
    _refuse_if(rule.operation is not None and is_delivery, "operation", f"has no meaning for {rule.what}")


def _check_options(rule: FaultRule) -> None:
    statuses = _get_statuses(rule.what)
    is_status = is_integer(rule.status) and rule.status in statuses
    _refuse_if(not is_status, "status", f"must be {statuses[0]} to {statuses[-1]} for {rule.what}")
    # The list of codes is open, so an undocumented one may exist.
    is_code = re.fullmatch("[ -~]{1,100}", rule.code) is not None
    _refuse_if(not is_code, "code", "must be 1 to 100 printable ASCII characters, such as ERROR_CODE_UNSPECIFIED")
    is_duration = is_number(rule.seconds, 0, MAX_SECONDS)
    _refuse_if(not is_duration, "seconds", "must be a number of seconds, 0 or more, and not more than thirty years")
    for name in ("html", "accepted"):
        _refuse_if(not isinstance(getattr(rule, name), bool), name, "must be true or false")
    header: object = rule.retry_after
    is_header = header is None or (isinstance(header, str) and re.fullmatch("[ -~]{0,1000}", header) is not None)
    _refuse_if(not is_header, "retry_after", "must be a number of seconds, or at most 1000 printable ASCII characters")
