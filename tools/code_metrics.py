"""Print numbers about the code's structure as Markdown: `python -m tools.code_metrics [TREE ...]`.

A tree is a checkout of this project, by default this one; several are printed side by side. Generated code is excluded.
The depth of a folder's imports is the longest chain of modules in it that import each other at run time. A folder's
rooms are its modules and the folders in it; its floors are the longest chain of rooms.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Final

import attrs

from tools.import_graph import Graph, Module, find_floors, read_package

_ROOT: Final = Path(__file__).resolve().parent.parent
_PRODUCT: Final = ("connectly_api", "codegen")
_REPOSITORY: Final = (*_PRODUCT, "benchmarks", "examples", "tests", "tools")
_GENERATED: Final = "lowlevel"
_REPEATABLE: Final = frozenset({"__init__", "__main__", "conftest"})
"""Names that Python and pytest require."""

_ED_VERBS: Final = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "succeed"})
_ING_NOUNS: Final = frozenset(
    {
        "bring",
        "docstring",
        "encoding",
        "heading",
        "mapping",
        "ping",
        "recording",
        "ring",
        "setting",
        "string",
        "thing",
        "warning",
    }
)
_IRREGULAR_FORMS: Final = (
    "become been begun bent bound bought broken brought built caught chosen dealt done drawn driven fallen fed felt "
    "flown forgotten fought found frozen given gone got grown had heard held hidden hung kept known laid led left lent "
    "lit lost made meant met paid said sat seen sent shaken shot shown slept sold sought spelt spent spoilt spoken "
    "spun stolen stood struck stuck sung sworn swept taken taught thought thrown told torn understood was went won "
    "worn wound written"
)
_IRREGULAR: Final = frozenset(_IRREGULAR_FORMS.split())


@attrs.frozen
class Folder:
    """The modules in a folder and below.

    Attributes:
        modules: The number of modules.
        depth: The longest chain of imports among them.
        rooms: The modules and the folders directly in it.
        floors: The longest chain of imports among its rooms.
        arrows: The number of imports between its rooms.
        median: The median length of a module, in lines.
    """

    modules: int
    depth: int
    rooms: int
    floors: int
    arrows: int
    median: int


@attrs.frozen
class Metrics:
    """The metrics of a tree.

    Attributes:
        lines: Lines of product code.
        modules: The number of modules of product code.
        functions: The number of functions of product code.
        participles: Those named by a participle or a past tense, each with its file and line.
        repeated: Module names that occur twice or more, with their files.
        folders: By path, parents first.
    """

    lines: int
    modules: int
    functions: int
    participles: tuple[str, ...]
    repeated: Mapping[str, tuple[str, ...]]
    folders: Mapping[str, Folder]


def is_participle(name: str) -> bool:
    """Return whether a function's name begins with a participle or a past tense instead of a verb or a noun.

    A word that ends in -ed or -ing counts, and so does every word in the list of irregular ones, also after un-. Forms
    that are also the infinitive (read, put, set, cut, split) do not count.
    """
    word = name.strip("_").split("_", 1)[0]
    if word.endswith("ed"):
        return word not in _ED_VERBS
    if word.endswith("ing"):
        return word.removeprefix("every").removeprefix("no") not in _ING_NOUNS
    return word.removeprefix("un") in _IRREGULAR


def measure(tree: Path) -> Metrics:
    """Measure a checkout.

    Args:
        tree: Its folder.
    """
    lines = count = functions = 0
    participles: list[str] = []
    folders: dict[str, Folder] = {}
    for name in _PRODUCT:
        package = read_package(tree / name)
        modules = {
            module.name: module for module in package.modules.values() if module.name.split(".")[0] != _GENERATED
        }
        graph = {module: package.build_graph()[module] & modules.keys() for module in modules}
        lengths = {module.name: _count_lines(module) for module in modules.values()}
        lines += sum(lengths.values())
        count += len(modules)
        for folder in sorted({module.path.parent for module in modules.values()}):
            inside = {module.name for module in modules.values() if module.path.is_relative_to(folder)}
            below = {module: graph[module] & inside for module in inside}
            rooms = _build_rooms(below, len(folder.relative_to(tree / name).parts))
            folders[folder.relative_to(tree).as_posix()] = Folder(
                modules=len(inside),
                depth=1 + max(find_floors(below).values()),
                rooms=len(rooms),
                floors=1 + max(find_floors(rooms).values()),
                arrows=sum(map(len, below.values())),
                median=round(median(lengths[module] for module in inside)),
            )
        for module in modules.values():
            for function in _functions(module.tree):
                functions += 1
                if is_participle(function.name):
                    place = module.path.relative_to(tree).as_posix()
                    participles.append(f"{place}:{function.lineno} {function.name}")
    return Metrics(lines, count, functions, tuple(participles), _find_repeated(tree), folders)


def _build_rooms(graph: Graph, depth: int) -> Graph:
    """Return which room of a folder imports which, from its modules; the folder's `__init__` is a room, too."""

    def name_room(module: str) -> str:
        return (module.split(".") + [""] * depth)[depth] if module else ""

    rooms: dict[str, set[str]] = defaultdict(set)
    for module, others in graph.items():
        rooms[name_room(module)] |= {name_room(other) for other in others} - {name_room(module)}
    return {room: frozenset(others) for room, others in rooms.items()}


def _count_lines(module: Module) -> int:
    return len(module.path.read_text("utf-8").splitlines())


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield functions and methods; a property is a value, and named like one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
            if not decorators & {"property", "cached_property", "setter"}:
                yield node


def _find_repeated(tree: Path) -> dict[str, tuple[str, ...]]:
    places: dict[str, list[str]] = defaultdict(list)
    for top in _REPOSITORY:
        for path in sorted((tree / top).rglob("*.py")):
            place = path.relative_to(tree)
            if path.stem not in _REPEATABLE and _GENERATED not in place.parts:
                places[path.stem].append(place.as_posix())
    return {name: tuple(found) for name, found in sorted(places.items()) if len(found) > 1}


def render(trees: Iterable[tuple[str, Metrics]]) -> str:
    """Return two tables in Markdown: one of totals, one by folder.

    Args:
        trees: The trees' names and metrics, from left to right.
    """
    names, columns = zip(*trees, strict=True)
    totals = {
        "lines of product code": [one.lines for one in columns],
        "modules": [one.modules for one in columns],
        "functions": [one.functions for one in columns],
        "functions named by a participle or a past tense": [len(one.participles) for one in columns],
        "module names that occur twice or more": [len(one.repeated) for one in columns],
        "of these outside tests": [len(find_repeated_outside_tests(one)) for one in columns],
    }
    folders = dict.fromkeys(name for one in columns for name in one.folders)
    return "\n".join(
        [
            *_render_table(["", *names], ([name, *map(str, values)] for name, values in totals.items())),
            "",
            *_render_table(
                ["folder", "modules", "depth of imports", "rooms", "floors", "arrows", "median module, lines"],
                ([name, *_render_folder([one.folders.get(name) for one in columns])] for name in sorted(folders)),
            ),
        ]
    )


def find_repeated_outside_tests(metrics: Metrics) -> list[str]:
    """Return the module names that occur twice or more when tests are left out."""
    return [
        name for name, places in metrics.repeated.items() if sum(not place.startswith("tests/") for place in places) > 1
    ]


def _render_folder(folders: list[Folder | None]) -> Iterator[str]:
    """Yield the cells of a folder, with an arrow from tree to tree; a dash means that a tree has no such folder."""
    for field in attrs.fields(Folder):
        yield " → ".join("–" if one is None else str(getattr(one, field.name)) for one in folders)


def _render_table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def main(arguments: list[str]) -> None:
    """Print the tables for the given trees, or for this one."""
    trees = [Path(argument).resolve() for argument in arguments] or [_ROOT]
    print(render((tree.name, measure(tree)) for tree in trees))  # noqa: T201 (the output of a command)


if __name__ == "__main__":
    main(sys.argv[1:])
