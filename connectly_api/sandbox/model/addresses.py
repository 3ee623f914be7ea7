"""Web addresses as the sandbox tells them apart. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from connectly_api.web_address import web_address_problem

__all__ = ["is_loopback", "is_web_address"]


def is_web_address(address: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Say whether a text is an absolute web address."""
    return web_address_problem(address, schemes) is None


def is_loopback(address: str) -> bool:
    """Say whether a web address is on this machine."""
    return is_web_address(address) and urlsplit(address).hostname in {"127.0.0.1", "::1", "localhost"}
