"""What a failed assertion says, and which messages count."""

from typing import Any

import pytest

from connectly_api.sandbox import Sandbox
from connectly_api.webhooks import InboundMessage, WebhookApp
from tests.sandbox.calls import LIST, TEMPLATES, ask, attach_receiver, path_of, register, session, template

PHONE = "+16044441111"
BSUID = "US.1"
ADDRESS = "https://bot.example/"


def report(sandbox: Sandbox, *arguments: Any, **wanted: Any) -> list[str]:
    """Return the lines of the report that no message matches."""
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_sent_once(*arguments, **wanted)
    return str(caught.value).splitlines()


def test_only_refused_requests_are_shown_first_those_to_send_endpoints() -> None:
    sandbox = Sandbox()
    ask(sandbox, session())
    for number in range(9):
        register(sandbox, "messages", f"https://bot.example/{number}")
        ask(sandbox, path=path_of("delete_webhook", sandbox.registrations[0].id), method="DELETE")
    ask(sandbox, path=LIST, method="GET", headers=(("x-api-key", "wrong"),))
    sandbox.fault("hang", next=1)
    ask(sandbox, template(), path=TEMPLATES)
    refused = [line.split() for line in report(sandbox) if "not accepted" in line]
    assert [words[4] for words in refused] == ["400", "200", "401"]
    assert refused[1][-1] == "hang"


async def test_the_report_says_that_nobody_wrote_or_that_nothing_is_registered() -> None:
    sandbox = Sandbox()
    assert report(sandbox, PHONE)[-1] == "  no customer of that id wrote, so no webhook was due"
    assert report(sandbox)[-1] == "  no customer wrote, so no webhook was due"
    await sandbox.customer(PHONE, bsuid=BSUID).says("Hi")
    missing = "  no webhook: no address is registered for the topic messages (registered topics: "
    assert report(sandbox, BSUID)[-1] == f"{missing}none)"
    register(sandbox, "delivery_status")
    assert report(sandbox, BSUID)[-1] == f"{missing}delivery_status)"
    register(sandbox, "messages")
    assert report(sandbox)[-1].startswith(f"  no webhook was sent to {ADDRESS} yet")
    assert report(sandbox, "+16049999999")[-1].startswith("  no customer of that id wrote")


async def test_the_report_says_that_nothing_is_attached() -> None:
    sandbox = Sandbox(webhook_retries=[])
    register(sandbox, "messages")
    await sandbox.customer(PHONE).says("Hi")
    expected = f"  webhook 1 (attempt 1) to {ADDRESS}: no answer: not on this machine; attach an application"
    assert report(sandbox, PHONE)[-1].startswith(expected)


@pytest.mark.parametrize(
    ("status", "fault", "expected"),
    [
        (401, None, "answered 401; does it verify with the sandbox's webhook secret?"),
        (403, "bad_signature", "answered 403 (fault: bad_signature)"),
        (500, None, "answered 500, 'no such order'"),
        (200, None, "answered 200"),
        (200, "drop_webhook", "no answer: dropped by a rule (fault: drop_webhook)"),
    ],
)
async def test_the_report_says_what_the_receiver_answered(status: int, fault: Any, expected: str) -> None:
    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"no such order"})

    sandbox = Sandbox(webhook_retries=[])
    sandbox.attach(ADDRESS, answer)
    register(sandbox, "messages")
    if fault is not None:
        sandbox.fault(fault)
    await sandbox.customer(PHONE).says("Hi")
    assert report(sandbox, PHONE)[-1] == f"  webhook 1 (attempt 1) to {ADDRESS}: {expected}"


async def test_the_report_shows_what_the_receiver_raised_and_where() -> None:
    sandbox = Sandbox(webhook_retries=[1])
    app = WebhookApp(sandbox.settings.webhook_secret)

    @app.on(InboundMessage)
    async def handle(event: InboundMessage) -> None:
        int(str(event.text))

    sandbox.attach(ADDRESS, app)
    register(sandbox, "messages")
    await sandbox.customer(PHONE).says("Hi")
    await sandbox.settle()
    raised, place, line = report(sandbox, PHONE, text="Hello")[-3:]
    assert raised == (
        f"  webhook 1 (attempt 2) to {ADDRESS}: the receiver raised ValueError:"
        " invalid literal for int() with base 10: 'Hi' and answered 500"
    )
    assert place.startswith(f'      File "{__file__}", line ')
    assert place.endswith(", in handle")
    assert line == "      int(str(event.text))"


async def test_an_exception_from_a_library_alone_is_shown_where_it_was_raised() -> None:
    sandbox = Sandbox(webhook_retries=[])
    sandbox.attach(ADDRESS, WebhookApp("another-secret"))
    sandbox.attach("https://bot.example/raising", eval("lambda scope, receive, send: 1 / 0"))  # noqa: S307
    register(sandbox, "messages", "https://bot.example/raising")
    await sandbox.customer(PHONE).says("Hi")
    assert "the receiver raised ZeroDivisionError: division by zero" in report(sandbox)[-2]
    assert report(sandbox)[-1] == '      File "<string>", line 1, in <lambda>'


async def test_of_many_webhooks_the_failed_and_latest_are_shown_and_those_of_others_are_not() -> None:
    sandbox, _ = await attach_receiver(200, 500, 200, webhook_retries=[])
    for number in range(8):
        await sandbox.customer(PHONE).says(f"{number}")
    await sandbox.customer("+16049999999").says("Hi")
    shown = [line.split(" ")[3] for line in report(sandbox, PHONE) if "  webhook" in line]
    assert shown == ["2", "8", "7", "6", "5"]


def test_a_long_text_is_compared_word_by_word_and_several_lines_line_by_line() -> None:
    sandbox = Sandbox(windows="open")
    long = "Hello Ann, thank you for your order 12345 of three blue shirts, which has left our house."
    ask(sandbox, session(message={"text": long}))
    _, difference, before, after, *_ = report(sandbox, PHONE, text=long.replace("12345", "12346"))
    assert difference.endswith(": text differs (- expected, + sent)")
    assert before == "      - ' for your order 12346 of three blue'"
    assert after == "      + ' for your order 12345 of three blue'"
    sandbox.reset()
    ask(sandbox, session(message={"text": "-- one\ntwo\n" * 9 + "three"}))
    lines = report(sandbox, PHONE, text="-- one\ntwo\n" * 9 + "four\n-- five")
    assert lines[2:6] == ["        'two\\n'", "      - 'four\\n'", "      - '-- five'", "      + 'three'"]


@pytest.mark.parametrize("text", ["x" * 4000, "a b " * 1000, "a\n" * 2000, "é\u202e" * 2000])
def test_a_report_is_never_long(text: str) -> None:
    sandbox = Sandbox(windows="open")
    for number in range(20):
        ask(sandbox, session(message={"text": f"{text}{number}"}, callbackData={text[:20]: [number] * 100}))
        ask(sandbox, session(message={"text": ""}))
    for wanted in ({"text": text}, {"callback_data": {text: {1: text, "a": text}}}, {"callback_data": {1, 2}}):
        assert len("\n".join(report(sandbox, PHONE, **wanted))) < 25_000
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_nothing_sent(PHONE)
    assert len(str(caught.value)) < 2000


def test_parameters_are_compared_by_name_or_as_the_list_of_the_bodys() -> None:
    sandbox = Sandbox()
    values = {f"body_{number}": f"value {number}" for number in (10, 2, 1)} | {"header_text": "Hello"}
    parameters = [{"name": name, "value": value} for name, value in values.items()]
    ask(sandbox, template(parameters=parameters), path=TEMPLATES)
    ask(sandbox, template(), path=TEMPLATES)
    message, other = sandbox.messages
    assert sandbox.assert_sent_once(parameters=values) is message
    assert sandbox.assert_sent_once(parameters=("value 1", "value 2", "value 10")) is message
    assert sandbox.assert_sent_once(parameters={}) is sandbox.assert_sent_once(parameters=[]) is other
    line = report(sandbox, parameters=["value 1"])[1]
    assert line.endswith(": parameters is ['value 1', 'value 2', 'value 10']")
    lines = report(sandbox, parameters={**values, "body_2": "two"})
    assert lines[3:5] == ['      - \' "body_2": "two",\\n\'', '      + \' "body_2": "value 2",\\n\'']


async def test_a_recipient_is_a_person_whatever_the_id() -> None:
    sandbox = Sandbox(windows="open")
    ann = sandbox.customer(PHONE, bsuid=BSUID)
    ask(sandbox, session())
    (sent,) = sandbox.messages
    assert sandbox.assert_sent_once(BSUID) is sent
    ann = await ann.changes_phone("+16045552222")
    ask(sandbox, session(recipient={"id": "+16045552222", "channelType": "whatsapp"}))
    ask(sandbox, session(recipient={"id": "+16049999999", "channelType": "whatsapp"}))
    assert ann.messages == sandbox.messages[:2]
    assert sandbox.customer("+16049999999").messages == sandbox.messages[2:]
    sandbox.assert_nothing_sent("+16048888888")


def test_a_message_that_should_not_have_been_sent_is_shown() -> None:
    sandbox = Sandbox(windows="open")
    sandbox.assert_nothing_sent()
    ask(sandbox, session())
    ask(sandbox, template(), path=TEMPLATES)
    sandbox.assert_nothing_sent(text="Goodbye")
    sandbox.assert_nothing_sent(callback_data={})
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_nothing_sent(PHONE, callback_data=None)
    first, second = sandbox.messages
    assert str(caught.value).splitlines() == [
        f"expected no message with recipient '{PHONE}', callback_data None; 2 of 2 match",
        f"  matches: text to {PHONE}, id {first.id}: 'Hello'",
        f"  matches: template to {PHONE}, id {second.id}: 'welcome'",
    ]
    for _ in range(7):
        ask(sandbox, session(message={"attachments": [{"type": "image", "url": "https://a.example/cat.png"}]}))
    with pytest.raises(AssertionError, match=f"image to \\{PHONE}, id .*\n  and 2 more$"):
        sandbox.assert_nothing_sent(kind="image")
