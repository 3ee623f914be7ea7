"""One call of the service, or with `--dry-run` the request that it would be."""

from __future__ import annotations

import json
import warnings
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar

import anyio

from connectly_api.cli.config import Connection, settings_of
from connectly_api.cli.output import note, say, say_json
from connectly_api.client import Connectly
from connectly_api.errors import InvalidInputError
from connectly_api.limits import Limits, LimitWarning
from connectly_api.setting_rules import refer_to
from connectly_api.transport.mock import MockTransport
from connectly_api.transport.protocol import Response, Transport, WireRequest

__all__ = ["call"]

T = TypeVar("T")

_HIDDEN: Final = "[hidden]"


def call(
    connection: Connection,
    act: Callable[[Connectly], Awaitable[T]],
    *,
    sender: str | None = None,
    limits: Limits = "strict",
    secrets: Iterable[str] = (),
) -> T | None:
    """Make a client, let it act, and close it; or show the request that it would send.

    Args:
        connection: What the options say.
        act: One call.
        sender: What the option for the sender says.
        limits: What to do about WhatsApp's limits on content.
        secrets: Texts of the request that are shown to nobody.

    Returns:
        What the call returned, or None where it was only shown.

    Raises:
        CommandLineError: A setting is missing.
        ConnectlyError: As the call does.
    """
    settings = settings_of(connection, sender)
    rehearsal = MockTransport(lambda _: Response(200, (), b'{"id":"none"}')) if connection.dry_run else None
    given: dict[str, Any] = {"api_key": settings.api_key, "business_id": settings.business_id, "limits": limits}
    given |= {"sender": settings.sender} if settings.sender is not None else {}
    given |= {"base_url": settings.base_url} if settings.base_url is not None else {}
    transport: Transport | None = connection.transport if rehearsal is None else rehearsal
    given |= {"transport": transport} if transport is not None else {}

    def make() -> Connectly:
        try:
            return Connectly.from_env(**given)
        except InvalidInputError as error:
            raise refer_to(error, settings.origins) from None

    async def main() -> T:
        async with make() as connectly:
            return await act(connectly)

    with warnings.catch_warnings():
        warnings.simplefilter("always", LimitWarning)
        warnings.showwarning = _tell  # The block's end puts back what was there.
        result = anyio.run(main)
    if rehearsal is None:
        return result
    _show(rehearsal.requests[0], tuple(secrets), is_json=connection.is_json)
    return None


def _tell(message: Warning | str, *_details: object, **_options: object) -> None:
    note(f"warning: {message}")


def _show(request: WireRequest, secrets: tuple[str, ...], *, is_json: bool) -> None:
    headers = [(name, _HIDDEN if name == "X-API-Key" else value) for name, value in request.headers]
    body = None if request.content is None else request.content.decode()
    for secret in secrets if body is not None else ():
        body = str(body).replace(_written(secret), _written(_HIDDEN))
    if is_json:
        told = {"method": request.method, "url": request.url, "headers": dict(headers)}
        say_json({"dryRun": True, "request": {**told, "body": None if body is None else json.loads(body)}})
        return
    say(f"{request.method} {request.url}")
    for name, value in headers:
        say(f"{name}: {value}")
    if body is not None:
        say("")
        say(body)


def _written(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
