"""Processes that run a campaign are killed at random points: no row is sent twice, and every row is accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from .counting_server import Manners
from .kill_loop import Trial, try_kills

ROUGH = Manners(lost=0.005, failed=0.005, limited=0.01)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize(("processes", "kills"), [(1, 7), (3, 7)])
async def test_kills_neither_double_nor_lose_a_row(tmp_path: Path, processes: int, kills: int) -> None:
    trial = Trial(str(tmp_path / "campaigns.db"), rows=1_500, kills=kills, processes=processes, manners=ROUGH)
    result = await try_kills(trial, tmp_path / "errors")

    assert result.kills == kills
    assert result.after["pending"] == result.after["sending"] == 0
    assert result.accepted + result.after["refused"] + result.after["unknown"] == trial.rows
