from typing import Any

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import ReceivedRequest, Sandbox
from tests.sandbox.calls import CREATE, TEMPLATES, answer, ask, session, template

CUSTOMER = "+16044441111"
BSUID = "US.13491208655302741918"


def run(sandbox: Sandbox) -> tuple[Any, ...]:
    ask(sandbox, session())
    ask(sandbox, b"{")
    ask(sandbox, template(), path=TEMPLATES)
    ask(sandbox, {"topic": "report", "address": "https://example.com"}, path=CREATE)
    return sandbox.messages, sandbox.requests, sandbox.registrations


def test_the_same_run_gives_the_same_ids_and_another_seed_others() -> None:
    assert run(Sandbox(windows="open", seed=7)) == run(Sandbox(windows="open", seed=7))
    assert run(Sandbox(windows="open", seed=7)) != run(Sandbox(windows="open", seed=8))


def test_reset_forgets_everything_and_starts_the_ids_anew(sandbox: Sandbox) -> None:
    sandbox.close_window("+16049999999")
    first = run(sandbox)
    sandbox.reset()
    assert (sandbox.messages, sandbox.requests, sandbox.registrations) == ((), (), ())
    recipient = {"id": "+16049999999", "channelType": "whatsapp"}
    assert ask(sandbox, session(recipient=recipient)).status == 200
    sandbox.reset()
    assert run(sandbox) == first


def test_no_more_is_kept_than_asked_for() -> None:
    sandbox = Sandbox(windows="open", keep=2)
    sent = [answer(ask(sandbox, session()))["id"] for _ in range(5)]
    assert [request.number for request in sandbox.requests] == [4, 5]
    assert [message.id for message in sandbox.messages] == sent[-2:]
    assert (sandbox.received, sandbox.accepted) == (5, 5)


async def test_the_status_of_a_message_is_kept_as_long_as_the_message() -> None:
    sandbox = Sandbox(windows="open", keep=1)
    first = answer(ask(sandbox, session()))["id"]
    await sandbox.settle()
    assert sandbox.status_of(first) == "read"
    ask(sandbox, session())
    assert sandbox.status_of(first) is None


def test_a_window_is_closed_for_one_sender_or_for_all(sandbox: Sandbox) -> None:
    first, second = ({"id": number} for number in sandbox.settings.senders)
    sandbox.close_window(CUSTOMER, sender=first["id"])
    assert [ask(sandbox, session(sender=sender)).status for sender in (first, second)] == [400, 200]
    sandbox.close_window(CUSTOMER)
    assert [ask(sandbox, session(sender=sender)).status for sender in (first, second)] == [400, 400]
    sandbox.open_window(CUSTOMER, sender=second["id"])
    assert [ask(sandbox, session(sender=sender)).status for sender in (first, second)] == [400, 200]
    sandbox.open_window(CUSTOMER)
    assert [ask(sandbox, session(sender=sender)).status for sender in (first, second)] == [200, 200]


def test_a_window_is_closed_for_a_bsuid(sandbox: Sandbox) -> None:
    sandbox.close_window(BSUID)
    both = {"id": CUSTOMER, "userId": BSUID, "channelType": "whatsapp"}
    assert ask(sandbox, session(recipient=both)).code == "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW"


@pytest.mark.parametrize("customer", ["", "6044441111", "bsuid:US.1", "somebody", None, 7])
def test_a_window_of_nobody_is_a_clear_error(sandbox: Sandbox, customer: Any) -> None:
    with pytest.raises(InvalidInputError, match="customer") as caught:
        sandbox.close_window(customer)
    assert caught.value.field == "customer"


def test_a_window_of_another_business_is_a_clear_error(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="sender") as caught:
        sandbox.open_window(CUSTOMER, sender="+14150000000")
    assert caught.value.field == "sender"


def test_each_request_is_told_when_it_is_decided() -> None:
    told: list[ReceivedRequest] = []
    sandbox = Sandbox(windows="open", on_request=told.append)
    run(sandbox)
    assert tuple(told) == sandbox.requests


def test_a_file_with_a_path_below_the_sandboxes_own_is_refused() -> None:
    for path in ("/__sandbox__", "/__sandbox__/messages"):
        with pytest.raises(InvalidInputError, match="__sandbox__"):
            Sandbox(windows="open", swagger={"swagger": "2.0", "paths": {path: {"get": {}}}})
    assert Sandbox(windows="open", swagger={"swagger": "2.0", "paths": {"/__sandbox__ed": {"get": {}}}}).requests == ()


def test_the_repr_shows_counts_alone() -> None:
    sandbox = Sandbox(windows="open", api_key="canary-key")
    ask(sandbox, session(), headers=(("x-api-key", "canary-key"),))
    assert repr(sandbox) == "Sandbox(received=1, accepted=1)"
