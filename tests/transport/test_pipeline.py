"""The pipeline over a scripted adapter: what is tried again, what is raised, what is said, and how long it may take."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import math
import os
import re
import ssl
import traceback
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import anyio
import attrs
import pytest

from connectly_api.errors import (
    ApiError,
    ConnectlyError,
    InvalidInputError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitError,
    RequestRejectedError,
    ServerError,
    UnexpectedResponseError,
    UsageError,
)
from connectly_api.transport import MockTransport, Pipeline, Request, Response, Retry, Timeouts, WireRequest
from connectly_api.transport.pipeline import Clock
from connectly_api.transport.protocol import Progress

KEY = "key-canary-9f8e7d"
NOW = 1_700_000_000.0


class FakeTime:
    """A clock that sleeping moves, and that remembers the pauses."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds

    def clock(self, chance: float = 0.5) -> Clock:
        return Clock(
            monotonic=lambda: self.seconds,
            wall=lambda: NOW + self.seconds - 100.0,
            sleep=self.sleep,
            chance=lambda: chance,
        )


def parse(decoded: object) -> object:
    if decoded == "unreadable":
        raise ValueError(decoded)
    return decoded


def request(method: str = "POST", **changes: Any) -> Request[object]:
    made = Request(operation="send_message", method=method, path="/v1/x", parse=parse, content=b'{"text":"hello"}')
    return attrs.evolve(made, **changes)


def ok(body: bytes = b'{"id":"1"}', status: int = 200) -> Response:
    return Response(status, (), body)


def pipeline(
    answers: list[Response | Exception] | Callable[[WireRequest], Response],
    *,
    time: FakeTime | None = None,
    may_have_left: bool = True,
    retry: Retry | None = None,
    timeouts: Timeouts | None = None,
) -> tuple[Pipeline, MockTransport]:
    def answer(_request: WireRequest) -> Response:
        assert isinstance(answers, list)
        outcome = answers[min(len(mock.requests), len(answers)) - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    mock = MockTransport(answer if isinstance(answers, list) else answers, may_have_left=may_have_left)
    made = Pipeline(
        mock,
        api_key=KEY,
        base_url="https://api.example/prefix/",
        clock=(time or FakeTime()).clock(),
        retry=retry,
        timeouts=timeouts,
    )
    return made, mock


async def test_a_call_goes_to_the_address_with_key_and_content() -> None:
    calls, mock = pipeline([ok()])
    answer = await calls.send(
        request(query=(("a", "b c"), ("d", "é&")), headers=(("X-Mine", "1"), ("x-api-key", "no")))
    )
    assert answer.value == {"id": "1"}
    assert answer.response.status == 200
    [wire] = mock.requests
    assert wire.url == "https://api.example/prefix/v1/x?a=b%20c&d=%C3%A9%26"
    assert (wire.method, wire.content) == ("POST", b'{"text":"hello"}')
    headers = dict(wire.headers)
    assert headers.pop("User-Agent").startswith("connectly-api/")
    assert headers == {
        "X-API-Key": KEY,
        "X-Mine": "1",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }


async def test_a_call_without_content_says_nothing_of_its_type() -> None:
    calls, mock = pipeline([ok()])
    await calls.send(request("GET", content=None))
    assert "Content-Type" not in dict(mock.requests[0].headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"null",
        b"{}",
        b"[]",
        b'"text"',
        b' {"id": 1}\r\n',
        b'\xef\xbb\xbf{"id": 1}',
        '{"é": 1}'.encode("utf-16"),
        '{"id": 1}'.encode("utf-16-le"),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("status", [200, 201, 204, 299])
async def test_any_json_of_any_2xx_is_parsed(body: bytes, status: int) -> None:
    calls, _ = pipeline([ok(body, status)])
    answer = await calls.send(request())
    assert answer.value == (json.loads(body) if body.strip() else None)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"<html>",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"1" * 5000,
        b'"unreadable"',
        b'{"id":"1"',
        b"{}x",
        b"\x0c",
        b"{}{}",
    ],
    ids=range(10),
)
async def test_a_2xx_that_cannot_be_read_is_raised_with_its_bytes_and_not_repeated(body: bytes) -> None:
    calls, mock = pipeline([ok(body, 201)])
    with pytest.raises(UnexpectedResponseError, match=f"send_message.*status 201, {len(body)} bytes") as caught:
        await calls.send(request())
    assert (caught.value.status, caught.value.body) == (201, body)
    assert not caught.value.retry_safe
    assert len(mock.requests) == 1


async def test_a_2xx_that_broke_off_leaves_the_outcome_of_a_send_unknown() -> None:
    calls, mock = pipeline([Response(200, (), b'{"id":', complete=False)])
    with pytest.raises(OutcomeUnknownError, match="status 200, broke off after 6 bytes"):
        await calls.send(request())
    assert len(mock.requests) == 1


async def test_a_read_that_broke_off_is_repeated() -> None:
    calls, mock = pipeline([Response(200, (), b"{", complete=False), ok()])
    assert (await calls.send(request("GET"))).value == {"id": "1"}
    assert len(mock.requests) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "error", [ConnectionResetError("x"), TimeoutError(), RuntimeError("h"), ConnectionRefusedError()]
)
async def test_what_may_have_left_is_never_repeated_whatever_the_exception_is_called(
    method: str, error: Exception
) -> None:
    calls, mock = pipeline([error, ok()], may_have_left=True)
    with pytest.raises(OutcomeUnknownError, match="may have been carried out") as caught:
        await calls.send(request(method))
    assert len(mock.requests) == 1
    assert caught.value.timed_out == isinstance(error, TimeoutError)
    # Reachable, and not printed.
    assert caught.value.__cause__ is None
    assert (caught.value.__context__, caught.value.__suppress_context__) == (error, True)
    assert type(error).__name__ in str(caught.value)


async def test_what_never_left_is_repeated_with_growing_pauses_and_then_raised() -> None:
    time = FakeTime()
    error = OSError(errno.EHOSTUNREACH, "no route")
    calls, mock = pipeline([error], may_have_left=False, time=time, retry=Retry(attempts=4))
    reason = re.escape(f"OSError: {os.strerror(errno.EHOSTUNREACH)} (EHOSTUNREACH)")
    with pytest.raises(NotSentError, match=rf"not sent \(4 attempts\): {reason}$") as caught:
        await calls.send(request())
    assert len(mock.requests) == 4
    assert time.pauses == [0.25, 0.5, 1.0]
    assert caught.value.retry_safe


async def test_a_call_may_have_its_own_number_of_attempts() -> None:
    calls, mock = pipeline([Response(429)], retry=Retry(attempts=4))
    with pytest.raises(RateLimitError):
        await calls.send(request(), retry=Retry(attempts=1))
    assert len(mock.requests) == 1


@pytest.mark.parametrize("error", [TypeError("a bug"), ImportError("socksio"), ssl.SSLCertVerificationError("no")])
async def test_what_never_left_for_a_reason_that_stays_is_not_repeated(error: Exception) -> None:
    calls, mock = pipeline([error, ok()], may_have_left=False)
    with pytest.raises(NotSentError, match="not sent: ") as caught:
        await calls.send(request())
    assert len(mock.requests) == 1
    assert (caught.value.retry_safe, caught.value.may_have_taken_effect) == (False, False)


@pytest.mark.parametrize(("error", "said"), [(OSError("this will not do"), False), (RuntimeError("busy"), True)])
async def test_an_adapter_that_says_whether_it_may_pass_is_believed(error: Exception, said: bool) -> None:
    class Saying(MockTransport):
        async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
            progress.is_transient = said
            return await super().exchange(request, timeouts, progress)

    def fail(_request: WireRequest) -> Response:
        raise error

    adapter = Saying(fail, may_have_left=False)
    calls = Pipeline(adapter, api_key="k", base_url="https://api.example.com", retry=Retry(attempts=3, base=0))
    with pytest.raises(NotSentError) as caught:
        await calls.send(request())
    assert (caught.value.retry_safe, len(adapter.requests)) == (said, 3 if said else 1)


@pytest.mark.parametrize(
    ("outcome", "kind", "retry_safe"),
    [
        (OSError("reset"), OutcomeUnknownError, True),
        (Response(500), ServerError, True),
        (Response(408), ApiError, True),
        (Response(302), ApiError, False),
        (Response(404), ApiError, False),
        (Response(200, body=b"{"), UnexpectedResponseError, False),
        (Response(200, body=b"{", complete=False), OutcomeUnknownError, True),
    ],
)
async def test_a_read_has_no_effect_and_may_be_made_again_where_that_may_help(
    outcome: Response | Exception, kind: type[ConnectlyError], retry_safe: bool
) -> None:
    calls, _ = pipeline([outcome], retry=Retry(attempts=1))
    with pytest.raises(kind) as caught:
        await calls.send(request("GET"))
    assert (caught.value.may_have_taken_effect, caught.value.retry_safe) == (False, retry_safe)


@pytest.mark.parametrize(
    ("status", "perhaps"),
    [(302, True), (100, True), (408, True), (499, True), (404, False), (413, False), (429, False), (500, True)],
)
async def test_a_status_says_whether_a_send_may_have_taken_effect(status: int, perhaps: bool) -> None:
    calls, _ = pipeline([Response(status)], retry=Retry(attempts=1))
    with pytest.raises(ApiError) as caught:
        await calls.send(request())
    assert caught.value.may_have_taken_effect is perhaps


@pytest.mark.parametrize("error", [OSError("too many open files"), ImportError("anyio")])
async def test_a_pause_that_cannot_be_made_ends_the_tries(error: Exception) -> None:
    async def fail(_seconds: float) -> None:
        raise error

    calls, mock = pipeline([OSError("no route")], may_have_left=False)
    calls._clock = attrs.evolve(calls._clock, sleep=fail)
    with pytest.raises(NotSentError, match="not sent: OSError at "):
        await calls.send(request())
    assert len(mock.requests) == 1


@pytest.mark.parametrize(
    ("error", "retry_safe"), [(OSError(errno.EMFILE, "too many open files"), True), (ImportError("anyio"), False)]
)
async def test_what_cannot_be_loaded_before_a_call_leaves_it_unsent(
    error: Exception, retry_safe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> object:
        raise error

    calls, mock = pipeline([ok()])
    monkeypatch.setattr("connectly_api.transport.pipeline.identify_loop", fail)
    with pytest.raises(NotSentError, match=f"not sent: {type(error).__name__}") as caught:
        await calls.send(request())
    assert (caught.value.retry_safe, mock.requests) == (retry_safe, [])


async def test_what_cannot_be_loaded_after_an_answer_is_an_acceptance_that_cannot_be_read() -> None:
    def fail(_value: object) -> object:
        raise OSError(errno.EMFILE, "too many open files")

    calls, _ = pipeline([ok()])
    with pytest.raises(UnexpectedResponseError, match="OSError"):
        await calls.send(attrs.evolve(request(), parse=fail))


async def test_a_time_out_that_left_nothing_is_told_as_one() -> None:
    calls, _ = pipeline([TimeoutError()], may_have_left=False, retry=Retry(attempts=1))
    with pytest.raises(NotSentError, match=r"not sent: TimeoutError: no response in time$") as caught:
        await calls.send(request())
    assert caught.value.timed_out


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 599])
async def test_a_read_is_repeated_after_a_status_that_may_pass(status: int) -> None:
    calls, mock = pipeline([Response(status), ok()])
    assert (await calls.send(request("GET"))).value == {"id": "1"}
    assert len(mock.requests) == 2


@pytest.mark.parametrize("status", [300, 302, 400, 401, 403, 404, 408, 409, 422, 500, 502, 503, 504, 520, 999])
async def test_a_send_is_repeated_after_no_status_but_429(status: int) -> None:
    calls, mock = pipeline([Response(status), ok()])
    with pytest.raises(ApiError) as caught:
        await calls.send(request())
    assert caught.value.status == status
    assert len(mock.requests) == 1
    assert isinstance(caught.value, ServerError) == (status >= 500)


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("3", 3.25),
        ("0", 0.25),
        (formatdate(NOW + 7, usegmt=True), 7.25),
        (formatdate(NOW - 7, usegmt=True), 0.25),
        ("soon", 0.25),
        (None, 0.25),
    ],
)
async def test_429_is_repeated_after_the_time_that_it_names(value: str | None, pause: float) -> None:
    time = FakeTime()
    headers = () if value is None else (("retry-AFTER", value),)
    calls, mock = pipeline([Response(429, headers), ok()], time=time)
    await calls.send(request())
    assert time.pauses == [pytest.approx(pause)]
    assert len(mock.requests) == 2


@pytest.mark.parametrize(("asked", "total"), [("3600", 1e6), ("15", 10.0)])
async def test_429_is_raised_at_once_where_it_asks_for_too_long(asked: str, total: float) -> None:
    time = FakeTime()
    calls, mock = pipeline([Response(429, (("Retry-After", asked),)), ok()], time=time)
    with pytest.raises(RateLimitError) as caught:
        await calls.send(request(), timeout=total)
    assert caught.value.retry_after == float(asked)
    assert caught.value.retry_safe
    assert (len(mock.requests), time.pauses) == (1, [])


async def test_no_pause_reaches_beyond_the_deadline() -> None:
    time = FakeTime()
    calls, mock = pipeline([OSError()], may_have_left=False, time=time, retry=Retry(attempts=50, base=4, cap=4))
    with pytest.raises(NotSentError):
        await calls.send(request(), timeout=9)
    assert time.pauses == [2.0, 2.0, 2.0, 2.0]
    assert len(mock.requests) == 5


async def never(_request: WireRequest) -> Response:
    await anyio.sleep_forever()
    raise AssertionError


@pytest.mark.parametrize(("may_have_left", "error"), [(True, OutcomeUnknownError), (False, NotSentError)])
async def test_the_whole_call_ends_at_its_deadline(may_have_left: bool, error: type[ConnectlyError]) -> None:
    mock = MockTransport(never, may_have_left=may_have_left)
    calls = Pipeline(mock, api_key=KEY, base_url="https://api.example", retry=Retry(attempts=1))
    with pytest.raises(error, match=r"no response within 0\.05 s") as caught:
        await calls.send(request(), timeout=0.05)
    assert caught.value.timed_out  # type: ignore[attr-defined]  # both classes have it
    assert len(mock.requests) == 1


async def test_an_endless_time_out_is_possible() -> None:
    calls, _ = pipeline([ok()])
    assert (await calls.send(request(), timeout=math.inf)).value == {"id": "1"}


@pytest.mark.parametrize("timeout", [0, -1, math.nan, True, "5"])
async def test_a_time_out_that_is_none_is_refused_by_name(timeout: float) -> None:
    calls, mock = pipeline([ok()])
    with pytest.raises(InvalidInputError, match=r"^timeout: ") as caught:
        await calls.send(request(), timeout=timeout)
    assert caught.value.field == "timeout"
    assert mock.requests == []


async def test_cancelling_a_call_cancels_it() -> None:
    mock = MockTransport(never)
    calls = Pipeline(mock, api_key=KEY, base_url="https://api.example")
    task = asyncio.create_task(calls.send(request()))
    while not mock.requests:  # noqa: ASYNC110 (the adapter is a list of what it saw)
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(mock.requests) == 1


async def test_an_adapter_that_raises_a_typed_error_has_the_last_word() -> None:
    calls, mock = pipeline([NotSentError("not today")])
    with pytest.raises(NotSentError, match="not today"):
        await calls.send(request())
    assert len(mock.requests) == 1


async def test_an_error_answer_is_typed_and_shows_nothing_of_the_request() -> None:
    message = f"cannot send hello to you with {KEY}"
    calls, _ = pipeline(
        [Response(400, (("A", "b"),), json.dumps({"message": message, "code": "ERROR_CODE_X"}).encode())]
    )
    with pytest.raises(RequestRejectedError) as caught:
        await calls.send(request())
    assert caught.value.message == message
    assert str(caught.value) == "400 Bad Request: the service refuses the request; see error.code and error.message"
    assert caught.value.headers == (("A", "b"),)


async def test_an_exceptions_text_is_not_shown_whatever_it_says() -> None:
    calls, _ = pipeline([RuntimeError(f"bad header {KEY}, body hello")])
    place = r"RuntimeError at .*test_pipeline\.py:\d+$"
    with pytest.raises(OutcomeUnknownError, match=rf"no response came: {place}") as caught:
        await calls.send(request())
    printed = "".join(traceback.format_exception(caught.value))
    assert "hello" not in printed
    assert KEY not in printed


async def test_a_trace_id_is_shown_unless_its_digits_were_sent() -> None:
    body = json.dumps({"cntTraceId": "11824978358485860716"}).encode()
    shown = []
    for content in (None, b'{"text":"hello"}', b'{"text":"my number is 24-978-358"}'):
        calls, _ = pipeline([Response(400, (), body)])
        with pytest.raises(RequestRejectedError) as caught:
            await calls.send(request(content=content))
        shown.append(caught.value.shown_trace_id)
    assert shown == ["11824978358485860716", "11824978358485860716", None]


async def test_a_closed_pipeline_says_so() -> None:
    calls, mock = pipeline([ok()])
    await calls.send(request())
    await calls.aclose()
    await calls.aclose()
    assert mock.closed
    with pytest.raises(UsageError, match="closed"):
        await calls.send(request())
    assert len(mock.requests) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_another_event_loop_is_refused(backend: str) -> None:
    calls, mock = pipeline([ok()])

    async def call() -> None:
        await calls.send(request())

    async def close() -> None:
        await calls.aclose()

    anyio.run(call, backend=backend)
    for again in (call, close):
        with pytest.raises(UsageError, match="another event loop"):
            anyio.run(again, backend=backend)
    assert len(mock.requests) == 1


def test_a_pipeline_that_was_never_used_closes_anywhere() -> None:
    calls, mock = pipeline([ok()])
    anyio.run(calls.aclose)
    assert mock.closed


async def test_each_call_leaves_one_line_and_each_retry_another(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "connectly_api")
    calls, _ = pipeline([Response(429), OSError("hello"), ok()], may_have_left=False)
    await calls.send(request())
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "send_message: status 429; retrying in 0.250 s"),
        ("INFO", "send_message: not sent (OSError); retrying in 0.500 s"),
        ("DEBUG", "send_message: status 200 after 3 attempts, 0.750 s"),
    ]


def test_its_repr_shows_the_address_alone() -> None:
    calls, _ = pipeline([ok()])
    assert repr(calls) == "Pipeline('https://api.example/prefix')"
    assert KEY not in repr(vars(calls)["_transport"])


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "ключ", 5, None])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^api_key: ") as caught:
        Pipeline(MockTransport(lambda _: ok()), api_key=key, base_url="https://api.example")
    assert caught.value.field == "api_key"


@pytest.mark.parametrize(
    "returned",
    [
        None,
        {"status": 200},
        b"{}",
        Response("200"),  # type: ignore[arg-type]
        Response(None),  # type: ignore[arg-type]
        Response(200, body="{}"),  # type: ignore[arg-type]
        Response(429, headers={"Retry-After": "1"}),  # type: ignore[arg-type]
        Response(429, headers=(("Retry-After", 1),)),  # type: ignore[arg-type]
    ],
    ids=repr,
)
async def test_an_adapter_that_returns_no_response_leaves_the_outcome_unknown(returned: Any) -> None:
    made, mock = pipeline(lambda _request: returned, may_have_left=False)
    with pytest.raises(OutcomeUnknownError, match="the transport did not return a Response"):
        await made.send(request())
    assert len(mock.requests) == 1
