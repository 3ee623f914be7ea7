"""A request's JSON as the service sees it: what a gRPC gateway makes of names, nulls and numbers. Pure.

`decode` turns bytes into a value and refuses what protobuf's JSON refuses. `read` fits a value to a schema: a field is
known by either of its names, `null` and the unspecified value of an enum are absent, 64-bit integers come as strings
or as numbers, and what the schema does not know is left out and noted.

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

DEEPEST: Final = 600
"""Levels of nesting. 1024 bytes, the most that callback data may have, hold at most 512."""

_ASCII: Final = json.JSONEncoder(separators=(",", ":"))
_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

MAX_UNKNOWN: Final = 100
"""How many unknown fields of one request are kept."""


class NotJsonError(Exception):
    """The bytes are not a JSON value; the text says why, and repeats nothing of them."""


@attrs.frozen
class FittedValue:
    """A value that was fitted to a schema.

    Attributes:
        value: The value, in the schema's own names.
        unknown: The paths of the fields that the schema does not know; at most 100.
        violations: Fields that were given twice, under both of their names.
    """

    value: Any
    unknown_fields: tuple[str, ...]
    violations: tuple[Violation, ...]


def decode_json(content: bytes) -> object:
    """Return the JSON value that UTF-8 bytes hold.

    Raises:
        NotJsonError: They are not UTF-8, not JSON, nested more than 600 levels deep, or hold a number that is not
            finite or has thousands of digits, or a lone surrogate.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise NotJsonError(f"not UTF-8 at byte {error.start}") from None
    try:
        value: object = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise NotJsonError(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except ValueError:
        raise NotJsonError("not JSON: a number is not finite, or has too many digits") from None
    except RecursionError:
        raise NotJsonError("nested too deeply") from None
    # A lone surrogate can only be written as an escape, and depth only with brackets: most bodies need no walk.
    if "\\u" in text or text.count("{") + text.count("[") > DEEPEST:
        for problem in _problems(value):
            raise NotJsonError(problem)
    return value


def encode_ascii(value: object) -> bytes:
    """Return an answer's JSON, all ASCII: it is readable whatever a request held."""
    return _ASCII.encode(value).encode()


def encode_compact(value: object) -> bytes:
    """Return a JSON value's exact bytes: UTF-8, no white space, nothing escaped without need."""
    return _COMPACT.encode(value).encode()


def fit_value(schema: Schema, value: object) -> FittedValue:
    """Fit a decoded JSON value to a converted schema; `validation` then says where it does not fit."""
    reader = _Reader()
    fitted = reader.read(schema, value, "")
    return FittedValue(value=fitted, unknown_fields=tuple(reader.unknown_fields), violations=tuple(reader.violations))


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NotJsonError("not JSON that can be read: a number is too large for a double")
    return value


def _problems(value: object) -> Iterator[str]:
    """Walk without recursion, as depth is the caller's choice."""
    pending: list[tuple[object, int]] = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if depth > DEEPEST:
            yield f"nested more than {DEEPEST} levels deep"
        if isinstance(item, str) and not item.isascii() and re.search("[\ud800-\udfff]", item):
            yield "not JSON: a string holds a lone surrogate, which UTF-8 cannot carry"
        elif is_object(item):
            pending.extend((key, depth) for key in item)
            pending.extend((child, depth + 1) for child in item.values())
        elif is_array(item):
            pending.extend((child, depth + 1) for child in item)


class _Reader:
    """One pass over one value; keeps what it notes on the way."""

    def __init__(self) -> None:
        self.unknown_fields: list[str] = []
        self.violations: list[Violation] = []

    def read(self, schema: Schema, value: object, path: str) -> object:
        while len(schema) == 1 and len(schema.get("allOf", ())) == 1:
            schema = schema["allOf"][0]
        if isinstance(value, str):  # As most values are.
            return _scalar(schema, value)
        if is_object(value):
            structured = "properties" in schema or "allOf" in schema or is_mapping(_additional(schema))
            return self._object(schema, value, path) if structured else value
        if is_array(value):
            items: Schema | None = schema.get("items")
            if items is None:
                return value
            return [self.read(items, item, f"{path}[{index}]") for index, item in enumerate(value)]
        return _scalar(schema, value)

    def _object(self, schema: Schema, value: Mapping[str, object], path: str) -> dict[str, object]:
        names, properties, fitted = get_accepted_names(schema), _properties(schema), dict[str, object]()
        above = f"{path}." if path else ""
        for given, item in value.items():
            if item is None:
                continue
            kept = names.get(given) or names.get(to_camel_case(given))
            if kept is None:
                self._unlisted(_additional(schema), given, item, above + given, fitted)
            elif kept in fitted:
                problem = f"is given twice: it is the same field as {kept}"
                self.violations.append(Violation(field=above + given, problem=problem))
            elif not _unspecified(properties[kept], item):
                fitted[kept] = self.read(properties[kept], item, above + kept)
        return fitted

    def _unlisted(self, additional: object, given: str, item: object, path: str, fitted: dict[str, object]) -> None:
        if is_mapping(additional):
            fitted[given] = self.read(additional, item, path)
        elif isinstance(additional, bool):
            fitted[given] = item
        elif len(self.unknown_fields) < MAX_UNKNOWN:
            self.unknown_fields.append(path)


def _additional(schema: Schema) -> object:
    """Return what an object says of unlisted names, itself or through one of its parts; None where it is silent."""
    if "additionalProperties" in schema:
        return schema["additionalProperties"]
    return next(filter(None, map(_additional, schema.get("allOf", ()))), None)


def _properties(schema: Schema) -> Mapping[str, Schema]:
    own: Mapping[str, Schema] = schema.get("properties", {})
    if "allOf" not in schema:
        return own
    properties: dict[str, Schema] = {}
    for part in schema["allOf"]:
        properties.update(_properties(part))
    return properties | dict(own)


def _unspecified(schema: Schema, value: object) -> bool:
    """Say whether it is an enum's zero value, which in protobuf is the same as no value."""
    return (
        isinstance(value, str)
        and value == schema.get("default")
        and value in schema.get("enum", ())
        and value.lower().endswith("unspecified")
    )


def _scalar(schema: Schema, value: object) -> object:
    if isinstance(value, bool):
        return value
    kind = schema.get("type")
    if kind == "string" and schema.get("format") in {"int64", "uint64"}:
        whole = _whole(value)
        return value if whole is None else str(whole)
    if kind == "integer":
        whole = _whole(value)
        return value if whole is None else whole
    if kind == "number" and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", value):
        return float(value)
    return value


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,40}", value):
        return int(value)
    return None
