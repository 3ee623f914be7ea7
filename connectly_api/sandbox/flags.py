"""The command line: a flag for each setting, made from the settings themselves, and the program's own. Pure."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.model.settings import Settings

__all__ = ["build_parser", "get_settings", "parse_fault"]

_REPEATED: Final[Mapping[str, str]] = {"senders": "sender", "channels": "channel", "webhook_retries": "webhook-retry"}
"""Settings that are lists: their flags may be given more than once."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m connectly_api.sandbox", description="Connectly's Message API on your own machine."
    )
    made.add_argument("--host", default="127.0.0.1", help="interface to listen on (default: %(default)s)")
    made.add_argument("--port", type=int, default=8750, help="0 picks a free one (default: %(default)s)")
    made.add_argument("--json", action="store_true", help="one JSON object a line, for machines")
    made.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="(default: %(default)s)")
    made.add_argument("--show-personal-data", action="store_true", help="show what clients wrote whole")
    made.add_argument("--swagger", metavar="FILE", help="serve another Swagger 2.0 file")
    made.add_argument("--replay", metavar="FILE", help="begin with a recorded run; its clock then stands still")
    made.add_argument("--record", metavar="FILE", help="record the run to a file when it ends")
    made.add_argument(
        "--fault", action="append", default=[], metavar="WHAT[,NAME=VALUE...]",
        help="let something go wrong: reset,every=5 or server_error,status=503,probability=0.1; repeatable",
    )  # fmt: skip
    group = made.add_argument_group("settings", "described at connectly_api.sandbox.Settings")
    hints = get_type_hints(Settings)
    for field in attrs.fields(Settings):
        _add(group, field, hints[field.name])
    return made


def get_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that were given, and a real clock where none was."""
    given = {field.name: getattr(options, field.name) for field in attrs.fields(Settings)}
    clock = {} if options.replay else {"clock": "real"}
    return {**clock, **{name: value for name, value in given.items() if value is not _ABSENT}}


def parse_fault(text: str) -> dict[str, Any]:
    """Return the arguments of the verb `fault` that `reset,every=5` stands for.

    Raises:
        InvalidInputError: A part has no equals sign.
    """
    what, *parts = text.split(",")
    given: dict[str, Any] = {"what": what.strip()}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals:
            raise InvalidInputError(f"fault: {name.strip()!r} needs a value: reset,every=5", field="fault")
        given[name.strip()] = _value(value.strip()) if name.strip() not in _TEXTS else value.strip()
    return given


_ABSENT: Final = object()
_TEXTS: Final = frozenset({"retry_after", "recipient", "operation", "topic", "code"})


def _value(text: str) -> object:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)


def _add(group: Any, field: attrs.Attribute[Any], hint: Any) -> None:  # noqa: ANN401  (argparse's group has no public type)
    name = _REPEATED.get(field.name, field.name).replace("_", "-")
    told: dict[str, Any] = {"dest": field.name, "default": _ABSENT}
    default: Any = field.default
    shown = " ".join(map(str, default)) if field.name in _REPEATED else str(default)
    told["help"] = f"(default: {'real' if field.name == 'clock' else shown})"
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        told |= {"choices": choices, "type": type(choices[0])}
    elif field.name in _REPEATED:
        told |= {"action": _Appending, "type": float if field.name == "webhook_retries" else str, "metavar": "VALUE"}
    elif NoneType in get_args(hint):
        told |= {"type": _optional(get_args(hint)[0]), "metavar": "NUMBER|none"}
    else:
        told |= {"type": hint, "metavar": "TEXT" if hint is str else "NUMBER"}
    group.add_argument(f"--{name}", **told)


class _Appending(argparse.Action):
    """Appends, to nothing at first: the defaults go once a flag is given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002  (argparse's protocol)
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401  (likewise)
        option_string: str | None = None,  # noqa: ARG002  (likewise)
    ) -> None:
        """Take one more value."""
        earlier = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [*([] if earlier is _ABSENT else earlier), values])


def _optional(kind: type[Any]) -> Any:  # noqa: ANN401  (argparse takes any callable)
    def number(text: str) -> Any:  # noqa: ANN401  (a number or None)
        return None if text.lower() == "none" else kind(text)

    return number
