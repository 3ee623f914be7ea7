"""The synchronous client's results and errors under each fault: those of the async client, on both transports."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import connectly_api
from connectly_api import ConnectlyError, NotSentError, OutcomeUnknownError, RateLimitError, Retry, ServerError, sync
from connectly_api.sandbox.model.fault_rules import REQUEST_FAULTS
from tests.echoes import frames_below
from tests.sync_code.sandbox_thread import SandboxThread, serve_sandbox

CUSTOMER = "+16044441111"
FAULTS: list[tuple[str, dict[str, Any]]] = [
    *((kind, {}) for kind in sorted(REQUEST_FAULTS - {"slow_head", "slow_body"})),
    ("slow_head", {"seconds": 5}),
    ("slow_body", {"seconds": 5}),
    ("server_error", {"status": 503, "html": True}),
    ("rate_limited", {"retry_after": "3600"}),
]


@pytest.fixture(scope="module")
def served() -> Iterator[SandboxThread]:
    with serve_sandbox(api_key="key", business_id="biz_1", windows="open", seed=1) as server:
        yield server


def describe(outcome: object) -> tuple[object, ...]:
    """Return what both clients must agree on: ids are drawn anew for each message."""
    if not isinstance(outcome, ConnectlyError):
        return (type(outcome),)
    facts = {name: getattr(outcome, name, None) for name in ("retry_safe", "timed_out", "status", "retry_after")}
    return (type(outcome), str(outcome).partition(" (trace id")[0], facts)


def send_sync(settings: dict[str, Any]) -> object:
    with sync.Connectly(**settings) as connectly:
        try:
            return connectly.send_text(CUSTOMER, "secret", timeout=0.4)
        except ConnectlyError as error:
            shown = [name for name, _ in frames_below(error, __file__)]
            assert shown == []
            return error


def send_async(settings: dict[str, Any]) -> object:
    async def main() -> object:
        async with connectly_api.Connectly(**settings) as connectly:
            try:
                return await connectly.send_text(CUSTOMER, "secret", timeout=0.4)
            except ConnectlyError as error:
                return error

    return asyncio.run(main())


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
@pytest.mark.parametrize(("what", "options"), FAULTS)
def test_under_a_fault_both_clients_return_or_raise_the_same(
    served: SandboxThread, what: Any, options: dict[str, Any], transport: str
) -> None:
    settings: dict[str, Any] = {"api_key": "key", "business_id": "biz_1", "base_url": served.base_url}
    settings |= {"transport": transport, "retry": Retry(attempts=1)}
    served.sandbox.clear_faults()
    served.sandbox.fault(what, **options)
    before = served.sandbox.accepted

    outcomes = [send_async(settings), send_sync(settings)]

    assert describe(outcomes[0]) == describe(outcomes[1])
    assert (served.sandbox.accepted - before) % 2 == 0
    served.sandbox.clear_faults()


def test_without_a_server_nothing_is_sent() -> None:
    with sync.Connectly(api_key="key", business_id="biz_1", base_url="http://127.0.0.1:1") as connectly:
        with pytest.raises(NotSentError) as raised:
            connectly.send_text(CUSTOMER, "secret", timeout=0.4)

        assert raised.value.retry_safe


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
def test_each_of_many_threads_gets_its_own_result_or_error(served: SandboxThread, transport: Any) -> None:
    served.sandbox.reset()
    customers = {f"+1604444{number:04}": kind for number, kind in enumerate(["ok", "late", "refused", "lost"] * 4)}
    for customer, kind in customers.items():
        if kind != "ok":
            what: Any = {"late": "hang", "refused": "rate_limited", "lost": "server_error"}[kind]
            served.sandbox.fault(what, recipient=customer)
    outcomes: Counter[tuple[str, str]] = Counter()
    lock = threading.Lock()

    def work(connectly: sync.Connectly, customer: str, kind: str) -> None:
        for _ in range(5):
            try:
                outcome = type(connectly.send_text(customer, "Hello!", timeout=5 if kind == "ok" else 0.3)).__name__
            except ConnectlyError as error:
                outcome = type(error).__name__
            with lock:
                outcomes[kind, outcome] += 1

    with sync.Connectly(
        api_key="key", business_id="biz_1", base_url=served.base_url, transport=transport, retry=Retry(attempts=1)
    ) as connectly:
        threads = [threading.Thread(target=work, args=(connectly, *item)) for item in customers.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert outcomes == {
        ("ok", "SentMessage"): 20,
        ("late", OutcomeUnknownError.__name__): 20,
        ("refused", RateLimitError.__name__): 20,
        ("lost", ServerError.__name__): 20,
    }
    assert served.sandbox.accepted == 20
