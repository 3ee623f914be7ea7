"""The bar and the figures of a campaign, as they are drawn."""

from __future__ import annotations

import io
from typing import Any

import attrs
import pytest
from rich.console import Console

from connectly_api.campaigns import CampaignStatus
from connectly_api.cli.progress_bar import Progress, render_progress
from tests.cli.conftest import Shell

STATUS = CampaignStatus(
    name="spring",
    state="running",
    reason=None,
    total=5000,
    rejected=12,
    pending=1898,
    sending=64,
    accepted=3023,
    refused=9,
    unknown=6,
    sent=80,
    delivered=1627,
    read=1204,
    failed=3,
    rate=68.9,
    remaining_seconds=28.4,
    waiting_for="its own rate limit",
)


def draw(status: CampaignStatus, **options: Any) -> list[str]:
    console = Console(file=io.StringIO(), width=80, **options)
    console.print(render_progress(status))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_figures_stand_below_the_bar() -> None:
    bar, *lines = draw(STATUS)

    assert (bar.split()[0], bar.endswith("  3,038 of 5,000"), len(bar)) == ("spring", True, 80)
    assert lines == [
        "  accepted 3,023  refused 9  unknown 6  sending 64  pending 1,898",
        "  sent 80  delivered 1,627  read 1,204  failed 3",
        "  running, 69/s, 0:00:28 left, waits for its own rate limit",
    ]


def test_a_reason_replaces_what_does_not_go_on() -> None:
    stopped = attrs.evolve(STATUS, state="stopped", reason="20 rows", rate=0, remaining_seconds=None, waiting_for=None)

    assert draw(stopped)[-1] == "  stopped: 20 rows"


def test_only_figures_that_matter_have_a_color() -> None:
    colors = {"force_terminal": True, "color_system": "standard"}

    text = "\n".join(draw(attrs.evolve(STATUS, unknown=0), **colors))

    assert "\x1b[31m9" in text
    assert "unknown 0" in text


def test_a_campaign_without_rows_and_a_hostile_name_can_be_drawn() -> None:
    assert draw(attrs.evolve(STATUS, name="a\x1b[2J", total=0))[0].startswith("a\\x1b[2J ")


def test_a_long_name_leaves_room_for_the_bar() -> None:
    bar = draw(attrs.evolve(STATUS, name="x" * 300))[0]

    assert (len(bar), bar.endswith("  3,038 of 5,000")) == (80, True)
    # Versions of rich divide the room in two ways.
    assert bar.startswith("x" * 39)
    assert "…  ━━━━" in bar


def test_a_later_status_waits_for_its_turn_and_the_last_one_is_shown(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("connectly_api.cli.progress_bar.time.monotonic", lambda: now)
    with Progress() as progress:
        progress.show(STATUS)
        now = 104.9
        progress.show(attrs.evolve(STATUS, accepted=3024))
        progress.show(attrs.evolve(STATUS, accepted=3025))
        now = 105.0
        progress.show(attrs.evolve(STATUS, accepted=3026))
        progress.show(attrs.evolve(STATUS, accepted=3027))

    lines = shell.capsys.readouterr().err.splitlines()
    assert [line.split()[3] for line in lines] == ["3,023", "3,026", "3,027"]


def test_without_a_terminal_a_line_that_did_not_change_is_not_repeated(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(range(0, 100, 10))
    monkeypatch.setattr("connectly_api.cli.progress_bar.time.monotonic", lambda: next(times))
    with Progress() as progress:
        for accepted in (3023, 3023, 3024, 3024):
            progress.show(attrs.evolve(STATUS, accepted=accepted))

    lines = shell.capsys.readouterr().err.splitlines()
    assert [line.split()[3] for line in lines] == ["3,023", "3,024"]


def test_without_a_status_nothing_is_shown(shell: Shell) -> None:
    with Progress():
        pass

    assert shell.capsys.readouterr().err == ""
