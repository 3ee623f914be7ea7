"""Other websites cannot use the control interface; programs and the sandbox's own page can."""

from __future__ import annotations

import ipaddress

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectly_api import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.web.access import find_access_problem
from tests.sandbox.calls import MESSAGES, client_of, session

LOCAL = "127.0.0.1"


def is_open(
    *headers: tuple[str, str], server: str | None = LOCAL, scheme: str = "http", allow: tuple[str, ...] = ()
) -> bool:
    return find_access_problem(headers, scheme, server, allow) is None


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:8750", "127.8.9.10:1", "localhost", "LocalHost:65535", "localhost.", "localhost:"),
        *(
            "bot.localhost:8750",
            "[::1]:8750",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]:80",
            "0.0.0.0:8750",
            "[::]:8750",
        ),
    ],
)
def test_a_host_that_is_this_machine_is_its_own(host: str) -> None:
    assert is_open(("host", host))


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8750", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost"),
        *(
            "localhost@evil.example",
            "evil.example@localhost",
            "user:secret@localhost",
            "localhost:80:80",
            "localhost:x",
        ),
        *(
            "localhost:65536",
            "localhost:-1",
            "localhost/",
            "localhost#",
            "localhost?",
            "http://localhost",
            " localhost",
        ),
        *("", ".", ":", ":8750", "[]", "[::1", "::1", "::1]:80", "[127.0.0.1]", "[::1%25lo]", "[localhost]", "[:::]"),
        *("localhost..", "127.1", "2130706433", "0x7f.0.0.1", "10.0.0.7", "203.0.113.9:8750", "[2001:db8::1]"),
        *(
            "localhos\u0165",
            "xn--lohost-5ve3k",
            "\u2024localhost",
            "local\u212aost",
            "localhost\n",
            "localhost, evil.example",
        ),
    ],
)
def test_any_other_host_is_refused(host: str) -> None:
    assert not is_open(("host", host))


def test_a_request_without_a_host_comes_from_no_browser() -> None:
    assert is_open()
    assert is_open(server=None)


def test_of_two_hosts_none_is_believed() -> None:
    assert not is_open(("host", LOCAL), ("host", "evil.example"))
    assert not is_open(("host", LOCAL), ("host", LOCAL))


@pytest.mark.parametrize(
    ("server", "host"),
    [("sandbox", "sandbox"), ("sandbox", "SANDBOX.:80"), ("10.0.0.7", "10.0.0.7:8750"), ("fe80::1", "[FE80:0::1]:9")],
)
def test_a_host_that_is_the_servers_is_its_own(server: str, host: str) -> None:
    assert is_open(("host", host), server=server)
    assert not is_open(("host", host), server=LOCAL)


@pytest.mark.parametrize("server", ["172.17.0.2", "0.0.0.0", "::", "fe80::1%eth0", "::ffff:172.17.0.2"])  # noqa: S104
def test_a_server_in_a_network_has_any_address_but_no_name(server: str) -> None:
    assert is_open(("host", "192.168.1.5:8750"), server=server)
    assert is_open(("host", "[2001:db8::1]"), server=server)
    assert not is_open(("host", "evil.example"), server=server)


@pytest.mark.parametrize(
    ("allow", "host"),
    [("sandbox", "sandbox:8750"), ("Sandbox.Test.", "sandbox.test"), ("::2", "[::2]:1"), ("[::2]", "[0::2]")],
)
def test_a_host_that_is_allowed_is_its_own(allow: str, host: str) -> None:
    assert is_open(("host", host), allow=(allow,))
    assert not is_open(("host", f"x{host}"), allow=(allow,))


@pytest.mark.parametrize("host", ["localhost:8750", "[::1]:8750", "127.0.0.1", "localhost.:8750"])
def test_the_origin_of_the_page_itself_passes(host: str) -> None:
    assert is_open(("host", host), ("origin", f"http://{host}"), ("sec-fetch-site", "same-origin"))


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "http://evil.example", "http://localhost:3000", "http://localhost", "http://127.0.0.1:8750"),
        *(
            "https://localhost:8750",
            "file://",
            "http://localhost:8750.evil.example",
            "http://localhost:8750@evil.example",
        ),
        *(
            "localhost:8750",
            "//localhost:8750",
            "http://localhost:8750/",
            "ftp://localhost:8750",
            "http://localhost:8750 ",
        ),
        *("chrome-extension://localhost:8750", "http://bot.localhost:8750"),
    ],
)
def test_any_other_origin_is_refused(origin: str) -> None:
    assert not is_open(("host", "localhost:8750"), ("origin", origin))


def test_of_two_origins_both_must_be_the_pages() -> None:
    own = ("origin", "http://localhost:8750")
    assert not is_open(("host", "localhost:8750"), own, ("origin", "null"))
    assert not is_open(own)


def test_a_default_port_may_be_left_out_of_either() -> None:
    assert is_open(("host", "localhost:80"), ("origin", "http://localhost"))
    assert is_open(("host", "localhost"), ("origin", "https://localhost:443"), scheme="https")


def test_a_proxy_for_tls_may_stand_before_a_host_that_is_allowed() -> None:
    headers = ("host", "sandbox.test"), ("origin", "https://sandbox.test")
    assert is_open(*headers, allow=("sandbox.test",))
    assert not is_open(*headers, server="sandbox.test")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "None", "same-origin, none"])
def test_what_another_site_fetches_is_refused(site: str) -> None:
    assert not is_open(("host", LOCAL), ("sec-fetch-site", site))
    assert not is_open(("host", LOCAL), ("sec-fetch-site", "none"), ("sec-fetch-site", site))
    assert is_open(("host", LOCAL), ("sec-fetch-site", "none"))


TEXTS = st.text(max_size=20) | st.text(alphabet="localhost127.0[]:@/\\#%-_ \t", max_size=20)


@given(
    TEXTS,
    st.sampled_from(["{}", "{}.localhost", "localhost{}", "{}127.0.0.1", "[::1]{}", "127.0.0.1:{}", "{}@localhost"]),
)
@example("evil.example#", "{}.localhost")
def test_a_host_that_passes_is_one_that_a_browser_takes_for_this_machine(text: str, form: str) -> None:
    host = form.format(text)
    if is_open(("host", host)):
        name = httpx.URL(f"http://{host.rstrip(':')}").host.rstrip(".")
        assert name == "localhost" or name.endswith(".localhost") or _is_local(name)


def _is_local(name: str) -> bool:
    address = ipaddress.ip_address(name)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


@given(TEXTS, TEXTS)
def test_an_origin_that_passes_is_the_host(host: str, origin: str) -> None:
    for given_host in (host, "localhost:8750"):
        if is_open(("host", given_host), ("origin", origin), server=host):
            assert httpx.URL(origin).netloc.lower().rstrip(b".") == given_host.lower().encode().rstrip(b".")


@pytest.mark.parametrize("path", ["/__sandbox__", "/__sandbox__/", "/__sandbox__/page/main.js", "/__sandbox__/nothing"])
async def test_a_name_that_is_not_the_sandboxs_reaches_nothing_below_the_prefix(
    http: httpx.AsyncClient, path: str
) -> None:
    refused = await http.get(path, headers={"host": "evil.example"})
    assert refused.status_code == 403
    assert "--allow-host" in refused.json()["message"]


async def test_another_website_cannot_reset_the_sandbox(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await http.post(MESSAGES, json=session(), headers={"origin": "https://evil.example"})
    assert sandbox.accepted == 1
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        refused = await http.post("/__sandbox__/reset", headers=headers)
        assert refused.status_code == 403
        assert refused.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert sandbox.accepted == 1


async def test_a_name_that_is_allowed_reaches_the_control_interface() -> None:
    async with client_of(Sandbox(allow_hosts="sandbox.test")) as client:
        assert (await client.get("/__sandbox__/state", headers={"host": "sandbox.test:8750"})).status_code == 200


@pytest.mark.parametrize("wrong", ["http://sandbox", "sandbox:8750", "", "a b", "b\u00fccher.example", "*", 7])
def test_what_is_no_host_cannot_be_allowed(wrong: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^allow_hosts\[0\]: "):
        Sandbox(allow_hosts=[wrong])
