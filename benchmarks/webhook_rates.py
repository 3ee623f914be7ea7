"""The cost of receiving an event, compared with other packages: `python -m benchmarks.webhook_rates`.

First the CPU time to verify and parse a documented event of 1 KB, against the floor (`hmac`, a comparison and
`json.loads`) and against other packages with the same bytes. Then over real sockets: one uvicorn process with an
application for each candidate, 50 connections, every event different. Rounds are interleaved, so that a busy machine
slows all candidates alike. Compare the ratios. `requirements/bench.in` names the other packages.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import io
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

import attrs

from connectly_api import sync
from connectly_api.webhooks import SIGNATURE_HEADER, Event, SQLiteStore, Store, WebhookApp, receive, sign

SECRET: Final = "wh-secret-01"  # noqa: S105 (not a real secret)
STANDARD_SECRET: Final = "whsec_" + base64.b64encode(SECRET.encode()).decode()
DOCUMENTED: Final = Path(__file__).resolve().parent.parent / "tests" / "data" / "webhooks"
SIZE: Final = 1024
CPU_ROUNDS, CPU_CALLS = 9, 4000
CONNECTIONS, LOAD_ROUNDS, LOAD_EVENTS = 50, 5, 3000
TARGET: Final = 3.0
"""The CPU time that verifying and parsing may take, as a multiple of the floor's."""

Headers = Mapping[str, str]
Work = Callable[[Headers, bytes], object]


def build_event(name: str, number: int = 0) -> bytes:
    """Return a documented event with its own id, padded to 1 KB with plausible callback data."""
    body = json.loads((DOCUMENTED / f"{name}.json").read_bytes())
    for part in {"message", "statusUpdate"} & set(body):
        body[part]["id"] = f"01FRRWW2ZAHD9GJ1SW{number:08d}"
    line = {"sku": "A-1000", "quantity": 2, "price": "19.90", "currency": "EUR"}
    order: dict[str, object] = {"note": "", "lines": [line]}
    body["callbackData"] = order
    while (room := SIZE - len(json.dumps(body))) > len(json.dumps(line)) + 2:
        order["lines"] = [*cast("list[object]", order["lines"]), line]
    order["note"] = "-" * room
    return json.dumps(body).encode()


def build_headers(body: bytes) -> dict[str, str]:
    """Return the headers that the candidates look for."""
    now = int(time.time())
    stripe = hmac.new(SECRET.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    standard = hmac.digest(SECRET.encode(), f"msg_1.{now}.".encode() + body, "sha256")
    return {
        "host": "127.0.0.1",
        "user-agent": "go-resty/2.6.0 (https://github.com/go-resty/resty)",
        "content-length": str(len(body)),
        "content-type": "text/plain; charset=utf-8",
        "accept-encoding": "gzip",
        SIGNATURE_HEADER: sign(body, SECRET),
        "x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
        "stripe-signature": f"t={now},v1={stripe}",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": "v1," + base64.b64encode(standard).decode(),
    }


def floor(headers: Headers, body: bytes) -> object:
    """The minimum that is correct: hmac, a comparison in constant time, json.loads."""
    expected = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest())
    if not hmac.compare_digest(expected, headers[SIGNATURE_HEADER].encode()):
        raise ValueError("wrong signature")
    return json.loads(body)


def receive_event(headers: Headers, body: bytes) -> object:
    """Verify, decode within limits, and return a typed event."""
    return receive(headers, body, SECRET)


def load_others() -> dict[str, Work | None]:
    """Return the other packages' verification followed by json.loads; None for a package that is not installed."""

    def pywa(module: Any) -> Work:  # noqa: ANN401 (an optional package)
        def work(headers: Headers, body: bytes) -> object:
            if not module.webhook_updates_validator(SECRET, body, headers["x-hub-signature-256"]):
                raise ValueError("wrong signature")
            return json.loads(body)

        return work

    def stripe(module: Any) -> Work:  # noqa: ANN401 (an optional package)
        def work(headers: Headers, body: bytes) -> object:
            module.WebhookSignature.verify_header(body.decode(), headers["stripe-signature"], SECRET, 300)
            return json.loads(body)

        return work

    def standard(module: Any) -> Work:  # noqa: ANN401 (an optional package)
        verifier = module.Webhook(STANDARD_SECRET)
        return lambda headers, body: verifier.verify(body, headers)

    works: dict[str, Work | None] = {}
    for name, module, make in (
        ("pywa", "pywa.utils", pywa),
        ("stripe", "stripe", stripe),
        ("standardwebhooks", "standardwebhooks", standard),
    ):
        try:
            works[name] = make(import_module(module))
        except ModuleNotFoundError:
            works[name] = None
    return works


# CPU.


def time_candidates(candidates: Mapping[str, Work], headers: Headers, body: bytes) -> dict[str, float]:
    """Return the CPU time of one call of each candidate in microseconds: the best of several interleaved rounds."""
    best = dict.fromkeys(candidates, float("inf"))
    for _ in range(CPU_ROUNDS):
        for name, work in candidates.items():
            start = time.process_time()
            for _ in range(CPU_CALLS):
                work(headers, body)
            best[name] = min(best[name], (time.process_time() - start) / CPU_CALLS * 1e6)
    return best


def measure_cpu(candidates: Mapping[str, Work]) -> None:
    """Print a table, and whether every documented event meets the target."""
    print(f"CPU time to verify and parse one event of {SIZE} bytes, in µs (ratio to the floor)")  # noqa: T201
    met = True
    for path in sorted(DOCUMENTED.glob("*.json")):
        body = build_event(path.stem)
        times = time_candidates(candidates, build_headers(body), body)
        ratio = times["connectly_api"] / times["floor"]
        met = met and ratio <= TARGET
        cells = (f"{name} {spent:.1f} ({spent / times['floor']:.2f})" for name, spent in times.items())
        print(f"  {path.stem:16} {'   '.join(cells)}")  # noqa: T201
    print(f"  target: at most {TARGET} times the floor: {'met' if met else 'MISSED'}")  # noqa: T201


# In process.


async def _drop(_message: object) -> None: ...


async def call_asgi(bodies: list[bytes]) -> None:
    """Deliver events to the ASGI application, one after the other."""
    app = create_webhook_app()
    for body in bodies:
        headers = [(SIGNATURE_HEADER.encode(), sign(body, SECRET).encode())]
        message = {"type": "http.request", "body": body}

        async def receive_message(message: dict[str, Any] = message) -> dict[str, Any]:
            return message

        scope = {"type": "http", "method": "POST", "headers": headers, "http_version": "1.1"}
        await app(scope, receive_message, _drop)


def call_wsgi(bodies: list[bytes]) -> None:
    """Deliver events to the WSGI application, one after the other, with a handler in the request's thread."""
    app = sync.WebhookApp(SECRET)

    @app.on_any
    def handle(_event: Event) -> None:
        pass

    for body in bodies:
        environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
        environ["HTTP_X_CONNECTLY_HMAC_SHA256"] = sign(body, SECRET)
        app(environ, lambda _status, _headers, _error=None: bytes)


def measure_apps() -> None:
    """Print the rates of both applications in this process: rounds are interleaved, the best counts."""
    bodies = [build_event("text", number) for number in range(LOAD_EVENTS)]
    works: dict[str, Callable[[], None]] = {
        "ASGI": lambda: asyncio.run(call_asgi(bodies)),
        "WSGI": lambda: call_wsgi(bodies),
    }
    best = dict.fromkeys(works, float("inf"))
    for _ in range(LOAD_ROUNDS):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - start)
    asgi, wsgi = (LOAD_EVENTS / best[name] for name in ("ASGI", "WSGI"))
    print(f"In process: ASGI {asgi:.0f} events/s, WSGI {wsgi:.0f} events/s ({wsgi / asgi:.2f} of ASGI)")  # noqa: T201


# Over sockets.


def create_plain_app(work: Work) -> Any:  # noqa: ANN401 (an ASGI application)
    """Return an application that reads the body, does the work, and responds with 200."""

    async def app(scope: Any, receive_message: Any, send: Any) -> None:  # noqa: ANN401 (as ASGI has it)
        body, more = b"", True
        while more:
            message = await receive_message()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        work({name.decode(): value.decode() for name, value in scope["headers"]}, body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    return app


def create_webhook_app(store: Store | None = None) -> WebhookApp:
    """Return a `WebhookApp` with a handler that does nothing."""
    app = WebhookApp(SECRET, store=store)

    @app.on_any
    async def handle(_event: Event) -> None:
        pass

    return app


def start_servers(stack: ExitStack) -> Iterator[tuple[str, str]]:
    """Start PostgreSQL and Redis, which write everything to the disk, where they are installed; yield their URLs."""
    try:
        import pytest  # noqa: PLC0415 (of the development's environment only)

        from tests.database_servers import DatabaseServer  # noqa: PLC0415 (likewise)
    except ModuleNotFoundError as error:
        print(f"stores on servers are left out: {error.name} is not installed")  # noqa: T201
        return
    for name in ("postgres", "redis"):
        try:
            server = DatabaseServer(name)
        except pytest.skip.Exception as skipped:
            print(f"left out: {skipped}")  # noqa: T201
            continue
        stack.callback(server.remove)
        server.start()
        yield name, server.url


def build_store(name: str, place: str) -> Store:
    """Return a store; only those on servers load their libraries."""
    if name == "postgres":
        from connectly_api.webhooks import PostgresStore  # noqa: PLC0415 (an extra)

        return PostgresStore(place)
    if name == "redis":
        from connectly_api.webhooks import RedisStore  # noqa: PLC0415 (an extra)

        return RedisStore(place)
    return SQLiteStore(place)


def serve(stores: Iterable[str]) -> None:
    """Serve every candidate under its own path, and print the port and the paths; each store is `name=place`."""
    import uvicorn  # noqa: PLC0415 (only the server needs it)

    works = {"floor": floor, "connectly_api": receive_event} | {
        name: work for name, work in load_others().items() if work
    }
    apps: dict[str, Any] = {f"/{name}": create_plain_app(work) for name, work in works.items()}
    apps["/WebhookApp"] = create_webhook_app()
    for store in stores:
        name, _, place = store.partition("=")
        apps[f"/WebhookApp+{name}"] = create_webhook_app(build_store(name, place))

    async def app(scope: Any, receive_message: Any, send: Any) -> None:  # noqa: ANN401 (as ASGI has it)
        await apps[scope["path"]](scope, receive_message, send)

    # asyncio turns Nagle's algorithm off only on sockets that were created with the protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2 * CONNECTIONS)
    print(listener.getsockname()[1], *apps, flush=True)  # noqa: T201
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


@attrs.frozen
class Load:
    """One round of one candidate."""

    rate: float
    latencies: list[float]


async def deliver_events(port: int, path: str, bodies: Iterable[bytes]) -> Load:
    """Deliver events over 50 connections, and return the rate and the latencies in milliseconds."""
    requests = [
        f"POST {path} HTTP/1.1\r\n".encode()
        + "".join(f"{name}: {value}\r\n" for name, value in build_headers(body).items()).encode()
        + b"\r\n"
        + body
        for body in bodies
    ]
    count, latencies = len(requests), list[float]()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while requests:
            writer.write(requests.pop())
            start = time.perf_counter()
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            latencies.append((time.perf_counter() - start) * 1000)
            if not head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(f"{path}: {head[:30]!r}")
        writer.close()
        await writer.wait_closed()

    start = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return Load(count / (time.perf_counter() - start), latencies)


def measure_load() -> None:
    """Print a table of events per second and latencies."""
    print(f"Over sockets: {CONNECTIONS} connections, {LOAD_ROUNDS} rounds of {LOAD_EVENTS} events, median round")  # noqa: T201
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stores = {"sqlite": f"{folder}/events.db", **dict(start_servers(stack))}
        command = [sys.executable, "-m", "benchmarks.webhook_rates", "serve"]
        command += [f"{name}={place}" for name, place in stores.items()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 (this module)
            assert server.stdout is not None  # noqa: S101 (asked for above)
            port, *paths = server.stdout.readline().split()
            rounds: dict[str, list[Load]] = {path: [] for path in paths}
            for number in range(LOAD_ROUNDS):
                first = number * LOAD_EVENTS
                bodies = [build_event("text", first + event) for event in range(LOAD_EVENTS)]
                for path, loads in rounds.items():
                    loads.append(asyncio.run(deliver_events(int(port), path, bodies)))
            server.terminate()
    rates = {path: statistics.median(load.rate for load in loads) for path, loads in rounds.items()}
    for path, loads in rounds.items():
        base = "/WebhookApp" if "+" in path else "/floor"
        cuts = statistics.quantiles([latency for load in loads for latency in load.latencies], n=100)
        print(  # noqa: T201
            f"  {path[1:]:20} {rates[path]:7.0f} events/s ({rates[path] / rates[base]:.2f} of {base[1:]})"
            f"   p50 {cuts[49]:6.1f} ms   p99 {cuts[98]:6.1f} ms"
        )


def main() -> None:
    """Measure CPU time, then rates."""
    works = load_others()
    for name in (name for name, work in works.items() if work is None):
        print(f"{name}: not installed, see requirements/bench.in")  # noqa: T201
    measure_cpu({"floor": floor, "connectly_api": receive_event} | {name: work for name, work in works.items() if work})
    measure_apps()
    measure_load()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2:])
    else:
        main()
