"""The command line: `python -m codegen generate | check | diff | update`, in a checkout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # Run as a folder: make the imports below work.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from codegen.check import compare
from codegen.difference import FORMATS, Format
from codegen.generate import PUBLISHED, Layout, build, read_tree, write_tree
from codegen.spec.document import CodegenError
from codegen.swap import recover
from codegen.terminal_text import printable
from codegen.update import prepare_update, put_in_place, render_update

_ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, which the command's `--help` explains."""
    given = _parser().parse_args(arguments)
    if given.command == "diff":
        return _diff(given.old, given.new, given.format)
    if given.command == "update":
        return _update(given.root.resolve(), given.source, dry_run=given.dry_run)
    layout = Layout.of(given.root.resolve(), given.swagger, given.out)
    try:
        recover(layout.root)
        return _check(layout) if given.command == "check" else _generate(layout)
    except CodegenError as error:
        print(printable(f"codegen: {error}", sys.stderr.encoding), file=sys.stderr)  # noqa: T201  the output of a command
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in (
        ("generate", "generate connectly_api/lowlevel"),
        ("check", "check that the tree is up to date: exit 1 if it is stale or was edited"),
    ):
        command = commands.add_parser(name, help=purpose, description=purpose)
        command.add_argument("--root", type=Path, default=_ROOT, help="a checkout; by default, this one")
        command.add_argument("--swagger", type=Path, help="a Swagger 2.0 file other than the vendored one")
        command.add_argument("--out", type=Path, help="an output folder other than connectly_api/lowlevel")
    command = commands.add_parser(
        "diff",
        help="show what changed between two files of the vendor, and what that means for a client",
        description="Compare the meaning of two files, Swagger 2.0 or OpenAPI 3: names of definitions, operation ids "
        "and order are ignored.",
        epilog="exit status: 0 no changes, or cosmetic ones; 1 additive; 3 breaking; 2 a file cannot be read",
    )
    command.add_argument("old", metavar="OLD", help="the old file: a path or an https URL; JSON or YAML")
    command.add_argument("new", metavar="NEW", help="the new file")
    command.add_argument("--format", choices=FORMATS, default="text", help="the output format; by default, text")
    command = commands.add_parser(
        "update",
        help="replace the vendor's file and regenerate everything",
        description="Read a Swagger 2.0 or OpenAPI 3 file, show what changed and which handwritten code that affects, "
        "replace service.swagger.json and regenerate. If any step fails, nothing changes.",
        epilog="exit status: 0 done, or nothing to do; 2 the file was rejected, or a step failed; 130 interrupted",
    )
    command.add_argument("source", metavar="FILE-OR-ADDRESS", help="a path or an https URL; JSON or YAML")
    command.add_argument("--dry-run", action="store_true", help="print the report without changing anything")
    command.add_argument("--root", type=Path, default=_ROOT, help="a checkout; by default, this one")
    return parser


def _update(root: Path, source: str, *, dry_run: bool) -> int:
    try:
        update = prepare_update(root, source)
        if not dry_run:
            put_in_place(root, update)
    except CodegenError as error:
        print(printable(f"codegen: {error}", sys.stderr.encoding), file=sys.stderr)  # noqa: T201  the output of a command
        return 2
    except KeyboardInterrupt:
        print("codegen: interrupted; nothing was changed", file=sys.stderr)  # noqa: T201  as above
        return 130
    print(printable(render_update(update, done=not dry_run), sys.stdout.encoding))  # noqa: T201  as above
    return 0


def _diff(old: str, new: str, format: Format) -> int:  # noqa: A002  the option's own word
    from codegen.diff import diff  # noqa: PLC0415  the validators take half a second

    try:
        outcome = diff(old, new, format)
    except CodegenError as error:
        print(printable(f"codegen: {error}", sys.stderr.encoding), file=sys.stderr)  # noqa: T201  the output of a command
        return 2
    print(printable(outcome.text, sys.stdout.encoding))  # noqa: T201  as above
    return outcome.status


def _generate(layout: Layout) -> int:
    tree = build(layout)
    write_tree(tree.files, layout.out)
    if layout.published is not None:
        layout.published.parent.mkdir(exist_ok=True)
        layout.published.write_bytes(tree.published)
    counts = tree.counts
    print(  # noqa: T201  the output of a command
        f"{layout.out}: {counts.operations} operations, {counts.schemas} schemas, {counts.properties} properties, "
        f"in {len(tree.files)} files"
    )
    return 0


def _check(layout: Layout) -> int:
    tree = build(layout)
    expected, found = dict(tree.files), read_tree(layout.out)
    if layout.published is not None:
        expected[PUBLISHED.as_posix()] = tree.published
        if layout.published.exists():
            found[PUBLISHED.as_posix()] = layout.published.read_bytes()
    difference = compare(expected, found)
    if not difference:
        print(f"{layout.out} is up to date with {layout.swagger.name}")  # noqa: T201  as above
        return 0
    print("\n".join(difference))  # noqa: T201  as above
    print(  # noqa: T201  as above
        f"\n{layout.out} is not up to date with {layout.swagger.name}: it is stale, or was edited by hand.\n"
        'To fix it, run "make generate" (python -m codegen generate) and commit the changes.',
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
