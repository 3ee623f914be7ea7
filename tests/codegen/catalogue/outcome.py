"""What comes of the rows: the difference, the generated tree, its types, and the facade upon it."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs

from codegen.difference import Difference, compare, line
from codegen.generate import Layout, build, read_tree, write_tree
from codegen.spec.document import CodegenError, Json
from codegen.spec.source import read_source
from codegen.spec.to_openapi import convert
from tests.codegen.catalogue.inert import strange
from tests.codegen.catalogue.row import Row
from tests.codegen.samples import ROOT, TABLE, VENDORED, frozen_tree, swagger_path

__all__ = ["Outcome", "difference_of", "outcomes"]

PACKAGE = ROOT / "connectly_api"
FROZEN = swagger_path(VENDORED)


@attrs.define
class Outcome:
    """What came of one row.

    Attributes:
        row: The row.
        difference: What changed, or nothing where the file cannot be read.
        refused: Why nothing is generated, if nothing is; where the file cannot even be read, why that is.
        strange: What stands in the generated code and is none of the generator's doing.
        untyped: What mypy says of the generated code.
        facade: What goes wrong when the facade stands on the generated code.
    """

    row: Row
    difference: Difference = attrs.field(factory=Difference)
    refused: str = ""
    strange: list[str] = attrs.field(factory=list)
    untyped: list[str] = attrs.field(factory=list)
    facade: list[str] = attrs.field(factory=list)

    @property
    def generation(self) -> str:
        """Whether a tree comes out, in a word or in the sentence that refuses."""
        return f"refused: {self.refused}" if self.refused else "succeeds"

    @property
    def problem(self) -> str:
        """What came of the row and is not what it says; nothing where all is as it says."""
        # Nothing is generated without an operation that the facade uses.
        is_missed = self.row.facade and ", which connectly_api/" in self.refused
        checks = (
            (self.lines == self.row.lines, f"the difference says {self.lines}"),
            (is_missed or self.refused == self.row.refused, f"generation {self.generation}"),
            (not self.strange, f"the generated code holds {self.strange}"),
            (not self.untyped, f"mypy says {self.untyped}"),
            ((is_missed or bool(self.facade)) == self.row.facade, f"the facade {self.facade or 'is not concerned'}"),
        )
        return "; ".join(f"{self.row.name}: {problem}" for is_so, problem in checks if not is_so)

    @property
    def lines(self) -> tuple[str, ...]:
        """The difference, each change in a line."""
        return tuple(map(line, self.difference.changes))


def difference_of(row: Row, folder: Path) -> Difference:
    """Return what a row's file changes.

    Args:
        row: The row.
        folder: Where the file is written to.

    Raises:
        CodegenError: The file cannot be read.
    """
    file = folder / FROZEN.name
    file.write_bytes(row.file())
    return compare(_vendored(), convert(read_source(str(file)).document))


@functools.cache
def _vendored() -> Json:
    return convert(read_source(str(FROZEN)).document)


def outcomes(rows: Iterable[Row], folder: Path) -> list[Outcome]:
    """Return what comes of rows.

    Args:
        rows: The rows.
        folder: An empty folder, for files and trees.
    """
    found: dict[str, Outcome] = {}
    for n, row in enumerate(rows):
        place = folder / f"row_{n}"
        place.mkdir()
        found[place.name] = Outcome(row)
        _generate(place, found[place.name])
    generated = {name: outcome for name, outcome in found.items() if not outcome.refused}
    with ThreadPoolExecutor() as pool:  # Each waits for a process of its own.
        types, contract = pool.submit(check_types, folder, [*generated]), pool.submit(_contract, folder, [*generated])
    for name, problems in types.result().items():
        generated[name].untyped += [text for path, text in problems if "/lowlevel/" in path]
        generated[name].facade += [text for path, text in problems if "/lowlevel/" not in path]
    for name, problem in contract.result().items():
        generated[name].facade += [problem] if problem else []
    return [*found.values()]


def _generate(place: Path, outcome: Outcome) -> None:
    """Compare, generate, and put the tree in the place of the package's own, in a copy made of links."""
    try:
        outcome.difference = difference_of(outcome.row, place)
    except CodegenError as error:
        outcome.refused = str(error).removeprefix(f"{place / FROZEN.name}: ")
        return
    try:
        layout = attrs.evolve(Layout.of(ROOT, place / FROZEN.name), published=TABLE)
        files = build(layout).files
    except CodegenError as error:
        outcome.refused = str(error)
        return
    outcome.strange = sorted(strange(files))
    package = place / PACKAGE.name
    package.mkdir()
    for entry in PACKAGE.iterdir():
        if entry.name not in {"lowlevel", "__pycache__"}:
            (package / entry.name).symlink_to(entry)
    write_tree(files, package / "lowlevel")


def _code(files: Mapping[str, bytes]) -> str:
    code = {path: text for path, text in files.items() if path.endswith(".py") and path != "_source.py"}
    return hashlib.sha256(repr(sorted(code.items())).encode()).hexdigest()


def check_types(folder: Path, names: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Return what mypy says of each row's tree and of the facade upon it; equal trees are looked at once."""
    first: dict[str, str] = {_code(frozen_tree()): ""}
    same: dict[str, list[str]] = {}
    typed = folder / "typed"
    for name in names:
        tree = folder / name / PACKAGE.name / "lowlevel"
        code = _code(read_tree(tree))
        if code not in first:
            first[code] = name
            _rewrite(tree, typed / name)
        same.setdefault(first[code], []).append(name)
    found: dict[str, list[tuple[str, str]]] = {}
    for path, text in _mypy(typed):
        for name in same[path.split("/")[0]]:
            found.setdefault(name, []).append((path, text))
    return found


def _facade() -> dict[str, str]:
    """Return the modules that stand on the generated tree, directly or not, and their texts."""
    paths = [*PACKAGE.glob("*.py"), *PACKAGE.glob("content/*.py")]
    texts = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in paths
        if path.stem != "__init__"
    }
    found = {"lowlevel": ""}
    while more := {name: text for name, text in texts.items() if name not in found and _imports(text, found)}:
        found |= more
    del found["lowlevel"]
    return found


def _imports(text: str, names: Iterable[str]) -> bool:
    return re.search(rf"from connectly_api(\.({'|'.join(names)})\b| import ({'|'.join(names)})\b)", text) is not None


def _rewrite(tree: Path, package: Path) -> None:
    """Copy a tree, and the facade, as a package of another name, so that mypy can look at all at once."""
    facade = _facade()
    names = "|".join(["lowlevel", *facade])
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "content").mkdir()
    (package / "content" / "__init__.py").touch()
    (package / "lowlevel").symlink_to(tree)
    for name, text in facade.items():
        package.joinpath(*name.split(".")).with_suffix(".py").write_text(
            re.sub(rf"\bconnectly_api(\.({names})\b| import ({names})\b)", rf"{package.name}\1", text), encoding="utf-8"
        )


def _mypy(typed: Path) -> Iterator[tuple[str, str]]:
    """Yield each error, with the path of its file below the folder."""
    if not typed.exists():
        return
    options = ["--strict", "--python-version=3.11", "--config-file=", "--cache-dir", str(typed.parent / "mypy")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--no-error-summary", "--no-pretty", "--no-color-output", "."],
        cwd=typed,
        env={**os.environ, "MYPYPATH": f"{typed}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1) or done.stderr:
        raise RuntimeError(f"mypy failed:\n{done.stdout}{done.stderr}")
    for text in done.stdout.splitlines():
        if (match := re.fullmatch(r"(row_\d+/[^:]*):\d+: (error: .*)", text)) is not None:
            yield match[1], match[2]
        elif ": note: " not in text:
            raise RuntimeError(f"mypy says of something else: {text}")


def _contract(folder: Path, names: list[str]) -> dict[str, str]:
    """Return what the contract tests' cases come to on each row's tree, or an empty string where all is well."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.codegen.catalogue.contract", str(folder), *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the contract cannot be looked at:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
