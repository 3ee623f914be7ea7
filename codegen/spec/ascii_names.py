"""Converts any text to a name in Python, and keeps names apart. Pure.

It uses the generator's own functions, so that these are the exact names that the generator will write.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain, count

from openapi_python_client.strings import ClassName, PythonIdentifier, snake_case

PREFIX = "field_"
"""The generator's prefix for a name that cannot start a Python identifier."""

_LONGEST = 80
"""Files are named after classes and functions: with an underscore after each character, a name still fits."""

_PACKAGE = re.compile(
    r"\A(?:(?:[a-z_][A-Za-z0-9_]*\.)+"  # foo.v1.Message
    r"|(?:[a-z][A-Za-z0-9]*?V|v)[0-9]+(?:(?:alpha|beta|test|p)[0-9]*)*"  # fooV1Message, v1Message
    r"|[a-z][a-z0-9]*)(?=[A-Z])"  # fooMessage
)


@cache
def identifier(text: str) -> str:
    """Return the name of a field, an argument, a function or a module: `channel_type` for `channelType`."""
    return str(PythonIdentifier(plain(text), PREFIX))


@cache
def class_name(text: str) -> str:
    """Return the name of a class: `V1Message` for `v1Message`."""
    # The generator converts it again, which changes nothing the second time.
    return str(ClassName(ClassName(plain(text), PREFIX), PREFIX))


def plain(text: str) -> str:
    """Return a short ASCII text that can become a name: `grosse` for `größe`, `u4fa1` for `価`."""
    ascii_only = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    if not any(map(str.isalnum, ascii_only)):
        ascii_only = "_".join(f"u{ord(character):04x}" for character in text[:_LONGEST]) or "empty"
    if len(ascii_only) <= _LONGEST:
        return ascii_only
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{ascii_only[: _LONGEST // 2]}_{digest[:8]}"


class UniqueNames:
    """Names in use, which differ even where case does not matter, as in the names of files."""

    def __init__(self, taken: Iterable[str] = (), convert: Callable[[str], str] = identifier) -> None:
        """Begin with names that are taken, and with the function that makes names of texts."""
        self._taken = set(map(identifier, taken))
        self._convert = convert
        self._numbers = defaultdict[str, Iterator[int]](lambda: count(2))

    def is_free(self, name: str) -> bool:
        """Return whether a name is not taken."""
        return identifier(name) not in self._taken

    def add(self, *texts: str) -> str:
        """Take the first name of some texts that is free; if none is, the last one with a number."""
        # Never begin at two again: for a large file, that takes minutes.
        numbered = (f"{texts[-1]}_{n}" for n in self._numbers[texts[-1]])
        found = next(filter(self.is_free, map(self._convert, chain(texts, numbered))))
        self._taken.add(identifier(found))
        return found


def assign(
    texts: Mapping[str, Iterable[str]], known: Mapping[str, str], reserved: Iterable[str] = (), suffix: str = "_"
) -> dict[str, str]:
    """Return a name for each key, all different: the known one, or else a new one from the key's texts.

    Known names come first, in their own order, so that the order of a file changes nothing. Reserved ones get a suffix.
    """

    def convert(text: str) -> str:
        name = identifier(text)
        return f"{name}{suffix}" if name in reserved else name

    found = {key: name for key, name in known.items() if key in texts}
    unique = UniqueNames(found.values(), convert)
    return found | {key: unique.add(*wanted) for key, wanted in texts.items() if key not in found}


def original(name: str) -> str:
    """Return the protobuf field for a name in JSON, `channel_type` for `channelType`, or else the name itself."""
    snake = snake_case(name)
    first, *others = snake.split("_")
    return snake if "".join([first, *(word[:1].upper() + word[1:] for word in others)]) == name else name


def short_operation(operation_id: str, tags: Collection[str]) -> str:
    """Return an operation's id without the service name that a gRPC gateway puts before it."""
    service, _, name = operation_id.partition("_")
    return name if name and (service in tags or service.endswith("Service")) else operation_id


def short_schema(name: str) -> str:
    """Return a definition's name without its package: `Message` for `v1Message`, `fooV1Message`, `foo.v1.Message`."""
    return _PACKAGE.sub("", name)
