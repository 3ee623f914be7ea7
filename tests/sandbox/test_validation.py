from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.sandbox.spec.validation import MAX_VIOLATIONS, build_validator, find_violations
from tests.thoroughness import up_to


def problems(schema: dict[str, Any], value: Any) -> list[tuple[str, str]]:
    return [(each.field, each.problem) for each in find_violations(build_validator(schema), value)]


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({"type": "string"}, 1, "must be a string, not an integer"),
        ({"type": "string"}, None, "must be a string, not null"),
        ({"type": "string"}, True, "must be a string, not a boolean"),
        ({"type": "array"}, {}, "must be a list, not an object"),
        ({"type": "object"}, [], "must be an object, not a list"),
        ({"type": "integer"}, 1.5, "must be an integer, not a number"),
        ({"type": "boolean"}, "x", "must be a boolean, not a string"),
        ({"enum": ["x_unspecified", "a", "b"]}, "c", "must be one of a, b"),
        ({"maxLength": 2}, "abc", "has more than 2 characters"),
        ({"minItems": 1}, [], "has fewer than 1 items"),
        ({"minimum": 1}, 0, "is less than 1"),
        ({"pattern": "^a$"}, "b", "does not match ^a$"),
        ({"additionalProperties": False}, {"a": 1}, "has fields that are not allowed"),
        ({"not": {}}, 1, "does not satisfy not"),
        ({"type": "integer", "format": "int32"}, 2**31, "is not of the format int32"),
        ({"type": "string", "format": "int64"}, "9223372036854775808", "is not of the format int64"),
        ({"type": "string", "format": "uint64"}, "-1", "is not of the format uint64"),
        ({"type": "string", "format": "int64"}, "seven", "is not of the format int64"),
        ({"type": "string", "format": "date-time"}, "yesterday", "is not of the format date-time"),
        ({"type": "string", "format": "date-time"}, "2026-02-30T00:00:00Z", "is not of the format date-time"),
        ({"type": "string", "format": "byte"}, "a", "is not of the format byte"),
        ({"type": "string", "format": "byte"}, "é", "is not of the format byte"),
    ],
)
def test_a_violation_says_what_is_wrong_without_the_value(schema: dict[str, Any], value: Any, problem: str) -> None:
    assert problems(schema, value) == [("body", problem)]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"format": "int64"}, "-9223372036854775808"),
        ({"format": "int32"}, 2**31 - 1),
        ({"format": "int32"}, 1.5),
        ({"format": "date-time"}, "2026-02-28T23:59:59.123456789+02:00"),
        ({"format": "date-time"}, 7),
        ({"format": "byte"}, "aGk_-w=="),
        ({"format": "byte"}, 7),
        ({"format": "colour"}, "mauve"),
    ],
)
def test_what_fits_a_format_passes(schema: dict[str, Any], value: Any) -> None:
    assert problems(schema, value) == []


def test_every_violation_is_named_once_with_its_path() -> None:
    item = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "b"]}
    schema = {"type": "object", "properties": {"list": {"type": "array", "items": item}}, "required": ["c"]}
    assert sorted(problems(schema, {"list": [{}, {"a": 1, "b": 1}]})) == [
        ("c", "is missing"),
        ("list[0].a", "is missing"),
        ("list[0].b", "is missing"),
        ("list[1].a", "must be a string, not an integer"),
    ]


def test_a_flood_of_violations_is_cut_off() -> None:
    assert len(problems({"items": {"type": "string"}}, [1] * 100_000)) == MAX_VIOLATIONS


NAMES = st.sampled_from(["a", "b", "c"])
WORDS = st.sampled_from(["", "a", "b", "true"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def schemas(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["string", "array", "object", "integer", "number", "boolean"]),
            "enum": st.lists(VALUES, min_size=1, max_size=2),
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "items": inner,
            "required": st.lists(NAMES, min_size=1, max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
            "maxLength": st.just(1),
            "maxItems": st.just(1),
            "default": VALUES,
            "allOf": st.lists(inner, min_size=1, max_size=2),
        },
    )


@up_to(300)
@given(schema=schemas(st.recursive(schemas(st.just({})), schemas, max_leaves=4)), value=VALUES)
def test_what_is_decided_without_the_validator_is_what_the_validator_says(schema: dict[str, Any], value: Any) -> None:
    checker = build_validator(schema)
    assert (find_violations(checker, value) == ()) is checker.is_valid(value)  # pyright: ignore[reportUnknownMemberType]
