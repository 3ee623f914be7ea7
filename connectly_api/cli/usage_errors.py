"""Usage errors in our own words, because the parser's texts repeat values, which may be personal. Pure."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args, get_origin

import typer

# Only a word in the place of a command, and an option's name, are safe to repeat; other words may be personal.
_COMMAND: Final = re.compile("[a-z][a-z-]*")
_OPTION: Final = re.compile("--?[a-z-]+")


def explain_usage_error(error: typer.TyperException, arguments: Sequence[str]) -> tuple[str, str]:
    """Return the problem, and the command whose help to read.

    Args:
        error: The parser's exception.
        arguments: The command line.
    """
    context: Any = getattr(error, "ctx", None)
    command = "connectly" if context is None else str(context.command_path)
    return _explain(error, context, arguments), command


def _explain(error: typer.TyperException, context: Any, arguments: Sequence[str]) -> str:  # noqa: ANN401 (the parser's)
    message = str(getattr(error, "message", ""))
    parameter: Any = getattr(error, "param", None)
    if parameter is not None:
        return _explain_parameter(parameter, context, is_missing=hasattr(error, "param_type"))
    if (option := getattr(error, "option_name", None)) is not None:
        return _explain_option(str(option), message, getattr(error, "possibilities", None) or ())
    if message.startswith("No such command"):
        return _explain_command(message, context, arguments)
    if message.startswith("Missing command"):
        return "Missing command"
    if message.startswith("Got unexpected extra argument"):
        return "Too many arguments"
    return "This command line is not valid"


def _explain_parameter(parameter: Any, context: Any, *, is_missing: bool) -> str:  # noqa: ANN401 (the parser's)
    is_argument = parameter.param_type_name == "argument"
    name = f"'{(parameter.metavar or parameter.name) if is_argument else parameter.opts[0]}'"
    choices = ", ".join(_find_choices(context, parameter.name))
    if is_missing:
        problem = f"Missing {parameter.param_type_name} {name}"
        return f"{problem}: one of {choices}" if choices else problem
    return f"Invalid value for {name}: must be {f'one of {choices}' if choices else 'a number'}"


def _find_choices(context: Any, name: str) -> tuple[str, ...]:  # noqa: ANN401 (the parser's)
    """Return a parameter's choices, from our own annotation: the parser keeps them elsewhere in each version."""
    kinds: list[Any] = [inspect.signature(context.command.callback).parameters[name].annotation]
    for kind in kinds:
        if get_origin(kind) is Literal:
            return get_args(kind)
        kinds += get_args(kind)
    return ()


def _explain_option(name: str, message: str, possibilities: Sequence[str]) -> str:
    shown = name if _OPTION.fullmatch(name) else None
    if message.startswith("No such option"):
        problem = "No such option" if shown is None else f"No such option: {shown}"
        return f"{problem}. Did you mean {', '.join(sorted(possibilities))}?" if possibilities else problem
    option = "An option" if shown is None else f"Option {shown}"
    return f"{option} takes no value" if "not take" in message else f"{option} needs a value"


def _explain_command(message: str, context: Any, arguments: Sequence[str]) -> str:  # noqa: ANN401 (the parser's)
    word = next(
        (word for word in arguments if _COMMAND.fullmatch(word) and message.startswith(f"No such command '{word}'")),
        None,
    )
    if word is None:
        return "No such command"
    near = get_close_matches(word, [str(name) for name in context.command.commands], 1)
    return f"No such command '{word}'" + (f". Did you mean {near[0]!r}?" if near else "")
