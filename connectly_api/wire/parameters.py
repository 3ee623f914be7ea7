"""Values in a request's path, query and headers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, cast
from urllib.parse import quote

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import find_name_problem
from connectly_api.wire.encoding import find_scalar_problem
from connectly_api.wire.unset import UNSET

# Most ids match; the rest take the slower checks.
_PLAIN_SEGMENT: Final = re.compile(r"[0-9A-Za-z_~-]+")


def encode_path_segment(name: str, value: str) -> str:
    """Percent-encode an id as one segment of a path.

    Args:
        name: The parameter's name, for the error.
        value: The id, as the service returned it.

    Raises:
        InvalidInputError: The id is not a string, is empty, is `.` or `..` (which would change the path), starts or
            ends with white space, or holds control characters, invisible characters or lone surrogates.
    """
    given = cast("object", value)
    if not isinstance(given, str):
        raise InvalidInputError(f"{name}: must be a string, not {type(given).__name__}", field=name)
    return _encode_segment(name, given)


@lru_cache(maxsize=64)
def _encode_segment(name: str, given: str) -> str:
    # Cached, because every call has the business id in its path.
    if given in {".", ".."}:
        raise InvalidInputError(f"{name}: {given!r} would change the path", field=name, size=len(given))
    if _PLAIN_SEGMENT.fullmatch(given):
        return given
    if (problem := find_name_problem(given)) is not None:
        raise InvalidInputError(f"{name}: {problem}", field=name, size=len(given))
    try:
        return quote(given, safe="")
    except UnicodeEncodeError:
        raise InvalidInputError(f"{name}: holds a lone surrogate", field=name, size=len(given)) from None


def encode_parameter(name: str, value: object, separator: str = ",") -> str:
    """Return the text of a path, query or header parameter, before percent-encoding.

    Args:
        name: The parameter's name, for the error.
        value: A string, a number, a boolean, or a list of these.
        separator: The text between the elements of a list.

    Raises:
        InvalidInputError: The value has another type, is not finite, or holds a lone surrogate; or an element of a list
            contains the separator.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        texts = [encode_parameter(name, element) for element in cast("Iterable[object]", value)]
        if any(separator in text for text in texts):
            raise InvalidInputError(f"{name}: an element holds {separator!r}, which separates elements", field=name)
        return separator.join(texts)
    if not isinstance(value, (str, int, float)):
        raise InvalidInputError(f"{name}: must be a text or a number, not {type(value).__name__}", field=name)
    if (problem := find_scalar_problem(value)) is not None:
        raise InvalidInputError(f"{name}: {problem}", field=name)
    return str(value)


def encode_query(name: str, value: object, separator: str | None = None) -> tuple[tuple[str, str], ...]:
    """Return a parameter's name and value pairs for the query; none for `UNSET`, `None` and an empty list.

    Args:
        name: The parameter's name on the wire.
        value: As for `encode_parameter`.
        separator: The text between the elements of a list, or None for one pair per element.

    Raises:
        InvalidInputError: As for `encode_parameter`.
    """
    given = value
    if value is None or value is UNSET or value == []:
        return ()
    if isinstance(value, (list, tuple)) and separator is None:
        return tuple((name, encode_parameter(name, element)) for element in cast("Iterable[object]", value))
    return ((name, encode_parameter(name, given, separator or ",")),)


def encode_header(name: str, value: object, separator: str = ",") -> tuple[tuple[str, str], ...]:
    """Return a parameter as a header; no header for `UNSET` and `None`.

    Args:
        name: The header's name.
        value: As for `encode_parameter`.
        separator: The text between the elements of a list.

    Raises:
        InvalidInputError: As for `encode_parameter`, or the text is not printable ASCII.
    """
    if value is None or value is UNSET:
        return ()
    text = encode_parameter(name, value, separator)
    if not all(" " <= character <= "~" for character in text):
        raise InvalidInputError(f"{name}: holds something other than printable ASCII", field=name)
    return ((name, text),)
