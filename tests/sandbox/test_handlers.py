from typing import Any

import pytest

from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.service.handlers import HANDLERS
from connectly_api.sandbox.spec.api_operations import load_service
from tests.sandbox.calls import (
    CREATE,
    DATA,
    MESSAGES,
    TEMPLATES,
    answer,
    ask,
    load_document,
    path_of,
    session,
    template,
)

CUSTOMER = "+16044441111"


def test_every_known_operation_is_one_of_the_files() -> None:
    assert HANDLERS.keys() <= {operation.function for operation in load_service(None).operations}


@pytest.mark.parametrize("name", sorted(path.stem for path in (DATA / "requests").glob("session_*.json")))
def test_every_documented_session_message_is_accepted_as_it_stands(name: str) -> None:
    body = load_document(f"requests/{name}")
    # The one page that shows a session message to a BSUID is contradicted by another, which the default follows.
    sandbox = Sandbox(windows="open", bsuid_recipients="accept" if name == "session_text_bsuid" else "templates")
    decision = ask(sandbox, body)
    assert (decision.status, decision.unknown_fields) == (200, ())
    (message,) = sandbox.messages
    assert answer(decision) == {"id": message.id}
    assert message.body == body


@pytest.mark.parametrize("name", sorted(path.stem for path in (DATA / "requests").glob("template*.json")))
def test_every_documented_template_message_is_accepted_as_it_stands(sandbox: Sandbox, name: str) -> None:
    body = load_document(f"requests/{name}")
    decision = ask(sandbox, body, path=TEMPLATES)
    assert (decision.status, decision.unknown_fields) == (200, ())
    (message,) = sandbox.messages
    assert (message.kind, message.body) == ("template", body)
    assert message.campaign_name == body.get("campaignName")


def test_the_documented_registrations_are_accepted_as_they_stand(sandbox: Sandbox) -> None:
    for name in ("webhook_create", "webhook_create_filtered"):
        decision = ask(sandbox, load_document(f"requests/{name}"), path=CREATE)
        assert (decision.status, decision.unknown_fields) == (200, ())
    identifier = sandbox.registrations[0].id
    for name in ("webhook_update", "webhook_update_configuration"):
        path = path_of("update_webhook", identifier)
        decision = ask(sandbox, load_document(f"requests/{name}"), path=path, method="PUT")
        assert (decision.status, decision.unknown_fields) == (200, ())


def test_a_closed_window_refuses_session_messages_and_lets_templates_pass(sandbox: Sandbox) -> None:
    sandbox.close_window(CUSTOMER)
    decision = ask(sandbox, session())
    assert decision.status == 400
    expected = load_document("responses/error_window_closed") | {"cntTraceId": decision.trace_id}
    assert answer(decision) == expected
    assert list(answer(decision)) == list(expected)
    assert ask(sandbox, template(), path=TEMPLATES).status == 200


def test_a_closed_window_has_the_error_type_that_was_chosen() -> None:
    sandbox = Sandbox(windows="open", window_error_type="ERROR_TYPE_FAILED_PRECONDITION")
    sandbox.close_window(CUSTOMER)
    assert answer(ask(sandbox, session()))["type"] == "ERROR_TYPE_FAILED_PRECONDITION"


def test_a_badly_written_message_is_refused_for_that_and_not_for_its_closed_window(sandbox: Sandbox) -> None:
    sandbox.close_window(CUSTOMER)
    assert ask(sandbox, session(message={"text": ""})).code == "ERROR_CODE_MESSAGE_TEXT_EMPTY"


@pytest.mark.parametrize("path", [MESSAGES, TEMPLATES])
def test_an_accepted_message_has_the_status_that_was_chosen(path: str) -> None:
    body: Any = session() if path == MESSAGES else template()
    assert ask(Sandbox(windows="open", sent_status=201), body, path=path).status == 201


def test_a_campaigns_name_is_kept(sandbox: Sandbox) -> None:
    ask(sandbox, session(campaign_name="spring"))
    assert sandbox.messages[0].campaign_name == "spring"
