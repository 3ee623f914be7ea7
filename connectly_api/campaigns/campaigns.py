"""The face of campaigns: `journal` opens a place for them, `Campaigns` plans and finds them, `Campaign` runs one."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from os import PathLike
from types import TracebackType
from typing import Final, Self, TypeVar

import attrs
from anyio import (
    CancelScope,
    EndOfStream,
    Lock,
    create_memory_object_stream,
    create_task_group,
    from_thread,
    to_thread,
)
from anyio.streams.memory import MemoryObjectReceiveStream

from connectly_api.campaigns.campaign_errors import CampaignError, CampaignExistsError, CampaignNotFoundError
from connectly_api.campaigns.campaign_settings import CampaignPace, CampaignSettings, compose_body
from connectly_api.campaigns.campaign_status import CampaignStatus, build_status
from connectly_api.campaigns.customer_rows import Rows
from connectly_api.campaigns.input_rows import InputRow
from connectly_api.campaigns.journal_protocol import (
    CampaignRecord,
    Journal,
    Line,
    Observation,
    PlannedRow,
    Reject,
    TakenRow,
)
from connectly_api.campaigns.journal_thread import JournalThread
from connectly_api.campaigns.planning import Build, CallbackData, Key, PlanResult, RowPlanner, name_reason
from connectly_api.campaigns.retry_evidence import find_proven_spans
from connectly_api.campaigns.row_callback import read_observation
from connectly_api.campaigns.row_states import RowState
from connectly_api.campaigns.runner import run_campaign
from connectly_api.campaigns.sending_hours import Hours
from connectly_api.campaigns.stop_rules import StopRules
from connectly_api.client import Connectly, get_default_sender
from connectly_api.content.limits import Limits
from connectly_api.errors import InvalidInputError
from connectly_api.loop_local import LoopLocal
from connectly_api.recipients import SenderLike, to_sender
from connectly_api.setting_rules import check_kind, check_name, describe_kind
from connectly_api.tracebacks import cut_traceback
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.handler_registry import HandlerRegistry
from connectly_api.webhooks.stores.file_access import parse_path
from connectly_api.wire.encoding import encode_json

T = TypeVar("T")

Find = Callable[[], Awaitable[tuple[JournalThread, CampaignRecord]]]
"""Returns the open journal, and what it has about a campaign."""

_PAGE: Final = 1000
_SCHEMES: Final = ("postgresql://", "postgres://")


@cut_traceback
def journal(path: str | PathLike[str]) -> Campaigns:
    """Return the campaigns of a journal: a SQLite file, or a PostgreSQL database. Nothing is opened yet.

        async with journal("campaigns.db") as campaigns: ...

    Args:
        path: The file, which is created if it is missing; or `postgresql://…` (extra `fleet`), for several machines.

    Raises:
        InvalidInputError: It is neither, or the extra is missing.
    """
    if isinstance(path, str) and path.startswith(_SCHEMES):
        if find_spec("psycopg") is None:
            raise InvalidInputError("path: PostgreSQL needs pip install 'connectly-api[fleet]'", field="path")
        from connectly_api.campaigns.postgres_journal import PostgresJournal  # noqa: PLC0415 (an extra)

        return Campaigns(partial(PostgresJournal, path))
    from connectly_api.campaigns.sqlite_journal import SQLiteJournal  # noqa: PLC0415 (not needed for PostgreSQL)

    return Campaigns(partial(SQLiteJournal, parse_path(path)))


class Campaigns:
    """The campaigns of one journal, from `journal(…)`.

    It is opened by `async with`, or at its first use, such as the first event that a `WebhookApp` reports to it. The
    event loops of several threads may use it, such as that of a run, and that of webhooks.
    """

    def __init__(self, create: Callable[[], Journal]) -> None:
        """Bind a journal; nothing is opened yet.

        Args:
            create: Returns the journal, closed; each call returns another object for the same place.
        """
        self._create = create
        self._thread = JournalThread(create())
        self._observers = LoopLocal(_Observer)

    async def __aenter__(self) -> Self:
        """Open the journal.

        Raises:
            JournalError: It cannot be used; the text says why.
        """
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the journal."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the journal. Calling it twice is fine; a later use opens it again."""
        with CancelScope(shield=True):
            await self._thread.close()

    @cut_traceback
    async def plan(
        self,
        name: str,
        rows: Rows,
        build: Build,
        *,
        key: Key | None = None,
        sender: SenderLike | None = None,
        campaign_name: str | None = None,
        callback_data: CallbackData | None = None,
        limits: Limits = "strict",
        deadline: timedelta = timedelta(hours=24),
        hours: Hours | None = None,
        pace: CampaignPace | None = None,
        stop: StopRules | None = None,
    ) -> Campaign:
        """Build, check and freeze the message of every row, and commit all of them at once; nothing is sent.

        A row that cannot be sent is rejected, with its line and the reason, and the others are planned. Planning the
        same rows under the same name again returns the campaign as it is, so a script may simply be started again.

        Args:
            name: The campaign's name in the journal.
            rows: From `rows(…)`.
            build: Returns the template for a row, `lambda row: Template("spring", "de", body=[row["name"]])`, or None
                to leave the row out. It is called in a worker thread.
            key: A column, or a function of a row: what no two rows of the campaign may have in common. By default the
                recipient, in any of WhatsApp's spellings of one number.
            sender: The business's number that sends. By default that of the first client that runs the campaign; later
                runs keep to it, on other machines, too.
            campaign_name: A tag for the service's analytics and webhook filters.
            callback_data: An object, or a function of a row that returns one: it is returned with the message's events,
                beside the campaign's own entry `connectly_campaign`. Both together have at most 1024 bytes.
            limits: What to do about WhatsApp's limits on content, as for `Connectly`.
            deadline: How long from now rows may be sent.
            hours: When rows may be sent; by default at any time.
            pace: The rates to keep to, shared by all processes that run campaigns of this journal.
            stop: When to stop because too much fails.

        Raises:
            CampaignExistsError: There is a campaign of that name with other rows.
            NothingToSendError: Every row was rejected; the error has the reasons.
            CampaignError: `build`, `key` or `callback_data` failed, asked for a column that there is not, or returned
                something else than it should; the error names the line, and has the cause.
            InvalidInputError: An argument is invalid.
            JournalError: The journal cannot be used.
        """
        for field, text in (("name", name), ("campaign_name", "-" if campaign_name is None else campaign_name)):
            check_name(field, text)
            encode_json(text, field=field)  # Refuses lone surrogates, which neither a journal nor a request can hold.
        _require("rows", rows, ("read",), "rows(…)")
        seconds = _to_seconds(deadline)
        check_kind("hours", hours, Hours, "an Hours value")
        check_kind("pace", pace, CampaignPace, "a CampaignPace value")
        check_kind("stop", stop, StopRules, "a StopRules value")
        number = None if sender is None else to_sender(sender).e164
        settings = CampaignSettings(
            sender=number,
            campaign_name=campaign_name,
            hours=hours,
            pace=pace or CampaignPace(),
            stop=stop or StopRules(),
        )
        planner = RowPlanner(build, key=key, callback_data=callback_data, limits=limits, others=(number, campaign_name))

        def store(batches: Iterator[list[PlannedRow | Reject]]) -> bool:
            # An object of its own: other calls need not wait for the end.
            journal = self._create()
            journal.open()
            try:
                return journal.plan(name, settings.to_json(), seconds, batches, planner.get_digest)[1]
            finally:
                journal.close()

        try:
            is_resumed = await _feed(rows, planner, store)
        except CampaignExistsError:
            _, record = await self._find(name)
            raise CampaignExistsError(
                f"the journal has a campaign {name!r}, and {_name_difference(record, settings, planner.count)};"
                " use another name, or forget that campaign if nothing of it was sent"
            ) from None
        return await self._build_campaign(name, is_resumed=is_resumed, first=planner.first)

    @cut_traceback
    async def open(self, name: str) -> Campaign:
        """Return a campaign that was planned before.

        Raises:
            CampaignNotFoundError: There is none of that name.
        """
        return await self._build_campaign(name, is_resumed=True, first=None)

    async def list(self) -> Sequence[CampaignStatus]:
        """Return the status of every campaign, the newest first."""
        thread = await self._open()
        records = await thread.call(thread.journal.list_campaigns)
        return [build_status(one, await thread.call(thread.journal.summary, one.id)) for one in reversed(records)]

    def follow(self, webhooks: HandlerRegistry) -> None:
        """Let a `WebhookApp`, also that for code without async, report its events.

        They settle unknown rows, and tell what became of accepted ones.
        """
        if not isinstance(webhooks, HandlerRegistry):
            raise InvalidInputError(f"webhooks: must be a WebhookApp, not {describe_kind(webhooks)}", field="webhooks")
        webhooks.on_any(self.observe)

    async def observe(self, event: Event) -> None:
        """Record what an event says about a row: a handler, if `follow` cannot be used.

        Events may come in any order, and more than once; those of other messages are ignored.

        Raises:
            JournalError: The journal cannot be used, so the event should be delivered again.
        """
        if (observation := read_observation(event)) is None:
            return
        thread = await self._open()
        observer = self._observers.get()
        waiting = observer.waiting
        waiting.observations.append(observation)
        # Whoever comes first writes what all have brought who wait here, in one transaction. If that fails, each tries
        # it again: an observation does no harm twice.
        async with observer.lock:
            if waiting.are_written:
                return
            if waiting is observer.waiting:
                observer.waiting = _Observations()
            await thread.call(thread.journal.observe, waiting.observations)
            waiting.are_written = True

    async def _open(self) -> JournalThread:
        await self._thread.open()
        return self._thread

    async def _find(self, name: str) -> tuple[JournalThread, CampaignRecord]:
        thread = await self._open()
        record = await thread.call(thread.journal.find, name)
        if record is None:
            raise CampaignNotFoundError(f"there is no campaign {name!r} in the journal")
        return thread, record

    async def _build_campaign(self, name: str, *, is_resumed: bool, first: PlannedRow | None) -> Campaign:
        find = partial(self._find, name)
        thread, record = await find()
        reasons: Counter[str] = Counter()
        for field, reason, count in await thread.call(thread.journal.count_rejects, record.id):
            reasons[name_reason(Reject(0, field, reason))] += count
        sample = None
        if first is not None:
            row = TakenRow(1, first.recipient, first.body, first.callback, 1)
            sample = compose_body(CampaignSettings.from_json(record.settings), record.token, row).decode()
        result = PlanResult(
            rows=record.total,
            rejected=record.rejected,
            reasons=dict(reasons.most_common()),
            is_resumed=is_resumed,
            digest=record.digest,
            sample=sample,
        )
        return Campaign(name, result, find)


class Campaign:
    """One campaign of a journal.

    Attributes:
        name: Its name in the journal.
        plan: What was planned.
    """

    def __init__(self, name: str, plan: PlanResult, find: Find) -> None:
        """Use `Campaigns.plan` or `Campaigns.open`."""
        self.name: Final = name
        self.plan: Final = plan
        self._find = find

    def __repr__(self) -> str:
        """Show the name."""
        return f"Campaign(name={self.name!r})"

    @cut_traceback
    async def run(
        self,
        connectly: Connectly,
        *,
        max_in_flight: int = 64,
        lease: float = 120.0,
        on_progress: Callable[[CampaignStatus], object] | None = None,
    ) -> CampaignStatus:
        """Send what is pending, and return when nothing is, or when the campaign is paused or stopped.

        Any number of processes may run one campaign; no row is sent twice. If the call is cancelled, it takes no more
        rows and waits for those in flight; their outcomes are recorded before it raises the cancellation.

        Args:
            connectly: The client of the business that ran the campaign first.
            max_in_flight: How many rows are sent at the same time.
            lease: Seconds after which the rows in flight of a process that died are unknown.
            on_progress: Called with the status about twice a second; a plain function that does not block, or an async
                one, which is cancelled after 30 seconds.

        Raises:
            InvalidInputError: The client is another business's.
            JournalError: The journal cannot be used.
        """
        _require("connectly", connectly, Connectly, "a Connectly client")
        thread, record = await self._find()
        sender = get_default_sender(connectly)
        before = CampaignSettings.from_json(record.settings)
        settings = before.bind(connectly.business_id, None if sender is None else sender.e164)
        if settings != before:
            text = await thread.call(thread.journal.replace_settings, record.id, record.settings, settings.to_json())
            # Another process may have been first.
            settings = CampaignSettings.from_json(text).bind(connectly.business_id, None)
        return await run_campaign(
            connectly,
            thread,
            record,
            partial(compose_body, settings, record.token),
            rates=settings.list_rates(),
            hours=settings.hours,
            stop=settings.stop,
            max_in_flight=max_in_flight,
            lease=lease,
            on_progress=on_progress,
        )

    async def status(self) -> CampaignStatus:
        """Return how far the campaign is."""
        thread, record = await self._find()
        return build_status(record, await thread.call(thread.journal.summary, record.id))

    async def pause(self) -> None:
        """Let no process take another row; those in flight are finished. A stopped campaign stays as it is."""
        thread, record = await self._find()
        if record.state == "ready":
            await thread.call(thread.journal.mark, record.id, "paused")

    async def resume(self, *, deadline: timedelta | None = None) -> None:
        """Let a paused or stopped campaign be run again.

        Args:
            deadline: How long from now rows may be sent; by default the deadline stays as it is.
        """
        thread, record = await self._find()
        seconds = None if deadline is None else _to_seconds(deadline)
        await thread.call(thread.journal.mark, record.id, "ready", deadline=seconds)

    async def retry(self, *, refused: bool = False, unknown: bool = False) -> int:
        """Make rows pending again, and return how many.

        Args:
            refused: Those that the service refused.
            unknown: Those whose outcome is unknown, where webhooks prove that they were not accepted: of the rows
                accepted around that time, as their responses say, at least 20, 99 % have a status.
        """
        if not refused and not unknown:
            raise InvalidInputError("refused: choose refused=True, unknown=True, or both", field="refused")
        thread, record = await self._find()
        count = 0
        if refused:
            count += await thread.call(thread.journal.retry, record.id, RowState.REFUSED)
        if unknown:
            evidence = await thread.call(thread.journal.evidence, record.id)
            if spans := find_proven_spans(evidence):
                count += await thread.call(thread.journal.retry, record.id, RowState.UNKNOWN, spans)
        return count

    def report(self) -> AsyncIterator[Line]:
        """Iterate over all rows in their order, each with its state and status."""
        return _Items(self._find, lambda journal: journal.lines)

    def rejects(self) -> AsyncIterator[Reject]:
        """Iterate over the rejected rows: line, field and reason."""
        return _Items(self._find, lambda journal: journal.rejects)

    async def forget(self) -> None:
        """Delete the campaign's rows, as privacy laws may demand. Later events about it are ignored.

        If none was ever sent, its name is free again. Otherwise the name is kept, and planning it again sends nothing.
        """
        thread, record = await self._find()
        await thread.call(thread.journal.forget, record.id)


@attrs.define
class _Observations:
    """Observations that are written together."""

    observations: list[Observation] = attrs.field(factory=list[Observation])
    are_written: bool = False


@attrs.define(eq=False)
class _Observer:
    """What the events of one event loop share: whoever has the lock writes what waits."""

    lock: Lock = attrs.field(factory=Lock)
    waiting: _Observations = attrs.field(factory=_Observations)


class _UnfinishedError(CampaignError):
    """Ends a plan whose source was not read to its end; the caller sees why it was not."""


async def _feed(rows: Rows, planner: RowPlanner, store: Callable[[Iterator[list[PlannedRow | Reject]]], T]) -> T:
    """Read rows here, where reading can be cancelled, and plan and store them in a thread; all or nothing is stored."""
    send, receive = create_memory_object_stream[list[InputRow | Reject] | None](1)
    results: list[T] = []
    errors: list[Exception] = []

    async def run_thread() -> None:
        with receive, CancelScope(shield=True):
            try:
                results.append(await to_thread.run_sync(store, _plan_batches(receive, planner)))
            except Exception as error:  # noqa: BLE001 (raised below, outside of the group)
                errors.append(error)
                group.cancel_scope.cancel()

    async with create_task_group() as group:
        group.start_soon(run_thread)
        with send:
            try:
                async with aclosing(rows.read()) as batches:
                    async for batch in batches:
                        await send.send(batch)
                await send.send(None)
            except Exception as error:  # noqa: BLE001 (likewise)
                errors.append(error)
    if errors:
        raise errors[0]
    return results[0]


def _plan_batches(
    receive: MemoryObjectReceiveStream[list[InputRow | Reject] | None], planner: RowPlanner
) -> Iterator[list[PlannedRow | Reject]]:
    """Yield what is planned of each batch, in a thread; None ends a source that was read to its end."""
    try:
        while (batch := from_thread.run(receive.receive)) is not None:
            yield planner.plan(batch)
    except EndOfStream:
        raise _UnfinishedError from None


class _Items(AsyncIterator[T]):
    """What a method of the journal returns page by page: no generator, which would have to be closed."""

    def __init__(
        self,
        find: Find,
        read: Callable[[Journal], Callable[[int, int, int], Sequence[T]]],
    ) -> None:
        self._find = find
        self._read = read
        self._page: Iterator[T] = iter(())
        self._count = 0

    async def __anext__(self) -> T:
        """Return the next item.

        Raises:
            StopAsyncIteration: There is none.
        """
        for item in self._page:
            return item
        thread, record = await self._find()
        page = await thread.call(self._read(thread.journal), record.id, self._count, _PAGE)
        if not page:
            raise StopAsyncIteration
        self._count += len(page)
        self._page = iter(page)
        return next(self._page)


def _name_difference(record: CampaignRecord, settings: CampaignSettings, count: int) -> str:
    """Return what tells a campaign from a plan of the same name; its rows are not read again for that."""
    known, lines = CampaignSettings.from_json(record.settings), record.total + record.rejected
    if count != lines:
        return f"it was planned from {lines:,} rows, not from {count:,}"
    if settings.campaign_name != known.campaign_name:
        return "its campaign_name is another"
    if settings.sender not in {None, known.sender}:
        return "its sender is another"
    return "its recipients, contents, keys, sender or callback data are others"


def _require(field: str, value: object, kind: type | tuple[str, ...], example: str) -> None:
    if value is None:
        raise InvalidInputError(f"{field}: must be {example}, not None", field=field)
    check_kind(field, value, kind, example)


def _to_seconds(deadline: timedelta) -> float:
    _require("deadline", deadline, timedelta, "a timedelta, timedelta(hours=24)")
    if deadline <= timedelta():
        raise InvalidInputError("deadline: must be above 0", field="deadline")
    return deadline.total_seconds()
