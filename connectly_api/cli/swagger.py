"""What the vendored Swagger file says, read for people: operations, and their bodies field by field.

Whatever the file leaves out or writes in another way costs that part of what is shown, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final

import attrs

from connectly_api import lowlevel
from connectly_api.json_values import is_array, is_object

__all__ = ["Operation", "Specification", "load", "read"]

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_DEEPEST: Final = 8

Fields = Mapping[str, Any]


@attrs.frozen
class Operation:
    """One method of one path.

    Attributes:
        id: Its `operationId`, or method and path where it has none.
        name: The low-level function's name; the id where there is no such function.
        method: In capitals.
        path: As the file writes it.
        summary: What it does.
        parameters: Those of the path, the query and the headers: field, type, required, about.
        body: The body's fields, the same way.
        answers: What each status means.
    """

    id: str
    name: str
    method: str
    path: str
    summary: str
    parameters: tuple[dict[str, Any], ...]
    body: tuple[dict[str, Any], ...]
    answers: dict[str, str]

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return attrs.asdict(self)


@attrs.frozen
class Specification:
    """The file.

    Attributes:
        title: What it calls itself.
        version: Of the service, as the file says.
        sha256: Of its bytes.
        content: Its bytes.
        operations: In its order.
    """

    title: str
    version: str
    sha256: str
    content: bytes = attrs.field(repr=False)
    operations: tuple[Operation, ...]

    def find(self, name: str) -> Operation | None:
        """Return an operation by its id or its function's name, or None."""
        return next((one for one in self.operations if name in {one.id, one.name}), None)

    def document(self) -> dict[str, Any]:
        """Return the facts as JSON."""
        return {
            "title": self.title,
            "version": self.version,
            "sha256": self.sha256,
            "operations": [
                {"id": one.id, "name": one.name, "method": one.method, "path": one.path, "summary": one.summary}
                for one in self.operations
            ],
        }


def load() -> Specification:
    """Read the file in the package."""
    return read((resources.files("connectly_api") / "lowlevel" / "service.swagger.json").read_bytes())


def read(content: bytes) -> Specification:
    """Read a Swagger 2.0 or OpenAPI 3 file.

    Args:
        content: Its bytes: a JSON object.
    """
    document: Fields = json.loads(content)
    info = _object(document.get("info"))
    return Specification(
        title=str(info.get("title", "")),
        version=str(info.get("version", "")),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        operations=tuple(
            _operation(document, path, method, _object(item))
            for path, item in _object(document.get("paths")).items()
            for method in _METHODS
            if method in _object(item)
        ),
    )


def _operation(document: Fields, path: str, method: str, item: Fields) -> Operation:
    entry = _object(item[method])
    identifier = str(entry.get("operationId") or f"{method.upper()} {path}")
    given = [_resolved(document, one) for one in (*_array(item.get("parameters")), *_array(entry.get("parameters")))]
    bodies = [one.get("schema") for one in given if one.get("in") == "body"]
    contents = _object(_resolved(document, entry.get("requestBody")).get("content"))
    bodies += [_object(one).get("schema") for one in contents.values()]
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier.rpartition("_")[2]).lower()
    return Operation(
        id=identifier,
        name=snake if snake in lowlevel.__all__ else identifier,
        method=method.upper(),
        path=str(document.get("basePath", "")).rstrip("/") + path,
        summary=_about(entry),
        parameters=tuple(_parameter(document, one) for one in given if one.get("in") != "body"),
        body=tuple(_fields(document, bodies[0])) if bodies else (),
        answers={status: _about(_resolved(document, one)) for status, one in _object(entry.get("responses")).items()},
    )


def _parameter(document: Fields, one: Fields) -> dict[str, Any]:
    kind = _type(document, one if "type" in one else one.get("schema"))
    return {
        "field": str(one.get("name", "")),
        "type": f"{kind} in {one.get('in')}",
        "required": bool(one.get("required")),
        "about": _about(one),
    }


def _fields(document: Fields, schema: object, prefix: str = "", deep: int = 0) -> Iterator[dict[str, Any]]:
    """Yield each field of an object, and the fields within it, with the path that leads there."""
    known = _resolved(document, schema)
    required = _array(known.get("required"))
    for name, inner in _object(known.get("properties")).items():
        found = _resolved(document, inner)
        about = _about(_object(inner)) or _about(found)
        path = f"{prefix}{name}"
        yield {"field": path, "type": _type(document, inner), "required": name in required, "about": about}
        items = found.get("items") if found.get("type") == "array" else None
        if deep < _DEEPEST:
            yield from _fields(document, items or found, f"{path}[]." if items else f"{path}.", deep + 1)


def _type(document: Fields, schema: object) -> str:
    found = _resolved(document, schema)
    if found.get("type") == "array":
        return f"array of {_type(document, found.get('items'))}"
    choices = _array(found.get("enum"))
    return " | ".join(map(str, choices)) if choices else str(found.get("type") or "any")


def _about(entry: Fields) -> str:
    words = entry.get("summary") or entry.get("description") or entry.get("title") or ""
    return " ".join(str(words).split())


def _resolved(document: Fields, value: object) -> Fields:
    """Return what stands at the end of `$ref`, or nothing where that leads in a circle or nowhere."""
    found = _object(value)
    for _ in range(_DEEPEST):
        pointer = found.get("$ref")
        if pointer is None:
            return found
        target: object = document
        for part in str(pointer).removeprefix("#/").split("/"):
            target = _object(target).get(part.replace("~1", "/").replace("~0", "~"))
        found = _object(target)
    return {}


def _object(value: object) -> Fields:
    return value if is_object(value) else {}


def _array(value: object) -> list[Any]:
    return value if is_array(value) else []
