"""JSON in requests: `encode_json` returns the exact bytes, or says which value is not JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

from connectly_api.errors import InvalidInputError

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _build_encoder() -> Callable[[object], str]:
    """Return a function that does the same as `_ENCODER.encode`, for values without cycles.

    `JSONEncoder.encode` builds a new C encoder for every value, which takes as long as encoding a message.
    """
    # Neither name is documented, so either may be missing or take other arguments.
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    quoted: object = getattr(json.encoder, "encode_basestring", None)
    try:
        write: Callable[[object, int], Iterable[str]] = make(
            None, _ENCODER.default, quoted, None, ":", ",", False, False, False
        )
    except TypeError:
        return _ENCODER.encode
    return lambda value: "".join(write(value, 0))


_encode: Final = _build_encoder()

# Not documented either; the encoder calls it for a string, in three times the time.
quote_string: Final[Callable[[str], str]] = getattr(json.encoder, "encode_basestring", _ENCODER.encode)
"""Returns a string as `encode_json` writes it, but does not refuse lone surrogates."""


def encode_json(value: object, *, field: str) -> bytes:
    """Return a JSON value as the bytes of a request: compact UTF-8, escaped only where JSON requires it.

    A part of a value has the same bytes on its own as inside the whole, so its size can be measured beforehand.

    Args:
        value: None, bool, int, float, str, list, tuple, or dict with string keys, nested to any depth.
        field: The value's name, for the error.

    Raises:
        InvalidInputError: The value is not JSON: NaN, infinity, another type, a key that is not a string, a cycle, too
            deep, or a lone surrogate. The error's `field` is the path of the offending value. Below callback data,
            whose keys may be personal, the path has positions instead of keys: `callback_data{0}`.
    """
    try:
        if _has_string_keys(value):
            return _encode(value).encode()
    except (TypeError, ValueError, RecursionError):
        pass  # The slower search below finds out what is wrong, and where.
    path, problem = _find_culprit(value, field) or (
        field,
        "is nested too deeply, or holds an integer of too many digits",
    )
    raise InvalidInputError(f"{path}: {problem}", field=path)


_DEEPEST = 600
"""The limit on nesting. Callback data cannot exceed it: its 1024 bytes have room for 512 levels."""


_CONTAINERS = (dict, list, tuple)


def _has_string_keys(value: object, room: int = _DEEPEST) -> bool:
    """Return whether every key is a string; json.dumps would turn 1, None and True into strings."""
    if isinstance(value, dict):
        if not room:
            return False
        for key, child in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                return False
            # Strings first: this runs for every value of every message, and most are strings.
            if (
                type(child) is not str
                and isinstance(child, _CONTAINERS)
                and not _has_string_keys(cast("object", child), room - 1)
            ):
                return False
    elif isinstance(value, (list, tuple)):
        if not room:
            return False
        for child in cast("Iterable[object]", value):
            if isinstance(child, _CONTAINERS) and not _has_string_keys(cast("object", child), room - 1):
                return False
    return True


def _find_culprit(value: object, field: str) -> tuple[str, str] | None:
    """Return the path of the first value that is not JSON, and why; without recursion, as input may be deep."""
    pending: list[tuple[str, object, frozenset[int]]] = [(field, value, frozenset())]
    while pending:
        path, item, above = pending.pop()
        if not isinstance(item, _CONTAINERS):
            if (problem := find_scalar_problem(item)) is not None:
                return path, problem
            continue
        if id(cast("object", item)) in above:
            return path, "contains itself"
        if len(above) >= _DEEPEST:
            return field, f"is nested more than {_DEEPEST} levels deep"
        if isinstance(item, dict):
            entries = cast("dict[str, object]", item)
            if (problem := next(filter(None, map(_find_key_problem, entries)), None)) is not None:
                return path, problem
            children = [(_join_path(path, key, index), child) for index, (key, child) in enumerate(entries.items())]
        else:
            elements = cast("Iterable[object]", item)
            children = [(f"{path}[{index}]", child) for index, child in enumerate(elements)]
        pending.extend((inner, child, above | {id(cast("object", item))}) for inner, child in reversed(children))
    return None


def iterate_leaves(value: object, field: str) -> Iterator[tuple[str, object]]:
    """Yield each scalar with its path, from a value that `encode_json` accepts."""
    pending: list[tuple[str, object]] = [(field, value)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, dict):
            entries = enumerate(cast("dict[str, object]", item).items())
            pending.extend(reversed([(_join_path(path, key, index), child) for index, (key, child) in entries]))
        elif isinstance(item, (list, tuple)):
            elements = enumerate(cast("Iterable[object]", item))
            pending.extend(reversed([(f"{path}[{index}]", child) for index, child in elements]))
        else:
            yield path, item


def _join_path(path: str, key: str, index: int) -> str:
    personal = path.startswith("callback_data") or ".callbackData" in path
    return f"{path}{{{index}}}" if personal else f"{path}.{key}"


def _find_key_problem(key: object) -> str | None:
    if not isinstance(key, str):
        return f"has a key of type {type(key).__name__}; JSON keys are strings"
    return "has a key with a lone surrogate" if _has_lone_surrogate(key) else None


def find_scalar_problem(item: object) -> str | None:
    """Return why a value other than an object or an array is not JSON, or None."""
    if item is None or isinstance(item, int):
        return None
    if isinstance(item, str):
        return "holds a lone surrogate, which UTF-8 cannot encode" if _has_lone_surrogate(item) else None
    if isinstance(item, float):
        return None if math.isfinite(item) else "is not a finite number; JSON has no NaN or Infinity"
    return f"is of type {type(item).__name__}, which JSON does not have"


def _has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
