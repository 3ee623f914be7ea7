"""`python -m connectly_api.sandbox`: the sandbox on a socket, with what happens told on the terminal."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.sandbox import Sandbox
from connectly_api.sandbox.server import ServeError
from connectly_api.sandbox.settings import Settings
from connectly_api.sandbox.state import ReceivedRequest
from connectly_api.sandbox.terminal import banner, line

__all__ = ["main"]

Write = Callable[[str], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C.

    Args:
        arguments: Those of the command line; None takes the process's own.

    Returns:
        The exit status: 0 after Ctrl-C, 1 where the sandbox cannot be set up or cannot listen.
    """
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options, _print))
    except (InvalidInputError, ServeError) as error:
        sys.stderr.write(f"connectly_api.sandbox: {error}\n")
        return 1
    except KeyboardInterrupt:  # pragma: no cover  (only where a loop cannot handle signals: Windows)
        pass
    _print("The sandbox has ended.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m connectly_api.sandbox", description="Connectly's Message API on your own machine."
    )
    parser.add_argument("--host", default="127.0.0.1", help="interface to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8750, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--api-key", default="sandbox-key", help="the only key accepted (default: %(default)s)")
    parser.add_argument("--business-id", default="sandbox-business", help="the only business (default: %(default)s)")
    parser.add_argument("--sender", action="append", metavar="NUMBER", help="a number of the business; repeatable")
    parser.add_argument("--seed", type=int, default=0, help="what ids are drawn from (default: %(default)s)")
    parser.add_argument("--swagger", metavar="FILE", help="serve another Swagger 2.0 file")
    parser.add_argument("--bsuid-recipients", choices=["templates", "accept", "refuse"], default="templates")
    parser.add_argument("--missing-sender", choices=["first", "refuse"], default="first")
    parser.add_argument("--second-registration", choices=["conflict", "replace"], default="conflict")
    parser.add_argument("--show-personal-data", action="store_true", help="show phone numbers and BSUIDs whole")
    return parser


async def _serve(options: argparse.Namespace, write: Write) -> None:
    def tell(received: ReceivedRequest) -> None:
        told = line(received, sandbox.settings, personal=options.show_personal_data)
        write(f"{time.strftime('%H:%M:%S')}  {told}")

    sandbox = Sandbox(
        api_key=options.api_key,
        business_id=options.business_id,
        senders=options.sender or Settings().senders,
        seed=options.seed,
        swagger=options.swagger,
        bsuid_recipients=options.bsuid_recipients,
        missing_sender=options.missing_sender,
        second_registration=options.second_registration,
        on_request=tell,
    )
    async with sandbox.serve(host=options.host, port=options.port) as address:
        write(banner(address, sandbox.settings))
        await _interrupted()


async def _interrupted() -> None:
    """Wait for Ctrl-C, or for a supervisor's request to end."""
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


def _print(text: str) -> None:
    with suppress(OSError):  # Nobody reads any more; the sandbox goes on answering.
        print(text, flush=True)  # noqa: T201  (the terminal is this program's output)


if __name__ == "__main__":  # pragma: no cover  (tests run it as a process of its own)
    sys.exit(main())
