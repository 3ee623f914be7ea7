"""The handwritten part of the synchronous client."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

from connectly_api.client import Connectly
from connectly_api.errors import UsageError
from connectly_api.sync.portal import run
from connectly_api.sync.twin import ClosableTwin
from connectly_api.tracebacks import cut_traceback

T = TypeVar("T")


class BlockingClient(ClosableTwin[Connectly]):
    """What the synchronous client has beside the generated methods."""

    _is_closed = False
    _has_own_adapter = False

    def __init__(self, create: Callable[..., Connectly], /, **settings: Any) -> None:  # noqa: ANN401 (the async client's own)
        """Create the async client.

        Args:
            create: The async client's class, or a function that returns a client.
            settings: Its keyword arguments.
        """
        self._has_own_adapter = not isinstance(settings.get("transport", "auto"), str)
        super().__init__(create, **settings)

    @classmethod
    @cut_traceback
    def from_env(cls, **settings: Any) -> Self:  # noqa: ANN401 (the constructor's own keywords)
        """Create a client from environment variables; a forked process reads them again.

        See `connectly_api.Connectly.from_env`.
        """
        client = cls.__new__(cls)
        BlockingClient.__init__(client, Connectly.from_env, **settings)
        return client

    @property
    def business_id(self) -> str:
        """The business."""
        return self._object.business_id

    def run(self, function: Callable[[Connectly], Coroutine[Any, Any, T]]) -> T:
        """Run an async function with the async client, for example to call the functions of `connectly_api.lowlevel`.

            registrations = connectly.run(lambda client: get_webhooks(client.transport, client.business_id))

        All calls of the process run on one event loop, so the function must not block it.

        Args:
            function: Takes the async client; its result is returned.

        Raises:
            UsageError: The calling thread runs an event loop, the program is ending, or the client is closed.
        """
        return run(function, self._get())

    def close(self) -> None:
        """Close all connections. Calling it again, or on a view, does nothing."""
        super().close()
        self._is_closed = True

    def __repr__(self) -> str:
        """Show the business and the base URL, but neither the key nor the sender's whole number."""
        return repr(self._object)

    def _renew(self) -> None:
        if self._is_closed and not self._is_part:
            raise UsageError("the client is closed; create a new one")
        if self._has_own_adapter:
            raise UsageError(
                "the client was created before this process was forked, and its adapter belongs to the parent;"
                " create the client after the fork, or pass the name of a transport"
            )
        super()._renew()
