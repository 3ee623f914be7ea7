"""Pickling and copying of values that hold JSON, however deep it is."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs

from connectly_api.json_values import is_array, is_object
from connectly_api.webhooks.decoding import is_deeper

__all__ = ["DeepValue"]

_DEEP: Final = 50
"""Levels from which on JSON is pickled as text. What is documented has fewer than ten."""


@attrs.frozen
class _Text:
    json: str = attrs.field(repr=False)


class DeepValue:
    """The base of values without slots: `pickle` and `copy` recurse for each level, and fail before our own limit."""

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields, deep JSON as text."""
        return {name: _packed(value) for name, value in self.__dict__.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the fields."""
        self.__dict__.update(
            (name, json.loads(value.json) if isinstance(value, _Text) else value) for name, value in state.items()
        )


def _packed(value: object) -> object:
    if not (is_object(value) or is_array(value)) or not is_deeper(value, _DEEP):
        return value
    try:
        return _Text(json.dumps(value))
    except (TypeError, ValueError, RecursionError):
        return value  # It was made by hand, of something else than JSON.
