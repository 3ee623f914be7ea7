"""Certificates and proxies: what is accepted, what is refused before any I/O, and what an error does not show."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
import trustme

from connectly_api import InvalidInputError, Tls
from connectly_api.transport.decompression import decompress_body
from connectly_api.transport.endpoint import check_proxy


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


BODY = b'{"id":"1"}' * 3


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


def members(body: bytes) -> bytes:
    return gzip.compress(body[:7]) + gzip.compress(b"") + gzip.compress(body[7:])


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "X-GZip": members,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "gzip, identity": gzip.compress,
    "gzip,,gzip": lambda body: gzip.compress(gzip.compress(body)),
    "deflate, gzip": lambda body: members(raw_deflate(body)),
    "gzip, gzip, gzip, gzip": lambda body: members(members(members(members(body)))),
    "gzip ": lambda body: gzip.compress(body) + bytes(8),
}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_encodings_are_undone_from_the_last_to_the_first(encoding: str) -> None:
    assert decompress_body(ENCODERS[encoding](BODY), encoding, 1000) == (BODY, True)


@pytest.mark.parametrize("encoding", ["br", "gzip, br", "gzip, gzip, gzip, gzip, gzip", "gzip", "gzip, gzip"])
def test_what_cannot_be_undone_stays_as_it_came(encoding: str) -> None:
    assert decompress_body(b"\x1f\x8b none", encoding, 1000) == (b"\x1f\x8b none", True)


@pytest.mark.parametrize("encoding", ["gzip", "X-GZip", "Deflate", "gzip,,gzip", "deflate, gzip"])
@pytest.mark.parametrize("limit", [1, 6, 7, 29])
def test_no_encoding_leads_beyond_the_limit(encoding: str, limit: int) -> None:
    body = ENCODERS[encoding](BODY)
    plain, complete = decompress_body(body, encoding, limit)
    assert len(plain) <= limit or plain is body
    assert not complete or plain == BODY


def test_an_encoded_body_that_breaks_off_gives_what_came() -> None:
    assert BODY.startswith(decompress_body(raw_deflate(BODY)[:-3], "deflate", 1000)[0])
    assert decompress_body(b"", "gzip", 1000) == (b"", True)


def test_members_without_end_are_not_read_to_their_end() -> None:
    assert decompress_body(gzip.compress(b"") * 10_000, "gzip", 1000) == (b"", False)
