"""Reads a file of the vendor, from a path or an https address."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Final

import attrs
import httpx

from codegen.spec.document import CodegenError, Json, load
from codegen.spec.to_openapi import check_root

LARGEST: Final = 20_000_000
"""In bytes; descriptions of whole services have a hundredth of it."""

_SECONDS: Final = 60.0
_HOPS: Final = 5
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")


@attrs.frozen
class Source:
    """A file that is complete, and Swagger 2.0 by its outer parts; its name is its path or address, without secrets."""

    content: bytes
    document: Json
    name: str


def read_source(location: str) -> Source:
    """Read and decode a file, from a path or an https address; http is allowed on this machine only.

    Raises:
        CodegenError: It cannot be read, is not complete, or is not Swagger 2.0; the message is one sentence.
    """
    name, content = _fetch(location) if "://" in location else (location, _read(Path(location)))
    if len(content) > LARGEST:
        raise CodegenError(f"{name}: larger than {LARGEST:,} bytes, too large for a description of a service")
    try:
        return Source(content, check_root(load(content)), name)
    except CodegenError as error:
        raise CodegenError(f"{name}: {error}") from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise CodegenError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def _fetch(location: str) -> tuple[str, bytes]:
    """Return the last of an address and its redirects, which must all be safe, and what it returns."""
    deadline = time.monotonic() + _SECONDS
    name = "the address"
    try:
        with httpx.Client(timeout=_SECONDS, headers={"accept": "application/json, */*;q=0.5"}) as client:
            request = client.build_request("GET", location)
            for _ in range(_HOPS + 1):
                url = request.url
                name = f"{url.scheme}://{url.netloc.decode()}{url.path}"  # Without a password, and without the query.
                _check_safe(url)
                with contextlib.closing(client.send(request, stream=True)) as response:
                    if response.next_request is None:
                        return name, _download(response, deadline)
                    request = response.next_request
    except CodegenError as error:
        raise CodegenError(f"{name}: {error}") from None
    except (httpx.HTTPError, httpx.InvalidURL, OverflowError, ValueError) as error:
        raise CodegenError(f"{name}: cannot be fetched: {type(error).__name__}") from None
    raise CodegenError(f"{name}: redirected more than {_HOPS} times")


def _check_safe(url: httpx.URL) -> None:
    if url.scheme != "https" and not (url.scheme == "http" and url.host in _THIS_MACHINE):
        raise CodegenError("only https is allowed, as http can be changed in transit")


def _download(response: httpx.Response, deadline: float) -> bytes:
    if not response.is_success:
        raise CodegenError(f"returned {response.status_code}, not 200")
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if time.monotonic() > deadline:
            raise CodegenError("not complete within the time limit")
        if len(content) > LARGEST:
            break
    return bytes(content)
