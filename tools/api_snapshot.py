"""Write snapshots of the public names and signatures to tests/api: `python -m tools.api_snapshot`.

Nothing is written if a change is breaking and the changelog does not announce it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.api_changes import Change, compare, find_unannounced
from tools.api_rendering import PUBLIC, load, render
from tools.changelog import UNRELEASED, Entry, read_changelog

ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = "make api-snapshot"


def read_sources(root: Path = ROOT) -> dict[str, str]:
    """Return a snapshot of each public module, rendered from the sources."""
    package = load(str(root))
    return {module: render(package, module) for module in PUBLIC}


def read_snapshots(root: Path = ROOT) -> dict[str, str]:
    """Return the stored snapshots by module."""
    return {path.stem: path.read_text("utf-8") for path in sorted((root / "tests" / "api").glob("*.txt"))}


def compare_snapshots(
    old: Mapping[str, str], new: Mapping[str, str], unreleased: Entry | None
) -> tuple[list[str], list[str]]:
    """Compare the stored snapshots with new ones.

    Args:
        old: The stored snapshots, by module.
        new: The snapshots of the sources, by module.
        unreleased: The changelog's entry for the next release, if it has one.

    Returns:
        A line for each change, and a line for each breaking change that the changelog does not announce.
    """
    changed: list[str] = []
    refused: list[str] = []
    for module in sorted(old.keys() | new.keys()):
        if module not in old:
            changes: tuple[Change, ...] = (Change(module, "is a new public module", is_breaking=False),)
        elif module not in new:
            changes = (Change(module, "is no longer a public module", is_breaking=True),)
        else:
            changes = compare(module, old[module], new[module])
        changed += [f"{module}: {change}" for change in changes]
        refused += [
            f"{module}: {change}; this is a breaking change: announce it under Changed or Removed of the changelog's "
            f"Unreleased, with `{change.name}` in backticks"
            for change in find_unannounced(changes, unreleased)
        ]
    return changed, refused


def main(root: Path = ROOT) -> None:
    """Write the snapshots, or exit with the breaking changes that are not announced."""
    entries = {entry.version: entry for entry in read_changelog((root / "CHANGELOG.md").read_text("utf-8"))}
    new = read_sources(root)
    changed, refused = compare_snapshots(read_snapshots(root), new, entries.get(UNRELEASED))
    if refused:
        sys.exit("\n".join(refused))
    folder = root / "tests" / "api"
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.txt"):
        path.unlink()
    for module, text in new.items():
        (folder / f"{module}.txt").write_text(text, "utf-8")
    sys.stdout.write("\n".join([*changed, f"{len(changed)} changes", ""]))


if __name__ == "__main__":
    main()
