"""The table of handled events in a SQLite file."""

from __future__ import annotations

from typing import ClassVar, Final

from connectly_api.webhooks.stores.database_file import DatabaseFile, Schema

_COLUMNS: Final = frozenset({"key", "token", "expires", "since"})
_CREATE: Final = """
    CREATE TABLE connectly_events
    (key TEXT PRIMARY KEY, token TEXT, expires REAL NOT NULL, since REAL NOT NULL DEFAULT 0) WITHOUT ROWID
"""
_FROM_1_TO_2: Final = "ALTER TABLE connectly_events ADD COLUMN since REAL NOT NULL DEFAULT 0"
# A row without a token is a completed key, and one with a token is a claim. A claim that begins more than a lease from
# now was made before the clock was set back, and is free: nobody knows when it would expire.
CLAIM: Final = """
    INSERT INTO connectly_events (key, token, expires, since) VALUES (:key, :token, :expires, :now)
    ON CONFLICT (key) DO UPDATE SET token = excluded.token, expires = excluded.expires, since = excluded.since
    WHERE expires <= :now OR (token IS NOT NULL AND since - :now > expires - since)
"""
LOOK: Final = "SELECT token IS NULL FROM connectly_events WHERE key = :key"
COMPLETE: Final = """
    UPDATE connectly_events SET token = NULL, expires = :expires, since = :now WHERE key = :key AND token = :token
"""
RELEASE: Final = "DELETE FROM connectly_events WHERE key = :key AND token = :token"
# A claim can still be completed after its lease, so it is kept for the retention.
FORGET: Final = """
    DELETE FROM connectly_events WHERE key IN (
        SELECT key FROM connectly_events WHERE expires <= :now AND (token IS NULL OR expires <= :before)
        ORDER BY expires LIMIT :limit
    )
"""
# The trial event looks like a real one, as a table's constraints may refuse one and accept the other.
_TRIAL_KEY: Final = f"delivery_status:{'a trial of':0<64}"
_TRIAL_TIME: Final = 1_700_000_000.25


class EventFile(DatabaseFile):
    """An open file with the table of handled events."""

    noun: ClassVar[str] = "webhook store"
    schema: ClassVar[Schema] = Schema(
        "connectly_events", 2, _COLUMNS, _CREATE, "expires", {_COLUMNS - {"since"}: _FROM_1_TO_2}
    )

    def _passes_trial(self) -> bool:
        """Claim, complete and release a key as an event would; return whether the table stores what is written."""
        names, now, later = ("key", "token", "expires", "since"), _TRIAL_TIME, _TRIAL_TIME + 0.5
        claimed: dict[str, str | float | None] = {"key": _TRIAL_KEY, "token": 32 * "a", "expires": later, "now": now}
        completed = claimed | {"expires": later + 1, "now": later}
        look = f"SELECT {', '.join(names)} FROM {self.schema.table} WHERE key = :key"  # noqa: S608  (of our own names)
        return (
            self.execute(CLAIM, **claimed).rowcount == 1
            and self.execute(LOOK, key=_TRIAL_KEY).fetchall() == [(0,)]
            and self.execute(look, key=_TRIAL_KEY).fetchall() == [(_TRIAL_KEY, 32 * "a", later, now)]
            and self.execute(COMPLETE, **completed).rowcount == 1
            and self.execute(look, key=_TRIAL_KEY).fetchall() == [(_TRIAL_KEY, None, later + 1, later)]
            and self.execute(CLAIM, **claimed | {"now": later + 1, "expires": later + 2}).rowcount == 1
            and self.execute(RELEASE, key=_TRIAL_KEY, token=32 * "a").rowcount == 1
            and self.execute(FORGET, now=now, before=now, limit=1).rowcount >= 0
        )
