from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from connectly_api.sandbox.model.customer_registry import CustomerRegistry
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.model.state_changes import (
    CustomerIdentified,
    CustomerPhoneChanged,
    OptOutChanged,
    WindowSet,
)

SENDER = "+14151111234"
PHONES = [f"+1604444000{number}" for number in range(3)]
BSUIDS = [f"US.{number}" for number in range(3)]


def fill(keys: Iterable[str], keep: int = 10) -> CustomerRegistry:
    registry = CustomerRegistry(keep)
    for key in keys:
        registry.touch((key,))
    return registry


def test_customers_are_numbered_in_the_order_in_which_they_appear() -> None:
    registry = fill([PHONES[0], BSUIDS[0], PHONES[0]])
    assert [(record.number, record.identity.ids) for record in registry] == [(1, (PHONES[0],)), (2, (BSUIDS[0],))]


def test_a_phone_number_and_a_bsuid_that_turn_out_to_be_one_customer_become_the_first_of_both() -> None:
    state = State(now=0.0, keep=10)
    for change in (
        OptOutChanged((BSUIDS[0],)),
        WindowSet(SENDER, (BSUIDS[0],), 5.0),
        CustomerIdentified(Identity(PHONES[0]), "Ann"),
        CustomerIdentified(Identity(PHONES[1])),
        CustomerIdentified(Identity(PHONES[0], BSUIDS[0])),
    ):
        state.apply(change)
    first, other = state.customers
    assert (first.number, first.identity, first.name) == (1, Identity(PHONES[0], BSUIDS[0]), "Ann")
    assert (first.is_opted_out, first.merged_numbers, other.number) == (True, (2,), 3)
    assert state.get_window_end(SENDER, first.identity.ids) == 5.0
    assert state.customers.get(2) == first
    assert state.customers.get(9) is None


def test_a_phone_number_that_a_customer_gave_up_belongs_to_whoever_is_declared_with_it() -> None:
    registry = fill([PHONES[0]])
    registry.change_phone(Identity(PHONES[0]), Identity(PHONES[1]))
    assert [record.former_ids for record in registry] == [(PHONES[0],)]
    registry.identify(Identity(PHONES[0]))
    assert [(record.number, record.identity.phone) for record in registry] == [(1, PHONES[1]), (2, PHONES[0])]
    assert [record.former_ids for record in registry] == [(), ()]


def test_the_least_recently_active_customer_is_forgotten() -> None:
    registry = fill([PHONES[0], PHONES[1], PHONES[0], PHONES[2]], keep=2)
    assert [record.identity.phone for record in registry] == [PHONES[0], PHONES[2]]
    assert registry.find((PHONES[1],)) is None
    assert registry.touch((PHONES[1],)).number == 4


def test_a_customer_who_changes_the_phone_without_end_takes_no_memory_without_end() -> None:
    registry = fill([PHONES[0]])
    for number in range(500):
        registry.identify(Identity(PHONES[0], f"US.{number}"))
        registry.change_phone(Identity(PHONES[0]), Identity(PHONES[1]))
        registry.touch((f"GB.{number}",))
        registry.identify(Identity(PHONES[1], f"GB.{number}"))
        registry.change_phone(Identity(PHONES[1]), Identity(PHONES[0]))
    (record,) = registry
    assert len(record.former_ids) == len(record.merged_numbers) == 100
    assert registry.find(["US.0"]) is None
    assert registry.get(2) is None


IDENTITIES = st.builds(
    Identity, st.none() | st.sampled_from(PHONES), st.none() | st.sampled_from(BSUIDS)
).filter(lambda identity: bool(identity.ids))  # fmt: skip
IDS = st.lists(st.sampled_from(PHONES + BSUIDS), min_size=1, max_size=2).map(tuple[str, ...])
CHANGES = st.one_of(
    st.builds(CustomerIdentified, IDENTITIES, st.none() | st.just("Ann")),
    st.builds(CustomerPhoneChanged, IDENTITIES, IDENTITIES),
    st.builds(OptOutChanged, IDS),
    st.builds(WindowSet, st.just(SENDER), IDS, st.just(5.0)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(CHANGES, max_size=12), st.integers(1, 6))
def test_whatever_happens_every_id_belongs_to_one_customer_who_is_found_by_it(
    changes: list[CustomerIdentified | CustomerPhoneChanged | OptOutChanged | WindowSet], keep: int
) -> None:
    state = State(now=0.0, keep=keep)
    for change in changes:
        state.apply(change)
        records = list(state.customers)
        listed = [(key, record) for record in records for key in (*record.identity.ids, *record.former_ids)]
        assert len(records) <= keep
        assert len({key for key, _ in listed}) == len(listed)
        assert all(state.customers.find((key,)) == record for key, record in listed)
        assert all(record.identity.ids for record in records)
        assert all(state.customers.get(number) == record for record in records for number in record.merged_numbers)
