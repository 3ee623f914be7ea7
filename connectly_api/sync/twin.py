"""The base of all synchronous classes: each runs the methods of an async object, and has one in each process."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar, cast

from connectly_api.sync.portal import Closable, close_at_exit, close_soon, run

A_co = TypeVar("A_co", covariant=True)
B = TypeVar("B")
C_co = TypeVar("C_co", bound=Closable, covariant=True)


class Twin(Generic[A_co]):
    """Runs the methods of an async object for synchronous code.

    The async object is created with the twin, so that both refuse the same arguments at the same time. In a forked
    child it is created anew at the first use: the parent's has connections that belong to the parent, and is kept as
    it is, neither closed nor finalised.
    """

    _is_part = False
    """Whether it is another twin's view or part, which closes it."""
    _blocks = True
    """The async classes do not take it as a setting."""

    def __init__(self, create: Callable[..., A_co], /, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the async class's own)
        """Create the async object.

        Args:
            create: The async class, or a function that returns an object of it.
            args: Its arguments; a twin among them stands for its async object.
            kwargs: Its keyword arguments, likewise.
        """
        self._keep(partial(_create, create, args, kwargs))

    def _keep(self, create: Callable[[], Any]) -> None:
        self._create: Callable[[], A_co] = create
        self._object: A_co = create()
        self._process = os.getpid()

    def _get(self) -> A_co:
        """Return this process's async object."""
        if self._process != os.getpid():
            with _RENEWAL.lock:
                if self._process != os.getpid():
                    self._renew()
        return self._object

    def _renew(self) -> None:
        """Create the async object of a forked child."""
        self._keep(self._create)

    def _derive(self, kind: type[B], derive: Callable[[A_co], Any]) -> B:
        """Return another twin, whose async object is derived from this one's: a view, or a part."""
        twin: Any = object.__new__(kind)
        twin._is_part = True  # noqa: SLF001 (of this class)
        twin._keep(lambda: derive(self._get()))  # noqa: SLF001 (of this class)
        return cast("B", twin)


class ClosableTwin(Twin[C_co]):
    """A twin whose async object is closed by `close`, with the twin's last reference, or when the program ends."""

    def _keep(self, create: Callable[[], Any]) -> None:
        super()._keep(create)
        if not self._is_part:
            close_at_exit(self._object)
            weakref.finalize(self, close_soon, self._object).atexit = False

    def close(self) -> None:
        """Close it. Calling it twice is fine."""
        if (
            self._process == os.getpid() and not self._is_part
        ):  # What the parent has opened is not this process's to close.
            run(self._object.aclose)

    def __enter__(self) -> Self:
        """Return the object."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the object."""
        self.close()


def get_async(value: Any) -> Any:  # noqa: ANN401 (anything)
    """Return the async object of a twin, or any other value unchanged."""
    if isinstance(value, Twin):
        twin: Any = cast("Any", value)
        return twin._get()  # noqa: SLF001 (of this module)
    return value


def _create(create: Callable[..., B], args: tuple[Any, ...], kwargs: dict[str, Any]) -> B:
    return create(*map(get_async, args), **{name: get_async(value) for name, value in kwargs.items()})


class _Renewal:
    """Lets one thread of a forked child create an async object, while others wait for it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # Creating one twin's object may renew another's.
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self.lock = threading.RLock()  # Another thread of the parent may have held it.


_RENEWAL: Final = _Renewal()
