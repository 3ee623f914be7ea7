"""Spans and metrics by OpenTelemetry's conventions (extra `otel`).

    from connectly_api.telemetry import Telemetry

    connectly = Connectly(..., telemetry=Telemetry())

A call is one span of the messaging conventions; each of its attempts is a client span of the HTTP conventions within
it. No attribute holds a key, a phone number, a BSUID, a text or callback data, and the ids in the URL are redacted.
No trace context is sent to the service.

Source: OpenTelemetry semantic conventions 1.27 and later, https://opentelemetry.io/docs/specs/semconv/, HTTP client and
messaging.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs

from connectly_api._version import __version__
from connectly_api.errors import ConnectlyError
from connectly_api.lowlevel._source import OPERATIONS
from connectly_api.transport.protocol import (
    Answer,
    Progress,
    Request,
    Response,
    Timeouts,
    Transport,
    WireRequest,
    is_send,
)

try:
    from opentelemetry import metrics, trace
except ModuleNotFoundError as error:
    message = f"telemetry needs {error.name}: pip install 'connectly-api[otel]'"
    raise ModuleNotFoundError(message, name=error.name) from error

if TYPE_CHECKING:
    from connectly_api.drift import Drift

__all__ = ["Telemetry"]

Attributes = dict[str, str | int | float | bool]

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Seconds: the boundaries that the conventions recommend."""
_FIRST_FAILURE: Final = 400

_ATTEMPTS: ContextVar[count[int] | None] = ContextVar("connectly_api_attempts", default=None)
"""Numbers the attempts of the current call, from 0."""


class Telemetry:
    """Records a client's calls with a tracer and a meter."""

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Take the providers, the application's global ones by default, and a clock in seconds, for durations."""
        self._now = now
        self._tracer = trace.get_tracer("connectly_api", __version__, tracer_provider)
        meter = metrics.get_meter("connectly_api", __version__, meter_provider)
        self._attempts = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._calls = meter.create_histogram(
            "messaging.client.operation.duration",
            unit="s",
            description="Duration of messaging operations.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._sent = meter.create_counter(
            "messaging.client.sent.messages", unit="{message}", description="Number of messages sent."
        )
        self._drift = meter.create_counter(
            "connectly.drift", unit="{body}", description="Number of bodies beyond the documentation."
        )

    def wrap_transport(self, transport: Transport) -> Transport:
        """Return an adapter that records each attempt and sends through another."""
        return _TracedTransport(transport, self._tracer, self._attempts, self._now)

    def count_drift(self, drift: Drift) -> None:
        """Count one body with a difference that a `DriftMonitor` found."""
        self._drift.add(1, {f"connectly.drift.{name}": value for name, value in attrs.asdict(drift).items()})

    @contextmanager
    def trace_call(
        self, request: Request[object], base_url: str
    ) -> Generator[Callable[[Answer[Any]], None], None, None]:
        """Record one call with its attempts; the body passes its answer to the function that the context yields."""
        sends = is_send(request.operation)
        common: Attributes = {
            "messaging.system": "connectly",
            "messaging.operation.name": request.operation,
            **_describe_server(base_url),
        }
        if sends:
            common["messaging.operation.type"] = "send"
        started = self._now()
        failure: Attributes = {}
        kind = trace.SpanKind.PRODUCER if sends else trace.SpanKind.CLIENT
        numbers = _ATTEMPTS.set(count())
        with self._tracer.start_as_current_span(
            request.operation, kind=kind, attributes=common, record_exception=False, set_status_on_exception=False
        ) as span:

            def record(answer: Answer[Any]) -> None:
                identifier = getattr(answer.value, "id", None)
                if sends and isinstance(identifier, str):
                    span.set_attribute("messaging.message.id", identifier)

            try:
                yield record
            except BaseException as raised:
                failure = {"error.type": type(raised).__name__}
                span.set_attributes(failure)
                # Only this package's errors have texts that are safe to show.
                text = str(raised) if isinstance(raised, ConnectlyError) else None
                span.set_status(trace.StatusCode.ERROR, text)
                raise
            finally:
                _ATTEMPTS.reset(numbers)
                self._calls.record(self._now() - started, common | failure)
                if sends:
                    self._sent.add(1, common | failure)


@attrs.frozen
class _TracedTransport:
    _inner: Transport
    _tracer: trace.Tracer
    _durations: metrics.Histogram
    _now: Callable[[], float]

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        common: Attributes = {"http.request.method": request.method, **_describe_server(request.url)}
        result: Attributes = {}
        resent = next(_ATTEMPTS.get() or count())
        # Only for the span: as a metric's attribute it would split every series.
        resends: Attributes = {"http.request.resend_count": resent} if resent else {}
        started = self._now()
        with self._tracer.start_as_current_span(
            request.method,
            kind=trace.SpanKind.CLIENT,
            attributes={**common, **resends, "url.full": _redact_ids(request)},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                response = await self._inner.exchange(request, timeouts, progress)
                result["http.response.status_code"] = response.status
                if response.status >= _FIRST_FAILURE:
                    result["error.type"] = str(response.status)
            except BaseException as raised:
                result["error.type"] = type(raised).__name__
                raise
            finally:
                span.set_attributes(result)
                if "error.type" in result:
                    span.set_status(trace.StatusCode.ERROR)
                self._durations.record(self._now() - started, common | result)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def _describe_server(url: str) -> Attributes:
    parts = urlsplit(url)
    return {
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
    }


def _redact_ids(request: WireRequest) -> str:
    """Return a URL without its query, and with the ids in its path redacted as the conventions require."""
    parts, path = urlsplit(request.url), "/REDACTED"
    if request.operation in OPERATIONS:
        pattern, redacted = _build_redaction(request.operation)
        prefix = pattern.fullmatch(parts.path)
        path = path if prefix is None else prefix[1] + redacted
    return f"{parts.scheme}://{parts.netloc}{path}"


@cache
def _build_redaction(operation: str) -> tuple[re.Pattern[str], str]:
    """Return what an operation's path looks like behind any prefix, and the path without its ids."""
    _, template = OPERATIONS[operation]
    literals = re.split(r"\{[^{}]*\}", template)
    return re.compile(f"(.*){'.+'.join(map(re.escape, literals))}"), "REDACTED".join(literals)
