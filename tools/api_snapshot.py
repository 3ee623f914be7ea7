"""Write snapshots of the public names and signatures to tests/api: `python -m tools.api_snapshot`.

Nothing is written if a change is breaking and the changelog does not announce it. With `--announce MODULE`, only the
snapshot of one module is written, and what the changelog does not announce is added to it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.api_changes import Change, compare, find_unannounced
from tools.api_rendering import PUBLIC, load, render
from tools.changelog import UNRELEASED, Entry, add_item, read_changelog

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


def announce(module: str, root: Path = ROOT) -> None:
    """Write the snapshot of a module, and announce its breaking changes in the changelog."""
    snapshot, changelog = root / "tests" / "api" / f"{module}.txt", root / "CHANGELOG.md"
    old, new = snapshot.read_text("utf-8"), render(load(str(root)), module)
    text = changelog.read_text("utf-8")
    entries = {entry.version: entry for entry in read_changelog(text)}
    unannounced = find_unannounced(compare(module, old, new), entries.get(UNRELEASED))
    removed = {change.name for change in unannounced if change.what == "was removed"}
    changed = {change.name.removesuffix(".__init__") for change in unannounced} - removed
    for section, sentence, names in (
        ("Changed", f"`{module}` follows a new `service.swagger.json`. These changed:", changed),
        ("Removed", f"From `{module}`, as a new `service.swagger.json` no longer has them:", removed),
    ):
        if names:
            text = add_item(text, section, f"{sentence} {', '.join(f'`{name}`' for name in sorted(names))}.")
    changelog.write_text(text, "utf-8")
    snapshot.write_text(new, "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--announce", metavar="MODULE", choices=PUBLIC)
    module = parser.parse_args().announce
    announce(module) if module else main()
