"""A request to the sandbox, and the decision on it."""

from __future__ import annotations

from typing import Literal

import attrs

from connectly_api.errors import Headers, Violation
from connectly_api.sandbox.model.state import Change
from connectly_api.sandbox.spec.json_schemas import Schema

Ending = Literal["whole", "hang", "reset", "cut_off"]


@attrs.frozen
class ConnectionBehavior:
    """What the server does with the response and its connection.

    Attributes:
        is_early: Whether webhooks that are due are delivered first.
        before: Real seconds to wait before the head.
        between: Real seconds to wait in the middle of the body.
        ending: `whole`; `hang` never responds; `reset` resets the connection instead of responding; `cut_off` resets it
            in the middle of the body.
    """

    is_early: bool = False
    before: float = 0.0
    between: float = 0.0
    ending: Ending = "whole"


@attrs.frozen
class Request:
    """A request as it was received.

    Attributes:
        method: In capitals.
        path: Percent-encoded, without the query.
        query: Percent-encoded.
        headers: Names in lower case, in order.
        body: None if it was longer than the limit.
    """

    method: str
    path: str = attrs.field(repr=False)
    query: str = attrs.field(repr=False)
    headers: Headers = attrs.field(repr=False)
    body: bytes | None = attrs.field(repr=False)


@attrs.frozen
class Decision:
    """The response to a request, what it changes, and what is kept for inspection.

    Attributes:
        status: The status of the response.
        content: Its body.
        trace_id: The `cntTraceId` of a refusal.
        headers: Further headers.
        changes: The changes that follow.
        operation: The operation id of the Swagger file; None if method and path lead to none.
        code: The error code of a refusal.
        violations: Its reasons.
        unknown_fields: Fields that are ignored.
        behavior: How the response is sent.
        fault: The fault that a rule caused.
        response_schema: The schema of a success's body.
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
