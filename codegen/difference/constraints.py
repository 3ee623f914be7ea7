"""Compares two schemas' rules for a value itself, without its fields and elements. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from codegen.difference.normalized import LOWER, OTHER_LIMITS, UPPER, Shape

_WIDER_TYPES: Final = frozenset({("integer", "number")})
_WIDER_FORMATS: Final = frozenset({("int32", "int64"), ("float", "double"), ("uint32", "uint64")})
_LONGEST: Final = 120
_MOST: Final = 10

Finding = tuple[str, str]
"""A kind of change, and what changed."""


def value(given: object) -> str:
    """Return a value as JSON, shortened if it is long."""
    return short(json.dumps(given, ensure_ascii=False))


def short(text: str) -> str:
    """Return a text, shortened if it is long."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def comparable(old: Shape, new: Shape) -> bool:
    """Return whether two schemas have the same type, so that there is more to compare."""
    return old.type == new.type


def compare_facets(old: Shape, new: Shape) -> Iterator[Finding]:
    """Yield what changed about a value itself."""
    if old.nullable != new.nullable:
        yield ("null-allowed", "null is allowed") if new.nullable else ("null-forbidden", "null is no longer allowed")
    if not comparable(old, new):
        yield f"type-{_type_relation(old.type, new.type)}", f"type {_type(old)} became {_type(new)}"
        return
    if old.format != new.format:
        what = (
            f"format {value(old.format) if old.format else 'none'} became {value(new.format) if new.format else 'none'}"
        )
        yield f"format-{_format_relation(old.format, new.format)}", what
    yield from _enums(old.enum, new.enum)
    yield from _limits(old.limits, new.limits)
    yield from _rest(old, new)
    if old.default != new.default:
        what = f"default {short(old.default or 'none')} became {short(new.default or 'none')}"
        yield ("default-changed" if old.default and new.default else "default-told"), what


def _type(shape: Shape) -> str:
    return shape.type or "any JSON"


def _type_relation(old: str, new: str) -> str:
    before, after = set(old.split(" or ")) - {""}, set(new.split(" or ")) - {""}
    if not after or (before and before < after) or (old, new) in _WIDER_TYPES:
        return "widened"
    if not before or after < before or (new, old) in _WIDER_TYPES:
        return "narrowed"
    return "changed"


def _format_relation(old: str, new: str) -> str:
    if not new or (old, new) in _WIDER_FORMATS:
        return "widened"
    return "narrowed" if not old or (new, old) in _WIDER_FORMATS else "changed"


def _enums(old: frozenset[str] | None, new: frozenset[str] | None) -> Iterator[Finding]:
    if old is None or new is None:
        if new is not None:
            yield "enum-closed", f"only these values are allowed: {_list(new)}"
        elif old is not None:
            yield "enum-opened", f"any value is allowed, not just {_list(old)}"
        return
    for added in sorted(new - old):
        yield "enum-value-added", f"new enum value {short(added)}"
    for removed in sorted(old - new):
        yield "enum-value-removed", f"enum value {short(removed)} is removed"


def _list(values: frozenset[str]) -> str:
    return ", ".join(map(short, sorted(values)[:_MOST])) + (", …" if len(values) > _MOST else "")


def _limits(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    for key in (*UPPER, *LOWER, *OTHER_LIMITS):
        before, after = old.get(key), new.get(key)
        if before == after and type(before) is type(after):
            continue
        how = "narrowed" if before is None else "widened" if after is None else _limit_relation(key, before, after)
        what = f"limit {key} {'none' if before is None else value(before)} became "
        yield f"limit-{how}", what + ("none" if after is None else value(after))


def _limit_relation(key: str, before: float, after: float) -> str:
    if key in OTHER_LIMITS or type(before) is bool or type(after) is bool:
        return "changed"
    return "narrowed" if (after < before) == (key in UPPER) else "widened"


def _rest(old: Shape, new: Shape) -> Iterator[Finding]:
    """Compare whether an object may have other fields; their values are compared with the object's contents."""
    if isinstance(old.values, bool) and isinstance(new.values, bool):
        if old.values != new.values:
            yield (
                ("rest-opened", "other fields are allowed")
                if new.values
                else ("rest-closed", "other fields are no longer allowed")
            )
    elif isinstance(new.values, bool):
        yield (
            ("rest-opened", "other fields of any type are allowed")
            if new.values
            else ("rest-closed", "other fields are no longer allowed")
        )
    elif isinstance(old.values, bool):
        yield (
            ("rest-closed", "the type of other fields is restricted")
            if old.values
            else ("rest-opened", "other fields are allowed")
        )


def compare_notes(old: Shape, new: Shape) -> Iterator[Finding]:
    """Yield what changed about a value's description and deprecation."""
    if old.deprecated != new.deprecated:
        yield ("deprecated", "now deprecated") if new.deprecated else ("undeprecated", "no longer deprecated")
    if old.text != new.text:
        yield "description-changed", description(old.text, new.text)
    if old.example != new.example:
        yield "example-changed", f"example {short(old.example or 'none')} became {short(new.example or 'none')}"


def description(old: str, new: str) -> str:
    """Describe a change of a description."""
    if not old:
        return f"new description: {value(new)}"
    return f"description became {value(new)}" if new else "the description is removed"
