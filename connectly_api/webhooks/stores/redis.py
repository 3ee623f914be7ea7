"""A store in Redis, which any number of machines share; needs the extra `redis`."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from connectly_api.errors import InvalidInputError, WebhookStoreError
from connectly_api.tracebacks import cut_traceback
from connectly_api.webhooks.stores.grouped_store import Step, StepKind, StepResult
from connectly_api.webhooks.stores.server_store import MAX_SECONDS, ServerStore
from connectly_api.webhooks.stores.store import ClaimState

try:
    import redis
    from redis.exceptions import AuthorizationError, NoPermissionError, RedisClusterException

    from connectly_api.redis_client import build_client
except ModuleNotFoundError as error:
    message = f"RedisStore needs {error.name}: pip install 'connectly-api[redis]'"
    raise ModuleNotFoundError(message, name=error.name) from error

RedisClient = redis.Redis | redis.RedisCluster

# A claim outlives its lease until its retention ends, as it can still be completed. One that begins more than a lease
# from now was made before the server's clock was set back. A key with another kind of value fails alone.
_SCRIPT: Final = """
local lease, retention = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function take(key, kind, token)
    local held = redis.pcall('GET', key)
    if type(held) == 'table' then
        return held
    end
    local holder, since, expires = string.match(held or '', '^(%S+) (%d+) (%d+)$')
    local reply, result
    if kind == 'claim' then
        if held and holder ~= token and (
            not holder or tonumber(expires) > now and since - now <= expires - since
        ) then
            return held == 'completed' and 2 or 1
        end
        local value = string.format('%s %.0f %.0f', token, now, now + lease)
        reply, result = redis.pcall('SET', key, value, 'PX', string.format('%.0f', lease + retention)), 0
    elseif holder ~= token then
        return 0
    elseif kind == 'complete' then
        reply, result = redis.pcall('SET', key, 'completed', 'PX', string.format('%.0f', retention)), 1
    else
        reply, result = redis.pcall('DEL', key), 1
    end
    return type(reply) == 'table' and reply.err and reply or result
end

local results = {}
for number, key in ipairs(KEYS) do
    results[number] = take(key, ARGV[2 * number + 1], ARGV[2 * number + 2])
end
return results
"""
_LOG: Final = logging.getLogger("connectly_api.webhooks")
_STATES: Final = (ClaimState.GRANTED, ClaimState.IN_PROGRESS, ClaimState.COMPLETED)
_REFUSED: Final = (redis.AuthenticationError, AuthorizationError, NoPermissionError)
_AWAY: Final = (redis.ConnectionError, redis.TimeoutError)


class _Connection:
    """A client; one that was given is its owner's to close."""

    def __init__(self, client: RedisClient, *, is_own: bool) -> None:
        self.client: Any = client
        self.is_cluster: Final = isinstance(client, redis.RedisCluster)
        self._is_own: Final = is_own

    def close(self) -> None:
        if self._is_own:
            self.client.close()


class RedisStore(ServerStore[_Connection]):
    """A `Store` in Redis or Valkey, which any number of machines share. It needs the extra `redis`.

    Leases are measured by the server's clock. If a process or a machine dies, its claims are free when their lease
    ends. Redis forgets keys by itself; it must not evict any (`maxmemory-policy noeviction`), and must write them to
    its disk (`appendonly yes`): what it loses in a crash is handled again.

    `claim`, `complete` and `release` raise `WebhookStoreError`, whose `retry_safe` says whether the cause may pass.
    """

    @cut_traceback
    def __init__(
        self,
        url: str | RedisClient,
        *,
        prefix: str = "connectly:",
        lease: float = 60.0,
        retention: float = 7 * 24 * 3600.0,
        timeout: float = 5.0,
    ) -> None:
        """Create a store; nothing is opened yet.

        Args:
            url: The server and its database: `redis://user:password@host:6379/0`, `rediss://…` or `unix://…`; or a
                client of redis-py of your own, which you close, for a cluster or for Sentinel.
            prefix: What the names of the store's keys begin with.
            lease: Seconds for which a claim holds its key: longer than handlers take.
            retention: Seconds for which a handled event is remembered: longer than the service retries.
            timeout: Seconds until a server that says nothing counts as lost; a client of your own has its own.

        Raises:
            InvalidInputError: The URL cannot be read, a number is not above 0, or the lease or the timeout is infinite.
        """
        super().__init__(lease=lease, retention=retention, timeout=timeout)
        if not isinstance(prefix, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError("prefix: must be a text", field="prefix")
        self._prefix: Final = prefix
        self._times: Final = [math.ceil(1000 * min(seconds, MAX_SECONDS)) for seconds in (lease, retention)]
        if isinstance(url, RedisClient):
            self._connection = _Connection(url, is_own=False)
            self._place = "of your own client"
            return
        client: Any = build_client(url, timeout)  # Its types are incomplete.
        if client is None:
            raise InvalidInputError("url: must be the URL of a Redis server, or a client of redis-py", field="url")
        self._connection = _Connection(client, is_own=True)
        given = client.get_connection_kwargs()
        self._place = f"{given.get('path') or given.get('host', 'localhost')}/{given.get('db') or 0}"

    def _open(self) -> _Connection:
        return self._connection

    def _try_out(self, connection: _Connection) -> None:
        for kind in StepKind:
            (result,) = self._execute_all(connection, [Step(kind, "a trial", "a trial", 0)])
            if isinstance(result, Exception):
                raise result
        with suppress(redis.RedisError, RedisClusterException):  # Not every user may ask.
            memory = connection.client.info("memory")
            if memory.get("maxmemory") and memory.get("maxmemory_policy") != "noeviction":
                _LOG.warning(
                    "the webhook store %r may forget events when its memory is full: maxmemory-policy is %s",
                    self._place,
                    memory.get("maxmemory_policy"),
                )

    def _take_steps(self, connection: _Connection, steps: Sequence[Step]) -> Sequence[StepResult | Exception]:
        return [
            self._to_result(step, result)
            for step, result in zip(steps, self._execute_all(connection, steps), strict=True)
        ]

    def _execute_all(self, connection: _Connection, steps: Sequence[Step]) -> list[Any]:
        # A cluster has keys on several servers, so each step has a script of its own there.
        batches = [[step] for step in steps] if connection.is_cluster else [steps]
        with connection.client.pipeline(transaction=False) as pipeline:
            for batch in batches:
                keys = [f"{self._prefix}{step.key}" for step in batch]
                arguments = [value for step in batch for value in (step.kind.value, step.token or "")]
                # With the script's text: a server that was restarted need not be told it.
                pipeline.execute_command("EVAL", _SCRIPT, len(keys), *keys, *self._times, *arguments)
            answers: list[Any] = pipeline.execute(raise_on_error=False)
        results: list[Any] = []
        for batch, answer in zip(batches, answers, strict=True):
            results += len(batch) * [answer] if isinstance(answer, Exception) else answer
        for result in results:
            if isinstance(result, (redis.ReadOnlyError, *_AWAY)):  # All of them, as the server is no primary.
                raise result
        return results

    def _to_result(self, step: Step, result: Any) -> StepResult | Exception:  # noqa: ANN401 (the server's)
        if isinstance(result, Exception):
            failure: Exception = result
            return self._explain(failure) or failure
        number = int(result)
        return _STATES[number] if step.kind is StepKind.CLAIM else number == 1

    def _explain(self, error: Exception) -> WebhookStoreError | None:
        if not isinstance(error, (redis.RedisError, RedisClusterException)):
            return None
        if isinstance(error, _REFUSED):
            text = f"it refuses the user or the password, or keys that begin with {self._prefix!r}, or scripts"
        elif isinstance(error, _AWAY):
            text = "no connection: the server is away"
        elif isinstance(error, redis.ReadOnlyError):
            text = "it accepts no writes"
        elif isinstance(error, redis.OutOfMemoryError):
            text = "its memory is full"
        else:
            text = f"it failed with {type(error).__qualname__}"
        is_permanent = isinstance(error, (*_REFUSED, redis.DataError))
        return WebhookStoreError(f"webhook store {self._place!r}: {text}", retry_safe=not is_permanent)

    def _is_lost(self, connection: _Connection, error: Exception) -> bool:  # noqa: ARG002  (of other stores)
        return isinstance(error, (redis.ConnectionError, redis.ReadOnlyError)) and not isinstance(error, _REFUSED)
