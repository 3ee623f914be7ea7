"""Read JSON Lines: an object on each line."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator
from contextlib import closing
from os import PathLike
from typing import Final

from connectly_api.campaigns.table_header import Record
from connectly_api.campaigns.text_lines import read_lines
from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_object

NOT_JSON: Final = "is not valid JSON"
NOT_AN_OBJECT: Final = "is not a JSON object"
REPEATED_NAME: Final = "has a name twice in one object"
LONE_SURROGATE: Final = "has half of a surrogate pair, which is no character"


class _RepeatedNameError(ValueError):
    pass


def _to_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedNameError
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(name)  # NaN and the infinities are not JSON.


def read_json_lines(
    path: str | PathLike[str], _needed: Collection[str], *, encoding: str | None = None
) -> Generator[Record, None, None]:
    """Yield a record for each line.

    Raises:
        InvalidInputError: The file is in another encoding, or is one JSON array.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_to_object, parse_constant=_refuse_constant)
    with closing(read_lines(path, encoding)) as lines:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix("\ufeff").strip()
            if number == 1 and text.startswith("["):
                raise InvalidInputError(
                    "source: is a JSON array; write one object on each line, or give rows() the decoded list",
                    field="source",
                )
            yield number, _read_line(decoder, text) if text else None


def _read_line(decoder: json.JSONDecoder, text: str) -> dict[str, object] | str:
    try:
        value: object = decoder.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except _RepeatedNameError:
        return REPEATED_NAME
    except UnicodeEncodeError:
        return LONE_SURROGATE
    except (ValueError, RecursionError):
        return NOT_JSON
    return value if is_object(value) else NOT_AN_OBJECT
