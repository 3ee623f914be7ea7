from connectly_api.errors import Violation
from connectly_api.sandbox.model.refusals import Refusal, refuse_closed_window, refuse_findings, refuse_violations
from tests.sandbox.calls import documented

FIRST = Violation(field="a", problem="is empty")
SECOND = Violation(field="b", problem="is missing")


def test_a_closed_window_is_refused_with_the_documented_body() -> None:
    expected = documented("responses/error_window_closed")
    body = refuse_closed_window("ERROR_TYPE_DEADLINE_EXCEEDED").body(expected["cntTraceId"])
    assert body == expected
    assert list(body) == list(expected)


def test_the_other_error_type_of_a_closed_window_can_be_chosen() -> None:
    assert refuse_closed_window("ERROR_TYPE_FAILED_PRECONDITION").body("1")["type"] == "ERROR_TYPE_FAILED_PRECONDITION"


def test_every_violation_is_listed_in_the_details() -> None:
    refusal = refuse_violations([FIRST, SECOND], code="ERROR_CODE_X")
    assert refusal.status == 400
    assert refusal.message == "Invalid request: a: is empty (and 1 more)"
    assert refusal.body("1")["details"] == {
        "violations": [{"field": "a", "problem": "is empty"}, {"field": "b", "problem": "is missing"}]
    }


def test_the_first_finding_gives_the_code() -> None:
    refusal = refuse_findings([("ERROR_CODE_A", FIRST), ("ERROR_CODE_B", SECOND)])
    assert isinstance(refusal, Refusal)
    assert refusal.code == "ERROR_CODE_A"
    assert refusal.violations == (FIRST, SECOND)
    assert refusal.message.endswith("(and 1 more)")


def test_no_findings_are_no_refusal() -> None:
    assert refuse_findings([]) is None
