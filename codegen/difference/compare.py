"""From two documents to their difference. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codegen.difference.changes import Change, Difference, ordered
from codegen.walk import operations

__all__ = ["compare"]


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """Compare two services.

    Args:
        old: An OpenAPI 3 document, as `codegen.swagger.convert` returns it; it is not changed.
        new: Another.

    Returns:
        Every change that a client can notice, or read about.
    """
    before = {f"{found.method.upper()} {found.path}" for found in operations(dict(old))}
    after = {f"{found.method.upper()} {found.path}" for found in operations(dict(new))}
    return ordered(
        [
            *(
                Change("operation-removed", (at,), "the operation is removed", "breaking", "A call of it fails.")
                for at in before - after
            ),
            *(
                Change("operation-added", (at,), "a new operation", "additive", "Nobody calls it yet.")
                for at in after - before
            ),
        ]
    )
