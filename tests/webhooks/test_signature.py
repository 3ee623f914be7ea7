from __future__ import annotations

import email.message
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.webhooks import SIGNATURE_HEADER, WebhookApp, WebhookSignatureError, receive, sign, verify
from connectly_api.webhooks.signature import find_signature

from .asgi_request import SECRET
from .documented_bodies import BODIES

DATA = Path(__file__).parent / "data"
VECTORS = [
    pytest.param(name, bytes.fromhex(secret), signature, id=f"{name}-{secret[:8]}")
    for name, secret, signature in (line.split("\t") for line in (DATA / "signatures.tsv").read_text().splitlines())
]
BODY = BODIES["text"]
GOOD = sign(BODY, SECRET)


@pytest.mark.parametrize(("name", "secret", "signature"), VECTORS)
def test_a_signature_is_the_one_that_openssl_computes(name: str, secret: bytes, signature: str) -> None:
    body = (DATA / "signed" / name).read_bytes()
    assert sign(body, secret) == signature
    assert sign(body, secret.decode()) == signature
    verify(body, signature, secret)
    verify(body, signature.encode(), [secret.decode()])


def test_the_vectors_cover_every_kind_of_body() -> None:
    assert {vector.values[0] for vector in VECTORS} == {path.name for path in (DATA / "signed").iterdir()}
    assert len(VECTORS) == 24


@given(st.data())
def test_one_altered_byte_is_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(BODY) - 1))
    other = data.draw(st.integers(1, 255))
    altered = BODY[:place] + bytes([BODY[place] ^ other]) + BODY[place + 1 :]
    with pytest.raises(WebhookSignatureError):
        verify(altered, GOOD, SECRET)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(json.loads(BODY)).encode(),
        BODY.rstrip(),
        BODY + b"\n",
        b"\xef\xbb\xbf" + BODY,
        gzip.compress(BODY),
        b"",
    ],
    ids=["re-serialised", "stripped", "lengthened", "with a byte order mark", "gzipped", "empty"],
)
def test_the_same_content_in_other_bytes_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookSignatureError):
        verify(body, GOOD, SECRET)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        b"",
        "é" * 44,
        "\ud800" * 44,
        b"\xff" * 44,
        GOOD.rstrip("="),
        GOOD + "=",
        GOOD[:-2],
        GOOD[:-2] + chr(ord(GOOD[-2]) + 1) + "=",
        GOOD + "\u00a0",
        GOOD.replace("=", "%3D"),
        GOOD.lower(),
        GOOD + "," + sign(BODY, "other"),
        sign(BODY, "other") + ", " + GOOD,
        GOOD + ",",
        "," + GOOD,
        GOOD + " " + GOOD,
        GOOD + ";" + GOOD,
        ",",
        " ",
        "sha256=" + GOOD,
        sign(BODY + b" ", SECRET),
        sign(BODY, SECRET + "x"),
        "A" * 100_000,
        17,
        ["x"],
    ],
)
def test_an_absent_malformed_or_wrong_signature_is_refused(signature: object) -> None:
    with pytest.raises(WebhookSignatureError) as caught:
        verify(BODY, signature, SECRET)  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)
    assert GOOD not in str(caught.value)


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\r\n", " \x0b\x0c\n"])
def test_white_space_around_a_signature_does_not_count(space: str) -> None:
    for signature in (GOOD + space, space + GOOD, f"{GOOD}{space},{space}{GOOD}"):
        verify(BODY, signature, SECRET)
        verify(BODY, signature.encode(), SECRET)


@given(st.one_of(st.none(), st.text(), st.binary(), st.text("ABCabc019+/=", max_size=60)))
def test_whatever_comes_as_signature_raises_nothing_else(signature: str | bytes | None) -> None:
    with pytest.raises(WebhookSignatureError):
        verify(BODY, signature, SECRET)


@pytest.mark.parametrize(
    "secrets", ["", b"", [], (), [""], ["", SECRET], [SECRET, b""], [None], None, 5, "\ud800", b"\xff"], ids=repr
)
def test_an_empty_or_missing_secret_is_refused_even_beside_the_right_one(secrets: object) -> None:
    with pytest.raises(WebhookSignatureError):
        verify(BODY, GOOD, secrets)  # type: ignore[arg-type]


UNFIT = [
    *(
        "",
        "\ud800",
        " ",
        "\n",
        "\0",
        "\0" * 64,
        f"{SECRET}\n",
        f"{SECRET}\r\n",
        f" {SECRET}",
        f"{SECRET}\t",
        f"{SECRET}\0",
    ),
    *(f"\ufeff{SECRET}", f"{SECRET}\u200b", f"{SECRET}\u00a0", f"a\tb{SECRET}", f"a\x1b[2J{SECRET}"),
    f"\u202e{SECRET}",
]


@pytest.mark.parametrize("secret", UNFIT, ids=ascii)
def test_what_cannot_be_a_secret_is_refused_wherever_one_is_given(secret: str) -> None:
    for unfit in (secret, secret.encode("utf-8", "surrogatepass")):
        with pytest.raises(WebhookSignatureError, match=r"^webhook secret: ") as caught:
            sign(BODY, unfit)
        assert SECRET not in str(caught.value)
        with pytest.raises(WebhookSignatureError, match=r"^webhook secret: "):
            verify(BODY, GOOD, [SECRET, unfit])
        with pytest.raises(WebhookSignatureError, match=r"^webhook secret: "):
            receive({SIGNATURE_HEADER: GOOD}, BODY, unfit)
        with pytest.raises(InvalidInputError, match=r"^secrets: webhook secret: "):
            WebhookApp([SECRET, unfit])
    with pytest.raises(InvalidInputError, match=r"^webhook_secret: "):
        Sandbox(webhook_secret=secret)


@pytest.mark.parametrize("secret", ["a secret", "schlüssel", "ключ", "😀", "~" * 500, "a"])
def test_visible_text_is_a_secret_for_everybody(secret: str) -> None:
    verify(BODY, sign(BODY, secret), secret)
    verify(BODY, sign(BODY, secret.encode()), WebhookApp(secret)._keys[0])
    assert Sandbox(webhook_secret=secret).settings.webhook_secret == secret


@given(st.text(max_size=5), st.text(max_size=5))
def test_no_two_secrets_sign_alike(one: str, other: str) -> None:
    try:
        signatures = sign(BODY, one), sign(BODY, other)
    except WebhookSignatureError:
        return
    assert (signatures[0] == signatures[1]) is (one == other)


@pytest.mark.parametrize(
    "signature",
    [f" {GOOD}", f"{GOOD}\t ", f"{GOOD},{GOOD}", f"{GOOD}, {GOOD}", f" {GOOD} ,\t{GOOD} , {GOOD}"],
    ids=ascii,
)
def test_white_space_around_it_and_repetitions_do_not_matter(signature: str) -> None:
    verify(BODY, signature, ["other", SECRET])
    verify(BODY, signature.encode(), SECRET)
    assert receive({SIGNATURE_HEADER: signature}, BODY, SECRET).kind == "message"
    assert receive([(SIGNATURE_HEADER, signature), (SIGNATURE_HEADER, GOOD.encode())], BODY, SECRET).kind == "message"


def test_values_that_differ_are_refused_even_where_each_fits_one_of_the_secrets() -> None:
    other = sign(BODY, "other")
    for headers in ([(SIGNATURE_HEADER, f"{GOOD},{other}")], [(SIGNATURE_HEADER, GOOD), (SIGNATURE_HEADER, other)]):
        with pytest.raises(WebhookSignatureError, match="does not match"):
            receive(headers, BODY, [SECRET, "other"])


@pytest.mark.parametrize(
    "secrets", [SECRET, SECRET.encode(), ["old", SECRET], [SECRET, "new"], ("a", b"b", SECRET.encode()), {SECRET: 1}]
)
def test_any_of_several_secrets_will_do(secrets: list[str | bytes]) -> None:
    assert receive({SIGNATURE_HEADER: GOOD}, BODY, secrets).raw == json.loads(BODY)


def test_secrets_may_come_from_a_generator() -> None:
    verify(BODY, GOOD, (secret for secret in ["old", SECRET]))
    with pytest.raises(WebhookSignatureError):
        verify(BODY, GOOD, (secret for secret in ["old", "new"]))


@pytest.mark.parametrize("body", [BODY.decode(), None, 1])
def test_a_body_that_is_not_bytes_is_the_callers_mistake(body: object) -> None:
    with pytest.raises(TypeError, match="raw bytes"):
        verify(body, GOOD, SECRET)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [bytearray(BODY), memoryview(BODY)])
def test_other_buffers_of_bytes_will_do(body: bytes) -> None:
    assert receive({SIGNATURE_HEADER: GOOD}, body, SECRET).raw == json.loads(BODY)


def _message() -> email.message.Message:
    message = email.message.Message()
    message["X-Connectly-HMAC-SHA256"] = GOOD
    return message


@pytest.mark.parametrize(
    "headers",
    [
        {"x-connectly-hmac-sha256": GOOD},
        {"X-Connectly-Hmac-Sha256": GOOD},
        {"X-CONNECTLY-HMAC-SHA256": GOOD.encode()},
        {b"X-Connectly-Hmac-Sha256": GOOD.encode()},
        {"HTTP_X_CONNECTLY_HMAC_SHA256": GOOD, "CONTENT_TYPE": "text/plain"},
        {"X-Connectly-Hmac-Sha256": [GOOD]},
        [("Content-Type", "text/plain; charset=utf-8"), ("X-Connectly-HMAC-SHA256", GOOD)],
        [(b"content-length", b"290"), (b"x-connectly-hmac-sha256", GOOD.encode())],
        [["x-connectly-hmac-sha256", GOOD], ["x-connectly-hmac-sha256", GOOD]],
        (pair for pair in [("x-connectly-hmac-sha256", GOOD)]),
        {5: "no name", "x-connectly-hmac-sha256": GOOD},
        _message(),
    ],
    ids=lambda headers: type(headers).__name__,
)
def test_headers_are_read_from_any_mapping_or_pairs(headers: object) -> None:
    assert receive(headers, BODY, SECRET).kind == "message"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        [],
        {"x-connectly-hmac-sha25": GOOD},
        {"x-connectly-hmac-sha512": GOOD},
        {"x-connectly-hmac-sha256": None},
        {"x-connectly-hmac-sha256": 5},
        {"x-connectly-hmac-sha256": []},
        {"x-connectly-hmac-sha256": {"nested": GOOD}},
        [("x-connectly-hmac-sha256", GOOD), ("x-connectly-hmac-sha256", 5)],
        [("x-connectly-hmac-sha256", GOOD, "third")],
        [(5, GOOD)],
        [5],
        5,
    ],
    ids=repr,
)
def test_without_one_signature_there_is_none(headers: object) -> None:
    assert find_signature(headers) is None  # type: ignore[arg-type]
    with pytest.raises(WebhookSignatureError, match="missing"):
        receive(headers, BODY, SECRET)  # type: ignore[arg-type]
