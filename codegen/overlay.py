"""Each deviation from the vendor's file, with its reason, in the order in which they are applied.

A step that finds fewer places than it names stops the run: what it deviates from is gone, so the step has to go too.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import attrs

from codegen import renames, rules
from codegen.document import CodegenError, Json

__all__ = ["SERVER", "STEPS", "Step", "apply"]

SERVER = "https://api.connectly.ai"
"""Source: https://docs.connectly.ai, where every example is sent there."""


@attrs.frozen
class Step:
    """One deviation.

    Attributes:
        name: What the step does, in a few words.
        reason: Why the vendor's file is not taken as it is.
        change: Changes a document in place and returns the number of places that it found; raises CodegenError where it
            cannot do its work.
        at_least: How many places the vendored file must offer.
        vendored_only: Whether the step is about the vendored file alone, and not a general rule.
    """

    name: str
    reason: str
    change: Callable[[Json], int]
    at_least: int = 0
    vendored_only: bool = False


def _add_server(document: Json) -> int:
    if "servers" in document:
        return 0
    document["servers"] = [{"url": SERVER}]
    return 1


STEPS = (
    Step(
        "add the server",
        "The file names no host; the documentation does.",
        _add_server,
        at_least=1,
        vendored_only=True,
    ),
    Step(
        "put the base path before each path",
        "A request's path begins at the host, so that one client can serve several files.",
        rules.join_base_path,
    ),
    Step(
        "drop error responses",
        "Errors are raised by the pipeline, which knows every status; as results they could be overlooked.",
        rules.drop_error_responses,
        at_least=1,
    ),
    Step(
        "keep one kind of success",
        "A function returns one type; 200 and 201 with the same schema are the same success.",
        rules.merge_successes,
    ),
    Step(
        "keep JSON only",
        "The transport carries JSON; other media types of the same body say the same.",
        rules.keep_json,
    ),
    Step(
        "fold titles into descriptions",
        "A title is a sentence from a comment; the generator would make a class name of it.",
        rules.fold_titles,
    ),
    Step(
        "leave formatted strings as they are",
        "A time with nanoseconds, a 64-bit number and Base64 survive as strings, and not as what Python has for them.",
        rules.drop_string_formats,
    ),
    Step(
        "treat null as absent",
        "The service answers null for what is not there, whatever the file says; so no field is nullable of its own.",
        rules.drop_nullable,
    ),
    Step(
        "drop defaults",
        "What the caller does not give is not sent; an enum's default would go out as `..._unspecified`.",
        rules.drop_defaults,
        at_least=1,
    ),
    Step(
        "drop unspecified enum values",
        "They mean that nothing was given, and must never be sent.",
        rules.drop_unspecified,
        at_least=1,
    ),
    Step(
        "give path parameters plain names",
        "A dotted name (`message.id`) is no identifier, and the name of a path parameter is never sent.",
        renames.rename_path_parameters,
    ),
    Step(
        "name operations without their service",
        "`send_message` says all that `message_service_send_message` does.",
        renames.rename_operations,
        at_least=1,
    ),
    Step(
        "name bodies after their operation",
        "`SendMessageRequest` is the body of `send_message`, whether the file defines it by name or in place.",
        renames.name_bodies,
    ),
    Step(
        "name schemas without their package",
        "`v1Message` is called so for protoc's sake; `Message` is enough where no other has that name.",
        renames.rename_schemas,
        at_least=1,
    ),
    Step(
        "give nested objects and enums names",
        "Generated names depend on where a schema stands; these are checked like all others.",
        renames.name_nested,
    ),
    Step(
        "read objects without fields as mappings",
        "A `dict` says more than a class without attributes.",
        renames.mark_mappings,
    ),
    Step(
        "refuse properties and parameters that share a name",
        "The generator would spell one of them differently, depending on the other.",
        renames.check_names,
    ),
)
"""All deviations, in order."""


def apply(document: Json, steps: Iterable[Step] = STEPS, *, vendored: bool) -> Json:
    """Return a document with every deviation applied.

    Args:
        document: An OpenAPI document; it is not changed.
        steps: What to apply.
        vendored: Whether this is the vendored file, to which the steps' expectations apply.

    Raises:
        CodegenError: A step found too few places to change, or could not do its work; the text names the step.
    """
    result = copy.deepcopy(document)
    for step in steps:
        if step.vendored_only and not vendored:
            continue
        try:
            found = step.change(result)
        except CodegenError as error:
            raise CodegenError(f"overlay step {step.name!r}: {error}") from None
        if vendored and found < step.at_least:
            raise CodegenError(
                f"overlay step {step.name!r}: found {found} places to change, expected {step.at_least} at least. "
                f"What it deviates from is gone ({step.reason}): take the step out of codegen/overlay.py"
            )
    return result
