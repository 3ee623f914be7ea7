"""The command line: `python -m codegen generate | check | diff | update`, in a checkout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from codegen.difference import FORMATS, Impact, compare, render
from codegen.documented_facts import apply_facts
from codegen.generate import PUBLISHED, Layout, build, find_changes, read_tree, write_tree
from codegen.spec.document import CodegenError
from codegen.spec.source import read_source
from codegen.spec.to_openapi import convert
from codegen.terminal_text import printable
from codegen.update import list_left_out, prepare_update, put_in_place

_Command = Callable[[argparse.Namespace], int]

_ROOT: Final = Path(__file__).resolve().parent.parent
_STATUSES: Final[Mapping[Impact | None, int]] = {None: 0, "cosmetic": 0, "additive": 1, "breaking": 3}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, which the command's `--help` explains."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except (CodegenError, OSError) as error:
        _print(f"codegen: {error}", sys.stderr)
        return 2
    except KeyboardInterrupt:
        _print("codegen: interrupted", sys.stderr)
        return 130


def _print(text: str, file: TextIO | None = None) -> None:
    output = file or sys.stdout
    print(printable(text, output.encoding), file=output)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def add(name: str, run: _Command, purpose: str, epilog: str = "") -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=purpose, description=purpose, epilog=epilog)
        command.set_defaults(run=run)
        return command

    generate = add("generate", _generate, "generate connectly_api/lowlevel")
    check = add("check", _check, "check that the tree is up to date: exit 1 if it is stale or was edited")
    diff = add(
        "diff",
        _diff,
        "show what changed between two files of the vendor, and what that means for a client",
        epilog="exit status: 0 no changes, or cosmetic ones; 1 additive; 3 breaking; 2 a file cannot be read",
    )
    diff.add_argument("old", metavar="OLD", help="the old file: a path or an https URL")
    diff.add_argument("new", metavar="NEW", help="the new file")
    diff.add_argument("--format", choices=FORMATS, default="text", help="the output format; by default, text")
    update = add(
        "update",
        _update,
        "try a new file out in a copy of the checkout, write what it changes, and say what is left to do by hand",
        epilog="exit status: 0 done, or nothing to do; 2 the file cannot be used, or the checkout is not clean",
    )
    update.add_argument("source", metavar="FILE-OR-ADDRESS", help="a path or an https URL")
    update.add_argument("--dry-run", action="store_true", help="print the report without changing anything")
    for command in (generate, check, update):
        command.add_argument("--root", type=Path, default=_ROOT, help="a checkout; by default, this one")
    for command in (generate, check):
        command.add_argument("--swagger", type=Path, help="a Swagger 2.0 file other than the vendored one")
        command.add_argument("--out", type=Path, help="an output folder other than connectly_api/lowlevel")
    return parser


def _generate(given: argparse.Namespace) -> int:
    layout = Layout.of(given.root.resolve(), given.swagger, given.out)
    tree = build(layout)
    write_tree(tree.files, layout.out)
    if layout.published is not None:
        layout.published.write_bytes(tree.published)
    _print("\n".join([f"{layout.out}: {len(tree.files)} files", *list_left_out(tree)]))
    return 0


def _check(given: argparse.Namespace) -> int:
    layout = Layout.of(given.root.resolve(), given.swagger, given.out)
    tree = build(layout)
    expected, found = dict(tree.files), read_tree(layout.out)
    if layout.published is not None:
        expected[PUBLISHED.as_posix()] = tree.published
        found |= {PUBLISHED.as_posix(): layout.published.read_bytes()} if layout.published.exists() else {}
    if changes := find_changes(found, expected):
        _print("\n".join(changes))
        _print(f"\n{layout.out} is stale, or was edited by hand: run make generate, and commit the changes", sys.stderr)
        return 1
    _print("\n".join([f"{layout.out} is up to date with {layout.swagger.name}", *list_left_out(tree)]))
    return 0


def _diff(given: argparse.Namespace) -> int:
    old, new = (convert(apply_facts(read_source(location).document)) for location in (given.old, given.new))
    difference = compare(old, new)
    _print(render(difference, given.format))
    return _STATUSES[difference.impact]


def _update(given: argparse.Namespace) -> int:
    root = given.root.resolve()
    update = prepare_update(root, given.source)
    if update is None:
        _print(f"{given.source} is identical to service.swagger.json: nothing to do.")
        return 0
    if not given.dry_run:
        put_in_place(root, update)
    _print("\n".join([*(["Dry run: nothing is written.", ""] if given.dry_run else []), *update.report]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
