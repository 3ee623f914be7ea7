"""What `connectly campaign` writes about a campaign: its status, the rejected lines, and what became of each row."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import attrs

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.output import convert_errors, escape, is_terminal

if TYPE_CHECKING:
    from connectly_api.campaigns import Campaign, CampaignStatus, Line, Reject

_COLUMNS: Final = ("line", "recipient", "key", "state", "status", "message_id", "attempts", "problem", "at")
_REJECT_COLUMNS: Final = ("line", "field", "reason")


def describe_status(status: CampaignStatus) -> dict[str, Any]:
    """Return a status as JSON."""
    return _to_camel_case(attrs.asdict(status))


async def write_report(campaign: Campaign, file: str | None, *, is_json: bool) -> None:
    """Write what became of each line of the source, in their order, rejected ones included.

    Args:
        campaign: The campaign.
        file: The option `--output`; None for standard output.
        is_json: Whether to write a JSON object for each line rather than CSV.

    Raises:
        CommandLineError: The file cannot be written.
    """
    with _open_output("--output", file) as output:
        write_row = _write_objects(output) if is_json else _write_cells(output, _COLUMNS)
        async for entry in _merge_lines(campaign):
            write_row(_describe_line(entry))


async def write_rejects(campaign: Campaign, file: str) -> None:
    """Write the rejected lines as CSV.

    Raises:
        CommandLineError: The file cannot be written.
    """
    with _open_output("--rejects", file) as output:
        write_row = _write_cells(output, _REJECT_COLUMNS)
        async for reject in campaign.rejects():
            write_row(attrs.asdict(reject))


async def _merge_lines(campaign: Campaign) -> AsyncGenerator[Line | Reject]:
    rejects = campaign.rejects()
    reject = await anext(rejects, None)
    async for line in campaign.report():
        while reject is not None and reject.line < line.line:
            yield reject
            reject = await anext(rejects, None)
        yield line
    while reject is not None:
        yield reject
        reject = await anext(rejects, None)


def _describe_line(entry: Line | Reject) -> dict[str, Any]:
    known = attrs.asdict(entry)
    if "reason" in known:
        problem = ": ".join(filter(None, (known["field"], known["reason"])))
        return {
            **dict.fromkeys(_COLUMNS),
            "line": known["line"],
            "state": "rejected",
            "attempts": 0,
            "problem": problem,
        }
    at = None if known["at"] is None else datetime.fromtimestamp(known["at"], UTC).isoformat(timespec="seconds")
    return {**{name: known[name] for name in _COLUMNS}, "state": str(known["state"]), "at": at}


def _write_objects(output: TextIO) -> Callable[[Mapping[str, Any]], object]:
    return lambda row: output.write(f"{json.dumps(_to_camel_case(row))}\n")


def _write_cells(output: TextIO, columns: Sequence[str]) -> Callable[[Mapping[str, Any]], object]:
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(columns)
    # Only a person is in danger of control characters, and only a file must hold what was read.
    show = escape if output is sys.stdout and is_terminal() else str
    return lambda row: writer.writerow(["" if row[name] is None else show(str(row[name])) for name in columns])


def _to_camel_case(values: Mapping[str, Any]) -> dict[str, Any]:
    return {re.sub("_([a-z])", lambda match: match[1].upper(), name): value for name, value in values.items()}


@contextmanager
def _open_output(option: str, file: str | None) -> Generator[TextIO]:
    """Open a file that only its owner can read; standard output for None."""
    if file is None:
        with convert_errors():
            yield sys.stdout
        return
    path = Path(file)
    try:
        if path.is_file():
            path.chmod(0o600)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as output:
            yield output
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a valid file name"
        raise CommandLineError(f"{option}: cannot be written: {reason}") from None
