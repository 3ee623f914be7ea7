"""The texts of declared templates: their placeholders, and WhatsApp's limits on them. Pure.

Sources: https://developers.facebook.com/documentation/business-messaging/whatsapp (templates/components) for the limits
and the placeholders, `{{1}}` or `{{name}}`; the service's documentation, https://docs.connectly.ai, for the names of
parameters. It has no named ones: that of `{{name}}` is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import check_name

_LIMITS: Final = {"header": 60, "text": 1024, "footer": 60}
_BUTTONS, _BUTTON = 10, 25
_PLACEHOLDER: Final = re.compile(r"\{\{ *([A-Za-z0-9_]+) *\}\}")


def check_template_texts(header: str | None, text: str | None, footer: str | None) -> None:
    """Check the texts of a template.

    Raises:
        InvalidInputError: One is empty, too long, or has placeholders that cannot be there.
    """
    for field, value in (("header", header), ("text", text), ("footer", footer)):
        if value is None:
            continue
        size, limit, rest = len(value), _LIMITS[field], _PLACEHOLDER.sub("", value)
        if not value.strip():
            raise InvalidInputError(f"{field}: is empty", field=field, size=size, limit=limit)
        if size > limit:
            problem = f"has {size} characters; the limit is {limit}"
            raise InvalidInputError(f"{field}: {problem}", field=field, size=size, limit=limit)
        if "{{" in rest or "}}" in rest:
            raise InvalidInputError(f"{field}: placeholders are like {{{{1}}}} or {{{{name}}}}", field=field)
    if header is not None and len(_find_placeholders(header)) > 1:
        raise InvalidInputError("header: can have one placeholder", field="header")
    if footer is not None and _find_placeholders(footer):
        raise InvalidInputError("footer: cannot have placeholders", field="footer")


def check_template_buttons(buttons: Sequence[str]) -> None:
    """Check the texts of a template's buttons.

    Raises:
        InvalidInputError: There are too many, one is there twice, or one has an impossible text.
    """
    if (size := len(buttons)) > _BUTTONS:
        problem = f"buttons: there are {size}; the limit is {_BUTTONS}"
        raise InvalidInputError(problem, field="buttons", size=size, limit=_BUTTONS)
    if len(set(buttons)) < size:
        raise InvalidInputError("buttons: one is there more than once", field="buttons")
    for index, button in enumerate(buttons):
        field = f"buttons[{index}]"
        check_name(field, button)
        if (length := len(button)) > _BUTTON:
            problem = f"{field}: has {length} characters; the limit is {_BUTTON}"
            raise InvalidInputError(problem, field=field, size=length, limit=_BUTTON)


def list_parameters(header: str | None, text: str | None) -> tuple[str, ...]:
    """Return the names of the parameters that follow from the placeholders of valid texts.

    `{{1}}` and `{{name}}` in the text are `body_1` and `body_name`; the one of the header is `header_text`.
    """
    names = ("header_text",) if _find_placeholders(header or "") else ()
    return (*names, *(f"body_{placeholder}" for placeholder in _find_placeholders(text or "")))


def _find_placeholders(text: str) -> tuple[str, ...]:
    """Return the names between braces, each once, in order."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))
