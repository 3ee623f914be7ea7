"""Reads JSON of unknown origin: anything unexpected is an error with its place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, cast

Json = dict[str, Any]
"""A JSON object: the steps only exchange plain JSON."""

_NAMES: Mapping[type, str] = {str: "a string", bool: "a boolean", int: "a number", list: "a list", dict: "an object"}
_DEEPEST = 200
_TOO_DEEP = "nested too deeply for a description of a service"
_TRAILING_COMMA = re.compile(r",\s*[}\]]")
_YAML = re.compile(r"""^["']?[\w-]+["']?:(\s|$)""", re.MULTILINE)


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
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CodegenError(f"not UTF-8 text (line {line})") from None
    except UnicodeEncodeError:
        raise CodegenError(r"half a character: an escape such as \ud800 without its other half") from None
    except json.JSONDecodeError as error:
        raise CodegenError(_explain(error)) from None
    except RecursionError:
        raise CodegenError(_TOO_DEEP) from None
    except ValueError:
        raise CodegenError("a number has too many digits") from None
    return members(document, "#")


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
        level = [(inside(at, key), child) for at, value in level for key, child in _children(value)]
        if not level:
            return
    raise CodegenError(_TOO_DEEP)


def _children(value: object) -> Iterable[tuple[str | int, object]]:
    return (to_object(value) or {}).items() if not isinstance(value, list) else enumerate(cast("list[object]", value))


def _explain(error: json.JSONDecodeError) -> str:
    """Return what is wrong with a text that is not JSON, and where."""
    text, place = error.doc.strip(), f"(line {error.lineno}, column {error.colno})"
    before, rest = error.doc[: error.pos].rstrip(), error.doc[error.pos :].lstrip()
    is_object, last_line = text.startswith("{"), error.doc.rstrip().count("\n") + 1
    problems = (
        (not text, "empty"),
        (text.startswith("<"), "a web page or XML, not JSON"),
        (not is_object and _YAML.search(text), "YAML; convert it to JSON"),
        (rest.startswith(("//", "/*", "#")), f"a comment, which JSON does not allow {place}"),
        (_TRAILING_COMMA.match(f"{before[-1:]}{rest}"), f"a trailing comma, which JSON does not allow {place}"),
        (_TRAILING_COMMA.match(rest), f"a trailing comma, which JSON does not allow {place}"),
        (error.msg == "Extra data", f"text after the end of the JSON {place}"),
        (
            is_object and (error.msg.startswith("Unterminated") or "}" not in rest),
            f"truncated: it ends in line {last_line}, before the JSON is complete",
        ),
    )
    fallback = f"not valid JSON: {error.msg[0].lower()}{error.msg[1:]} {place}"
    return next((words for found, words in problems if found), fallback)


def check_object(value: object, known: Mapping[str, type], at: str, *, required: Iterable[str] = ()) -> Json:
    """Return a value as an object; raise UnsupportedError if it has unknown keys, or values of wrong types.

    `object` allows any type, `int` any number. Keys that begin with `x-` are always known.
    """
    found = members(value, at)
    for key, member in found.items():
        if key not in known and not key.startswith("x-"):
            refuse(inside(at, key), "unknown key; decide first what it means for the generated code")
        if not _is(member, known.get(key, object)):
            refuse(inside(at, key), f"must be {_NAMES[known[key]]}")
    for key in required:
        if key not in found:
            refuse(at, f"{key!r} is missing")
    return found


def select(fields: Json, kinds: Mapping[str, type]) -> Json:
    """Return the members of an object with these keys and types; others, and those of another type, are dropped."""
    return {key: fields[key] for key, kind in kinds.items() if key in fields and _is(fields[key], kind)}


def _is(value: object, kind: type) -> bool:
    if kind is int:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, kind)


def copy_json(value: Any) -> Any:  # noqa: ANN401  JSON
    """Return a copy of JSON in which nothing is shared."""
    if isinstance(value, dict):
        return {key: copy_json(child) for key, child in cast("Json", value).items()}
    return [copy_json(child) for child in cast("list[object]", value)] if isinstance(value, list) else value


def members(value: object, at: str) -> Json:
    """Return a value as an object with any keys; raise UnsupportedError if it is not an object."""
    return cast("Json", value) if isinstance(value, dict) else refuse(at, "must be an object")


def to_object(value: object) -> Json | None:
    """Return JSON if it is an object, else None."""
    return cast("Json", value) if isinstance(value, dict) else None


def to_list(value: object) -> list[object] | None:
    """Return JSON if it is a list, else None."""
    return cast("list[object]", value) if isinstance(value, list) else None


def elements(value: object, at: str) -> list[object]:
    """Return a value as a list; raise UnsupportedError if it is not a list."""
    return cast("list[object]", value) if isinstance(value, list) else refuse(at, "must be a list")


def strings(value: object, at: str) -> list[str]:
    """Return a value as unique strings; raise UnsupportedError if it is not a list of strings."""
    found: dict[str, None] = {}
    for n, entry in enumerate(elements(value, at)):
        found[entry if isinstance(entry, str) else refuse(inside(at, n), "must be a string")] = None
    return list(found)
