"""What every store of conversations promises, on both event loops, with a clock that the tests turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import pytest

from connectly_api import Bsuid, InvalidInputError, InvalidRecipientError, InvalidSenderError, Phone, Recipient, sync
from connectly_api.conversations import Contact, Conversations, MemoryConversations, SQLiteConversations
from connectly_api.webhooks import (
    Business,
    ButtonReply,
    Customer,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ListReply,
    Reaction,
    ReportReady,
    UnknownEvent,
    parse,
)

PHONE, OTHER_PHONE = "+16044441111", "+16044442222"
BSUID, OTHER_BSUID = "US.13491208655302741918", "US.2"
SENDER, OTHER_SENDER = "+14151111234", "+16501113333"
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = 24 * HOUR


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now.timestamp()


Store = MemoryConversations | SQLiteConversations
Make = Callable[..., Store]
Run = Callable[[Callable[[Store], Awaitable[Any]]], Any]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Make:
    if request.param == "memory":
        return lambda **options: MemoryConversations(**{"clock": clock, **options})
    return lambda **options: SQLiteConversations(tmp_path / "conversations.db", **{"clock": clock, **options})


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest, make: Make) -> Run:
    """Return a function that runs a test with a store of its own."""

    async def main(test: Callable[[Store], Awaitable[Any]]) -> Any:
        async with use(make()) as store:
            return await test(store)

    return lambda test: anyio.run(main, test, backend=request.param)


@asynccontextmanager
async def use(store: Store) -> AsyncGenerator[Store]:
    yield store
    if isinstance(store, SQLiteConversations):
        await store.aclose()


def build_customer(phone: str | None = PHONE, bsuid: str | None = None, **fields: Any) -> Customer:
    return Customer(
        phone=None if phone is None else Phone(phone), bsuid=None if bsuid is None else Bsuid(bsuid), **fields
    )


def write(
    phone: str | None = PHONE,
    bsuid: str | None = None,
    *,
    sender: str | None = SENDER,
    at: datetime | None = NOW,
    name: str | None = None,
) -> InboundMessage:
    return InboundMessage(
        customer=build_customer(phone, bsuid, name=name),
        business=Business(phone=None if sender is None else Phone(sender)),
        timestamp=at,
    )


async def record(store: Conversations, *events: Event) -> None:
    for event in events:
        await store.record(event)


# Windows.


def test_a_window_closes_24_hours_after_the_latest_message_on_that_number(run: Run, clock: Clock) -> None:
    async def test(store: Store) -> None:
        await record(store, write(at=NOW - HOUR), write(at=NOW - 5 * HOUR, sender=OTHER_SENDER))
        assert await store.closes_at(PHONE, sender=SENDER) == NOW + 23 * HOUR
        assert await store.closes_at(Phone(PHONE), sender=Phone(OTHER_SENDER)) == NOW + 19 * HOUR
        assert await store.closes_at(PHONE) == NOW + 23 * HOUR
        clock.now = NOW + 20 * HOUR
        assert [await store.is_open(PHONE, sender=one) for one in (SENDER, OTHER_SENDER, None)] == [True, False, True]
        clock.now = NOW + 23 * HOUR
        assert not await store.is_open(PHONE)
        assert await store.closes_at(PHONE) == clock.now

    run(test)


def test_events_out_of_order_and_twice_never_close_a_window_earlier(run: Run) -> None:
    async def test(store: Store) -> None:
        await record(store, write(at=NOW), write(at=NOW - HOUR), write(at=NOW), write(at=NOW - 100 * DAY))
        assert await store.closes_at(PHONE, sender=SENDER) == NOW + DAY

    run(test)


def test_nothing_is_known_of_a_customer_who_never_wrote(run: Run) -> None:
    async def test(store: Store) -> None:
        await record(store, write(OTHER_PHONE), write(sender=OTHER_SENDER))
        assert await store.closes_at(PHONE, sender=SENDER) is None
        assert not await store.is_open(PHONE, sender=SENDER)
        assert (await store.closes_at(BSUID), await store.find_contact(BSUID)) == (None, None)

    run(test)


def test_a_time_that_is_missing_or_in_the_future_is_now(run: Run, clock: Clock) -> None:
    async def test(store: Store) -> None:
        await record(store, write(at=None))
        assert await store.closes_at(PHONE) == NOW + DAY
        clock.now += HOUR
        await record(store, write(at=NOW + 400 * DAY))
        assert await store.closes_at(PHONE) == NOW + HOUR + DAY

    run(test)


def test_a_message_to_a_number_that_the_event_does_not_name_opens_the_window_of_each(run: Run) -> None:
    async def test(store: Store) -> None:
        await record(store, write(sender=None))
        assert await store.is_open(PHONE, sender=OTHER_SENDER)
        contact = await store.find_contact(PHONE)
        assert contact is not None
        assert contact.sender is None

    run(test)


BASE: dict[str, Any] = {"customer": build_customer(), "business": Business(phone=Phone(SENDER)), "timestamp": NOW}


def parse_body(**fields: Any) -> Event:
    sides = {
        "sender": {"id": PHONE, "channelType": "whatsapp"},
        "recipient": {"id": SENDER, "channelType": "whatsapp"},
        "timestamp": str(int(NOW.timestamp())),
    }
    return parse(json.dumps({**sides, **fields}).encode())


STICKER = {"id": "x", "sticker": {"url": "https://example.com/a.webp"}}
FROM_BUSINESS = {"sender": {"id": SENDER}, "recipient": {"id": PHONE, "userId": BSUID}}
TEACH = [
    InboundMessage(**BASE),
    ButtonReply(**BASE),
    ListReply(**BASE),
    Reaction(**BASE),
    parse_body(message=STICKER),
    parse_body(topic="news", news={"a": 1}, sender={"id": PHONE, "userId": BSUID}),
]
TEACH_NOTHING = [
    Echo(**BASE),
    DeliveryStatus(**BASE),
    ReportReady(**BASE),
    InboundMessage(),
    InboundMessage(**{**BASE, "customer": build_customer(channel_type="sms")}),
    # Events of an unknown kind: from the business, from nobody who is clear, or about a delivery.
    UnknownEvent(**BASE),
    parse_body(topic="news", news={"a": 1}, **FROM_BUSINESS),
    parse_body(topic="news", news={"a": 1}),
    parse_body(topic="delivery_status", message={"text": "Hi"}, sender={"id": PHONE, "userId": BSUID}),
]


@pytest.mark.parametrize("event", TEACH, ids=lambda event: event.kind)
def test_whatever_a_customer_sends_opens_the_window(run: Run, event: Event) -> None:
    async def test(store: Store) -> None:
        await store.record(event)
        assert await store.is_open(PHONE, sender=SENDER)

    run(test)


@pytest.mark.parametrize("event", TEACH_NOTHING, ids=lambda event: event.kind)
def test_an_event_that_is_not_from_a_customer_on_whatsapp_teaches_nothing(run: Run, event: Event) -> None:
    async def test(store: Store) -> None:
        await store.record(event)
        assert [await store.find_contact(one) for one in (PHONE, SENDER, BSUID)] == [None, None, None]

    run(test)


# Who a customer is.


def test_phone_and_bsuid_of_one_event_are_one_customer_and_find_each_others_windows(run: Run) -> None:
    async def test(store: Store) -> None:
        await record(
            store,
            write(PHONE, at=NOW - 3 * HOUR, sender=OTHER_SENDER, name="Vasi"),
            write(PHONE, BSUID, at=NOW - 2 * HOUR),
            write(None, BSUID, at=NOW - HOUR),
        )
        both = Recipient(phone=Phone(PHONE), bsuid=Bsuid(BSUID))
        for customer in (PHONE, BSUID, Bsuid(BSUID), both):
            assert await store.closes_at(customer, sender=OTHER_SENDER) == NOW + 21 * HOUR
            assert await store.closes_at(customer, sender=SENDER) == NOW + 23 * HOUR
            assert await store.find_contact(customer) == Contact(
                Phone(PHONE), Bsuid(BSUID), "Vasi", NOW - HOUR, Phone(SENDER)
            )

    run(test)


def test_a_changed_phone_with_a_changed_bsuid_is_found_apart_from_the_old_ones(run: Run) -> None:
    async def test(store: Store) -> None:
        await record(store, write(PHONE, BSUID, at=NOW - HOUR), write(OTHER_PHONE, OTHER_BSUID))
        old, new = await store.find_contact(BSUID), await store.find_contact(OTHER_BSUID)
        assert old is not None
        assert new is not None
        assert (old.phone, new.phone) == (Phone(PHONE), Phone(OTHER_PHONE))
        assert (await store.find_contact(PHONE), await store.find_contact(OTHER_PHONE)) == (old, new)
        assert await store.closes_at(PHONE) == NOW + 23 * HOUR

    run(test)


@pytest.mark.parametrize("order", [1, -1])
def test_a_phone_with_a_new_owner_leads_to_the_new_owner_and_the_old_bsuid_to_no_phone(run: Run, order: int) -> None:
    events = [write(PHONE, BSUID, at=NOW - 40 * DAY, name="Old"), write(PHONE, OTHER_BSUID, at=NOW, name="New")]

    async def test(store: Store) -> None:
        await record(store, *events[::order])
        new, old = await store.find_contact(PHONE), await store.find_contact(BSUID)
        assert new == Contact(Phone(PHONE), Bsuid(OTHER_BSUID), "New", NOW, Phone(SENDER))
        assert old == Contact(None, Bsuid(BSUID), "Old", NOW - 40 * DAY, Phone(SENDER))
        assert old.recipient == Recipient(bsuid=Bsuid(BSUID))
        # The phone number alone would be somebody else's.
        assert await store.find_contact(Recipient(phone=Phone(PHONE), bsuid=Bsuid("US.3"))) is None
        assert await store.find_contact(Recipient(phone=Phone(PHONE), bsuid=Bsuid("US.ENT.3"))) == new

    run(test)


def test_a_customer_is_found_by_any_spelling_and_keeps_the_latest(run: Run) -> None:
    async def test(store: Store) -> None:
        await record(store, write("+551181234567", at=NOW), write("+5511981234567", at=NOW - HOUR))
        for phone in ("+551181234567", "+5511981234567"):
            contact = await store.find_contact(phone)
            assert contact is not None
            assert contact.phone == Phone("+551181234567")
        assert await store.is_open("+5511981234567", sender=SENDER)
        await store.record(write("+5215512345678", sender="+5511981234567"))
        assert await store.is_open("+525512345678", sender="+551181234567")

    run(test)


def test_the_latest_name_is_kept_where_a_later_event_has_none(run: Run) -> None:
    async def test(store: Store) -> None:
        await record(store, write(at=NOW - HOUR, name="New"), write(at=NOW - DAY, name="Old"), write(at=NOW))
        contact = await store.find_contact(PHONE)
        assert contact is not None
        assert contact.name == "New"
        await store.record(write(name="half a character \ud83d and " + "a" * 1000))
        contact = await store.find_contact(PHONE)
        assert contact is not None
        assert contact.name == ("half a character ? and " + "a" * 1000)[:256]

    run(test)


def test_a_contact_shows_nothing_personal(run: Run) -> None:
    async def test(store: Store) -> None:
        await store.record(write(PHONE, BSUID, name="Vasi"))
        shown = repr(await store.find_contact(PHONE))
        assert "Contact(" in shown
        assert not any(secret in shown for secret in (PHONE, BSUID, "Vasi", SENDER))

    run(test)


def test_forget_deletes_what_is_known_of_one_customer_and_of_nobody_else(run: Run) -> None:
    async def test(store: Store) -> None:
        await record(
            store,
            write(PHONE, BSUID, at=NOW - HOUR),
            write(PHONE, OTHER_BSUID),
            write(PHONE, sender=OTHER_SENDER),
            write(OTHER_PHONE, "US.3"),
        )
        await store.forget("+16044449999")
        assert await store.find_contact(PHONE) is not None
        await store.forget(OTHER_BSUID)
        # The earlier owner's BSUID would still name the number as the one that it had.
        assert [await store.find_contact(one) for one in (PHONE, BSUID, OTHER_BSUID)] == [None, None, None]
        assert await store.closes_at(OTHER_PHONE) == NOW + DAY

    run(test)


# Arguments.


def test_what_is_no_customer_or_no_sender_is_refused(run: Run) -> None:
    async def test(store: Store) -> None:
        for question in (store.closes_at, store.is_open, store.find_contact, store.forget):
            with pytest.raises(InvalidRecipientError):
                await question("Vasi")
        for ask in (store.closes_at, store.is_open):
            with pytest.raises(InvalidSenderError):
                await ask(PHONE, sender="x")

    run(test)


def test_a_clock_is_a_function_and_bounds_are_above_zero(make: Make) -> None:
    with pytest.raises(InvalidInputError, match=r"^clock: "):
        make(clock=1.5)
    with pytest.raises(InvalidInputError, match=r"^limit: "):
        MemoryConversations(limit=0)
    with pytest.raises(InvalidInputError, match=r"^retention: "):
        SQLiteConversations("x.db", retention=0)
    with pytest.raises(InvalidInputError, match=r"^busy_timeout: "):
        SQLiteConversations("x.db", busy_timeout=float("inf"))
    with pytest.raises(InvalidInputError, match=r"^path: .*MemoryConversations"):
        SQLiteConversations(":memory:")


# Tasks, threads, event loops.


def test_threads_with_event_loops_of_their_own_share_a_store(make: Make) -> None:
    store = make()

    async def write_all(number: int) -> None:
        for one in range(20):
            await store.record(write(f"+1604444{number}{one:03}", sender=SENDER))

    threads = [
        Thread(target=anyio.run, args=(write_all, number), kwargs={"backend": ("asyncio", "trio")[number % 2]})
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def count() -> int:
        async with use(store):
            return sum([await store.is_open(f"+1604444{number}{one:03}") for number in range(4) for one in range(20)])

    assert anyio.run(count) == 80


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_synchronous_code_has_the_same_store(kind: str, tmp_path: Path, clock: Clock) -> None:
    store = (
        sync.MemoryConversations(clock=clock)
        if kind == "memory"
        else sync.SQLiteConversations(tmp_path / "conversations.db", clock=clock)
    )
    store.record(write(PHONE, BSUID))
    assert store.closes_at(BSUID, sender=SENDER) == NOW + DAY
    assert store.is_open(PHONE)
    contact = store.find_contact(PHONE)
    assert contact is not None
    assert contact.bsuid == Bsuid(BSUID)
    store.forget(PHONE)
    assert store.find_contact(BSUID) is None
    if isinstance(store, sync.SQLiteConversations):
        store.check()
        store.close()


def test_memory_forgets_whose_last_event_came_first(clock: Clock) -> None:
    async def main() -> None:
        store = MemoryConversations(limit=3, clock=clock)
        await record(store, write("+16040000001"), write("+16040000002"), write("+16040000003"), write("+16040000001"))
        await store.record(write("+16040000004"))
        known = [await store.is_open(f"+1604000000{number}") for number in (1, 2, 3, 4)]
        assert known == [True, False, True, True]

    anyio.run(main)


@pytest.mark.slow
def test_importing_the_package_loads_no_database_and_no_http_library() -> None:
    code = (
        "import sys, connectly_api; assert 'connectly_api.conversations' not in sys.modules\n"
        "from connectly_api.conversations import MemoryConversations, same_customer\n"
        "assert not {'sqlite3', 'httpx', 'httpcore', 'asyncio'} & set(sys.modules), sys.modules\n"
        "import connectly_api.conversations as package\n"
        "assert set(package.__all__) <= set(dir(package))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
