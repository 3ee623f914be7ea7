"""Generates the tree from a Swagger file: the only module here that reads and writes files and runs programs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import attrs

from codegen.documented_facts import apply_facts
from codegen.naming import NO_NAMES, Named, NameTable, dump_table, name_document, read_table
from codegen.overlay import apply
from codegen.render.generator import render
from codegen.render.source_module import render_source_module
from codegen.spec.document import CodegenError, Json, load
from codegen.spec.to_openapi import convert
from codegen.spec.traverse import read_left_out
from codegen.verify import Counts, verify

SWAGGER = "service.swagger.json"
"""The vendored file's name, at the root and in the tree."""

PUBLISHED = Path("codegen", "names.json")
"""The table of published names, from the root."""

_SOURCE = "_source.py"
FORMATTING = (
    "--isolated",
    "--no-cache",
    "--no-respect-gitignore",
    "--target-version=py311",
    "--line-length=120",
    "--config=lint.isort.known-first-party=['connectly_api']",
)
"""Every setting that the formatter would otherwise read from the machine."""

PINNED = ("openapi-python-client", "ruff")
"""The tools whose versions affect the output."""


@attrs.frozen
class Layout:
    """Paths of a run.

    Attributes:
        root: A checkout of the repository.
        swagger: The Swagger file to generate from.
        out: The generated tree.
        published: The table of published names; None for a file other than the vendored one.
    """

    root: Path
    swagger: Path
    out: Path
    published: Path | None

    @staticmethod
    def of(root: Path, swagger: Path | None = None, out: Path | None = None) -> Layout:
        """Return the layout of a checkout, optionally with another Swagger file and output."""
        return Layout(
            root=root,
            swagger=swagger or root / SWAGGER,
            out=out or root / "connectly_api" / "lowlevel",
            published=None if swagger is not None else root / PUBLISHED,
        )


@attrs.frozen
class Tree:
    """A generated tree.

    Attributes:
        files: Bytes by path within the tree, with slashes.
        counts: The number of operations, schemas and properties.
        published: The table of its names, as a file.
    """

    files: Mapping[str, bytes]
    counts: Counts
    published: bytes


def build(layout: Layout) -> Tree:
    """Generate in a temporary folder, without changing anything else.

    Raises:
        CodegenError: The file cannot be converted, something would be lost, or a tool's version is not the pinned one.
    """
    versions = _versions(layout.root)
    source = _read(layout.swagger)
    try:
        return _generate(source, _read_published(layout), versions)
    except RecursionError:
        raise CodegenError(f"{layout.swagger}: nested too deeply for a description of a service") from None


def _generate(source: bytes, published: NameTable, versions: Mapping[str, str]) -> Tree:
    given = load(source)
    swagger = apply_facts(given)
    # The sandbox reads the file, too. The vendor's bytes are kept if the documentation adds nothing.
    kept = source if swagger == given else (json.dumps(swagger, indent=2) + "\n").encode()
    prepared = prepare(swagger, published)
    with tempfile.TemporaryDirectory(prefix="codegen-") as folder:
        directory = Path(folder) / "lowlevel"
        render(prepared.document, directory)
        (directory / _SOURCE).write_text(render_source_module(prepared.document, kept, versions), encoding="utf-8")
        _format(directory)
        files = read_tree(directory)
    counts = verify(swagger, prepared.document, {path: content.decode() for path, content in files.items()})
    files[SWAGGER] = _drop_left_out(kept, swagger, prepared.document)
    return Tree(files, counts, dump_table(prepared.table))


def _drop_left_out(source: bytes, swagger: Json, document: Json) -> bytes:
    """Return the file without the operations that are left out, which the sandbox cannot serve, either."""
    left_out = {entry["operation"] for entry in read_left_out(document)}
    if not left_out:
        return source
    base = swagger.get("basePath", "").rstrip("/")
    paths = {
        path: {key: part for key, part in item.items() if f"{key.upper()} {base}{path}" not in left_out}
        for path, item in swagger["paths"].items()
        if path not in left_out
    }
    return (json.dumps({**swagger, "paths": paths}, indent=2) + "\n").encode()


def prepare(swagger: Json, published: NameTable) -> Named:
    """Return the document for the generator, and the names to keep, from a Swagger document.

    Raises:
        CodegenError: The document cannot be converted, or something in it cannot be named.
    """
    return name_document(apply(convert(swagger)), published)


def _read_published(layout: Layout) -> NameTable:
    if layout.published is None or not layout.published.exists():
        return NO_NAMES
    return read_table(_read(layout.published))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CodegenError(f"cannot read {path}: {error.strerror}") from None


def _versions(root: Path) -> dict[str, str]:
    """Return the pinned versions of the tools that shape the output; they must be installed."""
    lock = root / "requirements" / "codegen.txt"
    text = _read(lock).decode()
    versions: dict[str, str] = {}
    for name in PINNED:
        pinned = re.search(rf"^{re.escape(name)}==([0-9a-z.]+)", text, re.MULTILINE)
        installed = _find_version(name)
        if pinned is None or pinned[1] != installed:
            wanted = pinned[1] if pinned else "none"
            raise CodegenError(
                f"{name} {installed} is installed, {lock.name} pins {wanted}; other versions generate different code: "
                "install requirements/codegen.txt"
            )
        versions[name] = installed
    return versions


def _find_version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def _format(directory: Path) -> None:
    """Format with the pinned ruff, ignoring any configuration or cache of the machine."""
    lint = ("check", "--fix", "--select=F401,I", "--quiet")
    layout = ("format", "--quiet")
    for command in (lint, layout):
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
    """Replace a tree: write the new one next to it, then swap. An identical tree is not touched.

    Raises:
        CodegenError: The folder contains something other than a generated tree; it is not touched.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / _SOURCE).is_file():
        raise CodegenError(f"{out} is not a generated tree (it has no {_SOURCE}); not replaced")
    if read_tree(out) == files:
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        new, old = staging / "new", staging / "old"
        for path, content in files.items():
            target = new / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        try:
            if out.is_dir():
                out.replace(old)
            new.replace(out)
        except BaseException:  # An interrupted run must not lose the old tree, either.
            if old.is_dir() and not out.exists():
                old.replace(out)
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
