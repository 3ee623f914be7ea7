"""The arguments of a verb, as the types of Python. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from connectly_api.errors import InvalidInputError
from connectly_api.keywords import find_nearest
from connectly_api.sandbox.model.identity import Identity, parse_customer
from connectly_api.sandbox.verbs.declarations import Declaration, check_arguments
from connectly_api.web_address import find_web_address_problem

_SHOWN: Final = 6
_LONGEST_NAME: Final = 256
_LONGEST_URL: Final = 2048
_LONGEST_EMOJI: Final = 40
_CONTROL: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")
_PART: Final = (
    # A flag, a keycap, or a symbol with its style, color of skin, tags (of a region's flag) and keycap.
    "(?:[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|"
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001fbff]"
    "[\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?\ufe0f?[\U000e0020-\U000e007f]*)"
)
_EMOJI: Final = re.compile(f"{_PART}(?:\u200d{_PART})*")
"""One emoji of any version, https://www.unicode.org/reports/tr51/, without a list of those that exist."""


class VerbArguments:
    """The arguments of a verb, checked against its declaration; None stands for those that are absent."""

    def __init__(
        self,
        declaration: Declaration,
        given: Mapping[str, Any],
        names: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Check the arguments; `names` has those that an argument can have.

        Raises:
            InvalidInputError: One is missing, unknown, or of another type.
        """
        self._values = check_arguments(declaration, given)
        self._names = names or {}

    def check_name(self, name: str, normalize: Callable[[str], str] = str) -> None:
        """Check that an argument is one of its names, if these are known.

        Raises:
            InvalidInputError: It is another text.
        """
        found, known = self.get(name), tuple(self._names.get(name, ()))
        if not isinstance(found, str) or not known or normalize(found) in map(normalize, known):
            return
        nearest = " or ".join(find_nearest(found, known))
        hint = f"did you mean {nearest}?" if nearest else f"there are {', '.join(known[:_SHOWN])}"
        raise InvalidInputError(f"{name}: there is no such {name}; {hint}", field=name)

    def get(self, name: str) -> Any:  # noqa: ANN401  (the declaration has its type)
        """Return an argument, or None."""
        return self._values[name]

    def get_text(self, name: str, limit: int | None = None) -> str:
        """Return a string that is neither empty nor longer than the limit."""
        found = self.get_optional_text(name, limit)
        if found is None or not found.strip():
            raise InvalidInputError(f"{name}: is missing or empty", field=name)
        return found

    def get_optional_text(self, name: str, limit: int | None = None) -> str | None:
        """Return a string that is not longer than the limit, or None."""
        found: str | None = self.get(name)
        if found is not None and limit is not None and (size := len(found)) > limit:
            problem = f"has {size} characters; the limit is {limit}"
            raise InvalidInputError(f"{name}: {problem}", field=name, size=size, limit=limit)
        return found

    def get_optional_name(self, name: str) -> str | None:
        """Return a string without control characters, or None. Customers may well have marks of direction in theirs."""
        found = self.get_optional_text(name, _LONGEST_NAME)
        if found is not None and _CONTROL.search(found):
            raise InvalidInputError(f"{name}: holds control characters", field=name, size=len(found))
        return found

    def get_url(self, name: str, default: str | None = None) -> str:
        """Return an absolute `http` or `https` URL; without a default, it is required."""
        found = self.get_optional_text(name, _LONGEST_URL) or default
        problem = "is missing or empty" if found is None else find_web_address_problem(found)
        if problem is not None:
            raise InvalidInputError(f"{name}: {problem}", field=name, size=len(found or ""))
        return found or ""

    def get_optional_emoji(self, name: str) -> str | None:
        """Return one emoji, or None; an empty string counts as absent."""
        found = self.get_optional_text(name)
        if found and (len(found) > _LONGEST_EMOJI or not _EMOJI.fullmatch(found)):
            problem = f"must be one emoji, and has {len(found)} characters"
            raise InvalidInputError(f"{name}: {problem}", field=name, size=len(found), limit=1)
        return found or None

    def get_text_list(self, name: str) -> tuple[str, ...]:
        """Return a list of strings, empty if it is absent."""
        return tuple(self.get(name) or ())

    def get_number(self, name: str, default: float = 0) -> float:
        """Return a finite number."""
        found: float | None = self.get(name)
        return default if found is None else found

    def get_degrees(self, name: str, limit: int) -> float:
        """Return an angle between the limit to the one side and to the other."""
        found = self.get_number(name)
        if abs(found) > limit:
            problem = f"is {found:.15g}, and must be between -{limit} and {limit}"
            raise InvalidInputError(f"{name}: {problem}", field=name, limit=limit)
        return found

    def get_flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        found: bool | None = self.get(name)
        return default if found is None else found

    def get_object(self, name: str) -> Mapping[str, Any] | None:
        """Return an object, or None."""
        found: Mapping[str, Any] | None = self.get(name)
        return found

    def get_customer(self) -> Identity:
        """Return a customer from a phone number or BSUID."""
        return parse_customer("customer", self.get("customer"))

    def get_identity(self) -> Identity:
        """Return a customer from `phone` and `bsuid`, of which at least one is required."""
        phone, bsuid = self.get_optional_text("phone"), self.get_optional_text("bsuid")
        if phone is None and bsuid is None:
            raise InvalidInputError("phone: a customer has a phone number, a BSUID, or both", field="phone")
        return Identity(phone, bsuid)
