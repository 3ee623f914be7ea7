"""How fast to send: the rates, and the arithmetic behind them. Pure; `pacing` does the waiting.

The arithmetic is GCRA, the generic cell rate algorithm: it keeps one number for each rate, the theoretical arrival time
of the next message. Source: ITU-T I.371, annex A. It is written out here because the libraries for it are bound to
asyncio, to threads or to a store of their own, and cannot slow down after a 429.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_object
from connectly_api.number_checks import LARGEST_FINITE, is_number, validate_count
from connectly_api.setting_rules import check_kind
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.protocol import RateKeys, WireRequest, is_send

SLOWEST: Final = 1 / 32
"""The smallest share of a rate that remains after repeated 429s."""
RECOVERY: Final = 30.0
"""Seconds in which a rate recovers from zero to its full value."""
LONGEST_PAUSE: Final = 60.0
"""Seconds: how long a `Retry-After` may hold up an endpoint's other messages."""


def _validate_frequency(_instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    if not is_number(value) or not 0 < value <= LARGEST_FINITE:
        raise InvalidInputError(f"{attribute.name}: must be a finite number above 0", field=attribute.name)


@cut_init_traceback
@attrs.frozen
class Rate:
    """How many messages per second in the long run, and how many at once.

    Attributes:
        per_second: Above 0.
        burst: At least 1: how many may be sent at once after a quiet time.
    """

    per_second: float = attrs.field(validator=_validate_frequency)
    burst: int = attrs.field(default=1, validator=validate_count)


def _validate_rate(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_kind(attribute.name, value, Rate, "a Rate, or None for no limit")


@cut_init_traceback
@attrs.frozen
class Pace:
    """How fast a client sends; None means no limit.

    If there is a rate for customers, messages to one customer are sent one after the other, in the order of the
    calls. A 429 halves the rate of its endpoint, which recovers within half a minute.

    Attributes:
        endpoint: For each of the two send endpoints, at most 200 in any second. Source:
            https://docs.connectly.ai.
        number: For each of the business's numbers, at most 80 in any second. Source: WhatsApp's
            documentation.
        customer: For each customer. Source: WhatsApp's documentation, one every 6 seconds, bursts of 45.
        max_in_flight: How many requests of any kind may wait for their response at the same time.
    """

    endpoint: Rate | None = attrs.field(default=Rate(190.0, 10), validator=_validate_rate)
    number: Rate | None = attrs.field(default=Rate(76.0, 4), validator=_validate_rate)
    customer: Rate | None = attrs.field(default=Rate(1 / 6, 45), validator=_validate_rate)
    max_in_flight: int | None = attrs.field(default=None, validator=attrs.validators.optional(validate_count))


@attrs.define
class Bucket:
    """One rate, and how much of it is used. The caller passes the time, in seconds on one clock.

    Attributes:
        rate: The rate.
        even: The theoretical arrival time of the next message.
        factor: The share of the rate that remained after the last 429.
        slowed_at: When that was.
    """

    rate: Rate
    even: float = -math.inf
    factor: float = 1.0
    slowed_at: float = -math.inf

    def seconds_until_free(self, now: float) -> float:
        """Return how many seconds the next message has to wait; 0 if it need not."""
        tolerance = (self.rate.burst - 1) * self.interval(now)
        # Rounding must not cause a wait that no clock can measure. Seconds since 1970 are rounded to a quarter of a µs.
        wait = self.even - tolerance - now
        return wait if wait > 1e-6 else 0.0  # noqa: PLR2004

    def take(self, now: float) -> None:
        """Count a message that is sent now."""
        self.even = max(self.even, now) + self.interval(now)

    def slow_down(self, now: float, seconds: float | None) -> None:
        """Halve the rate, and block for a number of seconds, at least for one interval."""
        self.factor = max(self._share(now) / 2, SLOWEST)
        self.slowed_at = now
        # Use up the burst, too.
        interval = self.interval(now)
        pause = max(min(seconds or 0.0, LONGEST_PAUSE), interval)
        self.even = max(self.even, now + pause + (self.rate.burst - 1) * interval)

    def is_rested(self, now: float) -> bool:
        """Return whether it is in its initial state again."""
        return self.even <= now and self._share(now) >= 1.0

    def interval(self, now: float) -> float:
        """Return the seconds between two messages."""
        return 1 / (self.rate.per_second * self._share(now))

    def _share(self, now: float) -> float:
        return min(1.0, self.factor + max(0.0, now - self.slowed_at) / RECOVERY)


def read_rate_keys(request: WireRequest) -> RateKeys:
    """Read the rate keys from a request that has none, such as a low-level function's."""
    if not is_send(request.operation) or request.content is None:
        return RateKeys(None)
    body: object = json.loads(request.content)
    fields = body if is_object(body) else {}
    recipient = fields.get("number") or _read_id(fields.get("recipient"))
    return RateKeys(request.operation, _read_id(fields.get("sender")), str(recipient).removeprefix("bsuid:"))


def _read_id(party: object) -> str:
    if is_object(party):
        return str(party.get("id") or party.get("userId") or "")
    return party if isinstance(party, str) else ""
