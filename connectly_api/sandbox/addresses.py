"""Web addresses as the sandbox tells them apart. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

__all__ = ["is_loopback", "is_web_address"]


def is_web_address(address: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Say whether a text is an absolute web address."""
    try:
        parts = urlsplit(address)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", address)
    except ValueError:
        return False


def is_loopback(address: str) -> bool:
    """Say whether a web address is on this machine."""
    return is_web_address(address) and urlsplit(address).hostname in {"127.0.0.1", "::1", "localhost"}
