"""The command `update`: a new file of the vendor in place of the old one, with all that follows from it, or nothing.

Everything is made and tried in a temporary folder; the checkout is touched once, at the end, by a swap that is done as
a whole or taken back.
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

from codegen.affected import Affected, affected, steps_affected, touched
from codegen.difference import Difference, compare, render
from codegen.document import CodegenError, Json, load
from codegen.generate import PUBLISHED, SWAGGER, Layout, Tree, build, prepare, read_tree, write_tree
from codegen.openapi import as_swagger
from codegen.published import NO_NAMES, Published, read
from codegen.source import Source, operation_places, read_source
from codegen.swagger import convert
from codegen.swap import recover, swap

__all__ = ["NEXT", "Update", "prepare_update", "put_in_place", "written"]

NEXT: Final = (
    "git diff --stat",
    "make check",
    "git commit --all",
)
"""What to do once the new file is in its place; docs/update.md goes on from there."""

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
    """What a new file comes to, made and tried, and not yet in its place.

    Attributes:
        source: The new file.
        difference: What changed.
        tree: What is generated from it; None where the file is the vendored one, byte for byte.
        affected: The handwritten places that the changes concern.
    """

    source: Source
    difference: Difference
    tree: Tree | None
    affected: tuple[Affected, ...]


def prepare_update(root: Path, location: str) -> Update:
    """Read a new file, and make and try everything that follows from it; the checkout is not touched.

    Args:
        root: A checkout.
        location: A path, or an https address.

    Raises:
        CodegenError: The file is not to be used, or nothing can be generated from it; one sentence says why.
    """
    recover(root)
    source = read_source(location)
    old = _vendored(root / SWAGGER)
    if not operation_places(source.swagger) & operation_places(old):
        raise CodegenError(
            f"{source.name}: describes another API: it has no operation that {SWAGGER} has; "
            "to change to it all the same, copy it there by hand"
        )
    if source.content == (root / SWAGGER).read_bytes():
        return Update(source, Difference(), None, ())
    try:
        before, after = convert(old), convert(source.swagger)
        difference = compare(before, after)
        with tempfile.TemporaryDirectory(prefix="codegen-update-") as folder:
            tree = _tried(root, source, Path(folder))
        places = _affected(root, difference, old, tree)
        steps = steps_affected(before, after)
    except CodegenError as error:
        raise CodegenError(f"{source.name}: {error}") from None
    except Exception as error:  # Whatever a foreign file does to the tools of others, it is not to be used.
        raise CodegenError(f"{source.name}: nothing was changed: {type(error).__name__}: {error}") from error
    return Update(source, difference, tree, (*places, *steps))


def _vendored(path: Path) -> Json:
    try:
        return as_swagger(load(path.read_bytes()))
    except OSError as error:
        raise CodegenError(f"cannot read {path}: {error.strerror}") from None
    except CodegenError as error:
        raise CodegenError(f"{path}: {error}; take it from version control again") from None


def _tried(root: Path, source: Source, folder: Path) -> Tree:
    """Generate in a folder, and import all of it there, beside a copy of the handwritten package."""
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
        raise CodegenError(f"what is generated from it cannot be imported: {(done.stderr.splitlines() or ['?'])[-1]}")
    return tree


def _affected(root: Path, difference: Difference, old: Json, tree: Tree) -> list[Affected]:
    before = read((root / PUBLISHED).read_bytes()) if (root / PUBLISHED).exists() else NO_NAMES
    named = prepare(old, before)
    enums = {
        name: frozenset(map(str, schema["enum"]))
        for name, schema in named.document["components"]["schemas"].items()
        if "enum" in schema
    }
    tables: tuple[Published, ...] = (read(tree.published), named.published)
    return affected(touched(difference, tables, enums), _modules(root), _golden(root))


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
    """Put the file, what is generated from it and the table of names in their places: all, or none.

    Args:
        root: A checkout.
        update: What was prepared for it.

    Raises:
        CodegenError: Something could not be written; everything is as it was.
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


def written(update: Update, *, done: bool) -> str:
    """Return what there is to say of an update.

    Args:
        update: The update.
        done: Whether it was put in its place.
    """
    if update.tree is None:
        return f"{update.source.name} is {SWAGGER} already, byte for byte: nothing to do."
    lines = [render(update.difference, "text").rstrip(), ""]
    lines += _look_at(update.affected) or ["No handwritten place is concerned."]
    counts = update.tree.counts
    made = f"{counts.operations} operations, {counts.schemas} schemas, {counts.properties} properties"
    state = "Put in place" if done else "Not put in place, as this is a dry run"
    lines += ["", f"{state}: {SWAGGER} and what is generated from it: {made}."]
    if done:
        lines += ["Next, as docs/update.md has it:", *(f"  {command}" for command in NEXT)]
    return "\n".join(lines)


def _look_at(found: Iterable[Affected]) -> list[str]:
    by_reason: dict[str, dict[str, list[str]]] = {}
    for one in found:
        by_reason.setdefault(one.why, {}).setdefault(one.kind, []).append(one.where)
    lines: list[str] = []
    for why, by_kind in by_reason.items():
        lines.append(f"  {why}")
        lines += [f"      {kind}: {', '.join(where)}" for kind, where in by_kind.items() if kind != "code"]
        lines += [f"      {where}" for where in by_kind.get("code", [])]
    return ["Handwritten places to look at:", *lines] if lines else []
