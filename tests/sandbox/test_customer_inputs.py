"""What customers in the sandbox can write: what WhatsApp lets them write, and nothing else."""

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import ask, attach_receiver, client_of, fields, session

PHONE = "+16044441111"
IMAGE = "https://cdn.example/1"


async def refuse(verb: str, **arguments: Any) -> InvalidInputError:
    """Run a verb, and return the error."""
    if verb not in {"customer", "report_ready"}:
        arguments["customer"] = PHONE
    with pytest.raises(InvalidInputError) as caught:
        await Sandbox().run_verb(verb, **arguments)
    return caught.value


@pytest.mark.parametrize(
    ("verb", "arguments", "problem"),
    [
        ("says", {"text": "x" * 4097}, "text: has 4097 characters; the limit is 4096"),
        ("says", {"text": " \n"}, "text: is missing or empty"),
        ("edits", {"text": "x" * 4097}, "text: has 4097 characters; the limit is 4096"),
        ("sends", {"type": "audio", "url": IMAGE, "caption": "Listen"}, "caption: audio has none"),
        ("sends", {"type": "image", "url": IMAGE, "caption": "x" * 1025}, "caption: has 1025 characters; the limit is"),
        ("sends", {"type": "image", "url": IMAGE, "filename": "a.jpg"}, "filename: only documents have one"),
        ("sends", {"type": "document", "url": IMAGE, "filename": "a\n.pdf"}, "filename: holds control characters"),
        ("sends", {"type": "image"}, "url: is missing or empty"),
        ("sends", {"type": "image", "url": ""}, "url: is missing or empty"),
        ("sends", {"type": "image", "url": "cat.png"}, "url: must be an absolute address"),
        ("sends", {"type": "image", "url": "/cats/cat.png"}, "url: must be an absolute address"),
        ("sends", {"type": "image", "url": "ftp://cdn.example/1"}, "url: must be an absolute address"),
        ("sends", {"type": "image", "url": "javascript:alert(1)"}, "url: must be an absolute address"),
        ("sends", {"type": "image", "url": "https://"}, "url: names no host"),
        ("sends", {"type": "image", "url": f"{IMAGE} 2"}, "url: holds white space"),
        ("sends", {"type": "image", "url": IMAGE + "x" * 2048}, "url: has 2069 characters; the limit is 2048"),
        ("shares_location", {"latitude": 91, "longitude": 0}, "latitude: is 91, and must be between -90 and 90"),
        ("shares_location", {"latitude": 0, "longitude": -180.5}, "longitude: is -180.5, and must be between -180 and"),
        ("shares_location", {"latitude": 0, "longitude": 0, "name": "a\x00"}, "name: holds control characters"),
        ("shares_location", {"latitude": 0, "longitude": 0, "address": "a\x85"}, "address: holds control characters"),
        ("customer", {"phone": PHONE, "name": "A\x1b"}, "name: holds control characters"),
        ("customer", {"phone": PHONE, "name": "x" * 257}, "name: has 257 characters; the limit is"),
        ("report_ready", {"url": "report"}, "url: must be an absolute address"),
    ],
)
async def test_what_whatsapp_does_not_have_is_refused(verb: str, arguments: dict[str, Any], problem: str) -> None:
    error = await refuse(verb, **arguments)
    assert str(error).startswith(problem)
    assert error.field == problem.partition(":")[0]


async def test_an_error_has_the_size_and_the_limit() -> None:
    error = await refuse("says", text="x" * 5000)
    assert (error.field, error.size, error.limit) == ("text", 5000, 4096)
    error = await refuse("shares_location", latitude=0, longitude=181)
    assert (error.field, error.limit) == ("longitude", 180)


async def test_what_whatsapp_has_is_accepted() -> None:
    sandbox, receiver = await attach_receiver()
    customer = sandbox.customer(PHONE, name="\u202eAnn \u200f\u0631")
    await customer.says("x" * 4096)
    await customer.sends("document", IMAGE, filename="a.pdf", caption="x" * 1024)
    await customer.sends("audio", "http://127.0.0.1:8750/__sandbox__/files/1/a.ogg")
    await customer.shares_location(-90, 180, name="Pole")
    assert len(receiver.bodies) == 4
    assert receiver.bodies[0]["sender"]["name"] == "\u202eAnn \u200f\u0631"


# A thumb, a color, a heart with and without its style, families, flags, keycaps, text that became emoji, a new one.
EMOJIS = [
    *("\U0001f44d", "\U0001f44d\U0001f3fd", "\u2764\ufe0f", "\u2764", "\u2764\ufe0f\u200d\U0001f525"),
    *("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f9d1\U0001f3fb\u200d\U0001f4bb"),
    *("\U0001f1e8\U0001f1e6", "\U0001f3f3\ufe0f\u200d\U0001f308", "1\ufe0f\u20e3", "#\u20e3", "\xa9\ufe0f", "\u2139"),
    *("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\U0001faff", "\u3030\ufe0f"),
]


@pytest.mark.parametrize("emoji", EMOJIS)
async def test_a_reaction_is_one_emoji(emoji: str) -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    ask(sandbox, session())
    await sandbox.customer(PHONE).reacts(emoji)
    assert receiver.bodies[-1]["reaction"]["emoji"] == emoji


@pytest.mark.parametrize(
    "text",
    ["+1", "a", "1", " ", ":)", "\U0001f44d" * 2, "\U0001f44d ", "\u200d", "\ufe0f", "\U0001f3fd\u200d" * 30, "\n"],
)
async def test_a_reaction_that_is_no_emoji_is_refused(text: str) -> None:
    sandbox = Sandbox(windows="open")
    ask(sandbox, session())
    with pytest.raises(InvalidInputError, match="must be one emoji, and has") as caught:
        await sandbox.customer(PHONE).reacts(text)
    assert (caught.value.size, caught.value.limit) == (len(text), 1)


def test_the_business_cannot_caption_audio_either() -> None:
    audio = {"attachments": [{"type": "audio", "url": IMAGE, "caption": "Listen"}]}
    assert fields(ask(Sandbox(windows="open"), session(message=audio))) == ["message.attachments[0].caption"]
    assert ask(Sandbox(windows="open", content_limits="ignore"), session(message=audio)).status == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.floats() | st.integers() | st.sampled_from([True, None, "1", -90, 90, 180]),
    st.text(max_size=5) | st.sampled_from(["https://a.example/x", "http://[", "//a.example", "http://a\u202e.example"]),
)
async def test_any_number_and_any_text_is_accepted_or_refused_with_the_name_of_the_field(value: Any, url: str) -> None:
    async with client_of(Sandbox()) as http:
        place = {"customer": PHONE, "latitude": value, "longitude": 0}
        responses = [
            (
                await http.post("/__sandbox__/shares_location", content=json.dumps(place)),
                isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 90,
                "latitude: ",
            ),
            (
                await http.post("/__sandbox__/sends", json={"customer": PHONE, "type": "image", "url": url}),
                url == "https://a.example/x",
                "url: ",
            ),
        ]
    for response, is_accepted, field in responses:
        assert response.status_code == (200 if is_accepted else 400)
        is_json = not isinstance(value, float) or math.isfinite(value)
        assert is_accepted or not is_json or response.json()["message"].startswith(field)
