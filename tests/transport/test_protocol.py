"""The plain values between the layers: what they keep, refuse, and show."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.transport.protocol import Answer, Progress, Request, Response, Timeouts, WireRequest, check_seconds

NAMES = ["total", "connect", "read"]


def parse(_: object) -> None:
    """Read nothing."""


def test_a_header_is_found_whatever_the_case_of_its_name() -> None:
    response = Response(200, (("Content-Type", "a"), ("X-Trace", "b"), ("x-trace", "c")))

    assert response.header("content-type") == "a"
    assert response.header("X-TRACE") == "b"
    assert response.header("Retry-After") is None


def test_an_answer_is_complete_unless_its_adapter_says_otherwise() -> None:
    assert Response(204) == Response(204, (), b"", complete=True)


@pytest.mark.parametrize(
    "value",
    [
        Request(
            "send_message",
            "POST",
            "/v1/businesses/canary/send/messages",
            parse,
            query=(("canary", "canary"),),
            headers=(("X-Canary", "canary"),),
            content=b"canary",
        ),
        WireRequest("POST", "https://canary", (("X-API-Key", "canary"),), b"canary"),
        Response(200, (("Set-Cookie", "canary"),), b"canary"),
        Answer(None, Response(200, (("Set-Cookie", "canary"),), b"canary")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_repr_shows_ids_headers_or_content(value: object) -> None:
    assert "canary" not in repr(value).lower()


def test_a_request_is_a_value_whatever_reads_its_answer() -> None:
    one, other = (Request("a", "GET", "/", reader) for reader in (parse, repr))

    assert one == other
    assert one != attrs.evolve(one, path="/v1")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.path = "/v2"  # type: ignore[misc]


def test_time_outs_are_finite_by_default() -> None:
    assert all(0 < getattr(Timeouts(), name) < math.inf for name in NAMES)
    assert Timeouts().total >= Timeouts().read >= Timeouts().connect


@pytest.mark.parametrize("value", [1, 0.001, 5e-324, 86_400.0, math.inf, 2**1000], ids=lambda value: str(value)[:9])
def test_a_time_out_is_any_number_above_zero(value: float) -> None:
    assert check_seconds("timeout", value) == value
    for name in NAMES:
        arguments = {name: value}
        assert getattr(Timeouts(**arguments), name) == value


@pytest.mark.parametrize(
    "value",
    [0, 0.0, -0.0, -1, -math.inf, math.nan, True, False, None, "5", b"5", [5], 1j, 10**400],
    ids=lambda value: repr(value)[:9],
)
def test_anything_else_is_no_time_out(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^timeout: must be a number of seconds above 0") as caught:
        check_seconds("timeout", value)
    assert caught.value.field == "timeout"
    for name in NAMES:
        arguments = {name: value}
        with pytest.raises(InvalidInputError, match=f"^{name}: "):
            Timeouts(**arguments)


def test_a_request_is_taken_to_have_left_until_an_adapter_knows_better() -> None:
    assert Progress().may_have_left is True
