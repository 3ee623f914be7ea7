"""Spans and metrics, collected by OpenTelemetry's own SDK: names, attributes, and what is in none of them."""

from __future__ import annotations

import contextlib
import sys
from importlib import import_module
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from connectly_api import Connectly, ConnectlyError, NotFoundError, OutcomeUnknownError, Response, Retry
from connectly_api.drift import DriftMonitor
from connectly_api.telemetry import Telemetry
from connectly_api.transport import MockTransport, Request, WireRequest
from connectly_api.webhooks import parse
from tests.sandbox.calls import path_of

SECRETS = ("key-canary", "16044440042", "14151110042", "kestrel", "US.Kestrel1", "biz-canary", "wh-canary")


class Collected:
    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.telemetry = Telemetry(
            tracer_provider=tracers, meter_provider=MeterProvider([self._reader]), now=iter(range(1000)).__next__
        )

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._spans.get_finished_spans()

    def metrics(self) -> dict[str, list[Any]]:
        data = self._reader.get_metrics_data()
        assert data is not None
        found = data.resource_metrics[0].scope_metrics[0].metrics
        return {metric.name: list(metric.data.data_points) for metric in found}


def client(collected: Collected, *answers: Response | Exception) -> Connectly:
    replies = iter(answers)

    def answer(_request: WireRequest) -> Response:
        reply = next(replies)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return Connectly(
        api_key="key-canary",
        business_id="biz-canary",
        sender="+14151110042",
        base_url="https://proxy.example:8443/api",
        transport=MockTransport(answer),
        retry=Retry(base=0),
        telemetry=collected.telemetry,
    )


SERVER = {"server.address": "proxy.example", "server.port": 8443}


async def test_a_send_is_a_producers_span_around_a_clients_span_for_each_try() -> None:
    collected = Collected()
    async with client(collected, Response(429), Response(200, (), b'{"id":"01A"}')) as connectly:
        await connectly.send_text("+16044440042", "kestrel text", callback_data={"kestrel": 1})
    first, second, call = collected.spans
    assert (call.name, call.kind, call.parent) == ("send_message", SpanKind.PRODUCER, None)
    assert dict(call.attributes or {}) == {
        "messaging.system": "connectly",
        "messaging.operation.name": "send_message",
        "messaging.operation.type": "send",
        "messaging.message.id": "01A",
        **SERVER,
    }
    assert call.status.status_code is StatusCode.UNSET
    for span in (first, second):
        assert (span.name, span.kind) == ("POST", SpanKind.CLIENT)
        assert span.parent is not None
        assert span.parent.span_id == call.context.span_id
    assert dict(first.attributes or {}) == {
        "http.request.method": "POST",
        "http.response.status_code": 429,
        "error.type": "429",
        "url.full": f"https://proxy.example:8443/api{path_of('send_message', business='REDACTED')}",
        **SERVER,
    }
    assert first.status.status_code is StatusCode.ERROR
    assert dict(second.attributes or {})["http.response.status_code"] == 200
    assert dict(second.attributes or {})["http.request.resend_count"] == 1
    assert second.status.status_code is StatusCode.UNSET


async def test_metrics_count_messages_and_measure_calls_and_tries() -> None:
    collected = Collected()
    async with client(collected, Response(429), Response(200, (), b'{"id":"01A"}')) as connectly:
        await connectly.send_text("+16044440042", "kestrel text")
    metrics = collected.metrics()
    [sent] = metrics["messaging.client.sent.messages"]
    assert (sent.value, dict(sent.attributes)["messaging.operation.name"]) == (1, "send_message")
    [calls] = metrics["messaging.client.operation.duration"]
    assert (calls.count, calls.sum) == (1, 5.0)
    tries = {point.attributes["http.response.status_code"]: point for point in metrics["http.client.request.duration"]}
    assert {status: (point.count, point.sum) for status, point in tries.items()} == {429: (1, 1.0), 200: (1, 1.0)}


async def test_a_failure_names_its_kind_and_shows_only_what_is_safe() -> None:
    collected = Collected()
    async with client(collected, ConnectionError("kestrel +16044440042 key-canary")) as connectly:
        with pytest.raises(OutcomeUnknownError):
            await connectly.send_text("+16044440042", "kestrel text")
    attempt, call = collected.spans
    assert dict(attempt.attributes or {})["error.type"] == "ConnectionError"
    assert dict(call.attributes or {})["error.type"] == "OutcomeUnknownError"
    assert call.status.status_code is attempt.status.status_code is StatusCode.ERROR
    [sent] = collected.metrics()["messaging.client.sent.messages"]
    assert dict(sent.attributes)["error.type"] == "OutcomeUnknownError"


async def test_other_operations_are_clients_spans_and_count_no_messages() -> None:
    collected = Collected()
    async with client(collected, Response(200, (), b"{}"), Response(404, (), b"{}")) as connectly:
        await connectly.webhooks.list()
        with pytest.raises(NotFoundError):
            await connectly.webhooks.delete("wh-canary")
    names = [(span.name, span.kind) for span in collected.spans]
    assert names[0] == ("GET", SpanKind.CLIENT)
    assert [kind for _, kind in names] == [SpanKind.CLIENT] * 4
    address = str(dict(collected.spans[2].attributes or {})["url.full"])
    assert address.endswith(path_of("delete_webhook", "REDACTED", business="REDACTED"))
    assert "messaging.client.sent.messages" not in collected.metrics()


async def test_a_difference_that_a_monitor_finds_is_counted_by_its_path() -> None:
    collected = Collected()
    monitor = DriftMonitor(telemetry=collected.telemetry)
    for body in (b'{"statusUpdate": {"cost": "kestrel"}}', b'{"statusUpdate": {"cost": 1, "+16044440042": 1}}'):
        monitor.watch_event(parse(body))
    points = collected.metrics()["connectly.drift"]
    assert [(point.attributes["connectly.drift.path"], point.value) for point in points] == [
        ("statusUpdate.cost", 2),
        ("statusUpdate.{}", 1),
    ]
    assert dict(points[0].attributes) == {
        "connectly.drift.source": "webhook",
        "connectly.drift.name": "delivery_status",
        "connectly.drift.path": "statusUpdate.cost",
        "connectly.drift.kind": "unknown_field",
    }
    assert [secret for secret in SECRETS if secret in str(points)] == []


@pytest.mark.parametrize("operation", ["find_contact", "send_message"])
async def test_a_path_that_is_not_the_operations_own_is_redacted_as_a_whole(operation: str) -> None:
    collected = Collected()
    async with client(collected, Response(200, (), b"{}")) as connectly:
        await connectly.transport.send(Request(operation, "GET", "/v1/contacts/wh-canary", lambda value: value))
    assert dict(collected.spans[0].attributes or {})["url.full"] == "https://proxy.example:8443/REDACTED"


async def test_no_attribute_holds_personal_data() -> None:
    collected = Collected()
    echo = b'{"message":"kestrel +16044440042 key-canary","code":"kestrel","cntTraceId":"16044440042"}'
    async with client(
        collected, Response(400, (("X", "kestrel"),), echo), Response(200, (), b'{"id":"1"}'), OSError("kestrel")
    ) as connectly:
        for recipient in ("+16044440042", "US.Kestrel1", "+16044440042"):
            with contextlib.suppress(ConnectlyError):
                await connectly.send_text(recipient, "kestrel text", callback_data="kestrel")
    shown = "".join(span.to_json() for span in collected.spans) + str(collected.metrics())
    assert [secret for secret in SECRETS if secret in shown] == []


def test_without_opentelemetry_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "connectly_api.telemetry")
    with pytest.raises(ModuleNotFoundError, match=r"connectly-api\[otel\]"):
        import_module("connectly_api.telemetry")
