"""The files of the page, as they are in the package."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""By suffix: what the system registers may differ, and a browser runs no script of another type."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)


def build_page_response(request: Request, name: str) -> Response | None:
    """Return a file of the page, or that it is the one that the browser has; None if there is none of that name.

    Args:
        request: The request.
        name: The name of the file.
    """
    # Names are compared, and no path is built from one.
    file = next((file for file in files("connectly_api.sandbox").joinpath("page").iterdir() if file.name == name), None)
    media_type = TYPES.get(f".{name.rpartition('.')[2]}")
    if file is None or media_type is None:
        return None
    content = file.read_bytes()
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"cache-control": "no-cache", "etag": tag}
    if name.endswith(".html"):
        headers["content-security-policy"] = _POLICY
    if tag in map(_strip_weak, request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def _strip_weak(tag: str) -> str:
    return tag.strip().removeprefix("W/")
