"""Render the public names and signatures of a module as a stub file, which griffe can read."""

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

PUBLIC: Final = (
    "connectly_api",
    "connectly_api.campaigns",
    "connectly_api.campaigns.procrastinate",
    "connectly_api.conversations",
    "connectly_api.drift",
    "connectly_api.lowlevel",
    "connectly_api.pytest_plugin",
    "connectly_api.sandbox",
    "connectly_api.sync",
    "connectly_api.telemetry",
    "connectly_api.transport",
    "connectly_api.webhooks",
)
"""The public modules. A name belongs to the first one that exports it."""

# Generated modules import under private names.
_PREFIX: Final = re.compile(r"\b_[a-z]\w*\.")
# Our own decorators that keep the signature.
_KEEPING: Final = frozenset({"cut_traceback", "suggest_sync_keywords", "suggest_keywords"})
_PLAIN: Final = (bool, int, float, str, type(None))


def load(root: str) -> griffe.Module:
    """Read the package in a folder without importing it."""
    package = griffe.load(
        PUBLIC[0], search_paths=[root], try_relative_path=False, allow_inspection=False, resolve_aliases=True
    )
    if not isinstance(package, griffe.Module):
        raise TypeError(f"{root} has no package {PUBLIC[0]}")
    return package


def render(package: griffe.Module, module: str) -> str:
    """Render a public module, and the types in its signatures that no public module exports.

    Args:
        package: The result of `load`.
        module: One of `PUBLIC`.
    """
    homes = _find_homes(package)
    blocks: list[str] = []
    unexported: dict[str, griffe.Object] = {}
    for name in sorted(_get_exports(_get_module(package, module))):
        found = _resolve(_get_module(package, module)[name])
        if homes[found.path] != module:
            blocks.append(f"from {homes[found.path]} import {name}")
            continue
        blocks.append(_render_declaration(found, name, homes))
        unexported |= _find_unexported(package, found, homes)
    listed: set[str] = set()
    while rest := sorted(unexported.keys() - listed):
        for path in rest:
            blocks += [
                f"# Named by signatures only: {path}",
                _render_declaration(unexported[path], unexported[path].name, homes),
            ]
            listed.add(path)
            unexported |= _find_unexported(package, unexported[path], homes)
    return _format("\n".join([f'"""{module}: names and signatures."""', *blocks]))


def _format(code: str) -> str:
    """Format code as a stub file, so that long signatures have one parameter per line."""
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
    return subprocess.run(command, input=code, capture_output=True, check=True, text=True, encoding="utf-8").stdout  # noqa: S603 (the arguments are constants)


def _get_module(package: griffe.Module, path: str) -> griffe.Module:
    found = package if path == package.path else package[path.removeprefix(f"{package.path}.")]
    assert isinstance(found, griffe.Module)  # noqa: S101 (PUBLIC names modules)
    return found


def _get_exports(module: griffe.Module) -> list[str]:
    return [str(name) for name in module.exports or ()]


def _resolve(found: griffe.Object | griffe.Alias) -> griffe.Object:
    return found.final_target if isinstance(found, griffe.Alias) else found


def _find_homes(package: griffe.Module) -> Mapping[str, str]:
    """Return the public module of each public object, by the path of its definition."""
    homes: dict[str, str] = {}
    for path in PUBLIC:
        module = _get_module(package, path)
        for name in _get_exports(module):
            homes.setdefault(_resolve(module[name]).path, path)
    return homes


def _find_unexported(
    package: griffe.Module, found: griffe.Object, homes: Mapping[str, str]
) -> dict[str, griffe.Object]:
    """Return the package's type aliases and typed dictionaries in a declaration that no module exports."""
    unexported: dict[str, griffe.Object] = {}
    for path in _find_paths(found):
        if path in homes or not path.startswith(f"{package.path}."):
            continue
        try:
            other = _resolve(package[path.removeprefix(f"{package.path}.")])
        except (KeyError, griffe.AliasResolutionError):
            continue  # A type parameter, or a name from the standard library.
        if other.path in homes or not other.path.startswith(f"{package.path}."):
            continue
        is_alias = isinstance(other, griffe.Attribute) and "TypeVar" not in str(other.value)
        if is_alias or _is_typed_dict(other):
            unexported[other.path] = other
    return unexported


def _is_typed_dict(found: griffe.Object) -> bool:
    return isinstance(found, griffe.Class) and any("TypedDict" in str(base) for base in found.bases)


def _find_paths(found: griffe.Object) -> Iterator[str]:
    if isinstance(found, griffe.Function):
        for parameter in found.parameters:
            yield from _find_names(parameter.annotation)
        yield from _find_names(found.returns)
    elif isinstance(found, griffe.Attribute):
        yield from _find_names(found.annotation)
        if _is_alias(found):
            yield from _find_names(found.value)
    elif isinstance(found, griffe.Class):
        for _, member in _find_members(found, {}):
            yield from _find_paths(member)


def _find_names(expression: str | griffe.Expr | None) -> Iterator[str]:
    if isinstance(expression, griffe.Expr):
        for part in expression.iterate(flat=True):
            if isinstance(part, griffe.ExprName):
                yield part.canonical_path


def _is_alias(found: griffe.Attribute) -> bool:
    return isinstance(found.parent, griffe.Module) and found.name[0].isupper() and not found.name.isupper()


def _find_members(found: griffe.Class, homes: Mapping[str, str]) -> Iterator[tuple[str, griffe.Object]]:
    """Yield the public and the special members of a class: its own, and those of private bases."""
    for name, member in found.all_members.items():
        resolved = _resolve(member)
        owner = resolved.path.rpartition(".")[0]
        is_special = name.startswith("__") and name != "__slots__"
        if (is_special or not name.startswith("_")) and (owner == found.path or owner not in homes):
            yield name, resolved


def _render_declaration(found: griffe.Object, name: str, homes: Mapping[str, str], indent: str = "") -> str:
    if isinstance(found, griffe.Function):
        return _render_function(found, name, indent)
    if isinstance(found, griffe.Class):
        return _render_class(found, name, homes)
    assert isinstance(found, griffe.Attribute)  # noqa: S101 (no module exports a module)
    value = f" = {_render(found.value)}" if _is_shown(found) else ""
    if found.annotation is None:
        return f"{indent}{name}{value or ' = ...'}"
    return f"{indent}{name}: {_render(found.annotation)}{value}"


def _is_shown(found: griffe.Attribute) -> bool:
    """Return whether a value is public: a type alias, a constant or a class attribute."""
    if found.value is None or found.name.startswith("__"):
        return False
    if isinstance(found.parent, griffe.Class):
        return "class-attribute" in found.labels and not _is_attrs(found.parent)
    return True


def _is_attrs(found: griffe.Class) -> bool:
    return any("attrs." in str(decorator.value) for decorator in found.decorators)


def _render_function(found: griffe.Function, name: str, indent: str) -> str:
    named = [_render(decorator.value) for decorator in found.decorators]
    decorators = [f"{indent}@{text}\n" for text in named if text.rpartition(".")[2] not in _KEEPING]
    keyword = "async def" if "async" in found.labels else "def"
    returns = f" -> {_render(found.returns)}" if found.returns is not None else ""
    signature = ", ".join(_render_parameters(found.parameters))
    return f"{''.join(decorators)}{indent}{keyword} {name}({signature}){returns}: ..."


def _render_parameters(parameters: griffe.Parameters) -> Iterator[str]:
    kinds = [parameter.kind for parameter in parameters]
    for index, parameter in enumerate(parameters):
        kind, before = parameter.kind, kinds[:index]
        if kind is Kind.keyword_only and not {Kind.keyword_only, Kind.var_positional} & set(before):
            yield "*"
        stars = "**" if kind is Kind.var_keyword else "*" if kind is Kind.var_positional else ""
        annotation = f": {_render(parameter.annotation)}" if parameter.annotation is not None else ""
        default = f" = {_render(parameter.default)}" if parameter.default is not None and not stars else ""
        yield f"{stars}{parameter.name}{annotation}{default}"
        if kind is Kind.positional_only and kinds[index + 1 : index + 2] != [Kind.positional_only]:
            yield "/"


def _render_class(found: griffe.Class, name: str, homes: Mapping[str, str]) -> str:
    bases = [_render(base) for base in found.bases if not _is_private(base, homes)]
    bases += [f"{keyword}={_render(value)}" for keyword, value in found.keywords.items()]
    lines = [f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"]
    members = dict(_find_members(found, homes))
    if "__init__" not in members and _is_attrs(found):
        lines.append(f"    def __init__({', '.join(_render_constructor(found))}) -> None: ...")
    lines += [_render_declaration(member, member_name, homes, "    ") for member_name, member in members.items()]
    return "\n".join(lines if len(lines) > 1 else [*lines, "    ..."])


def _is_private(base: str | griffe.Expr, homes: Mapping[str, str]) -> bool:
    path = base.canonical_path if isinstance(base, griffe.Expr) else base
    return path.startswith(f"{PUBLIC[0]}.") and path not in homes


def _render_constructor(found: griffe.Class) -> Iterator[str]:
    """Yield the parameters of the constructor that attrs generates; converters change their types."""
    yield "self"
    class_ = getattr(import_module(found.module.path), found.name)
    parameters = list(inspect.signature(class_).parameters.values())
    for index, parameter in enumerate(parameters):
        is_first = all(one.kind is not inspect.Parameter.KEYWORD_ONLY for one in parameters[:index])
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and is_first:
            yield "*"
        default = parameter.default
        shown = "" if default is inspect.Parameter.empty else f" = {default!r}" if type(default) in _PLAIN else " = ..."
        yield f"{parameter.name}: {_render(inspect.formatannotation(parameter.annotation).strip(chr(39)))}{shown}"


def _render(expression: object) -> str:
    return _PREFIX.sub("", str(expression)).replace("\n", " ")
