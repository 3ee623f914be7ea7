"""From a request to its answer, in one pure function: what the sandbox's edges call, and nothing else decides.

The order of the checks is the service's, as far as it is known: the path, the method, the key, the business, then the
request's own values, all of whose violations are named at once, then the rules of the operation.
"""

from __future__ import annotations

from hmac import compare_digest
from urllib.parse import parse_qsl

import attrs

from connectly_api.errors import Violation
from connectly_api.json_values import is_object
from connectly_api.sandbox.model.exchange import ConnectionBehavior, Decision, Request
from connectly_api.sandbox.model.ids import build_trace_id
from connectly_api.sandbox.model.refusals import Refusal, refuse_rate, refuse_violations
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.model.state_changes import SendCounted
from connectly_api.sandbox.service.handlers import HANDLERS, RATE_LIMITED, Call, Success
from connectly_api.sandbox.spec.api_operations import Operation, Requirement, RouteMatch, Service
from connectly_api.sandbox.spec.examples import build_example
from connectly_api.sandbox.spec.json_schemas import to_camel_case
from connectly_api.sandbox.spec.protojson import FittedValue, NotJsonError, decode_json, encode_ascii, fit_value
from connectly_api.sandbox.spec.request_values import check_parameters
from connectly_api.sandbox.spec.validation import find_violations


@attrs.frozen
class _Read:
    """A request whose values fit, or the refusal of one whose values do not."""

    body: object
    unknown_fields: tuple[str, ...]
    refusal: Refusal | None = None


def decide(service: Service, settings: Settings, state: State, request: Request) -> Decision:
    """Return the answer to a request, and the changes that follow; nothing is changed here."""
    trace = build_trace_id(settings.seed, state.request_count + 1)
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
    if target.operation.shape not in RATE_LIMITED or settings.rate_limit is None:
        return _considered(target, settings, state, request, trace)
    if not state.has_room(target.operation.shape, settings.rate_limit):
        return _refused(refuse_rate(settings.rate_limit), trace, target.operation)
    verdict = _considered(target, settings, state, request, trace)
    counted = SendCounted(target.operation.shape, settings.rate_limit)
    return attrs.evolve(verdict, changes=(counted, *verdict.changes))


def _considered(target: RouteMatch, settings: Settings, state: State, request: Request, trace: str) -> Decision:
    """Answer a request that is let in."""
    values = _read(target, settings, request)
    if values.refusal is not None:
        return _refused(values.refusal, trace, target.operation, values.unknown_fields)
    body = values.body if is_object(values.body) else {}
    call = Call(target.parameters, body, trace, settings, state, target.operation.id)
    return _answered(target.operation, call, values.unknown_fields)


def _answered(operation: Operation, call: Call, unknown: tuple[str, ...]) -> Decision:
    handler = HANDLERS.get(operation.shape)
    if handler is None:
        content = b"" if operation.response_schema is None else encode_ascii(build_example(operation.response_schema))
        return Decision(
            operation.status,
            content,
            call.trace_id,
            operation=operation.id,
            unknown_fields=unknown,
            response_schema=operation.response_schema,
        )
    outcome = handler(call)
    if isinstance(outcome, Refusal):
        return _refused(outcome, call.trace_id, operation, unknown)
    return Decision(
        status=outcome.status or operation.status,
        content=encode_ascii(_spelt(operation, outcome)),
        trace_id=call.trace_id,
        changes=outcome.changes,
        operation=operation.id,
        unknown_fields=unknown,
        behavior=ConnectionBehavior(is_early=outcome.is_early),
        response_schema=operation.response_schema,
    )


def _spelt(operation: Operation, outcome: Success) -> object:
    """Spell the answer's names as the file does."""
    return (
        outcome.body if operation.response_schema is None else fit_value(operation.response_schema, outcome.body).value
    )


def _refused(
    refusal: Refusal, trace: str, operation: Operation | None = None, unknown: tuple[str, ...] = ()
) -> Decision:
    return Decision(
        status=refusal.status,
        content=encode_ascii(refusal.body(trace)),
        trace_id=trace,
        headers=refusal.headers,
        operation=None if operation is None else operation.id,
        code=refusal.code,
        violations=refusal.violations,
        unknown_fields=unknown,
    )


def _admission(target: RouteMatch, settings: Settings, request: Request) -> Refusal | None:
    alternatives = target.operation.security
    if alternatives and not any(
        all(_is_met(one, settings.api_key, request) for one in requirements) for requirements in alternatives
    ):
        return Refusal(status=401, message="The API key is missing or wrong", type="ERROR_TYPE_AUTHENTICATION")
    for name, value in target.parameters.items():
        if to_camel_case(name) == "businessId" and value != settings.business_id:
            return Refusal(status=404, message="There is no such business")
    return None


def _is_met(requirement: Requirement, key: str, request: Request) -> bool:
    pairs = request.headers if requirement.place == "header" else parse_qsl(request.query, keep_blank_values=True)
    name = requirement.name.lower() if requirement.place == "header" else requirement.name
    given = next((value for candidate, value in pairs if candidate == name), "")
    if requirement.scheme:
        given = given.partition(" ")[2]
    return compare_digest(given.encode(errors="replace"), key.encode())


def _read(target: RouteMatch, settings: Settings, request: Request) -> _Read:
    operation = target.operation
    arguments = check_parameters(operation, target.parameters, request.query, request.headers)
    if request.body is None:
        message = f"The body has more than {settings.max_body_bytes} bytes"
        return _Read(None, arguments.unknown_fields, Refusal(status=413, message=message))
    reading, found = _read_body(operation, request.body)
    everything = (*arguments.violations, *reading.violations, *found)
    refusal = refuse_violations(everything) if everything else None
    return _Read(reading.value, (*arguments.unknown_fields, *reading.unknown_fields), refusal)


def _read_body(operation: Operation, content: bytes) -> tuple[FittedValue, tuple[Violation, ...]]:
    nothing = FittedValue(value=None, unknown_fields=(), violations=())
    if operation.body is None or operation.body_validator is None:
        return nothing, ()
    if not content.strip():
        return nothing, (Violation(field="body", problem="is empty"),) if operation.body_required else ()
    try:
        reading = fit_value(operation.body, decode_json(content))
        return reading, find_violations(operation.body_validator, reading.value)
    except NotJsonError as error:
        return nothing, (Violation(field="body", problem=f"is {error}"),)
    except RecursionError:
        return nothing, (Violation(field="body", problem="is nested too deeply"),)
