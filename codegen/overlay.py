"""Lists every deviation from the vendor's file, with its reason, in the order of application.

Each is a general rule that applies wherever it matches, because the vendor may name and write things differently in
every file. An operation or a definition to which a rule cannot be applied is left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from codegen import overlay_rules as rules
from codegen.spec.document import Json, UnsupportedError, copy_json
from codegen.spec.traverse import (
    Site,
    check_operations,
    definition_sites,
    find_needed,
    leave_out,
    leave_out_definitions,
    leave_out_unneeded,
    operation_sites,
    operations,
    read_left_out,
)


@attrs.frozen
class Step:
    """One deviation.

    Attributes:
        name: A short description.
        reason: Why the vendor's file is not used as it is.
        change: Changes an operation or a schema, which is at the JSON pointer, in place.
    """

    name: str
    reason: str
    change: Callable[[Json, str], None]


OPERATION_STEPS = (
    Step(
        "drop error responses",
        "The pipeline raises errors and handles every status; returned errors could be overlooked.",
        rules.drop_error_responses,
    ),
    Step(
        "keep JSON only",
        "The transport sends JSON; other media types of a body carry the same content.",
        rules.keep_json,
    ),
    Step(
        "keep one kind of success",
        "A function returns one type; 200 and 201 with the same schema are one kind of success.",
        rules.merge_successes,
    ),
)
SCHEMA_STEPS = (
    Step(
        "drop limits",
        "The service checks them, and the generator refuses the whole file over a limit that makes no sense.",
        rules.drop_limits,
    ),
    Step(
        "fold titles into descriptions",
        "A title is a sentence from a comment, which the generator would turn into a class name.",
        rules.fold_title,
    ),
    Step(
        "keep formatted strings as strings",
        "A time with nanoseconds, a 64-bit number and Base64 lose nothing as strings, unlike as Python's own types.",
        rules.drop_string_format,
    ),
    Step(
        "treat null as absent",
        "The service returns null for absent fields, whatever the file says, so nullable has no meaning.",
        rules.drop_nullable,
    ),
    Step(
        "drop defaults",
        "Unset arguments are not sent; an enum's default would be sent as `..._unspecified`.",
        rules.drop_default,
    ),
    Step(
        "drop unspecified enum values",
        "They mean that nothing is set, and must never be sent.",
        rules.drop_unspecified,
    ),
    Step(
        "keep enums of one type",
        "An enum lists the values to send; one of mixed types, fractions or booleans adds nothing to its type.",
        rules.drop_odd_enum,
    ),
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
            for step in OPERATION_STEPS:
                step.change(operation.fields, operation.at)
        except UnsupportedError as error:
            leave_out(result, operation, str(error))
    if read_left_out(result) != read_left_out(document):
        leave_out_unneeded(result, find_needed(document))

    def change_all(site: Site) -> None:
        for step in SCHEMA_STEPS:
            step.change(site.schema, site.at)

    _change_schemas(result, change_all)
    _change_schemas(result, rules.Flattener(schemas).flatten)  # What is included has been changed by now.
    _change_schemas(result, lambda site: rules.check_end(site.schema, schemas, site.at))
    check_operations(result)
    return result


def _change_schemas(document: Json, change: Callable[[Site], None]) -> None:
    broken: dict[str, str] = {}
    for name in list(document["components"]["schemas"]):
        try:
            for site in definition_sites(document, name):
                change(site)
        except UnsupportedError as error:
            broken[name] = str(error)
    leave_out_definitions(document, broken)
    for operation in operations(document):
        try:
            for site in operation_sites(operation):
                change(site)
        except UnsupportedError as error:
            leave_out(document, operation, str(error))
