"""What things are called in Python: general rules, and no two things with one name. Pure.

The generator's own functions decide how a word is spelt, so that what is checked here is what it will write.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from openapi_python_client.strings import ClassName, PythonIdentifier, snake_case

from codegen.document import CodegenError, Json
from codegen.walk import Operation

__all__ = [
    "PREFIX",
    "argument",
    "class_name",
    "field",
    "function",
    "module",
    "operation_names",
    "original",
    "property_names",
    "require_unique",
    "schema_names",
    "short_operation",
    "short_schema",
]

PREFIX = "field_"
"""What the generator puts before a name that cannot begin a Python identifier."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DOTTED_PACKAGE = re.compile(r"(?:[a-z_][A-Za-z0-9_]*\.)+(?=[A-Z])")
_VERSIONED_PACKAGE = re.compile(r"(?:[a-z][A-Za-z0-9]*?V|v)[0-9]+(?:(?:alpha|beta|test|p)[0-9]*)*(?=[A-Z])")
_PACKAGE = re.compile(r"[a-z][a-z0-9]*(?=[A-Z])")
_SERVICE = re.compile(r"([A-Z][A-Za-z0-9]*)_(?=[A-Za-z])")

_LONGEST = 120
"""A module is named after a class or a function, and file systems take about 255 bytes."""

_TAKEN_FIELDS = frozenset({"additional_properties", "from_dict", "to_dict"})
_TAKEN_ARGUMENTS = frozenset({"body", "request", "timeout", "transport"})
_TAKEN_FUNCTIONS = frozenset({"api", "models", "request"})


def field(name: str) -> str:
    """Return a property's name in Python: `channelType` is `channel_type`, `type` is `type_`."""
    return _free(_identifier(name), _TAKEN_FIELDS)


def argument(name: str) -> str:
    """Return a parameter's name in Python, other than those that every operation has."""
    return _free(_identifier(name), _TAKEN_ARGUMENTS)


def function(name: str) -> str:
    """Return an operation's name in Python: `SendMessage` is `send_message`.

    Raises:
        CodegenError: There is none, or generated code already means something else by it.
    """
    found = _identifier(name)
    if found in _TAKEN_FUNCTIONS:
        raise CodegenError(f"operation {name!r} cannot be called {found!r}: generated code has another use for that")
    return found


def original(name: str) -> str:
    """Return the name of the protobuf field that is called so in JSON: `channelType` was `channel_type`.

    Where protobuf's rule does not lead back from there to the name, this is the name itself.
    """
    snake = snake_case(name)
    first, *others = snake.split("_")
    return snake if "".join([first, *(word[:1].upper() + word[1:] for word in others)]) == name else name


def module(name: str) -> str:
    """Return a tag's or a class's name as a module's."""
    return _identifier(name)


def class_name(name: str) -> str:
    """Return a schema's name as a class's: `v1Message` is `V1Message`.

    Raises:
        CodegenError: There is none.
    """
    return _checked(str(ClassName(name, PREFIX)), name)


def _identifier(name: str) -> str:
    return _checked(str(PythonIdentifier(name, PREFIX)), name)


def _checked(found: str, name: str) -> str:
    if not name.isascii() or not any(map(str.isalnum, name)) or not _PLAIN.fullmatch(found):
        raise CodegenError(f"the name {name!r} makes no plain ASCII name in Python; rename it in the overlay")
    if len(found) > _LONGEST:
        raise CodegenError(
            f"the name {name[:40]!r}… is longer than {_LONGEST} characters in Python; files are named so"
        )
    return found


def _free(name: str, taken: frozenset[str]) -> str:
    return f"{name}_" if name in taken else name


def require_unique(kind: str, names: Mapping[str, str]) -> None:
    """Refuse names that are one and the same in Python.

    Args:
        kind: What they are names of, for the error.
        names: What each is to the service, to what it is in Python.

    Raises:
        CodegenError: Two are the same.
    """
    for name, count in Counter(names.values()).items():
        if count > 1:
            same = ", ".join(repr(key) for key, value in names.items() if value == name)
            raise CodegenError(f"{kind} {same} would all be called {name!r} in Python; rename one in the overlay")


def short_operation(operation_id: str, tags: Iterable[str]) -> str:
    """Return an operation's id without the service that a gRPC gateway puts before it."""
    match = _SERVICE.match(operation_id)
    if match is not None and (match[1] in set(tags) or match[1].endswith("Service")):
        return operation_id[match.end() :]
    return operation_id


def operation_names(found: Iterable[Operation]) -> dict[str, str]:
    """Return what each operation is called: its id without the service, unless two would clash.

    Args:
        found: The operations of a document.

    Returns:
        Operation ids to names that are distinct in Python.

    Raises:
        CodegenError: An operation has no id, two have the same, or there is no name for one.
    """
    short: dict[str, str] = {}
    for operation in found:
        operation_id = operation.fields.get("operationId")
        if not operation_id:
            raise CodegenError(f"{operation.at}: the operation has no operationId to name a function after")
        if operation_id in short:
            raise CodegenError(f"{operation.at}: a second operation has the operationId {operation_id!r}")
        short[operation_id] = short_operation(operation_id, operation.fields.get("tags", []))
    counts = Counter(map(function, short.values()))
    names = {key: name if counts[function(name)] == 1 else key for key, name in short.items()}
    require_unique("operations", {key: function(name) for key, name in names.items()})
    return names


def short_schema(name: str) -> str:
    """Return a definition's name without its package: `v1Message`, `fooV1Message`, `foo.v1.Message` are `Message`."""
    for package in (_DOTTED_PACKAGE, _VERSIONED_PACKAGE, _PACKAGE):
        if (match := package.match(name)) is not None:
            return name[match.end() :]
    return name


def schema_names(schemas: Iterable[str], bodies: Mapping[str, str]) -> dict[str, str]:
    """Return what class each schema becomes: its name without its package, unless two would clash.

    Args:
        schemas: The names of all schemas.
        bodies: Of those that are one operation's body and nothing else, the name of that operation.

    Returns:
        Schemas' names to names of classes, which are distinct, as are the names of their modules.

    Raises:
        CodegenError: There is no name for one, or two would be the same all the same.
    """
    wanted = {
        name: class_name(f"{class_name(bodies[name])}Request" if name in bodies else short_schema(name))
        for name in schemas
    }
    counts = Counter(wanted.values())
    names = {name: short if counts[short] == 1 else class_name(name) for name, short in wanted.items()}
    require_unique("schemas", names)
    require_unique("modules of schemas", {name: module(found) for name, found in names.items()})
    return names


def property_names(schema: Json) -> dict[str, str]:
    """Return what each property of a schema is called, other than those of the schemas that it includes.

    Raises:
        CodegenError: There is no name for one, or two would be the same.
    """
    names = {name: field(name) for name in schema.get("properties", {})}
    require_unique("properties", names)
    return names
