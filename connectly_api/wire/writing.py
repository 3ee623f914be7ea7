"""Exact writing: what the generated models write their fields with.

What was not given is not written, and an enum's unspecified value never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import attrs

from connectly_api.wire.encoding import UNSET

__all__ = ["describe", "finish", "hide_values", "plain", "put", "put_enum", "put_given", "specified"]


def put(written: dict[str, Any], name: str, value: object) -> None:
    """Write one field: `UNSET` and `None` are left out, models become objects.

    Args:
        written: What `finish` completes.
        name: The field's name on the wire.
        value: What the caller gave.
    """
    if type(value) is str:  # What most fields hold, and this runs for each field of each message.
        written[name] = value
    elif value is None:
        written[name] = UNSET
    elif value is not UNSET:
        written[name] = plain(value)


def put_enum(written: dict[str, Any], name: str, value: object) -> None:
    """Write one field that holds values of an enum, without unspecified ones; see `put`."""
    put(written, name, specified(value))


def put_given(written: dict[str, Any], name: str, value: object) -> None:
    """Write one field of any JSON, untouched: `None` is `null`; see `put`."""
    if value is not UNSET:
        written[name] = value


def finish(written: dict[str, Any], rest: Mapping[str, object], spellings: Mapping[str, str]) -> dict[str, Any]:
    """Return an object with the fields that were put, and the values that have no field of their own.

    Args:
        written: What `put` filled.
        rest: Values that have no field, or could not be read as their field's type. A field that the caller has set
            since, even to something that is not written, wins.
        spellings: Other names of fields to their names on the wire.
    """
    if rest:
        others = {name: value for name, value in rest.items() if spellings.get(name, name) not in written}
        for name, value in others.items():
            written.setdefault(name, value)
    if UNSET not in written.values():
        return written
    return {name: value for name, value in written.items() if value is not UNSET}


def specified(value: object) -> object:
    """Return values of an enum without unspecified ones, which are never sent; `None` where nothing else was given."""
    if isinstance(value, str):
        return None if value.lower().endswith("unspecified") else value
    if isinstance(value, (list, tuple)):
        given = cast("Iterable[object]", value)
        kept = [element for element in map(specified, given) if element is not None]
        return kept if kept or not value else None
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        return {name: entry for name, entry in entries.items() if specified(entry) is not None}
    return value


def describe(model: attrs.AttrsInstance) -> str:
    """Return a repr that names the fields that are set, and never shows their values, which may be personal."""
    names = [field.name for field in attrs.fields(type(model))]
    given = [name for name in names if getattr(model, name) is not UNSET]
    if not getattr(model, "additional_properties", None):
        given.remove("additional_properties")
    return f"{type(model).__qualname__}({', '.join(f'{name}=…' for name in given)})"


def hide_values(_model: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Return a model's fields without their values for printers that go by them, as rich's: a field transformer."""
    return [field.evolve(repr=_presence) for field in fields]


def _presence(value: object) -> str:
    return repr(value) if value is UNSET else "…"


def plain(value: object) -> object:
    """Return a value as JSON knows it: models as objects, also within lists and maps."""
    to_dict = getattr(value, "to_dict", None)
    if to_dict is not None:
        return to_dict()
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in cast("Iterable[object]", value)]
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in cast("dict[str, object]", value).items()}
    return value
