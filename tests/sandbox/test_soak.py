"""A small soak; `python -m tests.sandbox.soak` is the large one."""

import tracemalloc

import pytest

from tests.sandbox.soak import soak


@pytest.mark.once
@pytest.mark.parametrize(("count", "keep"), [(500, 100), pytest.param(2_000, 200, marks=pytest.mark.long)])
async def test_every_message_is_accounted_for_and_memory_is_flat_once_all_that_is_kept_is_full(
    count: int, keep: int
) -> None:
    tracemalloc.start(1)
    try:
        report = await soak(count, keep=keep)
    finally:
        tracemalloc.stop()
    assert set(report.outcomes) == {"accepted", "refused", "unknown"}
    assert report.webhooks > report.accepted * 2
    assert report.late_bytes < report.early_bytes * 1.2
