"""Names everything in a document: as published, or else with new, unique names. Pure.

`name_document` takes the document and the table of published names, and returns both with what is new; `NameTable.move`
carries the names along when operations move.
"""

from __future__ import annotations

from codegen.naming.name_table import NO_NAMES, NameTable, dump_table, read_table
from codegen.naming.operation_names import Named, name_document

__all__ = ["NO_NAMES", "NameTable", "Named", "dump_table", "name_document", "read_table"]
