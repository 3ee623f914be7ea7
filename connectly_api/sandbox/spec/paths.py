"""Path templates: what they match, and which of two goes first. Pure.

Source: https://swagger.io/specification/v2/#path-templating and, for parameters of several segments,
https://github.com/googleapis/googleapis/blob/master/google/api/http.proto
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

__all__ = ["compiled", "literalness", "plain"]


@lru_cache(maxsize=1024)
def plain(path: str) -> str:
    """Return a path in the one spelling in which nothing is percent-encoded without need."""
    return "/".join(quote(unquote(segment), safe="-._~!$&'()*+,;=:@") for segment in path.split("/"))


def compiled(template: str, patterns: Mapping[str, str]) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Return a template's parameters, in order, and what its plain paths match.

    Args:
        template: `/v1/businesses/{businessId}/webhooks`.
        patterns: What the values of parameters must match, by name.
    """
    names: list[str] = []
    pieces: list[str] = []
    for piece in re.split(r"(\{[^{}]*\})", template):
        if not piece.startswith("{"):
            pieces.append(re.escape(plain(piece)))
            continue
        name, _, segments = piece[1:-1].partition("=")
        names.append(name)
        # A resource's name of several segments: protoc writes it as a pattern of the parameter.
        several = "/" in segments or "**" in segments or "/" in patterns.get(name, "")
        pieces.append("(.+)" if several else "([^/]+)")
    return tuple(names), re.compile("".join(pieces))


def literalness(template: str) -> tuple[int, ...]:
    """Return what sorts templates so that a literal segment goes before a parameter."""
    return tuple(segment.count("{") for segment in template.split("/"))
