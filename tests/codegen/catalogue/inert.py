"""Whether generated code is all the generator's own: nothing in it is called, or computed, that a file could name."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping

from tests.codegen.samples import frozen_tree

__all__ = ["strange"]


def strange(files: Mapping[str, bytes]) -> set[str]:
    """Return what stands in a tree and in no tree of a file that is known to be harmless.

    Args:
        files: The tree.

    Returns:
        Each kind of node, each function that is called and each expression within an f-string that is not known; of a
        class of the tree that is called, the name does not count.
    """
    return set(_traits(files)) - _known()


@functools.cache
def _known() -> frozenset[str]:
    # What the frozen file has no use for: lists, maps and query parameters are written and read by these.
    more = {
        "call _reading.map_of",
        "call _reading.list_of",
        "call _reading.as_number",
        "call _reading.as_integer",
        "call _parameters.encode_query",
        "call _parameters.encode_parameter",
        "call _parameters.encode_header",
        "call _writing.drop_unspecified",
    }
    return frozenset({*_traits(frozen_tree()), *more})


def _traits(files: Mapping[str, bytes]) -> Iterator[str]:
    modules = {path: ast.parse(text) for path, text in files.items() if path.endswith(".py")}
    classes = {node.name for module in modules.values() for node in ast.walk(module) if isinstance(node, ast.ClassDef)}
    for module in modules.values():
        for node in ast.walk(module):
            yield type(node).__name__
            if isinstance(node, ast.Call):
                callee = ast.unparse(node.func)
                yield f"call {'<class>' if callee.partition('.')[0] in classes else callee}"
            elif isinstance(node, ast.FormattedValue):
                value = node.value.func if isinstance(node.value, ast.Call) else node.value
                yield f"in an f-string: {ast.unparse(value)}"
