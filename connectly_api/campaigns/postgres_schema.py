"""The tables and functions of a journal in PostgreSQL: their SQL, and what creates and upgrades them.

Theory of operation. A turn is one statement, `SELECT * FROM connectly_turn(…)`, so it is one round trip, and a process
that is stopped at any moment, even by SIGSTOP, holds no lock that others wait for:

- **Locks** are taken in one order: rows that are settled, by number; rates, by key; rows that are taken, which skip
  those that others have locked. So turns cannot wait for each other in a circle. Whoever has a rate locked is the only
  one who takes rows against it, and so the whole fleet keeps to the rate.
- **Flat without vacuum.** A finished row leaves a dead entry in the index of the rows that were never taken, which
  ends to matter for whoever looks only behind the last row that he was given: `p_after`. A row that becomes pending
  again gets a `not_before`, and with it a place in a small index of its own. The planner's other ways, which are better
  for a moment on an empty table, are turned off.
- **A lost reply.** A turn whose connection was lost may still be under way when its owner calls `release`, which would
  miss its rows; so both take an advisory lock of the owner's first.
- **Durable.** Where the server confirms transactions before they are on its disk, a turn asks for more: a lost mark
  would be a message sent twice.
- **One clock**, `connectly_now()`: the server's.

`even`, `factor` and `slowed_at` are those of `pace_booking`, and the arithmetic is its own, too; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connectly_api.campaigns.journal_protocol import DEADLINE_PASSED
from connectly_api.campaigns.row_states import TRANSITIONS, RowState
from connectly_api.transport.postgres_pace import CREATE_TABLE
from connectly_api.transport.rates import LONGEST_PAUSE, RECOVERY, SLOWEST
from connectly_api.webhooks.status_tracker import STATUS_ORDER

# ruff: noqa: S608  (statements are put together from this package's own names)

VERSION: Final = 1
_LOCKED_PAUSE: Final = 0.05
"""Seconds: how soon to look again for rows that others have locked."""
LATER_VERSION: Final = "CN001"
"""The SQLSTATE of tables that a later version made."""


def is_source(transition: str) -> str:
    """Return the condition that a row is in one of the states from which a transition starts."""
    return f"state IN ({quote(TRANSITIONS[transition].sources)})"


def quote(names: Iterable[str]) -> str:
    """Return names of this package as SQL's texts, with commas between them."""
    return ", ".join(f"'{name}'" for name in names)


def owner_lock(owner: str) -> str:
    """Return the numbers of an owner's lock: its `release` waits for a turn of its own that is still under way."""
    return f"hashtext('connectly_turn'), hashtext({owner})"


_TABLES: Final = f"""
CREATE TABLE IF NOT EXISTS connectly_journal (version integer NOT NULL);

CREATE TABLE IF NOT EXISTS connectly_campaign (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token text NOT NULL UNIQUE,
    name text NOT NULL UNIQUE,
    digest text NOT NULL,
    settings text NOT NULL,
    state text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'paused', 'stopped')),
    reason text,
    deadline float8 NOT NULL,
    created float8 NOT NULL,
    total bigint NOT NULL,
    rejected bigint NOT NULL
);

-- Half of each page is left free, so that a row's next versions find room beside it.
CREATE TABLE IF NOT EXISTS connectly_row (
    campaign bigint NOT NULL,
    n bigint NOT NULL,
    line bigint NOT NULL,
    key text NOT NULL,
    recipient text NOT NULL,
    body text NOT NULL,
    callback text,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ({quote(RowState)})),
    owner text,
    attempt integer NOT NULL DEFAULT 0,
    not_before float8,
    at float8,
    message_id text,
    status text CHECK (status IN ({quote(STATUS_ORDER)})),
    problem text,
    PRIMARY KEY (campaign, n)
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS connectly_fresh ON connectly_row (campaign, n)
    WHERE state = 'pending' AND not_before IS NULL;
CREATE INDEX IF NOT EXISTS connectly_returned ON connectly_row (campaign, not_before)
    WHERE state = 'pending' AND not_before IS NOT NULL;
CREATE INDEX IF NOT EXISTS connectly_sending ON connectly_row (campaign, n) WHERE state = 'sending';

CREATE TABLE IF NOT EXISTS connectly_reject (
    campaign bigint NOT NULL,
    n bigint NOT NULL,
    line bigint NOT NULL,
    field text,
    reason text NOT NULL,
    PRIMARY KEY (campaign, n)
);
{CREATE_TABLE}"""

_FUNCTIONS: Final = f"""
CREATE OR REPLACE FUNCTION connectly_now() RETURNS float8 LANGUAGE sql VOLATILE
AS $$ SELECT extract(epoch FROM clock_timestamp())::float8 $$;

-- Lock rates, and return what may be booked. Times that are further ahead than any booking can reach come from before
-- the clock was set back.
CREATE OR REPLACE FUNCTION connectly_lock_rates(
    p_rates json, p_want bigint,
    OUT key text, OUT burst bigint, OUT now float8, OUT even float8, OUT slowed_at float8, OUT share float8,
    OUT gap float8, OUT granted bigint, OUT wait float8
) RETURNS SETOF record LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_now float8;
BEGIN
    INSERT INTO connectly_pace (key)
    SELECT DISTINCT r.key COLLATE "C" FROM json_to_recordset(p_rates) AS r (key text) ORDER BY 1
    ON CONFLICT (key) DO UPDATE SET key = excluded.key;
    v_now := connectly_now();
    RETURN QUERY
    SELECT r.key, r.burst, v_now, due.even, was.slowed_at, slow.share, pace.gap, free.granted,
        CASE WHEN more.count > 0
            THEN greatest(0, ahead.even - v_now - (r.burst - 1) * pace.gap) + (more.count - 1) * pace.gap
            ELSE 0 END
    FROM json_to_recordset(p_rates) AS r (key text, per_second float8, burst bigint)
    JOIN connectly_pace AS p USING (key),
    LATERAL (SELECT least(p.slowed_at, v_now)) AS was (slowed_at),
    LATERAL (SELECT least(1, p.factor + (v_now - was.slowed_at) / {RECOVERY})) AS slow (share),
    LATERAL (SELECT 1 / (r.per_second * slow.share)) AS pace (gap),
    LATERAL (SELECT least(
        p.even, greatest(v_now, was.slowed_at + {LONGEST_PAUSE}) + r.burst / (r.per_second * p.factor)
    )) AS due (even),
    LATERAL (SELECT greatest(0, least(
        p_want, r.burst - ceil(greatest(0, due.even - v_now) / pace.gap - 1e-6)::bigint
    ))) AS free (granted),
    LATERAL (SELECT CASE WHEN free.granted > 0
        THEN greatest(due.even, v_now) + free.granted * pace.gap ELSE due.even END) AS ahead (even),
    LATERAL (SELECT least(p_want - free.granted, (r.burst + 1) / 2)) AS more (count);
END $$;

CREATE OR REPLACE FUNCTION connectly_slow_down(p_rates json, p_seconds float8) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    v_rates json := (SELECT json_agg(r) FROM connectly_lock_rates(p_rates, 0) AS r);
BEGIN
    UPDATE connectly_pace AS p
    SET factor = slow.factor, slowed_at = r.now,
        even = greatest(
            r.even,
            r.now + greatest(least(coalesce(p_seconds, 0), {LONGEST_PAUSE}), pace.gap) + (r.burst - 1) * pace.gap
        )
    FROM json_to_recordset(v_rates)
        AS r (key text, burst bigint, now float8, even float8, share float8, gap float8),
    LATERAL (SELECT greatest(r.share / 2, {SLOWEST})) AS slow (factor),
    LATERAL (SELECT r.gap * r.share / slow.factor) AS pace (gap)
    WHERE p.key = r.key;
END $$;

CREATE OR REPLACE FUNCTION connectly_turn(
    p_campaign bigint, p_owner text, p_outcomes json, p_want bigint, p_rates json, p_after bigint,
    OUT n bigint, OUT recipient text, OUT body text, OUT callback text, OUT attempt integer,
    OUT wait float8, OUT state text, OUT reason text
) RETURNS SETOF record LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan SET lock_timeout = '10s'
AS $$
#variable_conflict use_column
DECLARE
    v_now float8 := connectly_now();
    v_is_limited boolean;
    v_pause float8;
    v_state text;
    v_reason text;
    v_rates json;
    v_granted bigint := p_want;
    v_wait float8 := 0;
    v_taken bigint[];
    v_next float8;
BEGIN
    PERFORM pg_advisory_xact_lock({owner_lock("p_owner")});
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;

    WITH found AS MATERIALIZED (
        SELECT r.n, o.state, o.message_id, o.problem, o.retry_after, o.is_rate_limited
        FROM json_to_recordset(p_outcomes) AS o (
            n bigint, attempt integer, state text, message_id text, problem text, retry_after float8,
            is_rate_limited boolean
        )
        JOIN connectly_row AS r
            ON r.campaign = p_campaign AND r.n = o.n AND r.owner = p_owner AND r.attempt = o.attempt
        WHERE r.{is_source("settle")}
        ORDER BY r.n FOR UPDATE OF r
    ), settled AS (
        UPDATE connectly_row AS r
        SET state = found.state, message_id = found.message_id, problem = found.problem,
            not_before = CASE WHEN found.state = 'pending'
                THEN v_now + least(coalesce(found.retry_after, 0), {LONGEST_PAUSE}) END
        FROM found WHERE r.campaign = p_campaign AND r.n = found.n
        RETURNING found.is_rate_limited, found.retry_after
    )
    SELECT coalesce(bool_or(is_rate_limited), false), max(retry_after) FILTER (WHERE is_rate_limited)
    INTO v_is_limited, v_pause FROM settled;
    IF v_is_limited THEN
        PERFORM connectly_slow_down(p_rates, v_pause);
    END IF;

    UPDATE connectly_campaign SET state = 'stopped', reason = '{DEADLINE_PASSED}'
    WHERE id = p_campaign AND state = 'ready' AND deadline <= v_now;
    SELECT c.state, c.reason INTO v_state, v_reason FROM connectly_campaign AS c WHERE id = p_campaign;
    IF v_state IS DISTINCT FROM 'ready' THEN
        RETURN QUERY SELECT NULL::bigint, NULL, NULL, NULL, NULL::integer, NULL::float8, v_state, v_reason;
        RETURN;
    END IF;

    IF p_want > 0 AND json_array_length(p_rates) > 0 THEN
        SELECT json_agg(r), min(r.granted), max(r.wait) INTO v_rates, v_granted, v_wait
        FROM connectly_lock_rates(p_rates, p_want) AS r;
    END IF;
    v_now := connectly_now();

    v_taken := ARRAY(
        SELECT n FROM connectly_row
        WHERE campaign = p_campaign AND {is_source("take")} AND not_before IS NOT NULL
            AND (not_before <= v_now OR not_before > v_now + {LONGEST_PAUSE})
        ORDER BY not_before LIMIT v_granted FOR UPDATE SKIP LOCKED
    );
    IF cardinality(v_taken) < v_granted THEN
        v_taken := v_taken || ARRAY(
            SELECT n FROM connectly_row
            WHERE campaign = p_campaign AND {is_source("take")} AND not_before IS NULL AND n > p_after
            ORDER BY n LIMIT v_granted - cardinality(v_taken) FOR UPDATE SKIP LOCKED
        );
    END IF;
    -- Whoever took the rows before may have been rolled back.
    IF cardinality(v_taken) < v_granted AND p_after > 0 THEN
        v_taken := v_taken || ARRAY(
            SELECT n FROM connectly_row
            WHERE campaign = p_campaign AND {is_source("take")} AND not_before IS NULL AND n <= p_after
            ORDER BY n LIMIT v_granted - cardinality(v_taken) FOR UPDATE SKIP LOCKED
        );
    END IF;
    RETURN QUERY
    WITH taken AS (
        UPDATE connectly_row AS r
        SET state = 'sending', owner = p_owner, attempt = r.attempt + 1, not_before = NULL, at = v_now
        WHERE r.campaign = p_campaign AND r.n = ANY (v_taken) AND r.{is_source("take")}
        RETURNING r.n, r.recipient, r.body, r.callback, r.attempt
    )
    SELECT n, recipient, body, callback, attempt, NULL::float8, NULL, NULL FROM taken ORDER BY n;
    UPDATE connectly_pace AS p
    SET even = greatest(r.even, r.now) + cardinality(v_taken) * r.gap, slowed_at = r.slowed_at
    FROM json_to_recordset(v_rates) AS r (key text, now float8, even float8, slowed_at float8, gap float8)
    -- Without rows, it is further back only if the clock was set back.
    WHERE p.key = r.key AND (cardinality(v_taken) > 0 OR r.even < p.even);

    IF cardinality(v_taken) < greatest(v_granted, 1) THEN
        v_next := CASE
            WHEN EXISTS (
                SELECT FROM connectly_row
                WHERE campaign = p_campaign AND {is_source("take")} AND not_before IS NULL AND n > p_after
            ) OR EXISTS (
                SELECT FROM connectly_row WHERE campaign = p_campaign AND {is_source("take")} AND not_before IS NULL
            ) THEN v_now
            ELSE (
                SELECT min(CASE WHEN not_before <= v_now + {LONGEST_PAUSE} THEN not_before ELSE v_now END)
                FROM connectly_row WHERE campaign = p_campaign AND {is_source("take")} AND not_before IS NOT NULL
            ) END;
        IF v_granted > 0 OR v_next IS NULL OR v_next > v_now THEN
            -- Rows that could be taken now, although more were granted, are locked by others.
            v_wait := CASE WHEN v_next IS NOT NULL
                THEN greatest(v_next - v_now, CASE WHEN v_granted > 0 THEN {_LOCKED_PAUSE} ELSE 0 END) END;
        END IF;
    END IF;
    RETURN QUERY SELECT NULL::bigint, NULL, NULL, NULL, NULL::integer, v_wait, v_state, v_reason;
END $$;
"""


def build_schema() -> str:
    """Return the SQL that creates the tables and functions, or upgrades those of any earlier version.

    Run it in one transaction, as the user that shall own them. Running it again changes nothing.
    """
    return f"""-- The journal of campaigns of connectly-api, version {VERSION}
SELECT pg_advisory_xact_lock(hashtext('connectly_journal'));
{_TABLES}
DO $$ BEGIN
    IF EXISTS (SELECT FROM connectly_journal WHERE version > {VERSION}) THEN
        RAISE EXCEPTION 'a later version of connectly-api made these tables' USING ERRCODE = '{LATER_VERSION}';
    END IF;
END $$;
{_FUNCTIONS}
DELETE FROM connectly_journal;
INSERT INTO connectly_journal (version) VALUES ({VERSION});
"""
