from typing import Any

import pytest
from hypothesis import given as given_hypothesis
from hypothesis import strategies as st

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.sandbox import get_engine
from tests.sandbox.calls import TEMPLATES, ask, attach_receiver, fields, load_document, template

NOT_FOUND = "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND"
INPUT = "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID"
DELETED = "ERROR_CODE_MESSAGE_TEMPLATE_DELETED"


def given(**values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def send(sandbox: Sandbox, **changes: Any) -> tuple[int, str | None, list[str]]:
    decision = ask(sandbox, template(**changes), path=TEMPLATES)
    return decision.status, decision.code, fields(decision)


def test_any_template_can_be_sent_until_one_is_declared() -> None:
    sandbox = Sandbox()
    assert send(sandbox)[0] == 200
    sandbox.template("shipped")
    assert send(sandbox) == (400, NOT_FOUND, ["templateName"])
    assert send(sandbox, templateName="shipped")[0] == 200


def test_undeclared_templates_can_be_taken_or_refused_throughout() -> None:
    accepting, refusing = Sandbox(undeclared_templates="accept"), Sandbox(undeclared_templates="refuse")
    accepting.template("shipped", parameters=["body_1"])
    assert send(accepting)[0] == 200
    assert send(refusing) == (400, NOT_FOUND, ["templateName"])


def test_a_template_has_a_name_and_a_language_of_which_the_latter_may_be_left_out() -> None:
    sandbox = Sandbox()
    sandbox.template("welcome", "de")
    assert send(sandbox) == (400, NOT_FOUND, ["templateName"])
    assert send(sandbox, language="de")[0] == 200
    assert send(sandbox, language=...)[0] == 200


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        (given(body_1="a", header_image="https://a.example/1.jpg"), None),
        (given(header_image="https://a.example/1.jpg", body_1="a"), None),
        (given(body_1="a"), ["parameters"]),
        ([], ["parameters", "parameters"]),
        (given(body_1="a", header_image="https://a.example", body_2="b"), ["parameters[2].name"]),
        (given(body_1=" ", header_image="https://a.example"), ["parameters[0].value"]),
        (given(body_1="a", header_image="picture"), ["parameters[1].value"]),
        (given(body_1="a\x00", header_image="https://a.example"), ["parameters[0].value"]),
    ],
)
def test_parameters_must_be_those_that_were_declared(parameters: list[dict[str, Any]], wrong: list[str] | None) -> None:
    sandbox = Sandbox()
    sandbox.template("welcome", parameters=["body_1", "header_image"])
    expected = (200, None, []) if wrong is None else (400, INPUT, wrong)
    assert send(sandbox, parameters=parameters) == expected


def test_paused_and_deleted_templates_cannot_be_sent_and_can_be_declared_anew() -> None:
    sandbox = Sandbox()
    sandbox.template("welcome", status="paused")
    assert send(sandbox) == (400, "ERROR_CODE_UNSPECIFIED", ["templateName"])
    sandbox.template("welcome", status="deleted")
    assert send(sandbox) == (400, DELETED, ["templateName"])
    sandbox.template("welcome")
    assert send(sandbox)[0] == 200


def test_the_documented_templates_fit_their_own_declarations() -> None:
    sandbox = Sandbox()
    for name in ("template", "template_body_parameters", "template_document_campaign", "template_bsuid"):
        body = load_document(f"requests/{name}")
        names = [parameter["name"] for parameter in body.get("parameters", [])]
        sandbox.template(body["templateName"], body["language"], parameters=names)
        assert ask(sandbox, body, path=TEMPLATES).status == 200


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": 7}, "name"),
        ({"name": "t", "language": " "}, "language"),
        ({"name": "t", "parameters": ["a", "a"]}, "parameters"),
        ({"name": "t", "parameters": [""]}, "parameters"),
        ({"name": "t", "parameters": [7]}, "parameters"),
        ({"name": "t", "status": "lost"}, "status"),
    ],
)
def test_a_template_that_cannot_be_is_a_clear_error(sandbox: Sandbox, arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        sandbox.template(**arguments)
    assert caught.value.field == field


@pytest.mark.parametrize("name", [" a", "a ", "a\n", " ", "\n", "a\x00b"])
def test_names_with_white_space_around_them_are_refused(name: str) -> None:
    sandbox = Sandbox()
    assert send(sandbox, templateName=name) == (400, NOT_FOUND, ["templateName"])
    assert send(sandbox, language=name) == (400, NOT_FOUND, ["language"])
    assert send(sandbox, parameters=[{"name": name, "value": "x"}]) == (400, INPUT, ["parameters[0].name"])
    for declared in ({"name": name}, {"name": "a", "language": name}, {"name": "a", "parameters": [name]}):
        with pytest.raises(InvalidInputError):
            sandbox.template(**declared)


@pytest.mark.parametrize(
    ("texts", "parameters"),
    [
        ({"text": "Hi {{1}}, {{2}} is on its way, {{1}}."}, ["body_1", "body_2"]),
        ({"text": "Hi {{ name }}.", "header": "Order {{number}}"}, ["header_text", "body_name"]),
        ({"text": "Hi.", "header": "Hello", "footer": "Reply STOP"}, []),
        ({"header": "{{1}}"}, ["header_text"]),
        ({"text": "Hi {{1}}", "parameters": ["header_image", "name"]}, ["header_image", "name"]),
        ({"text": "Hi {{1}}", "parameters": []}, []),
    ],
)
def test_parameters_that_are_not_declared_follow_from_the_placeholders(
    texts: dict[str, Any], parameters: list[str]
) -> None:
    sandbox = Sandbox()
    sandbox.template("welcome", **texts)
    values = dict.fromkeys(parameters, "https://a.example/1.jpg")
    assert send(sandbox, parameters=given(**values))[0] == 200
    assert send(sandbox, parameters=given(**values, body_9="x")) == (400, INPUT, [f"parameters[{len(values)}].name"])
    assert send(sandbox)[2] == ["parameters"] * len(parameters)


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ({"header": "x" * 61}, "header: has 61 characters; the limit is 60"),
        ({"text": "x" * 1025}, "text: has 1025 characters; the limit is 1024"),
        ({"footer": "x" * 61}, "footer: has 61 characters; the limit is 60"),
        ({"text": " \n"}, "text: is empty"),
        ({"header": "{{1}} {{2}}"}, "header: can have one placeholder"),
        ({"footer": "{{1}}"}, "footer: cannot have placeholders"),
        ({"text": "{{}}"}, "text: placeholders are like {{1}} or {{name}}"),
        ({"text": "{{{{1}}}}"}, "text: placeholders are like {{1}} or {{name}}"),
        ({"text": "\ud800"}, "text: must be a string of UTF-8 text"),
        ({"buttons": ["a"] * 2}, "buttons: one is there more than once"),
        ({"buttons": map(str, range(11))}, "buttons: there are 11; the limit is 10"),
        ({"buttons": ["x" * 26]}, "buttons[0]: has 26 characters; the limit is 25"),
        ({"buttons": ["Yes", ""]}, "buttons[1]: is empty"),
        ({"buttons": ["Y\x00"]}, "buttons[0]: holds control characters, or others that cannot be seen"),
        ({"buttons": ["\ud800"]}, "buttons: must be a list of strings of UTF-8 text"),
    ],
)
def test_texts_and_buttons_beyond_whatsapps_limits_are_refused(texts: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Sandbox().template("welcome", **texts)
    assert str(caught.value) == problem


@given_hypothesis(st.text(st.sampled_from("{} 1a_\n"), min_size=1, max_size=20))
def test_a_template_that_can_be_declared_has_parameters_that_can_be_sent(text: str) -> None:
    sandbox = Sandbox()
    try:
        sandbox.template("welcome", text=text)
    except InvalidInputError:
        return
    names = list(get_engine(sandbox).state.templates["welcome", "en"].parameters)
    assert send(sandbox, parameters=given(**dict.fromkeys(names, "x")))[0] == 200


async def test_customers_tap_only_declared_buttons_of_a_template_that_declares_them() -> None:
    sandbox, receiver = await attach_receiver()
    sandbox.template("welcome", text="Shall we?", buttons=["Yes", "No"])
    sandbox.template("plain", text="Well?", buttons=[])
    ask(sandbox, template(), path=TEMPLATES)
    ann = sandbox.customer("+16044441111")
    with pytest.raises(InvalidInputError, match="no message to this customer has 'Maybe'"):
        await ann.taps("Maybe")
    await ann.taps("No")
    ask(sandbox, template(templateName="plain", language=...), path=TEMPLATES)
    await ann.taps("Maybe")
    taps = [body["buttonResponse"]["payload"] for body in receiver.bodies if "buttonResponse" in body]
    assert taps == ["No", "Maybe"]
