"""An extension for griffe that adds the constructors of attrs classes, for the signatures in the API reference.

griffe reads sources without running them, and supports dataclasses but not attrs. It also removes the summary of each
constructor ("Check the settings."), because the reference shows a constructor's text below that of its class.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import griffe
from griffe import ParameterKind as Kind

_DECORATORS: Final = frozenset({"attrs.define", "attrs.frozen"})
_FIELD: Final = "attrs.field"


class AttrsSignatures(griffe.Extension):
    """Adds `__init__` to every attrs class of a package, and cuts the summary of every other."""

    def on_package(self, *, pkg: griffe.Module, **_kwargs: Any) -> None:  # noqa: ANN401 (the hook's own signature)
        """Change the constructors after the whole package is read."""
        for found in list(_find_classes(pkg)):
            if (own := found.members.get("__init__")) is not None and own.docstring is not None:
                own.docstring.value = own.docstring.value.partition("\n\n")[2]
            if "__init__" not in found.members and _find_decorator(found) is not None:
                _add_constructor(found, pkg)


def _find_classes(found: griffe.Module | griffe.Class) -> Iterator[griffe.Class]:
    for member in found.members.values():
        if isinstance(member, griffe.Class):
            yield member
        if isinstance(member, (griffe.Module, griffe.Class)):
            yield from _find_classes(member)


def _find_decorator(found: griffe.Class) -> griffe.Expr | None:
    values = (decorator.value for decorator in found.decorators)
    return next((v for v in values if isinstance(v, griffe.Expr) and v.canonical_path in _DECORATORS), None)


def _add_constructor(found: griffe.Class, package: griffe.Module) -> None:
    parameters: dict[str, griffe.Parameter] = {}
    for owner in reversed([found, *found.mro()]):
        if (decorator := _find_decorator(owner)) is not None:
            keyword_only = _read_arguments(decorator).get("kw_only") == "True"
            parameters |= {one.name: one for one in _read_parameters(owner, package, keyword_only=keyword_only)}
    receiver = griffe.Parameter("self", kind=Kind.positional_or_keyword)
    in_order = sorted(parameters.values(), key=lambda one: one.kind is Kind.keyword_only)
    found.set_member(
        "__init__", griffe.Function("__init__", parameters=griffe.Parameters(receiver, *in_order), returns="None")
    )


def _read_parameters(owner: griffe.Class, package: griffe.Module, *, keyword_only: bool) -> Iterator[griffe.Parameter]:
    for name, member in owner.members.items():
        # Without a label for instances, it is a ClassVar.
        if not isinstance(member, griffe.Attribute) or "instance-attribute" not in member.labels:
            continue
        if member.annotation is None or "property" in member.labels:
            continue
        value = member.value
        is_field = isinstance(value, griffe.ExprCall) and value.canonical_path == _FIELD
        given = _read_arguments(value) if is_field else {}
        if given.get("init") == "False":
            continue
        default = given.get("default") if is_field else value
        if "factory" in given:
            default = f"{given['factory']}()"
        yield griffe.Parameter(
            name.lstrip("_"),
            annotation=_find_accepted_type(given.get("converter"), package) or member.annotation,
            kind=Kind.keyword_only if keyword_only else Kind.positional_or_keyword,
            default=default,
        )


def _find_accepted_type(converter: str | griffe.Expr | None, package: griffe.Module) -> str | griffe.Expr | None:
    """Return the type that the package's converter accepts, which is the argument's type, instead of the field's."""
    path = converter.canonical_path if isinstance(converter, griffe.Expr) else ""
    prefix = f"{package.path}."
    function = package[path.removeprefix(prefix)] if path.startswith(prefix) else None
    return function.parameters[0].annotation if isinstance(function, griffe.Function) else None


def _read_arguments(call: object) -> dict[str, str | griffe.Expr]:
    if not isinstance(call, griffe.ExprCall):
        return {}
    return {one.name: one.value for one in call.arguments if isinstance(one, griffe.ExprKeyword)}
