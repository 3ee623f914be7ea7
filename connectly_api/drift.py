"""Learn what the service sends beyond its documentation: new fields, new enum values, other types.

    from connectly_api.drift import DriftMonitor

    monitor = DriftMonitor()
    connectly = Connectly(..., drift=monitor)
    webhooks = WebhookApp(..., drift=monitor)

Each difference is logged once, at INFO, and counted. It is reported by its path, never with a value: see `Drift`.
Responses are compared with the models that were generated from the Swagger file, error bodies and webhooks with what
this package knows of the documentation. A call's result, and an event, are the same with a monitor and without.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from threading import Lock
from typing import Final, Literal, Protocol

import attrs

from connectly_api.error_response import find_error
from connectly_api.errors import InvalidInputError
from connectly_api.number_checks import check_count
from connectly_api.setting_rules import check_kind
from connectly_api.tracebacks import cut_traceback
from connectly_api.transport.attempt_outcome import decode_json
from connectly_api.transport.protocol import Response, is_success
from connectly_api.webhooks.event_shape import BODY_SHAPE, ERROR_SHAPE
from connectly_api.webhooks.events import Event
from connectly_api.wire.model_shapes import find_shape
from connectly_api.wire.shapes import Departure, find_departures

__all__ = ["Drift", "DriftCounter", "DriftMonitor"]

_LOG: Final = logging.getLogger("connectly_api.drift")
_UNFIT: Final = (iscoroutinefunction, isasyncgenfunction, isgeneratorfunction)


@attrs.frozen
class Drift:
    """One difference between what the service sends and what is documented. It holds nothing of a value.

    Attributes:
        source: `response`, `error` (the body of a response that is not 2xx) or `webhook`. `others` stands for all
            differences beyond the monitor's limit; it has no name and no path.
        name: The operation, such as `send_message`, or the event's kind, such as `delivery_status`.
        path: The names of the fields, such as `entity.webhooks[].owner`. `[]` stands for any element of an array, `{}`
            for any key of a map, and for a name that may be data: one that is not an identifier, has more than three
            digits or forty characters, or stands beside ten other unknown ones.
        kind: `unknown_field`; `unknown_value`, of an enum; or `other_type`, another JSON type than is documented.
    """

    source: Literal["response", "error", "webhook", "others"]
    name: str
    path: str
    kind: Literal["unknown_field", "unknown_value", "other_type", "others"]

    def __str__(self) -> str:
        """Describe the difference in a few words."""
        if self.source == "others":
            return "further differences"
        return f"{self.kind.replace('_', ' ')} at {self.path} ({self.source}, {self.name})"


_OTHERS: Final = Drift("others", "", "", "others")


class DriftCounter(Protocol):
    """Counts differences; `connectly_api.telemetry.Telemetry` is one."""

    def count_drift(self, drift: Drift) -> None:
        """Count one body that has a difference."""
        ...


class DriftMonitor:
    """Compares what clients and receivers are sent with what is documented.

    One monitor can serve any number of clients and receivers, in any number of threads. What it remembers is bounded.
    """

    @cut_traceback
    def __init__(
        self,
        notify: Callable[[Drift], object] | None = None,
        *,
        telemetry: DriftCounter | None = None,
        limit: int = 100,
    ) -> None:
        """Create a monitor that has seen nothing yet.

        Args:
            notify: Called with each difference at first sight, after it is logged. A plain function: it runs between
                two steps of a call, so it must not block, and may start a task or put the difference on a queue. If it
                fails, that is logged, and nothing else happens.
            telemetry: Counts every body that has a difference, as the counter `connectly.drift`.
            limit: The largest number of differences that are told apart; further ones are one entry, `others`.

        Raises:
            InvalidInputError: A setting is invalid, for example an `async def`.
        """
        if notify is not None and not _is_plain_function(notify):
            raise InvalidInputError("notify: must be a plain function, neither async nor a generator", field="notify")
        check_kind("telemetry", telemetry, ("count_drift",), "a Telemetry value")
        check_count("limit", limit)
        self._notify: Final = notify
        self._telemetry: Final = telemetry
        self._limit: Final = limit
        self._lock: Final = Lock()
        self._counts: Final[dict[Drift, int]] = {}
        self._has_failed = False

    @property
    def counts(self) -> Mapping[Drift, int]:
        """The differences so far, in the order of their first sight, each with the number of bodies that had it."""
        with self._lock:
            return dict(self._counts)

    def watch_response(self, operation: str, response: Response, parsed: object) -> None:
        """Compare a response with its model; the client does this for each call.

        Args:
            operation: The operation's name.
            response: The response that the call ended with.
            parsed: What its body was parsed into; None if its status is not 2xx.
        """
        try:
            if is_success(response.status):
                self._record("response", operation, find_departures(decode_json(response.body), find_shape(parsed)))
            else:
                self._record("error", operation, find_departures(find_error(response.body), ERROR_SHAPE))
        except Exception as error:  # noqa: BLE001  (watching must never fail a call)
            self._report_failure(error)

    def watch_event(self, event: Event) -> None:
        """Compare an event's body with the documentation; `WebhookApp` does this for each authentic event.

        Args:
            event: From `receive` or `parse`.
        """
        try:
            self._record("webhook", event.kind, find_departures(event.raw, BODY_SHAPE))
        except Exception as error:  # noqa: BLE001  (watching must never fail the handling of an event)
            self._report_failure(error)

    def _record(
        self, source: Literal["response", "error", "webhook"], name: str, departures: Iterable[Departure]
    ) -> None:
        """Count the differences of one body, and report those that are new."""
        if not departures:
            return
        with self._lock:
            found: dict[Drift, bool] = {}
            for path, kind in sorted(departures):
                drift = Drift(source, name, path, kind)
                if drift not in self._counts and len(self._counts) >= self._limit:
                    drift = _OTHERS
                if drift not in found:
                    found[drift] = drift not in self._counts
                    self._counts[drift] = self._counts.get(drift, 0) + 1
        # Without the lock: what follows calls other people's functions.
        for drift, is_new in found.items():
            if is_new:
                _LOG.info("%s", drift)
                self._call_notify(drift)
            if self._telemetry is not None:
                self._telemetry.count_drift(drift)

    def _call_notify(self, drift: Drift) -> None:
        if self._notify is None:
            return
        try:
            self._notify(drift)
        except Exception as error:  # noqa: BLE001  (a callback's failure must not fail a call)
            _LOG.error("notify failed with %s", type(error).__qualname__)

    def _report_failure(self, error: Exception) -> None:
        """Log a failure, the first time: it may come with every call."""
        if not self._has_failed:
            self._has_failed = True
            _LOG.error("not watched: failed with %s; this is logged once", type(error).__qualname__)


def _is_plain_function(value: object) -> bool:
    return callable(value) and not any(is_unfit(one) for one in (value, type(value).__call__) for is_unfit in _UNFIT)
