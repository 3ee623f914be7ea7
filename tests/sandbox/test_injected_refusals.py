"""The fault `refuse`: every documented code can be met, as the client's typed error."""

import json
from importlib.resources import files
from typing import Any

import pytest

from connectly_api import (
    ApiError,
    AuthenticationError,
    ConflictError,
    Connectly,
    NotFoundError,
    OptedOutError,
    OutsideWindowError,
    PermissionDeniedError,
    RateLimitError,
    RecipientRejectedError,
    RequestRejectedError,
    Retry,
    SenderRestrictedError,
    TemplateRejectedError,
)
from connectly_api.error_codes import MEANINGS, TYPES
from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.sandbox import get_engine
from connectly_api.transport import AsgiTransport
from tests.sandbox.calls import LIST, answer, ask, load_document, session

PHONE = "+16044441111"
SWAGGER = files("connectly_api").joinpath("lowlevel", "service.swagger.json")

ERRORS = {
    **dict.fromkeys(MEANINGS, RequestRejectedError),
    "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW": OutsideWindowError,
    "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION": OutsideWindowError,
    "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT": OptedOutError,
    "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID": RecipientRejectedError,
    "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT": RecipientRejectedError,
    "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND": TemplateRejectedError,
    "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID": TemplateRejectedError,
    "ERROR_CODE_MESSAGE_TEMPLATE_DELETED": TemplateRejectedError,
    "ERROR_CODE_BUSINESS_REACHED_LIMITS": SenderRestrictedError,
    "ERROR_CODE_OF_TOMORROW": RequestRejectedError,
}


async def catch_refusal(sandbox: Sandbox) -> ApiError:
    """Send a text, and return the error that the client raises."""
    settings: dict[str, Any] = {"api_key": "sandbox-key", "business_id": "sandbox-business"}
    async with Connectly(**settings, transport=AsgiTransport(sandbox.app), retry=Retry(attempts=1)) as connectly:
        with pytest.raises(ApiError) as caught:
            await connectly.send_text(PHONE, "Hello!")
    return caught.value


@pytest.mark.parametrize("code", ERRORS)
async def test_each_documented_code_arrives_in_the_client_as_its_error(code: str) -> None:
    sandbox = Sandbox(windows="open")
    sandbox.fault("refuse", code=code, next=1)
    error = await catch_refusal(sandbox)
    assert (type(error), error.status, error.code) == (ERRORS[code], 400, code)
    assert error.type in TYPES
    assert not error.may_have_taken_effect
    assert sandbox.accepted == 0
    assert (sandbox.requests[0].code, sandbox.requests[0].fault) == (code, "refuse")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (418, ApiError),
        (429, RateLimitError),
        (499, ApiError),
    ],
)
async def test_a_refusal_has_any_status_from_400_to_499(status: int, expected: type[ApiError]) -> None:
    sandbox = Sandbox(windows="open")
    sandbox.fault("refuse", status=status)
    error = await catch_refusal(sandbox)
    assert (type(error), error.status, error.code) == (expected, status, "ERROR_CODE_UNSPECIFIED")


def test_a_refusal_has_the_documented_body() -> None:
    sandbox = Sandbox(window_error_type="ERROR_TYPE_FAILED_PRECONDITION")
    documented = load_document("responses/error_window_closed")
    sandbox.fault("refuse", code=documented["code"], status=422)
    decision = ask(sandbox, session())
    assert decision.status == 422
    refused = answer(decision)
    assert refused.keys() == documented.keys()
    assert (refused["message"], refused["code"]) == (documented["message"], documented["code"])
    assert refused["type"] == "ERROR_TYPE_FAILED_PRECONDITION"


def test_any_operation_can_be_refused() -> None:
    sandbox = Sandbox()
    sandbox.fault("refuse", operation="get_webhooks", status=404)
    assert ask(sandbox, method="GET", path=LIST).status == 404
    assert ask(sandbox, session()).code == "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"status": 399}, "status: must be 400 to 499 for refuse"),
        ({"status": 500}, "status: must be 400 to 499 for refuse"),
        ({"status": 400.5}, "status: must be 400 to 499 for refuse"),
        ({"code": ""}, "code: must be a string that is not empty"),
        ({"code": "X\n"}, "code: must be 1 to 100 printable ASCII characters, such as ERROR_CODE_UNSPECIFIED"),
        ({"code": "\ud800"}, "code: must be 1 to 100 printable ASCII characters, such as ERROR_CODE_UNSPECIFIED"),
        ({"retry_after": 1}, "retry_after: has no meaning for refuse"),
    ],
)
def test_a_refusal_that_cannot_be_is_a_clear_error(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Sandbox().fault("refuse", **options)
    assert str(caught.value) == problem


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_page_of_html_says_the_status_that_it_has(status: int) -> None:
    sandbox = Sandbox()
    sandbox.fault("server_error", status=status, html=True)
    decision = ask(sandbox, session())
    assert (decision.status, dict(decision.headers)["content-type"]) == (status, "text/html")
    phrase = {500: " Internal Server Error", 502: " Bad Gateway", 503: " Service Unavailable", 504: " Gateway Timeout"}
    assert f"<title>{status}{phrase.get(status, '')}</title>" in decision.content.decode()


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"operation": "send_mesage"}, "operation: there is no such operation; did you mean send_message?"),
        ({"operation": "createWebhok"}, "operation: there is no such operation; did you mean create_webhook?"),
        ({"operation": "xyz"}, "operation: there is no such operation; there are "),
        ({"what": "drop_webhook", "topic": "message"}, "topic: there is no such topic; did you mean messages?"),
        ({"what": "drop_webhook", "topic": "Messages"}, "topic: there is no such topic; did you mean messages?"),
        ({"what": "drop_webhook", "topic": "xyz"}, "topic: there is no such topic; there are "),
    ],
)
def test_a_rule_for_an_unknown_operation_or_topic_is_refused_with_the_closest_name(
    rule: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Sandbox().fault(**{"what": "refuse", **rule})
    assert str(caught.value).startswith(problem)
    assert "sandbox" not in str(caught.value)


@pytest.mark.parametrize("operation", ["send_message", "sendMessage", "send_whatsapp_templated_message"])
def test_a_rule_takes_an_operation_in_any_spelling(operation: str) -> None:
    Sandbox().fault("refuse", operation=operation)


def test_a_file_that_does_not_list_its_topics_allows_rules_for_any() -> None:
    def drop_topics(part: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in part.items() if name != "enum" or "delivery_status" not in value}

    sandbox = Sandbox(swagger=json.loads(SWAGGER.read_bytes(), object_hook=drop_topics))
    sandbox.fault("drop_webhook", topic="topic_of_tomorrow")
    with pytest.raises(InvalidInputError):
        sandbox.fault("refuse", operation="operation_of_tomorrow")


def test_used_up_rules_are_not_matched_any_more_and_the_latest_stay_visible() -> None:
    sandbox = Sandbox(windows="open", rate_limit=None)
    state = get_engine(sandbox).state
    sandbox.fault("refuse", next=2)
    sandbox.fault("refuse", every=3)
    assert [ask(sandbox, session()).status for _ in range(6)] == [400, 400, 200, 200, 400, 200]
    assert (list(state.rules), list(state.used_rules), state.rule_matches) == ([2], [1], {1: 2, 2: 4})
    for _ in range(150):
        sandbox.fault("refuse", next=1)
        ask(sandbox, session())
        ask(sandbox, session())
    assert len(state.used_rules) == 100
    assert state.rule_matches.keys() == state.rules.keys() | state.used_rules.keys()
    sandbox.clear_faults()
    assert not state.rules
    assert not state.used_rules
    assert not state.rule_matches
