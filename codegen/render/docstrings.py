"""Writes the docstrings of generated code from the descriptions in the vendor's file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codegen.render.context import Value
from codegen.render.literals import docstring, prose
from codegen.spec.document import Json
from codegen.spec.traverse import Operation

_PACKAGE = """\
The low-level client, generated from the Swagger file: a model for each schema, an async function for each operation.

Use it for operations and fields that `Connectly` does not cover:

    await send_message(connectly.transport, business_id, body=SendMessageRequest(...))"""
_REST = (
    "Received values without a field, or not of their field's type, by name on the wire. They are written with "
    "the fields; a field that is set wins."
)
_TRANSPORT = "The transport to use: `Connectly.transport`."
_TIMEOUT = "Seconds for the whole call, or None for the transport's own limit."
_INVALID = ("InvalidInputError", "An argument cannot be encoded in a path, a query, a header or JSON.")
_FAILED = ("ConnectlyError", "Any other error of the transport; see `connectly_api.errors`.")


def package_doc(left_out: Iterable[Json]) -> str:
    """Return the docstring of the package, with the operations that it lacks."""
    return _join(_PACKAGE.splitlines(), _section("Left out", [(one["operation"], one["reason"]) for one in left_out]))


def model_doc(schema: Json, fields: Iterable[Value]) -> str:
    """Return the docstring of a model."""
    return _join(*_describe(schema), _section("Attributes", [*_entries(fields), ("additional_properties", _REST)]))


def alias_doc(schema: Json, *notes: str) -> str:
    """Return the docstring of an alias, of a mapping or of an enum."""
    return _join(*_describe(schema), notes)


def request_doc(operation: Operation, arguments: Iterable[Value]) -> str:
    """Return the docstring of the function that builds an operation's request."""
    return _join(
        [f"Build the request of `{operation.fields['operationId']}`, without I/O."],
        _section("Args", _entries(arguments)),
        ["Returns:", "    The request, with the function that reads its response."],
        _section("Raises", [_INVALID]),
    )


def operation_doc(operation: Operation, arguments: Iterable[Value]) -> str:
    """Return the docstring of an operation's function."""
    texts = [operation.fields.get(key, "").strip() for key in ("summary", "description")]
    deprecated = "Deprecated." if operation.fields.get("deprecated") else ""
    return _join(
        *(prose(_sentences(text)) for text in (*texts, deprecated)),
        prose(f"`{operation.method.upper()} {operation.fields['x-path']}`"),
        _section("Args", [("transport", _TRANSPORT), *_entries(arguments), ("timeout", _TIMEOUT)]),
        ["Returns:", "    The response; fields that the service left out are unset."],
        _section("Raises", [_INVALID, _FAILED]),
    )


def _describe(schema: Json) -> list[list[str]]:
    found: list[str] = schema.get("x-definitions", [])
    origin = f"`{found[0]}` of the service's Swagger file." if found else "Defined in place by the Swagger file."
    return [prose(_sentences(schema.get("description", "").strip())), prose(origin)]


def _entries(values: Iterable[Value]) -> list[tuple[str, str]]:
    return [(value.name, _describe_value(value)) for value in values]


def _describe_value(value: Value) -> str:
    wire = f"`{value.wire}` on the wire" if value.wire else ""
    deprecated = "Deprecated" if value.notes.get("deprecated") else ""
    example = f"For example `{value.notes['example']}`" if value.notes.get("example") is not None else ""
    return _sentences(wire, deprecated, value.notes.get("description", "").strip(), example)


def _section(title: str, entries: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f"    {line}" for name, text in entries for line in prose(f"{name}: {text}", indent="    ")]
    return [f"{title}:", *lines] if lines else []


def _sentences(*parts: str) -> str:
    return " ".join(part if part.endswith((".", "!", "?", ":")) else f"{part}." for part in parts if part)


def _join(*paragraphs: Sequence[str]) -> str:
    return docstring([line for paragraph in paragraphs if paragraph for line in ("", *paragraph)][1:])
