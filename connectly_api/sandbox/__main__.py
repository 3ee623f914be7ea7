"""`python -m connectly_api.sandbox`: the sandbox on a socket, printing a line for each entry of its timeline."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import attrs

from connectly_api.errors import ConnectlyError, InvalidInputError
from connectly_api.sandbox.flags import build_parser, get_settings, parse_fault, parse_verbs
from connectly_api.sandbox.model.documents import serialize_numbered
from connectly_api.sandbox.model.fault_rules import build_rule
from connectly_api.sandbox.model.records import NumberedEntry, TimelineEntry
from connectly_api.sandbox.replaced_file import check_writable, read_file
from connectly_api.sandbox.replayer import replay
from connectly_api.sandbox.sandbox import Sandbox, get_engine
from connectly_api.sandbox.terminal import TerminalFormat, get_time

_SAVE_SECONDS: Final = 5.0
"""Least seconds between two times that a state is saved."""


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
        reset = "-- reset\n" if entry.number == 1 and printed_at is not None else ""
        _print(f"{reset}{fitting.format_entry(entry.record, printed_at)}")
        printed_at = get_time(entry.record)

    def print_latest(entry: TimelineEntry) -> None:
        timeline = get_engine(sandbox).state.timeline if is_listening else ()
        if timeline and timeline[-1].record is entry:  # What a reset has forgotten is in no timeline.
            print_entry(timeline[-1])

    sandbox = await _build_sandbox(options, print_latest)
    printed = 0 if options.state is None else len(sandbox.entries)
    async with sandbox:  # The verbs may let the clock run.
        for verb, arguments in _list_verbs(options, sandbox, is_new=not printed):
            await _run_verb(sandbox, verb, arguments)
        async with sandbox.serve(host=options.host, port=options.port) as address:
            _print(output.format_banner(address, sandbox.settings))
            is_listening = True
            # Those of a replayed run, and the verbs: the page's address comes first.
            for entry in tuple(get_engine(sandbox).state.timeline)[printed:]:
                print_entry(entry)
            saving = asyncio.create_task(_save_often(sandbox, options.state))
            await _wait_for_signal()
            saving.cancel()
    if options.state is not None:
        sandbox.save_state(options.state)
    if options.record is not None:
        sandbox.save(options.record)
    if not options.json:
        _print("The sandbox has stopped.")


async def _build_sandbox(options: argparse.Namespace, on_entry: Callable[[TimelineEntry], None]) -> Sandbox:
    if options.replay is not None and options.state is not None:
        raise InvalidInputError("state: does not go with --replay, which has a state of its own", field="state")
    for flag in ("state", "record"):
        if (path := getattr(options, flag)) is not None:
            check_writable(flag, path)
    settings: dict[str, Any] = {"swagger": options.swagger, "on_entry": on_entry, **get_settings(options)}
    if options.replay is not None:
        return await replay(options.replay, **settings)
    sandbox = Sandbox(**settings)
    if options.state is not None and os.path.exists(options.state):  # noqa: ASYNC240, PTH110  (nothing runs yet)
        sandbox.load_state(options.state)
    return sandbox


def _list_verbs(options: argparse.Namespace, sandbox: Sandbox, *, is_new: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    if options.init is not None and is_new:
        yield from parse_verbs(read_file("init", options.init))
    for fault in map(parse_fault, options.fault):
        if build_rule(fault) not in get_engine(sandbox).state.rules.values():  # The state may have it.
            yield "fault", fault


async def _run_verb(sandbox: Sandbox, verb: str, arguments: dict[str, Any]) -> None:
    try:
        await sandbox.run_verb(verb, **arguments)
    except InvalidInputError as error:
        raise InvalidInputError(f"{verb}: {error}", field=error.field) from None


async def _save_often(sandbox: Sandbox, path: str | None) -> None:
    """Save the state when something has happened, but spend at most a twentieth of the time on it."""
    saved, wait, engine = None, _SAVE_SECONDS, get_engine(sandbox)
    while path is not None:
        if (version := engine.version) != saved:
            begun = time.monotonic()
            with suppress(OSError):  # The disk may have room again at the end, where the error is told.
                sandbox.save_state(path)
            saved, wait = version, max(_SAVE_SECONDS, 20 * (time.monotonic() - begun))
        await asyncio.sleep(wait)


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
