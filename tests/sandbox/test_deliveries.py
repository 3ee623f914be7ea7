"""Statuses and their webhooks: who gets them, when, how often, and what rules do to them on the way."""

from typing import Any

import anyio
import pytest

from connectly_api.errors import InvalidInputError, WebhookSignatureError
from connectly_api.sandbox import Delivery, Sandbox
from connectly_api.webhooks import DeliveryStatus, UnknownEvent, parse, verify
from tests.rough_server import answer as raw_answer
from tests.rough_server import answering, free_port, hang_after_reading, rough_server
from tests.sandbox.calls import (
    TEMPLATES,
    Receiver,
    answer,
    ask,
    attach_receiver,
    load_document,
    path_of,
    register,
    session,
)
from tests.sandbox.calls import template as template_body
from tests.sandbox.test_customers import shape

PHONE = "+16044441111"


def send(sandbox: Sandbox, **changes: Any) -> str:
    identifier: str = answer(ask(sandbox, session(**changes)))["id"]
    return identifier


async def test_a_message_goes_from_status_to_status_as_time_goes_by() -> None:
    sandbox, receiver = await attach_receiver(windows="open", sent_after=1, delivered_after=2, read_after=3)
    sent = send(sandbox)
    seen: list[str | None] = []
    for seconds in (0.5, 0.5, 2, 3):
        await sandbox.advance(seconds)
        seen.append(sandbox.status_of(sent))
    assert seen == [None, "sent", "delivered", "read"]
    assert receiver.get_statuses() == ["sent", "delivered", "read"]
    assert [int(body["timestamp"]) - 1767225600 for body in receiver.bodies] == [1, 3, 6]


async def test_a_status_comes_as_documented() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    sent = send(sandbox, campaignName="spring", callbackData={"a": [1, "é"]})
    await sandbox.settle()
    delivered = receiver.bodies[1]
    assert delivered.pop("callbackData") == {"a": [1, "é"]}
    assert shape(delivered) == shape(load_document("webhooks/delivered"))
    assert delivered["statusUpdate"] == {"id": sent, "status": "delivered", "error": None}
    assert delivered["metadata"] == {"campaign_name": "spring"}
    assert delivered["sender"]["id"] == sandbox.settings.senders[0]


async def test_a_failure_comes_as_documented_and_ends_the_message() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    sandbox.fault("fail_delivery", recipient=PHONE, code="ERROR_CODE_BUSINESS_REACHED_LIMITS", next=1)
    sent = send(sandbox, campaignName="spring")
    await sandbox.settle()
    await sandbox.customer(PHONE).reads()
    assert receiver.get_statuses() == ["sent", "delivery_failed"]
    assert shape(receiver.bodies[1]) == shape(load_document("webhooks/delivery_failed"))
    assert sandbox.status_of(sent) == "delivery_failed"
    event = parse(receiver.contents[1])
    assert isinstance(event, DeliveryStatus)
    assert event.failure is not None
    assert event.failure.code == "ERROR_CODE_BUSINESS_REACHED_LIMITS"


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("documented", ["top", "top", "status:campaign_name"]),
        ("event", ["top", "top", "top"]),
        ("status", ["status:campaign_name"] * 3),
        ("camel_case", ["status:campaignName"] * 3),
    ],
)
async def test_the_campaigns_name_stands_where_it_was_chosen(place: Any, found: list[str]) -> None:
    sandbox, receiver = await attach_receiver(windows="open", campaign_tag=place, read_after=None)
    send(sandbox, campaignName="spring")
    await sandbox.settle()
    sandbox.fault("fail_delivery")
    send(sandbox, campaignName="spring")
    await sandbox.settle()
    places = [
        "top" if "metadata" in body else f"status:{next(iter(body['statusUpdate']['metadata']))}"
        for body in (receiver.bodies[0], receiver.bodies[1], receiver.bodies[3])
    ]
    assert places == found
    assert all(parse(content).campaign_name == "spring" for content in receiver.contents)


async def test_a_failure_can_have_its_older_name() -> None:
    sandbox, receiver = await attach_receiver(windows="open", failed_status="delivery_failure")
    sandbox.fault("fail_delivery")
    send(sandbox)
    await sandbox.settle()
    assert receiver.get_statuses() == ["sent", "delivery_failure"]


async def test_registrations_take_effect_at_once_and_get_what_they_asked_for() -> None:
    sandbox = Sandbox(windows="open", channels=["whatsapp", "sms"], second_registration="replace")
    receiver = Receiver(200)
    sandbox.attach("https://bot.example/", receiver)
    send(sandbox)
    await sandbox.settle()
    filtered = register(
        sandbox,
        "delivery_status",
        channelTypes=["whatsapp"],
        filters=[
            {"field": "campaign_name", "expression": "spring-*"},
            {"field": "campaign_name", "expression": "x"},
        ],
    )
    send(sandbox, campaignName="spring-1")
    send(sandbox, campaignName="autumn-1")
    send(sandbox)
    sms = {"id": PHONE, "channelType": "sms"}
    send(sandbox, campaignName="spring-2", recipient=sms)
    await sandbox.advance(1)
    assert [body["metadata"]["campaign_name"] for body in receiver.bodies] == ["spring-1"]
    ask(sandbox, {}, path=path_of("delete_webhook", filtered), method="DELETE")
    await sandbox.settle()
    assert len(receiver.bodies) == 1


async def test_an_event_goes_to_the_address_that_is_registered_when_it_goes_out() -> None:
    sandbox, receiver = await attach_receiver(500, 200, windows="open")
    send(sandbox)
    await sandbox.advance(1)
    identifier = sandbox.registrations[1].id
    new = {"address": "https://bot.example/second"}
    assert ask(sandbox, new, path=path_of("update_webhook", identifier), method="PUT").status == 200
    await sandbox.advance(5)
    assert {delivery.address for delivery in sandbox.deliveries} == {"https://bot.example/", new["address"]}
    assert receiver.get_statuses().count("sent") == 2


async def test_what_is_not_answered_with_200_is_tried_again_at_its_times_and_then_given_up() -> None:
    sandbox, receiver = await attach_receiver(204, 500, 404, windows="open", webhook_retries=[10, 20], read_after=None)
    sandbox.fault("drop_webhook", every=2)
    send(sandbox)
    await sandbox.settle()
    tried = [delivery for delivery in sandbox.deliveries if delivery.fault is None]
    assert [(one.number, one.attempt, one.status) for one in tried] == [(1, 1, 204), (1, 2, 500), (1, 3, 404)]
    assert [one.at - tried[0].at for one in tried] == [0, 10, 30]
    assert len(receiver.bodies) == 3
    assert not any(one.delivered for one in tried)
    assert sandbox.deliveries[1].problem == "dropped by a rule"


async def test_a_retry_that_is_answered_with_200_is_the_last() -> None:
    sandbox, receiver = await attach_receiver(500, 200, windows="open", read_after=None, delivered_after=100)
    send(sandbox)
    await sandbox.advance(90)
    assert [one.status for one in sandbox.deliveries] == [500, 200]
    assert receiver.contents[0] == receiver.contents[1]


async def test_a_receiver_that_raises_or_takes_too_long_has_not_answered() -> None:
    async def broken(_scope: Any, _receive: Any, _send: Any) -> None:
        raise RuntimeError("canary")

    async def slow(_scope: Any, _receive: Any, _send: Any) -> None:
        await anyio.sleep_forever()

    sandbox = Sandbox(windows="open", webhook_timeout=0.05, webhook_retries=[])
    register(sandbox, "messages", "https://bot.example/broken")
    register(sandbox, "delivery_status", "https://bot.example/slow")
    sandbox.attach("https://bot.example/broken", broken)
    sandbox.attach("https://bot.example/slow", slow)
    await sandbox.customer(PHONE).says("Hi")
    send(sandbox)
    await sandbox.advance(1)
    assert [(one.status, one.problem) for one in sandbox.deliveries] == [
        (None, "RuntimeError: canary"),
        (None, "TimeoutError"),
    ]


async def test_the_longest_address_that_fits_is_the_one_that_answers() -> None:
    sandbox, far, near = Sandbox(), Receiver(200), Receiver(200)
    sandbox.attach("https://bot.example/", far)
    sandbox.attach("https://bot.example/near", near)
    register(sandbox, "messages", "https://bot.example/near/1")
    await sandbox.customer(PHONE).says("Hi")
    assert (len(far.bodies), len(near.bodies)) == (0, 1)


async def test_webhooks_go_to_a_socket_of_this_machine_and_to_no_other() -> None:
    async with rough_server(answering(raw_answer(200))) as server:
        sandbox = Sandbox(windows="open")
        register(sandbox, "messages", f"{server.base_url}/hooks?a=1")
        register(sandbox, "delivery_status", "https://example.com/hooks")
        await sandbox.customer(PHONE).says("Hi")
        send(sandbox)
        await sandbox.advance(1)
        assert [one.status for one in sandbox.deliveries] == [200, None]
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hooks?a=1 HTTP/1.1")
    assert b"text/plain; charset=utf-8" in head
    assert body == sandbox.deliveries[0].content
    assert "not on this machine" in str(sandbox.deliveries[1].problem)


async def test_webhooks_go_anywhere_where_that_is_wanted_and_a_closed_port_is_no_failure_of_the_sandboxes() -> None:
    sandbox = Sandbox(deliver="anywhere", webhook_retries=[1])
    register(sandbox, "messages", f"http://127.0.0.1:{free_port()}/")
    await sandbox.customer(PHONE).says("Hi")
    await sandbox.settle()
    assert [str(one.problem).partition(":")[0] for one in sandbox.deliveries] == ["ConnectionRefusedError"] * 2


async def test_a_duplicate_comes_twice_under_one_number_and_is_not_tried_again_twice() -> None:
    sandbox, receiver = await attach_receiver(500, 500, 200, windows="open", read_after=None, delivered_after=50)
    sandbox.fault("duplicate_webhook", topic="delivery_status", next=1)
    send(sandbox)
    await sandbox.advance(40)
    assert [(one.number, one.attempt, one.status) for one in sandbox.deliveries] == [
        (1, 1, 500),
        (1, 1, 500),
        (1, 2, 200),
    ]
    assert len(set(receiver.contents)) == 1


async def test_what_is_reordered_comes_after_the_next_or_after_a_minute() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    sandbox.fault("reorder_webhook", next=1)
    send(sandbox)
    await sandbox.advance(10)
    assert receiver.get_statuses() == ["delivered", "sent", "read"]
    sandbox.clear_faults()
    sandbox.fault("reorder_webhook", topic="messages", next=2)
    await sandbox.customer(PHONE).says("one")
    await sandbox.customer(PHONE).says("two")
    texts = [body["message"]["text"] for body in receiver.bodies if "message" in body]
    assert texts == ["two", "one"]
    sandbox.fault("reorder_webhook", topic="messages", next=1)
    sandbox.clear_faults()
    sandbox.fault("reorder_webhook", topic="messages", next=1)
    await sandbox.customer(PHONE).says("three")
    await sandbox.advance(59)
    assert len(receiver.bodies) == 5
    await sandbox.settle()
    assert receiver.bodies[-1]["message"]["text"] == "three"


async def test_what_is_held_back_for_a_registration_goes_with_it() -> None:
    sandbox, receiver = await attach_receiver()
    sandbox.fault("reorder_webhook", next=1)
    await sandbox.customer(PHONE).says("one")
    path = path_of("delete_webhook", sandbox.registrations[0].id)
    ask(sandbox, {}, path=path, method="DELETE")
    await sandbox.settle()
    assert receiver.bodies == []


async def test_a_delayed_event_comes_late() -> None:
    sandbox, receiver = await attach_receiver()
    sandbox.fault("delay_webhook", seconds=90, next=1)
    await sandbox.customer(PHONE).says("one")
    await sandbox.advance(89)
    assert receiver.bodies == []
    await sandbox.advance(1)
    assert (len(receiver.bodies), sandbox.deliveries[0].fault) == (1, "delay_webhook")


async def test_an_unknown_topic_is_signed_rightly_and_a_bad_signature_is_mended_by_the_retry() -> None:
    sandbox, receiver = await attach_receiver(200, 401, 200)
    sandbox.fault("unknown_topic", next=1)
    await sandbox.customer(PHONE).says("one")
    sandbox.clear_faults()
    sandbox.fault("bad_signature", next=1)
    await sandbox.customer(PHONE).says("two")
    await sandbox.settle()
    assert isinstance(parse(receiver.contents[0]), UnknownEvent)
    signatures = [headers["x-connectly-hmac-sha256"] for headers in receiver.headers]
    verify(receiver.contents[0], signatures[0], "sandbox-secret")
    with pytest.raises(WebhookSignatureError):
        verify(receiver.contents[1], signatures[1], "sandbox-secret")
    verify(receiver.contents[2], signatures[2], "sandbox-secret")


async def test_a_rule_for_a_customer_meets_the_events_of_that_customer_by_either_name() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    sandbox.customer(PHONE, bsuid="US.1")
    sandbox.fault("drop_webhook", recipient="US.1")
    send(sandbox)
    send(sandbox, recipient={"id": "+16049999999", "channelType": "whatsapp"})
    await sandbox.settle()
    assert {body["recipient"]["id"] for body in receiver.bodies} == {"+16049999999"}


async def test_a_template_that_does_not_fit_can_be_told_by_an_event() -> None:
    sandbox, receiver = await attach_receiver(template_mismatch="fail_delivery", undeclared_templates="refuse")
    assert ask(sandbox, template_body(), path=TEMPLATES).status == 200
    await sandbox.settle()
    assert receiver.bodies[-1]["statusUpdate"]["error"]["code"] == "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND"


@pytest.mark.parametrize("seconds", [-1, 1e10, "1", None])
async def test_time_goes_forward(sandbox: Sandbox, seconds: Any) -> None:
    if seconds is None:
        await sandbox.run_verb("advance", minutes=1)
        assert sandbox.now == 1767225660
        return
    with pytest.raises(InvalidInputError):
        await sandbox.run_verb("advance", seconds=seconds)


async def test_advance_takes_all_units_and_nothing_else(sandbox: Sandbox) -> None:
    await sandbox.advance(1, minutes=1, hours=1, days=1)
    assert sandbox.now - 1767225600 == 90_061
    with pytest.raises(InvalidInputError, match="weeks"):
        await sandbox.run_verb("advance", weeks=1)
    with pytest.raises(InvalidInputError, match="hours"):
        await sandbox.run_verb("settle", hours=1)


async def test_settling_with_nothing_to_do_leaves_the_clock_alone(sandbox: Sandbox) -> None:
    await sandbox.settle()
    assert sandbox.now == 1767225600


async def test_a_receiver_may_answer_by_sending_and_by_letting_the_customer_act() -> None:
    sandbox, receiver = await attach_receiver()
    customer = sandbox.customer(PHONE)

    async def bot(scope: Any, receive: Any, send_: Any) -> None:
        await receiver(scope, receive, send_)
        if receiver.bodies[-1].get("message", {}).get("text") == "Hi":
            send(sandbox)
            await customer.says("Thanks")

    sandbox.attach("https://bot.example/", bot)
    await customer.says("Hi")
    assert [body["message"]["text"] for body in receiver.bodies] == ["Hi", "Thanks"]
    assert len(sandbox.messages) == 1


async def test_where_the_clock_runs_statuses_come_by_themselves_and_one_receiver_does_not_keep_others_waiting() -> None:
    async with rough_server(hang_after_reading) as hanging:
        options: dict[str, Any] = {"sent_after": 0, "delivered_after": 0, "read_after": 0, "webhook_timeout": 0.3}
        async with Sandbox(clock="real", windows="open", webhook_retries=[], **options) as sandbox:
            receiver = Receiver(200)
            sandbox.attach("https://bot.example/", receiver)
            register(sandbox, "messages", f"{hanging.base_url}/")
            register(sandbox, "delivery_status")
            async with sandbox, sandbox.serve() as address:
                assert address
                with anyio.fail_after(10):
                    await sandbox.customer(PHONE).says("Hi")
                    send(sandbox)
                    await receiver.wait_for(3)
                    assert receiver.get_statuses() == ["sent", "delivered", "read"]
    assert hanging.requests


async def test_a_running_clock_can_be_advanced_and_settled() -> None:
    async with Sandbox(clock="real", windows="closed").serve() as address:
        assert address
    sandbox = Sandbox(clock="real", delivered_after=1000)
    await sandbox.customer(PHONE).says("Hi")
    sent = send(sandbox)
    before = sandbox.now
    await sandbox.advance(hours=1)
    assert sandbox.status_of(sent) == "read"
    assert sandbox.now - before >= 3600
    await sandbox.advance(hours=24)
    assert ask(sandbox, session()).status == 400
    await sandbox.customer(PHONE).says("Hi")
    again = send(sandbox)
    await sandbox.settle()
    assert sandbox.status_of(again) == "read"
    sandbox.reset()
    assert sandbox.messages == ()


async def test_each_attempt_is_told_when_its_outcome_is_known() -> None:
    told: list[Delivery] = []
    sandbox = Sandbox(on_delivery=told.append)
    sandbox.attach("https://bot.example/", Receiver(500, 200))
    register(sandbox, "messages")
    sandbox.fault("drop_webhook", every=2)
    await sandbox.customer(PHONE).says("one")
    await sandbox.customer(PHONE).says("two")
    await sandbox.settle()
    assert tuple(told) == sandbox.deliveries
    assert [one.status for one in told] == [500, None, 200]


async def test_a_retry_dies_with_its_registration() -> None:
    sandbox, receiver = await attach_receiver(500)
    await sandbox.customer(PHONE).says("Hi")
    path = path_of("delete_webhook", sandbox.registrations[0].id)
    ask(sandbox, {}, path=path, method="DELETE")
    await sandbox.settle()
    assert len(receiver.bodies) == 1


async def test_a_rule_for_a_topic_meets_no_other() -> None:
    sandbox, receiver = await attach_receiver(windows="open", read_after=None)
    sandbox.fault("drop_webhook", topic="delivery_status")
    await sandbox.customer(PHONE).says("Hi")
    send(sandbox)
    await sandbox.settle()
    assert [list(body) for body in receiver.bodies] == [["timestamp", "sender", "recipient", "message"]]


async def test_one_connection_carries_all_that_is_due_at_once() -> None:
    async with rough_server(answering(raw_answer(200))) as server:
        sandbox = Sandbox(windows="open")
        register(sandbox, "delivery_status", server.base_url)
        for _ in range(5):
            send(sandbox)
        await sandbox.settle()
        assert (len(server.requests), server.connections) == (15, 1)


@pytest.mark.parametrize("seconds", [0, 1, 2])
async def test_what_a_customer_does_causes_its_event_whatever_status_its_message_gets_before(seconds: float) -> None:
    sandbox, _ = await attach_receiver(windows="open", sent_after=1, delivered_after=1, read_after=None)
    await sandbox.customer(PHONE).says("Hi")
    sent = send(sandbox)
    await sandbox.advance(seconds)
    await sandbox.customer(PHONE).reacts("👍", message=sent)
    [verb] = [entry for entry in sandbox.timeline if entry.get("name") == "reacts"]
    caused = [entry["topic"] for entry in sandbox.timeline if entry.get("cause") == verb["entry"]]
    assert caused == ["messages"]
