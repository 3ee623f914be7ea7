"""What the facade sends and what the service answers are what the vendored Swagger file describes.

By default the service is the sandbox, in this process and on a socket; `tests/contract/targets.py` says how to name a
real one.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any, get_args

import attrs
import pytest
import pytest_asyncio

from connectly_api import ApiError, AuthenticationError, ConflictError
from connectly_api.lowlevel import Topic
from connectly_api.sandbox import Sandbox
from connectly_api.transport import Request
from tests.contract import cases
from tests.contract.cases import CASES, Case
from tests.contract.reader import Reader
from tests.contract.service_file import VENDORED, find_place
from tests.contract.targets import Dialled, Target, dialled, selected, targets

TARGETS = targets(os.environ)
SANDBOXES = [target for target in TARGETS if target.kind != "real"]
CALLS = [(target, case) for target in TARGETS for case in selected(target, CASES)]

Operation = tuple[str, str]
"""Method and path."""


def locate(function: str, *ids: str) -> Operation:
    place = find_place(function)
    return place.method, place.fill("sandbox-business", *ids)


MESSAGES = locate("send_message")
TEMPLATES = locate("send_whatsapp_templated_message")
CREATE = locate("create_webhook")
UPDATE = locate("update_webhook", "wh_unknown")
LIST = locate("get_webhooks")
DELETE = locate("delete_webhook", "wh_unknown")
OPERATIONS = [MESSAGES, TEMPLATES, CREATE, UPDATE, LIST, DELETE]
REGISTRATION = {"topic": "messages", "address": "https://example.com"}
TEXT = {"recipient": {"id": "+16044441111", "channelType": "whatsapp"}, "message": {"text": "Hello!"}}
TEMPLATE = {"number": "+16044441111", "templateName": "welcome", "language": "en"}
BODIES: dict[Operation, Any] = {MESSAGES: TEXT, TEMPLATES: TEMPLATE, CREATE: REGISTRATION, UPDATE: {}}


# The servers are the module's, so its tests share an event loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Dialled]:
    async with dialled(request.param) as found:
        yield found


@pytest.fixture
def there(kept: Dialled) -> Dialled:
    """A target at which nothing has happened yet."""
    kept.forget()
    return kept


@cache
def reader_of(prefix: str) -> Reader:
    return Reader(VENDORED, prefix=prefix)


def check(there: Dialled) -> list[str]:
    """Hold everything that passed against the file; a sandbox may not even say more than the file knows."""
    reader = reader_of(there.target.prefix)
    operations: list[str] = []
    for request, response in there.recorder.exchanges:
        operations.append(reader.check_request(request))
        reader.check_answer(request, response, is_closed=there.sandbox is not None)
    return operations


@pytest.mark.parametrize(("kept", "case"), CALLS, ids=str, indirect=["kept"])
async def test_a_call_and_its_answer_are_what_the_file_describes(there: Dialled, case: Case) -> None:
    await case.run(there.connectly)

    before = [cases.CREATE] if case.needs_registration else []
    assert check(there) == [*before, case.operation]


@pytest.mark.parametrize("target", TARGETS, ids=str)
async def test_a_wrong_key_is_refused_as_the_file_describes(target: Target) -> None:
    async with dialled(target, api_key="a-wrong-key") as there:
        with pytest.raises(AuthenticationError):
            await there.connectly.webhooks.list()

        assert check(there) == [cases.LIST]


@pytest.mark.parametrize("kept", SANDBOXES, ids=str, indirect=True)
async def test_every_registration_reads_back_as_the_file_describes(there: Dialled) -> None:
    for topic in get_args(Topic):
        await there.connectly.webhooks.create(topic, "https://example.com", echo=True, channel_types=["sms"])

    assert {one.topic for one in await there.connectly.webhooks.list()} == set(get_args(Topic))
    assert len(check(there)) == len(get_args(Topic)) + 1


def rate_limited(sandbox: Sandbox) -> None:
    sandbox.fault("rate_limited", retry_after=3)


def broken(sandbox: Sandbox) -> None:
    sandbox.fault("server_error", status=503)


def untouched(_: Sandbox) -> None:
    """Let the sandbox refuse by itself."""


@attrs.frozen
class Refusal:
    """What is sent, the status that refuses it, and what is done to the sandbox before."""

    operation: Operation
    body: Any
    status: int
    prepare: Callable[[Sandbox], None] = untouched

    def __str__(self) -> str:
        return f"{self.status} {self.prepare.__name__} {' '.join(self.operation)}"


REFUSALS = [
    *(Refusal(operation, BODIES.get(operation), 429, rate_limited) for operation in OPERATIONS),
    *(Refusal(operation, BODIES.get(operation), 503, broken) for operation in OPERATIONS),
    *(Refusal(operation, ["no object"], 400) for operation in BODIES),
    *(Refusal(operation, {"number": 1, "message": 2, "topic": 3, "address": 4}, 400) for operation in BODIES),
    Refusal(MESSAGES, {**TEXT, "message": {"text": "x" * 4097}}, 400),
    Refusal(MESSAGES, {**TEXT, "sender": {"id": "+19999999999", "channelType": "whatsapp"}}, 400),
    Refusal(TEMPLATES, {**TEMPLATE, "callbackData": "x" * 1023}, 400),
    Refusal(CREATE, {"topic": "pigeons", "address": "https://example.com"}, 400),
    Refusal(UPDATE, {"address": "https://example.com"}, 404),
    Refusal(DELETE, None, 404),
]


def raw(operation: Operation, body: Any) -> Request[object]:
    """Return a request that the facade would not make."""
    method, path = operation
    content = None if body is None else json.dumps(body).encode()
    return Request("raw", method, path, parse=lambda value: value, content=content)


@pytest.mark.parametrize("kept", SANDBOXES, ids=str, indirect=True)
@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
async def test_a_refusal_is_what_the_file_describes(there: Dialled, refusal: Refusal, reader: Reader) -> None:
    assert there.sandbox is not None
    refusal.prepare(there.sandbox)

    with pytest.raises(ApiError) as caught:
        await there.connectly.transport.send(raw(refusal.operation, refusal.body))

    assert caught.value.status == refusal.status
    [(request, response)] = there.recorder.exchanges
    reader.check_answer(request, response, is_closed=True)


@pytest.mark.parametrize("target", SANDBOXES[:1], ids=str)
@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
async def test_every_operation_refuses_a_wrong_key_as_the_file_describes(
    target: Target, operation: Operation, reader: Reader
) -> None:
    async with dialled(target, api_key="a-wrong-key") as there:
        with pytest.raises(AuthenticationError):
            await there.connectly.transport.send(raw(operation, BODIES.get(operation)))

        [(request, response)] = there.recorder.exchanges
        reader.check_answer(request, response, is_closed=True)


@pytest.mark.parametrize("kept", SANDBOXES, ids=str, indirect=True)
async def test_a_second_registration_is_refused_as_the_file_describes(there: Dialled) -> None:
    await there.connectly.webhooks.create("messages", "https://example.com")
    with pytest.raises(ConflictError):
        await there.connectly.webhooks.create("messages", "https://example.com")

    assert check(there) == [cases.CREATE] * 2


async def test_every_operation_of_the_facade_is_refused_somewhere(reader: Reader) -> None:
    refused = {reader.check_path(*refusal.operation) for refusal in REFUSALS}

    assert refused == {case.operation for case in CASES}
