from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from codegen import generate
from codegen.documented_facts import apply_facts
from codegen.generate import Layout, build, read_tree, write_tree
from codegen.spec.document import CodegenError
from tests.codegen.samples import NAMES, ROOT, TABLE, VENDORED, frozen_tree, swagger, swagger_path


def test_a_file_that_states_every_fact_is_in_the_tree_byte_for_byte() -> None:
    assert frozen_tree()["service.swagger.json"] == swagger_path(VENDORED).read_bytes()


def test_one_file_alone_says_what_the_tree_was_made_from() -> None:
    digest = hashlib.sha256(swagger_path(VENDORED).read_bytes()).hexdigest().encode()
    tree = frozen_tree()
    assert [path for path, content in tree.items() if digest in content] == ["_source.py"]
    assert [path for path, content in tree.items() if b"openapi-python-client" in content] == ["_source.py"]


def test_the_file_in_the_tree_has_no_operation_that_is_left_out() -> None:
    source = apply_facts(swagger("inline_bodies"))
    kept = json.loads(build(Layout.of(ROOT, swagger_path("inline_bodies"))).files["service.swagger.json"])
    del source["paths"]["/v1/shops/{shopId}/orders:watch"]["get"]
    assert kept == source


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_the_bytes_do_not_depend_on_hash_seeds_or_the_current_folder(seed: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
    source = swagger_path("maps" if seed == "0" else "collection_formats")
    command = [
        sys.executable,
        "-m",
        "codegen",
        "generate",
        "--swagger",
        str(source),
        "--out",
        str(tmp_path / "tree"),
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert read_tree(tmp_path / "tree") == build(Layout.of(ROOT, source)).files
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tree"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_is_generated_is_formatted_as_the_project_is(name: str, tmp_path: Path) -> None:
    write_tree(build(Layout.of(ROOT, swagger_path(name))).files, tmp_path / "tree")
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--check",
        "--no-cache",
        "--config",
        str(ROOT / "pyproject.toml"),
    ]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (RecursionError("too deep"), "RecursionError: too deep"),
        (KeyError("x"), "KeyError: 'x'"),
        (CodegenError("#/paths: odd"), "#/paths: odd"),
    ],
)
def test_whatever_fails_names_the_file(error: Exception, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(generate, "convert", fail)
    with pytest.raises(CodegenError, match=rf"service\.swagger\.json: {problem}"):
        build(Layout.of(ROOT, swagger_path(VENDORED)))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match=r"cannot read .*gone\.json: No such file"):
        build(Layout.of(ROOT, tmp_path / "gone.json"))


def lock(root: Path, text: str) -> Path:
    (root / "requirements").mkdir()
    (root / "requirements" / "codegen.txt").write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            (r"^openapi-python-client==.*?(?= |$)", "openapi-python-client==0.1.0"),
            "client .* pins another version",
        ),
        ((r"^ruff==.*?(?= |$)", "ruff==0.0.1"), "ruff .* is installed, and"),
        ((r"^ruff==", "rough=="), "ruff .* is installed, and"),
    ],
)
def test_another_version_of_a_tool_than_the_pinned_one_is_refused(
    change: tuple[str, str], problem: str, tmp_path: Path
) -> None:
    text = (ROOT / "requirements" / "codegen.txt").read_text(encoding="utf-8")
    root = lock(tmp_path, re.sub(*change, text, flags=re.MULTILINE))
    with pytest.raises(CodegenError, match=problem):
        build(Layout.of(root, swagger_path(VENDORED)))


def test_a_formatter_that_fails_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "FORMATTING", ("--no-such-option",))
    with pytest.raises(CodegenError, match=r"(?s)ruff check failed on the generated code:.*--no-such-option"):
        build(Layout.of(ROOT, swagger_path(VENDORED)))


FILES = {"_source.py": b"1\n", "models/a.py": b"2\n"}


def test_a_tree_is_written_where_there_is_none(tmp_path: Path) -> None:
    write_tree(FILES, tmp_path / "deep" / "tree")
    assert read_tree(tmp_path / "deep" / "tree") == FILES
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["tree"]


def test_a_tree_takes_the_place_of_another(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    write_tree({**FILES, "models/old.py": b"3\n"}, tree)
    (tree / "models" / "__pycache__").mkdir()
    (tree / "models" / "__pycache__" / "old.pyc").write_bytes(b"4")
    write_tree({**FILES, "_source.py": b"5\n"}, tree)
    assert read_tree(tree) == {**FILES, "_source.py": b"5\n"}


def test_what_is_the_same_is_left_alone(tmp_path: Path) -> None:
    write_tree(FILES, tmp_path / "tree")
    before = (tmp_path / "tree" / "_source.py").stat().st_mtime_ns  # Reading it may change the time of access.
    write_tree({**FILES, "new.py": b""}, tmp_path / "tree")
    assert (tmp_path / "tree" / "_source.py").stat().st_mtime_ns == before


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    write_tree(FILES, tmp_path / "tree")
    assert read_tree(tmp_path / "tree") == FILES


def test_a_folder_that_is_no_generated_tree_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(CodegenError, match="is not a generated tree"):
        write_tree(FILES, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


@pytest.mark.slow
def test_a_copy_of_the_repository_is_generated_from_its_own_files(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    text = swagger_path(VENDORED).read_text(encoding="utf-8")
    text = text.replace('"v1Footer"', '"v1Foot"').replace("/v1Footer", "/v1Foot")
    (tmp_path / "service.swagger.json").write_text(text, encoding="utf-8")
    layout = Layout.of(tmp_path)
    assert layout.out == tmp_path / "connectly_api" / "lowlevel"
    assert "models/foot.py" in build(layout).files
    (tmp_path / "codegen").mkdir()
    shutil.copy(TABLE, tmp_path / "codegen" / "names.json")
    assert "models/footer.py" in build(layout).files
