"""Loads pyreqwest where the thread that loads it never ends, and in no process that was forked after that.

pyreqwest brings an allocator of its own, mimalloc. It takes the thread that loads the extension for the main thread of
the process and gives it a heap that is never handed back. When that thread ends, the C library reuses its stack, and
with it the address by which mimalloc tells threads apart: a later thread is taken for the main one, works on a heap
that is in no state to be used, and the process ends with SIGSEGV. Python alone cannot cause this, and a lazy import in
a worker thread is all that it takes. So the main thread, which outlives all others, imports pyreqwest itself; for any
other thread, a daemon thread does, and then waits for ever. What something else has loaded was perhaps loaded by a
thread that has ended: from then on even the main thread may crash in it, so it is left alone.

A forked child has one thread only. The thread of pyreqwest's runtime is not among them, nor is the daemon thread, whose
stack the child's next thread reuses. So a child never uses what its parent loaded; one whose parent loaded nothing
loads pyreqwest anew. docs/performance.md says what that means to users, and how to reproduce it without this package.
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

__all__ = ["is_usable", "load"]

_EXTENSION: Final = "pyreqwest._pyreqwest"
_FORKED: Final = (
    "pyreqwest was used before this process was forked, and does not outlive a fork: send nothing before you fork,"
    " start processes with 'spawn', or take transport='httpx'"
)
_FOREIGN: Final = "pyreqwest was imported by something else, and perhaps in a thread that has ended"

_DESCRIPTORS: Final = 8
"""As many as pyreqwest's runtime opens, and some more: without them, its code may end the process."""


@attrs.frozen
class _Loaded:
    """What came of loading.

    Attributes:
        process: In which it was loaded.
        module: What sends through pyreqwest, or why that cannot be used.
        is_safe: Whether this module loaded it, in a thread that lasts as long as the process.
    """

    process: int
    module: ModuleType | Exception
    is_safe: bool


class _Loader:
    """Loads once in a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        # The parent's may have been held by another thread.
        os.register_at_fork(after_in_child=self._renew)

    def load(self, *, only_ours: bool = False) -> _Loaded:
        """Load it; what something else has loaded is not touched where only ours will do."""
        loaded = self._loaded
        if loaded is None:
            with self._lock:
                if only_ours and self._loaded is None and _EXTENSION in sys.modules:
                    return _Loaded(os.getpid(), UsageError(_FOREIGN), is_safe=False)
                loaded = self._loaded or self._load()
                # An import that failed, for lack of descriptors perhaps, is tried again.
                is_final = _EXTENSION in sys.modules and not isinstance(loaded.module, OSError)
                self._loaded = loaded if is_final else None
        if loaded.process != os.getpid():
            return _Loaded(os.getpid(), UsageError(_FORKED), is_safe=False)
        return loaded

    def _load(self) -> _Loaded:
        if _EXTENSION in sys.modules:
            # Something else has loaded it: which thread did, and whether it lasts, can no longer be found out.
            return _import(is_safe=False)
        if threading.current_thread() is threading.main_thread():
            return _import(is_safe=True)
        found: list[_Loaded] = []
        ready = threading.Event()

        def stay() -> None:
            found.append(_import(is_safe=True))
            ready.set()
            threading.Event().wait()

        threading.Thread(target=stay, name="connectly-api-pyreqwest", daemon=True).start()
        ready.wait()
        return found[0]

    def _renew(self) -> None:
        self._lock = threading.Lock()


def _import(*, is_safe: bool) -> _Loaded:
    try:
        _check_descriptors()
        from connectly_api.transport.adapters import pyreqwest_exchange  # noqa: PLC0415 (the module is about it)

        pyreqwest_exchange.start()
    except Exception as error:  # noqa: BLE001 (whatever stands in the way of an extension)
        is_forked = isinstance(error, RuntimeError) and "before fork()" in str(error)
        return _Loaded(os.getpid(), UsageError(_FORKED) if is_forked else error, is_safe)
    return _Loaded(os.getpid(), pyreqwest_exchange, is_safe)


def _check_descriptors() -> None:
    """Open as many descriptors as will be needed, and close them again.

    Raises:
        OSError: The process has too few left.
    """
    with ExitStack() as opened:
        for _ in range(_DESCRIPTORS):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))


_LOADER: Final = _Loader()


def load() -> ModuleType:
    """Return the module that sends through pyreqwest.

    Raises:
        UsageError: It was loaded before this process was forked.
        Exception: Whatever stands in the way of loading it.
    """
    module = _LOADER.load().module
    if isinstance(module, Exception):
        raise module
    return module


def is_usable() -> bool:
    """Say whether pyreqwest works here, and is known not to crash: not where something else has loaded it."""
    try:
        loaded = _LOADER.load(only_ours=True)
    except RuntimeError:
        return False  # No thread can be started.
    return loaded.is_safe and not isinstance(loaded.module, Exception)
