"""What a command reads: files and standard input, under the name of the option that asks for them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.json_kinds import JsonValue

__all__ = ["decoded", "json_in", "read_bytes", "read_json", "read_secret", "read_text", "text_or_stdin"]

STDIN = "-"


def read_bytes(option: str, source: str) -> bytes:
    """Return what a file, or for `-` standard input, holds.

    Raises:
        CommandLineError: It cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is no name of a file"
        raise CommandLineError(f"{option}: cannot be read: {reason}") from None


def decoded(option: str, content: bytes) -> str:
    """Return the text that UTF-8 bytes are, without a byte order mark.

    Raises:
        CommandLineError: They are none.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandLineError(f"{option}: is not text in UTF-8") from None


def read_text(option: str, source: str) -> str:
    """Return the text that a file, or for `-` standard input, holds, without the line end at its end.

    Raises:
        CommandLineError: It cannot be read, is not UTF-8, or is empty.
    """
    text = decoded(option, read_bytes(option, source))
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        where = "standard input, which can be read once," if source == STDIN else "the file"
        raise CommandLineError(f"{option}: {where} is empty")
    return text


def text_or_stdin(option: str, value: str) -> str:
    """Return a text as it was given, or for `-` the text in standard input.

    Raises:
        CommandLineError: Standard input cannot be read, is not UTF-8, or is empty.
    """
    return read_text(option, STDIN) if value == STDIN else value


def read_secret(option: str, source: str) -> str:
    """Return the key or the secret that a file, or for `-` standard input, holds on its only line.

    Raises:
        CommandLineError: It cannot be read, is not UTF-8, is empty, or has several lines.
    """
    text = read_text(option, source)
    if "\n" in text:
        raise CommandLineError(f"{option}: must hold the secret alone, on one line")
    return text


def read_json(option: str, source: str) -> JsonValue:
    """Return the JSON value that a file, or for `-` standard input, holds.

    Raises:
        CommandLineError: It cannot be read, or is not JSON.
    """
    return json_in(option, read_text(option, source))


def json_in(option: str, text: str) -> JsonValue:
    """Return the JSON value that a text holds.

    Raises:
        CommandLineError: It holds none; the error says where, and repeats nothing of it.
    """
    try:
        value: JsonValue = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise CommandLineError(
            f"{option}: is not JSON: {error.msg} at {place}; a text stands in double quotes"
        ) from None
    except (ValueError, RecursionError):
        raise CommandLineError(f"{option}: is JSON beyond what can be read") from None
    return value
