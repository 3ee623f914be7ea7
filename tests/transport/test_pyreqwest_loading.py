"""Which thread loads pyreqwest, and what is said where it cannot be used; see also test_threads."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import threading
from types import ModuleType

import attrs
import pytest

from connectly_api.errors import UsageError
from connectly_api.transport.adapters import auto, pyreqwest_exchange, pyreqwest_loading
from connectly_api.transport.adapters.auto import AutoTransport
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport
from connectly_api.transport.adapters.pyreqwest_loading import _Loader, _LoadResult, is_usable, load
from connectly_api.transport.protocol import Progress, Timeouts
from connectly_api.transport.retry import is_transient
from tests.rough_server import answering, rough_server, sent
from tests.transport.test_adapters import post

HERE = os.getpid()


@pytest.fixture(autouse=True)
def loader(monkeypatch: pytest.MonkeyPatch) -> _Loader:
    made = _Loader()
    monkeypatch.setattr(pyreqwest_loading, "_LOADER", made)
    return made


def break_the_start(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(pyreqwest_exchange, "start", fail)


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing had loaded the extension, which pytest's plugin has, until this package does."""

    def begin() -> None:
        monkeypatch.setitem(sys.modules, "not.loaded.yet", ModuleType("not.loaded.yet"))

    monkeypatch.setattr(pyreqwest_loading, "_EXTENSION", "not.loaded.yet")
    monkeypatch.setattr(pyreqwest_exchange, "start", begin)


@pytest.mark.usefixtures("unloaded")
def test_the_main_thread_loads_it_itself(loader: _Loader) -> None:
    before = threading.enumerate()
    assert loader.load() == _LoadResult(HERE, pyreqwest_exchange, is_safe=True)
    assert loader.load() is loader.load()
    assert threading.enumerate() == before
    assert load() is pyreqwest_exchange
    assert is_usable()


@pytest.mark.usefixtures("unloaded")
async def test_another_thread_has_it_loaded_by_one_that_never_ends(loader: _Loader) -> None:
    before = set(threading.enumerate())
    assert await asyncio.to_thread(loader.load) == _LoadResult(HERE, pyreqwest_exchange, is_safe=True)
    [lasting] = (thread for thread in set(threading.enumerate()) - before if thread.name == "connectly-api-pyreqwest")
    assert lasting.daemon


async def test_what_something_else_has_loaded_is_left_alone_in_every_thread(
    loader: _Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        break_the_start(patch, AssertionError("touched"))
        assert not is_usable()
        assert not await asyncio.to_thread(is_usable)
    assert vars(loader)["_loaded"] is None


@pytest.mark.parametrize("in_thread", [False, True])
async def test_who_names_pyreqwest_gets_it_whoever_has_loaded_it(loader: _Loader, *, in_thread: bool) -> None:
    assert isinstance(await asyncio.to_thread(load) if in_thread else load(), ModuleType)
    assert not loader.load().is_safe
    assert not is_usable()
    assert not await asyncio.to_thread(is_usable)


async def test_without_descriptors_it_is_not_touched_and_tried_again(
    loader: _Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> int:
        raise OSError(errno.EMFILE, "too many")

    progress = Progress()
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        break_the_start(patch, AssertionError("touched"))
        with pytest.raises(OSError, match="too many") as caught:
            await PyreqwestTransport().exchange(post("http://127.0.0.1:1"), Timeouts(), progress)
    assert not progress.may_have_left
    assert is_transient(caught.value)
    assert isinstance(loader.load().module, ModuleType)


def test_a_fork_after_the_programs_own_use_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    break_the_start(monkeypatch, RuntimeError("A pyreqwest runtime was initialized before fork(). The Tokio…"))
    with pytest.raises(UsageError, match="does not survive a fork"):
        load()


@pytest.mark.usefixtures("unloaded")
def test_what_stands_in_the_way_is_raised_and_auto_takes_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    break_the_start(monkeypatch, OSError("no descriptors"))
    with pytest.raises(OSError, match="no descriptors"):
        load()
    assert not is_usable()


def test_an_import_that_failed_is_tried_again(loader: _Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pyreqwest_loading, "_EXTENSION", "not.loaded.yet")
        break_the_start(patch, ImportError("no descriptors"))
        with pytest.raises(ImportError):
            load()
    assert isinstance(loader.load().module, ModuleType)


async def test_where_no_thread_can_be_started_auto_takes_httpx(
    loader: _Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_settings: bool) -> _LoadResult:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(loader, "load", fail)
    assert not is_usable()


async def test_what_the_parent_of_a_fork_has_loaded_is_refused(
    loader: _Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader.load()
    monkeypatch.setattr(loader, "_loaded", attrs.evolve(loader.load(), process=HERE + 1))
    loader._reset_lock()
    progress = Progress()
    with pytest.raises(UsageError, match="does not survive a fork"):
        await PyreqwestTransport().exchange(post("http://127.0.0.1:1"), Timeouts(), progress)
    assert not progress.may_have_left

    transport = AutoTransport()
    async with rough_server(answering(sent())) as server:
        await transport.exchange(post(server.base_url), Timeouts(), Progress())
        await transport.aclose()
    assert isinstance(vars(transport)["_chosen"], HttpxTransport)


async def test_a_choice_that_cannot_be_made_leaves_the_request_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> bool:
        raise OSError("no descriptors")

    monkeypatch.setattr(auto, "_has_pyreqwest", fail)
    progress = Progress()
    with pytest.raises(OSError, match="no descriptors"):
        await AutoTransport().exchange(post("http://127.0.0.1:1"), Timeouts(), progress)
    assert not progress.may_have_left
