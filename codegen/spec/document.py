"""Reads JSON of unknown origin: anything unexpected is an error with its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, cast

Json = dict[str, Any]
"""A JSON object: the steps only exchange plain JSON."""

_NAMES: Mapping[type, str] = {str: "a string", bool: "a boolean", int: "a number", list: "a list", dict: "an object"}


class CodegenError(Exception):
    """Generation must stop; the message says where, why, and what to do."""


def refuse(at: str, problem: str) -> NoReturn:
    """Raise an error about a place.

    Args:
        at: The JSON pointer of the place, with the leading `#`.
        problem: A sentence about it.

    Raises:
        CodegenError: Always.
    """
    raise CodegenError(f"{at}: {problem}")


def inside(at: str, key: str | int) -> str:
    """Return the JSON pointer of a member (RFC 6901)."""
    return f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"


def load(text: bytes) -> Json:
    """Decode UTF-8 JSON strictly.

    Raises:
        CodegenError: It is not JSON, not an object, repeats a key, or contains NaN or Infinity.
    """
    try:
        document: object = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise CodegenError(f"not valid JSON: {error}") from None
    return members(document, "#")


def _object(pairs: Iterable[tuple[str, Any]]) -> Json:
    found: Json = {}
    for key, value in pairs:
        if key in found:
            raise CodegenError(f"the key {key!r} occurs twice in one object; one value would be lost")
        found[key] = value
    return found


def _constant(name: str) -> NoReturn:
    raise CodegenError(f"{name} is not JSON")


def check_object(value: object, known: Mapping[str, type], at: str, *, required: Iterable[str] = ()) -> Json:
    """Return a value as an object, if all its keys are known and their values have the right types.

    Args:
        value: The value.
        known: The keys and the types of their values; `object` allows any type, `int` any number. `x-…` keys are always
            known.
        at: Its JSON pointer.
        required: The keys that it must have.

    Raises:
        CodegenError: It is not such an object.
    """
    found = members(value, at)
    for key, member in found.items():
        if key.startswith("x-") and key not in known:
            continue
        if key not in known:
            refuse(inside(at, key), "unknown key; decide first what it means for the generated code")
        if not _is(member, known[key]):
            refuse(inside(at, key), f"must be {_NAMES[known[key]]}")
    for key in required:
        if key not in found:
            refuse(at, f"{key!r} is missing")
    return found


def _is(value: object, kind: type) -> bool:
    if kind is int:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, kind)


def extensions(fields: Mapping[str, object]) -> Json:
    """Return the `x-…` keys of an object, which Swagger and OpenAPI allow everywhere."""
    return {key: copy.deepcopy(value) for key, value in fields.items() if key.startswith("x-")}


def members(value: object, at: str) -> Json:
    """Return a value as an object with any keys; raise CodegenError if it is not an object."""
    return cast("Json", value) if isinstance(value, dict) else refuse(at, "must be an object")


def to_object(value: object) -> Json | None:
    """Return JSON if it is an object, else None."""
    return cast("Json", value) if isinstance(value, dict) else None


def to_list(value: object) -> list[object] | None:
    """Return JSON if it is a list, else None."""
    return cast("list[object]", value) if isinstance(value, list) else None


def elements(value: object, at: str) -> list[object]:
    """Return a value as a list; raise CodegenError if it is not a list."""
    return cast("list[object]", value) if isinstance(value, list) else refuse(at, "must be a list")


def strings(value: object, at: str) -> list[str]:
    """Return a value as unique strings; raise CodegenError if it is not a list of strings."""
    found: dict[str, None] = {}
    for n, entry in enumerate(elements(value, at)):
        found[entry if isinstance(entry, str) else refuse(inside(at, n), "must be a string")] = None
    return list(found)
