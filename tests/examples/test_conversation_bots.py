"""The bots of the documentation meet 500 customers under faults: each is answered once."""

from __future__ import annotations

import importlib
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Literal

import attrs
import pytest
from anyio import to_thread
from flask import Flask

from connectly_api import Connectly, Retry
from connectly_api.sandbox import Delivery, ReceivedRequest, Sandbox
from connectly_api.sync import Connectly as SyncConnectly
from connectly_api.sync.portal import run
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import ButtonReply, Event, InboundMessage, ListReply
from tests.docs.pages import ROOT, blocks_of
from tests.examples.answer_check import Answers, check_answers, list_statuses
from tests.examples.conversations import add_conversations, add_faults, converse, open_sandbox

BOTS = ("conversation_bot", "flask_bot")
ADDRESS = "https://bot.example/webhooks"
STATUS = re.compile(r"([0-9A-Z]{26}) (\w+)")


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


@pytest.fixture
def bot(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[ModuleType]:
    """A bot's module, imported as its server does."""
    monkeypatch.chdir(tmp_path)  # Its store is there.
    monkeypatch.setenv("CONNECTLY_API_KEY", "sandbox-key")
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", "sandbox-business")
    monkeypatch.setenv("CONNECTLY_WEBHOOK_SECRET", "sandbox-secret")
    monkeypatch.setenv("WEBHOOK_ADDRESS", ADDRESS)
    name = f"examples.{request.param}"
    yield importlib.import_module(name)
    del sys.modules[name]


class FlaskOnAsgi:
    """An ASGI application that gives each request to a Flask application, in a thread, as a WSGI server does."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        headers = [(name.decode(), value.decode()) for name, value in scope["headers"]]
        post = partial(self._client.post, scope["path"], data=body, headers=headers)
        response = await to_thread.run_sync(post)
        await send({"type": "http.response.start", "status": response.status_code, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def attach(bot: ModuleType, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect a bot and a sandbox without sockets, and let the client's retries not wait."""
    is_flask = isinstance(bot.app, Flask)
    settings, kind = sandbox.settings, SyncConnectly if is_flask else Connectly
    connectly = kind(
        api_key=settings.api_key,
        business_id=settings.business_id,
        transport=AsgiTransport(sandbox.app),
        retry=Retry(base=0),
    )
    monkeypatch.setattr(bot, "connectly", connectly)
    sandbox.attach(ADDRESS, FlaskOnAsgi(bot.app) if is_flask else bot.app)


async def register(bot: ModuleType) -> None:
    if isinstance(bot.app, Flask):
        await to_thread.run_sync(bot.app.test_cli_runner().invoke, bot.register)
    else:
        for topic in ("messages", "delivery_status"):
            await bot.connectly.webhooks.ensure(topic, ADDRESS)


async def meet_customers(bot: ModuleType, sandbox: Sandbox, count: int, seed: int, *, faults: bool = True) -> None:
    random = Random(seed)
    await register(bot)
    if faults:
        add_faults(sandbox)
    await converse(sandbox, add_conversations(sandbox, count, random), random)
    await to_thread.run_sync(bot.webhooks.close) if isinstance(bot.app, Flask) else await bot.app.aclose()


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize("bsuids", ["accept", "templates"])
@pytest.mark.parametrize("bot", BOTS, indirect=True)
def test_each_of_500_customers_is_answered_once_whatever_goes_wrong(
    bot: ModuleType,
    bsuids: Literal["accept", "templates"],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox = open_sandbox(1, bsuids)
    attach(bot, sandbox, monkeypatch)
    logging.getLogger("uvicorn").setLevel("INFO")

    run(meet_customers, bot, sandbox, 250, 1)
    answers = check_answers(sandbox.entries, expect)
    print(answers)
    assert answers.problems == ()
    assert min(answers.exact, answers.unknown, answers.late) > 50
    assert 0

@pytest.mark.parametrize("name", BOTS)
def test_a_bot_has_forty_lines_or_fewer(name: str) -> None:
    lines = (ROOT / "examples" / f"{name}.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 40
