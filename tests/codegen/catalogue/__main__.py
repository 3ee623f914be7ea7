"""Prints what comes of each change that the vendor could make: `make drift-report`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.codegen.catalogue import ROWS
from tests.codegen.catalogue.outcome import Outcome, outcomes

SHOWN = 3
"""How many lines of a difference a cell takes."""


def table(found: list[Outcome]) -> Table:
    """Return the table."""
    drawn = Table("change", "difference", "bump", "generation", "facade", show_lines=True)
    for outcome in found:
        lines = [
            *outcome.lines[:SHOWN],
            *([f"and {len(outcome.lines) - SHOWN} more"] if len(outcome.lines) > SHOWN else []),
        ]
        difference = "\n".join(lines) or ("unreadable" if outcome.refused else "no change")
        facade = "" if outcome.refused else "concerned" if outcome.facade else "not concerned"
        cells = (outcome.row.name, difference, outcome.difference.bump, outcome.generation, facade)
        drawn.add_row(*map(Text, cells))  # Text, as a bracket in a foreign name is no markup.
    return drawn


def main() -> int:
    """Print the table, and what is not as the rows say."""
    with tempfile.TemporaryDirectory(prefix="catalogue-") as folder:
        found = outcomes(ROWS, Path(folder))
    console = Console(width=None if sys.stdout.isatty() else 220)
    console.print(table(found))
    problems = [outcome.problem for outcome in found if outcome.problem]
    console.print(Text("\n".join([f"{len(found)} changes, {len(problems)} not as expected", *problems])))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
