"""Finds the service's names, fields and values that handwritten modules use. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

import attrs


@attrs.frozen
class Part:
    """A function, a method, or the code of a module or a class outside of its functions.

    Attributes:
        path: The file.
        line: Its first line.
        name: `function`, `Class.method`, `Class`, or an empty string for the module.
        names: The names that it mentions.
        calls: The functions that it calls, with the keywords passed and the fields set on the result.
        texts: Its string constants, without docstrings.
        lowlevel: Whether its module imports generated code.
        function: Whether it is a function or a method.
    """

    path: str
    line: int
    name: str
    names: frozenset[str]
    calls: Mapping[str, frozenset[str]]
    texts: frozenset[str]
    lowlevel: bool
    function: bool

    def __str__(self) -> str:
        """Return the place in a form that editors recognise."""
        return f"{self.path}:{self.line} {self.name}".rstrip()


def parts(path: str, source: str) -> Iterator[Part]:
    """Yield the parts of a module, from its path and source."""
    tree = ast.parse(source, path)
    lowlevel = any(
        isinstance(node, ast.ImportFrom) and "lowlevel" in (node.module or "").split(".") for node in ast.walk(tree)
    )
    yield from _within(path, tree.body, "", 1, lowlevel=lowlevel)


def _within(path: str, body: list[ast.stmt], name: str, line: int, *, lowlevel: bool) -> Iterator[Part]:
    rest: list[ast.AST] = []
    for node in body:
        inner = f"{name}.{node.name}".lstrip(".") if isinstance(node, _NAMED) else name
        if isinstance(node, ast.ClassDef):
            rest += [*node.bases, *node.keywords, *node.decorator_list]
            yield from _within(path, node.body, inner, node.lineno, lowlevel=lowlevel)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _part(path, node.lineno, inner, [node], lowlevel=lowlevel, function=True)
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            rest.append(node)
    if rest:
        yield _part(
            path, line if name else getattr(rest[0], "lineno", line), name, rest, lowlevel=lowlevel, function=False
        )


_NAMED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _part(path: str, line: int, name: str, nodes: Iterable[ast.AST], *, lowlevel: bool, function: bool) -> Part:
    names: set[str] = set()
    texts: set[str] = set()
    calls: dict[str, frozenset[str]] = {}
    made: set[tuple[str, str]] = set()
    given: set[tuple[str, str]] = set()
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        match node:
            case ast.Attribute(value=ast.Name(id=variable), attr=found, ctx=ast.Store()):
                names.add(found)
                given.add((variable, found))
            case ast.Name(id=found) | ast.Attribute(attr=found):
                names.add(found)
            case (
                ast.Assign(targets=[ast.Name(id=variable)], value=ast.Call(func=made_by))
                | ast.AnnAssign(target=ast.Name(id=variable), value=ast.Call(func=made_by))
            ):
                made.add((variable, ast.unparse(made_by).rpartition(".")[2]))
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), keywords=keywords):
                passed = frozenset(keyword.arg for keyword in keywords if keyword.arg is not None)
                calls[called] = calls.get(called, frozenset()) | passed
            case ast.Constant(value=str(text)) if "\n" not in text:
                texts.add(text)
            case _:
                pass
    for variable, called in made:
        if called in calls:
            calls[called] |= {field for owner, field in given if owner == variable}
    return Part(path, line, name, frozenset(names), calls, frozenset(texts), lowlevel, function)


def find_public_callers(touched: Iterable[Part], everything: Iterable[Part], public: Mapping[str, str]) -> list[Part]:
    """Return the public methods that use the touched parts, directly or not.

    Args:
        touched: The parts to start from.
        everything: All parts of the package.
        public: The class whose methods are public, by file.
    """
    found: dict[tuple[str, int], Part] = {}
    waiting = list(touched)
    seen: set[tuple[str, int]] = set()
    while waiting:
        part = waiting.pop()
        if (part.path, part.line) in seen or not part.function:
            continue
        seen.add((part.path, part.line))
        owner, _, method = part.name.rpartition(".")
        if owner and public.get(part.path) == owner and not method.startswith("_"):
            found[part.path, part.line] = part
        waiting += [other for other in everything if _uses(other, part, public)]
    return [found[key] for key in sorted(found)]


def _uses(other: Part, part: Part, public: Mapping[str, str]) -> bool:
    """Return whether a part uses another: a function by its name, a method by creating an object of its class."""
    owner, _, name = part.name.rpartition(".")
    if not owner:
        return name in other.names and (other.path == part.path or not name.startswith("_"))
    if public.get(part.path) == owner:
        return other.path == part.path and other.name.startswith(f"{owner}.") and name in other.names
    return owner.partition(".")[0] in other.calls
