"""The shapes of generated models, from their fields, their types and the names that they write. Pure.

So a shape is what the models themselves know of the Swagger file, which is not read while a program runs.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from connectly_api.json_values import is_array, is_object
from connectly_api.wire.shapes import (
    ANY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    TEXT,
    EnumShape,
    ListShape,
    MapShape,
    ObjectShape,
    ScalarShape,
    Shape,
)
from connectly_api.wire.unset import Unset

_WORD: Final = re.compile(r"\w+")
_REST: Final = "additional_properties"
_SCALARS: Final[dict[object, ScalarShape]] = {str: TEXT, bool: BOOLEAN, int: INTEGER, float: NUMBER}


def find_shape(parsed: object) -> Shape:
    """Return the shape of the JSON from which a value was parsed: a model, or a list or a map of models."""
    kind: Any = type(parsed)
    if _is_model(kind):
        return get_model_shape(kind)
    if is_array(parsed):
        return ListShape(find_shape(parsed[0]) if parsed else ANY)
    if is_object(parsed):
        return MapShape(find_shape(next(iter(parsed.values()), None)))
    return ANY


@cache
def get_model_shape(model: type[Any]) -> Shape:
    """Return the shape of a generated model."""
    return _build_model_shape(model, {})


def _build_model_shape(model: type[Any], built: dict[type[Any], Shape]) -> Shape:
    if model not in built:
        fields: dict[str, Shape] = {}
        # First, because a definition may contain itself.
        built[model] = ObjectShape(fields)
        hints = _get_hints(model)
        for wire_name, name in _get_wire_names(model).items():
            fields[wire_name] = _to_shape(hints[name], built)
        spellings: dict[str, str] = vars(sys.modules[model.__module__])["_SPELLINGS"]
        fields |= {other: fields[name] for other, name in spellings.items()}
    return built[model]


def _get_wire_names(model: type[Any]) -> dict[str, str]:
    """Return the names of a model's fields by their names on the wire: those under which it writes them."""
    names = [field.name for field in attrs.fields(model) if field.name != _REST]
    # The values are numbers, which are written as they are, whatever the type of their field.
    written: dict[str, int] = model(**{name: number for number, name in enumerate(names)}).to_dict()
    return {wire_name: names[number] for wire_name, number in written.items()}


def _get_hints(model: type[Any]) -> dict[str, Any]:
    """Return the types of a model's fields; its module imports other models for type checkers only."""
    package = sys.modules[model.__module__.rpartition(".")[0]]
    words = {word for annotation in model.__annotations__.values() for word in _WORD.findall(annotation)}
    return get_type_hints(model, localns={name: getattr(package, name) for name in words.intersection(package.__all__)})


def _to_shape(hint: object, built: dict[type[Any], Shape]) -> Shape:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        parts = [part for part in arguments if part is not Unset]
        # An enum is its known values, or else any string.
        enums = [part for part in parts if get_origin(part) is Literal]
        return _to_shape((enums or parts)[0], built)
    if origin is Literal:
        return EnumShape(frozenset(arguments))
    if origin is list:
        return ListShape(_to_shape(arguments[0], built))
    if origin is dict:
        return MapShape(_to_shape(arguments[1], built))
    if isinstance(hint, type) and _is_model(hint):
        return _build_model_shape(hint, built)
    return _SCALARS.get(hint, ANY)


def _is_model(kind: type[Any]) -> bool:
    return attrs.has(kind) and any(field.name == _REST for field in attrs.fields(kind))
