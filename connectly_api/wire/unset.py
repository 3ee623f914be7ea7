"""`UNSET`, the value of a field that was not given or not sent."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal, Self, cast


class Unset:
    """The type of `UNSET`, a falsy singleton."""

    __slots__ = ()
    _instance: ClassVar[Any] = None

    def __new__(cls) -> Self:
        """Return the only instance, also when it is copied or unpickled."""
        if Unset._instance is None:
            Unset._instance = super().__new__(cls)
        return cast("Self", Unset._instance)

    def __bool__(self) -> Literal[False]:
        """Return False, so that type checkers narrow `if field:` to a field that is set."""
        return False

    def __repr__(self) -> str:
        """Return `UNSET`."""
        return "UNSET"

    def __reduce__(self) -> str:
        """Pickle and copy by name."""
        return "UNSET"


UNSET: Final = Unset()
"""A field that was not given, or not received. It is left out of the JSON, unlike `None`, which is JSON's `null`."""
