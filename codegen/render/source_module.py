"""Writes `_source.py`: what a tree was generated from, and the method and path of each operation. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from codegen.render.literals import literal
from codegen.spec.document import Json
from codegen.spec.traverse import operations


def render_source_module(document: Json, swagger: bytes, versions: Mapping[str, str]) -> str:
    """Return the only module with the file's hash, so that the others change only when their content does."""
    table = {one.fields["operationId"]: (one.method.upper(), one.fields["x-path"]) for one in operations(document)}
    return f"""# Generated from service.swagger.json by "python -m codegen generate": do not edit.
\"\"\"What this tree was generated from, and with what.\"\"\"

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SWAGGER_SHA256: Final = "{hashlib.sha256(swagger).hexdigest()}"
GENERATOR: Final = "openapi-python-client {versions["openapi-python-client"]}"
FORMATTER: Final = "ruff {versions["ruff"]}"
OPERATIONS: Final[Mapping[str, tuple[str, str]]] = {{{
        "".join(f"{literal(name)}: {literal(table[name])}," for name in sorted(table))
    }}}
\"\"\"Method and path of each operation, by the name of its function.\"\"\"
"""
