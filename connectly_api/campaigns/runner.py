"""Runs a campaign: takes rows from its journal, sends them, and gives the journal what became of them.

**Turns.** One task calls the journal, and all others send. A turn settles the outcomes that have come since the last
one, and takes as many rows as are free and as the rates allow. One turn is under way at a time, so a slow disk makes
turns larger, not the campaign slower. Each row is sent by one attempt: what was not accepted is pending in the journal
again, where every process sees it.

**The journal is away.** No row is taken; outcomes wait in memory and are given again, which changes nothing if the
journal has them already. A turn that failed may have taken rows: `release` hands back what is not in hand.

**A cancellation drains.** The task that called `run_campaign` only waits, and the work runs in a shielded scope. The
first cancellation (a Ctrl-C, a timeout, a closing application) lets no more rows be taken; those in flight are finished
and settled, then it is raised. A second one ends the wait: what is in flight becomes unknown, or pending if its request
has not left, and is settled once more.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import Final

import anyio
import attrs
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from connectly_api.campaigns.campaign_errors import JournalError
from connectly_api.campaigns.campaign_status import CampaignStatus, Tally, build_status
from connectly_api.campaigns.journal_protocol import LEASE_ENDED, CampaignRecord, TakenRow, Turn
from connectly_api.campaigns.journal_thread import JournalThread
from connectly_api.campaigns.row_states import Outcome, RowState
from connectly_api.campaigns.send_outcome import is_about_all, is_local, to_outcome
from connectly_api.campaigns.sending_hours import Hours
from connectly_api.campaigns.stop_rules import StopRules, StopWatch
from connectly_api.client import Connectly
from connectly_api.errors import (
    ApiError,
    ConnectlyError,
    InvalidInputError,
    NotSentError,
    RateLimitError,
    build_error_text,
)
from connectly_api.lowlevel.api.message_service import send_whatsapp_templated_message
from connectly_api.lowlevel.models import SendMessageResponse, SendWhatsappTemplatedMessageRequest
from connectly_api.number_checks import check_count, is_number
from connectly_api.transport.pipeline import Pipeline
from connectly_api.transport.protocol import Request
from connectly_api.transport.rates import LONGEST_PAUSE, Rate
from connectly_api.transport.retry import Retry

_ONCE: Final = Retry(attempts=1)
# All in seconds.
_GATHER: Final = 0.001
"""How long a turn waits, after the first outcome, for others to settle with it."""
_BEAT: Final = 0.01
"""The time from turn to turn if the rates give a few rows at once."""
_SHORT: Final = 0.05
"""Outcomes wait for a turn that comes sooner than this."""
_POLL: Final = 0.5
"""The longest time from turn to turn, and the shortest between two reports of progress."""
_REFRESH: Final = 2.0
"""The least time between two counts of all rows; they take at most a hundredth of the time."""
_FIRST_BACKOFF: Final = 0.5
_LONGEST_BACKOFF: Final = 10.0
"""The longest time until the service, or the journal, is tried again after it could not be reached."""
_PATIENCE: Final = 300.0
"""How long a run waits for its journal to come back."""
_PATIENCE_AT_END: Final = 30.0
"""The same, if the run is to end."""

_AWAY: Final = "the service, which cannot be reached"
_LIMIT: Final = "the service's rate limit (429)"


async def run_campaign(
    connectly: Connectly,
    journal: JournalThread,
    record: CampaignRecord,
    compose: Callable[[TakenRow], bytes],
    *,
    rates: Sequence[tuple[str, Rate]] = (),
    hours: Hours | None = None,
    stop: StopRules | None = None,
    max_in_flight: int = 64,
    lease: float = 120.0,
    on_progress: Callable[[CampaignStatus], object] | None = None,
    now: Callable[[], float] = time.time,
) -> CampaignStatus:
    """Send what is pending, and return when nothing is, or when the campaign is paused or stopped.

    Args:
        connectly: The client that sends.
        journal: The open journal.
        record: The campaign.
        compose: Returns the body of a row's request, as planned.
        rates: The rates to keep to, each with its key in the journal.
        hours: When rows may be sent; None for any time.
        stop: When to stop; None for `StopRules()`.
        max_in_flight: How many rows are sent at the same time.
        lease: Seconds after which the rows in flight of a process that died are unknown.
        on_progress: Called with the status about twice a second; a plain or an async function.
        now: Unix seconds, for the hours.

    Raises:
        InvalidInputError: `max_in_flight` is not a number above 0, or the lease does not exceed the client's timeout.
        JournalError: The journal cannot be used, or stayed away; the text says how many outcomes could not be written.
        ConnectlyError: This process cannot send: its client is closed, or a certificate does not verify.
    """
    check_count("max_in_flight", max_in_flight)
    timeout = connectly.transport.timeouts.total
    if not is_number(lease) or not timeout < lease < math.inf:
        raise InvalidInputError(
            f"lease: must be a number of seconds above the client's timeout, which is {timeout:g}", field="lease"
        )
    run = _Run(
        transport=connectly.transport,
        request=send_whatsapp_templated_message.request(
            connectly.business_id, body=SendWhatsappTemplatedMessageRequest()
        ),
        thread=journal,
        record=record,
        compose=compose,
        rates=rates,
        hours=hours,
        watch=StopWatch(stop or StopRules()),
        max_in_flight=max_in_flight,
        lease=lease,
        on_progress=on_progress,
        now=now,
    )
    return await run.run()


@attrs.define(eq=False, kw_only=True, repr=False)
class _Run:
    """One run: what it has in hand, and what it waits for."""

    transport: Pipeline
    request: Request[SendMessageResponse]
    thread: JournalThread
    record: CampaignRecord
    compose: Callable[[TakenRow], bytes]
    rates: Sequence[tuple[str, Rate]]
    hours: Hours | None
    watch: StopWatch
    max_in_flight: int
    lease: float
    on_progress: Callable[[CampaignStatus], object] | None
    now: Callable[[], float]

    _owner: str = attrs.field(factory=secrets.token_urlsafe, init=False)
    _in_hand: set[tuple[int, int]] = attrs.field(factory=set[tuple[int, int]], init=False)
    """The rows that were taken, with their attempts, and whose outcome no turn has settled."""
    _outcomes: list[Outcome] = attrs.field(factory=list[Outcome], init=False)
    _last_row: int = attrs.field(default=0, init=False)
    _has_begun: bool = attrs.field(default=False, init=False)
    _is_draining: bool = attrs.field(default=False, init=False)
    _stop_reason: str | None = attrs.field(default=None, init=False)
    """Why to stop the campaign, as long as the journal does not know it."""
    _failure: Exception | None = attrs.field(default=None, init=False)

    _wake: anyio.Event = attrs.field(factory=anyio.Event, init=False)
    _ended: anyio.Event = attrs.field(factory=anyio.Event, init=False)
    _scope: anyio.CancelScope = attrs.field(factory=lambda: anyio.CancelScope(shield=True), init=False)
    _tally: Tally = attrs.field(factory=Tally, init=False)
    _waiting_for: str | None = attrs.field(default=None, init=False)
    _backoff: float = attrs.field(default=0.0, init=False)
    _obstacle: str = attrs.field(default=_AWAY, init=False)
    """What the backoff is for."""
    _retry_at: float = attrs.field(default=-math.inf, init=False)
    _opens_at: float = attrs.field(default=-math.inf, init=False)
    _limited_until: float = attrs.field(default=-math.inf, init=False)
    _refresh_at: float = attrs.field(default=-math.inf, init=False)
    _report_at: float = attrs.field(default=-math.inf, init=False)

    async def run(self) -> CampaignStatus:
        """Run; see `run_campaign`."""
        interruption: BaseException | None = None
        await checkpoint()  # Nothing begins if the caller is cancelled already.
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._work)
            try:
                await self._ended.wait()
            except BaseException as first:  # noqa: BLE001 (a cancellation, or Trio's KeyboardInterrupt; raised below)
                interruption = first
                self._drain()
                try:
                    with anyio.CancelScope(shield=True):
                        # A closing event loop may have cancelled the work before its first step.
                        if self._has_begun:
                            await self._ended.wait()
                except BaseException as second:  # noqa: BLE001 (likewise)
                    interruption = second
            self._scope.cancel()
        failure = self._failure
        if failure is not None and (interruption is None or isinstance(interruption, anyio.get_cancelled_exc_class())):
            raise failure
        if interruption is not None:
            if failure is not None:
                interruption.add_note(_describe(failure))
            raise interruption
        status = build_status(self.record, self._tally.counts)
        await self._call_back(status)
        return status

    async def _work(self) -> None:
        self._has_begun = True
        try:
            with self._scope:
                async with anyio.create_task_group() as sends:
                    await self._take_turns(sends)
        finally:
            try:
                with anyio.CancelScope(shield=True):
                    await self._settle_rest()
            finally:
                self._ended.set()

    async def _take_turns(self, sends: TaskGroup) -> None:
        """Take turns until nothing is left to send, or until the run is to end and nothing is in hand."""
        away_since: float | None = None
        while True:
            began = anyio.current_time()
            want = self._compute_want(began)
            try:
                turn = await self._take_turn(want, sends)
                has_none = turn.wait is None and not self._in_hand
                if has_none or began >= self._refresh_at:
                    await self._refresh()
            except Exception as error:  # noqa: BLE001 (a journal's bug, too, must lose no outcome)
                away_since = began if away_since is None else away_since
                patience = _PATIENCE_AT_END if self._is_draining else _PATIENCE
                if not _is_temporary(error) or began - away_since > patience:
                    self._fail(error)
                    if len(self._outcomes) == len(self._in_hand):
                        return
                self._waiting_for = f"the journal: {_describe(error)}"
                await self._report()
                await anyio.sleep(min(0.1 + (began - away_since) / 2, _LONGEST_BACKOFF))
                continue
            away_since = None
            is_over = self._is_draining or (has_none and not self._tally.left)
            if is_over and not self._in_hand and self._stop_reason is None:
                return
            wait = _POLL
            if turn.wait is not None and len(turn.rows) < want:
                wait = min(max(began + max(turn.wait, _BEAT) - anyio.current_time(), 0.0), _POLL)
                self._waiting_for = "its own rate limit" if began >= self._limited_until else _LIMIT
            elif has_none and self._tally.left and not self._is_draining and self._waiting_for is None:
                self._waiting_for = f"{self._tally.left:,} rows of another process"
            await self._report()
            await self._pause(wait)

    def _compute_want(self, now: float) -> int:
        """Return how many rows the next turn may take, and say what the run waits for if it may take none."""
        self._waiting_for = None
        if self._is_draining:
            return 0
        if self.hours is not None:
            wall = self.now()
            if wall >= self._opens_at:
                opening = self.hours.find_opening(wall)
                # An opening that is past would be ahead of a clock that is set back.
                self._opens_at = opening if opening > wall else -math.inf
            if wall < self._opens_at:
                self._waiting_for = f"the hours, until {self.hours.describe(self._opens_at)}"
                return 0
        free = self.max_in_flight - len(self._in_hand) + len(self._outcomes)
        if not self._backoff:
            return free
        self._waiting_for = self._obstacle
        return min(free, 1) if now >= self._retry_at else 0

    async def _take_turn(self, want: int, sends: TaskGroup | None = None) -> Turn:
        """Settle the outcomes, take rows, and start to send them.

        Raises:
            JournalError: The journal failed; the outcomes are kept.
        """
        journal, campaign = self.thread.journal, self.record.id
        outcomes, self._outcomes = self._outcomes, []
        try:
            if self._stop_reason is not None:
                await self.thread.call(journal.mark, campaign, "stopped", self._stop_reason)
                self._stop_reason = None
            turn = await self.thread.call(
                journal.turn, campaign, self._owner, outcomes, want, self.rates, after=self._last_row
            )
        except BaseException:
            self._outcomes[:0] = outcomes
            self._refresh_at = -math.inf
            raise
        self._in_hand.difference_update((outcome.n, outcome.attempt) for outcome in outcomes)
        self._in_hand.update((row.n, row.attempt) for row in turn.rows)
        self._tally.count(len(turn.rows), outcomes)
        if turn.rows and sends is not None:
            self._last_row = turn.rows[-1].n
            for row in turn.rows:
                sends.start_soon(self._send, row, self.now() + self.lease)
        if turn.state != "ready":
            self.record = attrs.evolve(self.record, state=turn.state, reason=turn.reason)
            self._drain()
        return turn

    async def _send(self, row: TakenRow, until: float) -> None:
        try:
            await self.transport.take_turn()
            if self.now() > until:
                # The process, or its machine, was suspended: others have given the row up.
                self._add(Outcome(row.n, row.attempt, RowState.PENDING, problem=LEASE_ENDED))
                return
            request = attrs.evolve(self.request, content=self.compose(row))
            answer = await self.transport.send(request, retry=_ONCE)
        except anyio.get_cancelled_exc_class() as cancellation:
            # It has a cause if the request may have left.
            self._add(to_outcome(row, cancellation.__cause__))
            raise
        except Exception as error:  # noqa: BLE001 (of any class; the row's outcome says what it means)
            self._add(to_outcome(row, error))
            self._judge(error)
        except BaseException as error:
            self._add(to_outcome(row, error))
            raise
        else:
            self._backoff = 0.0
            message_id = answer.value.id
            if isinstance(message_id, str) and message_id:
                self._add(Outcome(row.n, row.attempt, RowState.ACCEPTED, message_id))
            else:
                self._add(Outcome(row.n, row.attempt, RowState.UNKNOWN, problem="UnexpectedResponse"))

    def _add(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._wake.set()
        if outcome.state != RowState.PENDING:
            self._stop(self.watch.count_row(is_accepted=outcome.state == RowState.ACCEPTED))
        elif outcome.is_rate_limited:
            self._limited_until = anyio.current_time() + min(outcome.retry_after or _POLL, LONGEST_PAUSE)

    def _judge(self, error: Exception) -> None:
        """Draw the conclusion from an error for the rows to come."""
        now = anyio.current_time()
        if is_local(error):
            self._fail(error)
        elif isinstance(error, NotSentError) or (isinstance(error, RateLimitError) and not self.rates):
            if now >= self._retry_at:
                self._backoff = min(max(self._backoff * 2, _FIRST_BACKOFF), _LONGEST_BACKOFF)
                self._retry_at = now + self._backoff
                self._obstacle = _AWAY if isinstance(error, NotSentError) else _LIMIT
        elif isinstance(error, ApiError):
            self._backoff = 0.0
            if is_about_all(error):
                self._stop(build_error_text(error, ""))

    def _stop(self, reason: str | None) -> None:
        """Stop the campaign, for all processes; None does nothing."""
        if reason is not None and not self._is_draining:
            self._stop_reason = reason
            self._drain()

    def _fail(self, error: Exception) -> None:
        """End this run, and raise an error when nothing is in hand any more."""
        self._failure = self._failure or error
        self._drain()

    def _drain(self) -> None:
        """Take no more rows."""
        self._is_draining = True
        self._wake.set()

    async def _refresh(self) -> None:
        """Hand back what a lost turn took, give up the rows of processes that died, and count all rows."""
        began = anyio.current_time()
        journal, campaign = self.thread.journal, self.record.id
        await self.thread.call(journal.release, campaign, self._owner, self._in_hand)
        await self.thread.call(journal.abandon, campaign, self.lease)
        counts = await self.thread.call(journal.summary, campaign)
        now = anyio.current_time()
        self._refresh_at = now + max(_REFRESH, 100 * (now - began))
        self._tally.replace(counts, now)
        self._stop(
            self.watch.compare_statuses(sum(counts.statuses.values()), counts.statuses.get("delivery_failed", 0))
        )

    async def _report(self) -> None:
        now = anyio.current_time()
        if self.on_progress is None or now < self._report_at:
            return
        self._report_at = now + _POLL
        rate = self._tally.measure_rate(now)
        status = build_status(
            self.record, self._tally.counts, is_running=True, rate=rate, waiting_for=self._waiting_for
        )
        try:
            # One that hangs must not hold up the journal, nor a cancelled run.
            with anyio.move_on_after(_PATIENCE_AT_END):
                await self._call_back(status)
        except Exception as error:  # noqa: BLE001 (the caller's; raised when nothing is in hand)
            self._fail(error)

    async def _call_back(self, status: CampaignStatus) -> None:
        result = None if self.on_progress is None else self.on_progress(status)
        if isawaitable(result):
            await result

    async def _pause(self, seconds: float) -> None:
        """Wait for an outcome, or for some seconds."""
        if seconds <= _SHORT:
            await anyio.sleep(seconds)
            return
        with anyio.move_on_after(seconds):
            await self._wake.wait()
        await anyio.sleep(_GATHER)
        self._wake = anyio.Event()

    async def _settle_rest(self) -> None:
        """Settle what a second cancellation, or a journal that is away, has left."""
        if not self._in_hand and self._refresh_at > -math.inf:
            return
        try:
            await self._take_turn(0)
            await self._refresh()
        except Exception as error:  # noqa: BLE001 (as in `_take_turns`)
            self._failure = self._failure or error
            if self._outcomes:
                text = f"the outcomes of {len(self._outcomes)} rows were not written, which become unknown"
                self._failure = JournalError(f"{text}: {_describe(error)}", retry_safe=_is_temporary(error))
                self._failure.__cause__ = error


def _is_temporary(error: Exception) -> bool:
    return isinstance(error, JournalError) and error.retry_safe


def _describe(error: Exception) -> str:
    # The text of a bug may have anything in it.
    return str(error) if isinstance(error, ConnectlyError) else type(error).__name__
