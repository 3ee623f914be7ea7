"""WhatsApp's rules for the values of template parameters.

The client checks them before sending, and the sandbox on receipt, so that a test fails where a real message would.

Sources: WhatsApp's documentation, https://developers.facebook.com/documentation/business-messaging/whatsapp, has the
lengths under templates/components: header 60, body 1024, URL of a button 2000 characters. (An older reference allowed
32,768 for a body on its own.) A value with a line break, a tab or more than four spaces in a row is refused with error
132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from connectly_api.errors import Violation
from connectly_api.web_address import find_web_address_problem

_WHOLE_BODY: Final = 1024
"""Characters, for each value of the body and for all of them together."""
_HEADER: Final = 60
_BUTTON: Final = 2000

_MEDIA: Final = frozenset({"header_image", "header_video", "header_document"})
_BODY: Final = re.compile("body_[0-9]+")
_BUTTON_URL: Final = re.compile("button_[0-9]+_url")
# The line ends of str.splitlines.
_BREAK: Final = re.compile("[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029]")
# Words with up to four spaces between them: no line break, tab, NUL or surrogate.
_PLAIN: Final = re.compile("[^\\s\\x00\ud800-\udfff]+(?: {1,4}[^\\s\\x00\ud800-\udfff]+)*")
_ABSOLUTE: Final = re.compile("[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def find_max_length(name: str) -> int | None:
    """Return the limit on a parameter's value in characters, or None if it is not known."""
    if name == "header_text":
        return _HEADER
    if _BODY.fullmatch(name):
        return _WHOLE_BODY
    return _BUTTON if _BUTTON_URL.fullmatch(name) else None


def check_value(field: str, name: str, value: str) -> Iterator[Violation]:
    """Yield each rule that a parameter's value breaks, apart from its length.

    Args:
        field: The field's path.
        name: The parameter's name on the wire. An undocumented one may not be text, so white space in it is only a
            doubt.
        value: A non-empty string.
    """
    if "\x00" in value:
        yield Violation(field, "holds a NUL character", len(value), level="error")
    elif name in _MEDIA:
        if (problem := find_web_address_problem(value)) is not None:
            yield Violation(field, problem, len(value), level="error")
    elif _BUTTON_URL.fullmatch(name):
        yield from _check_button(field, value)
    else:
        is_known = name == "header_text" or _BODY.fullmatch(name) is not None
        for problem in _find_white_space(value):
            yield Violation(field, problem, len(value), level="limit" if is_known else "doubt")


def check_body(field: str, parameters: Iterable[tuple[str, str]]) -> Iterator[Violation]:
    """Yield a violation if the body's values, each short enough, are too long together.

    Args:
        field: The field's path.
        parameters: Names and values.
    """
    sizes = [len(value) for name, value in parameters if _BODY.fullmatch(name)]
    if sum(sizes) > _WHOLE_BODY >= max(sizes):
        problem = f"{sum(sizes)} characters in all values together; the limit is {_WHOLE_BODY}"
        yield Violation(field, problem, sum(sizes), _WHOLE_BODY)


def are_plain(values: Iterable[object]) -> bool:
    """Return whether values of the body certainly break no rule, alone or together; False leaves it open."""
    size = 0
    for value in values:
        if type(value) is not str or not _PLAIN.fullmatch(value):
            return False
        size += len(value)
    return size <= _WHOLE_BODY


def _check_button(field: str, value: str) -> Iterator[Violation]:
    # The end of the URL that the template has, or a whole URL: the documentation leaves that open.
    problem = find_web_address_problem(value if _ABSOLUTE.match(value) else f"https://host.example/{value}")
    if problem is not None:
        yield Violation(field, problem, len(value), level="error")


def _find_white_space(value: str) -> Iterator[str]:
    if _BREAK.search(value):
        yield "holds a line break, which WhatsApp refuses in a template's values"
    if "\t" in value:
        yield "holds a tab, which WhatsApp refuses in a template's values"
    if " " * 5 in value:
        yield "holds more than 4 spaces in a row, which WhatsApp refuses in a template's values"
