"""Generates the tree of a Swagger file, compares it with the one that is there, and writes it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

import attrs

from codegen.difference import find_moves
from codegen.documented_facts import apply_facts
from codegen.naming import NO_NAMES, NameTable, dump_table, name_document, read_table
from codegen.overlay import apply
from codegen.render.generator import render
from codegen.render.source_module import render_source_module
from codegen.spec.document import CodegenError, Json
from codegen.spec.source import Source, read_source
from codegen.spec.to_openapi import convert
from codegen.spec.traverse import PLACEHOLDER, read_left_out

SWAGGER: Final = "service.swagger.json"
"""The vendored file's name, at the root and in the tree."""

TREE: Final = "connectly_api/lowlevel"
PUBLISHED: Final = Path("codegen", "names.json")
"""The table of published names, from the root."""

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


@attrs.frozen
class Layout:
    """Paths of a run in a checkout; only the vendored file has a table of published names."""

    root: Path
    swagger: Path
    out: Path
    published: Path | None

    @staticmethod
    def of(root: Path, swagger: Path | None = None, out: Path | None = None) -> Layout:
        """Return the layout of a checkout, optionally with another Swagger file and output."""
        return Layout(root, swagger or root / SWAGGER, out or root / TREE, None if swagger else root / PUBLISHED)


@attrs.frozen
class Tree:
    """A generated tree.

    Attributes:
        files: Bytes by path within the tree, with slashes.
        published: The table of its names, as a file.
        left_out: What of the file is not in it, with the reason.
        lost: Published names that it no longer has.
        old: The OpenAPI document of the tree that is there; if there is none, the new one.
        new: The OpenAPI document of this tree.
    """

    files: Mapping[str, bytes]
    published: bytes
    left_out: Mapping[str, str]
    lost: tuple[str, ...]
    old: Json
    new: Json


def build(layout: Layout, source: Source | None = None) -> Tree:
    """Generate in a temporary folder, without changing anything else.

    Args:
        layout: Where everything is.
        source: The file to generate from, if it was read before.

    Raises:
        CodegenError: Nothing can be generated from the file, `connectly_api` uses an operation that it does not have,
            or a tool's version is not the pinned one.
    """
    source = source or read_source(str(layout.swagger))
    try:
        return _build(layout, source, _read_versions(layout.root))
    except CodegenError as error:
        raise CodegenError(f"{source.name}: {error}") from None
    except Exception as error:  # A foreign file may break a tool in any way; then it must not be used.
        raise CodegenError(f"{source.name}: {type(error).__name__}: {error}") from error


def _build(layout: Layout, source: Source, versions: Mapping[str, str]) -> Tree:
    swagger = apply_facts(source.document)
    old = new = convert(swagger)
    table = NO_NAMES
    if layout.published is not None and layout.published.exists():
        table = read_table(layout.published.read_bytes())
        before = read_source(str(layout.out / SWAGGER)).document if (layout.out / SWAGGER).exists() else swagger
        if before != swagger:
            old = convert(before)
            table = table.move(find_moves(old, new))
    named = name_document(apply(new), table)
    with tempfile.TemporaryDirectory(prefix="codegen-") as folder:
        directory = Path(folder) / "lowlevel"
        render(named.document, directory)
        left_out = {one["operation"]: one["reason"] for one in read_left_out(named.document)}
        kept = _drop_left_out(swagger, left_out)
        # The vendor's bytes are kept if nothing else is said.
        content = source.content if kept == source.document else (json.dumps(kept, indent=2) + "\n").encode()
        (directory / _SOURCE).write_text(render_source_module(named.document, content, versions), encoding="utf-8")
        _format(directory)
        files = {**read_tree(directory), SWAGGER: content}
    if layout.published is not None and layout.out == layout.root / TREE:
        _require_used_operations(layout.root, files, table, left_out)
    return Tree(files, dump_table(named.table), left_out, named.lost, old, new)


def _drop_left_out(swagger: Json, left_out: Iterable[str]) -> Json:
    """Return the file without the operations that are left out, which the sandbox, its reader, cannot serve either."""
    base = swagger.get("basePath", "").rstrip("/")
    dropped = {tuple(operation.split(" ", 1)) for operation in left_out}
    paths = {
        path: {key: part for key, part in item.items() if (key.upper(), f"{base}{path}") not in dropped}
        for path, item in swagger["paths"].items()
    }
    return {**swagger, "paths": paths}


def _require_used_operations(
    root: Path, files: Mapping[str, bytes], table: NameTable, left_out: Mapping[str, str]
) -> None:
    places = {f"api/{function.replace('.', '/')}.py": place for place, function in table.operations.items()}
    reasons = {PLACEHOLDER.sub("{}", what): f"is left out: {reason}" for what, reason in left_out.items()}
    prefix = f"{TREE.replace('/', '.')}.api."
    for user in sorted((root / "connectly_api").rglob("*.py")):
        for node in () if user.is_relative_to(root / TREE) else ast.walk(ast.parse(user.read_bytes())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(prefix):
                for path in (f"api/{str(node.module).removeprefix(prefix)}/{one.name}.py" for one in node.names):
                    place = places.get(path, path)
                    if path not in files:
                        problem = reasons.get(place, "is not in the file")
                        raise CodegenError(f"{place}, which {user.relative_to(root)} uses, {problem}")


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


def write_tree(files: Mapping[str, bytes], out: Path) -> None:
    """Write a tree in place of the one that is there; git is the way back.

    Raises:
        CodegenError: The folder contains something other than a generated tree; it is not touched.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / _SOURCE).is_file():
        raise CodegenError(f"{out} is not a generated tree (it has no {_SOURCE}); not replaced")
    write_changes(find_changes(read_tree(out), files), out)


def find_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """Return the new content of each file that differs, by path; None for one that is gone."""
    return {path: new.get(path) for path in sorted({*old, *new}) if old.get(path) != new.get(path)}


def write_changes(changes: Mapping[str, bytes | None], folder: Path) -> None:
    """Write files, and delete those without content."""
    for path, content in changes.items():
        if content is None:
            (folder / path).unlink()
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
