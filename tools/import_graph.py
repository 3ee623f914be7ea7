"""Read which modules of a package import each other, from the source, without importing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import attrs

When = Literal["load", "call", "typing"]
"""When an import runs: with its module, inside a function, or never, because it is only for type checkers."""

RUN_TIME: Final[tuple[When, ...]] = ("load", "call")
ALWAYS: Final[tuple[When, ...]] = ("load", "call", "typing")

Graph = Mapping[str, frozenset[str]]
"""By node: the nodes that it imports."""


@attrs.frozen
class Import:
    """One imported name.

    Attributes:
        name: The absolute name, `connectly_api.errors.ApiError`.
        when: When the import runs.
    """

    name: str
    when: When


@attrs.frozen
class Module:
    """One file of a package.

    Attributes:
        name: The name below the package, `transport.httpx`; empty for the package itself.
        path: The file.
        tree: Its syntax tree.
        imports: The names that it imports.
    """

    name: str
    path: Path
    tree: ast.Module
    imports: tuple[Import, ...]


@attrs.frozen
class Package:
    """A package with all modules below it.

    Attributes:
        name: Its absolute name.
        modules: The modules by name.
    """

    name: str
    modules: Mapping[str, Module]

    def find_module(self, name: str) -> str | None:
        """Return the module that an absolute name is, or is defined in; None for a name of another package."""
        top, *parts = name.split(".")
        if top != self.name:
            return None
        while ".".join(parts) not in self.modules:
            parts.pop()
        return ".".join(parts)

    def build_graph(self, when: Iterable[When] = RUN_TIME) -> Graph:
        """Return which module imports which other modules of the package.

        Args:
            when: The imports to include.
        """
        chosen = set(when)
        graph: dict[str, frozenset[str]] = {}
        for module in self.modules.values():
            found = {self.find_module(one.name) for one in module.imports if one.when in chosen}
            graph[module.name] = frozenset(other for other in found if other is not None) - {module.name}
        return graph


def read_package(folder: Path) -> Package:
    """Read a package's files.

    Args:
        folder: The package's folder; its name is the package's.
    """
    modules: dict[str, Module] = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        package = (folder.name, *parts[:-1])
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules[name] = Module(name, path, tree, tuple(_read_imports(tree.body, package, "load")))
    return Package(folder.name, modules)


def _read_imports(body: list[ast.stmt], package: tuple[str, ...], when: When) -> Iterator[Import]:
    for node in body:
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, when) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: len(package) - level + 1] if level else ()
                base = ".".join([*above, *filter(None, [module])])
                yield from (Import(f"{base}.{alias.name}", when) for alias in names)
            case ast.If(test=test, body=inner, orelse=rest) if ast.unparse(test).endswith("TYPE_CHECKING"):
                yield from _read_imports(inner, package, "typing")
                yield from _read_imports(rest, package, when)
            case _:
                is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                for inner in _blocks(node):
                    yield from _read_imports(inner, package, "call" if is_function and when == "load" else when)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of statements directly below a statement, an exception handler or a case."""
    for field in ("body", "orelse", "finalbody"):
        yield getattr(node, field, [])
    for child in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield from _blocks(child)


def group_cycles(graph: Graph) -> list[frozenset[str]]:
    """Return the groups of nodes that reach each other, lowest first; a node outside any cycle is its own group.

    Imports of nodes that are not in the graph are ignored. This is Tarjan's algorithm.
    """
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups: list[frozenset[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for other in sorted(graph[node] & graph.keys()):
            if other not in order:
                visit(other)
            if other in stack:
                lowest[node] = min(lowest[node], lowest[other])
        if lowest[node] == order[node]:
            start = stack.index(node)
            groups.append(frozenset(stack[start:]))
            del stack[start:]

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return groups


def find_floors(graph: Graph) -> dict[str, int]:
    """Return how long the longest chain of imports below each node is; nodes of one cycle are on the same floor."""
    floors: dict[str, int] = {}
    for group in group_cycles(graph):
        below = {other for node in group for other in graph[node] & graph.keys()} - group
        floors |= dict.fromkeys(group, 1 + max((floors[other] for other in below), default=-1))
    return floors
