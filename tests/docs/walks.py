"""The walks of docs/architecture.md: numbered steps, each of which names a function of the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs

_STEP: Final = re.compile(r"^(\d+)\. +`([^`]+)`(.*)$")
_CALLED_BY_LIBRARY: Final = re.compile(r"\(\w+ calls it\)")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@attrs.frozen
class Step:
    """One numbered step.

    Attributes:
        line: The line of the page.
        number: Its number; a walk starts at 1.
        name: The function: module, perhaps class, and name, joined by dots.
        is_called_by_library: Whether a library stands between it and the step before.
    """

    line: int
    number: int
    name: str
    is_called_by_library: bool

    def __str__(self) -> str:
        return f"docs/architecture.md:{self.line}: step {self.number}, `{self.name}`"

    @property
    def last_name(self) -> str:
        """The function's own name."""
        return self.name.rpartition(".")[2]


def read_walks(text: str) -> list[list[Step]]:
    """Return the walks of a page."""
    walks: list[list[Step]] = []
    for line, content in enumerate(text.splitlines(), 1):
        if found := _STEP.match(content):
            step = Step(line, int(found[1]), found[2], _CALLED_BY_LIBRARY.search(found[3]) is not None)
            if step.number == 1:
                walks.append([])
            walks[-1].append(step)
    return walks


class Source:
    """The functions, classes and constants of some packages, by name below the package."""

    def __init__(self, *packages: Path) -> None:
        self._packages = packages

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        """Every definition of a module or of a class."""
        return {
            name: definition
            for package in self._packages
            for path in package.rglob("*.py")
            for name, definition in _list_definitions(
                ".".join(path.relative_to(package).with_suffix("").parts), ast.parse(path.read_text("utf-8")).body
            )
        }

    def find_problems(self, walk: list[Step]) -> Iterator[str]:
        """Yield what is wrong with a walk: a step that does not exist, or that no earlier step names."""
        earlier: set[str] | None = set()
        for expected, step in enumerate(walk, 1):
            if step.number != expected:
                yield f"{step}: should be number {expected}"
            definition = self.definitions.get(step.name)
            if definition is None:
                hints = self._suggest(step) or ["none of that name; see what the step before it calls now"]
                yield f"{step}: there is no such function. Was it renamed or moved? Candidates: {', '.join(hints)}"
                earlier = None  # Unknown, so only look whether the other steps exist.
            if definition is None or earlier is None:
                continue
            if expected > 1 and step.last_name not in earlier and not step.is_called_by_library:
                yield f"{step}: no step before it names `{step.last_name}`. Is a step missing, or did the call move?"
            earlier |= {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
            earlier |= {node.attr for node in ast.walk(definition) if isinstance(node, ast.Attribute)}

    def _suggest(self, step: Step) -> list[str]:
        same = [name for name in self.definitions if name.rpartition(".")[2] == step.last_name]
        return same[:5] or get_close_matches(step.name, self.definitions, n=3, cutoff=0.75)


def _list_definitions(owner: str, body: list[ast.stmt]) -> Iterator[tuple[str, Definition]]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield f"{owner}.{node.name}", node
            case ast.ClassDef():
                yield f"{owner}.{node.name}", node
                yield from _list_definitions(f"{owner}.{node.name}", node.body)
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield f"{owner}.{name}", node
            case _:
                pass
