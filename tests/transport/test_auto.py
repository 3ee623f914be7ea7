"""Which adapter is taken, by what is installed, what is named, and which event loop runs."""

from __future__ import annotations

import errno
from collections.abc import Callable
from importlib import metadata
from typing import Any

import anyio
import pytest
import trustme

from connectly_api import Connectly, InvalidInputError, Tls
from connectly_api.errors import UsageError
from connectly_api.transport import MockTransport, Response, Transport, WireRequest
from connectly_api.transport.adapters.auto import AutoTransport, to_transport
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport
from connectly_api.transport.protocol import Progress, Timeouts
from tests.rough_server import answering, free_port, rough_server, sent
from tests.transport.test_adapters import post


class Half:
    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:  # noqa: ARG002
        return Response(200)


class Narrow:
    async def exchange(self, request: WireRequest) -> Response:  # noqa: ARG002
        return Response(200)

    async def aclose(self) -> None:
        pass


def installed(version: str | None) -> Any:
    def look_up(name: str) -> str:
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    return look_up


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.15.1", PyreqwestTransport),
        ("0.15.9", PyreqwestTransport),
        ("0.16.0", HttpxTransport),
        (None, HttpxTransport),
    ],
)
async def test_auto_takes_a_tested_pyreqwest_or_httpx(
    version: str | None, expected: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", installed(version))
    transport = AutoTransport()
    async with rough_server(answering(sent())) as server:
        for _ in range(2):
            assert (await transport.exchange(post(server.base_url), Timeouts(), Progress())).status == 200
    await transport.aclose()
    assert type(vars(transport)["_chosen"]) is expected
    assert server.connections == 1


def test_auto_takes_httpx_on_trio() -> None:
    async def main() -> object:
        transport = AutoTransport()
        with pytest.raises(Exception, match=r"Connection refused|connection attempts failed"):
            await transport.exchange(post(f"http://127.0.0.1:{free_port()}"), Timeouts(), Progress())
        await transport.aclose()
        return vars(transport)["_chosen"]

    assert isinstance(anyio.run(main, backend="trio"), HttpxTransport)


def test_pyreqwest_on_trio_says_what_to_do() -> None:
    async def main() -> None:
        transport = PyreqwestTransport()
        with pytest.raises(UsageError, match="use httpx on trio"):
            await transport.exchange(post("http://127.0.0.1:1"), Timeouts(), Progress())
        await transport.aclose()

    anyio.run(main, backend="trio")


async def test_closing_before_the_first_call_is_fine() -> None:
    transport = AutoTransport()
    await transport.aclose()
    assert vars(transport)["_chosen"] is None


def test_names_become_adapters_with_their_settings() -> None:
    tls = Tls(trustme.CA().cert_pem.bytes())
    for name, expected in {"auto": AutoTransport, "httpx": HttpxTransport, "pyreqwest": PyreqwestTransport}.items():
        made = to_transport(name, proxy="http://proxy:1", tls=tls)  # type: ignore[arg-type]
        assert type(made) is expected
        made_with = vars(made)["_settings"]
        assert (made_with.proxy, made_with.tls) == ("http://proxy:1", tls)


@pytest.mark.parametrize(
    "adapter", [5, None, object(), MockTransport, Half(), Narrow()], ids=lambda it: type(it).__name__
)
def test_what_is_no_adapter_is_refused_at_once(adapter: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"transport: has no method (exchange|aclose)\(") as caught:
        Connectly(api_key="k", business_id="b", transport=adapter)
    assert caught.value.field == "transport"


def test_an_adapter_that_does_not_say_what_it_takes_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_method: object) -> object:
        raise ValueError("no signature found")

    monkeypatch.setattr("connectly_api.transport.adapters.auto.signature", fail)
    adapter = MockTransport(lambda _: Response(200))
    assert to_transport(adapter) is adapter


async def test_an_adapter_that_cannot_be_loaded_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_settings: object) -> object:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr("connectly_api.transport.adapters.auto.to_transport", fail)
    progress = Progress()
    with pytest.raises(OSError, match="too many"):
        await AutoTransport().exchange(post("http://127.0.0.1:1"), Timeouts(), progress)
    assert not progress.may_have_left


def test_a_socks_proxy_is_refused_at_once_where_nothing_speaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectly_api.transport.endpoint.find_spec", lambda _name: None)
    AutoTransport(proxy="socks5://proxy:1")
    monkeypatch.setattr(metadata, "version", installed(None))
    with pytest.raises(InvalidInputError, match=r"proxy: SOCKS through httpx needs pip install 'httpx\[socks\]'"):
        Connectly(api_key="k", business_id="b", proxy="socks5://proxy:1")


ADAPTERS = [AutoTransport, HttpxTransport, PyreqwestTransport]
ELSEWHERE = ["http://proxy.example:3128", "https://proxy.example"]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("proxy", ELSEWHERE)
def test_plain_http_through_a_proxy_elsewhere_is_refused_at_once(adapter: Callable[..., Transport], proxy: str) -> None:
    settings: dict[str, Any] = {"api_key": "k", "business_id": "b"}
    made = adapter(proxy=proxy)
    for given in ({"transport": made}, {"transport": made, "pace": "on"}, {"proxy": proxy}):
        with pytest.raises(InvalidInputError, match="proxy: plain http") as caught:
            Connectly(**settings, base_url="http://127.0.0.1:8080", **given)
        assert caught.value.field == "proxy"
        Connectly(**settings, **given)
    Connectly(**settings, base_url="http://127.0.0.1:8080", transport=adapter(proxy="http://localhost:3128"))


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_plain_http_through_a_proxy_elsewhere_is_refused_by_the_adapter_itself(
    adapter: Callable[..., Transport],
) -> None:
    progress = Progress()
    with pytest.raises(InvalidInputError, match="proxy: plain http"):
        await adapter(proxy=ELSEWHERE[0]).exchange(post("http://127.0.0.1:8080"), Timeouts(), progress)
    assert not progress.may_have_left


def test_an_adapter_behind_a_pace_need_not_judge_addresses() -> None:
    Connectly(api_key="k", business_id="b", transport=MockTransport(lambda _: Response(200)), pace="on")


def test_an_adapter_has_its_own_settings() -> None:
    adapter = MockTransport(lambda _: Response(200))
    assert to_transport(adapter) is adapter
    with pytest.raises(InvalidInputError, match="pass them to the adapter"):
        to_transport(adapter, proxy="http://proxy:1")
    with pytest.raises(InvalidInputError, match="pass them to the adapter"):
        Connectly(api_key="k", business_id="b", transport=adapter, tls=Tls(trustme.CA().cert_pem.bytes()))


def test_another_name_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="one of auto, httpx, pyreqwest"):
        to_transport("requests")  # type: ignore[arg-type]


def test_pyreqwest_that_is_not_installed_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", installed(None))
    with pytest.raises(InvalidInputError, match=r"connectly-api\[fast\]"):
        to_transport("pyreqwest")


@pytest.mark.parametrize("transport", ["auto", "httpx", "pyreqwest"])
def test_a_proxy_that_is_none_is_refused_at_once(transport: Any) -> None:
    with pytest.raises(InvalidInputError, match="proxy: must be"):
        Connectly(api_key="k", business_id="b", transport=transport, proxy="proxy:3128")
