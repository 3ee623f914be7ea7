"""Who sent it: the signature of a webhook request, made and checked over the raw bytes.

The header `x-connectly-hmac-sha256` is the padded standard Base64 of the HMAC-SHA256 of the request's raw body, keyed
with the UTF-8 bytes of the business's secret. Source: https://docs.connectly.ai/webhooks/overview ("Verify HMAC
signatures"). There is no timestamp in it, so a signature does not age: what protects against a replay is the event's
`key`, remembered in a store.
"""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from connectly_api.errors import WebhookSignatureError
from connectly_api.tracebacks import cut_traceback

__all__ = ["SIGNATURE_HEADER", "HeadersLike", "Secrets", "secret_keys", "sign", "signature_in", "verify"]

SIGNATURE_HEADER: Final = "x-connectly-hmac-sha256"
"""The header's name, in lower case."""

Secrets = str | bytes | Iterable[str | bytes]
"""One secret, or several while one replaces another."""

HeadersLike = Mapping[str, object] | Mapping[bytes, object] | Iterable[tuple[str | bytes, str | bytes]]
"""Any framework's headers: a mapping, or pairs of name and value; `str` or `bytes`; in any case."""


@cut_traceback
def sign(body: bytes, secret: str | bytes) -> str:
    """Return the signature that the service would send with a body: for tests and for a local service.

    Args:
        body: The raw bytes of the request.
        secret: The business's secret.

    Raises:
        WebhookSignatureError: The secret is empty, or cannot be one: see `WebhookApp`.
    """
    return _signature(_key(secret), body).decode("ascii")


@cut_traceback
def verify(body: bytes, signature: str | bytes | None, secrets: Secrets) -> None:
    """Return if a body was signed with one of the secrets; raise if not.

    Every secret is tried, in constant time, whether or not an earlier one fits.

    Args:
        body: The raw bytes as they came, before any decoding: not even white space may differ.
        signature: The header's value; None where it was absent. Outer white space does not count, and several
            values with commas between them must all fit.
        secrets: The secret, or several during a rotation.

    Raises:
        WebhookSignatureError: The signature is absent, empty, malformed or wrong; or there is no secret, or one that
            cannot be: an empty one, with which anybody could sign, or one with outer white space or control characters.
        TypeError: The body is not bytes: text was decoded already, and need not be what was signed.
    """
    check_signature(body, signature, secret_keys(secrets))


def check_signature(body: bytes, signature: object, keys: tuple[bytes, ...]) -> None:
    """Do what `verify` does, with keys that `secret_keys` has read once.

    Raises:
        WebhookSignatureError: The signature is absent, malformed or wrong.
        TypeError: The body is not bytes.
    """
    # A gateway that meets a header twice may write both values into one, with a comma. All of them must fit, and each
    # is compared with each key, whatever the others were.
    given = [part.strip() for part in _ascii(signature).split(b",")]
    matches = False
    for key in keys:
        expected, fit = _signature(key, body), True
        for part in given:
            fit &= hmac.compare_digest(expected, part)
        matches |= fit
    if not matches:
        raise WebhookSignatureError("webhook signature: does not belong to this body")


def secret_keys(secrets: Secrets) -> tuple[bytes, ...]:
    """Return the secrets as the bytes that key the HMAC: the one rule for what can be a secret.

    A secret is text of visible characters; spaces may stand within it. What was copied with a line end, a space or an
    invisible character would fit no signature, and to HMAC a key of NUL characters is the same as an empty one.

    Raises:
        WebhookSignatureError: There is none, or one cannot be a secret.
    """
    given: object = secrets
    if isinstance(given, (str, bytes)):
        return (_key(given),)
    keys = tuple(_key(secret) for secret in given) if isinstance(given, Iterable) else ()
    if not keys:
        raise WebhookSignatureError("webhook secret: none is given")
    return keys


def signature_in(headers: HeadersLike) -> str | bytes | None:
    """Return the value of the signature's header, with commas between several values; None where it is absent.

    Args:
        headers: Any mapping or pairs; a value may be a list, as gateways write repeated headers. Names in CGI's and
            WSGI's spelling (`HTTP_X_CONNECTLY_HMAC_SHA256`) are known, too.
    """
    # Header classes that are no Mapping (the standard library's, Werkzeug's) hand out pairs all the same.
    given: Any = headers
    pairs: Iterable[tuple[object, object]] = given.items() if hasattr(given, "items") else given
    found: list[object] = []
    try:
        for name, value in pairs:
            # The length is looked at first: it settles nearly every other header.
            if isinstance(name, (str, bytes)) and len(name) in _LENGTHS and _is_signature(name):
                found += cast("Iterable[object]", value) if isinstance(value, (tuple, list)) else (value,)
    except (TypeError, ValueError):
        return None  # These are no pairs, or a value is nothing that a header can be.
    texts = [one.decode("latin-1") if isinstance(one, bytes) else one for one in found]
    return ",".join(map(str, texts)) if texts and all(isinstance(one, str) for one in texts) else None


def _is_signature(name: str | bytes) -> bool:
    text = name if isinstance(name, str) else name.decode("latin-1")
    return text.lower().replace("_", "-") in {SIGNATURE_HEADER, _CGI_NAME}


_CGI_NAME: Final = f"http-{SIGNATURE_HEADER}"
_LENGTHS: Final = frozenset({len(SIGNATURE_HEADER), len(_CGI_NAME)})


def _key(secret: object) -> bytes:
    text, key = "", b""
    try:
        if isinstance(secret, str):
            text, key = secret, secret.encode()
        elif isinstance(secret, bytes):
            text, key = secret.decode(), secret
    except UnicodeError:
        text = ""
    if not text:
        raise WebhookSignatureError("webhook secret: is empty, or not text in UTF-8")
    if text != text.strip():
        raise WebhookSignatureError("webhook secret: begins or ends with white space, such as a line end")
    if not text.isprintable():
        raise WebhookSignatureError("webhook secret: holds a control character or another that cannot be seen")
    return key


def _signature(key: bytes, body: bytes) -> bytes:
    try:
        return binascii.b2a_base64(hmac.digest(key, body, "sha256"), newline=False)
    except TypeError:
        message = "webhook body: must be the raw bytes of the request; decoded text need not be what was signed"
        raise TypeError(message) from None


def _ascii(signature: object) -> bytes:
    if isinstance(signature, str):
        signature = signature.encode("ascii", "replace")
    if not isinstance(signature, bytes) or not signature:
        raise WebhookSignatureError("webhook signature: is absent or empty")
    return signature
