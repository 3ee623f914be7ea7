"""The command line: `connectly`, or `python -m connectly_api.cli`.

Needs the extra: `pip install 'connectly-api[cli]'`. `connectly --help` and docs/command-line.md describe it. Programs
use `connectly_api` itself: nothing in this package is an interface for them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectly_api.transport.protocol import Transport


def main(arguments: Sequence[str] | None = None, *, transport: Transport | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: The command line; None means the process's own.
        transport: The transport to use instead of HTTP, for tests.
    """
    try:
        # Imported here, so that a missing extra is reported without a traceback.
        from connectly_api.cli.command_line import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("connectly_api"):
            raise
        sys.stderr.write(f"connectly: the command line needs {error.name}: pip install 'connectly-api[cli]'\n")
        return 1
    return run(sys.argv[1:] if arguments is None else arguments, transport)
