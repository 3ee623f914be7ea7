"""`UNSET`, the value of a field that was not given or not sent."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal, Self, cast


class Unset:
    """The type of `UNSET`: a field that was not given, or did not come. It is false, and there is one of it."""

    __slots__ = ()
    _instance: ClassVar[Any] = None

    def __new__(cls) -> Self:
        """Return the one instance, also to copy and pickle."""
        if Unset._instance is None:
            Unset._instance = super().__new__(cls)
        return cast("Self", Unset._instance)

    def __bool__(self) -> Literal[False]:
        """Return False; type checkers take `if field:` as the proof that a field is set."""
        return False

    def __repr__(self) -> str:
        """Return `UNSET`."""
        return "UNSET"

    def __reduce__(self) -> str:
        """Pickle and copy by name."""
        return "UNSET"


UNSET: Final = Unset()
"""Not given, or not there: such a field is left out of the JSON. `None` is a value of its own: JSON's `null`."""
