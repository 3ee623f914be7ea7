"""The command line: `connectly`, or `python -m connectly_api.cli`.

Needs the extra: `pip install 'connectly-api[cli]'`. What it takes, prints and ends with is told by `connectly --help`
and by docs/command-line.md; its modules are no interface for programs, which have `connectly_api` itself.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectly_api.transport.protocol import Transport

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None, *, transport: Transport | None = None) -> int:
    """Run one command.

    Args:
        arguments: Those of the command line; None takes the process's own.
        transport: What carries requests instead of HTTP, for tests.

    Returns:
        The exit status.
    """
    try:
        # Only here, so that whoever lacks the extra reads a sentence and no traceback.
        from connectly_api.cli.command_line import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("connectly_api"):
            raise
        sys.stderr.write(f"connectly: the command line needs {error.name}: pip install 'connectly-api[cli]'\n")
        return 1
    return run(sys.argv[1:] if arguments is None else arguments, transport)
