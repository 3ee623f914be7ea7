"""Guesses which removed field was renamed to which new one of the same kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Final

from codegen.difference.normalized import Shape

_ALIKE: Final = 0.6
_LONGEST: Final = 60
_MOST: Final = 60
"""The limits on a name's length and on the number of names, because a guess must be cheap."""


def guess_renames(removed: Mapping[str, Shape], added: Mapping[str, Shape]) -> dict[str, str]:
    """Return a new name for each removed field that may have been renamed.

    A pair must have the same kind, and be the only such pair or have similar names.
    """
    pairs = [
        (old, new) for old in [*removed][:_MOST] for new in [*added][:_MOST] if _look(removed[old]) == _look(added[new])
    ]
    return dict(_best(pairs))


def _look(shape: Shape) -> tuple[object, ...]:
    return shape.type, shape.format, shape.enum, frozenset(shape.properties)


def _best(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    waiting = list(pairs)
    alone = len(waiting) == 1
    found: list[tuple[str, str]] = []
    for old, new in sorted(waiting, key=lambda pair: (-_likeness(*pair), pair)):
        if any(old == known[0] or new == known[1] for known in found):
            continue
        if alone or _likeness(old, new) >= _ALIKE:
            found.append((old, new))
    return found


def _likeness(old: str, new: str) -> float:
    """Return how similar two names are, from 0 to 1, in snake_case or camelCase."""
    plain = [re.sub(r"[\W_]", "", name[:_LONGEST]).lower() for name in (old, new)]
    return SequenceMatcher(None, plain[0], plain[1], autojunk=False).ratio()
