"""The flags of `python -m connectly_api.sandbox`: one for each setting, and the program's own. Pure."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from os.path import commonprefix
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_array, is_object
from connectly_api.sandbox.model.fault_rules import FAULT_DESCRIPTIONS, FAULT_OPTIONS
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

_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "business": ("api_key", "business_id", "senders", "channels"),
    "clock and statuses": ("clock", "start", "sent_after", "delivered_after", "read_after"),
    "webhooks": ("deliver", "webhook_secret", "webhook_retries", "webhook_timeout"),
    "rules of the service": (
        *("windows", "content_limits", "undeclared_templates", "template_mismatch", "rate_limit", "number_limit"),
    ),
    "the sandbox itself": ("seed", "keep", "keep_bytes", "max_body_bytes", "allow_hosts"),
}
"""Settings by topic, for the help."""
_OPEN_QUESTIONS: Final = "where the documentation is silent or contradicts itself"
"""The topic of all other settings."""

_HELP_INDENT, _HELP_WIDTH = 8, 78
_LONGEST_CHOICES: Final = 50

_EXAMPLES: Final = """examples:
  connectly sandbox --windows open --fault reset,every=5
  connectly sandbox --port 0 --json --record run.json

Write as a customer in the page whose address it prints first, or from another
terminal. That opens the 24-hour window; a day later, it is closed again:

  curl -X POST http://127.0.0.1:8750/__sandbox__/says \\
    -d '{"customer": "+16044441111", "text": "Hi"}'
  connectly send text +16044441111 "Hello!"
  curl -X POST http://127.0.0.1:8750/__sandbox__/advance -d '{"hours": 24}'
  curl http://127.0.0.1:8750/__sandbox__/timeline
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m connectly_api.sandbox",
        usage="%(prog)s [options]",
        description="Run Connectly's Message API on your machine, without a key. Ctrl-C stops it.",
        epilog=f"{_describe_faults()}\n{_EXAMPLES}",
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=_HELP_INDENT),
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="Interface to listen on; 0.0.0.0 is all of them (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=int, default=8750, help="Port to listen on; 0 picks a free one (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="Print one JSON object per line, for programs")
    parser.add_argument(
        "--color", choices=["auto", "always", "never"], default="auto",
        help="Color statuses; auto does on a terminal (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--show-personal-data", action="store_true", help="Show phone numbers, texts, paths and URLs")
    parser.add_argument("--swagger", metavar="FILE", help="Serve another Swagger 2.0 file (default: the package's)")
    parser.add_argument("--replay", metavar="FILE", help="Start with a recorded run; the clock then stands still")
    parser.add_argument("--record", metavar="FILE", help="Write the run to a file when it ends")
    parser.add_argument("--state", metavar="FILE", help="Keep the state in a file, and start with it if it exists")
    parser.add_argument("--init", metavar="FILE", help="Start with verbs of a file, JSON lines, unless --state exists")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="WHAT[,NAME=VALUE...]",
        help="Inject a fault of those below: reset,every=5; repeatable",
    )  # fmt: skip
    hints = get_type_hints(Settings)
    docstring = inspect.cleandoc(Settings.__doc__ or "").replace("`", "").replace("None", "none")
    descriptions = dict(re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", docstring, re.MULTILINE))
    topics = {name: topic for topic, names in _GROUPS.items() for name in names}
    groups = {topic: parser.add_argument_group(topic) for topic in (*_GROUPS, _OPEN_QUESTIONS)}
    for field in attrs.fields(Settings):
        group = groups[topics.get(field.name, _OPEN_QUESTIONS)]
        _add_setting(group, field, hints[field.name], " ".join(descriptions.get(field.name, "").split()))
    return parser


def get_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the given settings; the clock is real by default."""
    given = {field.name: getattr(options, field.name) for field in attrs.fields(Settings) if field.name in options}
    return given if options.replay else {"clock": "real", **given}


def parse_verbs(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Parse an array of objects, or one on each line: `{"verb": "customer", "phone": "+16044441111"}`.

    Raises:
        InvalidInputError: It is something else.
    """
    lines = ",".join(filter(str.strip, text.splitlines()))
    try:
        calls: object = json.loads(text if text.lstrip().startswith("[") else f"[{lines}]")
    except (ValueError, RecursionError):
        calls = None
    for call in calls if is_array(calls) else [None]:
        if not is_object(call) or not isinstance(verb := call.pop("verb", None), str):
            raise InvalidInputError("init: must have JSON objects, one on each line, each with a verb", field="init")
        yield verb, call


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


def _describe_faults() -> str:
    """Return a line for each kind of fault, with the options that only some kinds have."""
    width = max(map(len, FAULT_DESCRIPTIONS))
    lines = ["kinds of --fault, with their own options in parentheses:"]
    for kind, description in FAULT_DESCRIPTIONS.items():
        options = ", ".join(name for name, kinds in FAULT_OPTIONS.items() if kind in kinds)
        lines.append(f"  {kind:{width}}  {description}{f' ({options})' if options else ''}")
    common = ("Each also takes recipient, and one of next=N, every=N, probability=P; those of", "webhooks take topic, ")
    return "\n".join((*lines, "", common[0], f"{common[1]}the others operation, such as send_message.", ""))


def _shorten(text: str, default: str) -> str:
    """Return the sentences of a description that fit into two lines with the default, and at least the first."""
    first, *others = text.removesuffix(".").split(". ")
    shown = f"{first} {default}"
    for count in range(1, len(others) + 1):
        longer = f"{'. '.join((first, *others[:count]))} {default}"
        if len(textwrap.wrap(longer, _HELP_WIDTH - _HELP_INDENT)) > 2:  # noqa: PLR2004  (lines)
            break
        shown = longer
    return shown


def _format_choices(choices: Sequence[object]) -> str:
    texts = list(map(str, choices))
    start = commonprefix(texts) if len(",".join(texts)) > _LONGEST_CHOICES else ""  # noqa: RUF071  (no paths)
    return f"{start}{{{','.join(text.removeprefix(start) for text in texts)}}}"


def _add_setting(group: Any, field: attrs.Attribute[Any], hint: Any, text: str) -> None:  # noqa: ANN401  (argparse's group has no public type)
    default: Any = "real" if field.name == "clock" else field.default
    shown = " ".join(map(str, default)) if field.name in _REPEATED else default
    shown = "none" if shown in {None, ""} else shown
    help_ = _shorten(text, f"(default: {shown})").replace("%", "%%")
    options: dict[str, Any] = {"dest": field.name, "default": argparse.SUPPRESS, "help": help_}
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        options |= {"choices": choices, "type": type(choices[0]), "metavar": _format_choices(choices)}
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
