"""Finds what does not fit a schema. The texts never repeat the value, which may be personal."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final, cast

from jsonschema import Draft4Validator, FormatChecker, ValidationError

from connectly_api.errors import Violation
from connectly_api.json_values import is_array, is_object
from connectly_api.sandbox.spec.json_schemas import NAMES, Schema

MAX_VIOLATIONS: Final = 500
"""How many violations of one value are listed: a body of a megabyte may have hundreds of thousands."""

_INTEGERS = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}

_SENTENCES: Mapping[str, str] = {
    "pattern": "does not match {limit}",
    "minimum": "is less than {limit}",
    "maximum": "is more than {limit}",
    "multipleOf": "is not a multiple of {limit}",
    "minLength": "has fewer than {limit} characters",
    "maxLength": "has more than {limit} characters",
    "minItems": "has fewer than {limit} items",
    "maxItems": "has more than {limit} items",
    "uniqueItems": "has an item twice",
    "minProperties": "has fewer than {limit} fields",
    "maxProperties": "has more than {limit} fields",
    "format": "is not of the format {limit}",
    "additionalProperties": "has fields that are not allowed",
}

_TYPES: Mapping[type, str] = {
    bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object",
}  # fmt: skip

_NAMES = {
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "an object",
}

_SIMPLE_KEYWORDS = frozenset({
    "type", "enum", "properties", "items", "required", "additionalProperties", "default", "example", NAMES,
})  # fmt: skip


def build_validator(schema: Schema) -> Draft4Validator:
    """Return a validator that knows the formats of protobuf's types in Swagger."""
    return Draft4Validator(schema, format_checker=_build_formats())


def find_violations(checker: Draft4Validator, value: object) -> tuple[Violation, ...]:
    """Return the violations of a value, each once, in the order of its fields; at most 500."""
    if _fits_simply(cast("Schema", checker.schema), value):
        return ()
    found: dict[Violation, None] = {}
    # The stubs list JSON's types one by one.
    errors = cast("Iterator[ValidationError]", cast("Any", checker).iter_errors(value))
    for error in islice(errors, MAX_VIOLATIONS):
        found.update(dict.fromkeys(_to_violations(error)))
    return tuple(found)


def _fits_simply(schema: Schema, value: object) -> bool:
    """Return whether a value fits a schema that has only types and names; False if only the validator can tell.

    Nearly every request fits, and the validator takes ten times as long.
    """
    kind = _TYPES.get(type(value))
    if not schema.keys() <= _SIMPLE_KEYWORDS or kind is None or kind != schema.get("type", kind):
        return False
    if "enum" in schema and (not isinstance(value, str) or value not in schema["enum"]):
        return False
    if is_object(value):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        return value.keys() >= set(schema.get("required", ())) and all(
            _fits_simply(properties[name], item) if name in properties else others is True
            for name, item in value.items()
        )
    return not is_array(value) or "items" not in schema or all(_fits_simply(schema["items"], item) for item in value)


def _to_violations(error: ValidationError) -> Iterable[Violation]:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    path = "".join(steps).removeprefix(".")
    limit, value = cast("Any", error.validator_value), cast("Any", error.instance)
    if error.validator == "required":
        missing = [name for name in limit if name not in value]
        return [Violation(field=f"{path}.{name}".removeprefix("."), problem="is missing") for name in missing]
    if error.validator == "format" and isinstance(value, str) and cast("Any", error.schema).get("type") == "integer":
        return []  # The violation of the type is enough.
    return [Violation(field=path or "body", problem=_describe(str(error.validator), limit, value))]


def _describe(keyword: str, limit: Any, value: object) -> str:  # noqa: ANN401  (a schema's keyword may hold anything)
    if keyword == "type":
        name = _NAMES.get(_TYPES.get(type(value), ""), "null")
        return f"must be {_NAMES.get(str(limit), str(limit))}, not {name}"
    if keyword == "enum":
        named = [str(choice) for choice in limit if not str(choice).lower().endswith("unspecified")]
        return f"must be one of {', '.join(named)}"
    return _SENTENCES.get(keyword, f"does not satisfy {keyword}").format(limit=limit)


def _build_formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, (least, most) in _INTEGERS.items():
        checker.checks(name)(_build_integer_check(least, most))
    checker.checks("date-time", raises=ValueError)(_is_time)
    checker.checks("byte", raises=ValueError)(_is_base64)
    return checker


def _build_integer_check(least: int, most: int) -> Any:  # noqa: ANN401  (jsonschema's own type for a check is generic over it)
    def fits(value: object) -> bool:
        if isinstance(value, str):
            return re.fullmatch("-?[0-9]{1,40}", value) is not None and least <= int(value) <= most
        return not isinstance(value, int) or least <= value <= most

    return fits


def _is_time(value: object) -> bool:
    """RFC 3339, the format of protobuf's Timestamp."""
    if not isinstance(value, str):
        return True
    shape = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
    return re.fullmatch(shape, value) is not None and bool(datetime.fromisoformat(value.upper()))


def _is_base64(value: object) -> bool:
    """Standard or URL-safe, with or without padding, like protobuf."""
    if not isinstance(value, str):
        return True
    plain = value.rstrip("=").replace("-", "+").replace("_", "/")
    base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    return True
