"""Files and standard input.

Each function raises `CommandLineError` for unreadable input; the error names the option but repeats no content.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.json_values import JsonValue, is_object

STDIN = "-"


def read_bytes(option: str, source: str) -> bytes:
    """Read a file, or standard input for `-`."""
    try:
        return sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a valid file name"
        raise CommandLineError(f"{option}: cannot be read: {reason}") from None


def decode_text(option: str, content: bytes) -> str:
    """Decode UTF-8, without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandLineError(f"{option}: is not text in UTF-8") from None


def read_text(option: str, source: str) -> str:
    """Read text from a file, or from standard input for `-`, without the final line end."""
    text = decode_text(option, read_bytes(option, source)).removesuffix("\n").removesuffix("\r")
    if not text:
        where = "standard input, which can be read only once," if source == STDIN else "the file"
        raise CommandLineError(f"{option}: {where} is empty")
    return text


def read_value(option: str, value: str) -> str:
    """Return a value unchanged, or the text in standard input for `-`."""
    return read_text(option, STDIN) if value == STDIN else value


def read_secret(option: str, source: str) -> str:
    """Read a key or a secret: the only line of a file, or of standard input for `-`."""
    text = read_text(option, source)
    if "\n" in text:
        raise CommandLineError(f"{option}: must contain only the secret, on one line")
    return text


def read_json(option: str, source: str) -> JsonValue:
    """Read a JSON value from a file, or from standard input for `-`."""
    return parse_json(option, read_text(option, source))


def parse_json(option: str, text: str) -> JsonValue:
    """Parse a JSON value."""
    try:
        value: JsonValue = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise CommandLineError(f"{option}: is not JSON: {error.msg} at {place}; put strings in double quotes") from None
    except (ValueError, RecursionError):
        raise CommandLineError(f"{option}: is JSON with too long a number or too many levels") from None
    return value


def parse_object(option: str, text: str) -> dict[str, Any]:
    """Parse a JSON object."""
    value = parse_json(option, text)
    if not is_object(value):
        raise CommandLineError(f'{option}: must be a JSON object, such as {{"order": 7}}')
    return value
