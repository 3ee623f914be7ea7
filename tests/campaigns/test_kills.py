"""Processes that run a campaign are killed at random points: no row is sent twice, and every row is accounted for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from .kill_loop import Result, Trial, try_kills

pytestmark = [pytest.mark.long, pytest.mark.once]


def check_result(trial: Trial, result: Result) -> None:
    assert result.kills == trial.kills
    assert result.after["pending"] == result.after["sending"] == 0
    assert result.accepted + result.after["unknown"] == trial.rows


@pytest.mark.parametrize("processes", [1, 3])
async def test_kills_neither_double_nor_lose_a_row(tmp_path: Path, processes: int) -> None:
    trial = Trial(str(tmp_path / "campaigns.db"), rows=1_000, kills=7, processes=processes)
    check_result(trial, await try_kills(trial, tmp_path / "log"))


async def test_kills_of_a_fleet_whose_workers_an_engine_puts_to_the_campaign(postgres_url: str, tmp_path: Path) -> None:
    from connectly_api.campaigns.postgres_journal import PostgresJournal  # noqa: PLC0415 (its extra may be missing)

    with closing(PostgresJournal(postgres_url)) as journal:
        journal.create_schema()
    trial = Trial(postgres_url, rows=1_000, kills=6, processes=3, is_supervised=True)
    check_result(trial, await try_kills(trial, tmp_path / "log"))
