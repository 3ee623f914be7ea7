"""Waits for a message, for tests in any language: what `Sandbox.assert_sent_once` is for those in Python."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

import anyio
from starlette.requests import Request

from connectly_api.json_values import is_array, is_object
from connectly_api.sandbox.engine import Engine
from connectly_api.sandbox.expectation import build_expectation
from connectly_api.sandbox.model.records import AcceptedMessage
from connectly_api.sandbox.sent_report import describe_mismatch
from connectly_api.sandbox.verbs.declarations import (
    ANY_TEXT,
    ANYTHING,
    CUSTOMER,
    TEXT,
    ArgumentType,
    Declaration,
    build_number_type,
    check_arguments,
)
from connectly_api.sandbox.web.connection import Connection, set_end, wait_for_disconnect

_MAX_SECONDS: Final = 600

_PARAMETERS: Final = ArgumentType(
    {"anyOf": [{"type": "object", "additionalProperties": {"type": "string"}}, {"type": "array"}]},
    lambda value: is_object(value) or is_array(value),
    "must be an object of all parameters, or the list of those of the body",
)

DECLARATION: Final = Declaration(
    "Waits until a message has all the given values, and checks that only one has: at most `within` real seconds.",
    {},
    {
        "to": CUSTOMER,
        "kind": TEXT,
        "text": ANY_TEXT,
        "template": TEXT,
        "parameters": _PARAMETERS,
        "callbackData": ANYTHING,
        "campaignName": ANY_TEXT,
        "sender": TEXT,
        "within": build_number_type(0, _MAX_SECONDS, f"must be a number of seconds, from 0 to {_MAX_SECONDS}"),
    },
)

_NAMES: Final = {"to": "recipient", "callbackData": "callback_data", "campaignName": "campaign_name"}
"""What an assertion calls an argument, where that differs."""


async def expect_message(engine: Engine, request: Request, given: Mapping[str, Any]) -> AcceptedMessage | str:
    """Return the message, or the report of the assertion once the time is over.

    Raises:
        InvalidInputError: An argument is unknown, or of another type.
    """
    arguments = check_arguments(DECLARATION, given)
    seconds = arguments.pop("within") or 0
    wanted = {_NAMES.get(name, name): value for name, value in arguments.items() if value is not None}
    if "callbackData" in given:
        wanted["callback_data"] = given["callbackData"]
    set_end(request.scope, Connection.reset)
    async with anyio.create_task_group() as tasks:

        async def stop_with_client() -> None:
            await wait_for_disconnect(request.receive)
            tasks.cancel_scope.cancel()

        tasks.start_soon(stop_with_client)
        await _wait_for_match(engine, wanted, seconds)
        tasks.cancel_scope.cancel()
    expectation, state = build_expectation(engine.state, wanted), engine.state
    found = expectation.find_matches(state.messages.values())
    return found[0] if len(found) == 1 else describe_mismatch(expectation, state, found)


async def _wait_for_match(engine: Engine, wanted: Mapping[str, object], seconds: float) -> None:
    state, count = engine.state, 0
    with anyio.move_on_after(seconds):
        while True:
            version = engine.version
            if state is not engine.state:
                state, count = engine.state, 0
            # Only messages that are new: there may be thousands of others, and a change for each.
            new = islice(reversed(state.messages.values()), state.message_count - count)
            count = state.message_count
            if build_expectation(state, wanted).find_matches(new):
                return
            await engine.wait_for_change(version)
