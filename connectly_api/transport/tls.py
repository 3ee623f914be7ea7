"""`Tls`: which certificate authorities to trust, in terms that every adapter understands."""

from __future__ import annotations

import re
import ssl
from typing import Final

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.tracebacks import cut_init_traceback

_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def _encode(value: str | bytes) -> bytes:
    # A text that UTF-8 cannot encode is not a certificate, either.
    return value.encode(errors="replace") if isinstance(value, str) else value


def _validate_certificates(_instance: object, attribute: attrs.Attribute[bytes], value: object) -> None:
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
    """Which servers to trust.

    Attributes:
        authorities: Certificate authorities in PEM form, one or more, trusted in addition to the usual ones: for a
            proxy that decrypts TLS, or a test server.
    """

    authorities: bytes = attrs.field(converter=_encode, validator=_validate_certificates, repr=False)

    def certificates(self) -> list[bytes]:
        """Return each certificate by itself, in PEM form."""
        return _CERTIFICATE.findall(self.authorities)
