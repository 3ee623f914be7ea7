"""Waiting for other processes, on a machine whose clock leaps and whose load is unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_TICK = 0.1


async def wait_patiently(work: Coroutine[Any, Any, T], seconds: float = 120.0) -> T:
    """Wait for what takes a second or two, and give up where it hangs.

    The limit is counted in ticks: a clock that leaps (a machine that was suspended) costs one of them, where it would
    use up a deadline; on a machine under load, which delays this process as well, they take longer.
    """
    task = asyncio.ensure_future(work)
    for _ in range(int(seconds / _TICK)):
        if (await asyncio.wait({task}, timeout=_TICK))[0]:
            return task.result()
    task.cancel()
    await asyncio.wait({task})
    raise TimeoutError(f"not done after {seconds} s")
