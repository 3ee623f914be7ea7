"""Whatever the vendor publishes next comes to what it should: refused, of no concern to the facade, or of some.

The successors follow the frozen file, in a copy of the package, so that a new vendored file leaves these tests alone.
`python -m tests.successors` runs the whole of `update` and `make check` on them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import pytest

from codegen.generate import Layout, Tree, build, write_tree
from codegen.spec.document import CodegenError
from tests.codegen.catalogue.outcome import check_types
from tests.codegen.samples import ROOT, TABLE, VENDORED, freeze, swagger
from tests.successors.vendor_successors import SUCCESSORS, Successor

PROCESSES = 2


@attrs.frozen
class Result:
    """What came of a successor: the tree, or why there is none; what mypy finds in the facade; what no longer works."""

    tree: Tree | None
    refusal: str
    types: list[str]
    broken: Mapping[str, str]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Generate a tree for each successor, and try the facade on it."""
    folder = tmp_path_factory.mktemp("successors")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "connectly_api", folder / "checkout" / "connectly_api", ignore=ignored)
    freeze(folder / "checkout")
    trees: dict[str, Tree] = {}
    refusals: dict[str, str] = {}
    folders: dict[str, str] = {}
    for number, successor in enumerate(SUCCESSORS.values()):
        place = folder / f"row_{number}"
        place.mkdir()
        try:
            trees[successor.name] = _generate(successor, folder / "checkout", place)
            folders[successor.name] = place.name
        except CodegenError as error:
            refusals[successor.name] = str(error)
    with ThreadPoolExecutor() as pool:  # Each waits for processes of its own.
        types, broken = pool.submit(check_types, folder, [*folders.values()]), pool.submit(_call, folder, folders)
    return {
        name: Result(
            trees.get(name),
            refusals.get(name, ""),
            [text for path, text in types.result().get(folders.get(name, ""), []) if "/lowlevel/" not in path],
            broken.result().get(name, {}),
        )
        for name in SUCCESSORS
    }


def _generate(successor: Successor, checkout: Path, place: Path) -> Tree:
    file = place / "service.swagger.json"
    file.write_bytes(successor.write(swagger(VENDORED)))
    tree = build(Layout(checkout, file, Layout.of(checkout).out, checkout / "codegen" / TABLE.name))
    (place / "connectly_api").mkdir()
    for entry in (ROOT / "connectly_api").iterdir():
        if entry.name not in {"lowlevel", "__pycache__"}:
            (place / "connectly_api" / entry.name).symlink_to(entry)
    write_tree(tree.files, place / "connectly_api" / "lowlevel")
    return tree


def _call(folder: Path, folders: Mapping[str, str]) -> dict[str, Any]:
    shares = [[*folders.values()][number::PROCESSES] for number in range(PROCESSES)]
    with ThreadPoolExecutor() as pool:
        found = {
            place: broken for share in pool.map(lambda share: _run(folder, share), shares) for place, broken in share
        }
    return {name: found[place] for name, place in folders.items()}


def _run(folder: Path, places: list[str]) -> list[tuple[str, Any]]:
    command = [sys.executable, "-m", "tests.successors.facade_check", str(folder), *places]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [*json.loads(done.stdout).items()]


@pytest.mark.long
@pytest.mark.once
@pytest.mark.parametrize("name", SUCCESSORS)
def test_a_successor_comes_to_what_it_should(name: str, results: Mapping[str, Result]) -> None:
    successor, result = SUCCESSORS[name], results[name]
    if successor.refused:
        assert successor.refused in result.refusal
        return
    assert result.tree is not None, result.refusal
    assert result.broken.keys() == successor.concerned, result.broken
    assert successor.concerned or not result.types, result.types
    published = list_operations(successor.write(swagger(VENDORED)))
    assert published - list_operations(result.tree.files["service.swagger.json"]) == {*successor.left_out}
    assert all(result.tree.left_out.values())
    operations = {what for what in result.tree.left_out if not what.startswith("definition ")}
    assert operations == {*successor.left_out}
    if successor.is_inert:
        assert list_names(result.tree.published) == list_names(TABLE.read_bytes())


def list_operations(file: bytes) -> set[str]:
    document = json.loads(file)
    paths: Mapping[str, Mapping[str, object]] = document["paths"]
    return {f"{method.upper()} {path}" for path, item in paths.items() for method in item if method != "parameters"}


def list_names(table: bytes) -> list[str]:
    """Return what a table of names offers, wherever in the file it comes from."""
    content = json.loads(table)
    owners = [(name, one["kind"], *sorted(one["names"].values())) for name, one in content["owners"].items()]
    return sorted(map(repr, [*content["operations"].values(), *owners]))
