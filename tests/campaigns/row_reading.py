"""Reads customers to the end, for the tests of `rows`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio

from connectly_api.campaigns.customer_rows import rows
from connectly_api.campaigns.input_rows import InputRow
from connectly_api.campaigns.journal_protocol import Reject


def read(source: Any, *, to: str = "phone", backend: str = "asyncio", **options: Any) -> list[InputRow | Reject | int]:
    """Return all rows and rejects, and as the last item the number of empty lines."""

    async def main() -> list[InputRow | Reject | int]:
        customers = rows(source, to=to, **options)
        found = [item async for batch in customers.read() for item in batch]
        return [*found, customers.empty]

    return anyio.run(main, backend=backend)


def show(items: list[InputRow | Reject | int]) -> list[Any]:
    """Return rows as their line, number and values, and rejects as their line, field and reason."""
    return [
        (item.line, item.number, dict(item))
        if isinstance(item, InputRow)
        else (item.line, item.field, item.reason)
        if isinstance(item, Reject)
        else item
        for item in items
    ]


def write(folder: Path, data: str | bytes, name: str = "customers.csv") -> Path:
    """Write a file, and return its path."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
