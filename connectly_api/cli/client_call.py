"""Makes one call, or with `--dry-run` prints the request."""

from __future__ import annotations

import json
import warnings
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import anyio

from connectly_api.cli.config import CallOptions, ClientSettings, load_settings
from connectly_api.cli.output import write_json, write_line, write_note
from connectly_api.client import Connectly
from connectly_api.content.limits import Limits, LimitWarning
from connectly_api.errors import InvalidInputError, NotSentError, OutcomeUnknownError
from connectly_api.recipients import Phone
from connectly_api.setting_rules import name_origin
from connectly_api.transport.adapters.mock import MockTransport
from connectly_api.transport.endpoint import PRODUCTION, read_proxy_from_environment
from connectly_api.transport.protocol import Response, WireRequest

T = TypeVar("T")

_HIDDEN: Final = "[hidden]"


def call_service(
    options: CallOptions,
    call: Callable[[Connectly], Awaitable[T]],
    *,
    sender: str | None = None,
    limits: Limits = "strict",
    secrets: Iterable[str] = (),
) -> T | None:
    """Make one call with a client of its own, or print the request that it would send.

    Args:
        options: The command's options.
        call: The call.
        sender: The option `--sender`.
        limits: What to do about WhatsApp's limits on content.
        secrets: Texts of the request that a dry run hides.

    Returns:
        The call's result, or None after a dry run.

    Raises:
        CommandLineError: A setting is missing.
        ConnectlyError: As for the call.
    """
    settings = load_settings(options, sender, is_dry_run=options.dry_run)
    recorder = MockTransport(lambda _: Response(200, (), b'{"id":"none"}')) if options.dry_run else None

    async def main() -> T:
        async with create_client(settings, limits, recorder or options.transport) as connectly:
            return await call(connectly)

    with show_warnings():
        try:
            result = anyio.run(main)
        except (NotSentError, OutcomeUnknownError) as error:
            error.add_note(_describe_peer(settings))
            raise
        except KeyboardInterrupt:
            write_note("interrupted; a message that was being sent may have been delivered")
            raise
    if recorder is None:
        return result
    # The last one is that which changes something.
    _write_request(recorder.requests[-1], tuple(secrets), is_json=options.is_json)
    return None


@contextmanager
def show_warnings() -> Generator[None]:
    """Print each warning about content once, as a note."""
    with warnings.catch_warnings():
        warnings.simplefilter("once", LimitWarning)
        warnings.showwarning = _write_warning  # catch_warnings restores it.
        yield


def create_client(settings: ClientSettings, limits: Limits, transport: object) -> Connectly:
    """Create a client; an invalid setting is an error that names where it comes from."""
    sender: str | Phone | None = settings.sender
    if settings.sender is not None:
        with suppress(InvalidInputError):  # The client refuses it, too, with the setting's name.
            sender = Phone.parse(settings.sender)
    keywords: dict[str, Any] = {"sender": sender, "base_url": settings.base_url, "transport": transport}
    try:
        return Connectly.from_env(
            api_key=settings.api_key,
            business_id=settings.business_id,
            limits=limits,
            **{name: value for name, value in keywords.items() if value is not None},
        )
    except InvalidInputError as error:
        raise name_origin(error, settings.origins) from None


def _describe_peer(settings: ClientSettings) -> str:
    """Return the server that requests go to: `api.connectly.ai`, or `api.connectly.ai through HTTPS_PROXY`."""
    base_url = settings.base_url or PRODUCTION
    proxy = read_proxy_from_environment(base_url)
    return urlsplit(base_url).netloc + (f" through {proxy[1]}" if proxy else "")


def _write_warning(message: Warning | str, *_details: object, **_options: object) -> None:
    write_note(f"warning: {message}")


def _write_request(request: WireRequest, secrets: tuple[str, ...], *, is_json: bool) -> None:
    headers = [(name, _HIDDEN if name == "X-API-Key" else value) for name, value in request.headers]
    body = None if request.content is None else request.content.decode()
    for secret in secrets if body is not None else ():
        body = str(body).replace(_to_json(secret), _to_json(_HIDDEN))
    if is_json:
        document = {"method": request.method, "url": request.url, "headers": dict(headers)}
        write_json({"dryRun": True, "request": {**document, "body": None if body is None else json.loads(body)}})
        return
    write_line(f"{request.method} {request.url}")
    for name, value in headers:
        write_line(f"{name}: {value}")
    if body is not None:
        write_line("")
        write_line(body)


def _to_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
