"""`connectly sandbox`: the service on your machine, as `python -m connectly_api.sandbox` starts it."""

from __future__ import annotations

import sys

import typer

__all__ = ["run_sandbox"]


def run_sandbox(context: typer.Context) -> None:
    """Run the service on this machine until Ctrl-C: no key, no network.

    Takes the options of python -m connectly_api.sandbox: see connectly sandbox --help.
    """
    # Only here: it needs an extra of its own, and takes its time to import.
    from connectly_api.sandbox.__main__ import main  # noqa: PLC0415

    sys.stdout.flush()
    raise typer.Exit(main(context.args))
