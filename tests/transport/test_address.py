"""Where requests may go, with which keys, and how a request becomes a URL."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.errors import InvalidInputError
from connectly_api.transport.endpoint import (
    PRODUCTION,
    build_url,
    check_api_key,
    check_base_url,
    find_address_problem,
    is_loopback,
    read_proxy_from_environment,
)
from connectly_api.transport.protocol import Request


@pytest.mark.parametrize("key", ["k", "key_1a2b", "!~", "a" * 4096, "abc==", "a,b:c;d\"e'"])
def test_a_key_that_a_header_can_carry_is_taken_as_it_is(key: str) -> None:
    assert check_api_key(key) == key


@pytest.mark.parametrize(
    "character",
    [" ", "\t", "\n", "\r", "\r\nX-Evil: 1", "\x00", "\x1b", "\x7f", "\x85", "\xa0", "\u2003", "\u2028"],
    ids=ascii,
)
@pytest.mark.parametrize("form", ["{}canary", "can{}ary", "canary{}", "{}"])
def test_a_key_with_white_space_or_controls_is_refused_and_not_shown(form: str, character: str) -> None:
    key = form.format(character)

    with pytest.raises(InvalidInputError, match="white space or control characters") as caught:
        check_api_key(key)

    assert (caught.value.field, caught.value.size) == ("api_key", len(key))
    assert "can" not in str(caught.value).replace("character", "")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "key", ["caf\u00e9", "\u043a\u043b\u044e\u0447", "\u200bkey", "key\ufeff", "\U0001f511", "\ud800"], ids=ascii
)
def test_a_key_outside_ascii_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(InvalidInputError, match="characters outside ASCII") as caught:
        check_api_key(key)

    assert str(caught.value).isascii()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("", "api_key: is empty"),
        (None, "api_key: must be a string, not NoneType"),
        (b"canary", "api_key: must be a string, not bytes"),
        (["canary"], "api_key: must be a string, not list"),
        (7, "api_key: must be a string, not int"),
    ],
)
def test_what_is_no_key_is_refused(key: Any, text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_api_key(key)

    assert (str(caught.value), caught.value.field) == (text, "api_key")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "127.255.255.255", "::1", "0:0:0:0:0:0:0:1"]
)
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.com",
        "localhost.example.com",
        "localhost.",
        "127.0.0.1.example.com",
        "127.1",
        "0x7f.0.0.1",
        "2130706433",
        "0.0.0.0",  # noqa: S104 (nothing listens on it)
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "::",
        "fe80::1",
        "128.0.0.1",
        "\u0661\u0662\u0667.0.0.1",
        "localhost\u200b",
    ],
    ids=ascii,
)
def test_any_other_machine_is_not(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("given_url", "base"),
    [
        (PRODUCTION, "https://api.connectly.ai"),
        ("https://api.connectly.ai/", "https://api.connectly.ai"),
        ("https://api.connectly.ai//", "https://api.connectly.ai"),
        ("https://proxy.example:8443/connectly/", "https://proxy.example:8443/connectly"),
        ("HTTPS://api.connectly.ai", "HTTPS://api.connectly.ai"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://xn--bcher-kva.example/%C3%BC", "https://xn--bcher-kva.example/%C3%BC"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:1/prefix", "http://[::1]:1/prefix"),
    ],
)
def test_an_address_of_a_server_is_taken_without_a_trailing_slash(given_url: str, base: str) -> None:
    assert check_base_url(given_url) == base


REFUSED = {
    "": "must be https://host[:port][/prefix]",
    "api.connectly.ai": "must be https://host[:port][/prefix]",
    "//api.connectly.ai": "must be https://host[:port][/prefix]",
    "https:": "must be https://host[:port][/prefix]",
    "https://": "must be https://host[:port][/prefix]",
    "https:///v1": "must be https://host[:port][/prefix]",
    "https://:443": "must be https://host[:port][/prefix]",
    "https://host:0": "must be https://host[:port][/prefix]",
    "ftp://host": "must be https://host[:port][/prefix]",
    "file:///etc/passwd": "must be https://host[:port][/prefix]",
    "unix:///run/x": "must be https://host[:port][/prefix]",
    "https://host:65536": "is not a URL",
    "https://host:-1": "is not a URL",
    "https://host:x": "is not a URL",
    "https://[::1": "is not a URL",
    "https://[zz]": "is not a URL",
    "https://user@host": "must not contain a user or a password",
    "https://canary:canary@host": "must not contain a user or a password",
    "http://localhost@evil.example": "must not contain a user or a password",
    "http://evil.example#@localhost": "must not contain a fragment or a backslash",
    "http://localhost\\.evil.example": "must not contain a fragment or a backslash",
    "https://host#top": "must not contain a fragment or a backslash",
    "https://host/#": "must not contain a fragment or a backslash",
    "https://host?x=canary": "must not contain a query",
    "https://host/?": "must not contain a query",
    "http://api.connectly.ai": "plain http",
    "HTTP://api.connectly.ai": "plain http",
    "http://localhost.evil.example": "plain http",
    "http://0.0.0.0": "plain http",
    "http://127.0.0.1.evil.example": "plain http",
    "https://host ": "white space or control characters",
    " https://host": "white space or control characters",
    "https://ho st": "white space or control characters",
    "https://host\n": "white space or control characters",
    "https://ho\tst": "white space or control characters",
    "https://host/\x00": "white space or control characters",
    "https://host/\x7f": "white space or control characters",
    "https://host/\u00a0": "white space or control characters",
    "https://b\u00fccher.example": "must be ASCII",
    "https://host/\u00fc": "must be ASCII",
    "https://\u0441onnectly.ai": "must be ASCII",
    "https://host/\u200b": "must be ASCII",
    "https://host/\ud800": "must be ASCII",
}


@pytest.mark.parametrize(("given_url", "problem"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_any_other_address_is_refused_with_its_reason_and_not_shown(given_url: str, problem: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_base_url(given_url)

    assert str(caught.value).startswith("base_url: ")
    assert problem in str(caught.value)
    assert (caught.value.field, caught.value.size) == ("base_url", len(given_url))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 7, b"https://host", ["https://host"]], ids=repr)
def test_what_is_no_string_is_no_address(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=f"must be a string, not {type(value).__name__}"):
        check_base_url(value)


def test_a_query_is_allowed_only_where_the_caller_says_so() -> None:
    assert find_address_problem("https://host/hook?token=1") == "must not contain a query"
    assert find_address_problem("https://host/hook?token=1", with_query=True) is None
    assert find_address_problem("http://host/hook?token=1", with_query=True) is not None
    assert find_address_problem("https://host/h\u00f6\u00f6k", with_query=True) is None


@given(st.text() | st.text(alphabet="https:/[]@#?.0127 lochast\\\n"))
def test_no_text_makes_it_fail_and_what_passes_goes_to_https_or_this_machine(text: str) -> None:
    for candidate in (text, f"http://{text}", f"https://{text}"):
        try:
            base = check_base_url(candidate)
        except InvalidInputError:
            continue
        parts = urlsplit(base)
        assert parts.scheme == "https" or is_loopback(parts.hostname or "")
        assert parts.hostname
        assert not parts.username
        assert not base.endswith("/")


def request(path: str, *query: tuple[str, str]) -> Request[None]:
    return Request("get_webhooks", "GET", path, lambda _: None, query=query)


@pytest.mark.parametrize(
    ("base", "wanted", "url"),
    [
        ("https://host", request("/v1/x"), "https://host/v1/x"),
        ("https://host/prefix", request("/v1/a%2Fb"), "https://host/prefix/v1/a%2Fb"),
        ("https://host", request("/v1", ("a", "1"), ("b", "2")), "https://host/v1?a=1&b=2"),
        ("https://host", request("/v1", ("a", "1"), ("a", "2")), "https://host/v1?a=1&a=2"),
        ("https://host", request("/v1", ("a b", "c d/e?f&g=h+i%j")), "https://host/v1?a%20b=c%20d%2Fe%3Ff%26g%3Dh%2Bi%25j"),
        ("https://host", request("/v1", ("a", "")), "https://host/v1?a="),
        ("https://host", request("/v1", ("a", "\u00e9\u65e5")), "https://host/v1?a=%C3%A9%E6%97%A5"),
    ],
)  # fmt: skip
def test_a_url_is_address_path_and_encoded_query(base: str, wanted: Request[None], url: str) -> None:
    assert build_url(base, wanted) == url


TEXTS = st.text(st.characters(codec="utf-8"))


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1))
def test_a_query_is_read_back_as_it_was_given(query: list[tuple[str, str]]) -> None:
    url = build_url("https://host", request("/v1", *query))

    assert url.isascii()
    assert url.isprintable()
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True) == query


PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the machine's own proxies out of the environment."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("environment", "base", "proxy"),
    [
        ({}, PRODUCTION, None),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, PRODUCTION, "http://proxy.example:3128"),
        ({"https_proxy": "http://proxy.example:3128"}, PRODUCTION, "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "proxy.example:3128"}, PRODUCTION, "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "https://proxy.example"}, PRODUCTION, "https://proxy.example"),
        ({"ALL_PROXY": "socks5://proxy.example"}, PRODUCTION, "socks5://proxy.example"),
        ({"ALL_PROXY": "http://all.example", "HTTPS_PROXY": "http://https.example"}, PRODUCTION, "http://https.example"),
        ({"HTTP_PROXY": "http://proxy.example"}, PRODUCTION, None),
        ({"HTTPS_PROXY": ""}, PRODUCTION, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "api.connectly.ai"}, PRODUCTION, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "connectly.ai"}, PRODUCTION, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": ".connectly.ai"}, PRODUCTION, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "*"}, PRODUCTION, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "example.com"}, PRODUCTION, "http://proxy.example"),
        ({"HTTPS_PROXY": "http://proxy.example"}, "https://localhost:8443", None),
        ({"HTTP_PROXY": "http://proxy.example"}, "http://127.0.0.1:8080", None),
        ({"ALL_PROXY": "http://proxy.example"}, "http://[::1]:8080", None),
    ],
)  # fmt: skip
def test_the_environment_names_a_proxy_or_none(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], base: str, proxy: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    found = read_proxy_from_environment(base)
    assert (None if found is None else found[0]) == proxy
    assert found is None or environment.get(found[1], "").endswith(found[0].removeprefix("http://"))


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        ({"ALL_PROXY": "socks://127.0.0.1:1080"}, "ALL_PROXY"),
        ({"all_proxy": "socks4://127.0.0.1:1080"}, "all_proxy"),
        ({"HTTPS_PROXY": "http://proxy.example:99999"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://proxy.example\r\n"}, "HTTPS_PROXY"),
        ({"https_proxy": "http://"}, "https_proxy"),
        ({"HTTPS_PROXY": "proxy.example\\@127.0.0.1"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "ftp://proxy.example", "ALL_PROXY": "http://proxy.example"}, "HTTPS_PROXY"),
    ],
)  # fmt: skip
def test_a_variable_that_holds_no_proxys_address_is_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], variable: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInputError, match=f"^{variable}: ") as caught:
        read_proxy_from_environment(PRODUCTION)
    assert caught.value.field == variable


@pytest.mark.parametrize("base", [None, 7, "", "https://[::1", "https://host:x", "http://example.com"], ids=repr)
def test_an_address_that_will_be_refused_has_no_proxy(monkeypatch: pytest.MonkeyPatch, base: Any) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example")

    assert read_proxy_from_environment(base) is None
