"""Reading a JSON document that nobody vouches for: every surprise is an error that says where it is."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, cast

__all__ = [
    "CodegenError",
    "Json",
    "checked",
    "elements",
    "extensions",
    "inside",
    "listed",
    "load",
    "mapped",
    "members",
    "refuse",
    "strings",
]

Json = dict[str, Any]
"""A JSON object: the only values that travel between the steps are plain JSON."""

_NAMES: Mapping[type, str] = {str: "a string", bool: "a boolean", int: "a number", list: "a list", dict: "an object"}


class CodegenError(Exception):
    """Generation cannot go on; the text says where, why, and what to do."""


def refuse(at: str, problem: str) -> NoReturn:
    """Stop.

    Args:
        at: A JSON pointer, with the leading `#`.
        problem: A sentence about what is there.

    Raises:
        CodegenError: Always.
    """
    raise CodegenError(f"{at}: {problem}")


def inside(at: str, key: str | int) -> str:
    """Return the JSON pointer of a member (RFC 6901)."""
    return f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"


def load(text: bytes) -> Json:
    """Decode a document strictly.

    Args:
        text: UTF-8 JSON.

    Raises:
        CodegenError: It is not JSON, not an object, names a key twice, or holds NaN or Infinity.
    """
    try:
        document: object = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise CodegenError(f"not readable as JSON: {error}") from None
    return members(document, "#")


def _object(pairs: Iterable[tuple[str, Any]]) -> Json:
    found: Json = {}
    for key, value in pairs:
        if key in found:
            raise CodegenError(f"the key {key!r} stands twice in one object; one of the two would be lost")
        found[key] = value
    return found


def _constant(name: str) -> NoReturn:
    raise CodegenError(f"{name} is not JSON")


def checked(value: object, known: Mapping[str, type], at: str, *, required: Iterable[str] = ()) -> Json:
    """Return an object whose keys are all known and whose values are of their types.

    Args:
        value: What stands there.
        known: Keys and the types of their values; `object` is any, `int` any number. `x-…` keys are always known.
        at: Where it stands.
        required: Keys that must be there.

    Raises:
        CodegenError: It is not such an object.
    """
    found = members(value, at)
    for key, member in found.items():
        if key.startswith("x-") and key not in known:
            continue
        if key not in known:
            refuse(inside(at, key), "unknown key; what it means to the generated code has to be decided first")
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
    """Return an object whose keys are names that the document chose itself.

    Raises:
        CodegenError: It is not an object.
    """
    return cast("Json", value) if isinstance(value, dict) else refuse(at, "must be an object")


def mapped(value: object) -> Json | None:
    """Return JSON where it is an object, else None."""
    return cast("Json", value) if isinstance(value, dict) else None


def listed(value: object) -> list[object] | None:
    """Return JSON where it is a list, else None."""
    return cast("list[object]", value) if isinstance(value, list) else None


def elements(value: object, at: str) -> list[object]:
    """Return a list.

    Raises:
        CodegenError: It is not one.
    """
    return cast("list[object]", value) if isinstance(value, list) else refuse(at, "must be a list")


def strings(value: object, at: str) -> list[str]:
    """Return a list of strings, each once.

    Raises:
        CodegenError: It is not such a list.
    """
    found: dict[str, None] = {}
    for n, entry in enumerate(elements(value, at)):
        found[entry if isinstance(entry, str) else refuse(inside(at, n), "must be a string")] = None
    return list(found)
