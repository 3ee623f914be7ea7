"""The command `update`: replace the vendor's file, and renew everything that is derived from it.

All of it is done and tried out in a copy of the checkout, which is written last. Git is the way back.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from codegen.difference import compare, render
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
from codegen.trial import Findings, check_types, copy_tracked, run, run_tests

CHANGELOG: Final = "CHANGELOG.md"
SNAPSHOT: Final = "tests/api/connectly_api.lowlevel.txt"
PATHS: Final = (TREE, PUBLISHED.as_posix(), SNAPSHOT, CHANGELOG, SWAGGER)
"""All that an update may write."""

MESSAGE: Final = f"Follow a new {SWAGGER}"


@attrs.frozen
class Update:
    """What a new file that was tried out changes, by path from the root, and the lines of the report about it."""

    changes: Mapping[str, bytes | None]
    report: tuple[str, ...]


def prepare_update(root: Path, location: str) -> Update | None:
    """Read a new file, from a path or an https URL, and try it out in a copy; return None if it is not new.

    Raises:
        CodegenError: The checkout is not clean, or the file cannot be used.
    """
    if dirty := run(root, "git", "status", "--porcelain", "--untracked-files=all", "--", *PATHS).stdout:
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
        run(copy, sys.executable, "-m", "tools.api_snapshot", "--announce", TREE.replace("/", "."))
        changes = find_changes(old, _read_paths(copy))
        return Update(changes, tuple(_report(changes, tree, check_types(copy), run_tests(copy))))


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
        run(root, "git", "restore", "--", *PATHS)
        run(root, "git", "clean", "-fdq", "--", *PATHS)
        raise CodegenError(f"not updated, and undone with git restore {' '.join(PATHS)}: {error!r}") from None


def _report(changes: Iterable[str], tree: Tree, types: Findings, tests: Findings) -> Iterator[str]:
    failing, wrong = (sum(map(len, findings.values())) for findings in (tests, types))
    difference = compare(tree.old, tree.new)
    paths = [path for path in PATHS if any(f"{one}/".startswith(f"{path}/") for one in changes)]
    if failing or wrong:
        yield f"Something may change for users of Connectly: {failing} tests fail, and {wrong} lines have a wrong type."
    else:
        yield "Nothing changes for users of Connectly."
    yield f"Version to raise: {'major' if CHANGELOG in paths else difference.bump}."
    yield from ("", "Renewed:", *_indent(paths))
    to_do = [line for group, places in {**types, **tests}.items() for line in (group, *_indent(places))]
    yield from ("", "Left to do by hand:", *_indent(to_do or ["nothing"]))
    yield from ("", "Names that are gone from the low level:", *_indent(tree.lost)) if tree.lost else ()
    yield from list_left_out(tree)
    commands = ("git diff --stat", "make check", f"git add {' '.join(paths)}", f"git commit --message '{MESSAGE}'")
    yield from ("", "Next:", *_indent(commands))
    yield from ("", "What the new file changes:", render(difference, "text"))


def list_left_out(tree: Tree) -> list[str]:
    """Return the lines of a report about what a tree does not have; none if it has everything."""
    lines = _indent(f"{what}: {reason}" for what, reason in tree.left_out.items())
    return ["", f"Left out of {TREE}:", *lines] if tree.left_out else []


def _indent(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
