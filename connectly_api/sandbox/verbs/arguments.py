"""The arguments of a verb. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_array, is_object
from connectly_api.keywords import find_nearest
from connectly_api.number_checks import is_number
from connectly_api.sandbox.model.identity import Identity, parse_bsuid, parse_customer, parse_phone

_LARGEST: Final = 1e15
_SHOWN: Final = 6


class VerbArguments:
    """A JSON object whose fields are read one by one; unread fields are unknown arguments.

    Every getter raises `InvalidInputError` if the argument is missing or of another type.
    """

    def __init__(self, given: Mapping[str, Any], names: Mapping[str, Collection[str]] | None = None) -> None:
        """Keep the arguments; None counts as absent. `names` has the ones that an argument can have."""
        self._given = given
        self._names = names or {}
        self._read: set[str] = set()

    def check_unknown(self) -> None:
        """Check that every argument was read.

        Raises:
            InvalidInputError: One was not.
        """
        for name in sorted(set(self._given) - self._read):
            hint = "".join(f"; did you mean {found}?" for found in find_nearest(name, sorted(self._read))[:1])
            raise InvalidInputError(f"{name}: is not an argument of this verb{hint}", field=name)

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

    def get(self, name: str) -> Any:  # noqa: ANN401  (whatever was given)
        """Return an argument of any type, or None."""
        self._read.add(name)
        return self._given.get(name)

    def get_text(self, name: str) -> str:
        """Return a string that is not empty."""
        found = self.get_optional_text(name)
        if not found:
            raise InvalidInputError(f"{name}: is missing or empty", field=name)
        return found

    def get_optional_text(self, name: str) -> str | None:
        """Return a string that UTF-8 can encode, or None."""
        found = self.get(name)
        if found is not None and (not isinstance(found, str) or not _is_utf8(found)):
            raise InvalidInputError(f"{name}: must be a string of UTF-8 text", field=name)
        return found

    def get_optional_texts(self, *names: str) -> dict[str, str]:
        """Return the strings that are present, by name."""
        return {name: text for name in names if (text := self.get_optional_text(name)) is not None}

    def get_text_list(self, name: str) -> tuple[str, ...]:
        """Return a list of strings, empty if it is absent."""
        found: object = self.get(name)
        if found is None:
            return ()
        if not is_array(found) or not all(isinstance(item, str) and _is_utf8(item) for item in found):
            raise InvalidInputError(f"{name}: must be a list of strings of UTF-8 text", field=name)
        return tuple(map(str, found))

    def get_number(self, name: str, default: float | None = None) -> float:
        """Return a finite number; without a default, it is required."""
        found = self.get(name)
        found = default if found is None else found
        if not is_number(found, -_LARGEST, _LARGEST):
            raise InvalidInputError(f"{name}: must be a number", field=name)
        return found

    def get_flag(self, name: str) -> bool:
        """Return true or false, which is the default."""
        found = self.get(name)
        if found is not None and not isinstance(found, bool):
            raise InvalidInputError(f"{name}: must be true or false", field=name)
        return found is True

    def get_object(self, name: str) -> Mapping[str, Any] | None:
        """Return an object, or None."""
        found = self.get(name)
        if found is not None and not is_object(found):
            raise InvalidInputError(f"{name}: must be an object", field=name)
        return found

    def get_customer(self) -> Identity:
        """Return a customer from a phone number or BSUID."""
        return parse_customer("customer", self.get("customer"))

    def get_identity(self) -> Identity:
        """Return a customer from `phone` and `bsuid`, of which at least one is required."""
        phone, bsuid = self.get_optional_text("phone"), self.get_optional_text("bsuid")
        if phone is not None and parse_phone(phone) is None:
            raise InvalidInputError("phone: must be a phone number, + and 7 to 15 digits", field="phone")
        if bsuid is not None and parse_bsuid(bsuid) is None:
            raise InvalidInputError("bsuid: must be a BSUID, a country, a dot and alphanumerics", field="bsuid")
        if phone is None and bsuid is None:
            raise InvalidInputError("phone: a customer has a phone number, a BSUID, or both", field="phone")
        return Identity(phone, bsuid)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
