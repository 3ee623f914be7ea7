"""Lists every deviation from the vendor's file, in the order of application; `overlay_rules` gives their reasons.

Each is a general rule that applies wherever it matches, because the vendor may name and write things differently in
every file. An operation or a definition to which a rule cannot be applied is left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable

from codegen import overlay_rules as rules
from codegen.spec.document import Json, UnsupportedError, copy_json
from codegen.spec.traverse import (
    Site,
    check_operations,
    definition_sites,
    find_references,
    leave_out,
    leave_out_definitions,
    leave_out_unneeded,
    operation_sites,
    operations,
    read_left_out,
)

OPERATION_RULES = (rules.drop_error_responses, rules.keep_json, rules.merge_successes)
SCHEMA_RULES = (
    rules.drop_limits,
    rules.fold_title,
    rules.drop_string_format,
    rules.drop_nullable,
    rules.drop_default,
    rules.drop_unspecified,
    rules.drop_odd_enum,
)


def apply(document: Json) -> Json:
    """Return a copy of an OpenAPI document with every deviation applied; security, which no code needs, is dropped.

    Raises:
        CodegenError: No operation is left.
    """
    result: Json = copy_json({key: part for key, part in document.items() if key != "security"})
    schemas = result["components"]["schemas"]
    result["components"] = {"schemas": schemas}
    for operation in operations(result):
        operation.fields.pop("security", None)
        try:
            for change in OPERATION_RULES:
                change(operation.fields, operation.at)
        except UnsupportedError as error:
            leave_out(result, operation, str(error))
    if read_left_out(result) != read_left_out(document):
        leave_out_unneeded(result, find_references(document["paths"]))
    broken: dict[str, str] = {}
    for name in list(schemas):
        try:
            _change_schemas(definition_sites(result, name), schemas)
        except UnsupportedError as error:
            broken[name] = str(error)
    leave_out_definitions(result, broken)
    for operation in operations(result):
        try:
            _change_schemas(operation_sites(operation), schemas)
        except UnsupportedError as error:
            leave_out(result, operation, str(error))
    check_operations(result)
    return result


def _change_schemas(sites: Iterable[Site], schemas: Json) -> None:
    for site in sites:
        rules.merge_included(site.schema, schemas, site.at)
        for change in SCHEMA_RULES:
            change(site.schema)
        rules.check_schema(site.schema, schemas, site.at)
