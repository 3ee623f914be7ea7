"""What is wrong with a command line, in sentences of ours that repeat none of its values. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final

import typer

__all__ = ["explain_usage"]

# A word in a verb's place, and an option's name, are the mistake itself. Anything else may be a number or a text.
_VERB: Final = re.compile("[a-z][a-z-]*")
_OPTION: Final = re.compile("--?[a-z-]+")


def explain_usage(error: typer.TyperException, arguments: Sequence[str]) -> tuple[str, str]:
    """Return what is wrong, and the command whose help tells more.

    Args:
        error: What the parser raised. Its own text repeats what was given, and is not shown.
        arguments: The command line.
    """
    context: Any = getattr(error, "ctx", None)
    command = "connectly" if context is None else str(context.command_path)
    return _problem(error, context, arguments), command


def _problem(error: typer.TyperException, context: Any, arguments: Sequence[str]) -> str:  # noqa: ANN401 (the parser's)
    message = str(getattr(error, "message", ""))
    parameter: Any = getattr(error, "param", None)
    if parameter is not None:
        return _of_parameter(error, parameter, context)
    if (option := getattr(error, "option_name", None)) is not None:
        return _of_option(str(option), message, getattr(error, "possibilities", None) or ())
    if message.startswith("No such command"):
        return _of_command(message, context, arguments)
    if message.startswith("Missing command"):
        return "Missing command"
    if message.startswith("Got unexpected extra argument"):
        return "Got more arguments than there are places for"
    return "This command line cannot be used"


def _of_parameter(error: typer.TyperException, parameter: Any, context: Any) -> str:  # noqa: ANN401 (the parser's)
    name = str(parameter.get_error_hint(context))
    choices: Sequence[object] = getattr(parameter.type, "choices", ())
    if hasattr(error, "param_type"):
        problem = f"Missing {parameter.param_type_name} {name}"
        return f"{problem}: one of {', '.join(map(str, choices))}" if choices else problem
    if choices:
        return f"Invalid value for {name}: must be one of {', '.join(map(str, choices))}"
    return f"Invalid value for {name}: must be of type {parameter.type.name}"


def _of_option(name: str, message: str, possibilities: Sequence[str]) -> str:
    shown = name if _OPTION.fullmatch(name) else None
    if message.startswith("No such option"):
        problem = "No such option" if shown is None else f"No such option: {shown}"
        return f"{problem}. Did you mean {', '.join(sorted(possibilities))}?" if possibilities else problem
    what = "An option" if shown is None else f"Option {shown}"
    return f"{what} takes no value" if "not take" in message else f"{what} needs a value"


def _of_command(message: str, context: Any, arguments: Sequence[str]) -> str:  # noqa: ANN401 (the parser's)
    given = next((part for part in arguments if _VERB.fullmatch(part) and message.startswith(_no_such(part))), None)
    if given is None:
        return "No such command"
    commands: list[str] = [*context.command.commands]
    near = get_close_matches(given, commands, 1)
    return f"{_no_such(given)}. Did you mean {near[0]!r}?" if near else _no_such(given)


def _no_such(command: str) -> str:
    return f"No such command '{command}'"
