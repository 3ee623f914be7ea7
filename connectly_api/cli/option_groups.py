"""Commands whose parameters are values: a class's fields become options, declared once for all commands that have them.

@attrs.frozen
class Connection:
    business_id: Annotated[str | None, typer.Option("--business-id")] = None

@verb(app, "list")
def list_webhooks(connection: Connection) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_origin, get_type_hints

import attrs
import typer

__all__ = ["verb"]

_CONTEXT = "context_"


def verb(app: typer.Typer, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds a function to an application as a command.

    A parameter whose type is an attrs class stands for one option for each of its fields. A field that declares no
    option takes the `obj` that the command line is run with.

    Args:
        app: The application.
        name: What the command is called.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        app.command(name)(_spread(function))
        return function

    return add


def _spread(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function that takes the fields of the values that another takes."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())
    groups = {parameter.name: parameter.annotation for parameter in own if attrs.has(parameter.annotation)}
    parameters = [inspect.Parameter(_CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    parameters += [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own if parameter.name not in groups
    ]
    for kind in groups.values():
        parameters += _options(kind)

    def command(**values: Any) -> None:  # noqa: ANN401  (of whatever type the options are)
        context: typer.Context = values.pop(_CONTEXT)
        made = {name: _made(kind, values, context.obj) for name, kind in groups.items()}
        function(**values, **made)

    command.__doc__ = function.__doc__
    vars(command)["__signature__"] = inspect.Signature(parameters)  # What inspect looks for.
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _options(kind: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in attrs.fields(kind)
        if get_origin(hints[field.name]) is Annotated
    ]


def _made(kind: type[Any], values: dict[str, Any], given: object) -> Any:  # noqa: ANN401  (a value of that class)
    return kind(**{field.name: values.pop(field.name, given) for field in attrs.fields(kind)})
