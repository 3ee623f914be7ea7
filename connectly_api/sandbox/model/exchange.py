"""A request to the sandbox, and the decision on it."""

from __future__ import annotations

from typing import Literal

import attrs

from connectly_api.errors import Headers, Violation
from connectly_api.sandbox.model.refusals import Refusal
from connectly_api.sandbox.model.state import Change
from connectly_api.sandbox.spec.json_schemas import Schema
from connectly_api.sandbox.spec.protojson import encode_ascii

Ending = Literal["whole", "hang", "reset", "cut_off"]


@attrs.frozen
class ConnectionBehavior:
    """What the server does with the response and its connection.

    Attributes:
        is_early: Whether due webhooks are delivered first.
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
    """A request, as received.

    The method is in capitals, path and query are percent-encoded, and the headers are in order, with lower-case names.
    The body is None if it exceeded the limit.
    """

    method: str
    path: str = attrs.field(repr=False)
    query: str = attrs.field(repr=False)
    headers: Headers = attrs.field(repr=False)
    body: bytes | None = attrs.field(repr=False)


@attrs.frozen
class Decision:
    """The response to a request, the changes that follow, and the values for `ReceivedRequest`.

    Attributes:
        headers: All but the type and length of the content.
        operation: The names of the operation, its id first; empty if no operation has the path and method.
        behavior: How the response is sent.
        response_schema: The schema of a successful response.
    """

    status: int
    content: bytes
    trace_id: str
    headers: Headers = ()
    changes: tuple[Change, ...] = ()
    operation: tuple[str, ...] = ()
    code: str | None = None
    violations: tuple[Violation, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    behavior: ConnectionBehavior = attrs.field(factory=ConnectionBehavior)
    fault: str | None = None
    response_schema: Schema | None = attrs.field(default=None, repr=False)


def refuse_request(
    refusal: Refusal, trace: str, operation: tuple[str, ...] = (), unknown_fields: tuple[str, ...] = ()
) -> Decision:
    """Return the decision to refuse a request, which changes nothing."""
    return Decision(
        status=refusal.status,
        content=encode_ascii(refusal.to_body(trace)),
        trace_id=trace,
        headers=refusal.headers,
        operation=operation,
        code=refusal.code,
        violations=refusal.violations,
        unknown_fields=unknown_fields,
    )
