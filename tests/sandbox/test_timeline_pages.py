import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import CREATE, MESSAGES, TEMPLATES, Receiver, ask, client_of, message, session, template

PHONE = "+16044441111"
BSUID = "US.13491208655302741918"


async def read(http: httpx.AsyncClient, path: str, **query: Any) -> Any:
    response = await http.get(f"/__sandbox__/{path}", params=query)
    assert response.status_code == 200
    return response.json()


def fill(sandbox: Sandbox, count: int) -> None:
    for number in range(count):
        sandbox.customer(f"+1604000000{number % 3}")


def list_numbers(page: Any) -> list[int]:
    return [entry["entry"] for entry in page["timeline"]]


async def test_the_first_page_has_the_first_entries(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    fill(sandbox, 1005)
    page = await read(http, "timeline")
    assert list_numbers(page) == list(range(1, 1001))
    run = (await read(http, "state"))["run"]
    del page["timeline"]
    assert page == {
        "run": run, "now": sandbox.now, "entries": 1005, "first": 1, "last": 1005, "next": 1000, "previous": None,
    }  # fmt: skip
    assert list_numbers(await read(http, "timeline", after=1000)) == [1001, 1002, 1003, 1004, 1005]


@pytest.mark.parametrize(
    ("query", "numbers", "neighbors"),
    [
        ({"after": 0, "limit": 2}, [1, 2], (2, None)),
        ({"after": 3}, [4, 5], (None, 4)),
        ({"after": 5}, [], (None, 6)),
        ({"after": 9}, [], (None, 10)),
        ({"before": 1}, [], (0, None)),
        ({"before": 0}, [], (0, None)),
        ({"before": 4, "limit": 2}, [2, 3], (3, 2)),
        ({"before": 99}, [1, 2, 3, 4, 5], (None, None)),
        ({"after": 1, "before": 5, "limit": 2}, [2, 3], (3, 2)),
        ({"after": 3, "before": 5, "limit": 2}, [4], (None, 4)),
        ({"after": 4, "before": 2}, [], (None, 5)),
        ({"customer": 1}, [1, 4], (None, None)),
        ({"customer": 1, "limit": 1}, [1], (1, None)),
        ({"customer": 1, "before": 4}, [1], (1, None)),
        ({"customer": 9}, [], (None, None)),
    ],
)
async def test_a_page_is_what_the_query_asks_for_with_the_way_to_its_neighbors(
    sandbox: Sandbox,
    http: httpx.AsyncClient,
    query: dict[str, int],
    numbers: list[int],
    neighbors: tuple[int | None, int | None],
) -> None:
    fill(sandbox, 5)
    page = await read(http, "timeline", **query)
    assert (list_numbers(page), (page["next"], page["previous"])) == (numbers, neighbors)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 30), st.integers(1, 30), st.integers(0, 35), st.sampled_from([None, 1, 2, 3, 4]),
    st.sampled_from([100, 500, 10_000]),
)  # fmt: skip
def test_pages_in_either_direction_have_each_kept_entry_once(
    count: int, limit: int, start: int, customer: int | None, max_characters: int
) -> None:
    async def run() -> None:
        sandbox = Sandbox(keep=5)
        fill(sandbox, count)
        expected = [entry["entry"] for entry in sandbox.timeline if customer in {None, entry["customer"]}]
        query = {"limit": limit} | ({} if customer is None else {"customer": customer})
        async with client_of(sandbox) as http:
            for before in (start, count + 1):
                found: list[int] = []
                page = await read(http, "timeline", before=before, **query)
                while page["timeline"]:
                    found = [*list_numbers(page), *found]
                    if page["previous"] is None:
                        break
                    page = await read(http, "timeline", before=page["previous"], **query)
                assert found == [number for number in expected if number < before]
            for after in (start, 0):
                found = []
                cursor: int | None = after
                while cursor is not None:
                    page = await read(http, "timeline", after=cursor, **query)
                    assert len(page["timeline"]) <= limit
                    found += list_numbers(page)
                    cursor = page["next"]
                assert found == [number for number in expected if number > after]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectly_api.sandbox.web.live_state._MAX_CHARACTERS", max_characters)
        asyncio.run(run())


@pytest.mark.parametrize("name", ["after", "before", "limit", "customer"])
@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.0", "1e3", "x", " 1", "1_0", "\u0661", "\xb2", "9" * 16, "1" * 5000]
)
async def test_a_bad_value_is_refused_by_name(http: httpx.AsyncClient, name: str, text: str) -> None:
    response = await http.get("/__sandbox__/timeline", params={name: text})
    assert (response.status_code, response.json()["message"].partition(":")[0]) == (400, name)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=1&limit=2"])
async def test_a_limit_is_one_number_up_to_1000(http: httpx.AsyncClient, query: str) -> None:
    response = await http.get(f"/__sandbox__/timeline?{query}")
    assert (response.status_code, response.json()["message"].partition(":")[0]) == (400, "limit")


async def test_a_page_of_long_entries_is_short(http: httpx.AsyncClient) -> None:
    for _ in range(6):
        await http.post(MESSAGES, content=b"x" * 1_000_000)
    response = await http.get("/__sandbox__/timeline")
    assert len(response.content) < 5_000_000
    assert list_numbers(response.json()) == [1, 2, 3, 4]
    assert response.json()["next"] == 4


async def test_a_refused_request_belongs_to_the_customer_who_should_have_got_it(http: httpx.AsyncClient) -> None:
    bodies: list[tuple[str, Any, str | None]] = [
        (MESSAGES, message(), PHONE),
        (MESSAGES, session(recipient={"id": PHONE, "channelType": "sms"}), PHONE),
        (MESSAGES, session(recipient={"userId": BSUID, "channelType": "whatsapp"}), BSUID),
        (TEMPLATES, template(number=f"bsuid:{BSUID}", templateName=""), BSUID),
        (TEMPLATES, template(number=5), None),
        (MESSAGES, session(recipient={"id": "6044441111"}), None),
        (MESSAGES, session(recipient=[PHONE]), None),
        (MESSAGES, [PHONE], None),
    ]
    for path, body, _ in bodies:
        assert (await http.post(path, json=body)).status_code == 400
    await http.post(MESSAGES, content=b"{")
    await http.post("/v1/nowhere", json=session())
    await http.get(MESSAGES)
    await http.post(MESSAGES, json=session(), headers={"x-api-key": "wrong"})
    found = (await read(http, "timeline"))["timeline"]
    assert [entry["recipient"] for entry in found] == [*(recipient for _, _, recipient in bodies), *[None] * 3, PHONE]
    numbers = {PHONE: 1, BSUID: 2, None: None}
    assert [entry["customer"] for entry in found] == [numbers[entry["recipient"]] for entry in found]
    assert found[-1]["status"] == 401
    assert json.loads(found[-1]["answer"])["message"] == "The API key is missing or wrong"


async def test_a_delivery_says_what_it_is_about_and_what_caused_it(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.attach("https://bot.example/", Receiver(500, 200))
    for topic in ("messages", "delivery_status"):
        body = {"topic": topic, "address": "https://bot.example/", "type": "custom", "configuration": {"echo": True}}
        assert (await http.post(CREATE, json=body)).status_code == 200
    identifier = (await http.post(MESSAGES, json=session())).json()["id"]
    await sandbox.settle()
    await sandbox.customer(PHONE).says("Hi", reply_to=identifier)
    await sandbox.customer(PHONE).says("Bye")
    await sandbox.report_ready()
    entries = {entry["entry"]: entry for entry in (await read(http, "timeline"))["timeline"]}
    found = [entry for entry in entries.values() if entry["what"] == "delivery"]
    causes = [entries[entry["cause"]] for entry in found]
    assert [(one["what"], one.get("status") or one.get("arguments", {}).get("text")) for one in causes] == [
        ("request", 200), ("status", "sent"), ("status", "delivered"), ("request", 200), ("status", "read"),
        ("act", "Hi"), ("act", "Bye"),
    ]  # fmt: skip
    assert [entry["messageId"] for entry in found] == [identifier] * 6 + [None]
    assert [entry["attempt"] for entry in found] == [1, 1, 1, 2, 1, 1, 1]
    assert {entry["customer"] for entry in found} == {1}
    assert [entry["event"] for entry in found] == [delivery.json() for delivery in sandbox.deliveries]
    act = next(
        entry for entry in entries.values() if entry["what"] == "act" and entry["arguments"].get("text") == "Bye"
    )
    assert act["id"] == found[-1]["event"]["message"]["id"]
    assert entries == {entry["entry"]: entry for entry in json.loads(json.dumps(sandbox.timeline))}


async def test_entries_of_customers_who_turn_out_to_be_one_are_found_by_either_number(
    sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    await sandbox.customer(bsuid=BSUID).says("Hi")
    await sandbox.customer(PHONE).says("Hi")
    assert list_numbers(await read(http, "timeline", customer=2)) == [3, 4]
    sandbox.customer(PHONE, bsuid=BSUID)
    for number in (1, 2):
        page = await read(http, "timeline", customer=number)
        assert list_numbers(page) == [1, 2, 3, 4, 5]
        assert {entry["customer"] for entry in page["timeline"]} == {1}


async def test_whoever_is_declared_with_a_number_that_another_gave_up_is_another_customer(
    sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    await sandbox.customer(PHONE).changes_phone("+16045550000")
    sandbox.customer(PHONE)
    ask(sandbox, session())
    found = (await read(http, "timeline"))["timeline"]
    assert [entry["customer"] for entry in found] == [1, 1, 2, 2]


async def test_the_state_has_everything_but_the_timeline(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    ask(sandbox, {"topic": "messages", "address": "https://bot.example/", "type": "custom"}, path=CREATE)
    sandbox.template("welcome", parameters=["body_1"])
    sandbox.fault("slow_head", seconds=0.0, recipient="+16049999999")
    sandbox.fault("rate_limited", next=1, retry_after="3")
    written = sandbox.customer(PHONE, name="Ann")
    await written.says("Hi")
    await written.changes_phone("+16045550000")
    sandbox.close_window("+16045550000", sender="+16501113333")
    await sandbox.customer("+16045550000").opts_out()
    ask(sandbox, session())
    ask(sandbox, session(recipient={"id": BSUID, "channelType": "whatsapp"}))
    state = await read(http, "state")
    assert {name: state[name] for name in ("version", "entry", "firstEntry", "counts", "senders")} == {
        "version": 1,
        "entry": sandbox.timeline[-1]["entry"],
        "firstEntry": 1,
        "counts": {"received": 3, "accepted": 0, "messages": 0, "requests": 3, "deliveries": 1},
        "senders": ["+14151111234", "+16501113333"],
    }
    assert state["clock"] == {"now": sandbox.now, "running": False, "speed": 1.0}
    assert state["due"] == {"count": 0, "next": None}
    ann, other = state["customers"]
    assert (ann["name"], ann["phone"], ann["formerIds"]) == ("Ann", "+16045550000", [PHONE])
    assert (ann["windows"], ann["optedOut"]) == ({"+16501113333": 0.0}, True)
    assert (other["bsuid"], other["windows"], other["optedOut"]) == (BSUID, {}, False)
    assert [one["topic"] for one in state["registrations"]] == ["messages"]
    assert [(one["name"], one["parameters"], one["status"]) for one in state["templates"]] == [
        ("welcome", ["body_1"], "approved")
    ]
    assert state["rules"] == [
        {
            "number": 1,
            "what": "slow_head",
            "recipient": "+16049999999",
            "seconds": 0.0,
            "matches": 0,
            "isUsedUp": False,
        },
        {"number": 2, "what": "rate_limited", "next": 1, "retryAfter": "3", "matches": 1, "isUsedUp": True},
    ]
    assert {"api_key", "webhook_secret"}.isdisjoint(state["settings"])


async def test_a_window_has_its_end_and_what_is_due_its_time() -> None:
    sandbox = Sandbox()
    await sandbox.customer(PHONE).says("Hi")
    ask(sandbox, session())
    async with client_of(sandbox) as http:
        state = await read(http, "state")
    assert state["customers"][0]["windows"] == {"+14151111234": sandbox.now + 86_400}
    assert state["due"] == {"count": 1, "next": sandbox.now + 1}
