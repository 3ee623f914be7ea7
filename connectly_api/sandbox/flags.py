"""The flags of `python -m connectly_api.sandbox`: one for each setting, and the program's own. Pure."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Mapping
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.model.settings import Settings

_REPEATED: Final[Mapping[str, str]] = {
    "senders": "sender",
    "channels": "channel",
    "allow_hosts": "allow-host",
    "webhook_retries": "webhook-retry",
}
"""Settings that are lists: repeat their flags for each value."""

_TEXT_OPTIONS: Final = frozenset({"retry_after", "recipient", "operation", "topic", "code"})
"""Options of a fault that are text even if they look like a number."""

_EXAMPLES: Final = """examples:
  python -m connectly_api.sandbox
  python -m connectly_api.sandbox --windows open --fault reset,every=5
  python -m connectly_api.sandbox --port 0 --json --record run.json
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m connectly_api.sandbox",
        usage="%(prog)s [options]",
        description="Run Connectly's Message API on your machine, without a key. Ctrl-C stops it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="interface to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8750, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line, for programs")
    parser.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="(default: %(default)s)")
    parser.add_argument("--show-personal-data", action="store_true", help="show phone numbers, paths and URLs")
    parser.add_argument("--swagger", metavar="FILE", help="serve another Swagger 2.0 file")
    parser.add_argument("--replay", metavar="FILE", help="start with a recorded run; the clock then stands still")
    parser.add_argument("--record", metavar="FILE", help="write the run to a file when it ends")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="WHAT[,NAME=VALUE...]",
        help="inject a fault: reset,every=5 or server_error,status=503,probability=0.1; repeatable",
    )  # fmt: skip
    group = parser.add_argument_group("settings")
    hints = get_type_hints(Settings)
    docstring = inspect.cleandoc(Settings.__doc__ or "").replace("`", "")
    descriptions = dict(re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", docstring, re.MULTILINE))
    for field in attrs.fields(Settings):
        _add_setting(group, field, hints[field.name], descriptions.get(field.name, ""))
    return parser


def get_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the given settings; the clock is real by default."""
    given = {field.name: getattr(options, field.name) for field in attrs.fields(Settings) if field.name in options}
    return given if options.replay else {"clock": "real", **given}


def parse_fault(text: str) -> dict[str, Any]:
    """Parse `reset,every=5` into the arguments of the verb `fault`.

    Raises:
        InvalidInputError: A part has no equals sign.
    """
    what, *parts = text.split(",")
    arguments: dict[str, Any] = {"what": what.strip()}
    for part in parts:
        name, equals, value = map(str.strip, part.partition("="))
        if not equals:
            raise InvalidInputError(f"fault: {name!r} needs a value: reset,every=5", field="fault")
        arguments[name] = value if name in _TEXT_OPTIONS else _parse_value(value)
    return arguments


def _parse_value(text: str) -> object:
    for parse in (int, float):
        try:
            return parse(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)


def _add_setting(group: Any, field: attrs.Attribute[Any], hint: Any, text: str) -> None:  # noqa: ANN401  (argparse's group has no public type)
    default: Any = "real" if field.name == "clock" else field.default
    shown = " ".join(map(str, default)) if field.name in _REPEATED else default
    options: dict[str, Any] = {"dest": field.name, "default": argparse.SUPPRESS, "help": f"{text} (default: {shown})"}
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        options |= {"choices": choices, "type": type(choices[0])}
    elif field.name in _REPEATED:
        options |= {"action": "append", "type": float if field.name == "webhook_retries" else str, "metavar": "VALUE"}
    elif NoneType in get_args(hint):
        options |= {"type": _build_optional(get_args(hint)[0]), "metavar": "NUMBER|none"}
    else:
        options |= {"type": hint, "metavar": "TEXT" if hint is str else "NUMBER"}
    group.add_argument(f"--{_REPEATED.get(field.name, field.name).replace('_', '-')}", **options)


def _build_optional(kind: type[Any]) -> Any:  # noqa: ANN401  (argparse takes any callable)
    def number(text: str) -> Any:  # noqa: ANN401  (a number or None)
        return None if text.lower() == "none" else kind(text)

    return number
