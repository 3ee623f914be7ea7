"""WhatsApp's limits: what is just within passes, one more is refused with field, size and limit."""

from typing import Any

import pytest

from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import ask, fields, message


def buttons(count: int = 1, **changes: Any) -> dict[str, Any]:
    listed = [{"id": f"b{number}", "text": f"Button {number}", **changes} for number in range(count)]
    return {"text": "Choose", "replyButtonMessage": {"buttons": listed}}


def rows(*counts: int, titles: bool = True, **changes: Any) -> dict[str, Any]:
    sections: list[dict[str, Any]] = []
    number = 0
    for count in counts:
        listed: list[dict[str, Any]] = []
        for _ in range(count):
            number += 1
            listed.append({"id": f"r{number}", "text": "Row", **changes})
        sections.append({"title": f"S{len(sections)}", "rows": listed} if titles else {"rows": listed})
    return {"listMessage": {"button": {"text": "Menu"}, "sections": sections}}


def changed(content: dict[str, Any], **parts: Any) -> dict[str, Any]:
    (name,) = (key for key in content if key.endswith("Message"))
    return {**content, name: {**content[name], **parts}}


IMAGE = {"type": "image", "url": "https://example.com/a.jpg"}

WITHIN: list[dict[str, Any]] = [
    {"text": "x" * 4096},
    {"text": "\N{GRINNING FACE}" * 4096},
    {"attachments": [{**IMAGE, "caption": "x" * 1024}]},
    {"location": {"latitude": 90, "longitude": -180}},
    buttons(3),
    {**buttons(), "text": "x" * 1024},
    buttons(text="x" * 20),
    buttons(id="x" * 256),
    changed(buttons(), header={"text": "x" * 60}, footer={"text": "x" * 60}),
    rows(10),
    rows(1, titles=False),
    rows(*[1] * 10),
    rows(1, text="x" * 24, description="x" * 72, id="x" * 200),
    changed(rows(1), button={"text": "x" * 20}, header={"text": "x" * 60}),
]

BEYOND: list[tuple[dict[str, Any], list[str]]] = [
    ({"text": "x" * 4097}, ["message.text"]),
    ({"attachments": [{**IMAGE, "caption": "x" * 1025}]}, ["message.attachments[0].caption"]),
    ({"location": {"latitude": 91, "longitude": -181}}, ["message.location.latitude", "message.location.longitude"]),
    (buttons(4), ["message.replyButtonMessage.buttons"]),
    (buttons(0), ["message.replyButtonMessage.buttons"]),
    ({**buttons(), "text": "x" * 1025}, ["message.text"]),
    (buttons(text="x" * 21), ["message.replyButtonMessage.buttons[0].text"]),
    (buttons(text=" "), ["message.replyButtonMessage.buttons[0].text"]),
    (buttons(id="x" * 257), ["message.replyButtonMessage.buttons[0].id"]),
    (buttons(id=" x"), ["message.replyButtonMessage.buttons[0].id"]),
    (buttons(2, id="x"), ["message.replyButtonMessage.buttons"]),
    (buttons(2, text="x"), ["message.replyButtonMessage.buttons"]),
    (changed(buttons(), header={"text": "x" * 61}), ["message.replyButtonMessage.header.text"]),
    (changed(buttons(), footer={"text": "x" * 61}), ["message.replyButtonMessage.footer.text"]),
    (rows(11), ["message.listMessage.sections"]),
    (rows(0), ["message.listMessage.sections"]),
    (rows(), ["message.listMessage.sections", "message.listMessage.sections"]),
    (rows(1, 1, titles=False), [f"message.listMessage.sections[{number}].title" for number in (0, 1)]),
    (rows(2, id="x"), ["message.listMessage.sections"]),
    (rows(1, text="x" * 25), ["message.listMessage.sections[0].rows[0].text"]),
    (rows(1, description="x" * 73), ["message.listMessage.sections[0].rows[0].description"]),
    (rows(1, id="x" * 201), ["message.listMessage.sections[0].rows[0].id"]),
    (changed(rows(1), button={"text": "x" * 21}), ["message.listMessage.button.text"]),
    (changed(rows(1), button={}), ["message.listMessage.button.text"]),
    (changed(rows(1), sections=[{"title": "x" * 25, "rows": [{"id": "1", "text": "One"}]}]),
     ["message.listMessage.sections[0].title"]),
]  # fmt: skip


@pytest.mark.parametrize("content", WITHIN)
def test_what_is_within_the_limits_is_accepted(sandbox: Sandbox, content: dict[str, Any]) -> None:
    decision = ask(sandbox, message(**content))
    assert (decision.status, fields(decision)) == (200, [])


@pytest.mark.parametrize(("content", "wrong"), BEYOND)
def test_what_is_beyond_a_limit_is_refused_with_its_field(
    sandbox: Sandbox, content: dict[str, Any], wrong: list[str]
) -> None:
    decision = ask(sandbox, message(**content))
    assert (decision.status, decision.code, fields(decision)) == (400, "ERROR_CODE_UNSPECIFIED", wrong)


@pytest.mark.parametrize(("content", "_wrong"), BEYOND)
def test_the_limits_can_be_ignored(content: dict[str, Any], _wrong: list[str]) -> None:
    assert ask(Sandbox(windows="open", content_limits="ignore"), message(**content)).status == 200


def test_a_refusal_tells_size_and_limit(sandbox: Sandbox) -> None:
    (violation,) = ask(sandbox, message(text="x" * 5000)).violations
    assert (violation.size, violation.limit) == (5000, 4096)
    assert violation.problem == "has 5000 characters; the limit is 4096"
