"""Random histories: memory and SQLite against a model that remembers every event, and against the sandbox."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

import anyio
import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import Bsuid, Phone
from connectly_api.conversations import MemoryConversations, SQLiteConversations
from connectly_api.sandbox import Customer as Person
from connectly_api.sandbox import Sandbox
from connectly_api.webhooks import Business, Customer, InboundMessage, MemoryStore, WebhookApp
from tests.sandbox.calls import answer, ask, register, session
from tests.thoroughness import up_to

# The first two are one account.
PHONES: Final = ("+5511981234567", "+551181234567", "+16044441111", "+16044442222")
BSUIDS: Final = ("BR.1", "US.2", "US.3")
SENDERS: Final = ("+14151111234", "+16501113333")
NAMES: Final = ("Ana", "Bo", "Çe")


@attrs.frozen
class Written:
    """A customer's message; times are small, so that many are equal."""

    phone: str | None
    bsuid: str | None
    sender: str | None
    at: int
    name: str | None

    @property
    def ids(self) -> tuple[str, ...]:
        phone = PHONES[0] if self.phone == PHONES[1] else self.phone
        return tuple(one for one in (phone, self.bsuid) if one)

    def build_event(self) -> InboundMessage:
        return InboundMessage(
            customer=Customer(
                phone=None if self.phone is None else Phone(self.phone),
                bsuid=None if self.bsuid is None else Bsuid(self.bsuid),
                name=self.name,
            ),
            business=Business(phone=None if self.sender is None else Phone(self.sender)),
            timestamp=datetime.fromtimestamp(self.at, UTC),
        )


EVENTS: Final = st.lists(
    st.builds(
        Written,
        st.sampled_from([None, *PHONES]),
        st.sampled_from([None, *BSUIDS]),
        st.sampled_from([None, *SENDERS]),
        st.integers(1, 5),
        st.sampled_from([None, *NAMES]),
    ),
    max_size=14,
)


class Model:
    """Remembers every event, and answers from all of them."""

    def __init__(self, events: Collection[Written]) -> None:
        self.events = [one for one in events if one.ids]

    def get_partner(self, wanted: str) -> str | None:
        """Return the other id of the latest event that has both; of several, the one that sorts last."""
        pairs = [(one.at, other) for one in self.events if wanted in one.ids for other in one.ids if other != wanted]
        return max(pairs)[1] if pairs else None

    def list_ids(self, wanted: str) -> set[str]:
        partner = self.get_partner(wanted)
        return {wanted, partner} if partner and self.get_partner(partner) == wanted else {wanted}

    def find(self, wanted: str) -> list[Written]:
        return [one for one in self.events if not self.list_ids(wanted).isdisjoint(one.ids)]

    def closes_at(self, wanted: str, sender: str | None) -> float | None:
        times = [one.at for one in self.find(wanted) if sender is None or one.sender in {None, sender}]
        return max(times) + 24 * 3600 if times else None

    def describe(self, wanted: str) -> tuple[object, ...] | None:
        ids, events = self.list_ids(wanted), self.find(wanted)
        if not events:
            return None
        phones = [(one.at, one.phone) for one in self.events if one.phone and one.ids[0] in ids]
        senders = [(one.at, one.sender) for one in events if one.sender]
        names = [(one.at, one.name) for one in events if one.name]
        return (
            max(phones)[1] if phones else None,
            next((one for one in ids if one in BSUIDS), None),
            max(names)[1] if names else None,
            float(max(one.at for one in events)),
            max(senders)[1] if senders else None,
        )


async def describe(store: MemoryConversations | SQLiteConversations, wanted: str) -> tuple[object, ...] | None:
    contact = await store.find_contact(wanted)
    if contact is None:
        return None
    return (
        contact.phone and contact.phone.e164,
        contact.bsuid and contact.bsuid.value,
        contact.name,
        contact.last_seen.timestamp(),
        contact.sender and contact.sender.e164,
    )


@up_to(200, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_both_stores_know_what_all_events_together_say_in_any_order(events: list[Written], random: Any) -> None:
    model = Model(events)
    shuffled = events + random.sample(events, len(events) // 2)
    random.shuffle(shuffled)

    async def main(folder: str) -> None:
        async with SQLiteConversations(Path(folder) / "a.db", clock=lambda: 1000.0) as on_disk:
            in_memory = MemoryConversations(clock=lambda: 1000.0)
            for written in shuffled:
                await in_memory.record(written.build_event())
                await on_disk.record(written.build_event())
            for store in (in_memory, on_disk):
                for wanted in (PHONES[0], *PHONES[2:], *BSUIDS):
                    assert await describe(store, wanted) == model.describe(wanted)
                    for sender in (None, *SENDERS):
                        end = await store.closes_at(wanted, sender=sender)
                        assert (end and end.timestamp()) == model.closes_at(wanted, sender)

    with TemporaryDirectory() as folder:
        anyio.run(main, folder)


# The sandbox decides as the service does.

Step = tuple[Literal["says", "reacts", "changes_phone", "advance"], int, int]
STEPS: Final = st.lists(
    st.tuples(
        st.sampled_from(["says", "says", "reacts", "changes_phone", "advance", "advance"]),
        st.integers(0, 2),
        st.integers(0, 1),
    ),
    max_size=20,
)


@pytest.mark.slow
@up_to(100, deadline=None)
@given(STEPS, st.sampled_from(["on", "off"]))
async def test_a_window_is_open_where_the_sandbox_accepts_a_text(
    steps: list[Step], bsuid_events: Literal["on", "off"]
) -> None:
    sandbox = Sandbox(bsuid_events=bsuid_events, bsuid_recipients="accept")
    conversations = MemoryConversations(clock=lambda: sandbox.now)
    webhooks = WebhookApp(sandbox.settings.webhook_secret, store=MemoryStore())
    webhooks.on_any(conversations.record)
    sandbox.attach("https://bot.example/", webhooks)
    for topic in ("messages", "delivery_status"):
        register(sandbox, topic, echo=True)
    customers = [sandbox.customer(PHONES[0], bsuid="BR.1"), sandbox.customer(PHONES[2])]
    if bsuid_events == "on":
        customers.append(sandbox.customer(bsuid="US.2"))
    for number, (verb, which, other) in enumerate(steps):
        await play(sandbox, customers, verb, which, other, phone=f"+1604555{number:04}")
        # Nobody tells the business that a number was given up. Without BSUIDs in its events, it knows none.
        known = {one for customer in customers for one in customer.identity.ids}
        for one in sorted(one for one in known if bsuid_events == "on" or one.startswith("+")):
            for sender in SENDERS:
                is_accepted = accepts_text(sandbox, one, sender)
                assert await conversations.is_open(one, sender=sender) == is_accepted


async def play(sandbox: Sandbox, customers: list[Person], verb: str, which: int, other: int, *, phone: str) -> None:
    """Take a step: a customer, or the time, does something."""
    place = which % len(customers)
    customer = customers[place]
    if verb == "says":
        await customer.says("Hi", sender=SENDERS[other])
    elif verb == "reacts" and any(customer.phone and one.phone == customer.phone for one in sandbox.messages):
        await customer.reacts("👍")
    elif verb == "changes_phone" and customer.phone:
        customers[place] = await customer.changes_phone(phone)
    elif verb == "advance":
        await sandbox.advance(hours=(1, 12, 24)[which])


def accepts_text(sandbox: Sandbox, customer: str, sender: str) -> bool:
    side = {"id" if customer.startswith("+") else "userId": customer, "channelType": "whatsapp"}
    said = ask(sandbox, session(sender={"id": sender, "channelType": "whatsapp"}, recipient=side))
    assert said.status == 200 or answer(said)["code"].endswith(("_WINDOW", "_INITIATION"))
    return said.status == 200
