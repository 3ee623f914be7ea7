"""What a change of a snapshot means for those who use a public module. Pure.

griffe says which changes of a signature break callers; what it does not look at is compared here: types, `async`,
decorators, names that come from elsewhere, and what a protocol asks of those who fulfil it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs
import griffe

from tools.changelog import Entry

__all__ = ["Change", "compare", "unannounced"]

Declaration = ast.stmt
Function = ast.FunctionDef | ast.AsyncFunctionDef


@attrs.frozen
class Change:
    """One name that is not what it was.

    Attributes:
        name: Its path below the module, `Connectly.send_text`.
        what: What happened, as a sentence's end.
        is_breaking: Whether a program that uses it may have to change.
    """

    name: str
    what: str
    is_breaking: bool

    def __str__(self) -> str:
        """Name the change in one line."""
        return f"{self.name}: {self.what}"


def compare(module: str, old: str, new: str) -> tuple[Change, ...]:
    """Return what differs between two snapshots of a module, in the order of names.

    Args:
        module: The module's name.
        old: The text of the one snapshot.
        new: The text of the other.
    """
    before, after = _declarations(ast.parse(old)), _declarations(ast.parse(new))
    broken = _broken(module, old, new)
    found = [Change(name, "was removed", is_breaking=True) for name in _outermost(before.keys() - after.keys())]
    for name in _outermost(after.keys() - before.keys()):
        is_asked_for = _asks(before.get(name.rpartition(".")[0]), after[name])
        what = "is new, and has to be there from now on" if is_asked_for else "is new"
        found.append(Change(name, what, is_breaking=is_asked_for))
    for name in before.keys() & after.keys():
        was, now = before[name], after[name]
        if _header(was) == _header(now):
            continue
        if _is_widened(was, now, before.get(name.rpartition(".")[0])):
            found.append(Change(name, "takes more than before", is_breaking=False))
        elif name in broken:
            found.append(Change(name, broken[name], is_breaking=True))
        elif problem := _narrowed(was, now):
            found.append(Change(name, problem, is_breaking=True))
        else:
            found.append(Change(name, "takes more than before", is_breaking=False))
    return tuple(sorted(found, key=lambda change: change.name))


def unannounced(changes: Iterable[Change], unreleased: Entry | None) -> tuple[Change, ...]:
    """Return the breaking changes that the changelog does not tell of.

    It tells of one where a line under Changed or Removed of the unreleased entry has its name in backticks: the whole
    name, or what stands behind its last dot; a constructor goes by its class.

    Args:
        changes: What `compare` returned.
        unreleased: The changelog's entry for what is to come, if it has one.
    """
    told = "" if unreleased is None else unreleased.section("Changed") + unreleased.section("Removed")
    names = set(re.findall(r"`([\w.]+)(?:\([^`]*\))?`", told))
    return tuple(change for change in changes if change.is_breaking and not _spellings(change.name) & names)


def _spellings(name: str) -> set[str]:
    return {name, name.removesuffix(".__init__"), name.rpartition(".")[2]}


def _outermost(names: set[str]) -> list[str]:
    """Leave out the members of a class that is among the names itself."""
    return [name for name in names if name.rpartition(".")[0] not in names]


def _declarations(module: ast.Module) -> dict[str, Declaration]:
    """Return what a snapshot declares, by its path."""
    return dict(_named(module.body, ""))


def _named(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, Declaration]]:
    for node in body:
        match node:
            case ast.ClassDef(name=name):
                yield f"{prefix}{name}", node
                yield from _named(node.body, f"{prefix}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield f"{prefix}{name}", node
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield f"{prefix}{name}", node
            case ast.ImportFrom(names=[ast.alias(name=name)]):
                yield f"{prefix}{name}", node
            case _:
                pass  # The docstring, and the body of an empty class.


def _header(node: Declaration) -> str:
    """Return a declaration's text; of a class, what stands before its members."""
    if isinstance(node, ast.ClassDef):
        return f"class {node.name}({', '.join([*map(ast.unparse, node.bases), *_keywords(node)])})"
    return ast.unparse(node)


def _keywords(node: ast.ClassDef) -> list[str]:
    return [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords]


def _broken(module: str, old: str, new: str) -> dict[str, str]:
    """Return what griffe finds broken, by path."""
    visited = [griffe.visit(module, filepath=Path(f"{module}.pyi"), code=text) for text in (old, new)]
    found: dict[str, list[str]] = {}
    for breakage in griffe.find_breaking_changes(*visited):
        parameter = next(
            (one for one in (breakage.old_value, breakage.new_value) if isinstance(one, griffe.Parameter)), None
        )
        what = breakage.kind.value[:1].lower() + breakage.kind.value[1:]
        told = what if parameter is None else f"{what} ({parameter.name})"
        found.setdefault(breakage.obj.path.removeprefix(f"{module}."), []).append(told)
    return {name: ", ".join(dict.fromkeys(told)) for name, told in found.items()}


def _asks(owner: Declaration | None, member: Declaration) -> bool:
    """Say whether those who fulfil a protocol, or fill a typed dictionary, have to add a new member."""
    if _is_typed_dict(owner):
        assert isinstance(owner, ast.ClassDef)  # noqa: S101 (that is what a typed dictionary is)
        text = ast.unparse(member)
        return "NotRequired[" not in text and ("Required[" in text or "total=False" not in _header(owner))
    return _is_protocol(owner)


def _is_protocol(node: Declaration | None) -> bool:
    return isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases)


def _is_typed_dict(node: Declaration | None) -> bool:
    return isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "TypedDict" for base in node.bases)


def _is_widened(was: Declaration, now: Declaration, owner: Declaration | None) -> bool:
    """Say whether a type alias, or a key of a typed dictionary, names all that it named, and more."""
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
    """Return the members of a union, those of literals one by one."""
    match expression:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _choices(left) | _choices(right)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=values)):
            return frozenset(f"Literal[{ast.unparse(value)}]" for value in values)
        case None:
            return frozenset()
        case _:
            return frozenset({ast.unparse(expression)})


def _narrowed(was: Declaration, now: Declaration) -> str | None:
    """Return what griffe does not look at and may break a program, or None."""
    if isinstance(was, ast.ClassDef) and isinstance(now, ast.ClassDef):
        if _keywords(was) != _keywords(now):
            return "changed what stands beside its bases"
        lost = {*map(ast.unparse, was.bases)} - {*map(ast.unparse, now.bases)}
        return f"is no {', '.join(sorted(lost))} any more" if lost else None
    if type(was) is not type(now):
        return "is of another kind"
    if not isinstance(was, ast.FunctionDef | ast.AsyncFunctionDef):
        return "changed its type or value"
    assert isinstance(now, ast.FunctionDef | ast.AsyncFunctionDef)  # noqa: S101 (the same kind, as was asked above)
    return _narrowed_signature(was, now)


def _narrowed_signature(was: Function, now: Function) -> str | None:
    if [*map(ast.unparse, was.decorator_list)] != [*map(ast.unparse, now.decorator_list)]:
        return "changed its decorators"
    if _unparsed(was.returns) != _unparsed(now.returns):
        return "changed what it returns"
    types = {argument.arg: argument.annotation for argument in _arguments(now.args)}
    changed = [one.arg for one in _arguments(was.args) if not _choices(one.annotation) <= _choices(types.get(one.arg))]
    return f"changed the type of {', '.join(changed)}" if changed else None


def _unparsed(expression: ast.expr | None) -> str:
    return "" if expression is None else ast.unparse(expression)


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (one for one in (arguments.vararg, arguments.kwarg) if one is not None)
