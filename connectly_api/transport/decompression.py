"""Compressed bodies: adapters request `identity`, but a proxy may compress a response anyway. Pure."""

from __future__ import annotations

import zlib
from typing import Final

from connectly_api.transport.protocol import Response

_ENCODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_MOST_ENCODINGS: Final = 4
"""More encodings on top of each other are an attack."""
_MOST_MEMBERS: Final = 256
"""Each one costs a copy of the remaining bytes."""
_GZIP: Final = b"\x1f\x8b"


def decompress(response: Response, limit: int) -> Response:
    """Return a response with its body decompressed, up to a number of bytes; unchanged if it is not compressed."""
    encoding = ",".join(value for name, value in response.headers if name.lower() == "content-encoding")
    if not encoding:
        return response
    body, is_whole = decompress_body(response.body, encoding, limit)
    return Response(response.status, response.headers, body, response.complete and is_whole)


def decompress_body(body: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """Return a decompressed body, up to the limit, and whether that is all of it.

    A body that cannot be decompressed is returned unchanged: parsing it then fails, with the status known.
    """
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in {"", "identity"}]
    if len(names) > _MOST_ENCODINGS or not _ENCODINGS.issuperset(names):
        return body, True
    plain, complete = body, True
    try:
        for _ in names:
            plain, is_whole = _decompress(plain, limit) if plain else (plain, True)
            complete = complete and is_whole
    except zlib.error:
        return body, complete
    return plain, complete


def _decompress(body: bytes, limit: int) -> tuple[bytes, bool]:
    """Undo one encoding, whichever it is; gzip may have several members in a row."""
    plain, rest = b"", body
    for _ in range(_MOST_MEMBERS):
        # A deflate body often lacks the zlib wrapper (RFC 9110, 8.4.1.2).
        framed = rest[:2] == _GZIP or (rest[0] & 15 == zlib.DEFLATED and int.from_bytes(rest[:2], "big") % 31 == 0)
        decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32 if framed else -zlib.MAX_WBITS)
        plain += decompressor.decompress(rest, limit - len(plain))
        if decompressor.unconsumed_tail or (len(plain) == limit and not decompressor.eof):
            return plain, False
        # Padding may follow the last member.
        rest = decompressor.unused_data
        if rest[:2] != _GZIP:
            return plain, True
        if len(plain) == limit:
            break
    return plain, False
