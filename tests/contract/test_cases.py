"""The cases are complete: every public method of the facade, each of its parameters, every kind of content."""

from __future__ import annotations

import inspect
from operator import attrgetter

import pytest

from connectly_api import Connectly, Response
from connectly_api.transport import MockTransport
from tests.contract import cases
from tests.contract.cases import CASES, COMPOUND, OPTIONS, SENDS_NOTHING, public_methods
from tests.contract.reader import Reader

METHODS = sorted({case.method for case in CASES})


def client() -> tuple[Connectly, MockTransport]:
    mock = MockTransport(lambda _: Response(200, (("content-type", "application/json"),), b'{"id":"x"}'))
    return Connectly(api_key="k", business_id="b", transport=mock), mock


def simple_methods() -> set[str]:
    return {name for name in public_methods() if not name.startswith(tuple(COMPOUND))}


def test_every_public_method_has_a_case_or_sends_nothing() -> None:
    methods = simple_methods()

    assert methods == {*METHODS, *SENDS_NOTHING}
    assert {"send", "webhooks.list"} <= methods


def test_a_new_method_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def recall(self: Connectly, message_id: str) -> None:
        """Take a message back."""

    monkeypatch.setattr(Connectly, "recall", recall, raising=False)

    assert simple_methods() - {*METHODS, *SENDS_NOTHING} == {"recall"}


@pytest.mark.parametrize("method", METHODS)
def test_every_parameter_of_a_method_is_given_in_one_of_its_cases(method: str) -> None:
    signature = inspect.signature(attrgetter(method)(client()[0]))
    kinds = {name: parameter.kind for name, parameter in signature.parameters.items()}
    wanted = {name for name, kind in kinds.items() if kind is not inspect.Parameter.VAR_KEYWORD}
    if len(wanted) < len(kinds):
        # A template has no other one to fall back to.
        wanted |= OPTIONS - ({"otherwise"} if method == "send_template" else set())

    given = {name for case in CASES if case.method == method for name in case.parameters()}

    assert given == wanted


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_call_makes_one_request_that_the_file_describes(case: cases.Case, reader: Reader) -> None:
    connectly, mock = client()

    await case.call(connectly, "wh_1")

    assert [reader.check_request(request) for request in mock.requests] == [case.operation]


async def test_what_sends_nothing_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTLY_API_KEY", "k")
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", "b")
    connectly, mock = client()

    connectly.with_sender("+14151111234")
    type(connectly).from_env(transport=mock)
    await connectly.aclose()

    assert mock.requests == []
    assert mock.closed
