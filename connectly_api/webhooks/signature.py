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
        WebhookSignatureError: The secret is empty, or not text that UTF-8 can carry.
    """
    return _signature(_key(secret), body).decode("ascii")


@cut_traceback
def verify(body: bytes, signature: str | bytes | None, secrets: Secrets) -> None:
    """Return if a body was signed with one of the secrets; raise if not.

    Every secret is tried, in constant time, whether or not an earlier one fits.

    Args:
        body: The raw bytes as they came, before any decoding: not even white space may differ.
        signature: The header's value; None where it was absent.
        secrets: The secret, or several during a rotation.

    Raises:
        WebhookSignatureError: The signature is absent, empty, malformed or wrong; or there is no secret, or an empty
            one, with which anybody could sign.
        TypeError: The body is not bytes: text was decoded already, and need not be what was signed.
    """
    check_signature(body, signature, secret_keys(secrets))


def check_signature(body: bytes, signature: object, keys: tuple[bytes, ...]) -> None:
    """Do what `verify` does, with keys that `secret_keys` has read once.

    Raises:
        WebhookSignatureError: The signature is absent, malformed or wrong.
        TypeError: The body is not bytes.
    """
    given = _ascii(signature)
    matches = False
    for key in keys:
        matches |= hmac.compare_digest(_signature(key, body), given)
    if not matches:
        raise WebhookSignatureError("webhook signature: does not belong to this body")


def secret_keys(secrets: Secrets) -> tuple[bytes, ...]:
    """Return the secrets as the bytes that key the HMAC.

    Raises:
        WebhookSignatureError: There is none, one is empty, or one is not text that UTF-8 can carry.
    """
    given: object = secrets
    if isinstance(given, (str, bytes)):
        return (_key(given),)
    keys = tuple(_key(secret) for secret in given) if isinstance(given, Iterable) else ()
    if not keys:
        raise WebhookSignatureError("webhook secret: none is given")
    return keys


def signature_in(headers: HeadersLike) -> str | bytes | None:
    """Return the value of the signature's header, or None where it is absent or given twice with different values.

    Args:
        headers: Any mapping or pairs; a value may be a list, as gateways write repeated headers. Names in CGI's and
            WSGI's spelling (`HTTP_X_CONNECTLY_HMAC_SHA256`) are known, too.
    """
    # Header classes that are no Mapping (the standard library's, Werkzeug's) hand out pairs all the same.
    given: Any = headers
    pairs: Iterable[tuple[object, object]] = given.items() if hasattr(given, "items") else given
    found: set[object] = set()
    try:
        for name, value in pairs:
            # The length is looked at first: it settles nearly every other header.
            if isinstance(name, (str, bytes)) and len(name) in _LENGTHS and _is_signature(name):
                found.update(cast("Iterable[object]", value) if isinstance(value, (tuple, list)) else (value,))
    except (TypeError, ValueError):
        return None  # These are no pairs, or a value is nothing that a header can be.
    only = found.pop() if len(found) == 1 else None
    return only if isinstance(only, (str, bytes)) else None


def _is_signature(name: str | bytes) -> bool:
    text = name if isinstance(name, str) else name.decode("latin-1")
    return text.lower().replace("_", "-") in {SIGNATURE_HEADER, _CGI_NAME}


_CGI_NAME: Final = f"http-{SIGNATURE_HEADER}"
_LENGTHS: Final = frozenset({len(SIGNATURE_HEADER), len(_CGI_NAME)})


def _key(secret: object) -> bytes:
    if isinstance(secret, str):
        try:
            secret = secret.encode()
        except UnicodeEncodeError:
            secret = b""
    if not isinstance(secret, bytes) or not secret:
        raise WebhookSignatureError("webhook secret: is empty, or not text")
    return secret


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
