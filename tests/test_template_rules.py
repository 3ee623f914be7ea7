"""WhatsApp's rules for the values of templates, the same before sending and in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import (
    Connectly,
    InvalidContentError,
    InvalidInputError,
    LimitWarning,
    Parameter,
    Response,
    Template,
)
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.model.exchange import Decision
from connectly_api.transport import MockTransport
from tests.sandbox.calls import TEMPLATES, ask, fields, template

PHONE = "+16044441111"
URL = "https://example.com/a.pdf"

BREAKS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"]
LINE_BREAK = "holds a line break, which WhatsApp refuses in a template's values"
TAB = "holds a tab, which WhatsApp refuses in a template's values"
SPACES = "holds more than 4 spaces in a row, which WhatsApp refuses in a template's values"


def found(**values: Any) -> list[tuple[str, str, str]]:
    content = Template("greeting", "en", **values)
    return [(violation.field, violation.problem, violation.level) for violation in content.violations()]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"body": ["a", "{}"]}, "body[1]"),
        ({"header_text": "{}"}, "header_text"),
        ({"parameters": {"body_3": "{}"}}, "parameters[0].value"),
        ({"parameters": [Parameter("header_text", "{}")]}, "parameters[0].value"),
    ],
)
@pytest.mark.parametrize(
    ("value", "problem"),
    [*((f"a{mark}b", LINE_BREAK) for mark in BREAKS), ("a\tb", TAB), ("a     b", SPACES), (f"a{' ' * 40}b", SPACES)],
    ids=ascii,
)
def test_a_text_with_such_white_space_is_refused(values: Any, field: str, value: str, problem: str) -> None:
    def filled(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: filled(inner) for name, inner in part.items()}
        if isinstance(part, list):
            return [filled(inner) for inner in part]
        if isinstance(part, Parameter):
            return Parameter(part.name, value)
        return part.format(value)

    assert found(**filled(values)) == [(field, problem, "limit")]


def test_all_that_is_wrong_with_a_value_is_told_at_once() -> None:
    assert [problem for _, problem, _ in found(header_text="a\n\t     " + "x" * 60)] == [
        "68 characters; the limit is 60",
        LINE_BREAK,
        TAB,
        SPACES,
    ]


def test_under_a_name_that_is_not_documented_it_is_a_doubt() -> None:
    assert found(parameters={"card_1_body_1": "a\nb"}) == [("parameters[0].value", LINE_BREAK, "doubt")]
    assert found(parameters={"card_1_body_1": "x" * 5000}) == []


@pytest.mark.parametrize("value", ["a", "a    b", "caf\u00e9 \U0001f44d", "*bold* _italic_", "x" * 1024])
def test_a_text_on_one_line_passes(value: str) -> None:
    assert found(body=[value]) == []


def test_the_values_of_a_body_have_a_limit_together() -> None:
    assert found(body=["x" * 1025]) == [("body[0]", "1025 characters; the limit is 1024", "limit")]
    problem = "1025 characters in all values together; the limit is 1024"
    assert found(body=["x" * 1000], parameters={"body_2": "x" * 25}) == [("body", problem, "limit")]


@pytest.mark.parametrize(
    ("value", "problem", "level"),
    [
        ("a b", "holds white space, or characters that cannot be seen", "error"),
        ("a\nb", "holds white space, or characters that cannot be seen", "error"),
        ("a\u200bb", "holds white space, or characters that cannot be seen", "error"),
        ("https:///order", "names no host", "error"),
        ("ftp://example.com", "must be an absolute address that begins with http:// or https://", "error"),
        ("x" * 2001, "2001 characters; the limit is 2000", "limit"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_the_address_of_a_button_is_a_part_of_an_address_or_a_whole_one(value: str, problem: str, level: str) -> None:
    assert found(button_urls=[None, value]) == [("button_urls[1]", problem, level)]
    assert found(parameters={"button_1_url": value}) == [("parameters[0].value", problem, level)]


@pytest.mark.parametrize("value", ["12345", "order/1?a=b#c", "?id=1", "%20", "https://example.com/1", "\u00fcber"])
def test_what_may_follow_an_address_passes(value: str) -> None:
    assert found(button_urls=[value]) == []


def test_a_document_without_a_name_anywhere_is_a_doubt() -> None:
    (doubt,) = found(header_document="https://example.com/download")
    assert (doubt[0], doubt[2]) == ("header_document.filename", "doubt")
    assert found(header_document=URL) == []
    assert found(header_document=("https://example.com/download", "bill.pdf")) == []
    assert found(header_image="https://example.com/download") == []


async def test_limits_can_be_a_warning_and_errors_cannot() -> None:
    mock = MockTransport(lambda _: Response(200, (), b'{"id":"01A"}'))
    connectly = Connectly(api_key="k", business_id="b", transport=mock, limits="warn")
    with pytest.warns(LimitWarning, match="body.0.: holds a line break"):
        await connectly.send_template(PHONE, "t", "en", body=["a\nb"])
    for name, language in (("", "en"), ("t", ""), (" ", "\n")):
        with pytest.raises(InvalidContentError, match="is empty"):
            await connectly.send_template(PHONE, name, language)
    assert len(mock.requests) == 1


@pytest.mark.parametrize(("name", "language"), [("", ""), ("greeting", "en")])
async def test_a_template_goes_by_whatsapp_alone(name: str, language: str) -> None:
    mock = MockTransport(lambda _: Response(200, (), b'{"id":"01A"}'))
    connectly = Connectly(api_key="k", business_id="b", transport=mock)
    with pytest.raises(InvalidInputError, match="a template can only be sent through whatsapp") as caught:
        await connectly.send_template(PHONE, name, language, channel_type="sms")
    assert caught.value.field == "channel_type"
    assert mock.requests == []


@pytest.mark.parametrize("method", ["send_text", "send_image", "send_reply_buttons", "send_product"])
async def test_what_is_empty_goes_by_no_channel(method: str) -> None:
    empty: dict[str, tuple[Any, ...]] = {
        "send_text": ("",),
        "send_image": (" ",),
        "send_reply_buttons": ("?", []),
        "send_product": ("", "sku"),
    }
    mock = MockTransport(lambda _: Response(200, (), b'{"id":"01A"}'))
    connectly = Connectly(api_key="k", business_id="b", transport=mock, limits="off")
    for channel in ("whatsapp", "sms"):
        with pytest.raises(InvalidContentError):
            await getattr(connectly, method)(PHONE, *empty[method], channel_type=channel)
    assert mock.requests == []


TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(" \t\n"), min_size=1, max_size=70)
HEADERS = st.sampled_from(["header_text", "header_image", "header_document"])
NAMES = st.sampled_from(["body_1", "body_2", "button_1_url", "card"])
VALUES = TEXTS | st.just(URL)


@given(st.dictionaries(HEADERS, VALUES, max_size=1), st.dictionaries(NAMES, VALUES, max_size=3))
def test_the_sandbox_refuses_what_the_client_refuses_and_nothing_else(
    header: dict[str, str], others: dict[str, str]
) -> None:
    parameters = {**header, **others}
    refused = [
        violation
        for violation in Template("greeting", "en", parameters=parameters).violations()
        if violation.level != "doubt"
    ]
    assert (send(Sandbox(), parameters).status == 400) is bool(refused)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"body_1": "a\nb"}, "parameters[0].value"),
        ({"body_1": "a\tb"}, "parameters[0].value"),
        ({"header_text": "a     b"}, "parameters[0].value"),
        ({"header_text": "x" * 61}, "parameters[0].value"),
        ({"body_1": "x", "body_2": "y" * 1025}, "parameters[1].value"),
        ({"body_1": "x" * 600, "body_2": "y" * 600}, "parameters"),
        ({"header_image": "picture"}, "parameters[0].value"),
        ({"header_video": "https:///a.mp4"}, "parameters[0].value"),
        ({"button_1_url": "a b"}, "parameters[0].value"),
        ({"button_1_url": "x" * 2001}, "parameters[0].value"),
        ({"body_1": " "}, "parameters[0].value"),
    ],
)
def test_the_sandbox_refuses_it_in_the_services_words(parameters: dict[str, str], field: str) -> None:
    decision = send(Sandbox(), parameters)
    assert (decision.status, decision.code) == (400, "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID")
    assert fields(decision) == [field]


@pytest.mark.parametrize(("value", "status"), [("a\nb", 200), ("x" * 2000, 200), (" ", 400)])
def test_the_sandbox_can_ignore_limits_and_not_errors(value: str, status: int) -> None:
    assert send(Sandbox(content_limits="ignore"), {"body_1": value}).status == status


async def test_the_sandbox_can_let_it_fail_later() -> None:
    sandbox = Sandbox(template_mismatch="fail_delivery")
    assert send(sandbox, {"body_1": "a\nb"}).status == 200
    await sandbox.settle()
    assert sandbox.status_of(sandbox.messages[0].id) == "delivery_failed"


def send(sandbox: Sandbox, parameters: dict[str, str]) -> Decision:
    listed = [{"name": name, "value": value} for name, value in parameters.items()]
    return ask(sandbox, template(parameters=listed), path=TEMPLATES)
