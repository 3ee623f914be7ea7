"""The arguments of a verb, as the types of Python. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from connectly_api.errors import InvalidInputError
from connectly_api.keywords import find_nearest
from connectly_api.sandbox.model.identity import Identity, parse_customer
from connectly_api.sandbox.verbs.declarations import Declaration, check_arguments

_SHOWN: Final = 6


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

    def get_text(self, name: str) -> str:
        """Return a required string."""
        return str(self.get(name))

    def get_optional_text(self, name: str) -> str | None:
        """Return a string, or None."""
        found: str | None = self.get(name)
        return found

    def get_optional_texts(self, *names: str) -> dict[str, str]:
        """Return the strings that are present, by name."""
        return {name: text for name in names if (text := self.get_optional_text(name)) is not None}

    def get_text_list(self, name: str) -> tuple[str, ...]:
        """Return a list of strings, empty if it is absent."""
        return tuple(self.get(name) or ())

    def get_number(self, name: str, default: float = 0) -> float:
        """Return a finite number."""
        found: float | None = self.get(name)
        return default if found is None else found

    def get_flag(self, name: str, *, default: bool) -> bool:
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
