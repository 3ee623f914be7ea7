"""OpenAPI documents of one operation, and what changes from one to another."""

from __future__ import annotations

from typing import Any

from codegen.difference import Change, compare, line
from codegen.spec.document import Json

__all__ = ["body", "changes", "document", "kinds", "lines", "swapped"]


def document(operation: Json | None = None, *, path: str = "/things", method: str = "post", **root: Any) -> Json:
    """Return a document of one operation."""
    fields = {"responses": {"200": {"description": ""}}, **(operation or {})}
    return {"openapi": "3.0.3", "info": {"title": "", "version": "1"}, "paths": {path: {method: fields}}, **root}


def body(schema: Json, side: str, **schemas: Json) -> Json:
    """Return a document whose operation takes, or answers, a body."""
    content = {"content": {"application/json": {"schema": schema}}}
    if side == "request":
        return document({"requestBody": content}, components={"schemas": schemas})
    return document({"responses": {"200": {"description": "", **content}}}, components={"schemas": schemas})


def changes(old: Json, new: Json, side: str) -> list[Change]:
    """Return what changes between bodies of two schemas."""
    return list(compare(body(old, side), body(new, side)).changes)


def kinds(old: Json, new: Json, side: str) -> list[tuple[str, str]]:
    """Return the kind and the class of each change between bodies of two schemas."""
    return [(change.kind, change.impact) for change in changes(old, new, side)]


def lines(old: Json, new: Json) -> list[str]:
    """Return what changes between two documents, each change in a line."""
    return [line(change) for change in compare(old, new).changes]


def swapped(old: Json, new: Json) -> tuple[list[str], list[str]]:
    """Return what changes between two documents, there and back."""
    return lines(old, new), lines(new, old)
