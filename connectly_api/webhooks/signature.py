"""Signs request bodies and verifies their signatures. Pure.

The header `x-connectly-hmac-sha256` is the padded standard Base64 of the HMAC-SHA256 of the request's raw body, keyed
with the UTF-8 bytes of the business's secret. Source: https://docs.connectly.ai/webhooks/overview ("Verify HMAC
signatures"). It contains no timestamp, so a signature never expires: the protection against replay is the event's
`key`, remembered in a store.
"""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from connectly_api.errors import WebhookSignatureError
from connectly_api.tracebacks import cut_traceback

SIGNATURE_HEADER: Final = "x-connectly-hmac-sha256"

Secrets = str | bytes | Iterable[str | bytes]
"""One secret, or several during a rotation."""

HeadersLike = Mapping[str, object] | Mapping[bytes, object] | Iterable[tuple[str | bytes, str | bytes]]
"""Any framework's headers: a mapping, or pairs of name and value; `str` or `bytes`; in any case."""

_CGI_NAME: Final = f"http-{SIGNATURE_HEADER}"
_NAME_LENGTHS: Final = frozenset({len(SIGNATURE_HEADER), len(_CGI_NAME)})


@cut_traceback
def sign(body: bytes, secret: str | bytes) -> str:
    """Return the signature that the service would send with a body: for tests and local services.

    Args:
        body: The raw bytes of the request.
        secret: The business's secret.

    Raises:
        WebhookSignatureError: The secret is empty or invalid: see `WebhookApp`.
    """
    return _compute_signature(_parse_secret(secret), body).decode("ascii")


@cut_traceback
def verify(body: bytes, signature: str | bytes | None, secrets: Secrets) -> None:
    """Check that a body was signed with one of the secrets.

    Every secret is tried, in constant time, even after one has matched.

    Args:
        body: The raw bytes as they came, before any decoding: even white space must not differ.
        signature: The header's value; None if it is missing. Outer white space is ignored, and if there are several
            values with commas between them, all must match.
        secrets: The secret, or several during a rotation.

    Raises:
        WebhookSignatureError: The signature is missing, empty, malformed or wrong; or there is no secret, or an invalid
            one: an empty one, with which anybody could sign, or one with outer white space or control characters.
        TypeError: The body is not bytes: decoded text may differ from what was signed.
    """
    check_signature(body, signature, parse_secrets(secrets))


def check_signature(body: bytes, signature: object, keys: tuple[bytes, ...]) -> None:
    """Verify a signature with keys that `parse_secrets` has returned; raise as `verify` does."""
    # A gateway may join a repeated header with commas. All its values must match, and each is compared with each key,
    # whatever the result of the others.
    parts = [part.strip() for part in _encode_signature(signature).split(b",")]
    matches = False
    for key in keys:
        expected, all_match = _compute_signature(key, body), True
        for part in parts:
            all_match &= hmac.compare_digest(expected, part)
        matches |= all_match
    if not matches:
        raise WebhookSignatureError("webhook signature: does not match this body")


def parse_secrets(secrets: Secrets) -> tuple[bytes, ...]:
    """Check the secrets, and return them as the bytes that key the HMAC.

    A secret is text of visible characters and inner spaces. One copied with a line end, an outer space or an invisible
    character would match no signature, and to HMAC a key of NUL characters is the same as an empty one.

    Raises:
        WebhookSignatureError: There is none, or one is invalid.
    """
    given: object = secrets
    if isinstance(given, (str, bytes)):
        return (_parse_secret(given),)
    keys = tuple(_parse_secret(secret) for secret in given) if isinstance(given, Iterable) else ()
    if not keys:
        raise WebhookSignatureError("webhook secret: is missing")
    return keys


def find_signature(headers: HeadersLike) -> str | None:
    """Return the value of the signature's header, several values joined with commas; None if it is missing.

    A value may be a list, as gateways write repeated headers, and the name is also recognised in the form of CGI and
    WSGI (`HTTP_X_CONNECTLY_HMAC_SHA256`).
    """
    # Header classes that are not a Mapping (the standard library's, Werkzeug's) still have `items`.
    given: Any = headers
    pairs: Iterable[tuple[object, object]] = given.items() if hasattr(given, "items") else given
    found: list[object] = []
    try:
        for name, value in pairs:
            # The length comes first: it rules out nearly every other header.
            if isinstance(name, (str, bytes)) and len(name) in _NAME_LENGTHS and _is_signature_header(name):
                found += cast("Iterable[object]", value) if isinstance(value, (tuple, list)) else (value,)
    except (TypeError, ValueError):
        return None  # These are not pairs, or a value that no header can have.
    texts = [one.decode("latin-1") if isinstance(one, bytes) else one for one in found]
    return ",".join(map(str, texts)) if texts and all(isinstance(one, str) for one in texts) else None


def _is_signature_header(name: str | bytes) -> bool:
    text = name if isinstance(name, str) else name.decode("latin-1")
    return text.lower().replace("_", "-") in {SIGNATURE_HEADER, _CGI_NAME}


def _parse_secret(secret: object) -> bytes:
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
        raise WebhookSignatureError("webhook secret: contains a control character or an invisible one")
    return key


def _compute_signature(key: bytes, body: bytes) -> bytes:
    try:
        return binascii.b2a_base64(hmac.digest(key, body, "sha256"), newline=False)
    except TypeError:
        message = "webhook body: must be the raw bytes of the request; decoded text may differ from what was signed"
        raise TypeError(message) from None


def _encode_signature(signature: object) -> bytes:
    if isinstance(signature, str):
        signature = signature.encode("ascii", "replace")
    if not isinstance(signature, bytes) or not signature:
        raise WebhookSignatureError("webhook signature: is missing or empty")
    return signature
