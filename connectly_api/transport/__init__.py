"""The HTTP edge: a protocol over plain bytes, the adapters that fulfil it, and the pipeline on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectly_api.lazy import lazy_names

if TYPE_CHECKING:
    from connectly_api.transport.adapters.asgi import AsgiTransport
    from connectly_api.transport.adapters.mock import MockTransport
    from connectly_api.transport.pacing import PacedTransport
    from connectly_api.transport.pipeline import Pipeline
    from connectly_api.transport.protocol import Answer, Progress, Request, Response, Timeouts, Transport, WireRequest
    from connectly_api.transport.rates import Pace, Rate
    from connectly_api.transport.retry import Retry
    from connectly_api.transport.tls import Tls

__all__ = [
    "Answer",
    "AsgiTransport",
    "MockTransport",
    "Pace",
    "PacedTransport",
    "Pipeline",
    "Progress",
    "Rate",
    "Request",
    "Response",
    "Retry",
    "Timeouts",
    "Tls",
    "Transport",
    "WireRequest",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "adapters.asgi": ["AsgiTransport"],
        "adapters.mock": ["MockTransport"],
        "rates": ["Pace", "Rate"],
        "pacing": ["PacedTransport"],
        "pipeline": ["Pipeline"],
        "protocol": ["Answer", "Progress", "Request", "Response", "Timeouts", "Transport", "WireRequest"],
        "retry": ["Retry"],
        "tls": ["Tls"],
    },
)
