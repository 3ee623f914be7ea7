"""Compares what two files of the vendor mean for a client. Pure.

`compare` takes two OpenAPI 3.0 documents, as `to_openapi` returns them, and returns a `Difference`; `render` renders it
as text, Markdown or JSON; `find_moves` returns where operations moved. Names of definitions, operation ids, tags and
order are not compared: they are not on the wire.
"""

from __future__ import annotations

from codegen.difference.changes import Bump, Change, Difference, Impact
from codegen.difference.compare import compare, find_moves
from codegen.difference.report import FORMATS, Format, line, render

__all__ = ["FORMATS", "Bump", "Change", "Difference", "Format", "Impact", "compare", "find_moves", "line", "render"]
