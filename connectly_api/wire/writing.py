"""How generated models write JSON: exactly the fields that were set, and never an enum's unspecified value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import attrs

from connectly_api.wire.unset import UNSET


def put(written: dict[str, Any], name: str, value: object) -> None:
    """Add one field. `UNSET` and `None` are left out; models become objects.

    Args:
        written: The object, which `finish_object` completes.
        name: The field's name on the wire.
        value: The field's value.
    """
    if type(value) is str:  # Strings first: this runs for every field of every message.
        written[name] = value
    elif value is None:
        written[name] = UNSET
    elif value is not UNSET:
        written[name] = to_plain(value)


def put_enum(written: dict[str, Any], name: str, value: object) -> None:
    """Add one field of enum values, without unspecified ones; see `put`."""
    put(written, name, drop_unspecified(value))


def put_any(written: dict[str, Any], name: str, value: object) -> None:
    """Add one field of any JSON, unchanged: `None` is `null`."""
    if value is not UNSET:
        written[name] = value


def finish_object(written: dict[str, Any], rest: Mapping[str, object], spellings: Mapping[str, str]) -> dict[str, Any]:
    """Return an object with its fields and its additional properties.

    Args:
        written: The fields, from `put`.
        rest: Additional properties: values without a field, or that could not be read as their field's type. A field
            that was set later wins, even if it was set to something that is not written.
        spellings: Alternative names of fields and their names on the wire.
    """
    if rest:
        others = {name: value for name, value in rest.items() if spellings.get(name, name) not in written}
        for name, value in others.items():
            written.setdefault(name, value)
    if UNSET not in written.values():
        return written
    return {name: value for name, value in written.items() if value is not UNSET}


def drop_unspecified(value: object) -> object:
    """Return enum values without unspecified ones, or `None` if nothing else is left."""
    if isinstance(value, str):
        return None if value.lower().endswith("unspecified") else value
    if isinstance(value, (list, tuple)):
        given = cast("Iterable[object]", value)
        kept = [element for element in map(drop_unspecified, given) if element is not None]
        return kept if kept or not value else None
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        return {name: entry for name, entry in entries.items() if drop_unspecified(entry) is not None}
    return value


def describe_set_fields(model: attrs.AttrsInstance) -> str:
    """Return a repr with the names of the fields that are set, without their values, which may be personal."""
    names = [field.name for field in attrs.fields(type(model))]
    given = [name for name in names if getattr(model, name) is not UNSET]
    if not getattr(model, "additional_properties", None):
        given.remove("additional_properties")
    return f"{type(model).__qualname__}({', '.join(f'{name}=…' for name in given)})"


def hide_values(_model: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Hide a model's values from printers that read attrs fields, such as rich: a field transformer."""
    return [field.evolve(repr=_show_presence) for field in fields]


def _show_presence(value: object) -> str:
    return repr(value) if value is UNSET else "…"


def to_plain(value: object) -> object:
    """Return a value with every model in it converted to a JSON object."""
    to_dict = getattr(value, "to_dict", None)
    if to_dict is not None:
        return to_dict()
    if isinstance(value, (list, tuple)):
        return [to_plain(element) for element in cast("Iterable[object]", value)]
    if isinstance(value, dict):
        return {name: to_plain(entry) for name, entry in cast("dict[str, object]", value).items()}
    return value
