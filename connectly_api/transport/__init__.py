"""The HTTP layer: from a pure `Request` to a parsed `Answer`, or to an error that says what happened to the request.

Theory of operation. A call passes these layers, each behind a protocol, so each can be tested alone:

    Request        `protocol`: one operation's method, path, query and bytes; built without I/O
    Pipeline       `pipeline`: the key, the URL (`endpoint`), the deadline (`deadline`), retries
                   (`retry`), typed errors (`attempt_outcome`, `failure_text`), turns (`turns`)
    telemetry      records each attempt, if the client has one (`Instrumentation`)
    PacedTransport `pacing`, `rates`: waits so that no rate is exceeded, if there is a pace; many processes may share it
                   (`shared_pace`, `redis_pace`, `postgres_pace`)
    an adapter     `adapters`: puts a `WireRequest` on the wire and returns a `Response`

Two rules hold everywhere. First, only the pipeline looks at a status and decides whether to retry; the layers below it
send a request once, or not at all. Second, a request counts as unsent only with proof: an adapter records in `Progress`
that a request has not left, and revokes that before the first byte goes. So an error after that is "unknown", and a
message is never sent twice. The top of each adapter's module explains its proof.

The adapters are `httpx` (default), `pyreqwest` (fast), `asgi` (an application in the same process) and `mock` (a
function); `auto` chooses between the first two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectly_api.lazy import lazy_names

if TYPE_CHECKING:
    from connectly_api.transport.adapters.asgi import AsgiTransport
    from connectly_api.transport.adapters.mock import MockTransport
    from connectly_api.transport.pacing import PacedTransport
    from connectly_api.transport.pipeline import Pipeline
    from connectly_api.transport.protocol import (
        Answer,
        Progress,
        RateKeys,
        Request,
        Response,
        Timeouts,
        Transport,
        WireRequest,
    )
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
    "RateKeys",
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
        "protocol": [
            "Answer",
            "Progress",
            "RateKeys",
            "Request",
            "Response",
            "Timeouts",
            "Transport",
            "WireRequest",
        ],
        "retry": ["Retry"],
        "tls": ["Tls"],
    },
)
