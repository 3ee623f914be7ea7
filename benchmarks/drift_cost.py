"""The cost of a `DriftMonitor`, and that there is none without it: `python -m benchmarks.drift_cost`.

The CPU time of a call through the pipeline, and of an event through a `WebhookApp`, without any network. `absent` is
the same code from which the question whether there is a monitor was cut out; `absent again` shows how far two
measurements of the same code differ. Rounds are interleaved, so that a busy machine slows all candidates alike. Compare
the ratios.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

from connectly_api.drift import DriftMonitor
from connectly_api.lowlevel.api.webhook_service import get_webhooks
from connectly_api.transport import MockTransport, Pipeline, Response
from connectly_api.webhooks import SIGNATURE_HEADER, UnknownEvent, WebhookApp, sign

Work = Callable[[], Awaitable[object]]

DATA: Final = Path(__file__).resolve().parent.parent / "tests" / "data"
SECRET: Final = "wh-secret-01"  # noqa: S105 (not a real secret)
QUESTION: Final = "self._drift is not None"
ROUNDS, CALLS = 25, 1000
TARGET: Final = 1.02
"""The CPU time without a monitor, as a multiple of that of the code that cannot have one."""


class _Cut(ast.NodeTransformer):
    def __init__(self) -> None:
        self.count = 0

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Leave out what is done for a monitor."""
        if ast.unparse(node.test) != QUESTION:
            return self.generic_visit(node)
        self.count += 1
        return None


def cut_monitor(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function without its question whether there is a monitor."""
    cut = _Cut()
    tree = cut.visit(ast.parse(dedent(inspect.getsource(function))))
    if not cut.count:
        raise LookupError(f"{function.__qualname__} does not ask: {QUESTION}")
    namespace: dict[str, Any] = {}
    exec(compile(ast.fix_missing_locations(tree), __file__, "exec"), function.__globals__, namespace)  # noqa: S102 (our own source)
    made: Callable[..., Any] = namespace[function.__name__]
    return made


class PipelineWithoutMonitor(Pipeline):
    """A pipeline that cannot have a monitor."""

    _conclude = cut_monitor(Pipeline._conclude)  # noqa: SLF001 (what is measured)


class AppWithoutMonitor(WebhookApp):
    """A receiver that cannot have a monitor."""

    _accept = cut_monitor(WebhookApp._accept)  # noqa: SLF001 (what is measured)


def create_call(kind: type[Pipeline], monitor: DriftMonitor | None, body: bytes) -> Work:
    """Return a call that lists registrations."""
    pipeline = kind(
        MockTransport(lambda _request: Response(200, (), body)),
        api_key="k",
        base_url="https://a.example",
        drift=monitor,
    )
    return lambda: pipeline.send(get_webhooks.request("biz_1"))


def create_delivery(kind: type[WebhookApp], monitor: DriftMonitor | None, body: bytes) -> Work:
    """Return a delivery of an event, for which there is no handler."""
    app = kind(SECRET, drift=monitor)
    app.on(UnknownEvent)(lambda _event: None)
    headers = [(SIGNATURE_HEADER.encode(), sign(body, SECRET).encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "http_version": "1.1"}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_message: Any) -> None:  # noqa: ANN401 (as ASGI has it)
        pass

    return lambda: app(scope, receive, send)


async def time_candidates(candidates: Mapping[str, Work]) -> dict[str, float]:
    """Return the CPU time of one call of each candidate in microseconds: the best of several interleaved rounds."""
    best = dict.fromkeys(candidates, float("inf"))
    for _ in range(ROUNDS):
        for name, work in candidates.items():
            start = time.process_time()
            for _ in range(CALLS):
                await work()
            best[name] = min(best[name], (time.process_time() - start) / CALLS * 1e6)
    return best


def print_times(title: str, times: Mapping[str, float]) -> None:
    """Print a line for each candidate, and whether a place for a monitor costs nothing."""
    print(title)  # noqa: T201
    for name, spent in times.items():
        print(f"  {name:34} {spent:7.2f} µs ({spent / times['absent']:.3f})")  # noqa: T201
    print(f"  target: off at most {TARGET}: {'met' if times['off'] <= TARGET * times['absent'] else 'MISSED'}")  # noqa: T201


async def main() -> None:
    """Measure a call, then an event."""
    listed = json.loads((DATA / "responses" / "webhooks.json").read_bytes())
    plain, new = json.dumps(listed).encode(), json.dumps({**listed, "new": 1}).encode()
    times = await time_candidates(
        {
            "absent": create_call(PipelineWithoutMonitor, None, plain),
            "absent again": create_call(PipelineWithoutMonitor, None, plain),
            "off": create_call(Pipeline, None, plain),
            "on": create_call(Pipeline, DriftMonitor(), plain),
            "on, with a new field in each body": create_call(Pipeline, DriftMonitor(), new),
        }
    )
    print_times(f"A call without network: {len(plain)} bytes, two registrations", times)
    event = json.loads((DATA / "webhooks" / "delivered.json").read_bytes())
    plain, new = json.dumps(event).encode(), json.dumps({**event, "new": 1}).encode()
    times = await time_candidates(
        {
            "absent": create_delivery(AppWithoutMonitor, None, plain),
            "absent again": create_delivery(AppWithoutMonitor, None, plain),
            "off": create_delivery(WebhookApp, None, plain),
            "on": create_delivery(WebhookApp, DriftMonitor(), plain),
            "on, with a new field in each body": create_delivery(WebhookApp, DriftMonitor(), new),
        }
    )
    print_times(f"An event without network: {len(plain)} bytes, a delivery status", times)


if __name__ == "__main__":
    asyncio.run(main())
