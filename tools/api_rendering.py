"""Public names and signatures of a module as text, in the form of a stub file: what griffe reads, it can read again."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

import griffe
from griffe import ParameterKind as Kind

__all__ = ["PUBLIC", "load", "render"]

PUBLIC: Final = (
    "connectly_api",
    "connectly_api.lowlevel",
    "connectly_api.pytest_plugin",
    "connectly_api.sandbox",
    "connectly_api.telemetry",
    "connectly_api.transport",
    "connectly_api.webhooks",
)
"""The modules whose names are promised; a name belongs to the first that has it."""

# Generated modules import under private names.
_PREFIX: Final = re.compile(r"\b_[a-z]\w*\.")
# Our own decorators that leave a signature as it is written.
_KEEPING: Final = frozenset({"cut_traceback", "suggest_init_keywords", "suggest_keywords"})
_PLAIN: Final = (bool, int, float, str, type(None))


def load(root: str) -> griffe.Module:
    """Read the package's sources in a folder, without running them."""
    package = griffe.load(
        PUBLIC[0], search_paths=[root], try_relative_path=False, allow_inspection=False, resolve_aliases=True
    )
    if not isinstance(package, griffe.Module):
        raise TypeError(f"{PUBLIC[0]} is no package in {root}")
    return package


def render(package: griffe.Module, module: str) -> str:
    """Return the names of a public module, and of what its signatures name and no public module has.

    Args:
        package: What `load` returned.
        module: One of `PUBLIC`.
    """
    homes = _homes(package)
    blocks: list[str] = []
    unnamed: dict[str, griffe.Object] = {}
    for name in sorted(_exports(_module(package, module))):
        found = _resolved(_module(package, module)[name])
        if homes[found.path] != module:
            blocks.append(f"from {homes[found.path]} import {name}")
            continue
        blocks.append(_declaration(found, name, homes))
        unnamed |= _unnamed(package, found, homes)
    listed: set[str] = set()
    while rest := sorted(unnamed.keys() - listed):
        for path in rest:
            blocks += [f"# Named by signatures only: {path}", _declaration(unnamed[path], unnamed[path].name, homes)]
            listed.add(path)
            unnamed |= _unnamed(package, unnamed[path], homes)
    return _formatted("\n".join([f'"""{module}: names and signatures."""', *blocks]))


def _formatted(code: str) -> str:
    """Return code as ruff writes a stub file, with a parameter a line where a signature is long."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--line-length=100",
        "--stdin-filename=api.pyi",
        "-",
    ]
    return subprocess.run(command, input=code, capture_output=True, check=True, text=True, encoding="utf-8").stdout  # noqa: S603 (our own words)


def _module(package: griffe.Module, path: str) -> griffe.Module:
    found = package if path == package.path else package[path.removeprefix(f"{package.path}.")]
    assert isinstance(found, griffe.Module)  # noqa: S101 (PUBLIC names modules)
    return found


def _exports(module: griffe.Module) -> list[str]:
    return [str(name) for name in module.exports or ()]


def _resolved(found: griffe.Object | griffe.Alias) -> griffe.Object:
    return found.final_target if isinstance(found, griffe.Alias) else found


def _homes(package: griffe.Module) -> Mapping[str, str]:
    """Return the public module of each public object, by the path where it is defined."""
    homes: dict[str, str] = {}
    for path in PUBLIC:
        module = _module(package, path)
        for name in _exports(module):
            homes.setdefault(_resolved(module[name]).path, path)
    return homes


def _unnamed(package: griffe.Module, found: griffe.Object, homes: Mapping[str, str]) -> dict[str, griffe.Object]:
    """Return the type aliases and typed dictionaries of the package that a declaration names and nobody exports."""
    named: dict[str, griffe.Object] = {}
    for path in _paths(found):
        if path in homes or not path.startswith(f"{package.path}."):
            continue
        try:
            other = _resolved(package[path.removeprefix(f"{package.path}.")])
        except (KeyError, griffe.AliasResolutionError):
            continue  # A type parameter, or a name of the standard library that a module of ours imports.
        if other.path in homes or not other.path.startswith(f"{package.path}."):
            continue
        is_alias = isinstance(other, griffe.Attribute) and "TypeVar" not in str(other.value)
        if is_alias or _is_typed_dict(other):
            named[other.path] = other
    return named


def _is_typed_dict(found: griffe.Object) -> bool:
    return isinstance(found, griffe.Class) and any("TypedDict" in str(base) for base in found.bases)


def _paths(found: griffe.Object) -> Iterator[str]:
    if isinstance(found, griffe.Function):
        for parameter in found.parameters:
            yield from _named_in(parameter.annotation)
        yield from _named_in(found.returns)
    elif isinstance(found, griffe.Attribute):
        yield from _named_in(found.annotation)
        if _is_alias(found):
            yield from _named_in(found.value)
    elif isinstance(found, griffe.Class):
        for _, member in _members(found, {}):
            yield from _paths(member)


def _named_in(expression: str | griffe.Expr | None) -> Iterator[str]:
    if isinstance(expression, griffe.Expr):
        for part in expression.iterate(flat=True):
            if isinstance(part, griffe.ExprName):
                yield part.canonical_path


def _is_alias(found: griffe.Attribute) -> bool:
    return isinstance(found.parent, griffe.Module) and found.name[0].isupper() and not found.name.isupper()


def _members(found: griffe.Class, homes: Mapping[str, str]) -> Iterator[tuple[str, griffe.Object]]:
    """Yield what a class promises: public members, its own special methods, and what a private base brings in."""
    for name, member in found.all_members.items():
        resolved = _resolved(member)
        owner = resolved.path.rpartition(".")[0]
        is_special = name.startswith("__") and owner == found.path and name != "__slots__"
        if is_special or (not name.startswith("_") and (owner == found.path or owner not in homes)):
            yield name, resolved


def _declaration(found: griffe.Object, name: str, homes: Mapping[str, str], indent: str = "") -> str:
    if isinstance(found, griffe.Function):
        return _function(found, name, indent)
    if isinstance(found, griffe.Class):
        return _class(found, name, homes)
    assert isinstance(found, griffe.Attribute)  # noqa: S101 (no module is exported)
    value = f" = {_text(found.value)}" if _is_shown(found) else ""
    if found.annotation is None:
        return f"{indent}{name}{value or ' = ...'}"
    return f"{indent}{name}: {_text(found.annotation)}{value}"


def _is_shown(found: griffe.Attribute) -> bool:
    """Say whether a value is part of the promise: a type alias, a figure, what a class says of itself."""
    if found.value is None or found.name.startswith("__"):
        return False
    if isinstance(found.parent, griffe.Class):
        return "class-attribute" in found.labels and not _is_attrs(found.parent)
    return True


def _is_attrs(found: griffe.Class) -> bool:
    return any("attrs." in str(decorator.value) for decorator in found.decorators)


def _function(found: griffe.Function, name: str, indent: str) -> str:
    named = [_text(decorator.value) for decorator in found.decorators]
    decorators = [f"{indent}@{text}\n" for text in named if text.rpartition(".")[2] not in _KEEPING]
    keyword = "async def" if "async" in found.labels else "def"
    returns = f" -> {_text(found.returns)}" if found.returns is not None else ""
    signature = ", ".join(_parameters(found.parameters))
    return f"{''.join(decorators)}{indent}{keyword} {name}({signature}){returns}: ..."


def _parameters(parameters: griffe.Parameters) -> Iterator[str]:
    kinds = [parameter.kind for parameter in parameters]
    for index, parameter in enumerate(parameters):
        kind, before = parameter.kind, kinds[:index]
        if kind is Kind.keyword_only and not {Kind.keyword_only, Kind.var_positional} & set(before):
            yield "*"
        stars = "**" if kind is Kind.var_keyword else "*" if kind is Kind.var_positional else ""
        annotation = f": {_text(parameter.annotation)}" if parameter.annotation is not None else ""
        default = f" = {_text(parameter.default)}" if parameter.default is not None and not stars else ""
        yield f"{stars}{parameter.name}{annotation}{default}"
        if kind is Kind.positional_only and kinds[index + 1 : index + 2] != [Kind.positional_only]:
            yield "/"


def _class(found: griffe.Class, name: str, homes: Mapping[str, str]) -> str:
    bases = [_text(base) for base in found.bases if not _is_private(base, homes)]
    bases += [f"{keyword}={_text(value)}" for keyword, value in found.keywords.items()]
    lines = [f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"]
    members = dict(_members(found, homes))
    if "__init__" not in members and _is_attrs(found):
        lines.append(f"    def __init__({', '.join(_constructor(found))}) -> None: ...")
    lines += [_declaration(member, member_name, homes, "    ") for member_name, member in members.items()]
    return "\n".join(lines if len(lines) > 1 else [*lines, "    ..."])


def _is_private(base: str | griffe.Expr, homes: Mapping[str, str]) -> bool:
    path = base.canonical_path if isinstance(base, griffe.Expr) else base
    return path.startswith(f"{PUBLIC[0]}.") and path not in homes


def _constructor(found: griffe.Class) -> Iterator[str]:
    """Yield the parameters of the constructor that attrs writes; a converter decides what may be given."""
    yield "self"
    made = getattr(import_module(found.module.path), found.name)
    parameters = list(inspect.signature(made).parameters.values())
    for index, parameter in enumerate(parameters):
        is_first = all(one.kind is not inspect.Parameter.KEYWORD_ONLY for one in parameters[:index])
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and is_first:
            yield "*"
        default = parameter.default
        shown = "" if default is inspect.Parameter.empty else f" = {default!r}" if type(default) in _PLAIN else " = ..."
        yield f"{parameter.name}: {_text(inspect.formatannotation(parameter.annotation).strip(chr(39)))}{shown}"


def _text(expression: object) -> str:
    return _PREFIX.sub("", str(expression)).replace("\n", " ")
