"""How an answer is given: at once and whole, or as a rule wants it. Pure."""

from __future__ import annotations

from typing import Literal

import attrs

from connectly_api.errors import Headers, Violation
from connectly_api.sandbox.model.state import Change
from connectly_api.sandbox.spec.json_schemas import Schema

Ending = Literal["whole", "hang", "reset", "cut_off"]


@attrs.frozen
class ConnectionBehavior:
    """What the edge does with an answer.

    Attributes:
        is_early: Whether webhooks that are due go out first.
        before: Real seconds of silence before the head.
        between: Real seconds of silence in the middle of the body.
        ending: `whole`; `hang` never answers; `reset` drops the connection instead of answering; `cut_off` drops it
            in the middle of the body.
    """

    is_early: bool = False
    before: float = 0.0
    between: float = 0.0
    ending: Ending = "whole"


@attrs.frozen
class Request:
    """A request as it came.

    Attributes:
        method: In capitals.
        path: Percent-encoded, without the query.
        query: Percent-encoded.
        headers: Names in lower case, in order.
        body: The bytes, or None where they were more than the limit.
    """

    method: str
    path: str = attrs.field(repr=False)
    query: str = attrs.field(repr=False)
    headers: Headers = attrs.field(repr=False)
    body: bytes | None = attrs.field(repr=False)


@attrs.frozen
class Decision:
    """The answer, what it changes, and what inspection tells of it.

    Attributes:
        status: The answer's.
        content: The answer's body.
        trace_id: What a refusal's `cntTraceId` says.
        headers: Further headers of the answer.
        changes: What it changes.
        operation: The Swagger's operation id; None where path and method lead to none.
        code: The error code of a refusal.
        violations: Its reasons.
        unknown: Fields that are ignored.
        manner: How the answer is given.
        fault: What was done to it by a rule.
        answer: The schema of the answer's body, where it is a success.
    """

    status: int
    content: bytes
    trace_id: str
    headers: Headers = ()
    changes: tuple[Change, ...] = ()
    operation: str | None = None
    code: str | None = None
    violations: tuple[Violation, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    behavior: ConnectionBehavior = attrs.field(factory=ConnectionBehavior)
    fault: str | None = None
    response_schema: Schema | None = attrs.field(default=None, repr=False)
