"""Decides on a request: the response, and the changes that follow. Pure.

The checks are in the service's order, as far as it is known: path, method, key, business, then all values of the
request, whose violations are reported together, then the rules of the operation.
"""

from __future__ import annotations

from hmac import compare_digest
from urllib.parse import parse_qsl

import attrs

from connectly_api.json_values import is_object
from connectly_api.sandbox.model.exchange import ConnectionBehavior, Decision, Request, refuse_request
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.ids import build_trace_id
from connectly_api.sandbox.model.refusals import Refusal, refuse_rate, refuse_violations
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.model.state_changes import MessageAccepted, SendCounted
from connectly_api.sandbox.service.handlers import HANDLERS, RATE_LIMITED, Call
from connectly_api.sandbox.service.participants import READERS
from connectly_api.sandbox.spec.api_operations import Operation, Requirement, RouteMatch, Service
from connectly_api.sandbox.spec.examples import build_example
from connectly_api.sandbox.spec.protojson import encode_ascii, fit_value
from connectly_api.sandbox.spec.request_values import read_values


def decide(service: Service, settings: Settings, state: State, request: Request) -> Decision:
    """Return the response to a request and the changes that follow, without applying them."""
    trace = build_trace_id(settings.seed, state.request_count + 1)
    routes = service.find(request.path)
    if not routes:
        return refuse_request(Refusal(status=404, message="There is no such path"), trace)
    if request.method not in routes:
        allowed = ("allow", ", ".join(sorted(routes)))
        return refuse_request(Refusal(status=405, message="That path has no such method", headers=(allowed,)), trace)
    route = routes[request.method]
    refusal = _check_access(route, settings, request)
    if refusal is None and route.operation.function in RATE_LIMITED and state.is_full:
        refusal = Refusal(status=503, message="The sandbox has too much to do: move its clock")
    if refusal is not None:
        return refuse_request(refusal, trace, route.operation.names)
    function = route.operation.function
    if function not in RATE_LIMITED:
        return _handle(route, settings, state, request, trace)
    counts: list[SendCounted] = []
    if (limit := settings.rate_limit) is not None:
        if not state.has_room(function, limit):
            return refuse_request(refuse_rate(limit), trace, route.operation.names)
        counts.append(SendCounted(function, limit))
    decision = _handle(route, settings, state, request, trace)
    sender = _find_sender(decision)
    if sender is not None and (limit := settings.number_limit) is not None:
        if not state.has_room(sender, limit):
            decision = refuse_request(refuse_rate(limit, whose="from one number "), trace, route.operation.names)
        else:
            counts.append(SendCounted(sender, limit))
    return attrs.evolve(decision, changes=(*counts, *decision.changes))


def find_recipient(service: Service, settings: Settings, request: Request, decision: Decision) -> Identity:
    """Return whom a request wrote to, or was to write to: also one that was refused, if that can be read."""
    accepted = (change.message.customer for change in decision.changes if isinstance(change, MessageAccepted))
    return next(accepted, None) or _read_recipient(service, settings, request)


def _read_recipient(service: Service, settings: Settings, request: Request) -> Identity:
    route = service.find(request.path).get(request.method)
    read_participants = None if route is None else READERS.get(route.operation.function or "")
    if route is None or read_participants is None:
        return Identity()
    values = read_values(route.operation, route.parameters, request.query, request.headers, request.body)
    return read_participants(values.body if is_object(values.body) else {}, settings).customer


def _find_sender(decision: Decision) -> str | None:
    """Return the number that sends, if a message was accepted."""
    return next((change.message.sender for change in decision.changes if isinstance(change, MessageAccepted)), None)


def _check_access(route: RouteMatch, settings: Settings, request: Request) -> Refusal | None:
    alternatives = route.operation.security
    if alternatives and not any(
        all(_has_key(request, requirement, settings.api_key) for requirement in requirements)
        for requirements in alternatives
    ):
        return Refusal(status=401, message="The API key is missing or wrong", type="ERROR_TYPE_AUTHENTICATION")
    if route.business not in {None, settings.business_id}:
        return Refusal(status=404, message="There is no such business")
    return None


def _has_key(request: Request, requirement: Requirement, key: str) -> bool:
    is_header = requirement.place == "header"
    pairs = request.headers if is_header else parse_qsl(request.query, keep_blank_values=True)
    name = requirement.name.lower() if is_header else requirement.name
    given = next((value for candidate, value in pairs if candidate == name), "")
    if requirement.scheme:
        given = given.partition(" ")[2]
    return compare_digest(given.encode(errors="replace"), key.encode())


def _handle(route: RouteMatch, settings: Settings, state: State, request: Request, trace: str) -> Decision:
    operation = route.operation
    values = read_values(operation, route.parameters, request.query, request.headers, request.body)
    refusal = None
    if request.body is None:
        refusal = Refusal(status=413, message=f"The body has more than {settings.max_body_bytes} bytes")
    elif values.violations:
        refusal = refuse_violations(values.violations)
    if refusal is not None:
        return refuse_request(refusal, trace, operation.names, values.unknown_fields)
    handler = HANDLERS.get(operation.function or "")
    if handler is None:
        return _build_example(operation, trace, values.unknown_fields)
    body = values.body if is_object(values.body) else {}
    outcome = handler(Call(route.parameters, body, trace, settings, state, operation.names))
    if isinstance(outcome, Refusal):
        return refuse_request(outcome, trace, operation.names, values.unknown_fields)
    schema = operation.response_schema
    # The response has the names of the file.
    response = outcome.body if schema is None else fit_value(schema, outcome.body).value
    return Decision(
        status=outcome.status or operation.status,
        content=encode_ascii(response),
        trace_id=trace,
        changes=outcome.changes,
        operation=operation.names,
        unknown_fields=values.unknown_fields,
        behavior=ConnectionBehavior(is_early=outcome.is_early),
        response_schema=schema,
    )


def _build_example(operation: Operation, trace: str, unknown_fields: tuple[str, ...]) -> Decision:
    schema = operation.response_schema
    return Decision(
        status=operation.status,
        content=b"" if schema is None else encode_ascii(build_example(schema)),
        trace_id=trace,
        operation=operation.names,
        unknown_fields=unknown_fields,
        response_schema=schema,
    )
