"""Compares a generated tree with the expected one. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping


def compare(expected: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[str]:
    """Return a unified diff from the actual files to the expected ones, both as bytes by path."""
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
        difflib.unified_diff(_lines(is_), _lines(should), f"{path} (found)", f"{path} (generated)", lineterm="")
    )
    # Bytes can differ even if no line does, for example in line endings.
    yield from lines or [f"{path}: differs only in invisible bytes, such as line endings"]


def _lines(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode("utf-8", "backslashreplace").splitlines()
