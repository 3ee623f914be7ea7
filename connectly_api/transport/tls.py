"""What every adapter understands of certificates, and what they have in common in reading an answer. Pure."""

from __future__ import annotations

import re
import ssl
import zlib
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import check_kind
from connectly_api.tracebacks import cut_init_traceback, cut_traceback
from connectly_api.web_address import is_host

__all__ = ["Tls", "check_adapter", "check_proxy", "check_tls", "decompressed"]

_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_ENCODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_MOST_ENCODINGS: Final = 4
"""More, one over the other, are no answer but an attack."""
_MOST_MEMBERS: Final = 256
"""Each costs a copy of what is behind it."""
_GZIP: Final = b"\x1f\x8b"
_PROXIES: Final = frozenset({"http", "https", "socks5", "socks5h"})
_SPACE_OR_CONTROL: Final = re.compile(r"[\s\x00-\x20\x7f-\xa0]")


def _as_bytes(value: str | bytes) -> bytes:
    # What UTF-8 cannot carry is no certificate either.
    return value.encode(errors="replace") if isinstance(value, str) else value


def _has_certificate(_instance: object, attribute: attrs.Attribute[bytes], value: object) -> None:
    if not isinstance(value, bytes) or not _CERTIFICATE.search(value):
        raise InvalidInputError(f"{attribute.name}: holds no certificate in PEM form", field=attribute.name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for number, certificate in enumerate(_CERTIFICATE.findall(value), 1):
        try:
            context.load_verify_locations(cadata=certificate.decode("ascii"))
        except (ssl.SSLError, ValueError):
            raise InvalidInputError(
                f"{attribute.name}: certificate {number} cannot be read", field=attribute.name
            ) from None


@cut_init_traceback
@attrs.frozen
class Tls:
    """How servers are trusted, in terms that every adapter understands.

    Attributes:
        authorities: Certificate authorities in PEM form, one or more, trusted beside the usual ones: for a proxy that
            opens TLS, or a test server.
    """

    authorities: bytes = attrs.field(converter=_as_bytes, validator=_has_certificate, repr=False)

    def certificates(self) -> list[bytes]:
        """Return each certificate by itself, in PEM form."""
        return _CERTIFICATE.findall(self.authorities)


def check_tls(value: Tls | None) -> Tls | None:
    """Return the certificate authorities, if they are such.

    Raises:
        InvalidInputError: They are something else.
    """
    check_kind("tls", value, Tls, "a Tls value, Tls(authorities=…)")
    return value


def check_adapter(*, max_connections: int, idle_seconds: float, max_body_bytes: int) -> None:
    """Check what adapters with connections of their own have in common.

    Raises:
        InvalidInputError: A number is none, or too small.
    """
    for field, number in (("max_connections", max_connections), ("max_body_bytes", max_body_bytes)):
        count: object = number
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise InvalidInputError(f"{field}: must be a whole number of at least 1", field=field)
    seconds: object = idle_seconds
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        raise InvalidInputError("idle_seconds: must be a number of seconds, 0 or more", field="idle_seconds")


@cut_traceback
def check_proxy(value: str, *, field: str = "proxy", needs_socksio: bool = False) -> str:
    """Return a proxy's address, if one can be reached under it.

    Args:
        value: `http://`, `https://` or `socks5://`, a host, and perhaps a port, a user and a password.
        field: What an error calls it: the setting, or the environment's variable.
        needs_socksio: Whether it will be reached by httpx, which speaks SOCKS only where socksio is installed.

    Raises:
        InvalidInputError: It is not such an address. The error does not show it, as it may hold a password.
    """
    given: object = value
    problem = "must be http://, https:// or socks5:// and a host"
    if not isinstance(given, str):
        raise InvalidInputError(f"{field}: {problem}", field=field)
    try:
        parts = urlsplit(given)
        is_address = parts.scheme in _PROXIES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_address = urlsplit(""), False
    # The first that holds is the problem; urlsplit drops some controls in silence, so the text itself is looked at.
    # Libraries read some of these in other ways than urlsplit: the host that was checked would not be the one reached.
    problems = {
        "holds white space or control characters": bool(_SPACE_OR_CONTROL.search(given)),
        r"holds a \, # or ?; in a user or a password, percent-encode it": bool(set("\\#?") & set(given)),
        problem: not is_address,
        "must end after the host and its port; in a user or a password, percent-encode a /": parts.path
        not in {"", "/"},
        "holds more than one @; in a user or a password, percent-encode it": parts.netloc.count("@") > 1,
        "names a host that cannot be one": not is_host(parts.netloc),
    }
    if found := [told for told, holds in problems.items() if holds]:
        raise InvalidInputError(f"{field}: {found[0]}", field=field, size=len(given))
    if needs_socksio and given.startswith("socks") and find_spec("socksio") is None:
        raise InvalidInputError(f"{field}: SOCKS through httpx needs pip install 'httpx[socks]'", field=field)
    return given


def decompressed(body: bytes, encoding: str | None, limit: int) -> tuple[bytes, bool]:
    """Return a body as the sender meant it, up to the limit, and whether that is all of it.

    `identity` is asked for; gzip and deflate are read all the same, as something in between may insist on them. What
    cannot be read stays as it came: parsing it fails then, with the status known.

    Args:
        body: As it came.
        encoding: The answer's `Content-Encoding`, if any; of several, the last was applied last.
        limit: Bytes.
    """
    names = [name for part in (encoding or "").lower().split(",") if (name := part.strip()) not in {"", "identity"}]
    if len(names) > _MOST_ENCODINGS or not _ENCODINGS.issuperset(names):
        return body, True
    plain, complete = body, True
    try:
        for _ in names:
            plain, is_whole = _inflated(plain, limit) if plain else (plain, True)
            complete = complete and is_whole
    except zlib.error:
        return body, complete
    return plain, complete


def _inflated(body: bytes, limit: int) -> tuple[bytes, bool]:
    """Undo one encoding, whichever of them it is; gzip may have several members, one behind the other.

    Raises:
        zlib.error: It is none of them.
    """
    plain, rest = b"", body
    for _ in range(_MOST_MEMBERS):
        # What is called deflate often comes without the frame of zlib (RFC 9110, 8.4.1.2).
        framed = rest[:2] == _GZIP or (rest[0] & 15 == zlib.DEFLATED and int.from_bytes(rest[:2], "big") % 31 == 0)
        decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32 if framed else -zlib.MAX_WBITS)
        plain += decompressor.decompress(rest, limit - len(plain))
        if decompressor.unconsumed_tail or (len(plain) == limit and not decompressor.eof):
            return plain, False
        # Behind the last member there may be padding.
        rest = decompressor.unused_data
        if rest[:2] != _GZIP:
            return plain, True
        if len(plain) == limit:
            break
    return plain, False
