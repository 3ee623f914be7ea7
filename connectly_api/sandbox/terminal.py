"""What a running sandbox says on a terminal: a banner, then one line for each request. Pure; all ASCII."""

from __future__ import annotations

import json
import re
import shlex
from urllib.parse import quote

from connectly_api.redaction import redact
from connectly_api.sandbox.inspection import PREFIX
from connectly_api.sandbox.settings import Settings
from connectly_api.sandbox.state import AcceptedMessage, ReceivedRequest

__all__ = ["banner", "line"]


def banner(address: str, settings: Settings) -> str:
    """Return what to know and what to try, with a command that works as it stands."""
    base = f"{address}/v1/businesses/{quote(settings.business_id, safe='')}"
    return _ascii(f"""Connectly sandbox: {address}  (Ctrl-C ends it)

  API key   {settings.api_key}
  business  {settings.business_id}
  senders   {", ".join(settings.senders)}

Send a message:

  {_curl(base, settings)}

Then try a wrong key (401), a number without + (400), two attachments (400), callback data of 1025 bytes (400);
  curl -X POST {address}{PREFIX}/close_window -d '{{"customer":"{_customer(settings)}"}}'   and send again (400);
  curl {address}{PREFIX}/messages   and {PREFIX}/requests show what was received.
""")


def line(received: ReceivedRequest, settings: Settings, *, personal: bool) -> str:
    """Return one request as one line.

    Args:
        received: The request and what became of it.
        settings: Those of the sandbox.
        personal: Whether phone numbers and BSUIDs are shown whole.
    """
    path = received.path.removeprefix(f"/v1/businesses/{quote(settings.business_id, safe='')}")
    parts = [f"{received.method} {path}", str(received.status)]
    if received.message is not None:
        parts.append(_sent(received.message, personal=personal))
    if received.code is not None:
        reasons = "; ".join(map(str, received.violations))
        parts.append(f"{received.code} {reasons}".rstrip())
    if received.unknown_fields:
        parts.append(f"ignored, as unknown: {', '.join(received.unknown_fields)}")
    text = "  ".join(parts)
    return _one_line(_ascii(text if personal else _masked(text)))


def _sent(message: AcceptedMessage, *, personal: bool) -> str:
    names = [name if personal else _shortened(name) for name in (message.phone, message.bsuid) if name]
    return f"{message.kind} to {' '.join(names)}  {message.id}"


def _shortened(name: str) -> str:
    return f"{name[:4]}***{name[-2:]}"


def _masked(text: str) -> str:
    """Take out what looks personal; a message's id and a shortened number do not."""
    return redact(text)


def _curl(base: str, settings: Settings) -> str:
    recipient = {"id": _customer(settings), "channelType": settings.channels[0]}
    body = json.dumps({"recipient": recipient, "message": {"text": "Hello"}}, separators=(",", ":"))
    words = ("-H", f"X-API-Key: {settings.api_key}", "-H", "Content-Type: application/json", "-d", body)
    return shlex.join(["curl", "-X", "POST", f"{base}/send/messages", *words])


def _customer(settings: Settings) -> str:
    """A number that is none of the business's own."""
    return next(number for number in map(_numbered, range(1000)) if number not in settings.senders)


def _numbered(index: int) -> str:
    return f"+1604444{1111 + index}"


def _ascii(text: str) -> str:
    """Escape what a terminal may fail to show."""
    return text.encode("ascii", "backslashreplace").decode()


def _one_line(text: str) -> str:
    """Escape what a terminal might obey, line ends included."""
    return re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", text)
