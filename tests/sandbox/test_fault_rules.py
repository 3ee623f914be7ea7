from typing import Any, get_args

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.model.documents import serialize_rule
from connectly_api.sandbox.model.fault_rules import (
    DELIVERY_FAULTS,
    MESSAGE_FAULTS,
    REQUEST_FAULTS,
    FaultKind,
    FaultRule,
    build_rule,
    match_rules,
)
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.service.faults import _FAULTS

RESET: dict[str, Any] = {"what": "reset"}


def find_triggered(rule: FaultRule, times: int = 100, seed: int = 0) -> list[int]:
    return [nth for nth in range(1, times + 1) if rule.is_triggered(seed, 1, nth)]


def test_every_kind_belongs_to_one_group_and_every_fault_of_a_request_is_known() -> None:
    assert set(get_args(FaultKind)) == REQUEST_FAULTS | MESSAGE_FAULTS | DELIVERY_FAULTS
    assert set(_FAULTS) == REQUEST_FAULTS


def test_the_document_of_a_rule_has_only_the_options_that_are_not_the_usual_ones() -> None:
    plain = {"number": 1, "matches": 3, "isUsedUp": False}
    for kind in get_args(FaultKind):
        assert serialize_rule(1, FaultRule(what=kind), 3) == {"what": kind, **plain}
    rule = FaultRule(what="rate_limited", next=3, retry_after="5")
    assert serialize_rule(1, rule, 3) == {
        "what": "rate_limited",
        "next": 3,
        "retryAfter": "5",
        **plain,
        "isUsedUp": True,
    }


def test_a_rule_is_triggered_always_by_the_next_by_every_nth_or_with_a_probability() -> None:
    assert len(find_triggered(FaultRule(**RESET))) == 100
    assert find_triggered(FaultRule(**RESET, next=2)) == [1, 2]
    assert find_triggered(FaultRule(**RESET, every=40)) == [40, 80]
    assert find_triggered(FaultRule(**RESET, probability=0)) == []
    assert len(find_triggered(FaultRule(**RESET, probability=1))) == 100
    half = find_triggered(FaultRule(**RESET, probability=0.5), 1000)
    assert 400 < len(half) < 600
    assert (
        half
        == find_triggered(FaultRule(**RESET, probability=0.5), 1000)
        != find_triggered(FaultRule(**RESET, probability=0.5), 1000, seed=1)
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"what": "explode"}, "what"),
        ({"recipient": "somebody"}, "recipient"),
        ({"recipient": 7}, "recipient"),
        ({"next": 1, "every": 2}, "next"),
        ({"every": 1, "probability": 0.1}, "next"),
        ({"next": 0}, "next"),
        ({"next": True}, "next"),
        ({"every": 1.5}, "every"),
        ({"probability": 1.1}, "probability"),
        ({"probability": float("nan")}, "probability"),
        ({"probability": "1"}, "probability"),
        ({"operation": ""}, "operation"),
        ({"operation": 7}, "operation"),
        ({"topic": "messages"}, "topic"),
        ({"what": "drop_webhook", "operation": "send_message"}, "operation"),
        ({"html": True}, "html"),
        ({"accepted": True}, "accepted"),
        ({"retry_after": 1}, "retry_after"),
        ({"seconds": 2}, "seconds"),
        ({"code": "ERROR_CODE_X"}, "code"),
        ({"status": 503}, "status"),
        ({"what": "server_error", "status": 429}, "status"),
        ({"what": "server_error", "status": "503"}, "status"),
        ({"what": "server_error", "html": "yes"}, "html"),
        ({"what": "server_error", "accepted": 1}, "accepted"),
        ({"what": "slow_head", "seconds": -1}, "seconds"),
        ({"what": "slow_head", "seconds": float("inf")}, "seconds"),
        ({"what": "fail_delivery", "code": ""}, "code"),
        ({"what": "rate_limited", "retry_after": "a\r\nb: c"}, "retry_after"),
    ],
)
def test_a_rule_that_cannot_be_is_a_clear_error(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        build_rule({**RESET, **changes})
    assert caught.value.field == field


NAMES = ("Connectly_SubmitText", "SubmitText", "send_message")


@pytest.mark.parametrize("operation", [*NAMES, "submit_text", "sendMessage"])
def test_an_operation_is_known_by_any_spelling_of_any_name(operation: str) -> None:
    rules = {1: FaultRule(**RESET, operation=operation)}
    asked: dict[str, Any] = {"kinds": REQUEST_FAULTS}
    assert match_rules(rules, {1: 0}, 0, operation=NAMES, **asked).rule is rules[1]
    assert match_rules(rules, {1: 0}, 0, operation=("WebhookService_GetWebhooks",), **asked).rule is None
    assert match_rules(rules, {1: 0}, 0, **asked).rule is None


def test_the_oldest_rule_that_is_triggered_decides_and_later_ones_do_not_count_it() -> None:
    rules = {1: FaultRule(**RESET, every=2), 2: FaultRule(what="drop", recipient="US.1"), 3: FaultRule(what="hang")}
    asked: dict[str, Any] = {"kinds": REQUEST_FAULTS, "customer": Identity(bsuid="US.1")}
    first = match_rules(rules, {1: 0, 2: 0, 3: 0}, 0, **asked)
    assert (first.matched, first.rule) == ((1, 2), rules[2])
    second = match_rules(rules, {1: 1, 2: 1, 3: 0}, 0, **asked)
    assert (second.matched, second.rule) == ((1,), rules[1])
    nobody = match_rules({2: rules[2]}, {2: 0}, 0, kinds=REQUEST_FAULTS)
    assert (nobody.matched, nobody.rule) == ((), None)


def test_nothing_personal_is_in_a_rules_repr() -> None:
    assert "6044441111" not in repr(FaultRule(**RESET, recipient="+16044441111"))


@pytest.mark.parametrize(
    ("what", "option"),
    [
        ("drop", {"seconds": 1}),
        ("drop", {"status": 500}),
        ("reset", {"html": False}),
        ("slow_head", {"accepted": False}),
    ],
)
def test_an_option_without_effect_is_refused_even_with_the_value_that_it_has_anyway(what: Any, option: Any) -> None:
    (name,) = option
    with pytest.raises(InvalidInputError, match=f"^{name}: has no meaning for {what}$"):
        Sandbox().fault(what, **option)
