"""WhatsApp's limits on content, as checks that yield every violation.

Characters are counted as Unicode code points, because the service does not document how it counts. Sources: WhatsApp's
documentation of interactive messages and media,
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages, and https://docs.connectly.ai.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from connectly_api.errors import InvalidContentError, Violation
from connectly_api.web_address import find_file_name, find_web_address_problem

Limits = Literal["strict", "warn", "off"]
"""`strict` refuses content that breaks a limit, `warn` warns, and `off` refuses only what cannot be sent at all."""

# Excludes NaN, the infinities and integers too large for a float.
_LARGEST: Final = sys.float_info.max
_PACKAGE: Final = "connectly_api."
_CONTROL: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
# Bidirectional controls, which can disguise a name: `gpj.exe` is displayed as `exe.jpg`.
_TURNS: Final = re.compile("[\\u202a-\\u202e\\u2066-\\u2069]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class LimitWarning(UserWarning):
    """A message breaks one of WhatsApp's limits, or may not arrive as intended, and is sent anyway."""


def raise_or_warn(violations: Iterable[Violation], limits: Limits) -> None:
    """Raise or warn, depending on the client's `limits`.

    Args:
        violations: The violations of one content.
        limits: `strict` raises for errors and broken limits and warns of doubts; `warn` raises for errors and warns
            about the rest; `off` only raises for errors.

    Raises:
        InvalidContentError: It lists every violation that is refused.
    """
    found = tuple(violations)
    if not found:
        return
    refused_levels = {"error", "limit"} if limits == "strict" else {"error"}
    if refused := [violation for violation in found if violation.level in refused_levels]:
        raise InvalidContentError(refused)
    if limits != "off":
        for violation in found:
            warnings.warn(str(violation), LimitWarning, stacklevel=_callers_level())


def _callers_level() -> int:
    """Return the `stacklevel` that makes a warning of `raise_or_warn` point at the code that called this package."""
    # Documented despite its name, and unlike inspect.stack it reads no source files.
    frame, level = sys._getframe(1), 1  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level


def check_text(field: str, value: object, most: int | None = None, *, required: bool = True) -> Iterator[Violation]:
    """Check that a value is a non-empty string that UTF-8 can encode, within a limit.

    Args:
        field: The field's path.
        value: The text, or None if it was not given.
        most: The limit in characters, or None.
        required: Whether the message needs this field. An empty string in an optional field breaks a limit, because it
            is probably a mistake.
    """
    if value is None:
        if required:
            yield Violation(field, "is required", level="error")
    elif not isinstance(value, str):
        yield Violation(field, f"must be a string, not {type(value).__name__}", level="error")
    elif not value.isascii() and _SURROGATE.search(value):
        yield Violation(field, "holds a lone surrogate, which UTF-8 cannot encode", len(value), level="error")
    elif "\x00" in value:
        yield Violation(field, "holds a NUL character", len(value), level="error")
    elif not value.strip():
        # No channel delivers a message without a required text.
        yield Violation(field, "is empty", len(value), level="error" if required else "limit")
    elif most is not None and len(value) > most:
        yield Violation(field, f"{len(value)} characters; the limit is {most}", len(value), most)


def check_address(field: str, value: object) -> Iterator[Violation]:
    """Check the public URL of a file; content with an invalid one cannot be sent at all."""
    problems = list(check_text(field, value))
    yield from problems
    if not problems and isinstance(value, str) and (problem := find_web_address_problem(value)) is not None:
        yield Violation(field, problem, len(value), level="error")


def check_file_name(field: str, value: object, url: object) -> Iterator[Violation]:
    """Check the file name of a document, or, without one, whether its URL ends with a file name."""
    yield from check_text(field, value, required=False)
    if isinstance(value, str):
        problems = {
            # check_text has reported NUL already.
            "holds a line break or a control character": bool(_CONTROL.search(value)) and "\x00" not in value,
            "holds a slash or a backslash, which a file name cannot have": not {"/", "\\"}.isdisjoint(value),
            "holds a character that changes the direction of text": bool(_TURNS.search(value)),
        }
        yield from (Violation(field, problem, len(value)) for problem, holds in problems.items() if holds)
    if value is None and isinstance(url, str) and find_web_address_problem(url) is None and find_file_name(url) is None:
        problem = "is missing, and the URL does not end with one; WhatsApp shows the document as Untitled"
        yield Violation(field, problem, level="doubt")


def check_coordinate(field: str, value: object, most: float) -> Iterator[Violation]:
    """Check a latitude (`most` 90) or longitude (180) in degrees."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        yield Violation(field, f"must be a number, not {type(value).__name__}", level="error")
    elif not -_LARGEST <= value <= _LARGEST:
        yield Violation(field, "must be finite", level="error")
    elif abs(value) > most:
        yield Violation(field, f"must be between -{most:g} and {most:g} degrees", value, most)


def check_count(field: str, values: Sequence[object], most: int, *, what: str, least: int = 1) -> Iterator[Violation]:
    """Check the number of values."""
    if len(values) < least:
        problem = f"{len(values)} {what}; at least {least} is needed"
        yield Violation(field, problem, len(values), least, level="error")
    elif len(values) > most:
        yield Violation(field, f"{len(values)} {what}; the limit is {most}", len(values), most)


def check_distinct(field: str, values: Sequence[object], *, what: str) -> Iterator[Violation]:
    """Check that no string occurs twice."""
    texts = [value for value in values if isinstance(value, str)]
    if len(set(texts)) < len(texts):
        yield Violation(field, f"two {what} are the same; each must be unique", len(values))


def check_instances(field: str, values: Sequence[object], kind: type) -> Iterator[Violation]:
    """Check the type of every element."""
    for index, value in enumerate(values):
        if not isinstance(value, kind):
            problem = f"must be a {kind.__name__}, not {type(value).__name__}"
            yield Violation(f"{field}[{index}]", problem, level="error")
