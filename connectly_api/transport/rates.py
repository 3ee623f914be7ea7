"""How fast to send: the rates, and the arithmetic of keeping to them. Pure; the waiting is `paced.py`'s.

The arithmetic is GCRA, the generic cell rate algorithm: one number for each rate, the moment at which all that was let
through would have been let through evenly. Source: ITU-T I.371, annex A. It is written out here, as the libraries for
it are bound to asyncio, to threads or to a store of their own, and know nothing of slowing down.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import check_kind
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.protocol import WireRequest

__all__ = ["Bucket", "Pace", "Rate", "Traffic", "traffic_of"]

_SLOWEST: Final = 1 / 32
"""What is left of a rate after the service has said 429 again and again."""
_RECOVERY: Final = 30.0
"""Seconds in which a rate comes back from nothing to all of it."""


def _is_rate(_instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= sys.float_info.max:
        raise InvalidInputError(f"{attribute.name}: must be a finite number above 0", field=attribute.name)


def _is_count(_instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInputError(f"{attribute.name}: must be a whole number of at least 1", field=attribute.name)


@cut_init_traceback
@attrs.frozen
class Rate:
    """So many messages a second in the long run, and so many at once.

    Attributes:
        per_second: Above 0.
        burst: At least 1: what may go at once after a quiet time.
    """

    per_second: float = attrs.field(validator=_is_rate)
    burst: int = attrs.field(default=1, validator=_is_count)


def _is_a_rate(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_kind(attribute.name, value, Rate, "a Rate, or None for no limit")


@cut_init_traceback
@attrs.frozen
class Pace:
    """How fast a client sends; None stands for no limit.

    Messages to one customer go one after the other, in the order in which they were asked for, as long as a pace for
    customers is kept. Where the service answers 429, its endpoint's rate is halved; it grows back within half a minute.

    Attributes:
        endpoint: For each of the two send endpoints, so that no second holds more than 200. Source:
            https://docs.connectly.ai.
        number: For each of the business's numbers, so that no second holds more than 80. Source: WhatsApp's
            documentation.
        customer: For each customer. Source: WhatsApp's documentation, one every 6 seconds, bursts of 45.
        max_in_flight: Requests of any kind that wait for their answer at the same time.
    """

    endpoint: Rate | None = attrs.field(default=Rate(190.0, 10), validator=_is_a_rate)
    number: Rate | None = attrs.field(default=Rate(76.0, 4), validator=_is_a_rate)
    customer: Rate | None = attrs.field(default=Rate(1 / 6, 45), validator=_is_a_rate)
    max_in_flight: int | None = attrs.field(default=None, validator=attrs.validators.optional(_is_count))


@attrs.frozen
class Traffic:
    """What of a request is counted.

    Attributes:
        endpoint: Which endpoint it goes to, or None where it sends no message.
        number: The number that sends, empty where the request names none.
        customer: The customer, empty where the request names none.
    """

    endpoint: str | None
    number: str = attrs.field(default="", repr=False)
    customer: str = attrs.field(default="", repr=False)


class Bucket:
    """One rate, and what has been let through at it. The caller brings the time, in seconds that only move on."""

    __slots__ = ("_even", "_factor", "_rate", "_slowed_at")

    def __init__(self, rate: Rate) -> None:
        """Start after a quiet time."""
        self._rate = rate
        self._even = -math.inf
        self._factor = 1.0
        self._slowed_at = -math.inf

    def seconds_until_free(self, now: float) -> float:
        """Return how long the next message has to wait, 0 for not at all."""
        tolerance = (self._rate.burst - 1) * self._interval(now)
        # Rounding must not ask for a wait that no clock can measure.
        wait = self._even - tolerance - now
        return wait if wait > 1e-9 else 0.0  # noqa: PLR2004

    def take(self, now: float) -> None:
        """Count a message that goes now."""
        self._even = max(self._even, now) + self._interval(now)

    def slow_down(self, now: float, seconds: float | None) -> None:
        """Halve the rate, and let nothing through before so many seconds have passed, at least its interval."""
        self._factor = max(self._share(now) / 2, _SLOWEST)
        self._slowed_at = now
        # What may go at once counts as gone.
        interval = self._interval(now)
        pause = max(seconds or 0.0, interval)
        self._even = max(self._even, now + pause + (self._rate.burst - 1) * interval)

    def is_rested(self, now: float) -> bool:
        """Say whether nothing is left to remember."""
        return self._even <= now and self._share(now) >= 1.0

    def _share(self, now: float) -> float:
        return min(1.0, self._factor + max(0.0, now - self._slowed_at) / _RECOVERY)

    def _interval(self, now: float) -> float:
        return 1 / (self._rate.per_second * self._share(now))


def traffic_of(request: WireRequest) -> Traffic:
    """Return what of a request is counted: for a message its endpoint, its number and its customer.

    It is read from what goes over the wire, so messages of the low-level functions are counted, too.
    """
    _, is_send, endpoint = urlsplit(request.url).path.rpartition("/send/")
    if request.method != "POST" or not is_send or request.content is None:
        return Traffic(None)
    body: object = json.loads(request.content)
    fields = cast("Mapping[str, object]", body if isinstance(body, dict) else {})
    customer = fields.get("number") or _identity(fields.get("recipient"))
    return Traffic(endpoint, _identity(fields.get("sender")), str(customer).removeprefix("bsuid:"))


def _identity(party: object) -> str:
    if isinstance(party, dict):
        named = cast("Mapping[str, object]", party)
        return str(named.get("id") or named.get("userId") or "")
    return party if isinstance(party, str) else ""
