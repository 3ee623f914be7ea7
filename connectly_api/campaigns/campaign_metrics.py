"""A campaign's figures as OpenTelemetry metrics (extra `otel`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectly_api._version import __version__
from connectly_api.campaigns.campaign_status import CampaignStatus

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

_ROWS: Final = ("rejected", "pending", "sending", "accepted", "refused", "unknown")
_STATUSES: Final = ("sent", "delivered", "read", "failed")


class CampaignMetrics:
    """Gauges of the figures of `CampaignStatus`: `await spring.run(connectly, on_progress=CampaignMetrics())`.

    The campaign's name is an attribute; nothing of a customer is.
    """

    def __init__(self, *, meter_provider: MeterProvider | None = None) -> None:
        """Take the provider, by default the application's global one.

        Raises:
            ModuleNotFoundError: The extra is not installed.
        """
        try:
            from opentelemetry import metrics  # noqa: PLC0415 (an extra, and needed by nothing else in this package)
        except ModuleNotFoundError as error:
            message = f"campaign metrics need {error.name}: pip install 'connectly-api[otel]'"
            raise ModuleNotFoundError(message, name=error.name) from error

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
