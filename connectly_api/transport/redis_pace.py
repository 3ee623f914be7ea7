"""A pace in Redis, which many processes and machines keep together (extra `redis`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import describe_kind
from connectly_api.tracebacks import cut_traceback
from connectly_api.transport.rates import LONGEST_PAUSE, RECOVERY, SLOWEST, Pace, Rate
from connectly_api.transport.shared_pace import CUSTOMER, SharedPace

if TYPE_CHECKING:
    import redis

_PREFIX: Final = "connectly:pace:"
_TIMEOUT: Final = 2.0
"""Seconds for connecting, and for each reply."""

# The arithmetic of `rates.Bucket`, with the care for a clock that was set back of `pace_booking`; a test compares them.
# A key that is missing is a customer's that has recovered, or was lost in a crash: then there may be no second burst.
_SCRIPT: Final = f"""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, burst, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local is_customer, pause = ARGV[4] == '1', tonumber(ARGV[5])
local kept = redis.call('HMGET', KEYS[1], 'even', 'factor', 'slowed_at')
local factor, slowed_at = tonumber(kept[2]) or 1, math.min(tonumber(kept[3]) or 0, now)
local share = math.min(1, factor + (now - slowed_at) / {RECOVERY})
local gap = 1 / (rate * share)
local even = tonumber(kept[1]) or (is_customer and 0 or now + (burst - 1) * gap)
even = math.min(even, math.max(now, slowed_at + {LONGEST_PAUSE}) + burst / (rate * factor))
local granted = 0
if pause then
    factor, slowed_at = math.max(share / 2, {SLOWEST}), now
    gap = 1 / (rate * factor)
    even = math.max(even, now + math.max(pause, gap) + (burst - 1) * gap)
end
while granted < count and even - (burst - 1) * gap - now <= 1e-6 do
    even = math.max(even, now) + gap
    granted = granted + 1
end
local wait = math.max(0, even - (burst - 1) * gap - now) + (math.min(count, math.floor((burst + 1) / 2)) - 1) * gap
redis.call('HSET', KEYS[1], 'even', string.format('%.6f', even), 'factor', string.format('%.9f', factor),
    'slowed_at', string.format('%.6f', slowed_at))
redis.call('EXPIRE', KEYS[1], is_customer and math.ceil(math.max(0, even - now)) + 1 or 86400)
return {{granted, string.format('%.6f', wait)}}
"""


class RedisPace(SharedPace):
    """A pace that all clients of a Redis server, and of a business, keep together.

        Connectly.from_env(pace=RedisPace("redis://cache.example:6379/0"))

    Keys begin with `connectly:pace:` and expire. Each call uses one key, so a cluster works, too.
    """

    @cut_traceback
    def __init__(self, server: str | redis.Redis | redis.RedisCluster, pace: Pace | None = None) -> None:
        """Take the server and the rates; nothing is connected yet.

        Args:
            server: The URL, `redis://…`, `rediss://…` or `unix://…`, or a synchronous client of redis-py, such as of a
                cluster; its time-outs are yours to set, and it is not closed.
            pace: The rates, by default a little below the documented ones: 180 a second for an endpoint, in bursts of
                6, 70 for a number, in bursts of 4.

        Raises:
            InvalidInputError: The extra is not installed, or the server or the pace is neither of these.
        """
        super().__init__(pace)
        try:
            import redis  # noqa: PLC0415 (an extra)

            from connectly_api.redis_client import build_client  # noqa: PLC0415 (likewise)
        except ModuleNotFoundError:
            raise InvalidInputError("pace: needs pip install 'connectly-api[redis]'", field="pace") from None
        self.errors = (redis.RedisError,)
        self._is_own = isinstance(server, str)
        given: object = server
        client = build_client(given, _TIMEOUT) if self._is_own else given
        if client is None:
            raise InvalidInputError("server: must be a redis:// URL", field="server")
        if not isinstance(client, (redis.Redis, redis.RedisCluster)):
            raise InvalidInputError(
                f"server: must be a redis:// URL or a synchronous client of redis-py, not {describe_kind(given)}",
                field="server",
            )
        self._client = client
        self._script = client.register_script(_SCRIPT)

    def book(self, key: str, rate: Rate, count: int) -> tuple[int, float]:
        """Book messages."""
        granted, wait = self._run(key, rate, count, "")
        return int(granted), float(wait)

    def slow_down(self, key: str, rate: Rate, seconds: float | None) -> None:
        """Slow a rate down."""
        self._run(key, rate, 0, min(seconds or 0.0, LONGEST_PAUSE))

    def close(self) -> None:
        """Close idle connections."""
        if self._is_own:
            self._client.close()

    def _run(self, key: str, rate: Rate, count: int, pause: float | str) -> tuple[int, bytes]:
        arguments = (rate.per_second, rate.burst, count, int(CUSTOMER in key), pause)
        return cast("tuple[int, bytes]", self._script([_PREFIX + key], arguments))
