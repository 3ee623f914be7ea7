"""A server that repeats what it was sent: in many spellings, in every place of an answer that a server writes."""

from __future__ import annotations

import base64
import codecs
import html
import json
import quopri
import traceback
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from io import StringIO
from types import TracebackType
from typing import Final
from urllib.parse import quote

from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from tests.rough_server import answer

_LEET: Final = str.maketrans("aeiost", "431057")
_MORSE: Final = ("-----", ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----.")
_WORDS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _each(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(byte) for byte in text.encode())


def _apart(between: str) -> Callable[[str], str]:
    return between.join


def _half_width_to_full(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)


ENCODINGS: Final[dict[str, Callable[[str], str]]] = {
    "plain": str,
    "upper": str.upper,
    "lower": str.lower,
    "swapped": str.swapcase,
    "reversed": lambda text: text[::-1],
    "reversed upper": lambda text: text[::-1].upper(),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "utf-16 hex": lambda text: text.encode("utf-16-be").hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 of reversed": lambda text: base64.b64encode(text[::-1].encode()).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base85": lambda text: base64.b85encode(text.encode()).decode(),
    "compressed": lambda text: base64.b64encode(zlib.compress(text.encode())).decode(),
    "url": lambda text: quote(text, safe=""),
    "url, each byte": _each("%{:02X}"),
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "quoted-printable": lambda text: quopri.encodestring(text.encode(), quotetabs=True).decode(),
    "html": html.escape,
    "html decimal": _each("&#{};"),
    "html hex": _each("&#x{:x};"),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "\\u escapes": _each("\\u{:04x}"),
    "\\x escapes": _each("\\x{:02x}"),
    "octal": _each("{:03o} "),
    "decimal": _each("{} "),
    "decimal together": _each("{}"),
    "binary": _each("{:08b} "),
    "full width": _half_width_to_full,
    "decomposed": lambda text: unicodedata.normalize("NFKD", text.replace("e", "é")),
    "with spaces": _apart(" "),
    "with dashes": _apart("-"),
    "with underscores": _apart("_"),
    "with zero widths": _apart("\u200b"),
    "punctuated": lambda text: "".join(f"{part}." for part in (text[at : at + 3] for at in range(0, len(text), 3))),
    "leet": lambda text: text.lower().translate(_LEET),
    "morse": lambda text: " ".join(_MORSE[int(digit)] for digit in text if digit in "0123456789") or text,
    "words": lambda text: " ".join(_WORDS[int(digit)] for digit in text if digit in "0123456789") or text,
    "doubled": lambda text: "".join(character * 2 for character in text),
    "first half": lambda text: text[: len(text) // 2],
    "second half": lambda text: text[len(text) // 2 :],
    "last four": lambda text: f"bad {text[-4:]}",
    "first four": lambda text: f"no {text[:4]}, sorry",
    "middle": lambda text: text[3:-3],
}


def _refusal(**fields: object) -> bytes:
    return answer(400, json.dumps(fields).encode(), [("Content-Type", "application/json")])


def _line(text: str) -> bytes:
    """Return what can stand in a line of a head: any bytes but the end of the line."""
    return text.replace("\n", " ").replace("\r", " ").encode()


def _raw(head: bytes, body: bytes = b"") -> bytes:
    return head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def _letters(text: str) -> str:
    return "".join(character if character.isalpha() and character.isascii() else "_" for character in text.upper())


PLACES: Final[dict[str, Callable[[str], bytes]]] = {
    "message": lambda echo: _refusal(message=f"cannot send {echo}", code="ERROR_CODE_UNSPECIFIED"),
    "code": lambda echo: _refusal(code=echo),
    "code in its form": lambda echo: _refusal(code=f"ERROR_CODE_{_letters(echo)}"),
    "code of capitals": lambda echo: _refusal(code=_letters(echo)),
    "type": lambda echo: _refusal(type=echo, code="ERROR_CODE_UNSPECIFIED"),
    "type in its form": lambda echo: _refusal(type=f"ERROR_TYPE_{_letters(echo)}"),
    "trace id": lambda echo: _refusal(cntTraceId=echo),
    "trace id of digits": lambda echo: _refusal(
        cntTraceId=f"{''.join(filter(str.isdecimal, echo))}11111111111111111111"[:20]
    ),
    "titles": lambda echo: _refusal(userTitle=echo, userMessage=echo),
    "details": lambda echo: _refusal(details={echo: [echo, {echo: echo}]}),
    "a field of its own": lambda echo: _refusal(**{echo: echo}),
    "gRPC status": lambda echo: _refusal(code=3, message=echo, details=[{"@type": echo}]),
    "header": lambda echo: _raw(b"HTTP/1.1 400 X\r\nX-Echo: " + _line(echo)),
    "header's name": lambda echo: _raw(b"HTTP/1.1 400 X\r\nX-" + _line(echo) + b": x"),
    "request id": lambda echo: _raw(b"HTTP/1.1 500 X\r\nX-Request-Id: " + _line(echo)),
    "retry-after": lambda echo: _raw(b"HTTP/1.1 429 X\r\nRetry-After: " + _line(echo)),
    "location": lambda echo: _raw(b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1/" + _line(echo)),
    "cookie": lambda echo: _raw(b"HTTP/1.1 400 X\r\nSet-Cookie: a=" + _line(echo)),
    "content encoding": lambda echo: _raw(b"HTTP/1.1 400 X\r\nContent-Encoding: " + _line(echo)),
    "reason": lambda echo: _raw(b"HTTP/1.1 400 " + _line(echo)),
    "body": lambda echo: answer(502, f"<html>{echo}</html>".encode()),
    "body of an accepted send": lambda echo: answer(200, echo.encode()),
    "body without an id": lambda echo: answer(200, json.dumps({"sid": echo, echo: echo}).encode()),
    "body that breaks off": lambda echo: b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + echo.encode(),
    "chunk extension": lambda echo: (
        b"HTTP/1.1 400 X\r\nTransfer-Encoding: chunked\r\n\r\n2;x=" + _line(echo) + b"\r\n{}\r\n0\r\n\r\n"
    ),
    "chunk's size": lambda echo: b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + _line(echo) + b"\r\n\r\n",
    "trailer": lambda echo: (
        b"HTTP/1.1 400 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: " + _line(echo) + b"\r\n\r\n"
    ),
    "length": lambda echo: b"HTTP/1.1 200 OK\r\nContent-Length: " + _line(echo) + b"\r\n\r\n",
    "no status line": lambda echo: _line(echo) + b"\r\n\r\n",
    "protocol": lambda echo: _line(echo) + b"/1.1 200 OK\r\n\r\n",
    "status": lambda echo: b"HTTP/1.1 " + _line(echo) + b" OK\r\n\r\n",
    "no header line": lambda echo: b"HTTP/1.1 200 OK\r\n" + _line(echo) + b"\r\n\r\n",
    "control in a header": lambda echo: b"HTTP/1.1 200 OK\r\nX: \x00" + _line(echo) + b"\r\n\r\n",
}


def printed_with(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and the causes that are printed with it."""
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ if one.__suppress_context__ or one.__cause__ is not None else one.__context__


def frames_below(error: BaseException, test: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield names and locals of the frames of an error, and of what is printed with it, but for a test's own."""
    for one in printed_with(error):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename != test:
                yield frame.f_code.co_name, dict(frame.f_locals)


def shown(error: BaseException, test: str) -> str:
    """Return all that is usually shown of an error: texts, tracebacks, and locals as two printers show them.

    Args:
        error: What was raised.
        test: The file of the test, whose own frames hold everything.
    """
    parts = [repr(error.args)]
    for one in printed_with(error):
        parts += [str(one), repr(one), *traceback.format_exception_only(one)]
    for name, values in frames_below(error, test):
        parts += [name, repr(values), pretty_repr(values)]
    return "\n".join(parts)


def drawn(error: BaseException) -> str:
    """Return an error as rich draws it, with the locals of each frame."""
    trace: TracebackType | None = error.__traceback__
    console = Console(file=StringIO(), width=4000)
    console.print(Traceback.from_exception(type(error), error, trace, show_locals=True))
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()
