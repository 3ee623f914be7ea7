"""Chooses the default adapter, and creates adapters by name."""

from __future__ import annotations

from collections.abc import Awaitable
from inspect import signature
from typing import Any, Literal, get_args

from connectly_api.errors import InvalidInputError
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.adapters.network import ConnectionSettings, NetworkTransport
from connectly_api.transport.adapters.pyreqwest_loading import is_usable
from connectly_api.transport.deadline import get_asyncio_loop
from connectly_api.transport.endpoint import check_socksio
from connectly_api.transport.protocol import ClosedError, Progress, Response, Timeouts, Transport, WireRequest
from connectly_api.transport.tls import Tls

TransportName = Literal["auto", "httpx", "pyreqwest"]

_TESTED_SERIES = "0.15."
"""Versions of pyreqwest with which the proof that a request never left was tested."""


@cut_init_traceback
class AutoTransport(NetworkTransport):
    """Sends through pyreqwest if a tested version is installed and the loop is asyncio's; else through httpx.

    It decides at its first request, for good. It also uses httpx in a process that was forked after its parent sent
    something through pyreqwest, and if other code has loaded pyreqwest; see `pyreqwest_loading`.
    """

    def __init__(self, *, proxy: str | None = None, tls: Tls | None = None) -> None:
        """Keep the settings; nothing is imported or opened yet.

        Raises:
            InvalidInputError: A setting is invalid.
        """
        super().__init__(ConnectionSettings(proxy=proxy, tls=tls))
        if proxy is not None and proxy.startswith("socks") and not _has_pyreqwest():
            check_socksio(proxy)
        self._chosen: Transport | None = None

    def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Awaitable[Response]:
        """Send one request and read the whole response; see `Transport.exchange`."""
        if self._is_closed:
            raise ClosedError(progress)
        if self._chosen is None:
            progress.may_have_left = False
            name: TransportName = "pyreqwest" if get_asyncio_loop() and _has_pyreqwest() and is_usable() else "httpx"
            self._chosen = to_transport(name, proxy=self._settings.proxy, tls=self._settings.tls)
        return self._chosen.exchange(request, timeouts, progress)

    async def aclose(self) -> None:
        """Close every connection."""
        self._is_closed = True
        if self._chosen is not None:
            await self._chosen.aclose()


def to_transport(
    transport: Transport | TransportName, *, proxy: str | None = None, tls: Tls | None = None
) -> Transport:
    """Create the adapter of a name with the settings; return an adapter unchanged, as it has its own.

    Raises:
        InvalidInputError: There is no such adapter, it is not installed, or a setting is invalid.
    """
    if not isinstance(transport, str):
        _check_adapter(transport)
        if proxy is not None or tls is not None:
            raise InvalidInputError("proxy, tls: pass them to the adapter itself", field="transport")
        return transport
    if transport not in get_args(TransportName):
        names = ", ".join(get_args(TransportName))
        raise InvalidInputError(f"transport: must be an adapter, or one of {names}", field="transport")
    if transport == "auto":
        return AutoTransport(proxy=proxy, tls=tls)
    if transport == "pyreqwest" and not _has_pyreqwest():
        raise InvalidInputError("transport: pyreqwest needs pip install 'connectly-api[fast]'", field="transport")
    # Imported here, so that importing this package costs less than importing httpx.
    if transport == "pyreqwest":
        from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport  # noqa: PLC0415

        return PyreqwestTransport(proxy=proxy, tls=tls)
    from connectly_api.transport.adapters.httpx import HttpxTransport  # noqa: PLC0415

    return HttpxTransport(proxy=proxy, tls=tls)


def _check_adapter(transport: object) -> None:
    """Refuse an adapter that would only fail at the first send, when nobody could say whether the message was sent."""
    for name, arguments in (("exchange", ("request", "timeouts", "progress")), ("aclose", ())):
        method: Any = getattr(transport, name, None)
        try:
            signature(method).bind(*arguments)
        except TypeError:
            problem = f"{name}({', '.join(arguments)})"
            raise InvalidInputError(f"transport: has no method {problem}", field="transport") from None
        except ValueError:
            pass  # A method that is not written in Python may have no signature.


def _has_pyreqwest() -> bool:
    # Imported here, as this takes a seventh of this package's import time.
    from importlib import metadata  # noqa: PLC0415

    try:
        return metadata.version("pyreqwest").startswith(_TESTED_SERIES)
    except metadata.PackageNotFoundError:
        return False
