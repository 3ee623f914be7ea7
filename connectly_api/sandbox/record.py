"""What is kept of a request: everything but its secrets. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote_plus

from connectly_api.sandbox.model.changes import MessageAccepted
from connectly_api.sandbox.model.records import ReceivedRequest
from connectly_api.sandbox.service.decision import Incoming, Verdict

__all__ = ["REDACTED", "recorded"]

REDACTED: Final = "[redacted]"
"""What stands where a secret stood."""

_SECRET: Final = frozenset({"x-api-key", "authorization", "proxy-authorization", "cookie"})
"""Headers whose whole value goes; from any other header, and from path and query, the sandbox's key is cut out."""


def recorded(request: Incoming, verdict: Verdict, number: int, now: float, key: str) -> ReceivedRequest:
    """Return what inspection shows of a request.

    Args:
        request: The request.
        verdict: What was answered.
        number: 1 for the first.
        now: The sandbox's clock.
        key: The API key, to be cut out.
    """
    forms = (key, quote_plus(key))
    accepted = [change.message for change in verdict.changes if isinstance(change, MessageAccepted)]
    return ReceivedRequest(
        number=number,
        method=request.method,
        path=_without(request.path, forms),
        query=_without(request.query, forms),
        headers=tuple(
            (name, REDACTED if name in _SECRET else _without(value, forms)) for name, value in request.headers
        ),
        body=request.body or b"",
        operation=verdict.operation,
        status=verdict.status,
        code=verdict.code,
        violations=verdict.violations,
        unknown_fields=verdict.unknown,
        message=accepted[0] if accepted else None,
        trace_id=verdict.trace_id,
        received_at=now,
        fault=verdict.fault,
    )


def _without(text: str, forms: Iterable[str]) -> str:
    for form in forms:
        text = text.replace(form, REDACTED)
    return text
