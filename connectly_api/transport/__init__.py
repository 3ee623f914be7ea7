"""The HTTP edge: a protocol over plain bytes, the adapters that fulfil it, and the pipeline on top."""

from __future__ import annotations

from connectly_api.transport.asgi import AsgiTransport
from connectly_api.transport.mock import MockTransport
from connectly_api.transport.pipeline import Pipeline
from connectly_api.transport.protocol import Answer, Progress, Request, Response, Timeouts, Transport, WireRequest
from connectly_api.transport.retry import Retry

__all__ = [
    "Answer",
    "AsgiTransport",
    "MockTransport",
    "Pipeline",
    "Progress",
    "Request",
    "Response",
    "Retry",
    "Timeouts",
    "Transport",
    "WireRequest",
]
