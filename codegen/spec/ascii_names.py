"""Converts names to Python names, and keeps them unique. Pure.

It uses the generator's own functions, so that it checks the exact names that the generator will write.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container, Iterable
from itertools import count

from openapi_python_client.strings import ClassName, PythonIdentifier, snake_case

from codegen.spec.document import CodegenError

PREFIX = "field_"
"""The generator's prefix for a name that cannot start a Python identifier."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DOTTED_PACKAGE = re.compile(r"(?:[a-z_][A-Za-z0-9_]*\.)+(?=[A-Z])")
_VERSIONED_PACKAGE = re.compile(r"(?:[a-z][A-Za-z0-9]*?V|v)[0-9]+(?:(?:alpha|beta|test|p)[0-9]*)*(?=[A-Z])")
_PACKAGE = re.compile(r"[a-z][a-z0-9]*(?=[A-Z])")
_SERVICE = re.compile(r"([A-Z][A-Za-z0-9]*)_(?=[A-Za-z])")

_SHORTENED = 80
_TRIES = 4
_LONGEST = 120
"""A module is named after a class or a function, and file systems take about 255 bytes."""

_TAKEN_FIELDS = frozenset({"additional_properties", "from_dict", "to_dict"})
_TAKEN_ARGUMENTS = frozenset({"body", "built", "request", "timeout", "transport"})
_TAKEN_FUNCTIONS = frozenset({"api", "models", "request"})


def field(name: str) -> str:
    """Return a property's name in Python: `channelType` is `channel_type`, `type` is `type_`."""
    return _free(_identifier(name), _TAKEN_FIELDS)


def argument(name: str) -> str:
    """Return a parameter's Python name, distinct from the parameters that every operation has."""
    return _free(_identifier(name), _TAKEN_ARGUMENTS)


def function(name: str) -> str:
    """Return an operation's name in Python: `SendMessage` is `send_message`."""
    found = _identifier(name)
    # The generator does not change a name without a trailing underscore.
    return f"{found}_operation" if found in _TAKEN_FUNCTIONS else found


def plain(name: str) -> str:
    """Convert any name to one that can become a Python name: `größe` is `grosse`, `価` is `u4fa1`."""
    ascii_only = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    if not any(map(str.isalnum, ascii_only)):
        ascii_only = "_".join(f"u{ord(character):04x}" for character in name[:_SHORTENED]) or "empty"
    if len(ascii_only) > _SHORTENED:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        ascii_only = f"{ascii_only[: _SHORTENED // 2]}_{digest}"
    return ascii_only


def free(wanted: Iterable[str], taken: Container[str]) -> str:
    """Return the first of some names that is not taken; if all are, the last one with a number."""
    name = ""
    for name in wanted:
        if name not in taken:
            return name
    return next(found for n in count(2) if (found := f"{name.rstrip('_')}_{n}") not in taken)


def original(name: str) -> str:
    """Return the protobuf field for a name in JSON, `channel_type` for `channelType`, or else the name itself."""
    snake = snake_case(name)
    first, *others = snake.split("_")
    return snake if "".join([first, *(word[:1].upper() + word[1:] for word in others)]) == name else name


def module(name: str) -> str:
    """Return the module name of a tag or a class."""
    return _identifier(name)


def class_name(name: str) -> str:
    """Return the class name of a schema, `V1Message` for `v1Message`; raise CodegenError if there is none."""
    found = str(ClassName(name, PREFIX))
    for _ in range(_TRIES):
        again = str(ClassName(found, PREFIX))  # The generator converts this name again.
        if again == found:
            return _check_length(found, name)
        found = again
    # If that does not work, use only letters, which the generator does not change.
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return _check_length(f"Named{digest.translate(str.maketrans('0123456789', 'ghijklmnop'))}", name)


def _identifier(name: str) -> str:
    return _check_length(str(PythonIdentifier(name, PREFIX)), name)


def _check_length(found: str, name: str) -> str:
    if not name.isascii() or not any(map(str.isalnum, name)) or not _PLAIN.fullmatch(found):
        raise CodegenError(f"the name {name!r} cannot become an ASCII name in Python; rename it in the overlay")
    if len(found) > _LONGEST:
        raise CodegenError(
            f"the name {name[:40]!r}… is longer than {_LONGEST} characters in Python; files are named after it"
        )
    return found


def _free(name: str, taken: frozenset[str]) -> str:
    return f"{name}_" if name in taken else name


def short_operation(operation_id: str, tags: Iterable[str]) -> str:
    """Return an operation's id without the service name that a gRPC gateway puts before it."""
    match = _SERVICE.match(operation_id)
    if match is not None and (match[1] in set(tags) or match[1].endswith("Service")):
        return operation_id[match.end() :]
    return operation_id


def short_schema(name: str) -> str:
    """Return a definition's name without its package: `v1Message`, `fooV1Message`, `foo.v1.Message` are `Message`."""
    for package in (_DOTTED_PACKAGE, _VERSIONED_PACKAGE, _PACKAGE):
        if (match := package.match(name)) is not None:
            return name[match.end() :]
    return name
