"""Names everything in a document: with the names that are published, or else with new, unique ones. Pure."""

from __future__ import annotations

from typing import NamedTuple

from codegen.naming.name_table import NO_NAMES
from codegen.naming.name_table import Published as NameTable
from codegen.naming.name_table import dump as dump_table
from codegen.naming.name_table import read as read_table
from codegen.naming.operation_names import name
from codegen.spec.document import Json

__all__ = ["NO_NAMES", "NameTable", "Named", "dump_table", "name_document", "read_table"]


class Named(NamedTuple):
    """A document in which everything has its Python name, and the table of these names."""

    document: Json
    table: NameTable


def name_document(document: Json, table: NameTable) -> Named:
    """Name everything in a document."""
    found = name(document, table)
    return Named(found.document, found.published)
