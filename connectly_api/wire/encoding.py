"""What goes over the wire and comes back: exact writing, lenient reading, and the value that stands for "not given"."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, ClassVar, Final, Literal, Self, cast
from urllib.parse import quote

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import name_problem

__all__ = ["UNSET", "Unset", "encode_json", "header", "leaves", "parameter", "path_segment", "query"]


class Unset:
    """The type of `UNSET`: a field that was not given, or did not come. It is false, and there is one of it."""

    __slots__ = ()
    _instance: ClassVar[Any] = None

    def __new__(cls) -> Self:
        """Return the one instance, also to copy and pickle."""
        if Unset._instance is None:
            Unset._instance = super().__new__(cls)
        return cast("Self", Unset._instance)

    def __bool__(self) -> Literal[False]:
        """Return False; type checkers take `if field:` as the proof that a field is set."""
        return False

    def __repr__(self) -> str:
        """Return `UNSET`."""
        return "UNSET"

    def __reduce__(self) -> str:
        """Pickle and copy by name."""
        return "UNSET"


UNSET: Final = Unset()
"""Not given, or not there: such a field is left out of the JSON. `None` is a value of its own: JSON's `null`."""


# Most ids are such; the rest is looked at in full.
_PLAIN_SEGMENT: Final = re.compile(r"[0-9A-Za-z_~-]+")


def path_segment(name: str, value: str) -> str:
    """Return an id, percent-encoded as one segment of a path.

    Args:
        name: The parameter's name, for the error.
        value: The id as the service gave it: opaque.

    Raises:
        InvalidInputError: It is not a string, is empty, `.` or `..` (which would change the path), has white space
            around it, or holds control characters, others that cannot be seen, or lone surrogates.
    """
    given = cast("object", value)
    if not isinstance(given, str):
        raise InvalidInputError(f"{name}: must be a string, not {type(given).__name__}", field=name)
    return _segment(name, given)


@lru_cache(maxsize=64)
def _segment(name: str, given: str) -> str:
    # The id of the business stands in the path of every call.
    if given in {".", ".."}:
        raise InvalidInputError(f"{name}: {given!r} would change the path", field=name, size=len(given))
    if _PLAIN_SEGMENT.fullmatch(given):
        return given
    if (problem := name_problem(given)) is not None:
        raise InvalidInputError(f"{name}: {problem}", field=name, size=len(given))
    try:
        return quote(given, safe="")
    except UnicodeEncodeError:
        raise InvalidInputError(f"{name}: holds a lone surrogate", field=name, size=len(given)) from None


def parameter(name: str, value: object, separator: str = ",") -> str:
    """Return a value as the text that a path, a query or a header carries; not yet percent-encoded.

    Args:
        name: The parameter's name, for the error.
        value: A string, a number, a boolean, or a list of such.
        separator: What stands between the elements of a list.

    Raises:
        InvalidInputError: It is none of these, not finite, holds a lone surrogate, or an element holds the separator.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        texts = [parameter(name, element) for element in cast("Iterable[object]", value)]
        if any(separator in text for text in texts):
            raise InvalidInputError(f"{name}: an element holds {separator!r}, which separates elements", field=name)
        return separator.join(texts)
    if not isinstance(value, (str, int, float)):
        raise InvalidInputError(f"{name}: must be a text or a number, not {type(value).__name__}", field=name)
    if (problem := _scalar_problem(value)) is not None:
        raise InvalidInputError(f"{name}: {problem}", field=name)
    return str(value)


def query(name: str, value: object, separator: str | None = None) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a query that say one parameter; none where it is `UNSET` or `None`.

    Args:
        name: The parameter's name on the wire.
        value: What `parameter` takes.
        separator: What stands between the elements of a list, or None where each is a pair of its own.

    Raises:
        InvalidInputError: As `parameter`.
    """
    given = value
    if value is None or value is UNSET or value == []:
        return ()
    if isinstance(value, (list, tuple)) and separator is None:
        return tuple((name, parameter(name, element)) for element in cast("Iterable[object]", value))
    return ((name, parameter(name, given, separator or ",")),)


def header(name: str, value: object, separator: str = ",") -> tuple[tuple[str, str], ...]:
    """Return the header that says one parameter; none where it is `UNSET` or `None`.

    Args:
        name: The header's name.
        value: What `parameter` takes.
        separator: What stands between the elements of a list.

    Raises:
        InvalidInputError: As `parameter`, or it holds anything but printable ASCII, which a header cannot carry.
    """
    if value is None or value is UNSET:
        return ()
    text = parameter(name, value, separator)
    if not all(" " <= character <= "~" for character in text):
        raise InvalidInputError(f"{name}: holds something other than printable ASCII", field=name)
    return ((name, text),)


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _prepared() -> Callable[[object], str]:
    """Return what `_ENCODER.encode` does, for values that are not within themselves.

    For each value it makes the encoder in C anew, which takes as long as writing a message.
    """
    # Neither is documented, so they may not be there, or look different.
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    quoted: object = getattr(json.encoder, "encode_basestring", None)
    try:
        write: Callable[[object, int], Iterable[str]] = make(
            None, _ENCODER.default, quoted, None, ":", ",", False, False, False
        )
    except TypeError:
        return _ENCODER.encode
    return lambda value: "".join(write(value, 0))


_encode: Final = _prepared()


def encode_json(value: object, *, field: str) -> bytes:
    """Return a JSON value as the bytes that a request carries: compact, UTF-8, nothing escaped without need.

    The bytes of a part are the same inside a larger value as by themselves, so a part can be measured.

    Args:
        value: None, bool, int, float, str, list, tuple, or dict with string keys, nested at will.
        field: The value's name, for the error.

    Raises:
        InvalidInputError: The value is not JSON: NaN or infinite, of another type, with a key that is not a string,
            within itself, nested too deeply, or holding a lone surrogate. Its `field` is the path of the culprit;
            below callback data, whose keys may be personal, a key is named by its position: `callback_data{0}`.
    """
    try:
        if _has_string_keys(value):
            return _encode(value).encode()
    except (TypeError, ValueError, RecursionError):
        pass  # The search below says what and where.
    path, problem = _culprit(value, field) or (field, "is nested too deeply, or holds an integer of too many digits")
    raise InvalidInputError(f"{path}: {problem}", field=path)


_DEEPEST = 600
"""Deeper values are refused. 1024 bytes, the most that callback data may have, hold at most 512 levels."""


_CONTAINERS = (dict, list, tuple)


def _has_string_keys(value: object, room: int = _DEEPEST) -> bool:
    """Say whether every key is a string, which json.dumps does not ask: it turns 1, None and True into strings."""
    if isinstance(value, dict):
        if not room:
            return False
        for key, child in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                return False
            # Most of what is sent is text, and this looks at all of it.
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


def _culprit(value: object, field: str) -> tuple[str, str] | None:
    """Return the path and the nature of the first thing that is not JSON; without recursion, as depth is hostile."""
    pending: list[tuple[str, object, frozenset[int]]] = [(field, value, frozenset())]
    while pending:
        path, item, above = pending.pop()
        if not isinstance(item, _CONTAINERS):
            if (problem := _scalar_problem(item)) is not None:
                return path, problem
            continue
        if id(cast("object", item)) in above:
            return path, "contains itself"
        if len(above) >= _DEEPEST:
            return field, f"is nested more than {_DEEPEST} levels deep"
        if isinstance(item, dict):
            entries = cast("dict[str, object]", item)
            if (problem := next(filter(None, map(_key_problem, entries)), None)) is not None:
                return path, problem
            children = [(_below(path, key, index), child) for index, (key, child) in enumerate(entries.items())]
        else:
            elements = cast("Iterable[object]", item)
            children = [(f"{path}[{index}]", child) for index, child in enumerate(elements)]
        pending.extend((inner, child, above | {id(cast("object", item))}) for inner, child in reversed(children))
    return None


def leaves(value: object, field: str) -> Iterator[tuple[str, object]]:
    """Yield each value that holds no others, with its path; of JSON that `encode_json` has taken."""
    pending: list[tuple[str, object]] = [(field, value)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, dict):
            entries = enumerate(cast("dict[str, object]", item).items())
            pending.extend(reversed([(_below(path, key, index), child) for index, (key, child) in entries]))
        elif isinstance(item, (list, tuple)):
            elements = enumerate(cast("Iterable[object]", item))
            pending.extend(reversed([(f"{path}[{index}]", child) for index, child in elements]))
        else:
            yield path, item


def _below(path: str, key: str, index: int) -> str:
    personal = path.startswith("callback_data") or ".callbackData" in path
    return f"{path}{{{index}}}" if personal else f"{path}.{key}"


def _key_problem(key: object) -> str | None:
    if not isinstance(key, str):
        return f"has a key of type {type(key).__name__}; JSON's keys are strings"
    return "has a key with a lone surrogate" if _has_lone_surrogate(key) else None


def _scalar_problem(item: object) -> str | None:
    if item is None or isinstance(item, int):
        return None
    if isinstance(item, str):
        return "holds a lone surrogate, which UTF-8 cannot carry" if _has_lone_surrogate(item) else None
    if isinstance(item, float):
        return None if math.isfinite(item) else "is not a finite number; JSON knows no NaN or Infinity"
    return f"is of type {type(item).__name__}, which JSON does not know"


def _has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
