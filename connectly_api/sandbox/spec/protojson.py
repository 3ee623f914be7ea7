"""Reads protobuf's JSON like a gRPC gateway.

`decode_json` refuses what is not valid in protobuf's JSON. `fit_value` fits a value to a schema: a field may have
either of its names, `null` and the unspecified value of an enum count as absent, 64-bit integers may be strings or
numbers, and unknown fields are dropped and listed.

Source: https://protobuf.dev/programming-guides/json/ and
https://grpc-ecosystem.github.io/grpc-gateway/docs/mapping/customizing_your_gateway/
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

import attrs

from connectly_api.errors import Violation
from connectly_api.json_values import is_array, is_mapping, is_object
from connectly_api.sandbox.spec.json_schemas import Schema, get_accepted_names, to_camel_case

MAX_DEPTH: Final = 600
"""The limit on nesting. Callback data has at most 512 levels in its 1024 bytes."""

_ASCII: Final = json.JSONEncoder(separators=(",", ":"))
_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

MAX_UNKNOWN: Final = 100
"""How many unknown fields of one request are listed."""


class NotJsonError(Exception):
    """The bytes are not a JSON value. The text says why without repeating them."""


@attrs.frozen
class FittedValue:
    """A value fitted to a schema.

    Attributes:
        value: The value, in the schema's own names.
        unknown_fields: The paths of fields that are not in the schema; at most 100.
        violations: Fields that occur twice, under both of their names.
    """

    value: Any
    unknown_fields: tuple[str, ...]
    violations: tuple[Violation, ...]


def decode_json(content: bytes) -> object:
    """Decode UTF-8 JSON.

    Raises:
        NotJsonError: The bytes are not UTF-8 or not JSON, are nested more than 600 levels deep, or contain a lone
            surrogate, an infinite number, or a number of thousands of digits.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise NotJsonError(f"not UTF-8 at byte {error.start}") from None
    try:
        value: object = json.loads(text, parse_constant=_refuse_constant, parse_float=_parse_float)
    except json.JSONDecodeError as error:
        raise NotJsonError(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except ValueError:
        raise NotJsonError("not JSON: a number is not finite, or has too many digits") from None
    except RecursionError:
        raise NotJsonError("nested too deeply") from None
    # Only an escape can be a lone surrogate, and only brackets nest: most bodies need no walk.
    if "\\u" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        for problem in _find_problems(value):
            raise NotJsonError(problem)
    return value


def encode_ascii(value: object) -> bytes:
    """Encode the JSON of a response in ASCII, which every client can read."""
    return _ASCII.encode(value).encode()


def encode_compact(value: object) -> bytes:
    """Encode JSON as UTF-8 without white space or needless escapes."""
    return _COMPACT.encode(value).encode()


def fit_value(schema: Schema, value: object) -> FittedValue:
    """Fit a decoded JSON value to a converted schema; `find_violations` then checks it."""
    fitter = _Fitter()
    fitted = fitter.fit(schema, value, "")
    return FittedValue(value=fitted, unknown_fields=tuple(fitter.unknown_fields), violations=tuple(fitter.violations))


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


def _parse_float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NotJsonError("not JSON that can be read: a number is too large for a double")
    return value


def _find_problems(value: object) -> Iterator[str]:
    """Walk without recursion: the client chooses the depth."""
    pending: list[tuple[object, int]] = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if depth > MAX_DEPTH:
            yield f"nested more than {MAX_DEPTH} levels deep"
        if isinstance(item, str) and not item.isascii() and re.search("[\ud800-\udfff]", item):
            yield "not JSON: a string holds a lone surrogate, which UTF-8 cannot carry"
        elif is_object(item):
            pending.extend((key, depth) for key in item)
            pending.extend((child, depth + 1) for child in item.values())
        elif is_array(item):
            pending.extend((child, depth + 1) for child in item)


class _Fitter:
    """One pass over one value that collects unknown fields and violations."""

    def __init__(self) -> None:
        self.unknown_fields: list[str] = []
        self.violations: list[Violation] = []

    def fit(self, schema: Schema, value: object, path: str) -> object:
        while len(schema) == 1 and len(schema.get("allOf", ())) == 1:
            schema = schema["allOf"][0]
        if isinstance(value, str):  # First, because most values are strings.
            return _convert_scalar(schema, value)
        if is_object(value):
            structured = "properties" in schema or "allOf" in schema or is_mapping(_get_additional(schema))
            return self._fit_object(schema, value, path) if structured else value
        if is_array(value):
            items: Schema | None = schema.get("items")
            if items is None:
                return value
            return [self.fit(items, item, f"{path}[{index}]") for index, item in enumerate(value)]
        return _convert_scalar(schema, value)

    def _fit_object(self, schema: Schema, value: Mapping[str, object], path: str) -> dict[str, object]:
        names, properties, fitted = get_accepted_names(schema), _get_properties(schema), dict[str, object]()
        above = f"{path}." if path else ""
        for given, item in value.items():
            if item is None:
                continue
            kept = names.get(given) or names.get(to_camel_case(given))
            if kept is None:
                self._fit_additional(_get_additional(schema), given, item, above + given, fitted)
            elif kept in fitted:
                problem = f"is given twice: it is the same field as {kept}"
                self.violations.append(Violation(field=above + given, problem=problem))
            elif not _is_unspecified(properties[kept], item):
                fitted[kept] = self.fit(properties[kept], item, above + kept)
        return fitted

    def _fit_additional(
        self, additional: object, given: str, item: object, path: str, fitted: dict[str, object]
    ) -> None:
        if is_mapping(additional):
            fitted[given] = self.fit(additional, item, path)
        elif isinstance(additional, bool):
            fitted[given] = item
        elif len(self.unknown_fields) < MAX_UNKNOWN:
            self.unknown_fields.append(path)


def _get_additional(schema: Schema) -> object:
    """Return `additionalProperties` of an object or of the first part of its `allOf` that has it; else None."""
    if "additionalProperties" in schema:
        return schema["additionalProperties"]
    return next(filter(None, map(_get_additional, schema.get("allOf", ()))), None)


def _get_properties(schema: Schema) -> Mapping[str, Schema]:
    own: Mapping[str, Schema] = schema.get("properties", {})
    if "allOf" not in schema:
        return own
    properties: dict[str, Schema] = {}
    for part in schema["allOf"]:
        properties.update(_get_properties(part))
    return properties | dict(own)


def _is_unspecified(schema: Schema, value: object) -> bool:
    """Return whether a value is the zero value of an enum, which means absent in protobuf."""
    return (
        isinstance(value, str)
        and value == schema.get("default")
        and value in schema.get("enum", ())
        and value.lower().endswith("unspecified")
    )


def _convert_scalar(schema: Schema, value: object) -> object:
    if isinstance(value, bool):
        return value
    kind = schema.get("type")
    if kind == "string" and schema.get("format") in {"int64", "uint64"}:
        integer = _parse_integer(value)
        return value if integer is None else str(integer)
    if kind == "integer":
        integer = _parse_integer(value)
        return value if integer is None else integer
    if kind == "number" and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", value):
        return float(value)
    return value


def _parse_integer(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,40}", value):
        return int(value)
    return None
