"""Reads JSON of unknown origin: anything unexpected is an error with its place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, cast

Json = dict[str, Any]
"""A JSON object: the steps only exchange plain JSON."""

_NAMES: Mapping[type, str] = {str: "a string", bool: "a boolean", list: "a list", dict: "an object"}
_DEEPEST = 200
_TOO_DEEP = "nested too deeply for a description of a service"


class CodegenError(Exception):
    """Generation must stop; the message says where, why, and what to do."""


class UnsupportedError(CodegenError):
    """A part of a file cannot be used. The operation or the definition that it belongs to can be left out."""


def refuse(at: str, problem: str) -> NoReturn:
    """Raise UnsupportedError about a place: its JSON pointer with the leading `#`, and a sentence about it."""
    raise UnsupportedError(f"{at}: {problem}")


def inside(at: str, key: str | int) -> str:
    """Return the JSON pointer of a member (RFC 6901)."""
    return f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"


class _Fault(str):
    """What is wrong with a value, in its place; it is reported once that place is known."""

    __slots__ = ()


def load(content: bytes) -> Json:
    """Decode UTF-8 JSON strictly; raise CodegenError with one sentence if that is not possible."""
    try:
        document: object = json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_number, parse_float=_number
        )
        _check_values(document)
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise CodegenError(_explain(error)) from None
    except RecursionError:
        raise CodegenError(_TOO_DEEP) from None
    except ValueError as error:
        # Not UTF-8, half a character (`\ud800` without its other half), or a number of thousands of digits.
        raise CodegenError(f"not valid JSON: {error}") from None
    found: Json = check_type(document, dict, "#")
    return found


def _object(pairs: list[tuple[str, Any]]) -> Json | _Fault:
    found: Json = {}
    for key, value in pairs:
        if key in found:
            return _Fault(f"the key {key!r} occurs twice in one object; one value would be lost")
        found[key] = value
    return found


def _number(text: str) -> float | _Fault:
    found = float(text)
    return found if math.isfinite(found) else _Fault(f"{text} is not a number in JSON")


def _check_values(document: object) -> None:
    level = [("#", document)]
    for _ in range(_DEEPEST):
        for at, value in level:
            if isinstance(value, _Fault):
                raise CodegenError(f"{at}: {value}")
        level = [(inside(at, key), child) for at, value in level for key, child in list_children(value)]
        if not level:
            return
    raise CodegenError(_TOO_DEEP)


def list_children(value: object) -> Iterable[tuple[str | int, object]]:
    """Return the members of an object, the elements of a list, or nothing."""
    return to_object(value).items() or enumerate(to_list(value))


def _explain(error: json.JSONDecodeError) -> str:
    """Return what is wrong with a text that is not JSON, and where."""
    text, rest = error.doc.strip(), error.doc[error.pos :]
    if text.startswith("<"):
        return "a web page or XML, not JSON"
    is_incomplete = error.msg.startswith("Unterminated") or (error.msg != "Extra data" and "}" not in rest)
    if not text or (text.startswith("{") and is_incomplete):
        last_line = error.doc.rstrip().count("\n") + 1
        return f"truncated: it ends in line {last_line}, before the JSON is complete"
    return f"not valid JSON: {error}"


def check_object(value: object, known: Mapping[str, type], at: str, *, required: Iterable[str] = ()) -> Json:
    """Return a value as an object; raise UnsupportedError if it has unknown keys, or values of wrong types.

    Keys that begin with `x-` are always known.
    """
    found: Json = check_type(value, dict, at)
    for key, member in found.items():
        if key not in known and not key.startswith("x-"):
            refuse(inside(at, key), "unknown key; decide first what it means for the generated code")
        check_type(member, known.get(key, object), inside(at, key))
    for key in required:
        if key not in found:
            refuse(at, f"{key!r} is missing")
    return found


def select(fields: Json, kinds: Mapping[str, type]) -> Json:
    """Return the members of an object with these keys and types; others, and those of another type, are dropped."""
    return {key: fields[key] for key, kind in kinds.items() if key in fields and isinstance(fields[key], kind)}


def check_type(value: object, kind: type, at: str) -> Any:  # noqa: ANN401  of this type
    """Return a value of a type, where `object` is any; raise UnsupportedError if it has another one."""
    return value if isinstance(value, kind) else refuse(at, f"must be {_NAMES[kind]}")


def check_strings(value: object, at: str) -> list[str]:
    """Return a list of strings without repetitions; raise UnsupportedError if it is another value."""
    found: list[object] = check_type(value, list, at)
    return list(dict.fromkeys(check_type(entry, str, inside(at, n)) for n, entry in enumerate(found)))


def to_object(value: object) -> Json:
    """Return JSON if it is an object, else an empty object."""
    return cast("Json", value) if isinstance(value, dict) else {}


def to_list(value: object) -> list[object]:
    """Return JSON if it is a list, else an empty list."""
    return cast("list[object]", value) if isinstance(value, list) else []


def is_unspecified(value: object) -> bool:
    """Return whether a value is protobuf's for an enum that is not set, which is never sent."""
    return str(value).lower().endswith("unspecified")


def copy_json(value: Any) -> Any:  # noqa: ANN401  JSON
    """Return a copy of JSON in which nothing is shared."""
    return json.loads(json.dumps(value))
