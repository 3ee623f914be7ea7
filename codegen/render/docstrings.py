"""Writes the docstrings of generated code from the descriptions in the vendor's file. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import LiteralEnumProperty, ModelProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.schema import Reference, Schema
from openapi_python_client.schema.untrusted_string import UntrustedString

from codegen.render.literals import docstring, entry, prose
from codegen.spec.document import Json
from codegen.spec.traverse import Operation

_REST = (
    "Received values without a field, or not of their field's type, by name on the wire. They are written with "
    "the fields; a field that is set wins."
)
_TRANSPORT = "The transport to use: `Connectly.transport`."
_TIMEOUT = "Seconds for the whole call, or None for the transport's own limit."
_INVALID = ("InvalidInputError", "An argument cannot be encoded in a path, a query, a header or JSON.")
_FAILED = "Any other error of the transport; see `connectly_api.errors`."


def wire_names(model: ModelProperty) -> Json:
    """Return the wire names of a model's fields, by their Python names."""
    return cast("Json", (model.data.model_extra or {})["x-wire"])


def _text(value: UntrustedString | None) -> str:
    return "" if value is None else value.get_untrusted_value().strip()


def _sentences(*parts: str) -> str:
    return " ".join(part if part.endswith((".", "!", "?", ":")) else f"{part}." for part in parts if part)


def _headline(description: str, origin: str) -> list[str]:
    if not description:
        return prose(origin)
    return [*prose(_sentences(description)), "", *prose(origin)]


def _origin(definitions: object) -> str:
    found = cast("list[object]", definitions or [])
    return f"`{found[0]}` of the service's Swagger file." if found else "Defined in place by the Swagger file."


def model_doc(model: ModelProperty, properties: Iterable[PropertyProtocol]) -> str:
    """Return the docstring of a model or of a mapping."""
    lines = [
        *_headline(_text(model.description), _origin((model.data.model_extra or {}).get("x-definitions"))),
        "",
        "Attributes:",
    ]
    for kind in properties:
        lines += [f"    {line}" for line in entry(kind.name.get_untrusted_value(), _property_text(model, kind))]
    lines += [f"    {line}" for line in entry("additional_properties", _REST)]
    return docstring(lines)


def mapping_doc(model: ModelProperty) -> str:
    """Return the docstring of a mapping's alias."""
    return docstring(_headline(_text(model.description), _origin((model.data.model_extra or {}).get("x-definitions"))))


def _property_text(model: ModelProperty, kind: PropertyProtocol) -> str:
    name = f"`{wire_names(model)[kind.name.get_untrusted_value()]}` on the wire"
    # The generator keeps the description of what a property refers to, not the property's own.
    schema = (model.data.properties or {}).get(kind.name, kind)
    if isinstance(schema, Reference):
        return _sentences(name)
    deprecated = "Deprecated" if isinstance(schema, Schema) and schema.deprecated else ""
    example = "" if schema.example is None else f"For example `{_example(schema.example)}`"
    return _sentences(name, deprecated, _text(schema.description), example)


def _example(value: object) -> str:
    return value.get_untrusted_value() if isinstance(value, UntrustedString) else str(value)


def enum_doc(enum: LiteralEnumProperty, definitions: object, *, known: bool) -> str:
    """Return the docstring of an enum's alias.

    Args:
        enum: The enum.
        definitions: Its names in the Swagger file, if any.
        known: Whether it has any known value.
    """
    opening = "The values that are known; the service may return others." if known else "No value of it is known yet."
    return docstring([*_headline(_text(enum.description), _origin(definitions)), "", opening])


def request_doc(endpoint: Endpoint, operation: Operation) -> str:
    """Return the docstring of the function that builds an operation's request."""
    return docstring(
        [
            f"Build the request of `{endpoint.name}`, without I/O.",
            "",
            *_section("Args", _arguments(endpoint, operation)),
            "Returns:",
            "    The request, with the function that reads its response.",
            "",
            *_section("Raises", [_INVALID]),
        ][:-1]
    )


def operation_doc(endpoint: Endpoint, operation: Operation) -> str:
    """Return the docstring of an operation's function."""
    texts = [operation.fields.get(key, "").strip() for key in ("summary", "description")]
    deprecated = "Deprecated." if operation.fields.get("deprecated") else ""
    text = "\n\n".join(_sentences(part) for part in (*texts, deprecated) if part)
    arguments = [("transport", _TRANSPORT), *_arguments(endpoint, operation), ("timeout", _TIMEOUT)]
    return docstring(
        [
            *_headline(text, f"`{operation.method.upper()} {operation.fields['x-path']}`"),
            "",
            *_section("Args", arguments),
            "Returns:",
            "    The response; fields that the service left out are unset.",
            "",
            *_section("Raises", [_INVALID, ("ConnectlyError", _FAILED)]),
        ][:-1]
    )


def _section(title: str, entries: list[tuple[str, str]]) -> list[str]:
    lines = [f"    {line}" for name, text in entries for line in entry(name, text)]
    return [f"{title}:", *lines, ""] if lines else []


def _arguments(endpoint: Endpoint, operation: Operation) -> list[tuple[str, str]]:
    descriptions = {
        parameter["name"]: _sentences(f"`{parameter['x-wire']}` on the wire", parameter.get("description", "").strip())
        for parameter in operation.fields.get("parameters", [])
    }
    found = [kind.name.get_untrusted_value() for _, kind in endpoint.iter_all_parameters()]
    arguments = [(name, descriptions[name]) for name in found]
    return arguments + ([("body", "The body, as JSON.")] if endpoint.bodies else [])
