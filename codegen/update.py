"""The command `update`: replace the vendor's file, and renew everything that is derived from it.

All of it is done and tried out in a copy of the checkout, which is written last. Git is the way back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from codegen.difference import Difference, compare, render
from codegen.generate import (
    NAMES,
    SWAGGER,
    TREE,
    Layout,
    Tree,
    build,
    find_changes,
    read_tree,
    render_left_out,
    write,
    write_changes,
)
from codegen.spec.document import CodegenError
from codegen.spec.source import read_source
from codegen.trial import Findings, check_types, copy_tracked, run_git, run_python, run_tests

CHANGELOG: Final = "CHANGELOG.md"
SNAPSHOT: Final = "tests/api/connectly_api.lowlevel.txt"
PATHS: Final = (TREE, NAMES, SNAPSHOT, CHANGELOG, SWAGGER)
"""All that an update may write."""


@attrs.frozen
class Update:
    """A new file with everything that follows from it, tried out and not yet in place.

    Attributes:
        changes: The new content of each file by its path from the root; None for one that is gone.
        difference: What the new file changes.
        tree: The generated tree.
        types: The places of handwritten code where mypy finds errors.
        tests: The tests of the facade that fail.
    """

    changes: Mapping[str, bytes | None]
    difference: Difference
    tree: Tree
    types: Findings
    tests: Findings


def prepare_update(root: Path, location: str) -> Update | None:
    """Read a new file, from a path or an https URL, and try it out in a copy; return None if it is not new.

    Raises:
        CodegenError: The checkout is not clean, or the file cannot be used.
    """
    if dirty := run_git(root, "status", "--porcelain", "--untracked-files=all", "--", *PATHS):
        raise CodegenError(
            f"commit or undo these first (git restore, git clean), as update writes them:\n{dirty}".rstrip()
        )
    source = read_source(location)
    if source.content == (root / SWAGGER).read_bytes():
        return None
    with tempfile.TemporaryDirectory(prefix="codegen-update-") as folder:
        copy = Path(folder)
        copy_tracked(root, copy)
        old = _read_paths(copy)
        tree = build(Layout.of(copy), source)
        write(Layout.of(copy), tree)
        run_python(copy, "tools.api_snapshot", "--announce", "connectly_api.lowlevel")
        (copy / SWAGGER).write_bytes(source.content)
        changes = find_changes(old, _read_paths(copy))
        return Update(changes, compare(tree.old, tree.new), tree, check_types(copy), run_tests(copy))


def _read_paths(root: Path) -> dict[str, bytes]:
    files = {f"{TREE}/{path}": content for path, content in read_tree(root / TREE).items()}
    return files | {path: (root / path).read_bytes() for path in PATHS if path != TREE}


def put_in_place(root: Path, update: Update) -> None:
    """Write what has changed into a checkout.

    Raises:
        CodegenError: It could not be written, or was interrupted; nothing has changed.
    """
    try:
        write_changes(root, update.changes)
    except (OSError, KeyboardInterrupt) as error:
        run_git(root, "restore", "--", *PATHS)
        run_git(root, "clean", "-fdq", "--", *PATHS)
        raise CodegenError(f"not updated, and undone with git restore {' '.join(PATHS)}: {error!r}") from None


def render_update(update: Update, *, done: bool) -> str:
    """Render the report of an update that was put in place, or of a dry run."""
    concerned = [*update.types.values(), *update.tests.values()]
    paths = [path for path in PATHS if any(f"{one}/".startswith(f"{path}/") for one in update.changes)]
    lines = [
        f"For users of Connectly, {sum(map(len, concerned))} places no longer fit, see below."
        if concerned
        else "Nothing changes for users of Connectly.",
        f"Version to raise: {'major' if CHANGELOG in update.changes else update.difference.bump}.",
        *_list("Renewed" if done else "To be renewed", paths),
        *_list("Left to do by hand", _render_findings(update.types), _render_findings(update.tests)),
        *(f"\n{line}" if n == 0 else line for n, line in enumerate(render_left_out(update.tree))),
        *(_list("Next, see docs/update.md", _render_commands(paths)) if done else ["\nDry run: nothing was written."]),
        "\nWhat the new file changes:",
        render(update.difference, "text"),
    ]
    return "\n".join(lines)


def _list(title: str, *parts: Iterable[str]) -> list[str]:
    found = [f"  {line}" for part in parts for line in part]
    return [f"\n{title}:", *found] if found else [f"\n{title}: nothing."]


def _render_findings(findings: Findings) -> Iterator[str]:
    for group, places in findings.items():
        yield group
        yield from (f"  {place}" for place in places)


def _render_commands(paths: Iterable[str]) -> Iterator[str]:
    yield "git diff --stat"
    yield "make check"
    yield f"git add {' '.join(paths)}"
    yield f'git commit --message "Follow the vendor\'s new {SWAGGER}"'
