"""Write the snapshots of the public names and signatures to tests/api: `python -m tools.api_snapshot`.

Nothing is written where a change would break programs and the changelog does not say so.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.api_changes import Change, compare, unannounced
from tools.api_rendering import PUBLIC, load, render
from tools.changelog import UNRELEASED, Entry, read_changelog

__all__ = ["COMMAND", "current", "judge", "stored"]

ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = "make api-snapshot"


def current(root: Path = ROOT) -> dict[str, str]:
    """Return the snapshot of each public module as the sources have it."""
    package = load(str(root))
    return {module: render(package, module) for module in PUBLIC}


def stored(root: Path = ROOT) -> dict[str, str]:
    """Return the snapshots that are kept; the names of the files are the modules'."""
    return {path.stem: path.read_text("utf-8") for path in sorted((root / "tests" / "api").glob("*.txt"))}


def judge(old: Mapping[str, str], new: Mapping[str, str], unreleased: Entry | None) -> tuple[list[str], list[str]]:
    """Return what differs, and what of it must not be.

    Args:
        old: The kept snapshots, by module.
        new: The current ones.
        unreleased: The changelog's entry for what is to come, if it has one.

    Returns:
        A line for each change, and a line for each breaking change that the changelog does not tell of.
    """
    differing: list[str] = []
    refused: list[str] = []
    for module in sorted(old.keys() | new.keys()):
        if module not in old:
            changes: tuple[Change, ...] = (Change(module, "is a new public module", is_breaking=False),)
        elif module not in new:
            changes = (Change(module, "is no public module any more", is_breaking=True),)
        else:
            changes = compare(module, old[module], new[module])
        differing += [f"{module}: {change}" for change in changes]
        refused += [
            f"{module}: {change}; this breaks programs: say so, with `{change.name}` in backticks, under Changed or "
            "Removed of the changelog's Unreleased"
            for change in unannounced(changes, unreleased)
        ]
    return differing, refused


def main(root: Path = ROOT) -> None:
    """Write the snapshots, or say why not."""
    entries = {entry.version: entry for entry in read_changelog((root / "CHANGELOG.md").read_text("utf-8"))}
    new = current(root)
    differing, refused = judge(stored(root), new, entries.get(UNRELEASED))
    if refused:
        sys.exit("\n".join(refused))
    folder = root / "tests" / "api"
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.txt"):
        path.unlink()
    for module, text in new.items():
        (folder / f"{module}.txt").write_text(text, "utf-8")
    sys.stdout.write("\n".join([*differing, f"{len(differing)} changes", ""]))


if __name__ == "__main__":
    main()
