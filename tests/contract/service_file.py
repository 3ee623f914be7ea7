"""The vendored Swagger file by meaning: an operation is found by the name of its function, wherever the file has it.

The vendor may move paths and rename definitions; what the generated functions and their fields are called stays.
"""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any, Final, cast

import attrs

from connectly_api.lowlevel._source import OPERATIONS

__all__ = ["VENDORED", "Place", "find_place"]

Document = dict[str, Any]

VENDORED: Final[Document] = json.loads(
    resources.files("connectly_api.lowlevel").joinpath("service.swagger.json").read_bytes()
)
"""The file, as it is shipped."""


@attrs.frozen
class Place:
    """Where an operation is.

    Attributes:
        method: `POST`.
        path: The path, with `{}` in the place of each id.
    """

    method: str
    path: str

    def __str__(self) -> str:
        """Write it as the contract's reader does: `POST /v1/things/{}`."""
        return f"{self.method} {self.path}"

    def fill(self, *ids: str) -> str:
        """Return the path with ids, which must need no quoting; those that it has no place for are left out."""
        return self.path.format(*ids)

    def find(self, document: Document) -> Document:
        """Return the operation in a file."""
        found: Document = document["paths"][self.find_template(document)][self.method.lower()]
        return found

    def find_template(self, document: Document) -> str:
        """Return the key of the operation's path in a file."""
        base = document.get("basePath", "").rstrip("/")
        [template] = [path for path in document["paths"] if base + re.sub(r"\{[^{}]+\}", "{}", path) == self.path]
        return cast("str", template)


def find_place(function: str) -> Place:
    """Return where the operation of a low-level function is.

    Args:
        function: `send_message`.
    """
    method, template = OPERATIONS[function]
    return Place(method, re.sub(r"\{[^{}]+\}", "{}", template))
