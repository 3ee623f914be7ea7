"""Generates a tree from a Swagger file: reads what that takes, and writes the result."""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

import attrs

from codegen.difference import find_moves
from codegen.documented_facts import apply_facts
from codegen.naming import NO_NAMES, NameTable, dump_table, name_document, read_table
from codegen.overlay import apply
from codegen.render.generator import render
from codegen.spec.document import CodegenError, Json
from codegen.spec.source import Source, read_source
from codegen.spec.to_openapi.swagger import convert
from codegen.spec.traverse import read_left_out

SWAGGER: Final = "service.swagger.json"
"""The vendored file's name, at the root and in the tree."""

TREE: Final = "connectly_api/lowlevel"
NAMES: Final = "codegen/names.json"

_SOURCE: Final = "_source.py"
FORMATTING: Final = (
    "--isolated",
    "--no-cache",
    "--no-respect-gitignore",
    "--target-version=py311",
    "--line-length=120",
    "--config=lint.isort.known-first-party=['connectly_api']",
)
"""Every setting that the formatter would otherwise read from the machine."""

PINNED: Final = ("openapi-python-client", "ruff")
"""The tools whose versions affect the output."""

_SHOWN: Final = 60
"""The lines of a difference to show."""


@attrs.frozen
class Layout:
    """Paths of a run.

    Attributes:
        root: A checkout of the repository.
        swagger: The Swagger file to generate from.
        out: The generated tree.
        names: The table of names; None for a file other than the vendored one.
    """

    root: Path
    swagger: Path
    out: Path
    names: Path | None

    @staticmethod
    def of(root: Path, swagger: Path | None = None, out: Path | None = None) -> Layout:
        """Return the layout of a checkout, optionally with another Swagger file and output."""
        return Layout(root, swagger or root / SWAGGER, out or root / TREE, None if swagger else root / NAMES)


@attrs.frozen
class Tree:
    """A generated tree.

    Attributes:
        files: Bytes by path within the tree, with slashes.
        names: The table of its names, as a file.
        left_out: The operations that the tree does not have, each with the reason.
        old: The OpenAPI document of the tree that was there before; if there was none, of this one.
        new: The OpenAPI document of this tree.
    """

    files: Mapping[str, bytes]
    names: bytes
    left_out: tuple[Mapping[str, str], ...]
    old: Json
    new: Json


def build(layout: Layout, source: Source | None = None) -> Tree:
    """Generate in a temporary folder, without changing anything else.

    Args:
        layout: Where everything is.
        source: The file to generate from, if it has been read.

    Raises:
        CodegenError: Nothing can be generated from the file, `connectly_api` uses an operation that it does not have,
            or a tool's version is not the pinned one.
    """
    versions = _read_versions(layout.root)
    source = source or read_source(str(layout.swagger))
    table = read_table(layout.names.read_bytes()) if layout.names is not None and layout.names.exists() else NO_NAMES
    kept = layout.out / SWAGGER
    old = read_source(str(kept)).document if layout.names is not None and kept.exists() else None
    try:
        return _build(layout, source, old, table, versions)
    except RecursionError:
        raise CodegenError(f"{source.name}: nested too deeply for a description of a service") from None
    except CodegenError as error:
        raise CodegenError(f"{source.name}: {error}") from None
    except Exception as error:  # A foreign file may break a tool in any way; then it must not be used.
        raise CodegenError(f"{source.name}: {type(error).__name__}: {error}") from error


def _build(layout: Layout, source: Source, old: Json | None, table: NameTable, versions: Mapping[str, str]) -> Tree:
    swagger = apply_facts(source.document)
    kept = source.content if swagger == source.document else (json.dumps(swagger, indent=2) + "\n").encode()
    new = convert(swagger)
    before = new if old is None or old == swagger else convert(old)
    if before is not new:
        table = table.move(find_moves(before, new))
    named = name_document(apply(new), table)
    with tempfile.TemporaryDirectory(prefix="codegen-") as folder:
        directory = Path(folder) / "lowlevel"
        render(named.document, directory)
        (directory / _SOURCE).write_text(_stamp(kept, versions), encoding="utf-8")
        _format(directory)
        files = {**read_tree(directory), SWAGGER: kept}
    left_out = tuple(read_left_out(named.document))
    if layout.names is not None:
        _require_used_operations(layout.root, files, table, left_out)
    return Tree(files, dump_table(named.table), left_out, before, new)


def render_left_out(tree: Tree) -> list[str]:
    """Return a line for each operation that the tree does not have, below a title; nothing if it has all."""
    lines = [f"  {one['operation']}: {one['reason']}" for one in tree.left_out]
    return [f"Left out of {TREE}:", *lines] if lines else []


def _require_used_operations(
    root: Path, files: Mapping[str, bytes], table: NameTable, left_out: Iterable[Mapping[str, str]]
) -> None:
    reasons = {re.sub(r"\{[^{}]*\}", "{}", one["operation"]): one["reason"] for one in left_out}
    for path, module, function in _find_used_operations(root):
        if f"api/{module}/{function}.py" in files:
            continue
        place = next((key for key, one in table.operations.items() if (one.module, one.function) == (module, function)))
        problem = f"is left out: {reasons[place]}" if place in reasons else "is not in the file"
        raise CodegenError(f"{path} uses {module}.{function} ({place}), which {problem}")


def _find_used_operations(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield each module that imports a function of the tree, with the function's module and name."""
    prefix = f"{TREE.replace('/', '.')}.api."
    for path in sorted((root / "connectly_api").rglob("*.py")):
        where = path.relative_to(root).as_posix()
        for node in () if where.startswith(TREE) else ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(prefix):
                yield from ((where, str(node.module).removeprefix(prefix), name.name) for name in node.names)


def _read_versions(root: Path) -> dict[str, str]:
    """Return the versions of the tools that shape the output; they must be the pinned ones."""
    lock = (root / "requirements" / "codegen.txt").read_text("utf-8")
    versions = {name: metadata.version(name) for name in PINNED}
    for name, version in versions.items():
        if re.search(rf"^{re.escape(name)}=={re.escape(version)}(?!\S)", lock, re.MULTILINE) is None:
            raise CodegenError(
                f"{name} {version} is installed, and requirements/codegen.txt pins another version, which generates "
                "different code: install what it pins"
            )
    return versions


def _stamp(kept: bytes, versions: Mapping[str, str]) -> str:
    """Return the only file with the source's hash, so that the others change only when their content does."""
    return (
        f'# Generated from {SWAGGER} by "python -m codegen generate": do not edit.\n'
        '"""What this tree was generated from, and with what."""\n\n'
        "from __future__ import annotations\n\n"
        "from typing import Final\n\n"
        f'SWAGGER_SHA256: Final = "{hashlib.sha256(kept).hexdigest()}"\n'
        f'GENERATOR: Final = "openapi-python-client {versions["openapi-python-client"]}"\n'
        f'FORMATTER: Final = "ruff {versions["ruff"]}"\n'
    )


def _format(directory: Path) -> None:
    """Format with the pinned ruff, ignoring any configuration or cache of the machine."""
    for command in (("check", "--fix", "--select=F401,I", "--quiet"), ("format", "--quiet")):
        done = subprocess.run(  # noqa: S603  our own interpreter, with arguments of our own
            [sys.executable, "-m", "ruff", *command, *FORMATTING, "."],
            cwd=directory,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            raise CodegenError(f"ruff {command[0]} failed on the generated code:\n{done.stdout}{done.stderr}")


def read_tree(directory: Path) -> dict[str, bytes]:
    """Return the files of a tree without bytecode; nothing if there is no tree."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and "__pycache__" not in path.relative_to(directory).parts
    }


def write(layout: Layout, tree: Tree) -> None:
    """Write a tree and its names in place of what is there.

    Raises:
        CodegenError: The folder contains something other than a generated tree; it is not touched.
    """
    if layout.out.is_dir() and any(layout.out.iterdir()) and not (layout.out / _SOURCE).is_file():
        raise CodegenError(f"{layout.out} is not a generated tree (it has no {_SOURCE}); not replaced")
    write_changes(layout.out, find_changes(read_tree(layout.out), tree.files))
    if layout.names is not None:
        write_changes(layout.root, {NAMES: tree.names})


def find_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """Return the new content of each file that differs, by path; None for one that is gone."""
    return {path: new.get(path) for path in sorted({*old, *new}) if old.get(path) != new.get(path)}


def write_changes(folder: Path, changes: Mapping[str, bytes | None]) -> None:
    """Write files, and delete those without content."""
    for path, content in changes.items():
        if content is None:
            (folder / path).unlink()
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


def find_drift(layout: Layout, tree: Tree) -> list[str]:
    """Return a short unified diff from the files that are there to those that should be."""
    found, wanted = read_tree(layout.out), dict(tree.files)
    if layout.names is not None:
        wanted[NAMES] = tree.names
        found |= {NAMES: layout.names.read_bytes()} if layout.names.exists() else {}
    lines: list[str] = []
    for path in find_changes(found, wanted):
        before, after = (files.get(path, b"").decode("utf-8", "replace").splitlines() for files in (found, wanted))
        labels = f"{path} (found)", f"{path} (generated)"
        # Bytes can differ even if no line does, for example in line endings.
        lines += list(difflib.unified_diff(before, after, *labels, lineterm="")) or [f"{path}: other bytes"]
    return lines if len(lines) <= _SHOWN else [*lines[:_SHOWN], f"… and {len(lines) - _SHOWN} more lines"]
