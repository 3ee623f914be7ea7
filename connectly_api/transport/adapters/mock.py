"""An adapter that asks a function for the response, for unit tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import check_kind
from connectly_api.transport.protocol import Progress, Response, Timeouts, WireRequest


class MockTransport:
    """Returns a function's responses, and keeps the requests.

    Attributes:
        requests: Every request so far, in order.
        closed: Whether `aclose` was called.
    """

    def __init__(
        self,
        answer: Callable[[WireRequest], Response | Awaitable[Response]],
        *,
        may_have_left: bool = True,
    ) -> None:
        """Use a function as the server.

        Args:
            answer: Gets the request and returns, or returns an awaitable of, the response; it may raise the same
                exceptions as a network.
            may_have_left: Whether a request may have left this machine if `answer` raises; False if it certainly
                did not.

        Raises:
            InvalidInputError: `answer` cannot be called, or `may_have_left` is neither True nor False.
        """
        check_kind("may_have_left", may_have_left, bool, "True or False")
        given: object = answer
        if not callable(given):
            raise InvalidInputError(f"answer: must be a function, not {type(given).__name__}", field="answer")
        self._answer = answer
        self._may_have_left = may_have_left
        self.requests: list[WireRequest] = []
        self.closed = False

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:  # noqa: ARG002 (the protocol's)
        """Keep the request and return its response; see `Transport.exchange`."""
        progress.may_have_left = self._may_have_left
        self.requests.append(request)
        answer = self._answer(request)
        return await answer if isawaitable(answer) else answer

    async def aclose(self) -> None:
        """Set `closed`."""
        self.closed = True
