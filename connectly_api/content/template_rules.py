"""WhatsApp's rules for the value of a template parameter, as far as its name says what it is. Pure.

The client checks them before sending and the sandbox on arrival, so that a bot's tests fail where its messages would.

Sources: WhatsApp's documentation, https://developers.facebook.com/documentation/business-messaging/whatsapp, has the
lengths under templates/components: header 60, body 1024, address of a button 2000 characters. (An older reference of
its messages allowed 32,768 where a body is alone.) A value with a line break, a tab or more than four spaces in a row
is refused with error 132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from connectly_api.errors import Violation
from connectly_api.web_address import web_address_problem

__all__ = ["body_violations", "longest", "value_violations"]

_WHOLE_BODY: Final = 1024
"""Characters; so many at most in one value, and in all of them together."""
_HEADER: Final = 60
_BUTTON: Final = 2000

_MEDIA: Final = frozenset({"header_image", "header_video", "header_document"})
_BODY: Final = re.compile("body_[0-9]+")
_BUTTON_URL: Final = re.compile("button_[0-9]+_url")
# What str.splitlines takes for the end of a line.
_BREAK: Final = re.compile("[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029]")
_ABSOLUTE: Final = re.compile("[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def longest(name: str) -> int | None:
    """Return how many characters the value of a parameter may have, or None where that is not known."""
    if name == "header_text":
        return _HEADER
    if _BODY.fullmatch(name):
        return _WHOLE_BODY
    return _BUTTON if _BUTTON_URL.fullmatch(name) else None


def value_violations(field: str, name: str, value: str) -> Iterator[Violation]:
    """Yield each rule that the value of a parameter breaks, but for its length.

    Args:
        field: Where the value stands, for the violation.
        name: The parameter's name on the wire. Of one that is not documented it is not known that it is a text, so its
            white space is but doubtful.
        value: A text that is not empty.
    """
    if "\x00" in value:
        yield Violation(field, "holds a NUL character", len(value), level="error")
    elif name in _MEDIA:
        if (problem := web_address_problem(value)) is not None:
            yield Violation(field, problem, len(value), level="error")
    elif _BUTTON_URL.fullmatch(name):
        yield from _button(field, value)
    else:
        is_known = name == "header_text" or _BODY.fullmatch(name) is not None
        for problem in _white_space(value):
            yield Violation(field, problem, len(value), level="limit" if is_known else "doubt")


def body_violations(field: str, parameters: Iterable[tuple[str, str]]) -> Iterator[Violation]:
    """Yield a violation where the values of a body, each short enough, are too long together.

    Args:
        field: Where they stand, for the violation.
        parameters: Names and values.
    """
    sizes = [len(value) for name, value in parameters if _BODY.fullmatch(name)]
    if sum(sizes) > _WHOLE_BODY >= max(sizes):
        problem = f"{sum(sizes)} characters in all values together; the limit is {_WHOLE_BODY}"
        yield Violation(field, problem, sum(sizes), _WHOLE_BODY)


def _button(field: str, value: str) -> Iterator[Violation]:
    # It is what follows the address that the template has, or a whole one; the documentation leaves that open.
    problem = web_address_problem(value if _ABSOLUTE.match(value) else f"https://host.example/{value}")
    if problem is not None:
        yield Violation(field, problem, len(value), level="error")


def _white_space(value: str) -> Iterator[str]:
    if _BREAK.search(value):
        yield "holds a line break, which WhatsApp refuses in a template's values"
    if "\t" in value:
        yield "holds a tab, which WhatsApp refuses in a template's values"
    if " " * 5 in value:
        yield "holds more than 4 spaces in a row, which WhatsApp refuses in a template's values"
