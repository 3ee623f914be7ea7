"""The sandbox's server: uvicorn in the running asyncio loop, on its own socket."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final, cast
from weakref import WeakSet

import sniffio
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from connectly_api.errors import ConnectlyError, UsageError
from connectly_api.sandbox.web.connection import KEY, Connection

_SHUTDOWN_SECONDS: Final = 2
_MAX_PORT: Final = 65_535


class ServeError(ConnectlyError):
    """The sandbox cannot listen on that host and port."""


@asynccontextmanager
async def serve_app(app: ASGIApp, host: str, port: int) -> AsyncGenerator[str]:
    """Serve an application until the block ends; then, requests in progress have two seconds to finish.

    Yields:
        The URL, `http://127.0.0.1:…`.

    Raises:
        ServeError: The port is in use or not permitted, or the host is not one of this machine's.
        UsageError: The running loop is not asyncio's.
    """
    if sniffio.current_async_library() != "asyncio":
        raise UsageError("the sandbox's server runs on asyncio; use sandbox.app in process with another library")
    connections: WeakSet[Connection] = WeakSet()
    config = uvicorn.Config(
        app, http=_build_protocol(connections), lifespan="off", ws="none", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )  # fmt: skip
    config.load()
    # The steps of uvicorn's own serve(), except that the process's signal handlers stay.
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with _listen(host, port) as listener:
        await server.startup(sockets=[listener])
        main_loop = asyncio.create_task(server.main_loop())
        try:
            yield _get_address(listener)
        finally:
            server.should_exit = True
            await asyncio.shield(_stop(server, main_loop, listener, connections))


def _build_protocol(connections: WeakSet[Connection]) -> type[asyncio.Protocol]:
    """Return a factory of uvicorn's protocols that passes each connection to the application.

    A server copies the `state` that its protocol was made with into the scope of every request of the connection.
    """

    def build(*, app_state: dict[str, Any], **parts: Any) -> asyncio.Protocol:  # noqa: ANN401  (uvicorn's own)
        connection = Connection(lambda: protocol.transport)
        connections.add(connection)
        protocol: Any = cast("Any", AutoHTTPProtocol)(app_state={**app_state, KEY: connection}, **parts)
        return cast("asyncio.Protocol", protocol)

    return cast("type[asyncio.Protocol]", build)


async def _stop(
    server: uvicorn.Server, main_loop: asyncio.Task[None], listener: socket.socket, connections: WeakSet[Connection]
) -> None:
    await main_loop
    for connection in tuple(connections):
        connection.end()
    await server.shutdown(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _MAX_PORT:
        raise ServeError(f"cannot listen on {host} port {port}: ports are 0 to {_MAX_PORT}")
    try:
        family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(where[:2], family=family)
        # asyncio turns Nagle's algorithm off only on sockets with an explicit protocol; otherwise, a response of two
        # writes would wait 40 ms for the peer's acknowledgement of the first.
        return socket.socket(family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach())
    except socket.gaierror as error:
        raise ServeError(f"cannot listen on {host!r}: {error.strerror}") from error
    except OSError as error:
        raise ServeError(f"cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}") from error
    except UnicodeError as error:
        raise ServeError(f"cannot listen on {host!r}: {error}") from error


def _get_address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
