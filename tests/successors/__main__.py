"""Run `update` and `make check` for successors of the vendored file: `python -m tests.successors [NAME...]`.

Each runs in a copy of the checkout in a temporary folder, under version control of its own. Without a name, all run.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.codegen.samples import ROOT, VENDORED, freeze, swagger
from tests.left_out import search_path
from tests.successors.vendor_successors import SUCCESSORS, Successor

STAGES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "lint": (("ruff", "check", "--no-cache", "."), ("ruff", "format", "--check", "--no-cache", ".")),
    "types": (("mypy",), ("pyright",)),
    "drift": (("codegen", "check"),),
    "tests": (("pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "worksteal"),),
    "long": (("pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "-m", "long and not once"),),
    "wheel": (("tools.release", "check"), ("build", "--no-isolation"), ("tools.release", "files", "dist")),
}
"""The modules that each stage runs, with their arguments: `make check` without what downloads something."""

USUAL: Final = ("lint", "types", "drift", "tests")
NOTHING: Final = "Nothing changes for users of Connectly."
_SHOWN: Final = 60
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.*)$", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names, and return 1 if a successor that does not concern the facade fails a stage."""
    parser = _build_parser()
    given = parser.parse_args(arguments)
    if unknown := sorted({*given.names} - {*SUCCESSORS}):
        parser.error(f"no such successor: {', '.join(unknown)}; see --list")
    if given.list:
        print("\n".join(SUCCESSORS))  # noqa: T201  the output of a command
        return 0
    is_green = True
    for name in given.names or SUCCESSORS:
        with tempfile.TemporaryDirectory(prefix="successor-") as folder:
            root = Path(folder) / "checkout"
            copy_checkout(root)
            failures = list(_run_stages(SUCCESSORS[name], root, given.stages.split(","), shlex.split(given.pytest)))
            if given.keep is not None:
                shutil.copytree(root, given.keep / name.replace(" ", "_"), ignore=shutil.ignore_patterns(".venv"))
        is_green = is_green and (not failures or bool(SUCCESSORS[name].concerned))
    return 0 if is_green else 1


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.successors", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a successor; see --list")
    parser.add_argument("--list", action="store_true", help="print the names and exit")
    parser.add_argument("--stages", default=",".join(USUAL), help=f"of {', '.join(STAGES)}; by default, %(default)s")
    parser.add_argument("--pytest", default="", metavar="ARGUMENTS", help="more arguments of pytest, in one word")
    parser.add_argument("--keep", type=Path, help="a folder to keep the changed copies in")
    return parser


def copy_checkout(root: Path) -> None:
    """Copy the checkout as it is now, with the frozen file in the place of the vendored one, and commit the copy."""
    for path in _run_git("ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines():
        if (ROOT / path).is_file():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, root / path)
    (root / ".venv").symlink_to((ROOT / ".venv").resolve())
    freeze(root)
    _run_git("init", "--quiet", cwd=root)
    commit(root)


def commit(root: Path) -> None:
    """Commit everything."""
    _run_git("add", "--all", cwd=root)
    _run_git("commit", "--quiet", "--allow-empty", "--message", "State", cwd=root)


def _run_git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607  wherever git is
        cwd=cwd,
        env=_environment(cwd),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _environment(root: Path) -> dict[str, str]:
    without = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    names = {f"GIT_{role}_{key}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    return without | names | {"PYTHONPATH": search_path(root), "PYTHONDONTWRITEBYTECODE": "1"}


def _run_stages(successor: Successor, root: Path, stages: Sequence[str], more: Sequence[str]) -> Iterator[str]:
    """Update a copy and run the stages on it; yield what failed."""
    file = root.parent / "new.swagger.json"
    file.write_bytes(successor.write(swagger(VENDORED)))
    status, told, seconds = _run(root, "codegen", "update", str(file))
    is_as_expected = (status != 0) == bool(successor.refused)
    _tell(successor.name, "update", [] if is_as_expected else [told], seconds)
    if not is_as_expected:
        yield told
    if status:
        return
    if successor.concerned:
        print(_shorten(told), flush=True)  # noqa: T201  the output of a command
    elif NOTHING not in told:
        _tell(successor.name, "words of update", [_shorten(told)], 0)
        yield told
    commit(root)
    for stage in stages:
        failures: list[str] = []
        started = time.monotonic()
        for command in STAGES[stage]:
            status, told, _ = _run(root, *command, *(more if command[0] == "pytest" else ()))
            if status:
                failures += _FAILED.findall(told) or [f"{' '.join(command)}: {told[-2000:]}"]
        _tell(successor.name, stage, failures, time.monotonic() - started)
        yield from failures


def _run(root: Path, *command: str) -> tuple[int, str, float]:
    started = time.monotonic()
    done = subprocess.run(
        [str(root / ".venv" / "bin" / "python"), "-m", *command],
        cwd=root,
        env=_environment(root),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, time.monotonic() - started


def _shorten(told: str) -> str:
    """Return the first words of `update`, without the list of changes."""
    return "\n".join(told.partition("\nWhat the new file changes:")[0].splitlines()[:_SHOWN])


def _tell(name: str, stage: str, failures: Sequence[str], seconds: float) -> None:
    state = f"{len(failures)} failed" if failures else "passed"
    print(f"{name} · {stage}: {state} in {seconds:.0f} s", *(f"    {one}" for one in failures), sep="\n", flush=True)  # noqa: T201  the output of a command


if __name__ == "__main__":
    sys.exit(main())
