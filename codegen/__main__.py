"""The command line: `python -m codegen generate | check | diff | update` in a checkout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # Started as a folder: what is imported below has to be found first.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from codegen.check import compare
from codegen.difference import FORMATS, Format
from codegen.document import CodegenError
from codegen.generate import PUBLISHED, Layout, build, read_tree, write_tree
from codegen.swap import recover
from codegen.terminal import printable
from codegen.update import prepare_update, put_in_place, written

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; those of the process by default.

    Returns:
        The exit code: 0, 1 where the tree is not what it should be, 2 where it cannot be generated. Of `diff`: 0 where
        nothing changed for a client, 1 where something is new, 3 where something breaks, 2 where a file is unreadable.
    """
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
        print(printable(f"codegen: {error}", sys.stderr.encoding), file=sys.stderr)  # noqa: T201  a command speaks to its caller
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in (
        ("generate", "generate the tree and put it in its place"),
        ("check", "generate into a temporary folder and compare: exit 1 where the tree is stale or edited"),
    ):
        command = commands.add_parser(name, help=purpose, description=purpose)
        command.add_argument("--root", type=Path, default=_ROOT, help="a checkout; by default, the one this is in")
        command.add_argument("--swagger", type=Path, help="another Swagger 2.0 file than the vendored one")
        command.add_argument("--out", type=Path, help="another place than connectly_api/lowlevel")
    command = commands.add_parser(
        "diff",
        help="show what changed between two files of the vendor, and what it means to a client",
        description="Compare what two files mean, Swagger 2.0 or OpenAPI 3: names of definitions, operation ids "
        "and order do not count.",
        epilog="exit status: 0 nothing changed, or only what is written about it; 1 additive; 3 breaking; "
        "2 a file cannot be read",
    )
    command.add_argument("old", metavar="OLD", help="the file before: a path or an https address; JSON or YAML")
    command.add_argument("new", metavar="NEW", help="the file after")
    command.add_argument("--format", choices=FORMATS, default="text", help="text by default")
    command = commands.add_parser(
        "update",
        help="put a new file of the vendor in place, and all that follows from it",
        description="Read a Swagger 2.0 or OpenAPI 3 file, show what changed and which handwritten places it concerns, "
        "put it in the place of service.swagger.json and regenerate. Nothing changes where any step fails.",
        epilog="exit status: 0 done, or nothing to do; 2 the file is refused, or a step failed; 130 interrupted",
    )
    command.add_argument("source", metavar="FILE-OR-ADDRESS", help="a path or an https address; JSON or YAML")
    command.add_argument("--dry-run", action="store_true", help="show everything, change nothing")
    command.add_argument("--root", type=Path, default=_ROOT, help="a checkout; by default, the one this is in")
    return parser


def _update(root: Path, source: str, *, dry_run: bool) -> int:
    try:
        update = prepare_update(root, source)
        if not dry_run:
            put_in_place(root, update)
    except CodegenError as error:
        print(printable(f"codegen: {error}", sys.stderr.encoding), file=sys.stderr)  # noqa: T201  a command speaks to its caller
        return 2
    except KeyboardInterrupt:
        print("codegen: interrupted; everything is as it was", file=sys.stderr)  # noqa: T201  as above
        return 130
    print(printable(written(update, done=not dry_run), sys.stdout.encoding))  # noqa: T201  as above
    return 0


def _diff(old: str, new: str, format: Format) -> int:  # noqa: A002  the option's own word
    from codegen.diff import diff  # noqa: PLC0415  the validators take half a second

    try:
        outcome = diff(old, new, format)
    except CodegenError as error:
        print(printable(f"codegen: {error}", sys.stderr.encoding), file=sys.stderr)  # noqa: T201  a command speaks to its caller
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
    print(  # noqa: T201  a command speaks to its caller
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
        print(f"{layout.out} is what {layout.swagger.name} makes of it")  # noqa: T201  as above
        return 0
    print("\n".join(difference))  # noqa: T201  as above
    print(  # noqa: T201  as above
        f"\n{layout.out} is not what {layout.swagger.name} makes of it: it is stale, or was edited by hand.\n"
        'To mend it, run "make generate" (python -m codegen generate), and commit what changes.',
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
