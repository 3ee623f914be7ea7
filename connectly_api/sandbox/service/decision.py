"""From a request to its answer, in one pure function: what the sandbox's edges call, and nothing else decides.

The order of the checks is the service's, as far as it is known: the path, the method, the key, the business, then the
request's own values, all of whose violations are named at once, then the rules of the operation.
"""

from __future__ import annotations

from hmac import compare_digest
from urllib.parse import parse_qsl

import attrs

from connectly_api.errors import Headers, Violation
from connectly_api.json_values import is_object
from connectly_api.sandbox.model.changes import SendCounted
from connectly_api.sandbox.model.exchange import Manner
from connectly_api.sandbox.model.ids import trace_id
from connectly_api.sandbox.model.refusals import Refusal, invalid, rate_limited
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import Change, State
from connectly_api.sandbox.service.handlers import HANDLERS, LIMITED, Call, Done
from connectly_api.sandbox.spec.answers import example
from connectly_api.sandbox.spec.operations import Found, Operation, Requirement, Service
from connectly_api.sandbox.spec.protojson import NotJsonError, Reading, ascii_json, decode, read
from connectly_api.sandbox.spec.request_values import read_arguments
from connectly_api.sandbox.spec.schemas import Schema, camel_case
from connectly_api.sandbox.spec.validation import violations

__all__ = ["Incoming", "Verdict", "decide"]


@attrs.frozen
class Incoming:
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
class Verdict:
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
    unknown: tuple[str, ...] = ()
    manner: Manner = attrs.field(factory=Manner)
    fault: str | None = None
    answer: Schema | None = attrs.field(default=None, repr=False)


@attrs.frozen
class _Read:
    """A request whose values fit, or the refusal of one whose values do not."""

    body: object
    unknown: tuple[str, ...]
    refusal: Refusal | None = None


def decide(service: Service, settings: Settings, state: State, request: Incoming) -> Verdict:
    """Return the answer to a request, and the changes that follow; nothing is changed here."""
    trace = trace_id(settings.seed, state.received + 1)
    found = service.find(request.path)
    if not found:
        return _refused(Refusal(status=404, message="There is no such path"), trace)
    if request.method not in found:
        allowed = ("allow", ", ".join(sorted(found)))
        return _refused(Refusal(status=405, message="That path has no such method", headers=(allowed,)), trace)
    target = found[request.method]
    refusal = _admission(target, settings, request)
    if refusal is not None:
        return _refused(refusal, trace, target.operation)
    if target.operation.shape not in LIMITED or settings.rate_limit is None:
        return _considered(target, settings, state, request, trace)
    if not state.has_room(target.operation.shape, settings.rate_limit):
        return _refused(rate_limited(settings.rate_limit), trace, target.operation)
    verdict = _considered(target, settings, state, request, trace)
    counted = SendCounted(target.operation.shape, settings.rate_limit)
    return attrs.evolve(verdict, changes=(counted, *verdict.changes))


def _considered(target: Found, settings: Settings, state: State, request: Incoming, trace: str) -> Verdict:
    """Answer a request that is let in."""
    values = _read(target, settings, request)
    if values.refusal is not None:
        return _refused(values.refusal, trace, target.operation, values.unknown)
    body = values.body if is_object(values.body) else {}
    call = Call(target.parameters, body, trace, settings, state, target.operation.id)
    return _answered(target.operation, call, values.unknown)


def _answered(operation: Operation, call: Call, unknown: tuple[str, ...]) -> Verdict:
    handler = HANDLERS.get(operation.shape)
    if handler is None:
        content = b"" if operation.answer is None else ascii_json(example(operation.answer))
        return Verdict(
            operation.status, content, call.trace_id, operation=operation.id, unknown=unknown, answer=operation.answer
        )
    outcome = handler(call)
    if isinstance(outcome, Refusal):
        return _refused(outcome, call.trace_id, operation, unknown)
    return Verdict(
        status=outcome.status or operation.status,
        content=ascii_json(_spelt(operation, outcome)),
        trace_id=call.trace_id,
        changes=outcome.changes,
        operation=operation.id,
        unknown=unknown,
        manner=Manner(is_early=outcome.is_early),
        answer=operation.answer,
    )


def _spelt(operation: Operation, outcome: Done) -> object:
    """Spell the answer's names as the file does."""
    return outcome.body if operation.answer is None else read(operation.answer, outcome.body).value


def _refused(
    refusal: Refusal, trace: str, operation: Operation | None = None, unknown: tuple[str, ...] = ()
) -> Verdict:
    return Verdict(
        status=refusal.status,
        content=ascii_json(refusal.body(trace)),
        trace_id=trace,
        headers=refusal.headers,
        operation=None if operation is None else operation.id,
        code=refusal.code,
        violations=refusal.violations,
        unknown=unknown,
    )


def _admission(target: Found, settings: Settings, request: Incoming) -> Refusal | None:
    alternatives = target.operation.security
    if alternatives and not any(
        all(_is_met(one, settings.api_key, request) for one in requirements) for requirements in alternatives
    ):
        return Refusal(status=401, message="The API key is missing or wrong", type="ERROR_TYPE_AUTHENTICATION")
    for name, value in target.parameters.items():
        if camel_case(name) == "businessId" and value != settings.business_id:
            return Refusal(status=404, message="There is no such business")
    return None


def _is_met(requirement: Requirement, key: str, request: Incoming) -> bool:
    pairs = request.headers if requirement.place == "header" else parse_qsl(request.query, keep_blank_values=True)
    name = requirement.name.lower() if requirement.place == "header" else requirement.name
    given = next((value for candidate, value in pairs if candidate == name), "")
    if requirement.scheme:
        given = given.partition(" ")[2]
    return compare_digest(given.encode(errors="replace"), key.encode())


def _read(target: Found, settings: Settings, request: Incoming) -> _Read:
    operation = target.operation
    arguments = read_arguments(operation, target.parameters, request.query, request.headers)
    if request.body is None:
        message = f"The body has more than {settings.max_body_bytes} bytes"
        return _Read(None, arguments.unknown, Refusal(status=413, message=message))
    reading, found = _read_body(operation, request.body)
    everything = (*arguments.violations, *reading.violations, *found)
    refusal = invalid(everything) if everything else None
    return _Read(reading.value, (*arguments.unknown, *reading.unknown), refusal)


def _read_body(operation: Operation, content: bytes) -> tuple[Reading, tuple[Violation, ...]]:
    nothing = Reading(value=None, unknown=(), violations=())
    if operation.body is None or operation.body_validator is None:
        return nothing, ()
    if not content.strip():
        return nothing, (Violation(field="body", problem="is empty"),) if operation.body_required else ()
    try:
        reading = read(operation.body, decode(content))
        return reading, violations(operation.body_validator, reading.value)
    except NotJsonError as error:
        return nothing, (Violation(field="body", problem=f"is {error}"),)
    except RecursionError:
        return nothing, (Violation(field="body", problem="is nested too deeply"),)
