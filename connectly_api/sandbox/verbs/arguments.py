"""What a verb was called with, as a JSON object whose fields are asked for one by one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_array, is_object
from connectly_api.keywords import nearest
from connectly_api.sandbox.model.identity import Identity, as_bsuid, as_phone, identified

__all__ = ["ActArguments"]


class ActArguments:
    """The arguments of one act; whatever is not asked for before `end` is unknown."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Take the arguments; None stands for one that is absent."""
        self._given = given
        self._asked: set[str] = set()

    def end(self) -> None:
        """Check that nothing is left.

        Raises:
            InvalidInputError: There is an argument that nobody asked for.
        """
        for name in sorted(set(self._given) - self._asked):
            meant = "".join(f"; did you mean {found}?" for found in nearest(name, sorted(self._asked))[:1])
            raise InvalidInputError(f"{name}: is no argument of this verb{meant}", field=name)

    def value(self, name: str) -> Any:  # noqa: ANN401  (whatever was given)
        """Return an argument, or None."""
        self._asked.add(name)
        return self._given.get(name)

    def text(self, name: str) -> str:
        """Return a string that is there and not empty.

        Raises:
            InvalidInputError: It is not.
        """
        found = self.optional_text(name)
        if not found:
            raise InvalidInputError(f"{name}: is missing or empty", field=name)
        return found

    def optional_text(self, name: str) -> str | None:
        """Return a string, or None.

        Raises:
            InvalidInputError: It is something else, or holds what UTF-8 cannot carry.
        """
        found = self.value(name)
        if found is not None and (not isinstance(found, str) or not _is_utf8(found)):
            raise InvalidInputError(f"{name}: must be a string of UTF-8 text", field=name)
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings, empty where it is absent.

        Raises:
            InvalidInputError: It is something else.
        """
        found: object = self.value(name)
        if found is None:
            return ()
        if not is_array(found) or not all(isinstance(item, str) for item in found):
            raise InvalidInputError(f"{name}: must be a list of strings", field=name)
        return tuple(map(str, found))

    def number(self, name: str, default: float | None = None) -> float:
        """Return a finite number.

        Raises:
            InvalidInputError: It is something else, or absent where there is no default.
        """
        found = self.value(name)
        found = default if found is None else found
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not abs(found) <= _MOST:
            raise InvalidInputError(f"{name}: must be a number", field=name)
        return found

    def part(self, name: str) -> Mapping[str, Any] | None:
        """Return an object, or None.

        Raises:
            InvalidInputError: It is something else.
        """
        found = self.value(name)
        if found is not None and not is_object(found):
            raise InvalidInputError(f"{name}: must be an object", field=name)
        return found

    def customer(self, name: str = "customer") -> Identity:
        """Return the customer whom a phone number or a BSUID names.

        Raises:
            InvalidInputError: It is neither.
        """
        return identified(name, self.value(name))

    def identity(self, phone: str, bsuid: str) -> Identity:
        """Return a customer from two arguments, of which one may be absent.

        Raises:
            InvalidInputError: One is badly written, or both are absent.
        """
        given = self.optional_text(phone), self.optional_text(bsuid)
        if given[0] is not None and as_phone(given[0]) is None:
            raise InvalidInputError(f"{phone}: must be a phone number, + and 7 to 15 digits", field=phone)
        if given[1] is not None and as_bsuid(given[1]) is None:
            raise InvalidInputError(f"{bsuid}: must be a BSUID, a country, a dot and alphanumerics", field=bsuid)
        if given == (None, None):
            raise InvalidInputError(f"{phone}: a customer has a phone number, a BSUID, or both", field=phone)
        return Identity(*given)


_MOST = 1e15


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
