"""Commands that take groups of options as values: each field of an attrs class becomes an option.

@attrs.frozen
class CallOptions:
    business_id: Annotated[str | None, typer.Option("--business-id")] = None

@command(app, "list")
def list_webhooks(options: CallOptions) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_origin, get_type_hints

import attrs
import typer

_CONTEXT = "context_"


def command(app: typer.Typer, name: str, *examples: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds a function to an application as a command.

    A parameter whose type is an attrs class stands for one option per field. A field that declares no option takes the
    `obj` that the command line runs with.

    Args:
        app: The application.
        name: The command's name.
        examples: Command lines that the help shows.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        app.command(name, epilog=format_block("Examples", examples))(_spread(function))
        return function

    return add


def format_block(title: str, lines: tuple[str, ...]) -> str:
    """Return lines under a title that the help does not wrap: it keeps what follows a backspace."""
    return "\n".join(("\b", f"{title}:", *(f"  {line}" for line in lines)))


def _spread(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function that takes the fields of a function's option groups, for typer to inspect."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())
    groups = {parameter.name: parameter.annotation for parameter in own if attrs.has(parameter.annotation)}
    parameters = [inspect.Parameter(_CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    parameters += [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own if parameter.name not in groups
    ]
    for group in groups.values():
        hints = get_type_hints(group, include_extras=True)
        parameters += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is attrs.NOTHING else field.default,
                annotation=hints[field.name],
            )
            for field in attrs.fields(group)
            if get_origin(hints[field.name]) is Annotated
        ]

    def run(**values: Any) -> None:  # noqa: ANN401  (whatever the options' types are)
        context: typer.Context = values.pop(_CONTEXT)
        options = {
            name: group(**{field.name: values.pop(field.name, context.obj) for field in attrs.fields(group)})
            for name, group in groups.items()
        }
        function(**values, **options)

    run.__doc__ = function.__doc__
    vars(run)["__signature__"] = inspect.Signature(parameters)  # Read by inspect, and so by typer.
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
