"""Lists every deviation from the vendor's file, with its reason, in the order of application.

Most steps are general rules that apply wherever they match, or nowhere, because the vendor may name and write things
differently in every file. A step about one operation has its place, and fails if that is gone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import attrs

from codegen import overlay_rules as rules
from codegen.spec.document import CodegenError, Json

SERVER = "https://api.connectly.ai"
"""Source: every example in https://docs.connectly.ai is sent there."""


@attrs.frozen
class Step:
    """One deviation.

    Attributes:
        name: A short description.
        reason: Why the vendor's file is not used as it is.
        change: Changes a document in place and returns the number of matches; raises CodegenError if it cannot.
        target: The place of the one operation that the step is about; empty for a general rule.
    """

    name: str
    reason: str
    change: Callable[[Json], int]
    target: str = ""


def _add_server(document: Json) -> int:
    if "servers" in document:
        return 0
    document["servers"] = [{"url": SERVER}]
    return 1


STEPS = (
    Step(
        "add the server",
        "The file has no host, but the documentation does.",
        _add_server,
    ),
    Step(
        "prepend the base path to each path",
        "A request's path is absolute, so that one client can serve several files.",
        rules.join_base_path,
    ),
    Step(
        "drop error responses",
        "The pipeline raises errors and handles every status; returned errors could be overlooked.",
        rules.drop_error_responses,
    ),
    Step(
        "keep one kind of success",
        "A function returns one type; 200 and 201 with the same schema are one kind of success.",
        rules.merge_successes,
    ),
    Step(
        "keep JSON only",
        "The transport sends JSON; other media types of a body carry the same content.",
        rules.keep_json,
    ),
    Step(
        "fold titles into descriptions",
        "A title is a sentence from a comment, which the generator would turn into a class name.",
        rules.fold_titles,
    ),
    Step(
        "keep formatted strings as strings",
        "A time with nanoseconds, a 64-bit number and Base64 lose nothing as strings, unlike as Python's own types.",
        rules.drop_string_formats,
    ),
    Step(
        "treat null as absent",
        "The service returns null for absent fields, whatever the file says, so nullable has no meaning.",
        rules.drop_nullable,
    ),
    Step(
        "drop defaults",
        "Unset arguments are not sent; an enum's default would be sent as `..._unspecified`.",
        rules.drop_defaults,
    ),
    Step(
        "drop unspecified enum values",
        "They mean that nothing is set, and must never be sent.",
        rules.drop_unspecified,
    ),
    Step(
        "keep enums of one type",
        "An enum lists the values to send; one of mixed types, fractions or booleans adds nothing to its type.",
        rules.drop_odd_enums,
    ),
    Step(
        "merge included objects into one",
        "On the wire, fields included by `allOf` look like the object's own.",
        rules.flatten,
    ),
)


def apply(document: Json, steps: Iterable[Step] = STEPS) -> Json:
    """Return a copy of an OpenAPI document with every deviation applied.

    Raises:
        CodegenError: A step's place is gone, or the step failed; the message names the step.
    """
    return _apply_steps(document, steps)[0]


def count_matches(document: Json, steps: Iterable[Step] = STEPS) -> dict[str, int]:
    """Return how many places each step changes, by its name; raise CodegenError as `apply` does."""
    return _apply_steps(document, steps)[1]


def _apply_steps(document: Json, steps: Iterable[Step]) -> tuple[Json, dict[str, int]]:
    result = copy.deepcopy(document)
    counts: dict[str, int] = {}
    for step in steps:
        try:
            found = counts[step.name] = step.change(result)
        except CodegenError as error:
            raise CodegenError(f"overlay step {step.name!r}: {error}") from None
        if step.target and not found:
            raise CodegenError(
                f"overlay step {step.name!r}: looked for {step.target} and did not find it. {step.reason} "
                "If that is no longer true, remove the step from codegen/overlay.py; otherwise, change its target"
            )
    return result, counts
