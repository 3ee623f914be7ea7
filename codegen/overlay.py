"""Each deviation from the vendor's file, with its reason, in the order in which they are applied.

Most steps are general rules, which change what they find, be it nothing: how the vendor writes and names things may
change with every file. A step about one operation names its place, and stops the run when that is gone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import attrs

from codegen import rules
from codegen.document import CodegenError, Json

__all__ = ["SERVER", "STEPS", "Step", "apply", "counted"]

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
        target: The place of the one operation that the step is about; empty where it is a general rule.
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
        "The file names no host; the documentation does.",
        _add_server,
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
    ),
    Step(
        "drop unspecified enum values",
        "They mean that nothing was given, and must never be sent.",
        rules.drop_unspecified,
    ),
    Step(
        "keep enums of one type",
        "A list of values says what to write; one of several types, of fractions or of yes and no says nothing more.",
        rules.drop_odd_enums,
    ),
    Step(
        "read what includes others as one object",
        "What an object includes by `allOf` is on the wire as if it were its own.",
        rules.flatten,
    ),
)
"""All deviations, in order."""


def apply(document: Json, steps: Iterable[Step] = STEPS) -> Json:
    """Return a document with every deviation applied.

    Args:
        document: An OpenAPI document; it is not changed.
        steps: What to apply.

    Raises:
        CodegenError: What a step is about is gone, or it could not do its work; the text names the step.
    """
    return _applied(document, steps)[0]


def counted(document: Json, steps: Iterable[Step] = STEPS) -> dict[str, int]:
    """Return how many places each step changes, by its name.

    Args:
        document: An OpenAPI document; it is not changed.
        steps: What to apply.

    Raises:
        CodegenError: As `apply` does.
    """
    return _applied(document, steps)[1]


def _applied(document: Json, steps: Iterable[Step]) -> tuple[Json, dict[str, int]]:
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
                "If that is no longer so, take the step out of codegen/overlay.py; else let it look for the new place"
            )
    return result, counts
