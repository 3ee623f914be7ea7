"""Certificates and proxies: what is accepted, what is refused before any I/O, and what an error does not show."""

from __future__ import annotations

import pytest
import trustme

from connectly_api import InvalidInputError, Tls
from connectly_api.transport.settings import check_proxy


def test_each_authority_stands_by_itself() -> None:
    first, second = trustme.CA().cert_pem.bytes(), trustme.CA().cert_pem.bytes()
    tls = Tls((first + b"a comment\n" + second).decode())
    assert tls.certificates() == [first.strip(), second.strip()]
    assert "CERTIFICATE" not in repr(tls)


@pytest.mark.parametrize("authorities", ["", b"certificate.pem", 5, "-----BEGIN CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(authorities: object) -> None:
    with pytest.raises(InvalidInputError, match="authorities: holds no certificate"):
        Tls(authorities)  # type: ignore[arg-type]


def test_comments_of_any_script_may_stand_between_certificates() -> None:
    one = trustme.CA().cert_pem.bytes()
    assert Tls("# Autoridad de certificación\n".encode() + one).certificates() == [one.strip()]


@pytest.mark.parametrize("inside", ["AAAA", "not base64 at all!", "é", "", "MIIB" * 100])
def test_a_certificate_that_cannot_be_read_is_refused(inside: str) -> None:
    broken = f"-----BEGIN CERTIFICATE-----\n{inside}\n-----END CERTIFICATE-----\n"
    with pytest.raises(InvalidInputError, match=r"^authorities: certificate 2 cannot be read$"):
        Tls(trustme.CA().cert_pem.bytes() + broken.encode())


@pytest.mark.parametrize(
    "address",
    [
        "http://proxy:3128",
        "http://proxy_1.example.:3128/",
        "https://user:secret@proxy",
        "socks5://u%40b:p%2Fw@[::1]:1080",
        "http://10.0.0.1",
        "http://b\u00fccher.example",
    ],
)
def test_a_proxys_address_is_taken_as_it_is(address: str) -> None:
    assert check_proxy(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "proxy:3128",
        "ftp://proxy",
        "http://",
        "http://[::1",
        "http://p:0",
        "//u:secret@p",
        5,
        "http://p\n",
        "http://p\r\nX: y",
        " http://p",
        "http://u:secret\x00@p",
        "http://proxy.example\\@127.0.0.1:3128",
        "http://u:secret\\@p",
        "http://proxy.example#@127.0.0.1",
        "http://p/#secret",
        "http://proxy.example?@127.0.0.1",
        "http://proxy.example/@127.0.0.1",
        "http://u:se/cret@p",
        "http://u:secret@p@127.0.0.1",
        "http://127.0.0.1%2eproxy.example",
        "http://p..example",
        "http://p,q",
        "http://-p",
        "http://proxy.example[::1]",
        "http://[::1]proxy.example",
        "http://[127.0.0.1]",
        "http://256.0.0.1",
    ],
)
def test_what_is_no_proxys_address_is_refused(address: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_proxy(address)  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)
