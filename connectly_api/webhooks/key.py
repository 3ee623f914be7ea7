"""The key by which an event is known again: a digest, so that it holds no personal data in clear and has one length."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

__all__ = ["digest"]


def digest(kind: str, *facts: object) -> str:
    """Return a key: the kind of event, and the SHA-256 of the JSON values that tell it from its like.

    It does not depend on the order of names, nor on whether an absent value is left out or written as null or zero,
    which two gateways, or two versions of one, do differently.

    Args:
        kind: The event's kind, which stands before the digest in clear.
        facts: JSON values.
    """
    # Through text and back, because decoding calls the hook from the inside out and without Python's recursion.
    said = _PRUNE.decode(_ENCODE(facts))
    return f"{kind}:{hashlib.sha256(_ENCODE(said).encode('ascii')).hexdigest()}"


def _without_zero_values(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in fields.items() if found}


_PRUNE: Final = json.JSONDecoder(object_hook=_without_zero_values)
# ASCII, because a lone surrogate, which JSON can escape, has no UTF-8.
_ENCODE: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
