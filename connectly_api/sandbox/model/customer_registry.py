"""The customers that a sandbox knows, each with a number. Only the changes of a state change the registry."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from connectly_api.sandbox.model.identity import Identity, parse_bsuid, parse_phone

_MAX_FORMER: Final = 100
"""How many of a customer's latest former ids, and of the numbers merged into it, are kept."""


@attrs.frozen
class CustomerRecord:
    """What is known about a customer who was declared, wrote, or was written to.

    Attributes:
        number: 1 for the first since the start or the last reset.
        identity: The phone number and BSUID of today.
        name: The customer's name, if known.
        former_ids: Phone numbers and BSUIDs that the customer no longer has.
        windows: When the window of a sender and one of the ids closes; inf if never.
        is_opted_out: Whether the customer wants no templates.
        merged_numbers: Numbers of customers who turned out to be this one.
    """

    number: int
    identity: Identity
    name: str | None = attrs.field(default=None, repr=False)
    former_ids: tuple[str, ...] = attrs.field(default=(), repr=False)
    windows: Mapping[tuple[str, str], float] = attrs.field(factory=dict[tuple[str, str], float], repr=False)
    is_opted_out: bool = False
    merged_numbers: tuple[int, ...] = ()


@attrs.define
class CustomerRegistry:
    """The customers, by number and by every id; beyond `keep`, the least recently active one is forgotten.

    Attributes:
        keep: How many are kept.
        count: How many there have been.
    """

    keep: int
    count: int = 0
    _records: OrderedDict[int, CustomerRecord] = attrs.field(init=False, factory=OrderedDict[int, CustomerRecord])
    _numbers: dict[str, int] = attrs.field(init=False, factory=dict[str, int])
    _merged: dict[int, int] = attrs.field(init=False, factory=dict[int, int])

    def __iter__(self) -> Iterator[CustomerRecord]:
        """Yield the customers in the order of their numbers."""
        return iter(sorted(self._records.values(), key=lambda record: record.number))

    def list_latest_last(self) -> list[CustomerRecord]:
        """Return the customers, the latest active one last."""
        return list(self._records.values())

    def get(self, number: int) -> CustomerRecord | None:
        """Return the customer with a number, or into whom that one was merged; None if forgotten."""
        return self._records.get(self._merged.get(number, number))

    def resolve(self, number: int | None) -> int | None:
        """Return the number of the customer into whom another was merged; otherwise, the number itself."""
        return number if number is None else self._merged.get(number, number)

    def find(self, ids: Iterable[str]) -> CustomerRecord | None:
        """Return the customer who has, or had, one of the ids."""
        for key in ids:
            if (number := self._numbers.get(key)) is not None:
                return self._records[number]
        return None

    def find_current(self, ids: Iterable[str]) -> CustomerRecord | None:
        """Return the customer who has one of the ids today."""
        for key in ids:
            if (number := self._numbers.get(key)) is not None and key in self._records[number].identity.ids:
                return self._records[number]
        return None

    def touch(self, ids: tuple[str, ...]) -> CustomerRecord:
        """Return the customer of one of the ids as the latest active one, new if it is unknown.

        A new customer has only the first id: that several belong to one customer has to be declared.
        """
        record = self.find(ids) or self._create(ids[0])
        self._records.move_to_end(record.number)
        return record

    def store(self, record: CustomerRecord) -> None:
        """Keep a customer, new or changed, as the latest active one."""
        self._drop(record.number)
        self._records[record.number] = record
        self._numbers |= dict.fromkeys(_list_ids(record), record.number)
        self._merged |= dict.fromkeys(record.merged_numbers, record.number)
        if len(self._records) > self.keep:
            self._drop(next(iter(self._records)))

    def identify(self, identity: Identity, name: str | None = None) -> None:
        """Keep that a phone number and a BSUID belong to one customer; those who had them become one."""
        owners = self._list_owners(identity)
        self._release(identity)
        first = owners[0] if owners else self._create(identity.ids[0])
        known = Identity(identity.phone or first.identity.phone, identity.bsuid or first.identity.bsuid)
        self._merge(owners or [first], known, name)

    def change_phone(self, old: Identity, new: Identity, *, keeps_opt_out: bool = False) -> None:
        """Give a customer other ids, which have no window yet; the windows of the former ones are closed."""
        record = self.find_current(old.ids) or self.touch(old.ids)
        others = [owner for owner in self._list_owners(new) if owner.number != record.number]
        self._release(new)
        changed = attrs.evolve(
            record,
            former_ids=(*record.former_ids, *record.identity.ids),
            windows={key: until if key[1] in new.ids else -math.inf for key, until in record.windows.items()},
            is_opted_out=keeps_opt_out and record.is_opted_out,
        )
        self._merge([changed, *others], new)

    def _list_owners(self, identity: Identity) -> list[CustomerRecord]:
        """Return the customers who have the ids today."""
        owners = {record.number: record for key in identity.ids if (record := self.find_current((key,))) is not None}
        return list(owners.values())

    def _release(self, identity: Identity) -> None:
        """Take ids from customers who no longer have them: they were given to somebody else."""
        for key in identity.ids:
            record = self.find((key,))
            if record is not None and key in record.former_ids:
                kept = tuple(former for former in record.former_ids if former != key)
                self.store(attrs.evolve(record, former_ids=kept))

    def _create(self, key: str) -> CustomerRecord:
        self.count += 1
        record = CustomerRecord(self.count, Identity(parse_phone(key), parse_bsuid(key)))
        self.store(record)
        return record

    def _merge(self, records: Iterable[CustomerRecord], identity: Identity, name: str | None = None) -> None:
        """Keep customers as the first one, whose ids are `identity`."""
        kept = sorted(records, key=lambda record: record.number)
        for record in kept:
            self._drop(record.number)
        former = dict.fromkeys(key for record in kept for key in record.former_ids if key not in identity.ids)
        former_ids = tuple(former)[-_MAX_FORMER:]
        windows = {key: until for record in kept for key, until in record.windows.items()}
        merged = [number for record in kept for number in (record.number, *record.merged_numbers)]
        self.store(
            CustomerRecord(
                number=kept[0].number,
                identity=identity,
                name=name or next((record.name for record in kept if record.name), None),
                former_ids=former_ids,
                windows={key: windows[key] for key in windows if key[1] in {*former_ids, *identity.ids}},
                is_opted_out=any(record.is_opted_out for record in kept),
                merged_numbers=tuple(merged[1:])[-_MAX_FORMER:],
            )
        )

    def _drop(self, number: int) -> None:
        record = self._records.pop(number, None)
        if record is not None:
            for key in _list_ids(record):
                self._numbers.pop(key, None)
            for merged in record.merged_numbers:
                self._merged.pop(merged, None)


def _list_ids(record: CustomerRecord) -> tuple[str, ...]:
    return (*record.former_ids, *record.identity.ids)
