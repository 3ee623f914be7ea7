"""The table of handled events in a SQLite file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar, Final

import attrs

from connectly_api.webhooks.stores.database_file import DatabaseFile, Schema
from connectly_api.webhooks.stores.grouped_store import Step, StepKind, StepResult
from connectly_api.webhooks.stores.store import ClaimState

_COLUMNS: Final = frozenset({"key", "token", "expires", "since"})
# With rowids: keys are random, but rows are in the order of their claims, so a completion changes the pages that its
# claim has just changed. Files of earlier versions are without, and work as well.
_CREATE: Final = """
    CREATE TABLE connectly_events
    (key TEXT PRIMARY KEY, token TEXT, expires REAL NOT NULL, since REAL NOT NULL DEFAULT 0)
"""
_FROM_1_TO_2: Final = "ALTER TABLE connectly_events ADD COLUMN since REAL NOT NULL DEFAULT 0"
# A row without a token is a completed key, and one with a token is a claim. A claim that begins more than a lease from
# now was made before the clock was set back, and is free: nobody knows when it would expire. Claims are ended by their
# keys and tokens, not by pairs of them, which SQLite would look for in the whole table: no two claims share a token.
_CLAIM: Final = """
    INSERT INTO connectly_events (key, token, expires, since) VALUES {rows}
    ON CONFLICT (key) DO UPDATE SET token = excluded.token, expires = excluded.expires, since = excluded.since
    WHERE expires <= excluded.since OR (token IS NOT NULL AND since - excluded.since > expires - since)
"""
LOOK: Final = "SELECT token IS NULL FROM connectly_events WHERE key = :key"
_COMPLETE: Final = """
    UPDATE connectly_events SET token = NULL, expires = ?, since = ? WHERE key IN ({marks}) AND token IN ({marks})
"""
_RELEASE: Final = "DELETE FROM connectly_events WHERE key IN ({marks}) AND token IN ({marks})"
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


@attrs.frozen
class Moment:
    """The time, and until when a claim that is taken now, and an event that is completed now, hold their keys."""

    now: float
    claimed: float
    completed: float


class _NotAllError(Exception):
    """One of several keys was not free or not held."""


class EventFile(DatabaseFile):
    """An open file with the table of handled events."""

    noun: ClassVar[str] = "webhook store"
    schema: ClassVar[Schema] = Schema(
        "connectly_events", 2, _COLUMNS, _CREATE, "expires", {_COLUMNS - {"since"}: _FROM_1_TO_2}
    )

    def take_steps(self, steps: Sequence[Step], moment: Moment) -> Sequence[StepResult]:
        """Take steps on different keys, in one transaction, and return their results.

        Nearly always every key is free or held, and each kind of step is one statement: executing a statement gives
        the interpreter away, and a busy event loop gives it back late. Otherwise each step has its own.
        """
        if len(steps) > 1:
            with suppress(_NotAllError), self.transaction():
                for kind in StepKind:
                    chosen = [step for step in steps if step.kind is kind]
                    if chosen and self._take(kind, chosen, moment) != len(chosen):
                        raise _NotAllError
                return [ClaimState.GRANTED if step.kind is StepKind.CLAIM else True for step in steps]
        with self.transaction():
            return [self._take_one(step, moment) for step in steps]

    def _take_one(self, step: Step, moment: Moment) -> StepResult:
        is_taken = self._take(step.kind, [step], moment) > 0
        if step.kind is not StepKind.CLAIM:
            return is_taken
        if is_taken:
            return ClaimState.GRANTED
        ((is_completed,),) = self.execute(LOOK, key=step.key)
        return ClaimState.COMPLETED if is_completed else ClaimState.IN_PROGRESS

    def _take(self, kind: StepKind, steps: Sequence[Step], moment: Moment) -> int:
        """Take steps of one kind, and return how many keys were free or held."""
        if kind is StepKind.CLAIM:
            rows = ", ".join(len(steps) * ["(?, ?, ?, ?)"])
            values = [value for step in steps for value in (step.key, step.token, moment.claimed, moment.now)]
            return self.execute(_CLAIM.format(rows=rows), values).rowcount
        marks = ", ".join(len(steps) * "?")
        held = [*(step.key for step in steps), *(step.token for step in steps)]
        if kind is StepKind.COMPLETE:
            return self.execute(_COMPLETE.format(marks=marks), [moment.completed, moment.now, *held]).rowcount
        return self.execute(_RELEASE.format(marks=marks), held).rowcount

    def _passes_trial(self) -> bool:
        """Claim, complete and release a key as an event would; return whether the table stores what is written."""
        names, now, later = ("key", "token", "expires", "since"), _TRIAL_TIME, _TRIAL_TIME + 0.5
        claim, complete, release = (Step(kind, _TRIAL_KEY, 32 * "a", 0) for kind in StepKind)
        look = f"SELECT {', '.join(names)} FROM {self.schema.table} WHERE key = :key"  # noqa: S608  (of our own names)
        return (
            self._take(StepKind.CLAIM, [claim], Moment(now, later, 0)) == 1
            and self.execute(LOOK, key=_TRIAL_KEY).fetchall() == [(0,)]
            and self.execute(look, key=_TRIAL_KEY).fetchall() == [(_TRIAL_KEY, 32 * "a", later, now)]
            and self._take(StepKind.COMPLETE, [complete], Moment(later, 0, later + 1)) == 1
            and self.execute(look, key=_TRIAL_KEY).fetchall() == [(_TRIAL_KEY, None, later + 1, later)]
            and self._take(StepKind.CLAIM, [claim], Moment(later + 1, later + 2, 0)) == 1
            and self._take(StepKind.RELEASE, [release], Moment(later + 1, 0, 0)) == 1
            and self.execute(FORGET, now=now, before=now, limit=1).rowcount >= 0
        )
