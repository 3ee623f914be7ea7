"""Compares what applies to a value, a parameter, a body or an operation itself: each facet by its rule. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from codegen.difference.normalized import LIMITS, OTHER_LIMITS, Facets, to_json

_WIDER: Final = {("integer", "number"), ("int32", "int64"), ("uint32", "uint64"), ("float", "double")}
_IMPLIED: Final = {"integer": {"int64"}, "number": {"double"}, "string": {"int64", "uint64", "password"}}
"""The formats of each type that change nothing on the wire: a 64-bit number is a string even if a file omits that."""

_OTHERS: Final = {
    "forbidden": "other fields are no longer allowed",
    "restricted": "other fields are allowed, of one type",
    None: "other fields of any type are allowed",
}
_LONGEST: Final = 120

Finding = tuple[str, str]
"""A kind of change, and what changed."""

Limit = tuple[float, bool] | float | str | None
"""A limit of `LIMITS` with its sign, and whether the value itself is excluded; or another one."""

Rule = Callable[[str, Any, Any], Iterator[Finding]]
"""Compares the values of a facet, which are not equal; None if it says nothing."""


def short(text: str) -> str:
    """Return a text, shortened if it is long."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def compare_facets(old: Facets, new: Facets) -> Iterator[Finding]:
    """Yield what changed about a thing itself; where the type changed, most rules have nothing to compare."""
    if old != new:
        for name, rule in _TYPELESS.items() if old.get("type") != new.get("type") else _RULES.items():
            if old.get(name) != new.get(name):
                yield from rule(name, old.get(name), new.get(name))


def _flag(gained: Finding, lost: Finding) -> Rule:
    return lambda _name, _old, new: iter([gained if new else lost])


def _compare_texts(_: str, old: str | None, new: str | None) -> Iterator[Finding]:
    told = f"{'description became' if old else 'new description:'} {short(to_json(new))}"
    yield "description-changed", told if new else "the description is removed"


def _compare_defaults(name: str, old: str | None, new: str | None) -> Iterator[Finding]:
    yield "default-changed" if old and new else "default-told", _tell(name, old, new)


def _compare_types(name: str, old: str | None, new: str | None) -> Iterator[Finding]:
    yield f"type-{_order(old, new)}", _tell(name, old or "any JSON", new or "any JSON")


def _compare_formats(name: str, old: tuple[str, str], new: tuple[str, str]) -> Iterator[Finding]:
    (type_, before), after = old, new[1]
    is_implied = "" in {before, after} and f"{before}{after}" in _IMPLIED.get(type_, ())
    how = "told" if is_implied else _order(before, after)
    yield f"format-{how}", _tell(name, *(to_json(one) if one else None for one in (before, after)))


def _compare_limits(name: str, old: Limit, new: Limit) -> Iterator[Finding]:
    yield f"limit-{_order(old, new)}", _tell(f"limit {name}", *(_tell_limit(name, one) for one in (old, new)))


def _tell_limit(name: str, limit: Limit) -> str | None:
    if isinstance(limit, tuple):
        signed, is_exclusive = limit
        return f"{to_json(LIMITS[name] * signed)}{' (exclusive)' * is_exclusive}"
    return to_json(limit) if limit else None


def _tell(name: str, *sides: str | None) -> str:
    return f"{name} {' became '.join(short(side or 'none') for side in sides)}"


def _order(old: object, new: object) -> str:
    """Compare two types, formats or limits, where none allows everything."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        return "narrowed" if new > old else "widened"
    if not new or (old, new) in _WIDER:
        return "widened"
    return "narrowed" if not old or (new, old) in _WIDER else "changed"


def _compare_enums(_: str, old: frozenset[str] | None, new: frozenset[str] | None) -> Iterator[Finding]:
    if old is not None and new is not None:
        yield from (("enum-value-added", f"new enum value {short(entry)}") for entry in sorted(new - old))
        yield from (("enum-value-removed", f"enum value {short(entry)} is removed") for entry in sorted(old - new))
    elif new:
        yield "enum-closed", f"only these values are allowed: {short(', '.join(sorted(new)))}"
    elif old:  # An enum without a value is none.
        yield "enum-opened", f"any value is allowed, not just {short(', '.join(sorted(old)))}"


def _compare_others(_: str, old: str | None, new: str | None) -> Iterator[Finding]:
    ranks = [*_OTHERS]
    yield "rest-opened" if ranks.index(old) < ranks.index(new) else "rest-closed", _OTHERS[new]


def _compare_styles(_: str, old: str | None, new: str | None) -> Iterator[Finding]:
    if old and new:  # Only lists have a style, and a list that became a single value has another type.
        yield "style-changed", f"lists are sent as {new}, not as {old}"


def _compare_media(_: str, old: frozenset[str] | None, new: frozenset[str] | None) -> Iterator[Finding]:
    if old and new:  # A file that does not restrict the media types says nothing about them.
        yield from (("media-added", f"new media type {media}") for media in sorted(new - old))
        yield from (("media-removed", f"the media type {media} is removed") for media in sorted(old - new))


def _compare_security(_: str, old: frozenset[frozenset[str]], new: frozenset[frozenset[str]]) -> Iterator[Finding]:
    before, after = (" or ".join(sorted(" and ".join(sorted(way)) or "nothing" for way in ways)) for ways in (old, new))
    # A client that sends fewer credentials than required is refused; one that sends more is not.
    if all(any(other <= way for other in new) for way in old):
        yield "security-allowed", f"requires {after}, not just {before}"
    else:
        yield "security-demanded", f"requires {after}, not {before}"


_TYPELESS: Final[dict[str, Rule]] = {
    "type": _compare_types,
    "text": _compare_texts,
    "default": _compare_defaults,
    "deprecated": _flag(("deprecated", "now deprecated"), ("undeprecated", "no longer deprecated")),
    "nullable": _flag(("null-allowed", "null is allowed"), ("null-forbidden", "null is no longer allowed")),
}
_RULES: Final[dict[str, Rule]] = {
    **_TYPELESS,
    "format": _compare_formats,
    "enum": _compare_enums,
    **dict.fromkeys((*LIMITS, *OTHER_LIMITS), _compare_limits),
    "others": _compare_others,
    "required": _flag(("now-required", "now required"), ("now-optional", "no longer required")),
    "path_name": lambda _name, old, _new: iter([("path-parameter-renamed", f"was called {old!r}")]),
    "style": _compare_styles,
    "media": _compare_media,
    "security": _compare_security,
}
