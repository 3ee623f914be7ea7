"""A campaign's progress: a bar on a terminal, a plain line every few seconds anywhere else."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from connectly_api.cli.output import escape, is_terminal, write_note

if TYPE_CHECKING:
    from connectly_api.campaigns import CampaignStatus

_REDRAW: Final = 0.1
_LINE_EVERY: Final = 5.0
"""Seconds between two drawings of the bar, and between two lines."""

_LONGEST: Final = 40
"""Characters of a campaign's name beside the bar."""

_STYLES: Final = {"accepted": "green", "refused": "red", "unknown": "yellow", "failed": "red"}
_ROWS: Final = ("accepted", "refused", "unknown", "sending", "pending")
_MESSAGES: Final = ("sent", "delivered", "read", "failed")


class Progress:
    """Shows a campaign's progress while its block runs, and the last status at its end."""

    def __init__(self) -> None:
        self._live: Final = Live(console=Console(file=sys.stdout), auto_refresh=False) if is_terminal() else None
        self._latest: CampaignStatus | None = None
        self._line = ""
        self._next = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Show what is not shown yet, and leave it there."""
        self._draw()
        if self._live is not None:
            self._live.stop()

    def show(self, status: CampaignStatus) -> None:
        """Show a status, at once or with a later one."""
        self._latest = status
        if time.monotonic() >= self._next:
            self._draw()

    def _draw(self) -> None:
        if self._latest is None:
            return
        if self._live is None:
            self._write(str(self._latest))
        else:
            self._live.update(render_progress(self._latest), refresh=True)
        self._latest = None
        self._next = time.monotonic() + (_LINE_EVERY if self._live is None else _REDRAW)

    def _write(self, line: str) -> None:
        if line != self._line:
            write_note(line)
        self._line = line


def render_progress(status: CampaignStatus) -> RenderableType:
    """Return the bar, with the figures below it."""
    handled = status.accepted + status.refused + status.unknown
    bar = Table.grid(padding=(0, 2), expand=True)
    bar.add_column(no_wrap=True, overflow="ellipsis", max_width=_LONGEST)
    bar.add_column(ratio=1)
    bar.add_column(justify="right", no_wrap=True)
    bar.add_row(
        Text(escape(status.name), "bold"),
        ProgressBar(total=max(1, status.total), completed=handled, complete_style="green"),
        f"{handled:,} of {status.total:,}",
    )
    state = Text(escape(_describe_state(status)))
    return Group(bar, _list_figures(status, _ROWS), _list_figures(status, _MESSAGES), state)


def _list_figures(status: CampaignStatus, names: tuple[str, ...]) -> Text:
    text = Text()
    for name in names:
        count: int = getattr(status, name)
        text.append(f"  {name} ").append(f"{count:,}", _STYLES.get(name, "") if count else "")
    return text


def _describe_state(status: CampaignStatus) -> str:
    facts = [status.state if status.reason is None else f"{status.state}: {status.reason}"]
    if status.rate:
        facts.append(f"{status.rate:.0f}/s")
    if status.remaining_seconds is not None:
        facts.append(f"{timedelta(seconds=round(status.remaining_seconds))} left")
    if status.waiting_for is not None:
        facts.append(f"waits for {status.waiting_for}")
    return f"  {', '.join(facts)}"
