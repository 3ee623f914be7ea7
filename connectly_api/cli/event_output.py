"""`connectly webhooks verify`: was a body signed with the business's secret, and what does it say?"""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Annotated, Any, cast

import attrs
import typer

from connectly_api.addresses import Bsuid, Phone
from connectly_api.cli.config import EnvFile, find
from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import read_bytes, read_secret
from connectly_api.cli.option_groups import verb
from connectly_api.cli.output import note, say, say_json
from connectly_api.cli.webhook_commands import app
from connectly_api.errors import WebhookSignatureError
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.receiving import parse
from connectly_api.webhooks.signature import verify

__all__ = ["event_document"]


@verb(app, "verify")
def _verify(
    body: Annotated[str, typer.Argument(metavar="BODY", help="A file with the request's raw body, or - .")],
    *,
    signature: Annotated[str, typer.Option(metavar="BASE64", help="The value of the header x-connectly-hmac-sha256.")],
    secret_file: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="A file with the secret, or - ; repeatable. Default: CONNECTLY_WEBHOOK_SECRET."
        ),
    ] = None,
    show_personal_data: Annotated[
        bool, typer.Option("--show-personal-data", help="Show numbers, names, texts and callback data.")
    ] = False,
    env_file: EnvFile = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON, errors included.")] = False,
) -> None:
    """Verify a webhook's signature, and show the event that it brings."""
    secrets = _secrets(secret_file or (), env_file)
    raw = read_bytes("BODY", body)
    try:
        verify(raw, signature, secrets)
    except WebhookSignatureError:
        _hint(raw, signature, secrets, is_json=is_json)
        raise
    event = parse(raw)
    document = event_document(event, personal=show_personal_data)
    if is_json:
        say_json({"valid": True, "event": document})
        return
    say(f"valid: {type(event).__name__}")
    for name, value in _lines(document):
        say(f"  {name}: {value}")


def event_document(event: Event, *, personal: bool) -> dict[str, Any]:
    """Return an event as JSON, under the names of its class in camel case.

    Args:
        event: What was read.
        personal: Whether it holds numbers, names, texts, callback data and the raw body.
    """
    fields: dict[str, Any] = _json(event, personal=personal)
    return {"class": type(event).__name__, "key": event.key, **fields}


def _secrets(files: list[str] | tuple[str, ...], env_file: str | None) -> list[str]:
    if files:
        return [read_secret("--secret-file", file) for file in files]
    found = find({}, os.environ, env_file).get("CONNECTLY_WEBHOOK_SECRET")
    if found is None:
        raise CommandLineError(
            "no secret: set CONNECTLY_WEBHOOK_SECRET, write it into .env, or give --secret-file FILE"
        )
    return [found.value]


def _hint(raw: bytes, signature: str, secrets: list[str], *, is_json: bool) -> None:
    """Say so where the only difference is a line end, which editors and shells put at a file's end."""
    trimmed = raw.rstrip(b"\r\n")
    try:
        verify(trimmed, signature, secrets)
    except WebhookSignatureError:
        return
    if not is_json:
        note("the signature fits the body without the line end at its end, which was not in the request")


def _json(value: object, *, personal: bool) -> Any:  # noqa: ANN401  (JSON)
    match value:
        case datetime():
            return value.isoformat()
        case Phone():
            return value.e164
        case Bsuid():
            return value.value
        case tuple():
            return [_json(one, personal=personal) for one in cast("tuple[object, ...]", value)]
        case _ if attrs.has(type(value)):
            kind: type[Any] = type(value)
            # What the classes keep out of their reprs is personal, and so are addresses, whose reprs are shortened.
            shown = [
                field
                for field in attrs.fields(kind)
                if personal or (field.repr and field.name not in {"phone", "bsuid"})
            ]
            return {_camel(field.name): _json(getattr(value, field.name), personal=personal) for field in shown}
        case _:
            return value


def _lines(document: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in document.items():
        if isinstance(value, dict) and name not in {"raw", "callbackData"}:
            found += _lines(cast("dict[str, Any]", value), f"{prefix}{name}.")
        elif value not in (None, [], {}) and name != "class":
            found.append((f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)))
    return found


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
