"""A campaign's figures as OpenTelemetry metrics (extra `otel`).

    await spring.run(connectly, on_progress=CampaignMetrics())

The names of campaigns are attributes; no number, name or text of a customer is.
"""

from __future__ import annotations

from connectly_api._version import __version__
from connectly_api.campaigns.campaign_status import CampaignStatus

try:
    from opentelemetry import metrics
except ModuleNotFoundError as error:
    message = f"telemetry needs {error.name}: pip install 'connectly-api[otel]'"
    raise ModuleNotFoundError(message, name=error.name) from error

_ROWS = ("rejected", "pending", "sending", "accepted", "refused", "unknown")
_STATUSES = ("sent", "delivered", "read", "failed")


class CampaignMetrics:
    """Gauges of the figures of `CampaignStatus`; pass it as `on_progress`."""

    def __init__(self, *, meter_provider: metrics.MeterProvider | None = None) -> None:
        """Take the provider, by default the application's global one."""
        meter = metrics.get_meter("connectly_api", __version__, meter_provider)
        self._rows = meter.create_gauge(
            "connectly.campaign.rows", unit="{row}", description="Number of rows of a campaign, by state."
        )
        self._messages = meter.create_gauge(
            "connectly.campaign.messages",
            unit="{message}",
            description="Number of messages of a campaign, by furthest status.",
        )
        self._rate = meter.create_gauge("connectly.campaign.rate", unit="{row}/s", description="Rows a second.")
        self._remaining = meter.create_gauge(
            "connectly.campaign.remaining", unit="s", description="Time until nothing is left to send."
        )

    def __call__(self, status: CampaignStatus) -> None:
        """Record a status."""
        common = {"connectly.campaign.name": status.name}
        for name in _ROWS:
            self._rows.set(getattr(status, name), {**common, "connectly.campaign.row.state": name})
        for name in _STATUSES:
            self._messages.set(getattr(status, name), {**common, "connectly.campaign.message.status": name})
        self._rate.set(status.rate, common)
        if status.remaining_seconds is not None or status.state == "finished":
            self._remaining.set(status.remaining_seconds or 0.0, common)
