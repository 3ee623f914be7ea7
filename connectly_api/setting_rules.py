"""What settings, ids and names have in common: checks at construction, and errors that say where a value came from.

An id, a key or a name with a space or a line end around it is a slip of copying, and answered much later, by a refusal
that does not name it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectly_api.errors import InvalidInputError

UNSEEN: Final = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\xad\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]"
    # The two joiners are part of Persian and Hindi words, and of emojis: not so at an end, or within plain ASCII.
    "|\\A[\\u200c\\u200d]|[\\u200c\\u200d]\\Z|(?<=[\\x00-\\x7f])[\\u200c\\u200d]+(?=[\\x00-\\x7f])"
)
"""Control characters, line ends, and others that cannot be seen: they are pasted along, and nobody misses them."""


def find_name_problem(text: str) -> str | None:
    """Return what is wrong with an id or a name, or None.

    Args:
        text: A string; white space within it is fine.
    """
    if not text:
        return "is empty"
    if text != text.strip():
        return "begins or ends with white space"
    if UNSEEN.search(text):
        return "holds control characters, or others that cannot be seen"
    return None


def check_kind(field: str, value: object, kind: type | tuple[str, ...], example: str) -> None:
    """Refuse a setting of another kind.

    Args:
        field: The setting's name.
        value: What was given; None stands for nothing.
        kind: The class that it must be of, or the names of the methods that it must have.
        example: What to give instead, in words.

    Raises:
        InvalidInputError: It is something else.
    """
    if value is None:
        return
    if isinstance(kind, type):
        # A class of one's own is no instance of it.
        is_right = isinstance(value, kind)
    else:
        is_right = not isinstance(value, type) and all(callable(getattr(value, method, None)) for method in kind)
    if not is_right:
        raise InvalidInputError(f"{field}: must be {example}, not {_kind_of(value)}", field=field)


def name_origin(error: InvalidInputError, origins: Mapping[str, str]) -> InvalidInputError:
    """Return an error that names where a setting was found instead of the setting.

    Args:
        error: About one of the settings, or anything else, which stays as it is.
        origins: Settings and where they came from, `CONNECTLY_SENDER`.
    """
    origin = origins.get(error.field)
    if origin is None:
        return error
    kind: Any = type(error)
    text = str(error).removeprefix(f"{error.field}:").strip()
    made: InvalidInputError = kind(f"{origin}: {text}", field=origin, size=error.size, limit=error.limit)
    return made


def _kind_of(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
