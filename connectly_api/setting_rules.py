"""Checks that settings, ids and names share.

White space around an id, a key or a name is a copying mistake. Without these checks, it would only show later, as a
refusal by the service that does not mention it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectly_api.errors import InvalidInputError

UNSEEN: Final = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\xad\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]"
    # The two joiners belong to Persian and Hindi words and to emojis, but never at an end or between ASCII characters.
    "|\\A[\\u200c\\u200d]|[\\u200c\\u200d]\\Z|(?<=[\\x00-\\x7f])[\\u200c\\u200d]+(?=[\\x00-\\x7f])"
)
"""Control characters, line ends and other invisible characters, which get pasted along unnoticed."""


def find_name_problem(text: str) -> str | None:
    """Return what is wrong with an id or a name, or None; white space inside it is fine."""
    if not text:
        return "is empty"
    if text != text.strip():
        return "begins or ends with white space"
    if UNSEEN.search(text):
        return "holds control characters, or others that cannot be seen"
    return None


def check_string(field: str, value: object) -> None:
    """Refuse what is not a string, with an `InvalidInputError`."""
    if not isinstance(value, str):
        raise InvalidInputError(f"{field}: must be a string, not {type(value).__name__}", field=field)


def check_name(field: str, value: str) -> None:
    """Refuse what is not a string, or has a `find_name_problem`, with an `InvalidInputError`."""
    check_string(field, value)
    if (problem := find_name_problem(value)) is not None:
        raise InvalidInputError(f"{field}: {problem}", field=field, size=len(value))


def check_kind(field: str, value: object, kind: type | tuple[str, ...], example: str) -> None:
    """Refuse a setting of the wrong type.

    Args:
        field: The setting's name.
        value: The setting; None is accepted.
        kind: The class that it must be an instance of, or the names of the methods that it must have.
        example: What it must be, in words.

    Raises:
        InvalidInputError: The setting is something else.
    """
    if value is None:
        return
    if getattr(value, "_blocks", False):
        raise InvalidInputError(
            f"{field}: this {type(value).__name__} is for synchronous code; use the async class of that name",
            field=field,
        )
    if isinstance(kind, type):
        # Passing the class instead of an instance is a common mistake.
        is_right = isinstance(value, kind)
    else:
        is_right = not isinstance(value, type) and all(callable(getattr(value, method, None)) for method in kind)
    if not is_right:
        raise InvalidInputError(f"{field}: must be {example}, not {describe_kind(value)}", field=field)


def name_origin(error: InvalidInputError, origins: Mapping[str, str]) -> InvalidInputError:
    """Return an error that names the origin of a setting in place of the setting.

    Args:
        error: An error; one about any other field is returned unchanged.
        origins: The names of settings and their origins, such as `CONNECTLY_SENDER`.
    """
    origin = origins.get(error.field)
    if origin is None:
        return error
    kind: Any = type(error)
    text = str(error).removeprefix(f"{error.field}:").strip()
    made: InvalidInputError = kind(f"{origin}: {text}", field=origin, size=error.size, limit=error.limit)
    return made


def describe_kind(value: object) -> str:
    """Return the name of a value's type, or `the class …` for a class that was passed in place of a value."""
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
