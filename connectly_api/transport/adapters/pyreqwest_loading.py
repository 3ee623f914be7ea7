"""Loads pyreqwest in a thread that never ends, and never in a process that was forked after that.

**Threads.** pyreqwest brings its own allocator, mimalloc, which takes the thread that loads the extension for the
process's main thread and gives it a heap that is never released. When that thread ends, the C library reuses its stack,
and with it the address by which mimalloc tells threads apart: a later thread is taken for the main one, works on a heap
in an invalid state, and the process ends with SIGSEGV. A lazy import in a worker thread is enough to cause this. So the
main thread, which outlives all others, imports pyreqwest itself; any other thread lets a daemon thread import it, which
then waits forever. If something else has imported pyreqwest, perhaps in a thread that has ended, even the main thread
may crash in it, so `auto` does not use it.

**Forks.** A forked child has one thread only. It has neither the thread of pyreqwest's runtime nor the daemon thread,
whose stack the child's next thread reuses. So a child never uses what its parent loaded; if its parent loaded nothing,
it loads pyreqwest anew.

docs/performance.md says what that means for users, and how to reproduce it without this package.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack
from types import ModuleType
from typing import Final

import attrs

from connectly_api.errors import UsageError

_EXTENSION: Final = "pyreqwest._pyreqwest"
_FORKED: Final = (
    "pyreqwest was used before this process was forked, and does not survive a fork: send nothing before you fork,"
    " start processes with 'spawn', or use transport='httpx'"
)
_FOREIGN: Final = "other code imported pyreqwest, perhaps in a thread that has ended"

_DESCRIPTORS: Final = 8
"""A few more than pyreqwest's runtime opens: without them, its code may end the process."""


@attrs.frozen
class _LoadResult:
    process: int
    module: ModuleType | Exception
    """The module that sends through pyreqwest, or why it cannot be used."""
    is_safe: bool
    """Whether it was loaded here, in a thread that never ends."""


class _Loader:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: _LoadResult | None = None
        # Another thread of the parent may have held its lock.
        os.register_at_fork(after_in_child=self._reset_lock)

    def load(self, *, only_ours: bool = False) -> _LoadResult:
        """Load it; with `only_ours`, do not use it if other code has loaded it."""
        loaded = self._loaded
        if loaded is None:
            with self._lock:
                if only_ours and self._loaded is None and _EXTENSION in sys.modules:
                    return _LoadResult(os.getpid(), UsageError(_FOREIGN), is_safe=False)
                loaded = self._loaded or self._load()
                # Retry a failed import: it may have lacked file descriptors.
                is_final = _EXTENSION in sys.modules and not isinstance(loaded.module, OSError)
                self._loaded = loaded if is_final else None
        if loaded.process != os.getpid():
            return _LoadResult(os.getpid(), UsageError(_FORKED), is_safe=False)
        return loaded

    def _load(self) -> _LoadResult:
        if _EXTENSION in sys.modules:
            # Other code has loaded it, and we cannot tell whether that thread still runs.
            return _import(is_safe=False)
        if threading.current_thread() is threading.main_thread():
            return _import(is_safe=True)
        results: list[_LoadResult] = []
        ready = threading.Event()

        def import_and_wait() -> None:
            results.append(_import(is_safe=True))
            ready.set()
            threading.Event().wait()

        threading.Thread(target=import_and_wait, name="connectly-api-pyreqwest", daemon=True).start()
        ready.wait()
        return results[0]

    def _reset_lock(self) -> None:
        self._lock = threading.Lock()


def _import(*, is_safe: bool) -> _LoadResult:
    try:
        _check_descriptors()
        from connectly_api.transport.adapters import pyreqwest_exchange  # noqa: PLC0415 (the module is about it)

        pyreqwest_exchange.start()
    except Exception as error:  # noqa: BLE001 (whatever prevents loading an extension)
        is_forked = isinstance(error, RuntimeError) and "before fork()" in str(error)
        return _LoadResult(os.getpid(), UsageError(_FORKED) if is_forked else error, is_safe)
    return _LoadResult(os.getpid(), pyreqwest_exchange, is_safe)


def _check_descriptors() -> None:
    """Raise `OSError` if the process has too few descriptors left, by opening and closing as many as needed."""
    with ExitStack() as opened:
        for _ in range(_DESCRIPTORS):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))


_LOADER: Final = _Loader()


def load() -> ModuleType:
    """Return the module that sends through pyreqwest, or raise whatever prevents loading it."""
    module = _LOADER.load().module
    if isinstance(module, Exception):
        raise module
    return module


def is_usable() -> bool:
    """Return whether pyreqwest works here and cannot crash."""
    try:
        loaded = _LOADER.load(only_ours=True)
    except RuntimeError:
        return False  # A thread cannot be started.
    return loaded.is_safe and not isinstance(loaded.module, Exception)
