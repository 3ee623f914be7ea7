"""Compares two operations, part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from codegen.difference.changes import Change, Place
from codegen.difference.constraints import Finding, compare_facets
from codegen.difference.endpoints import Endpoint, Part
from codegen.difference.normalized import Schemas
from codegen.difference.schema_changes import SchemaComparison
from codegen.difference.severity import classify

_NEW: Final[Mapping[str, Finding]] = {
    "parameter": ("parameter-added", "new optional parameter"),
    "required_parameter": ("required-parameter-added", "new required parameter"),
    "request": ("body-added", "now takes a body, which is optional"),
    "required_body": ("required-body-added", "now takes a body, which is required"),
    "body": ("body-added", "now returns a body"),
    "success": ("success-added", "new response"),
    "error": ("error-added", "new response"),
    "header": ("header-added", "new header"),
}
"""What a new part is, by its kind, or by a facet that says that it is required."""

_GONE: Final[Mapping[str, Finding]] = {
    "parameter": ("parameter-removed", "the parameter is removed"),
    "request": ("body-removed", "no longer takes a body"),
    "body": ("body-removed", "no longer returns a body"),
    "success": ("success-removed", "the response is removed"),
    "error": ("error-removed", "the response is removed"),
    "header": ("header-removed", "the header is removed"),
}


def compare_operations(
    schemas: Schemas, comparison: SchemaComparison, old: Endpoint, new: Endpoint
) -> Iterator[Change]:
    """Yield the changes between two versions of one operation, at the path of the new one.

    Args:
        schemas: The schemas of the new document.
        comparison: Compares the schemas of both documents; those of the operation are added to it.
        old: The operation before.
        new: The operation after.
    """
    for key in sorted(old.parts.keys() | new.parts.keys()):
        before, after = old.parts.get(key), new.parts.get(key)
        part = after or old.parts[key]
        place = Place(new.name, part.label)
        findings: Iterable[Finding] = ()
        if before is not None and after is not None:
            findings = compare_facets(before.facets, after.facets)
            if before.node is not None and after.node is not None:
                comparison.add(part.side, place, before.node, after.node)
        # A part of a new or removed response is a part of that change.
        elif not part.parent or (part.parent in old.parts and part.parent in new.parts):
            findings = [_describe_removal(part, old, new) if after is None else _describe_new(schemas, part)]
        for kind, what in findings:
            yield classify(kind, part.side, what, place)


def _describe_new(schemas: Schemas, part: Part) -> Finding:
    kind, what = _NEW[next((name for name in part.facets if name in _NEW), part.kind)]
    return kind, f"{what}, {schemas.describe(part.node or ())}" if part.kind == "parameter" else what


def _describe_removal(part: Part, old: Endpoint, new: Endpoint) -> Finding:
    kind, what = _GONE[part.kind]
    if part.kind == "success" and not any(new.parts[key].kind == "success" for key in old.parts.keys() & new.parts):
        kind = "successes-replaced"
    return kind, what
