"""Which thread loads pyreqwest, and what is said where it cannot be used; see also test_threads."""

from __future__ import annotations

import asyncio
import os
import threading
from types import ModuleType

import attrs
import pytest

from connectly_api.errors import UsageError
from connectly_api.transport import auto, pyreqwest_exchange, pyreqwest_loading
from connectly_api.transport.auto import AutoTransport
from connectly_api.transport.httpx import HttpxTransport
from connectly_api.transport.protocol import Progress, Timeouts
from connectly_api.transport.pyreqwest import PyreqwestTransport
from connectly_api.transport.pyreqwest_loading import _Loaded, _Loader, is_usable, load
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


def test_the_main_thread_loads_it_itself(loader: _Loader) -> None:
    before = threading.enumerate()
    assert loader.load() == _Loaded(HERE, pyreqwest_exchange, is_safe=True)
    assert loader.load() is loader.load()
    assert threading.enumerate() == before
    assert load() is pyreqwest_exchange
    assert is_usable()


async def test_another_thread_has_it_loaded_by_one_that_never_ends(
    loader: _Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyreqwest_loading, "_EXTENSION", "not.loaded.yet")
    before = set(threading.enumerate())
    assert await asyncio.to_thread(loader.load) == _Loaded(HERE, pyreqwest_exchange, is_safe=True)
    [lasting] = (thread for thread in set(threading.enumerate()) - before if thread.name == "connectly-api-pyreqwest")
    assert lasting.daemon


async def test_what_somebody_else_has_loaded_is_not_trusted_outside_the_main_thread(loader: _Loader) -> None:
    assert not await asyncio.to_thread(is_usable)
    assert isinstance(await asyncio.to_thread(load), ModuleType)
    assert not loader.load().is_safe
    assert is_usable()


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
    def fail() -> _Loaded:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(loader, "load", fail)
    assert not is_usable()


async def test_what_the_parent_of_a_fork_has_loaded_is_refused(
    loader: _Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader.load()
    monkeypatch.setattr(loader, "_loaded", attrs.evolve(loader.load(), process=HERE + 1))
    loader._renew()
    progress = Progress()
    with pytest.raises(UsageError, match="does not outlive a fork"):
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
