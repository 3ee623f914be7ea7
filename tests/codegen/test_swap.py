from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from codegen.spec.document import CodegenError
from codegen.swap import FOLDER, recover, swap

NEW: Mapping[str, bytes | Mapping[str, bytes]] = {
    "file.json": b"new",
    "deep/new.json": b"n",
    "tree": {"a.py": b"a2", "more/c.py": b"c"},
}
OLD = {"file.json": b"old", "tree/a.py": b"a1", "tree/b.py": b"b", "other.txt": b"kept"}
DONE = {"file.json": b"new", "deep/new.json": b"n", "tree/a.py": b"a2", "tree/more/c.py": b"c", "other.txt": b"kept"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, content in OLD.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_everything_is_put_in_its_place(root: Path) -> None:
    swap(root, NEW)
    assert files(root) == DONE
    assert not (root / FOLDER).exists()
    assert recover(root) is False


class StoppedError(BaseException):
    """What ends a run from outside, like Ctrl-C."""


@pytest.mark.parametrize("failure", [OSError("the disk is full"), KeyboardInterrupt(), StoppedError()])
@pytest.mark.parametrize("step", range(14))
def test_a_failure_at_any_step_leaves_everything_as_it_was(
    step: int, failure: BaseException, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    def counted(name: str) -> None:
        original = getattr(Path, name)

        def call(self: Path, *args: object, **more: object) -> object:
            nonlocal count
            count += 1
            if count == step + 1:
                raise failure
            return original(self, *args, **more)

        monkeypatch.setattr(Path, name, call)

    for name in ("write_bytes", "replace", "unlink"):
        counted(name)
    try:
        swap(root, NEW)
        failed = False
    except type(failure):
        failed = True
    monkeypatch.undo()
    assert files(root) == (OLD if failed else DONE)
    assert failed == (step < 12)
    assert not (root / FOLDER).exists()


CRASH = """
import os, sys
from pathlib import Path
from codegen.swap import swap
sys.path[:0] = [sys.argv[3]]
count = 0
for name in ("write_bytes", "replace", "unlink"):
    def wrap(original):
        def call(self, *args, **more):
            global count
            count += 1
            if count > int(sys.argv[2]):
                os._exit(9)
            return original(self, *args, **more)
        return call
    setattr(Path, name, wrap(getattr(Path, name)))
swap(Path(sys.argv[1]), {"file.json": b"new", "deep/new.json": b"n", "tree": {"a.py": b"a2", "more/c.py": b"c"}})
"""


@pytest.mark.parametrize("step", [0, 3, 5, 6, 7, 9, 10])
def test_a_crash_is_taken_back_by_whoever_comes_next(step: int, root: Path) -> None:
    checkout = Path(__file__).resolve().parent.parent.parent
    command = [sys.executable, "-c", CRASH, str(root), str(step), str(checkout)]
    done = subprocess.run(command, cwd=checkout, check=False, capture_output=True)
    assert done.returncode == 9
    assert recover(root) is True
    assert files(root) == OLD


def test_a_crash_after_the_last_step_is_tidied_up(root: Path) -> None:
    swap(root, NEW)
    (root / FOLDER / "old").mkdir(parents=True)
    assert recover(root) is True
    assert files(root) == DONE


def test_what_cannot_be_taken_back_is_said(root: Path) -> None:
    (root / FOLDER).mkdir()
    (root / FOLDER / "list.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CodegenError, match=r"could not be undone .*; the replaced files are in .*old"):
        recover(root)
    assert (root / FOLDER).exists()
