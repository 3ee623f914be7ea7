"""The customers' verbs: the window that they open, and the events that follow, byte for byte as documented."""

from typing import Any

import attrs
import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.recipients import Phone
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.sandbox import get_engine
from connectly_api.webhooks import ButtonReply, Echo, InboundMessage, ListReply, Reaction, ReportReady, parse, verify
from tests.sandbox.calls import (
    TEMPLATES,
    answer,
    ask,
    attach_receiver,
    load_document,
    message,
    path_of,
    register,
    session,
    template,
)

PHONE = "+16044441111"
BSUID = "US.13491208655302741918"
NEVER = "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION"
CLOSED = "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW"
BUTTONS: dict[str, Any] = {
    "text": "Friday?",
    "replyButtonMessage": {"buttons": [{"id": "y", "text": "Yes"}, {"id": "n", "text": "No"}]},
}
LIST: dict[str, Any] = {
    "listMessage": {"button": {"text": "Choose"}, "sections": [{"rows": [{"id": "s", "text": "Small"}]}]}
}


def shape(value: Any) -> Any:
    """Names and nesting of a JSON value, in order, without the values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else None


async def test_the_window_is_closed_until_the_customer_writes_and_again_after_24_hours() -> None:
    sandbox = Sandbox()
    assert ask(sandbox, session()).code == NEVER
    await sandbox.customer(PHONE).says("Hi")
    assert ask(sandbox, session()).status == 200
    await sandbox.advance(hours=24, seconds=-1)
    assert ask(sandbox, session()).status == 200
    await sandbox.advance(1)
    assert ask(sandbox, session()).code == CLOSED
    assert ask(sandbox, template(), path=TEMPLATES).status == 200
    await sandbox.customer(PHONE).sends_image("https://example.com/a.jpg")
    assert ask(sandbox, session()).status == 200


async def test_a_window_is_one_of_a_sender_and_a_customer() -> None:
    sandbox = Sandbox()
    first, second = sandbox.settings.senders
    await sandbox.customer(PHONE).says("Hi", sender=second)
    assert [ask(sandbox, session(sender={"id": one})).status for one in (first, second)] == [400, 200]
    assert ask(sandbox, session(recipient={"id": "+16049999999", "channelType": "whatsapp"})).code == NEVER


async def test_with_open_windows_time_closes_none_and_a_test_can() -> None:
    sandbox = Sandbox(windows="open")
    await sandbox.customer(PHONE).says("Hi")
    await sandbox.advance(days=30)
    assert ask(sandbox, session()).status == 200
    sandbox.close_window(PHONE)
    assert ask(sandbox, session()).code == CLOSED


async def test_phone_and_bsuid_of_one_customer_share_the_window() -> None:
    sandbox = Sandbox(bsuid_recipients="accept")
    await sandbox.customer(PHONE, bsuid=BSUID).says("Hi")
    by_bsuid = {"userId": BSUID, "channelType": "whatsapp"}
    assert [ask(sandbox, session(recipient=by_bsuid)).status, ask(sandbox, session()).status] == [200, 200]
    assert get_engine(sandbox).state.complete_identity(Identity(bsuid=BSUID)).phone == PHONE


async def test_a_text_comes_as_documented_and_signed() -> None:
    sandbox, receiver = await attach_receiver()
    await sandbox.customer(PHONE, name="Vasi").says("TEST 11")
    (body,) = receiver.bodies
    expected = load_document("webhooks/text")
    assert list(body) == list(expected)
    assert shape(body["sender"]) == shape(expected["sender"])
    assert body["message"].pop("id")
    assert body["message"] == {"text": "TEST 11"}
    assert receiver.headers[0]["content-type"] == "text/plain; charset=utf-8"
    verify(receiver.contents[0], receiver.headers[0]["x-connectly-hmac-sha256"], sandbox.settings.webhook_secret)
    event = parse(receiver.contents[0])
    assert isinstance(event, InboundMessage)
    assert event.message_id
    assert (event.text, event.topic, str(event.customer.name)) == ("TEST 11", None, "Vasi")


async def test_files_places_and_referrals_come_as_documented() -> None:
    sandbox, receiver = await attach_receiver()
    customer = sandbox.customer(PHONE, name="Vasi")
    await customer.sends("video", "https://cdn.example/1", caption="Look")
    await customer.sends("document", "https://cdn.example/2", filename="a.pdf")
    await customer.shares_location(1.5, -2, name="Here", address="1 Street")
    await customer.shares_location(0, 0)
    referral = load_document("webhooks/referral")["message"]["referral"]
    await customer.says("From the ad", referral=referral)
    video, document, place, _, ad = receiver.bodies
    assert document["message"]["attachments"][0]["filename"] == "a.pdf"
    assert video["message"]["attachments"] == [{"type": "video", "url": "https://cdn.example/1", "caption": "Look"}]
    assert place["message"]["location"] == {"latitude": 1.5, "longitude": -2, "name": "Here", "address": "1 Street"}
    assert ad["message"]["referral"] == referral
    assert shape(ad)["message"]["referral"] == shape(load_document("webhooks/referral"))["message"]["referral"]


async def test_a_tapped_button_comes_as_documented_with_the_callback_data_of_its_message() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    ask(sandbox, session(message=BUTTONS, callbackData={"order": 1}))
    sent = sandbox.messages[0].id
    ask(sandbox, session())
    customer = sandbox.customer(PHONE, name="Vasi")
    await customer.taps("Yes")
    await customer.taps("n", message=sent)
    _, _, first, second = receiver.bodies
    expected = load_document("webhooks/button_response")
    assert list(first) == [*expected, "callbackData"]
    assert first["context"] == {"replyToId": sent}
    assert first["buttonResponse"] == {"id": "y", "text": "Yes", "payload": "y"}
    assert (first["callbackData"], second["buttonResponse"]["payload"]) == ({"order": 1}, "n")
    event = parse(receiver.contents[2])
    assert isinstance(event, ButtonReply)
    assert (event.id, event.reply_to_id, event.callback_data) == ("y", sent, {"order": 1})


async def test_a_tapped_button_can_come_in_the_older_form() -> None:
    sandbox, receiver = await attach_receiver(windows="open", button_reply="message")
    ask(sandbox, session(message=BUTTONS))
    await sandbox.customer(PHONE).taps("Yes")
    assert receiver.bodies[-1]["message"].items() >= {"text": "Yes", "isButtonResponse": True}.items()
    assert isinstance(parse(receiver.contents[-1]), ButtonReply)


async def test_a_templates_button_is_tapped_by_its_text() -> None:
    sandbox, receiver = await attach_receiver()
    ask(sandbox, template(callbackData=[1]), path=TEMPLATES)
    await sandbox.customer(PHONE).taps("Stop promotions")
    assert receiver.bodies[-1]["buttonResponse"]["text"] == "Stop promotions"
    assert receiver.bodies[-1]["callbackData"] == [1]


async def test_rows_and_reactions_refer_to_their_message_and_open_the_window() -> None:
    sandbox, receiver = await attach_receiver()
    customer = sandbox.customer(PHONE, bsuid=BSUID)
    await customer.says("Hi")
    ask(sandbox, session(message=LIST, callbackData="x"))
    sent = sandbox.messages[0].id
    await sandbox.advance(hours=30)
    assert ask(sandbox, session()).code == CLOSED
    await customer.picks("Small")
    assert ask(sandbox, session()).status == 200
    await customer.reacts("\N{THUMBS UP SIGN}", message=sent)
    picked, reaction = [body for body in receiver.bodies if "context" in body]
    assert (picked["context"], picked["callbackData"]) == ({"replyToId": sent}, "x")
    assert picked["listResponse"]["payload"] == "s"
    assert reaction["reaction"] == {"emoji": "\N{THUMBS UP SIGN}", "messageId": sent}
    assert reaction["sender"].items() >= {"userId": BSUID, "phoneNumber": PHONE}.items()
    await customer.reacts(None, message=sent)
    row, added, removed = map(parse, receiver.contents[-3:])
    assert isinstance(row, ListReply)
    assert (row.id, row.title, row.reply_to_id, row.callback_data) == ("s", "Small", sent, "x")
    assert isinstance(added, Reaction)
    assert (added.emoji, added.is_removed, added.reply_to_id) == ("\N{THUMBS UP SIGN}", False, sent)
    assert isinstance(removed, Reaction)
    assert (removed.emoji, removed.is_removed, removed.reply_to_id, removed.callback_data) == (None, True, sent, "x")


async def test_an_edited_text_comes_again_under_its_id_and_opens_no_window() -> None:
    sandbox, receiver = await attach_receiver(windows="closed")
    customer = sandbox.customer(PHONE, name="Ann")
    await customer.says("Monday", sender=sandbox.settings.senders[1])
    await customer.says("Thanks")
    first, _ = map(parse, receiver.contents)
    await customer.edits("Friday", message=first.message_id)
    await customer.edits("Thank you")
    await customer.edits("Thank you!")
    events = [parse(content) for content in receiver.contents]
    assert [getattr(event, "text", None) for event in events[2:]] == ["Friday", "Thank you", "Thank you!"]
    assert [event.message_id for event in events[2:]] == [first.message_id, *[events[1].message_id] * 2]
    assert [getattr(event, "is_edited", None) for event in events] == [False, False, True, True, True]
    assert (events[2].business, events[2].customer) == (first.business, first.customer)
    assert len({event.key for event in events}) == len(events)

    ask(sandbox, session(callbackData=1))
    await customer.says("Yes", reply_to=sandbox.messages[0].id)
    await sandbox.advance(hours=24)
    await customer.edits("No")
    edited = parse(receiver.contents[-1])
    assert (edited.reply_to_id, edited.callback_data) == (sandbox.messages[0].id, 1)
    assert ask(sandbox, session()).code == CLOSED


async def test_only_a_kept_text_of_the_same_customer_can_be_edited() -> None:
    sandbox, receiver = await attach_receiver(keep=2)
    for text in ("one", "two", "three"):
        await sandbox.customer(PHONE).says(text)
    await sandbox.customer("+16045550000").sends_image("https://cdn.example/1")
    ids = [parse(content).message_id for content in receiver.contents]
    for phone, text_id in [(PHONE, ids[0]), ("+16045550000", None), ("+16045550000", ids[2])]:
        with pytest.raises(InvalidInputError):
            await sandbox.customer(phone).edits("new", message=text_id)
    await sandbox.customer(PHONE).edits("new", message=ids[1])
    assert len(receiver.contents) == len(ids) + 1


async def test_a_quoting_text_has_the_callback_data_and_a_plain_one_has_not() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    ask(sandbox, session(callbackData=7, campaignName="spring"))
    customer = sandbox.customer(PHONE)
    await customer.says("Yes", reply_to=sandbox.messages[0].id)
    await customer.says("Yes")
    _, _, quoting, plain = receiver.bodies
    assert (quoting["callbackData"], quoting["context"]) == (7, {"replyToId": sandbox.messages[0].id})
    assert {"callbackData", "context"}.isdisjoint(plain)


async def test_an_answer_goes_to_the_number_that_was_answered() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    second = sandbox.settings.senders[1]
    ask(sandbox, session(sender={"id": second}, message=BUTTONS))
    await sandbox.customer(PHONE).taps("Yes")
    assert receiver.bodies[-1]["recipient"]["id"] == second
    assert parse(receiver.contents[-1]).business.phone == Phone(second)


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("says", {"text": ""}),
        ("says", {"text": 7}),
        ("says", {"text": "\ud800"}),
        ("says", {"text": "x", "reply_to": "nothing"}),
        ("says", {"text": "x", "referral": "ad"}),
        ("says", {"text": "x", "sender": "+14150000000"}),
        ("says", {"text": "x", "sender": 7}),
        ("says", {"text": "x", "shout": True}),
        ("sends", {"type": "sticker", "url": "https://example.com"}),
        ("sends", {"type": "image", "url": ""}),
        ("shares_location", {"latitude": "1", "longitude": 2}),
        ("shares_location", {"latitude": 1}),
        ("shares_location", {"latitude": True, "longitude": 2}),
        ("shares_location", {"latitude": float("nan"), "longitude": 2}),
        ("edits", {"text": "x"}),
        ("edits", {"text": ""}),
        ("edits", {"text": "x", "message": "nothing"}),
        ("taps", {"button": "Maybe"}),
        ("taps", {"button": "Small"}),
        ("picks", {"row": "Yes"}),
        ("picks", {"row": "Large", "message": "nothing"}),
        ("reacts", {"emoji": "x", "message": "nothing"}),
        ("reads", {"message": "nothing"}),
        ("changes_phone", {"phone": "6044441111"}),
        ("changes_phone", {"bsuid": "x"}),
        ("changes_phone", {}),
        ("sings", {}),
    ],
)
async def test_what_a_customer_cannot_do_is_a_clear_error_and_changes_nothing(
    sandbox: Sandbox, verb: str, arguments: dict[str, Any]
) -> None:
    ask(sandbox, session(message=BUTTONS))
    ask(sandbox, session(message=LIST))
    before = sandbox.timeline
    with pytest.raises(InvalidInputError):
        await sandbox.run_verb(verb, customer=PHONE, **arguments)
    assert sandbox.timeline == before


@pytest.mark.parametrize("arguments", [{}, {"phone": "x"}, {"bsuid": "x"}, {"phone": PHONE, "bsuid": ""}])
def test_a_customer_needs_a_phone_number_or_a_bsuid(sandbox: Sandbox, arguments: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        sandbox.customer(**arguments)


async def test_a_customer_without_a_phone_number_is_named_by_the_bsuid() -> None:
    sandbox, receiver = await attach_receiver()
    customer = sandbox.customer(bsuid=BSUID)
    await customer.says("Hi")
    sender = receiver.bodies[0]["sender"]
    assert sender == {"id": BSUID, "channelType": "whatsapp", "userId": BSUID, "phoneNumber": ""}
    assert customer.identity.ids == (BSUID,)
    assert BSUID not in repr(customer)


async def test_where_bsuids_are_off_none_is_told_and_customers_without_a_phone_number_are_not_heard() -> None:
    sandbox, receiver = await attach_receiver(bsuid_events="off", bsuid_recipients="accept")
    await sandbox.customer(bsuid=BSUID).says("Hi")
    assert receiver.bodies == []
    assert ask(sandbox, session(recipient={"userId": BSUID, "channelType": "whatsapp"})).code == NEVER
    await sandbox.customer(PHONE, bsuid="US.2").says("Hi")
    assert receiver.bodies[0]["sender"] == {"id": PHONE, "channelType": "whatsapp"}


async def test_after_a_change_of_phone_the_bsuid_is_another_and_the_old_names_lead_nowhere() -> None:
    sandbox, receiver = await attach_receiver(bsuid_recipients="accept")
    customer = sandbox.customer(PHONE, bsuid=BSUID, name="Ann")
    await customer.says("Hi")
    moved = await customer.changes_phone("+16045550000")
    assert moved.phone == "+16045550000"
    assert moved.bsuid not in {None, BSUID}
    assert str(moved.bsuid).startswith("US.")
    assert ask(sandbox, session(recipient={"id": "+16045550000", "channelType": "whatsapp"})).code == NEVER
    assert ask(sandbox, session()).code == CLOSED
    old = answer(ask(sandbox, template(), path=TEMPLATES))["id"]
    await sandbox.settle()
    assert sandbox.status_of(old) == "delivery_failed"
    assert receiver.bodies[-1]["statusUpdate"]["error"]["code"] == "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID"
    await moved.says("It is me")
    assert receiver.bodies[-1]["sender"]["name"] == "Ann"
    again = await moved.changes_phone(PHONE, bsuid="CA.1")
    assert (again.phone, again.bsuid) == (PHONE, "CA.1")
    await again.says("I am back")
    back = answer(ask(sandbox, session()))["id"]
    await sandbox.settle()
    assert sandbox.status_of(back) == "read"


@pytest.mark.parametrize("seconds", [0, 1.5])
async def test_what_is_on_its_way_when_the_phone_changes_fails_and_what_was_delivered_stays(seconds: float) -> None:
    sandbox, receiver = await attach_receiver(windows="open", read_after=None)
    customer = sandbox.customer(PHONE, bsuid=BSUID)
    delivered = answer(ask(sandbox, session(message=BUTTONS)))["id"]
    await sandbox.settle()
    other = answer(ask(sandbox, session(recipient={"id": "+16049999999", "channelType": "whatsapp"})))["id"]
    late = answer(ask(sandbox, session(message=LIST)))["id"]
    named = answer(ask(sandbox, template(number=f"bsuid:{BSUID}"), path=TEMPLATES))["id"]
    await sandbox.advance(seconds)
    moved = await customer.changes_phone("+16045550000")
    with pytest.raises(InvalidInputError, match="the delivery of that message fails"):
        await moved.picks("Small")
    await sandbox.settle()
    assert [sandbox.status_of(sent) for sent in (other, late, named)] == ["delivered", *["delivery_failed"] * 2]
    codes = [body["statusUpdate"]["error"]["code"] for body in receiver.bodies if body["statusUpdate"]["error"]]
    assert codes == ["ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID"] * 2
    await moved.taps("Yes")
    tapped = receiver.bodies[-1]
    assert (tapped["sender"]["id"], tapped["context"]) == ("+16045550000", {"replyToId": delivered})


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("says", {"text": "Hi"}),
        ("reads", {}),
        ("taps", {"button": "Yes"}),
        ("opts_out", {}),
        ("changes_phone", {"phone": "+16045550001"}),
        ("open_window", {}),
    ],
)
async def test_a_customer_who_changed_the_phone_is_not_played_by_the_former_ids(
    verb: str, arguments: dict[str, Any]
) -> None:
    sandbox = Sandbox()
    moved = await sandbox.customer(PHONE, bsuid=BSUID).changes_phone("+16045550000", bsuid="US.2")
    moved = await moved.changes_phone("+16045550002", bsuid="US.3")
    for former in (PHONE, BSUID, "+16045550000", "US.2"):
        with pytest.raises(InvalidInputError) as caught:
            await sandbox.run_verb(verb, customer=former, **arguments)
        assert str(caught.value) == "customer: has changed the phone number, and is now +16045550002 or US.3"
    await sandbox.customer(PHONE).says("I am somebody else")
    await moved.says("Hi")


@pytest.mark.parametrize(("keeps", "status"), [(False, 200), (True, 400)])
async def test_an_opt_out_stays_behind_when_the_phone_changes_unless_it_is_kept(keeps: bool, status: int) -> None:
    sandbox = Sandbox()
    customer = sandbox.customer(PHONE)
    await customer.opts_out()
    await customer.changes_phone("+16045550000", keeps_opt_out=keeps)
    assert ask(sandbox, template(number="+16045550000"), path=TEMPLATES).status == status
    with pytest.raises(InvalidInputError, match="keeps_opt_out: must be true or false"):
        await sandbox.run_verb("changes_phone", customer="+16045550000", phone=PHONE, keeps_opt_out=1)


async def test_a_change_of_the_bsuid_alone_keeps_the_phone_number_open() -> None:
    sandbox = Sandbox()
    customer = sandbox.customer(PHONE, bsuid=BSUID)
    await customer.says("Hi")
    sent = answer(ask(sandbox, session()))["id"]
    await customer.changes_phone(PHONE, bsuid="US.2")
    assert ask(sandbox, session()).status == 200
    await sandbox.settle()
    assert sandbox.status_of(sent) == "read"


async def test_a_customer_without_a_bsuid_gets_none_with_a_new_phone_number() -> None:
    sandbox = Sandbox()
    moved = await sandbox.customer(PHONE).changes_phone("+16045550000")
    assert moved.bsuid is None


async def test_a_customer_who_opted_out_gets_no_templates_until_opting_in() -> None:
    sandbox = Sandbox(windows="open")
    customer = sandbox.customer(PHONE, bsuid=BSUID)
    await customer.opts_out()
    for number in (PHONE, f"bsuid:{BSUID}"):
        decision = ask(sandbox, template(number=number), path=TEMPLATES)
        assert decision.code == "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT"
    assert ask(sandbox, session()).status == 200
    await customer.opts_in()
    assert ask(sandbox, template(), path=TEMPLATES).status == 200


async def test_reading_reaches_all_statuses_that_are_left_once() -> None:
    sandbox, receiver = await attach_receiver(windows="open", read_after=None)
    first, second = (answer(ask(sandbox, session()))["id"] for _ in range(2))
    customer = sandbox.customer(PHONE)
    await customer.reads(first)
    assert (receiver.get_statuses(), sandbox.status_of(second)) == (["sent", "delivered", "read"], None)
    await sandbox.settle()
    assert (sandbox.status_of(first), sandbox.status_of(second)) == ("read", "delivered")
    await customer.reads()
    await customer.reads()
    assert receiver.get_statuses() == ["sent", "delivered", "read"] * 2


async def test_the_businesss_own_messages_are_told_where_echo_is_on() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    ask(sandbox, session())
    await sandbox.advance(0)
    assert receiver.bodies == []
    ask(sandbox, {"configuration": {"echo": True}}, path=_update(sandbox), method="PUT")
    ask(sandbox, message(text="Hello"))
    ask(sandbox, template(), path=TEMPLATES)
    await sandbox.advance(0)
    text, named = [parse(content) for content in receiver.contents]
    assert isinstance(text, Echo)
    assert (text.text, text.message_id) == ("Hello", sandbox.messages[1].id)
    assert isinstance(named, Echo)
    assert named.text == "welcome"


def _update(sandbox: Sandbox) -> str:
    return path_of("update_webhook", sandbox.registrations[0].id)


async def test_a_finished_report_comes_as_documented() -> None:
    sandbox, receiver = await attach_receiver()
    register(sandbox, "report", channelTypes=["sms"], filters=[{"field": "campaign_name", "expression": "x"}])
    await sandbox.report_ready(name="Daily", url="https://reports.example/1")
    (body,) = receiver.bodies
    assert shape(body) == shape(load_document("webhooks/report"))
    event = parse(receiver.contents[0])
    assert isinstance(event, ReportReady)
    assert (event.name, event.url) == ("Daily", "https://reports.example/1")


async def test_topics_can_be_named_and_absent_values_be_null() -> None:
    sandbox, receiver = await attach_receiver(windows="open", message_topic="present", absent_values="null")
    await sandbox.customer(PHONE).says("Hi")
    ask(sandbox, session())
    await sandbox.settle()
    text, status = receiver.bodies[0], receiver.bodies[1]
    assert (text["topic"], text["sender"]["name"], text["message"]["attachments"]) == ("messages", None, None)
    assert (status["metadata"], status["sender"]["name"]) == (None, None)


async def test_a_customers_verbs_are_the_same_in_every_run() -> None:
    async def run(seed: int) -> list[dict[str, Any]]:
        sandbox, _ = await attach_receiver(windows="open", seed=seed)
        customer = sandbox.customer(PHONE, bsuid=BSUID)
        await customer.says("Hi")
        ask(sandbox, session(message=BUTTONS))
        await customer.taps("Yes")
        await customer.changes_phone("+16045550000")
        await sandbox.settle()
        return sandbox.timeline

    assert await run(1) == await run(1)
    assert await run(1) != await run(2)


def test_a_customer_is_a_value() -> None:
    sandbox = Sandbox()
    assert sandbox.customer(PHONE) == sandbox.customer(PHONE)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        sandbox.customer(PHONE).phone = "x"  # type: ignore[misc]
