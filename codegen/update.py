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
    PUBLISHED,
    SWAGGER,
    TREE,
    Layout,
    Tree,
    build,
    find_changes,
    read_tree,
    write_changes,
    write_tree,
)
from codegen.spec.document import CodegenError
from codegen.spec.source import read_source
from codegen.trial import Findings, check_types, copy_tracked, run_git, run_python, run_tests

CHANGELOG: Final = "CHANGELOG.md"
SNAPSHOT: Final = "tests/api/connectly_api.lowlevel.txt"
PATHS: Final = (TREE, PUBLISHED.as_posix(), SNAPSHOT, CHANGELOG, SWAGGER)
"""All that an update may write."""

MESSAGE: Final = f"Follow a new {SWAGGER}"


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
        write_tree(tree.files, copy / TREE)
        (copy / PUBLISHED).write_bytes(tree.published)
        (copy / SWAGGER).write_bytes(source.content)
        run_python(copy, "tools.api_snapshot", "--announce", TREE.replace("/", "."))
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
        write_changes(update.changes, root)
    except (OSError, KeyboardInterrupt) as error:
        run_git(root, "restore", "--", *PATHS)
        run_git(root, "clean", "-fdq", "--", *PATHS)
        raise CodegenError(f"not updated, and undone with git restore {' '.join(PATHS)}: {error!r}") from None


def render_update(update: Update, *, done: bool) -> str:
    """Render the report of an update that was put in place, or of a dry run."""
    findings = [*_list_findings(update.types), *_list_findings(update.tests)]
    paths = [path for path in PATHS if any(f"{one}/".startswith(f"{path}/") for one in update.changes)]
    commands = ["git diff --stat", "make check", f"git add {' '.join(paths)}", f"git commit --message '{MESSAGE}'"]
    lines = [
        _summarize(update),
        f"Version to raise: {'major' if CHANGELOG in update.changes else update.difference.bump}.",
        *["", "Renewed:" if done else "To be renewed:", *_indent(paths)],
        *["", "Left to do by hand:", *_indent(findings or ["nothing"])],
        *list_left_out(update.tree),
        *["", *(["Next:", *_indent(commands)] if done else ["Dry run: nothing was written."])],
        *["", "What the new file changes:", render(update.difference, "text")],
    ]
    return "\n".join(lines)


def _summarize(update: Update) -> str:
    tests, lines = (sum(map(len, findings.values())) for findings in (update.tests, update.types))
    if not tests and not lines:
        return "Nothing changes for users of Connectly."
    return f"Something may change for users of Connectly: {tests} tests fail, and {lines} lines have a wrong type."


def list_left_out(tree: Tree) -> list[str]:
    """Return the lines of a report about what a tree does not have; none if it has everything."""
    lines = _indent(f"{what}: {reason}" for what, reason in tree.left_out.items())
    return ["", f"Left out of {TREE}:", *lines] if tree.left_out else []


def _list_findings(findings: Findings) -> Iterator[str]:
    for group, places in findings.items():
        yield from (group, *_indent(places))


def _indent(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
