"""The command `update`: replace the vendor's file and everything generated from it, or nothing.

Everything is generated and tested in a temporary folder. The checkout is changed once, at the end, by a swap.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from codegen.affected import Affected, find_affected, list_changed_names
from codegen.difference import Difference, compare, render
from codegen.generate import PUBLISHED, SWAGGER, Layout, Tree, build, prepare, read_tree, write_tree
from codegen.naming import NO_NAMES, NameTable, places, read_table
from codegen.spec.document import CodegenError, Json, load
from codegen.spec.source import Source, read_source
from codegen.spec.to_openapi import convert
from codegen.spec.traverse import operations
from codegen.swap import recover, swap

NEXT: Final = (
    "git diff --stat",
    "make check",
    "git commit --all",
)
"""The next steps once the new file is in place; docs/update.md continues from there."""

_HANDWRITTEN: Final = ("connectly_api", "examples")
_GOLDEN: Final = ("tests/data",)
_TRY = """
import importlib, pkgutil, sys
import connectly_api.lowlevel as tree
for module in pkgutil.walk_packages(tree.__path__, "connectly_api.lowlevel."):
    importlib.import_module(module.name)
for name in tree.__all__:
    getattr(tree, name)
"""
_SECONDS: Final = 120


@attrs.frozen
class Update:
    """A new file with its generated and tested code, not yet in place.

    Attributes:
        source: The new file.
        difference: What changed.
        tree: The generated tree; None if the file is identical to the vendored one.
        affected: The handwritten places that the changes affect.
    """

    source: Source
    difference: Difference
    tree: Tree | None
    affected: tuple[Affected, ...]


def prepare_update(root: Path, location: str) -> Update:
    """Read a new file, from a path or an https URL, and generate and test its code outside of the checkout.

    Raises:
        CodegenError: The file cannot be used, or nothing can be generated from it; the message is one sentence.
    """
    recover(root)
    source = read_source(location)
    old = _read_vendored(root / SWAGGER)
    if source.content == (root / SWAGGER).read_bytes():
        return Update(source, Difference(), None, ())
    try:
        before, after = convert(old), convert(source.document)
        _check_same_api(before, after)
        difference = compare(before, after)
        with tempfile.TemporaryDirectory(prefix="codegen-update-") as folder:
            tree = _try_out(root, source, Path(folder))
        affected = _find_affected(root, difference, old, tree)
    except CodegenError as error:
        raise CodegenError(f"{source.name}: {error}") from None
    except Exception as error:  # A foreign file may break a tool in any way; then it must not be used.
        raise CodegenError(f"{source.name}: nothing was changed: {type(error).__name__}: {error}") from error
    return Update(source, difference, tree, tuple(affected))


def _check_same_api(old: Json, new: Json) -> None:
    before, after = (
        {places.operation(found.method, found.path) for found in operations(document)} for document in (old, new)
    )
    if not before & after:
        raise CodegenError(
            f"describes another API: it has none of the operations of {SWAGGER}; "
            "to switch to it anyway, copy it there by hand"
        )


def _read_vendored(path: Path) -> Json:
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise CodegenError(f"cannot read {path}: {error.strerror}") from None
    except CodegenError as error:
        raise CodegenError(f"{path}: {error}; restore it from version control") from None


def _try_out(root: Path, source: Source, folder: Path) -> Tree:
    """Generate in a folder, and import the result next to a copy of the handwritten package."""
    (folder / SWAGGER).write_bytes(source.content)
    package = folder / "connectly_api"
    layout = Layout(root, folder / SWAGGER, package / "lowlevel", root / PUBLISHED)
    tree = build(layout)
    for path, content in read_tree(root / "connectly_api").items():
        if not path.startswith("lowlevel/"):
            (package / path).parent.mkdir(parents=True, exist_ok=True)
            (package / path).write_bytes(content)
    write_tree(tree.files, layout.out)
    done = subprocess.run(  # noqa: S603  our own interpreter, on a program of our own
        [sys.executable, "-c", _TRY],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise CodegenError(f"the code generated from it cannot be imported: {(done.stderr.splitlines() or ['?'])[-1]}")
    return tree


def _find_affected(root: Path, difference: Difference, old: Json, tree: Tree) -> list[Affected]:
    before = read_table((root / PUBLISHED).read_bytes()) if (root / PUBLISHED).exists() else NO_NAMES
    named = prepare(old, before)
    enums = {
        name: frozenset(map(str, schema["enum"]))
        for name, schema in named.document["components"]["schemas"].items()
        if "enum" in schema
    }
    tables: tuple[NameTable, ...] = (read_table(tree.published), named.table)
    return find_affected(list_changed_names(difference, tables, enums), _modules(root), _golden(root))


def _modules(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for folder in _HANDWRITTEN
        for path in sorted((root / folder).rglob("*.py"))
        if not path.is_relative_to(root / "connectly_api" / "lowlevel")
    }


def _golden(root: Path) -> dict[str, Any]:
    return {
        path.relative_to(root).as_posix(): json.loads(path.read_bytes())
        for folder in _GOLDEN
        for path in sorted((root / folder).rglob("*.json"))
    }


def put_in_place(root: Path, update: Update) -> None:
    """Replace the file, the generated tree and the table of names: all of them, or none.

    Raises:
        CodegenError: Something could not be written; nothing has changed.
    """
    if update.tree is None:
        return
    contents: Mapping[str, bytes | Mapping[str, bytes]] = {
        SWAGGER: update.source.content,
        PUBLISHED.as_posix(): update.tree.published,
        "connectly_api/lowlevel": update.tree.files,
    }
    try:
        swap(root, contents)
    except OSError as error:
        raise CodegenError(f"nothing was changed: {error}") from None


def render_update(update: Update, *, done: bool) -> str:
    """Render the report of an update that was put in place, or of a dry run."""
    if update.tree is None:
        return f"{update.source.name} is identical to {SWAGGER}: nothing to do."
    lines = [render(update.difference, "text").rstrip(), ""]
    lines += _list_affected(update.affected) or ["No handwritten code is affected."]
    counts = update.tree.counts
    made = f"{counts.operations} operations, {counts.schemas} schemas, {counts.properties} properties"
    state = "Updated" if done else "Dry run, not updated"
    lines += ["", f"{state}: {SWAGGER} and the code generated from it: {made}."]
    if done:
        lines += ["Next steps, see docs/update.md:", *(f"  {command}" for command in NEXT)]
    return "\n".join(lines)


def _list_affected(found: Iterable[Affected]) -> list[str]:
    by_reason: dict[str, dict[str, list[str]]] = {}
    for one in found:
        by_reason.setdefault(one.why, {}).setdefault(one.kind, []).append(one.where)
    lines: list[str] = []
    for why, by_kind in by_reason.items():
        lines.append(f"  {why}")
        lines += [f"      {kind}: {', '.join(where)}" for kind, where in by_kind.items() if kind != "code"]
        lines += [f"      {where}" for where in by_kind.get("code", [])]
    return ["Handwritten code to review:", *lines] if lines else []
