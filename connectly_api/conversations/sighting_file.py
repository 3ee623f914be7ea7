"""The table of sightings in a SQLite file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import ClassVar, Final

import attrs

from connectly_api.conversations.sightings import Sighting
from connectly_api.webhooks.stores.database_file import DatabaseFile, Schema

_COLUMNS: Final = tuple(field.name for field in attrs.fields(Sighting))
_LIST: Final = ", ".join(_COLUMNS)
_CREATE: Final = """
    CREATE TABLE connectly_sightings (
        id TEXT NOT NULL, sender TEXT NOT NULL, seen_at REAL NOT NULL, phone TEXT NOT NULL,
        partner TEXT NOT NULL, paired_at REAL NOT NULL, name TEXT NOT NULL, named_at REAL NOT NULL,
        PRIMARY KEY (id, sender)
    ) WITHOUT ROWID
"""


def _build_add(count: int) -> str:
    """Return the statement that merges sightings as `merge_sightings` does: it compares facts with their times."""
    rows = ", ".join(f"({', '.join(f':{name}{number}' for name in _COLUMNS)})" for number in range(count))
    newer = "{0} = CASE WHEN (excluded.{1}, excluded.{0}) > ({1}, {0}) THEN excluded.{0} ELSE {0} END"
    facts = ("phone", "seen_at"), ("partner", "paired_at"), ("name", "named_at")
    updates = [newer.format(*fact) for fact in facts]
    updates += [f"{time} = max({time}, excluded.{time})" for _, time in facts]
    # Of our own names.
    return f"""
        INSERT INTO connectly_sightings ({_LIST}) VALUES {rows}
        ON CONFLICT (id, sender) DO UPDATE SET {", ".join(updates)}
    """  # noqa: S608


_ADD: Final = {count: _build_add(count) for count in (1, 2)}
_LOAD: Final = f"SELECT {_LIST} FROM connectly_sightings WHERE id = :id"  # noqa: S608  (of our own names)
_DELETE: Final = "DELETE FROM connectly_sightings WHERE id = :id OR partner = :id"
_FORGET: Final = """
    DELETE FROM connectly_sightings WHERE (id, sender) IN (
        SELECT id, sender FROM connectly_sightings WHERE seen_at <= :before ORDER BY seen_at LIMIT :limit
    )
"""


class SightingFile(DatabaseFile):
    """An open file with the table of sightings."""

    noun: ClassVar[str] = "conversations"
    schema: ClassVar[Schema] = Schema("connectly_sightings", 1, frozenset(_COLUMNS), _CREATE, "seen_at")

    def add(self, sightings: Sequence[Sighting]) -> None:
        """Merge the sightings of one event into the table, in one statement."""
        rows = enumerate(map(attrs.asdict, sightings))
        self.execute(
            _ADD[len(sightings)], **{f"{name}{number}": row[name] for number, row in rows for name in _COLUMNS}
        )

    def load(self, ids: Collection[str]) -> Iterator[Sighting]:
        """Yield the sightings of ids."""
        for one in ids:
            for row in self.execute(_LOAD, id=one):
                yield Sighting(**dict(zip(_COLUMNS, row, strict=True)))

    def delete(self, ids: Collection[str]) -> None:
        """Delete sightings by their ids and partners, and overwrite what they contained."""
        self.execute("PRAGMA secure_delete = ON")
        for one in ids:
            self.execute(_DELETE, id=one)
        self.checkpoint()

    def forget(self, before: float, limit: int) -> bool:
        """Delete the oldest sightings up to a time; return whether there were any."""
        return self.execute(_FORGET, before=before, limit=limit).rowcount > 0

    def _passes_trial(self) -> bool:
        """Merge, look up and delete sightings as events would; return whether the table stores what is written."""
        one = Sighting(
            id="+10000000",
            sender="+10000001",
            seen_at=1_700_000_000.25,
            phone="+10000000",
            partner="US.0",
            paired_at=1_700_000_000.25,
            name="a trial",
            named_at=1_700_000_000.25,
        )
        two = attrs.evolve(one, id="US.0", phone="", partner="+10000000")
        older = attrs.evolve(one, seen_at=1.5, phone="", partner="", paired_at=0.0, name="x", named_at=1.5)
        self.add([one, two])
        self.add([older])
        is_kept = list(self.load(["+10000000", "US.0"])) == [one, two]
        self.execute(_DELETE, id="US.0")
        return is_kept and not list(self.load(["+10000000", "US.0"])) and not self.forget(-1e300, 1)
