"""Reads the path, query, headers and body of a request, and finds what does not fit the operation.

Source: https://swagger.io/specification/v2/#parameter-object, and for unknown query parameters, which are ignored,
https://grpc-ecosystem.github.io/grpc-gateway/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl

import attrs

from connectly_api.errors import Headers, Violation
from connectly_api.sandbox.spec.api_operations import Operation, Parameter
from connectly_api.sandbox.spec.json_schemas import Schema, to_camel_case
from connectly_api.sandbox.spec.protojson import MAX_UNKNOWN, FittedValue, NotJsonError, decode_json, fit_value
from connectly_api.sandbox.spec.validation import find_violations


@attrs.frozen
class RequestValues:
    """The values of a request.

    Attributes:
        body: In the schema's own names; None if it is missing or cannot be decoded.
        violations: What does not fit, parameters first.
        unknown_fields: Query parameters and paths of fields that are not in the Swagger file.
    """

    body: object
    violations: tuple[Violation, ...]
    unknown_fields: tuple[str, ...]


def read_values(
    operation: Operation, path: Mapping[str, str], query: str, headers: Headers, content: bytes | None
) -> RequestValues:
    """Read the values of a request.

    Args:
        operation: The operation of the path.
        path: The path's parameters, decoded.
        query: Percent-encoded, without the question mark.
        headers: Names in lower case.
        content: The body; None skips it.
    """
    given: dict[tuple[str, str], list[str]] = {("path", name): [value] for name, value in path.items()}
    for name, value in headers:
        given.setdefault(("header", name), []).append(value)
    for name, value in parse_qsl(query, keep_blank_values=True):
        given.setdefault(("query", to_camel_case(name)), []).append(value)
    violations = [
        violation
        for parameter in operation.parameters
        for violation in _check_parameter(parameter, given.get(_get_key(parameter), []))
    ]
    unknown = _find_unknown(operation, [name for place, name in given if place == "query"])
    body, body_violations = _read_body(operation, content)
    return RequestValues(
        body.value,
        (*violations, *body.violations, *body_violations),
        (*(f"?{name}" for name in unknown[:MAX_UNKNOWN]), *body.unknown_fields),
    )


def _find_unknown(operation: Operation, names: Sequence[str]) -> Sequence[str]:
    if not names:
        return ()
    keys = {to_camel_case(requirement.name) for alternative in operation.security for requirement in alternative}
    known = keys | {name for place, name in map(_get_key, operation.parameters) if place == "query"}
    return [name for name in names if name not in known]


def _get_key(parameter: Parameter) -> tuple[str, str]:
    if parameter.place == "header":
        return "header", parameter.name.lower()
    return parameter.place, parameter.name if parameter.place == "path" else to_camel_case(parameter.name)


def _check_parameter(parameter: Parameter, texts: list[str]) -> Iterator[Violation]:
    if not texts:
        if parameter.required:
            yield Violation(field=parameter.name, problem="is missing")
        return
    is_list = parameter.schema.get("type") == "array"
    if is_list and parameter.separator is not None:
        texts = [item for text in texts for item in text.split(parameter.separator)]
    if not is_list and len(texts) > 1:
        yield Violation(field=parameter.name, problem="is given more than once")
        return
    items: Schema = parameter.schema.get("items", {})
    value: object = [_parse_text(items, text) for text in texts] if is_list else _parse_text(parameter.schema, texts[0])
    for violation in find_violations(parameter.validator, fit_value(parameter.schema, value).value):
        yield attrs.evolve(violation, field=f"{parameter.name}{violation.field.removeprefix('body')}")


def _parse_text(schema: Schema, text: str) -> object:
    if schema.get("type") == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def _read_body(operation: Operation, content: bytes | None) -> tuple[FittedValue, tuple[Violation, ...]]:
    nothing = FittedValue(value=None, unknown_fields=(), violations=())
    if content is None or operation.body is None or operation.body_validator is None:
        return nothing, ()
    if not content.strip():
        return nothing, (Violation(field="body", problem="is empty"),) if operation.body_required else ()
    try:
        fitted = fit_value(operation.body, decode_json(content))
        return fitted, find_violations(operation.body_validator, fitted.value)
    except NotJsonError as error:
        return nothing, (Violation(field="body", problem=f"is {error}"),)
    except RecursionError:
        return nothing, (Violation(field="body", problem="is nested too deeply"),)
