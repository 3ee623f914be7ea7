"""The whole way in, without I/O: from headers and raw bytes to a typed event, for any framework and for sync code."""

from __future__ import annotations

from connectly_api.tracebacks import cut_traceback
from connectly_api.webhooks.decoding import MAX_BYTES, decode
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.parsing import read
from connectly_api.webhooks.signature import HeadersLike, Secrets, signature_in, verify

__all__ = ["parse", "receive"]


@cut_traceback
def receive(headers: HeadersLike, body: bytes, secrets: Secrets, *, max_bytes: int = MAX_BYTES) -> Event:
    """Verify a request's signature, and return the event that it brings.

    Args:
        headers: The request's headers: any mapping, or pairs; `str` or `bytes`; names in any case.
        body: The request's raw body, untouched by any parser.
        secrets: The business's secret, or several during a rotation.
        max_bytes: The largest body that is read.

    Raises:
        WebhookSignatureError: The signature is absent, malformed or wrong, or a secret is empty: answer 401.
        WebhookPayloadError: It is authentic, but no JSON object within the limits: answer 400.
        TypeError: The body is not bytes.
    """
    verify(body, signature_in(headers), secrets)
    return parse(body, max_bytes=max_bytes)


@cut_traceback
def parse(body: bytes, *, max_bytes: int = MAX_BYTES) -> Event:
    """Return the event in a body that was verified elsewhere.

    Args:
        body: The request's raw body.
        max_bytes: The largest body that is read.

    Raises:
        WebhookPayloadError: It is no JSON object, or is beyond a limit: 1 MiB, 520 levels, numbers that a double
            cannot hold.
        TypeError: The body is not bytes.
    """
    return read(decode(body, max_bytes=max_bytes))
