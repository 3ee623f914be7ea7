"""`webhooks.ensure`: a topic's registration is as wanted, whoever else changes it, and whatever went wrong before."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from itertools import product
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import (
    ConflictError,
    Connectly,
    ConnectlyError,
    EnsuredWebhook,
    InvalidInputError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    Response,
    Retry,
    ServerError,
    Timeouts,
    UnexpectedResponseError,
    Webengage,
    WebhookFilter,
    WebhookRegistration,
)
from connectly_api.lowlevel import models
from connectly_api.registration_match import find_registration, is_different
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport, MockTransport, Progress, WireRequest
from connectly_api.transport import time_budget as time_budget_module

ADDRESS = "https://bot.example/webhooks"
OLD = "https://old.example/webhooks"
CHANNEL_TYPES: list[models.ChannelType] = ["whatsapp"]
SUMMER, SPRING = WebhookFilter("summer-*"), WebhookFilter("spring-*")


@asynccontextmanager
async def client_of(sandbox: Sandbox, **settings: Any) -> AsyncIterator[Connectly]:
    keys: Any = {"api_key": "sandbox-key", "business_id": "sandbox-business", "transport": AsgiTransport(sandbox.app)}
    async with Connectly(**{**keys, **settings}) as connectly:
        yield connectly


def methods(sandbox: Sandbox) -> str:
    return " ".join(request.method for request in sandbox.requests)


async def test_it_creates_then_leaves_alone_then_updates() -> None:
    sandbox = Sandbox()
    async with client_of(sandbox) as connectly:
        await connectly.webhooks.create("report", OLD)
        created = await connectly.webhooks.ensure("messages", OLD)
        unchanged = await connectly.webhooks.ensure("messages", OLD)
        updated = await connectly.webhooks.ensure("messages", ADDRESS)

    assert [one.action for one in (created, unchanged, updated)] == ["created", "unchanged", "updated"]
    assert {one.id for one in (created, unchanged, updated)} == {sandbox.registrations[1].id}
    assert [one.address for one in sandbox.registrations] == [OLD, ADDRESS]
    assert methods(sandbox) == "POST GET POST GET GET PUT"


async def test_what_is_left_out_stays_and_everything_given_is_written_in_one_request() -> None:
    sandbox = Sandbox()
    async with client_of(sandbox) as connectly:
        await connectly.webhooks.create("messages", ADDRESS, echo=True, filters=[SUMMER])
        await connectly.webhooks.ensure("messages", ADDRESS, channel_types=iter(CHANNEL_TYPES))
        assert sandbox.registrations[0].configuration == {
            "echo": True,
            "channelTypes": ["whatsapp"],
            "filters": [{"field": "campaign_name", "expression": "summer-*"}],
        }
        await connectly.webhooks.ensure("messages", ADDRESS, type="custom", echo=False, filters=[])

    assert json.loads(sandbox.requests[-1].body) == {
        "address": ADDRESS,
        "configuration": {"echo": False, "filters": []},
    }


async def test_a_new_registration_has_everything_that_is_given() -> None:
    sandbox = Sandbox()
    async with client_of(sandbox) as connectly:
        ensure = connectly.webhooks.ensure
        ensured = await ensure("messages", ADDRESS, type="zapier", echo=True, channel_types=["sms"], filters=[SUMMER])
        assert await connectly.webhooks.list() == (
            WebhookRegistration(ensured.id, "messages", ADDRESS, "zapier", True, ("sms",), (SUMMER,)),
        )


async def test_webengages_settings_cannot_be_read_back_and_are_always_written() -> None:
    sandbox = Sandbox()
    settings: dict[str, Any] = {"type": "webengage", "webengage": Webengage("token", "https://w.example")}
    async with client_of(sandbox) as connectly:
        actions = [(await connectly.webhooks.ensure("messages", ADDRESS, **settings)).action for _ in range(2)]

    assert actions == ["created", "updated"]


async def test_another_type_is_refused_before_anything_is_changed() -> None:
    sandbox = Sandbox()
    async with client_of(sandbox) as connectly:
        await connectly.webhooks.create("messages", OLD, type="zapier")
        with pytest.raises(InvalidInputError, match="no update changes; delete it, then call again") as caught:
            await connectly.webhooks.ensure("messages", ADDRESS, type="custom")
        assert caught.value.field == "type"
        assert (await connectly.webhooks.ensure("messages", ADDRESS)).action == "updated"

    assert methods(sandbox) == "POST GET GET PUT"


class Together:
    """A transport through which nobody learns what is registered before all have asked."""

    def __init__(self, sandbox: Sandbox, count: int) -> None:
        self._inner = AsgiTransport(sandbox.app)
        self._missing = count
        self._all_asked = anyio.Event()

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        response = await self._inner.exchange(request, timeouts, progress)
        if request.method == "GET":
            self._missing -= 1
            if self._missing == 0:
                self._all_asked.set()
            await self._all_asked.wait()
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.mark.parametrize(
    ("second_registration", "registered", "actions"),
    [
        ("conflict", None, ["created", "unchanged", "unchanged", "unchanged"]),
        ("replace", None, ["created", "created", "created", "created"]),
        ("conflict", OLD, ["updated", "updated", "updated", "updated"]),
    ],
)
async def test_several_processes_at_once_end_with_one_registration(
    second_registration: Any, registered: str | None, actions: list[str]
) -> None:
    sandbox = Sandbox(second_registration=second_registration)
    ensured: list[EnsuredWebhook] = []

    async def start(connectly: Connectly) -> None:
        ensured.append(await connectly.webhooks.ensure("messages", ADDRESS, echo=True))

    async with client_of(sandbox) as connectly:
        if registered is not None:
            await connectly.webhooks.create("messages", registered)
    async with client_of(sandbox, transport=Together(sandbox, 4)) as connectly, anyio.create_task_group() as group:
        for _ in actions:
            group.start_soon(start, connectly)

    (registration,) = sandbox.registrations
    assert (registration.address, registration.configuration) == (ADDRESS, {"echo": True})
    assert sorted(one.action for one in ensured) == actions
    assert registration.id in {one.id for one in ensured}


def listing(*registrations: dict[str, Any]) -> Response:
    return Response(200, (), json.dumps({"entity": {"webhooks": list(registrations)}}).encode())


def at(address: str, webhook_id: str = "wh_1", **fields: Any) -> dict[str, Any]:
    return {"id": webhook_id, "topic": "messages", "address": address, **fields}


DONE, CONFLICT, GONE = Response(200, (), b'{"id":"wh_9"}'), Response(409), Response(404)


def script(*answers: Response | Exception) -> tuple[Connectly, MockTransport]:
    remaining = iter(answers)

    def answer(_request: WireRequest) -> Response:
        found = next(remaining)
        if isinstance(found, Exception):
            raise found
        return found

    mock = MockTransport(answer)
    return Connectly(api_key="k", business_id="b", transport=mock, retry=Retry(attempts=1)), mock


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([listing(), CONFLICT, listing(at(ADDRESS))], EnsuredWebhook("wh_1", "unchanged")),
        ([listing(), CONFLICT, listing(at(OLD)), DONE], EnsuredWebhook("wh_1", "updated")),
        ([listing(at(OLD)), GONE, listing(at(OLD, "wh_2")), DONE], EnsuredWebhook("wh_2", "updated")),
        ([listing(at(OLD)), GONE, listing(), DONE], EnsuredWebhook("wh_9", "created")),
        ([listing(at(OLD)), GONE, listing(), CONFLICT, listing(at(ADDRESS))], EnsuredWebhook("wh_1", "unchanged")),
    ],
)
async def test_if_another_process_was_faster_it_looks_again(answers: list[Response], expected: EnsuredWebhook) -> None:
    connectly, mock = script(*answers)

    assert await connectly.webhooks.ensure("messages", ADDRESS) == expected
    assert len(mock.requests) == len(answers)


@pytest.mark.parametrize(
    ("answers", "error"), [([listing(), CONFLICT] * 3, ConflictError), ([listing(at(OLD)), GONE] * 3, NotFoundError)]
)
async def test_it_does_not_look_for_ever(answers: list[Response], error: type[ConnectlyError]) -> None:
    connectly, mock = script(*answers)

    with pytest.raises(error):
        await connectly.webhooks.ensure("messages", ADDRESS)
    assert len(mock.requests) == len(answers)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([GONE], NotFoundError),
        ([ConnectionError("reset")], OutcomeUnknownError),
        ([listing(), ConnectionError("reset")], OutcomeUnknownError),
        ([listing(), Response(500)], ServerError),
        ([listing(), Response(200, (), b"{}")], UnexpectedResponseError),
        ([listing(at(OLD)), ConnectionError("reset")], OutcomeUnknownError),
        ([listing(at(OLD)), Response(500)], ServerError),
    ],
)
async def test_any_other_error_is_raised_at_once(
    answers: list[Response | Exception], error: type[ConnectlyError]
) -> None:
    connectly, mock = script(*answers)

    with pytest.raises(error):
        await connectly.webhooks.ensure("messages", ADDRESS)
    assert len(mock.requests) == len(answers)


FAULTS: list[dict[str, Any]] = [
    {"what": "drop"},
    {"what": "server_error"},
    {"what": "server_error", "accepted": True},
    {"what": "truncated"},
    {"what": "nulls"},
    {"what": "cut_off"},
]


@pytest.mark.parametrize(("fault", "operation"), list(product(FAULTS, ["create_webhook", "update_webhook"])))
async def test_calling_it_again_after_an_error_is_safe(fault: dict[str, Any], operation: str) -> None:
    sandbox = Sandbox()
    async with client_of(sandbox) as connectly:
        if operation == "update_webhook":
            await connectly.webhooks.create("messages", OLD)
        sandbox.fault(**fault, operation=operation, next=1)
        with suppress(ConnectlyError):
            await connectly.webhooks.ensure("messages", ADDRESS)
        ensured = await connectly.webhooks.ensure("messages", ADDRESS)
        unchanged = await connectly.webhooks.ensure("messages", ADDRESS)

    assert unchanged == EnsuredWebhook(ensured.id, "unchanged")
    assert [one.address for one in sandbox.registrations] == [ADDRESS]


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda w: w.ensure("statuses", ADDRESS), "topic"),
        (lambda w: w.ensure("messages", "http://a.example"), "address"),
        (lambda w: w.ensure("messages", ADDRESS, type="x"), "type"),
        (lambda w: w.ensure("messages", ADDRESS, echo="yes"), "echo"),
        (lambda w: w.ensure("messages", ADDRESS, channel_types=["fax"]), "channel_types"),
        (lambda w: w.ensure("messages", ADDRESS, filters=["x-*"]), "filters[0]"),
        (lambda w: w.ensure("messages", ADDRESS, webengage="token"), "webengage"),
        (lambda w: w.ensure("messages", ADDRESS, timeout=0), "timeout"),
    ],
)
async def test_bad_input_is_refused_before_any_io(call: Callable[[Any], Any], field: str) -> None:
    connectly, mock = script()

    with pytest.raises(InvalidInputError) as caught:
        await call(connectly.webhooks)
    assert (caught.value.field, mock.requests) == (field, [])


async def test_an_unknown_keyword_is_refused_with_the_nearest() -> None:
    connectly, mock = script()
    options: Any = {"channels": ["sms"]}

    with pytest.raises(TypeError, match="did you mean 'channel_types'"):
        await connectly.webhooks.ensure("messages", ADDRESS, **options)
    assert mock.requests == []


@pytest.mark.parametrize(("timeout", "total"), [(5.0, 5.0), (None, 7.0)])
async def test_all_requests_share_the_calls_time(
    monkeypatch: pytest.MonkeyPatch, timeout: float | None, total: float
) -> None:
    seconds: list[float] = []
    readings = iter([10.0, 11.0, 12.0, 13.0, 10.0 + total])

    class Watched(MockTransport):
        async def exchange(self, request: Any, timeouts: Timeouts, progress: Any) -> Response:
            seconds.append(timeouts.total)
            return await super().exchange(request, timeouts, progress)

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return next(readings)

    monkeypatch.setattr(time_budget_module, "time", Clock)
    answers = iter([listing(), CONFLICT, listing(at(OLD))])
    transport = Watched(lambda _: next(answers))
    connectly = Connectly(api_key="k", business_id="b", transport=transport, timeouts=Timeouts(total=7))

    with pytest.raises(NotSentError, match=r"^update_webhook: not sent: ") as caught:
        await connectly.webhooks.ensure("messages", ADDRESS, timeout=timeout)

    assert seconds == [total - 1, total - 2, total - 3]
    assert (caught.value.timed_out, caught.value.retry_safe) == (True, True)


def register(webhook_id: str, address: str, topic: str | None = "messages") -> WebhookRegistration:
    return WebhookRegistration(webhook_id, topic, address)


@pytest.mark.parametrize(
    ("registrations", "expected"),
    [
        ([], None),
        ([register("1", ADDRESS, "report"), register("2", ADDRESS, None), register("", ADDRESS)], None),
        ([register("1", ADDRESS, "report"), register("2", OLD)], "2"),
        ([register("1", OLD), register("2", ADDRESS), register("3", ADDRESS)], "2"),
    ],
)
def test_of_several_registrations_the_one_with_the_address_is_taken(
    registrations: list[WebhookRegistration], expected: str | None
) -> None:
    found = find_registration(registrations, "messages", ADDRESS)

    assert (found and found.id) == expected


def test_several_registrations_elsewhere_are_for_people_to_look_at() -> None:
    with pytest.raises(InvalidInputError, match="topic: it has 2 registrations, none of them with this address"):
        find_registration([register("1", OLD), register("2", OLD)], "messages", ADDRESS)


def want(*, type_: Any = None, **configuration: Any) -> models.CreateWebhookRequest:
    wanted = models.CreateWebhookRequest(topic="messages", address=ADDRESS)
    if type_ is not None:
        wanted.type_ = type_
    if configuration:
        wanted.configuration = models.WebhookConfiguration(**configuration)
    return wanted


def to_models(filters: Iterable[WebhookFilter]) -> list[models.WebhookFilter]:
    return [models.WebhookFilter(field=one.field, expression=one.expression) for one in filters]


FOUND: list[tuple[dict[str, Any], models.CreateWebhookRequest, bool]] = [
    ({}, want(), False),
    ({"echo": True, "channel_types": ("sms",), "filters": (SUMMER,), "type": "zapier"}, want(), False),
    ({"address": None}, want(), True),
    ({"address": f"{ADDRESS}/"}, want(), True),
    ({"type": None}, want(type_="custom"), False),
    ({"type": "webhook_type_unspecified"}, want(type_="custom"), False),
    ({"type": "zapier"}, want(type_="zapier"), False),
    ({"echo": None}, want(echo=False), False),
    ({"echo": False}, want(echo=False), False),
    ({"echo": None}, want(echo=True), True),
    ({"echo": True}, want(echo=False), True),
    ({}, want(channel_types=[]), False),
    ({"channel_types": ("channel_type_unspecified",)}, want(channel_types=[]), False),
    ({"channel_types": ("sms", "whatsapp")}, want(channel_types=["whatsapp", "sms"]), False),
    ({"channel_types": ("sms",)}, want(channel_types=["whatsapp", "sms"]), True),
    ({"channel_types": ("sms",)}, want(channel_types=[]), True),
    ({}, want(channel_types=["sms", "whatsapp"]), True),
    ({}, want(filters=[]), False),
    ({"filters": (SPRING, SUMMER)}, want(filters=to_models([SUMMER, SPRING])), False),
    ({"filters": (WebhookFilter("summer-*", ""),)}, want(filters=to_models([SUMMER])), False),
    ({"filters": (WebhookFilter("summer-*", "other"),)}, want(filters=to_models([SUMMER])), True),
    ({"filters": (SUMMER,)}, want(filters=[]), True),
    ({}, want(webengage_configuration=models.WebengageConfiguration()), True),
]


@pytest.mark.parametrize(("found", "wanted", "expected"), FOUND)
def test_only_what_is_wanted_and_differs_counts(
    found: dict[str, Any], wanted: models.CreateWebhookRequest, *, expected: bool
) -> None:
    registration = WebhookRegistration(**{"id": "1", "topic": "messages", "address": ADDRESS, **found})

    assert is_different(registration, wanted) is expected


CHANNELS = st.none() | st.lists(st.sampled_from(["whatsapp", "sms"]), unique=True)
FILTERS = st.none() | st.lists(st.sampled_from([SUMMER, SPRING]), unique=True)
SETTINGS = st.fixed_dictionaries({"echo": st.none() | st.booleans(), "channel_types": CHANNELS, "filters": FILTERS})


@given(SETTINGS, SETTINGS)
def test_after_any_change_the_same_call_changes_nothing_more(before: dict[str, Any], after: dict[str, Any]) -> None:
    sandbox = Sandbox()

    async def main() -> list[str]:
        async with client_of(sandbox) as connectly:
            calls = [before, before, after, after]
            return [(await connectly.webhooks.ensure("messages", ADDRESS, **call)).action for call in calls]

    actions = anyio.run(main)

    assert (actions[:2], actions[3]) == (["created", "unchanged"], "unchanged")
    assert len(sandbox.registrations) == 1
