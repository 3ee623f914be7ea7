"""The response to a webhook, the same for ASGI and WSGI."""

from __future__ import annotations

from http import HTTPStatus

from connectly_api.webhooks.signature import SIGNATURE_HEADER


def build_response(status: HTTPStatus) -> tuple[list[tuple[str, str]], bytes]:
    """Return the headers and the body of the response with a status."""
    # A 200 has no body: it is sent in one write, and no server waits for a second one.
    body = b"" if status is HTTPStatus.OK else f"{status.phrase}\n".encode()
    headers = [("content-length", str(len(body))), ("content-type", "text/plain; charset=utf-8")]
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append(("allow", "POST"))
    if status is HTTPStatus.UNAUTHORIZED:
        # RFC 9110, section 11.6.1: a 401 names the scheme that it requires.
        headers.append(("www-authenticate", SIGNATURE_HEADER))
    return headers, body
