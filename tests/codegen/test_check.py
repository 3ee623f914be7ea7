from __future__ import annotations

from codegen.check import compare

TREE = {"__init__.py": b"a = 1\nb = 2\n", "models/thing.py": b"class Thing: ...\n"}


def test_the_same_tree_makes_no_difference() -> None:
    assert compare(TREE, dict(TREE)) == []
    assert compare({}, {}) == []


def test_an_edited_file_is_shown_as_a_diff_towards_what_is_generated() -> None:
    assert compare(TREE, {**TREE, "__init__.py": b"a = 1\nb = 3\n"}) == [
        "--- __init__.py (found)",
        "+++ __init__.py (generated)",
        "@@ -1,2 +1,2 @@",
        " a = 1",
        "-b = 3",
        "+b = 2",
    ]


def test_a_missing_file_is_named_and_shown() -> None:
    found = compare(TREE, {"__init__.py": TREE["__init__.py"]})
    assert found[0] == "missing: models/thing.py"
    assert found[-1] == "+class Thing: ..."


def test_an_extra_file_is_named_and_shown() -> None:
    found = compare(TREE, {**TREE, "models/other.py": b"x\n"})
    assert found[0] == "extra: models/other.py"
    assert found[-1] == "-x"


def test_an_extra_file_of_any_bytes_is_named() -> None:
    assert compare({}, {"a": b"\xff\xfe"})[0] == "extra: a"
    assert compare({}, {"a": b""})[0] == "extra: a"


def test_a_difference_that_no_line_shows_is_named() -> None:
    assert compare({"a": b"x\n"}, {"a": b"x\r\n"}) == ["a: differs only in invisible bytes, such as line endings"]
