from typing import Any

import pytest

from connectly_api import InvalidInputError
from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import CREATE, LIST, answer, ask, fields, path_of


def created(sandbox: Sandbox, **changes: Any) -> str:
    body = {"topic": "messages", "address": "https://example.com/hook", **changes}
    decision = ask(sandbox, body, path=CREATE)
    assert decision.status == 200
    identifier: str = answer(decision)["id"]
    return identifier


def update(sandbox: Sandbox, identifier: str, body: Any) -> Any:
    return ask(sandbox, body, path=path_of("update_webhook", identifier), method="PUT")


def listed(sandbox: Sandbox) -> Any:
    return answer(ask(sandbox, b"", path=LIST, method="GET"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"topic": None}, "topic"),
        ({"topic": "topic_unspecified"}, "topic"),
        ({"topic": "gossip"}, "topic"),
        ({"address": ""}, "address"),
        ({"address": None}, "address"),
        ({"address": "example.com"}, "address"),
        ({"address": "http://example.com"}, "address"),
        ({"configuration": {"webengageConfiguration": {}}}, "configuration.webengageConfiguration"),
        ({"configuration": {"filters": [{"field": "name", "expression": "*"}]}}, "configuration.filters[0].field"),
        ({"configuration": {"filters": [{"field": "campaign_name"}]}}, "configuration.filters[0].expression"),
        ({"configuration": {"channelTypes": ["pigeon"]}}, "configuration.channelTypes[0]"),
    ],
)
def test_a_registration_that_cannot_be_is_refused(sandbox: Sandbox, changes: dict[str, Any], field: str) -> None:
    body = {"topic": "messages", "address": "https://example.com/hook", **changes}
    decision = ask(sandbox, body, path=CREATE)
    assert (decision.status, fields(decision)) == (400, [field])
    assert sandbox.registrations == ()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000/hook", "http://[::1]/", "http://localhost:1", "http://127.0.0.2"]
)
def test_an_address_on_this_machine_needs_no_tls(sandbox: Sandbox, address: str) -> None:
    created(sandbox, address=address)
    assert sandbox.registrations[0].address == address


HOSTS = ["http://bot:9000", "HTTP://bot:9000/hook", "http://192.168.1.2/hook", "http://host.docker.internal:9000"]


@pytest.mark.parametrize("address", HOSTS)
def test_an_address_on_another_machine_needs_no_tls_if_webhooks_go_anywhere(address: str) -> None:
    sandbox = Sandbox(deliver="anywhere")
    identifier = created(sandbox, address=address)
    assert sandbox.registrations[0].address == address
    assert update(sandbox, identifier, {"address": f"{address}/other"}).status == 200


@pytest.mark.parametrize("address", HOSTS)
def test_otherwise_it_is_refused_and_the_refusal_says_what_to_do(sandbox: Sandbox, address: str) -> None:
    identifier = created(sandbox)
    for decision in (
        update(sandbox, identifier, {"address": address}),
        ask(sandbox, {"topic": "report", "address": address}, path=CREATE),
    ):
        assert fields(decision) == ["address"]
        assert 'deliver="anywhere" or --deliver anywhere' in answer(decision)["message"]


@pytest.mark.parametrize("address", ["bot:9000", "ftp://bot:9000", "http://", "http://bot:0", "http://b t"])
@pytest.mark.parametrize("deliver", ["local", "anywhere"])
def test_what_is_no_address_of_the_web_is_refused_everywhere(deliver: Any, address: str) -> None:
    decision = ask(Sandbox(deliver=deliver), {"topic": "messages", "address": address}, path=CREATE)
    assert (decision.status, fields(decision)) == (400, ["address"])
    assert "anywhere" not in answer(decision)["message"]


def test_an_update_takes_no_id_from_later_registrations(sandbox: Sandbox) -> None:
    ids = [created(sandbox), created(sandbox, topic="report")]
    sandbox.reset()
    first = created(sandbox)
    update(sandbox, first, {"address": "https://example.com/other"})
    assert [first, created(sandbox, topic="report")] == ids


def test_registrations_are_listed_as_documented(sandbox: Sandbox) -> None:
    configuration = {"echo": False, "channelTypes": ["whatsapp"], "filters": []}
    first = created(sandbox, configuration=configuration)
    second = created(sandbox, topic="delivery_status", type="webengage", configuration={"webengageConfiguration": {}})
    assert listed(sandbox) == {
        "entity": {
            "businessId": "sandbox-business",
            "webhooks": [
                {
                    "id": first,
                    "topic": "messages",
                    "address": "https://example.com/hook",
                    "type": "custom",
                    "configuration": configuration,
                },
                {
                    "id": second,
                    "topic": "delivery_status",
                    "address": "https://example.com/hook",
                    "type": "webengage",
                    "configuration": {"webengageConfiguration": {}},
                },
            ],
        }
    }


def test_a_second_registration_of_a_topic_is_a_conflict_by_default(sandbox: Sandbox) -> None:
    first = created(sandbox)
    decision = ask(sandbox, {"topic": "messages", "address": "https://example.com/two"}, path=CREATE)
    assert decision.status == 409
    assert [registration.id for registration in sandbox.registrations] == [first]


def test_a_second_registration_of_a_topic_replaces_the_first_where_chosen() -> None:
    sandbox = Sandbox(windows="open", second_registration="replace")
    first, other = created(sandbox), created(sandbox, topic="report")
    second = created(sandbox, address="https://example.com/two")
    assert [registration.id for registration in sandbox.registrations] == [other, second]
    assert first != second


def test_an_update_keeps_what_it_does_not_give(sandbox: Sandbox) -> None:
    identifier = created(sandbox, configuration={"echo": True, "channelTypes": ["whatsapp"]})
    assert answer(update(sandbox, identifier, {"address": "https://example.com/new"})) == {}
    filters = [{"field": "campaign_name", "expression": "prod-*"}]
    assert update(sandbox, identifier, {"configuration": {"filters": filters, "echo": False}}).status == 200
    (registration,) = sandbox.registrations
    assert registration.address == "https://example.com/new"
    assert registration.configuration == {"echo": False, "channelTypes": ["whatsapp"], "filters": filters}


def test_an_update_cannot_change_the_topic(sandbox: Sandbox) -> None:
    identifier = created(sandbox)
    decision = update(sandbox, identifier, {"topic": "report"})
    assert (decision.status, decision.unknown_fields) == (200, ("topic",))
    assert sandbox.registrations[0].topic == "messages"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"address": ""}, "address"),
        ({"address": "http://example.com"}, "address"),
        ({"configuration": {"webengageConfiguration": {}}}, "configuration.webengageConfiguration"),
    ],
)
def test_an_update_that_cannot_be_is_refused(sandbox: Sandbox, body: Any, field: str) -> None:
    decision = update(sandbox, created(sandbox), body)
    assert (decision.status, fields(decision)) == (400, [field])


def test_a_deleted_registration_is_gone_and_its_topic_free(sandbox: Sandbox) -> None:
    first = created(sandbox)
    path = path_of("delete_webhook", first)
    assert answer(ask(sandbox, b"", path=path, method="DELETE")) == {}
    assert ask(sandbox, b"", path=path, method="DELETE").status == 404
    assert created(sandbox) != first


@pytest.mark.parametrize("identifier", ["wh_nobody", "%2e%2e", "a%2Fb"])
def test_an_unknown_registration_is_not_found(sandbox: Sandbox, identifier: str) -> None:
    assert update(sandbox, identifier, {"address": "https://example.com"}).status == 404


def test_nothing_of_the_address_is_in_a_registrations_repr(sandbox: Sandbox) -> None:
    created(sandbox, address="https://example.com/token-canary", configuration={"filters": []})
    assert "canary" not in repr(sandbox.registrations)


async def test_the_verb_registers_an_address_in_the_place_of_the_topics_earlier_one(sandbox: Sandbox) -> None:
    report, earlier = created(sandbox, topic="report"), created(sandbox)
    await sandbox.run_verb("register", topic="messages", address="http://127.0.0.1:1/hook")
    registrations = listed(sandbox)["entity"]["webhooks"]
    assert [one["topic"] for one in registrations] == ["report", "messages"]
    assert registrations[0]["id"] == report
    assert registrations[1]["address"] == "http://127.0.0.1:1/hook"
    assert registrations[1]["id"] not in {report, earlier}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"topic": "gossip"}, "topic"),
        ({"topic": None}, "topic"),
        ({"address": None}, "address"),
        ({"address": "http://example.com"}, "address"),
        ({"secret": "s"}, "secret"),
    ],
)
async def test_the_verb_refuses_what_cannot_be_registered(
    sandbox: Sandbox, arguments: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await sandbox.run_verb("register", **{"topic": "messages", "address": "https://example.com/", **arguments})
    assert caught.value.field == field
    assert sandbox.registrations == ()
