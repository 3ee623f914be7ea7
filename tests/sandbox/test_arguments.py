from typing import Any

import pytest

from connectly_api.sandbox.spec.api_operations import load_service
from connectly_api.sandbox.spec.request_values import read_values

PARAMETERS: list[dict[str, Any]] = [
    {"name": "id", "in": "path", "required": True, "type": "string", "maxLength": 3},
    {"name": "page_size", "in": "query", "type": "integer", "format": "int32"},
    {"name": "deep", "in": "query", "type": "boolean"},
    {"name": "tags", "in": "query", "type": "array", "items": {"type": "integer"}, "collectionFormat": "multi"},
    {"name": "codes", "in": "query", "type": "array", "items": {"type": "string", "maxLength": 1}},
    {"name": "pipes", "in": "query", "type": "array", "items": {"type": "boolean"}, "collectionFormat": "pipes"},
    {"name": "X-Mode", "in": "header", "required": True, "type": "string", "enum": ["fast", "slow"]},
]
(OPERATION,) = load_service({"swagger": "2.0", "paths": {"/{id}": {"get": {"parameters": PARAMETERS}}}}).operations
MODE = (("x-mode", "fast"),)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "page_size=7",
        "pageSize=7",
        "deep=true",
        "deep=0",
        "tags=1&tags=2",
        "codes=a,b",
        "pipes=true|false",
        "codes=",
    ],
)
def test_values_that_fit_pass(query: str) -> None:
    values = read_values(OPERATION, {"id": "a"}, query, MODE, b"")
    assert (values.violations, values.unknown_fields) == ((), ())


@pytest.mark.parametrize(
    ("path", "query", "headers", "field", "problem"),
    [
        ("abcd", "", MODE, "id", "has more than 3 characters"),
        ("a", "page_size=x", MODE, "page_size", "must be an integer, not a string"),
        ("a", "page_size=99999999999", MODE, "page_size", "is not of the format int32"),
        ("a", "page_size=1&pageSize=2", MODE, "page_size", "is given more than once"),
        ("a", "deep=perhaps", MODE, "deep", "must be a boolean, not a string"),
        ("a", "tags=1&tags=b", MODE, "tags[1]", "must be an integer, not a string"),
        ("a", "codes=a,bc", MODE, "codes[1]", "has more than 1 characters"),
        ("a", "", (), "X-Mode", "is missing"),
        ("a", "", (("x-mode", "idle"),), "X-Mode", "must be one of fast, slow"),
    ],
)
def test_a_value_that_does_not_fit_is_named(
    path: str, query: str, headers: tuple[tuple[str, str], ...], field: str, problem: str
) -> None:
    (violation,) = read_values(OPERATION, {"id": path}, query, headers, b"").violations
    assert (violation.field, violation.problem) == (field, problem)


def test_unknown_query_parameters_are_noted_up_to_a_hundred() -> None:
    query = "&".join(f"x{number}=1" for number in range(500))
    unknown = read_values(OPERATION, {"id": "a"}, query, MODE, b"").unknown_fields
    assert len(unknown) == 100
    assert unknown[0] == "?x0"
