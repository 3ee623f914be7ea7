"""A campaign's figures, collected by OpenTelemetry's own SDK."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from connectly_api.campaigns import CampaignMetrics, CampaignStatus
from tests.campaigns.campaign_runs import Spring


def read(reader: InMemoryMetricReader) -> dict[str, dict[str, object]]:
    """Return each metric's values, by the attribute that tells them apart."""
    data = reader.get_metrics_data()
    assert data is not None
    found: dict[str, dict[str, object]] = {}
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        for point in metric.data.data_points:
            attributes = dict(point.attributes or {})
            assert attributes.pop("connectly.campaign.name") == "spring"
            key = str(next(iter(attributes.values()), ""))
            found.setdefault(metric.name, {})[key] = getattr(point, "value")  # noqa: B009 (of one kind of point)
    return found


async def test_a_run_reports_the_figures_of_its_status(tmp_path: Path) -> None:
    reader = InMemoryMetricReader()
    with Spring(tmp_path, 30) as spring:
        spring.sandbox.fault("drop", next=2)
        await spring.run(on_progress=CampaignMetrics(meter_provider=MeterProvider([reader])))
    found = read(reader)
    states = {"accepted": 28, "unknown": 2, "pending": 0, "sending": 0, "refused": 0, "rejected": 0}
    assert found["connectly.campaign.rows"] == states
    assert found["connectly.campaign.messages"] == dict.fromkeys(["sent", "delivered", "read", "failed"], 0)
    assert found["connectly.campaign.rate"] == {"": 0.0}
    assert found["connectly.campaign.remaining"] == {"": 0.0}


def test_a_remaining_time_that_nobody_knows_is_not_reported() -> None:
    reader = InMemoryMetricReader()
    metrics = CampaignMetrics(meter_provider=MeterProvider([reader]))
    counts = (5, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0)
    metrics(CampaignStatus("spring", "running", None, *counts))
    assert "connectly.campaign.remaining" not in read(reader)


def test_without_opentelemetry_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'connectly-api\[otel\]'"):
        CampaignMetrics()
