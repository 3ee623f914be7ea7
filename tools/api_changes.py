"""Compare two snapshots of a public module and classify each change as breaking or not. Pure.

griffe finds changes of signatures that break callers. This module compares the rest: types, `async`, decorators,
re-exported names, and new members of protocols and typed dictionaries.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs
import griffe

from tools.changelog import Entry

Declaration = ast.stmt
Function = ast.FunctionDef | ast.AsyncFunctionDef


@attrs.frozen
class Change:
    """A change of one name.

    Attributes:
        name: The path below the module, `Connectly.send_text`.
        what: What changed, as a predicate: "was removed".
        is_breaking: Whether programs that use the name may have to change.
    """

    name: str
    what: str
    is_breaking: bool

    def __str__(self) -> str:
        """Return the change in one line."""
        return f"{self.name}: {self.what}"


def compare(module: str, old: str, new: str) -> tuple[Change, ...]:
    """Return the changes between two snapshots of a module, sorted by name."""
    before, after = (dict(_collect_declarations(ast.parse(text).body, "")) for text in (old, new))
    broken = _find_breakages(module, old, new)
    found = [Change(name, "was removed", is_breaking=True) for name in _drop_members(before.keys() - after.keys())]
    for name in _drop_members(after.keys() - before.keys()):
        is_required = _is_required(before.get(name.rpartition(".")[0]), after[name])
        found.append(Change(name, "is new and required" if is_required else "is new", is_breaking=is_required))
    for name in before.keys() & after.keys():
        was, now = before[name], after[name]
        if _render_header(was) == _render_header(now):
            continue
        if _is_widened(was, now, before.get(name.rpartition(".")[0])):
            found.append(Change(name, "accepts more than before", is_breaking=False))
        elif name in broken:
            found.append(Change(name, broken[name], is_breaking=True))
        elif problem := _find_narrowing(was, now):
            found.append(Change(name, problem, is_breaking=True))
        else:
            found.append(Change(name, "accepts more than before", is_breaking=False))
    return tuple(sorted(found, key=lambda change: change.name))


def find_unannounced(changes: Iterable[Change], unreleased: Entry | None) -> tuple[Change, ...]:
    """Return the breaking changes that the changelog does not announce.

    A change is announced if Changed or Removed of the unreleased entry has its name in backticks: the full name, or
    the part after the last dot. A constructor is announced by the name of its class.

    Args:
        changes: The result of `compare`.
        unreleased: The changelog's entry for the next release, if it has one.
    """
    announced = "" if unreleased is None else unreleased.section("Changed") + unreleased.section("Removed")
    names = set(re.findall(r"`([\w.]+)(?:\([^`]*\))?`", announced))
    return tuple(change for change in changes if change.is_breaking and not _alternative_names(change.name) & names)


def _alternative_names(name: str) -> set[str]:
    return {name, name.removesuffix(".__init__"), name.rpartition(".")[2]}


def _drop_members(names: set[str]) -> list[str]:
    """Leave out members of a class whose own name is among the names."""
    return [name for name in names if name.rpartition(".")[0] not in names]


def _collect_declarations(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, Declaration]]:
    for node in body:
        match node:
            case ast.ClassDef(name=name):
                yield f"{prefix}{name}", node
                yield from _collect_declarations(node.body, f"{prefix}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield f"{prefix}{name}", node
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield f"{prefix}{name}", node
            case ast.ImportFrom(names=[ast.alias(name=name)]):
                yield f"{prefix}{name}", node
            case _:
                pass  # The docstring, and the body of an empty class.


def _render_header(node: Declaration) -> str:
    """Return a declaration's text; for a class, the line before its members."""
    if isinstance(node, ast.ClassDef):
        return f"class {node.name}({', '.join([*map(ast.unparse, node.bases), *_keywords(node)])})"
    return ast.unparse(node)


def _keywords(node: ast.ClassDef) -> list[str]:
    return [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords]


def _find_breakages(module: str, old: str, new: str) -> dict[str, str]:
    """Return the breaking changes that griffe finds, by path."""
    visited = [griffe.visit(module, filepath=Path(f"{module}.pyi"), code=text) for text in (old, new)]
    found: dict[str, list[str]] = {}
    for breakage in griffe.find_breaking_changes(*visited):
        parameter = next(
            (one for one in (breakage.old_value, breakage.new_value) if isinstance(one, griffe.Parameter)), None
        )
        what = breakage.kind.value[:1].lower() + breakage.kind.value[1:]
        sentence = what if parameter is None else f"{what} ({parameter.name})"
        found.setdefault(breakage.obj.path.removeprefix(f"{module}."), []).append(sentence)
    return {name: ", ".join(dict.fromkeys(sentences)) for name, sentences in found.items()}


def _is_required(owner: Declaration | None, member: Declaration) -> bool:
    """Return whether implementers of a protocol, or callers with a typed dictionary, must add a new member."""
    if _is_typed_dict(owner):
        assert isinstance(owner, ast.ClassDef)  # noqa: S101 (checked by _is_typed_dict)
        text = ast.unparse(member)
        return "NotRequired[" not in text and ("Required[" in text or "total=False" not in _render_header(owner))
    return _is_protocol(owner)


def _is_protocol(node: Declaration | None) -> bool:
    return isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases)


def _is_typed_dict(node: Declaration | None) -> bool:
    return isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "TypedDict" for base in node.bases)


def _is_widened(was: Declaration, now: Declaration, owner: Declaration | None) -> bool:
    """Return whether a type alias, or a key of a typed dictionary, keeps all its choices and adds new ones."""
    match was, now:
        case ast.Assign(value=old), ast.Assign(value=new):
            return owner is None and _choices(old) < _choices(new)
        case ast.AnnAssign(value=ast.expr() as old), ast.AnnAssign(value=ast.expr() as new):
            return owner is None and ast.unparse(was.annotation) == "TypeAlias" and _choices(old) < _choices(new)
        case ast.AnnAssign(annotation=old, value=None), ast.AnnAssign(annotation=new, value=None):
            return _is_typed_dict(owner) and _choices(old) < _choices(new)
        case _:
            return False


def _choices(expression: ast.expr | None) -> frozenset[str]:
    """Return the members of a union, and each value of a literal as a member."""
    match expression:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _choices(left) | _choices(right)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=values)):
            return frozenset(f"Literal[{ast.unparse(value)}]" for value in values)
        case None:
            return frozenset()
        case _:
            return frozenset({ast.unparse(expression)})


def _find_narrowing(was: Declaration, now: Declaration) -> str | None:
    """Return a breaking change that griffe does not check, or None."""
    if isinstance(was, ast.ClassDef) and isinstance(now, ast.ClassDef):
        if _keywords(was) != _keywords(now):
            return "changed its class keywords"
        lost = {*map(ast.unparse, was.bases)} - {*map(ast.unparse, now.bases)}
        return f"is no longer a subclass of {', '.join(sorted(lost))}" if lost else None
    if type(was) is not type(now):
        return "became a different kind of object"
    if not isinstance(was, ast.FunctionDef | ast.AsyncFunctionDef):
        return "changed its type or value"
    assert isinstance(now, ast.FunctionDef | ast.AsyncFunctionDef)  # noqa: S101 (the types are equal)
    return _find_narrower_signature(was, now)


def _find_narrower_signature(was: Function, now: Function) -> str | None:
    if [*map(ast.unparse, was.decorator_list)] != [*map(ast.unparse, now.decorator_list)]:
        return "changed its decorators"
    if _unparse(was.returns) != _unparse(now.returns):
        return "changed its return type"
    types = {argument.arg: argument.annotation for argument in _arguments(now.args)}
    changed = [one.arg for one in _arguments(was.args) if not _choices(one.annotation) <= _choices(types.get(one.arg))]
    return f"changed the type of {', '.join(changed)}" if changed else None


def _unparse(expression: ast.expr | None) -> str:
    return "" if expression is None else ast.unparse(expression)


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (one for one in (arguments.vararg, arguments.kwarg) if one is not None)
