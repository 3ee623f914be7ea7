"""`python -m connectly_api.sandbox`: the sandbox on a socket, printing a line for each entry of its timeline."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import attrs

from connectly_api.errors import ConnectlyError
from connectly_api.sandbox.flags import build_parser, get_settings, parse_fault
from connectly_api.sandbox.model.documents import serialize_numbered
from connectly_api.sandbox.model.records import NumberedEntry, TimelineEntry
from connectly_api.sandbox.replayer import replay
from connectly_api.sandbox.sandbox import Sandbox, get_engine
from connectly_api.sandbox.terminal import TerminalFormat, get_time


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C.

    Args:
        arguments: The arguments of the command line; None means those of the process.

    Returns:
        The exit status: 0 after Ctrl-C, 1 if the sandbox cannot be set up or cannot listen.
    """
    options = build_parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options))
    except (ConnectlyError, OSError) as error:
        sys.stderr.write(f"connectly_api.sandbox: {error}\n")
        return 1
    except KeyboardInterrupt:  # pragma: no cover  (only where a loop cannot handle signals: Windows)
        pass
    return 0


async def _serve(options: argparse.Namespace) -> None:
    output = TerminalFormat(
        is_json=options.json,
        personal=options.show_personal_data,
        colored=options.color == "always" or (options.color == "auto" and not options.json and sys.stdout.isatty()),
    )

    is_listening, printed_at = False, None

    def print_entry(entry: NumberedEntry) -> None:
        nonlocal printed_at
        if options.json:
            _print(output.format_document(serialize_numbered(entry, get_engine(sandbox).state.customers)))
            return
        fitting = attrs.evolve(output, columns=_get_columns())  # The terminal may have been resized.
        _print(fitting.format_entry(entry.record, printed_at))
        printed_at = get_time(entry.record)

    def print_latest(_entry: TimelineEntry) -> None:
        if is_listening:
            print_entry(get_engine(sandbox).state.timeline[-1])

    settings: dict[str, Any] = {"swagger": options.swagger, "on_entry": print_latest}
    settings |= get_settings(options)
    sandbox = Sandbox(**settings) if options.replay is None else await replay(options.replay, **settings)
    for text in options.fault:
        await sandbox.run_verb("fault", **parse_fault(text))
    async with sandbox.serve(host=options.host, port=options.port) as address:
        _print(output.format_banner(address, sandbox.settings))
        is_listening = True
        for entry in tuple(
            get_engine(sandbox).state.timeline
        ):  # Of a replayed run, and the faults: the page's address comes first.
            print_entry(entry)
        await _wait_for_signal()
    if options.record is not None:
        sandbox.save(options.record)
    if not options.json:
        _print("The sandbox has stopped.")


async def _wait_for_signal() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    with suppress(NotImplementedError):  # Windows: asyncio.run turns Ctrl-C into KeyboardInterrupt.
        for number in signals:
            loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        with suppress(NotImplementedError):
            for number in signals:
                loop.remove_signal_handler(number)


def _get_columns() -> int | None:
    """Return the width of the terminal; None for a pipe or a file, whose lines stay whole."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _print(text: str) -> None:
    with suppress(OSError):  # Nobody reads the output any more, but the sandbox keeps running.
        print(text, flush=True)  # noqa: T201  (the terminal is this program's output)


if __name__ == "__main__":  # pragma: no cover  (tests run it as a process of its own)
    sys.exit(main())
