"""What a test asks a sandbox, and how its failures read."""

from typing import Any

import pytest

from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import MESSAGES, TEMPLATES, ask, attach_receiver, client_of, id_of, session, template

PHONE = "+16044441111"


def filled() -> Sandbox:
    sandbox = Sandbox(windows="open")
    ask(sandbox, session(message={"text": "Hello"}, campaignName="spring", callbackData={"a": 1}))
    ask(sandbox, session(message={"text": "Goodbye"}, sender={"id": sandbox.settings.senders[1]}))
    both = {"id": PHONE, "userId": "US.1", "channelType": "whatsapp"}
    ask(sandbox, session(recipient=both, message={"attachments": [{"type": "image", "url": "https://a.example"}]}))
    ask(sandbox, template(number="+16049999999"), path=TEMPLATES)
    return sandbox


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ({"text": "Hello"}, 0),
        ({"recipient": PHONE, "text": "Goodbye"}, 1),
        ({"recipient": "US.1"}, 2),
        ({"kind": "image"}, 2),
        ({"template": "welcome"}, 3),
        ({"recipient": "+16049999999", "callback_data": None}, 3),
        ({"callback_data": {"a": 1}}, 0),
        ({"campaign_name": "spring"}, 0),
        ({"sender": "+16501113333"}, 1),
    ],
)
def test_the_one_message_that_fits_is_returned(wanted: dict[str, Any], number: int) -> None:
    sandbox = filled()
    assert sandbox.assert_sent_once(**wanted) is sandbox.messages[number]


def test_a_failure_shows_what_came_closest_and_how_it_differs() -> None:
    sandbox = filled()
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_sent_once(PHONE, text="Hallo", kind="text")
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "expected exactly one message with recipient '+16044441111', kind 'text', text 'Hallo'; none of 4 match"
    )
    assert lines[1] == f"  text to {PHONE}, id {sandbox.messages[0].id}: text is 'Hello'"
    assert lines[3].endswith("kind is 'image', text is None")
    assert lines[4].endswith("recipient is '+16049999999', kind is 'template', text is None")


def test_a_failure_shows_all_that_fit_where_there_are_several() -> None:
    sandbox = filled()
    with pytest.raises(AssertionError, match="expected exactly one message with kind 'text'; 2 of 4 match") as caught:
        sandbox.assert_sent_once(kind="text")
    assert str(caught.value).count("  matches: text to +16044441111, id ") == 2


def test_a_failure_shows_what_was_refused() -> None:
    sandbox = Sandbox()
    ask(sandbox, session())
    sandbox.fault("reset")
    ask(sandbox, session())
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_sent_once()
    lines = str(caught.value).splitlines()
    assert lines[0] == "expected exactly one message; none of 0 match"
    assert lines[1].endswith(f"{MESSAGES} 400 ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION")
    assert lines[2].endswith("reset")


async def test_the_timeline_has_everything_in_order() -> None:
    sandbox, _ = await attach_receiver()
    await sandbox.customer(PHONE).says("Hi")
    ask(sandbox, session())
    await sandbox.settle()
    told = [entry.get("name") or entry.get("operation") or entry["what"] for entry in sandbox.timeline]
    assert told == [
        *[id_of("create_webhook")] * 2,
        *("customer", "says", "delivery", id_of("send_message"), "settle"),
        *["status", "delivery"] * 3,
    ]
    times = [entry["at"] for entry in sandbox.timeline]
    assert times == sorted(times)


async def test_over_http_a_test_in_another_language_can_do_and_see_the_same() -> None:
    sandbox, receiver = await attach_receiver()
    async with client_of(sandbox) as client:
        says = {"customer": PHONE, "text": "Hi"}
        said = (await client.post("/__sandbox__/says", json=says)).json()
        assert said == {"now": 1767225600.0, "id": receiver.bodies[0]["message"]["id"]}
        identifier = (await client.post(MESSAGES, json=session())).json()["id"]
        assert (await client.post("/__sandbox__/advance", json={"hours": 1})).json() == {"now": 1767229200.0}
        assert (await client.post("/__sandbox__/settle")).status_code == 200
        (message,) = (await client.get("/__sandbox__/messages")).json()["messages"]
        assert (message["id"], message["status"]) == (identifier, "read")
        deliveries = (await client.get("/__sandbox__/deliveries")).json()["deliveries"]
        assert [one["event"] for one in deliveries] == receiver.bodies
        registrations = (await client.get("/__sandbox__/registrations")).json()["registrations"]
        assert [one["topic"] for one in registrations] == ["messages", "delivery_status"]
        assert (await client.get("/__sandbox__/timeline")).json()["now"] == sandbox.now
        for verb in ("sings", "advance"):
            wrong = await client.post(f"/__sandbox__/{verb}", json={"days": -1})
            assert wrong.status_code in {400, 404}
        assert (await client.post("/__sandbox__/template", json={"name": "welcome"})).status_code == 200
        assert (await client.post("/__sandbox__/fault", json={"what": "server_error", "next": 1})).status_code == 200
        assert (await client.post(MESSAGES, json=session())).status_code == 500


def test_counts_go_on_beyond_what_is_kept() -> None:
    sandbox = Sandbox(windows="open", keep=2)
    for _ in range(5):
        ask(sandbox, session())
    assert (sandbox.accepted, sandbox.received, len(sandbox.messages), len(sandbox.entries)) == (5, 5, 2, 5)
