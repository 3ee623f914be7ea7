"""The bots of the documentation meet 500 customers under faults: each is answered once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import attrs
import pytest
from anyio import to_thread

from connectly_api import Connectly, Retry
from connectly_api.sandbox import Delivery, ReceivedRequest, Sandbox
from connectly_api.sync.portal import run
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import ButtonReply, Event, InboundMessage, ListReply
from tests.examples.answer_check import Answers, check_answers, list_statuses
from tests.examples.conversations import add_conversations, add_faults, converse

ROOT = Path(__file__).resolve().parent.parent.parent
BOTS = ("conversation_bot", "flask_bot")


def expect(event: Event) -> str | None:
    match event:
        case InboundMessage():
            return "How can we help?"
        case ButtonReply(text="Find a shop"):
            return "Where are you?"
        case ButtonReply():
            return "It arrives tomorrow."
        case ListReply(title="Lisbon"):
            return "Rua Augusta 1"
        case ListReply():
            return "Rua das Flores 2"
        case _:
            return None


@pytest.mark.parametrize("name", BOTS)
def test_a_bot_has_forty_lines_or_fewer(name: str) -> None:
    lines = (ROOT / "examples" / f"{name}.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 40
