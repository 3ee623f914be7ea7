"""Reads the body of a WSGI request, within a size.

How long a body may take, and how many arrive at once, is up to the server: a read cannot be interrupted, and each body
occupies one of the server's threads.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

_LOG: Final = logging.getLogger("connectly_api.webhooks")
_TOO_LARGE: Final = HTTPStatus(413)
_PIECE: Final = 64 * 1024
_MAX_LENGTH_DIGITS: Final = 19


def read_body(environ: Mapping[str, Any], limit: int) -> bytes | HTTPStatus:
    """Return the body of a request, or the status to respond with: 400 if it ended too early, 411 or 413."""
    length = _get_declared_length(environ)
    if length is not None and length > limit:
        return _TOO_LARGE
    if length is None and not environ.get("wsgi.input_terminated"):
        # This server does not say where the body ends. Only one that is sent in chunks has no length.
        return HTTPStatus.LENGTH_REQUIRED if environ.get("HTTP_TRANSFER_ENCODING") else b""
    left = limit + 1 if length is None else length
    body = bytearray()
    try:
        # Some middleware's input returns more than it is asked for.
        while left > 0 and (piece := environ["wsgi.input"].read(min(left, _PIECE))):
            body += piece
            left -= len(piece)
    except Exception as error:  # noqa: BLE001  (each server has its own error for a client that is gone)
        _LOG.info("refused: the body ended with %s", type(error).__qualname__)
        return HTTPStatus.BAD_REQUEST
    if length is None:
        return bytes(body) if left > 0 else _TOO_LARGE
    return HTTPStatus.BAD_REQUEST if left else bytes(body)


def _get_declared_length(environ: Mapping[str, Any]) -> int | None:
    declared = str(environ.get("CONTENT_LENGTH") or "")
    if not (declared.isascii() and declared.isdigit()):
        return None
    return int(declared) if len(declared) <= _MAX_LENGTH_DIGITS else sys.maxsize
