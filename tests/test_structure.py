"""The code's structure stays within bounds: its size, the depth of its imports, and how things are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.code_metrics import Folder, find_repeated_outside_tests, is_participle, measure, render

ROOT = Path(__file__).parent.parent
NOW = measure(ROOT)

# Upper bounds. Lower one when the number falls; raise it only with a reason.
LINES = 41_200
PARTICIPLES = 0
REPEATED_NAMES = 0
REPEATED_NAMES_IN_TESTS = 0
FOLDERS = {
    "codegen": Folder(modules=36, depth=10, rooms=13, floors=6, arrows=102, median=108),
    "connectly_api": Folder(modules=262, depth=23, rooms=41, floors=12, arrows=1150, median=112),
    "connectly_api/sandbox": Folder(modules=73, depth=16, rooms=22, floors=10, arrows=280, median=124),
}


def test_the_product_code_stays_within_its_lines() -> None:
    assert NOW.lines <= LINES


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("number", ["modules", "depth", "rooms", "floors", "arrows", "median"])
def test_a_folder_stays_within_its_bounds(name: str, number: str) -> None:
    assert getattr(NOW.folders[name], number) <= getattr(FOLDERS[name], number)


def test_functions_are_named_by_verbs() -> None:
    assert len(NOW.participles) <= PARTICIPLES, "\n".join(NOW.participles)


def test_module_names_are_unique() -> None:
    outside_tests = find_repeated_outside_tests(NOW)

    assert len(outside_tests) <= REPEATED_NAMES, outside_tests
    assert len(NOW.repeated) - len(outside_tests) <= REPEATED_NAMES_IN_TESTS, NOW.repeated


@pytest.mark.parametrize(
    "name",
    ["told", "_spelt_paths", "_settled", "reading", "given_names", "unlisted", "unwritten", "__made", "left_over"],
)
def test_a_participle_or_a_past_tense_is_found(name: str) -> None:
    assert is_participle(name)


@pytest.mark.parametrize(
    "name",
    ["read", "set_up", "put", "feed_bytes", "needs", "ping", "_string", "is_told", "to_json", "docstring", "union"],
)
def test_a_verb_a_noun_or_a_predicate_is_none(name: str) -> None:
    assert not is_participle(name)


def make_tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def test_a_tree_is_measured_without_generated_code(tmp_path: Path) -> None:
    tree = make_tree(
        tmp_path,
        {
            "codegen/__init__.py": "",
            "connectly_api/__init__.py": "if TYPE_CHECKING:\n    from connectly_api.a import x\n",
            "connectly_api/a.py": "from connectly_api.b.c import x\ndef told():\n    def is_b(): 1\n",
            "connectly_api/b/__init__.py": "",
            "connectly_api/b/c.py": "def f():\n    import connectly_api.b.d\n@property\ndef given(): 1\n",
            "connectly_api/b/d.py": "from . import c\n",
            "connectly_api/lowlevel/a.py": "def given(): 1\n",
            "tests/b/test_c.py": "",
            "tests/conftest.py": "",
            "tests/c.py": "",
            "tools/a.py": "",
        },
    )
    metrics = measure(tree)

    assert (metrics.lines, metrics.functions) == (10, 3)
    assert metrics.participles == ("connectly_api/a.py:2 told",)
    assert metrics.repeated == {
        "a": ("connectly_api/a.py", "tools/a.py"),
        "c": ("connectly_api/b/c.py", "tests/c.py"),
    }
    assert find_repeated_outside_tests(metrics) == ["a"]
    # Two modules that import each other are one step of a chain.
    assert metrics.folders["connectly_api"] == Folder(modules=5, depth=2, rooms=3, floors=2, arrows=3, median=2)
    assert metrics.folders["connectly_api/b"] == Folder(modules=3, depth=1, rooms=3, floors=1, arrows=2, median=1)


def test_two_trees_are_printed_side_by_side(tmp_path: Path) -> None:
    before = measure(make_tree(tmp_path / "x", {"codegen/a.py": "1\n", "connectly_api/b/c.py": "1\n"}))
    after = measure(make_tree(tmp_path / "y", {"codegen/a.py": "1\n2\n", "connectly_api/c.py": "1\n"}))
    lines = render([("before", before), ("after", after)]).splitlines()

    assert lines[:3] == ["|  | before | after |", "| --- | --- | --- |", "| lines of product code | 2 | 3 |"]
    assert "| connectly_api/b | 1 → – | 1 → – | 1 → – | 1 → – | 0 → – | 1 → – |" in lines
    assert "| codegen | 1 → 1 | 1 → 1 | 1 → 1 | 1 → 1 | 0 → 0 | 1 → 2 |" in lines
