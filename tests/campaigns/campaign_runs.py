"""What the tests of runs share: a campaign in a file, a journal that fails, and a sandbox that counts what it gets."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import anyio
from trio.testing import MockClock

from connectly_api import Connectly
from connectly_api.campaigns.campaign_errors import JournalError
from connectly_api.campaigns.campaign_status import CampaignStatus
from connectly_api.campaigns.journal_protocol import Line, PlannedRow, TakenRow
from connectly_api.campaigns.journal_thread import JournalThread
from connectly_api.campaigns.row_states import RowState
from connectly_api.campaigns.runner import run_campaign
from connectly_api.campaigns.sqlite_journal import SQLiteJournal
from connectly_api.sandbox import Sandbox
from connectly_api.transport import Timeouts
from connectly_api.transport.adapters.asgi import AsgiTransport

Fault = Callable[[str], str | None]
"""Names the fault of a call of a method: `before` it does anything, or `after`, so that its reply is lost."""


class RoughJournal:
    """A journal whose calls fail as a function says."""

    def __init__(self, inner: SQLiteJournal) -> None:
        self._inner = inner
        self.fault: Fault = lambda _method: None
        self.is_temporary = True

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            fault = self.fault(name)
            if fault == "before":
                raise JournalError("it is away", retry_safe=self.is_temporary)
            result = method(*args, **kwargs)
            if fault == "after":
                raise JournalError("its reply is lost", retry_safe=self.is_temporary)
            return result

        return call


def compose(row: TakenRow) -> bytes:
    """Return a request whose callback data has the row's number."""
    return json.dumps({"number": row.recipient, **json.loads(row.body), "callbackData": {"n": row.n}}).encode()


class Spring:
    """A campaign in a file, and the sandbox that it is sent to."""

    def __init__(self, folder: Path, rows: int, *, clock: Callable[[], float] = time.time, **options: Any) -> None:
        self.journal = SQLiteJournal(folder / "campaigns.db", clock=clock)
        self.journal.open()
        body = '{"templateName":"spring","language":"en"}'
        planned = [PlannedRow(n, str(n), f"+1604{n:07}", body) for n in range(1, rows + 1)]
        self.record, _ = self.journal.plan("spring", "{}", 3600.0, iter([planned]), lambda: "digest")
        known: dict[str, Any] = {"rate_limit": None, **options}
        self.sandbox = Sandbox(**known)
        self.rough: Any = RoughJournal(self.journal)
        self._thread = JournalThread(self.rough)
        self.client = self.build_client()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.journal.close()

    def build_client(self, transport: Any = None, timeout: float = 10.0) -> Connectly:
        settings = self.sandbox.settings
        return Connectly(
            api_key=settings.api_key,
            business_id=settings.business_id,
            transport=transport or AsgiTransport(self.sandbox.app),
            timeouts=Timeouts(total=timeout),
        )

    async def run(self, **options: Any) -> CampaignStatus:
        return await run_campaign(self.client, self._thread, self.record, compose, **options)

    @property
    def lines(self) -> list[Line]:
        return list(self.journal.lines(self.record.id, 0, self.record.total))

    @property
    def states(self) -> dict[str, int]:
        return {state.value: number for state, number in self.journal.summary(self.record.id).states.items() if number}

    def find(self, state: str) -> set[int]:
        return {line.n for line in self.lines if line.state == RowState(state)}

    @property
    def received(self) -> Counter[int]:
        """How often the sandbox accepted each row."""
        data: Any = [message.callback_data for message in self.sandbox.messages]
        return Counter(callback["n"] for callback in data)

    def check(self) -> None:
        """Check what holds whenever a run has ended, whatever went wrong."""
        received = self.received
        assert set(received.values()) <= {1}
        assert self.find("accepted") <= received.keys()
        assert not received.keys() & (self.find("pending") | self.find("refused"))
        assert sum(self.states.values()) == self.record.total


def run_on_trio(main: Callable[[MockClock], Awaitable[None]]) -> None:
    """Run on a clock that jumps to the next deadline when nothing has happened for a moment."""
    clock = MockClock(autojump_threshold=0.005)
    anyio.run(main, clock, backend="trio", backend_options={"clock": clock})
