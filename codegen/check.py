"""Whether a generated tree is what its Swagger file makes of it. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

__all__ = ["compare"]


def compare(expected: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[str]:
    """Return the lines of a unified diff from what is there to what should be; none where they are the same.

    Args:
        expected: Bytes by path, freshly generated.
        found: Bytes by path, as they are.
    """
    return [line for path in sorted({*expected, *found}) for line in _difference(path, expected, found)]


def _difference(path: str, expected: Mapping[str, bytes], found: Mapping[str, bytes]) -> Iterator[str]:
    should, is_ = expected.get(path), found.get(path)
    if should == is_:
        return
    if is_ is None:
        yield f"missing: {path}"
    elif should is None:
        yield f"extra: {path}"
    lines = list(
        difflib.unified_diff(_lines(is_), _lines(should), f"{path} (as it is)", f"{path} (as generated)", lineterm="")
    )
    # Bytes can differ where no line does: in how lines end, for one.
    yield from lines or [f"{path}: differs in bytes that no line shows, its line endings perhaps"]


def _lines(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode("utf-8", "backslashreplace").splitlines()
