"""The values that stand in a request's path, query and headers, read as their parameters want them. Pure.

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
from connectly_api.sandbox.spec.protojson import MAX_UNKNOWN, fit_value
from connectly_api.sandbox.spec.validation import find_violations


@attrs.frozen
class ParameterCheck:
    """What is wrong with the values outside the body, and which query parameters nobody knows."""

    violations: tuple[Violation, ...]
    unknown_fields: tuple[str, ...]


def check_parameters(operation: Operation, path: Mapping[str, str], query: str, headers: Headers) -> ParameterCheck:
    """Check every parameter that is not the body.

    Args:
        operation: What the request's path led to.
        path: The path's parameters, decoded.
        query: Percent-encoded, without the question mark.
        headers: Names in lower case.
    """
    given: dict[tuple[str, str], list[str]] = {("path", name): [value] for name, value in path.items()}
    for name, value in headers:
        given.setdefault(("header", name), []).append(value)
    for name, value in parse_qsl(query, keep_blank_values=True):
        given.setdefault(("query", to_camel_case(name)), []).append(value)
    found = [
        violation
        for parameter in operation.parameters
        for violation in _violations(parameter, given.get(_key(parameter), []))
    ]
    unknown = _unknown(operation, [name for place, name in given if place == "query"])
    return ParameterCheck(violations=tuple(found), unknown_fields=tuple(f"?{name}" for name in unknown[:MAX_UNKNOWN]))


def _unknown(operation: Operation, names: Sequence[str]) -> Sequence[str]:
    if not names:
        return ()
    keys = {to_camel_case(requirement.name) for alternative in operation.security for requirement in alternative}
    known = keys | {name for place, name in map(_key, operation.parameters) if place == "query"}
    return [name for name in names if name not in known]


def _key(parameter: Parameter) -> tuple[str, str]:
    if parameter.place == "header":
        return "header", parameter.name.lower()
    return parameter.place, parameter.name if parameter.place == "path" else to_camel_case(parameter.name)


def _violations(parameter: Parameter, texts: list[str]) -> Iterator[Violation]:
    if not texts:
        if parameter.required:
            yield Violation(field=parameter.name, problem="is missing")
        return
    listing = parameter.schema.get("type") == "array"
    if listing and parameter.separator is not None:
        texts = [item for text in texts for item in text.split(parameter.separator)]
    if not listing and len(texts) > 1:
        yield Violation(field=parameter.name, problem="is given more than once")
        return
    items: Schema = parameter.schema.get("items", {})
    value: object = [_typed(items, text) for text in texts] if listing else _typed(parameter.schema, texts[0])
    for violation in find_violations(parameter.validator, fit_value(parameter.schema, value).value):
        yield attrs.evolve(violation, field=f"{parameter.name}{violation.field.removeprefix('body')}")


def _typed(schema: Schema, text: str) -> object:
    if schema.get("type") == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text
