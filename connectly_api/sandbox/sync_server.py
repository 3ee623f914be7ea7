"""A sandbox on a socket for synchronous tests: the bot runs in another thread, another process or another language.

The sandbox and its server run on the process's event loop, in a thread of its own (see `connectly_api.sync`), as does
everything that a test asks of them. So any number of threads may use one server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial, wraps
from inspect import isawaitable
from types import TracebackType
from typing import Any, Concatenate, Final, Generic, ParamSpec, Self, TypeVar, cast, overload

from connectly_api.errors import UsageError
from connectly_api.sandbox.customer import Customer
from connectly_api.sandbox.model.records import AcceptedMessage, Delivery, ReceivedRequest
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.sandbox import Sandbox
from connectly_api.sync.waiting_thread import run
from connectly_api.tracebacks import cut_traceback

A = TypeVar("A")
P = ParamSpec("P")
T = TypeVar("T")


class _Blocking(Generic[A]):
    """Runs the methods of an object of the event loop for other threads."""

    def __init__(self, target: A) -> None:
        self._target: Final = target


@overload
def _check(
    method: Callable[Concatenate[A, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[_Blocking[A], P], T]: ...
@overload
def _check(method: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[_Blocking[A], P], T]: ...
def _check(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a synchronous method with the same arguments, which runs on the event loop."""

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (the method's own)
        __tracebackhide__ = True
        return run(_call, partial(method, self._target, *args, **kwargs))

    return call


@overload
def _forward(
    method: Callable[Concatenate[A, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[_Blocking[A], P], T]: ...
@overload
def _forward(method: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[_Blocking[A], P], T]: ...
def _forward(method: Callable[..., Any]) -> Callable[..., Any]:
    return cut_traceback(_check(method))


async def _call(function: Callable[[], Any]) -> Any:  # noqa: ANN401  (the function's own)
    __tracebackhide__ = True
    result = function()
    return await result if isawaitable(result) else result


class SyncCustomer(_Blocking[Customer]):
    """A customer, played by a synchronous test: the verbs of `Customer`, without `await`."""

    says = _forward(Customer.says)
    edits = _forward(Customer.edits)
    taps = _forward(Customer.taps)
    picks = _forward(Customer.picks)
    reads = _forward(Customer.reads)
    reacts = _forward(Customer.reacts)
    sends = _forward(Customer.sends)
    sends_image = _forward(Customer.sends_image)
    shares_location = _forward(Customer.shares_location)
    opts_out = _forward(Customer.opts_out)
    opts_in = _forward(Customer.opts_in)

    @property
    def phone(self) -> str | None:
        """The phone number (E.164), or None."""
        return self._target.phone

    @property
    def bsuid(self) -> str | None:
        """The business-scoped user id, or None."""
        return self._target.bsuid

    @property
    def messages(self) -> tuple[AcceptedMessage, ...]:
        """See `Customer.messages`."""
        return cast("tuple[AcceptedMessage, ...]", run(_call, lambda: self._target.messages))

    @cut_traceback
    def changes_phone(self, phone: str, *, bsuid: str | None = None, keeps_opt_out: bool = False) -> SyncCustomer:
        """See `Customer.changes_phone`."""
        return SyncCustomer(run(self._target.changes_phone, phone, bsuid=bsuid, keeps_opt_out=keeps_opt_out))


class SandboxServer(_Blocking[Sandbox]):
    """Serves a sandbox on a socket, within a `with` block: the methods of `Sandbox`, without `await`, in any thread.

    ```python
    with SandboxServer(Sandbox()) as server:
        ...  # server.url is "http://127.0.0.1:…"
    ```
    """

    def __init__(self, sandbox: Sandbox, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Take a sandbox, which nothing else uses.

        Args:
            sandbox: The sandbox.
            host: The interface to listen on.
            port: 0 picks a free one.
        """
        super().__init__(sandbox)
        self._host: Final = host
        self._port: Final = port
        self._url: str | None = None
        self._stop: Callable[[], object] | None = None
        self._task: asyncio.Task[None] | None = None

    @cut_traceback
    def __enter__(self) -> Self:
        """Listen.

        Raises:
            ServeError: The port is in use or not permitted, or the host is not one of this machine's.
            UsageError: The calling thread runs an event loop.
        """
        run(self._start)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; requests in progress have two seconds to finish."""
        run(self._end)

    @property
    def url(self) -> str:
        """The address, `http://127.0.0.1:…`.

        Raises:
            UsageError: It does not listen yet, or no longer.
        """
        if self._url is None:
            raise UsageError("the sandbox's server listens only within its `with` block")
        return self._url

    @property
    def settings(self) -> Settings:
        """The sandbox's settings."""
        return self._target.settings

    @property
    def messages(self) -> tuple[AcceptedMessage, ...]:
        """See `Sandbox.messages`."""
        return cast("tuple[AcceptedMessage, ...]", run(_call, lambda: self._target.messages))

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """See `Sandbox.requests`."""
        return cast("tuple[ReceivedRequest, ...]", run(_call, lambda: self._target.requests))

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """See `Sandbox.deliveries`."""
        return cast("tuple[Delivery, ...]", run(_call, lambda: self._target.deliveries))

    @cut_traceback
    def customer(self, phone: str | None = None, *, bsuid: str | None = None, name: str | None = None) -> SyncCustomer:
        """See `Sandbox.customer`."""
        customer = partial(self._target.customer, phone, bsuid=bsuid, name=name)
        return SyncCustomer(cast("Customer", run(_call, customer)))

    assert_sent_once = _check(Sandbox.assert_sent_once)
    assert_nothing_sent = _check(Sandbox.assert_nothing_sent)
    status_of = _forward(Sandbox.status_of)
    template = _forward(Sandbox.template)
    fault = _forward(Sandbox.fault)
    remove_fault = _forward(Sandbox.remove_fault)
    clear_faults = _forward(Sandbox.clear_faults)
    close_window = _forward(Sandbox.close_window)
    open_window = _forward(Sandbox.open_window)
    advance = _forward(Sandbox.advance)
    set_clock = _forward(Sandbox.set_clock)
    settle = _forward(Sandbox.settle)
    report_ready = _forward(Sandbox.report_ready)
    redeliver = _forward(Sandbox.redeliver)
    send_event = _forward(Sandbox.send_event)
    run_verb = _forward(Sandbox.run_verb)
    reset = _forward(Sandbox.reset)
    attach = _forward(Sandbox.attach)
    attach_wsgi = _forward(Sandbox.attach_wsgi)
    recording = _forward(Sandbox.recording)
    save = _forward(Sandbox.save)
    save_state = _forward(Sandbox.save_state)
    load_state = _forward(Sandbox.load_state)

    async def _start(self) -> None:
        """Serve in a task of its own, in which the server also ends."""
        changed, stopped = asyncio.Event(), asyncio.Event()

        async def serve() -> None:
            try:
                async with self._target.serve(host=self._host, port=self._port) as self._url:
                    changed.set()
                    await stopped.wait()
            finally:
                self._url = None
                changed.set()

        task = asyncio.create_task(serve())
        await changed.wait()
        if self._url is None:
            await task  # It failed.
        self._stop, self._task = stopped.set, task

    async def _end(self) -> None:
        if self._stop is not None and self._task is not None:
            self._stop()
            await self._task
