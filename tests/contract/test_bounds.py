"""Every kind of content is accepted within its limits, as the file says, and refused just beyond, before any I/O."""

from __future__ import annotations

import json
import re
import string
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectly_api import (
    Bsuid,
    CallbackDataTooLongError,
    Connectly,
    InvalidContentError,
    InvalidInputError,
    InvalidRecipientError,
    InvalidSenderError,
    Template,
    Text,
    Violation,
)
from connectly_api.content import limits
from connectly_api.sandbox import Sandbox
from connectly_api.send_request import Content
from connectly_api.transport import AsgiTransport
from tests.contract.bounds import BOUNDS, CHARACTERS, DEGREES, Bound, texts
from tests.contract.cases import CUSTOMER
from tests.contract.reader import Reader
from tests.contract.service_file import VENDORED
from tests.contract.targets import Recorder

READER = Reader(VENDORED)
LIMITED = [bound for bound in BOUNDS if bound.most is not None]
few = settings(max_examples=6, deadline=None)
CALLBACK_LIMIT = 1024


def client() -> tuple[Connectly, Recorder]:
    sandbox = Sandbox(windows="open", rate_limit=None)
    recorder = Recorder(AsgiTransport(sandbox.app))
    return Connectly(api_key="sandbox-key", business_id="sandbox-business", transport=recorder), recorder


def check(recorder: Recorder) -> None:
    """Hold the one exchange against the file: what was sent, and that it was accepted."""
    [(request, response)] = recorder.exchanges
    READER.check_request(request)
    READER.check_answer(request, response, is_closed=True)
    assert response.status in {200, 201}


@pytest.mark.slow
@pytest.mark.parametrize("bound", BOUNDS, ids=str)
@few
@given(data=st.data())
async def test_content_within_a_limit_is_accepted_as_the_file_describes(bound: Bound, data: st.DataObject) -> None:
    most = bound.most or 200
    size = data.draw(st.one_of(st.just(most), st.integers(bound.least, most)))
    connectly, recorder = client()

    await connectly.send(CUSTOMER, bound.build(data.draw(bound.value(size))))

    check(recorder)


@pytest.mark.parametrize("bound", LIMITED, ids=str)
@few
@given(data=st.data())
async def test_content_just_beyond_a_limit_is_refused_before_any_io(bound: Bound, data: st.DataObject) -> None:
    assert bound.most is not None
    size = data.draw(st.integers(bound.most + 1, bound.most + 3))
    value = data.draw(bound.value(size))
    connectly, recorder = client()

    with pytest.raises(InvalidContentError) as caught:
        await connectly.send(CUSTOMER, bound.build(value))

    assert recorder.exchanges == []
    named = [(violation.field, violation.size, violation.limit) for violation in caught.value.violations]
    assert (bound.field, value if bound.unit == DEGREES else size, bound.most) in named
    if bound.unit == DEGREES:
        assert f"{bound.field}: must be between -{bound.most} and {bound.most} degrees" in str(caught.value)
    else:
        assert f"{bound.field}: {size} {bound.unit}; the limit is {bound.most}" in str(caught.value)


@pytest.mark.parametrize("bound", [bound for bound in LIMITED if bound.unit == CHARACTERS], ids=str)
@pytest.mark.parametrize("blank", ["", " ", "\t\n"], ids=ascii)
async def test_an_empty_text_is_refused_before_any_io(bound: Bound, blank: str) -> None:
    connectly, recorder = client()

    with pytest.raises(InvalidContentError, match=f"{re.escape(bound.field)}: is empty") as caught:
        await connectly.send(CUSTOMER, bound.build(blank))

    assert recorder.exchanges == []
    assert (bound.field, len(blank)) in {(one.field, one.size) for one in caught.value.violations}


@pytest.mark.parametrize(
    "bound", [one for one in LIMITED if one.least == 1 and one.unit in {"buttons", "sections"}], ids=str
)
async def test_too_few_are_refused_before_any_io(bound: Bound) -> None:
    connectly, recorder = client()

    with pytest.raises(InvalidContentError, match=f"{bound.field}: 0 {bound.unit}; at least 1 is needed") as caught:
        await connectly.send(CUSTOMER, bound.build(0))

    assert recorder.exchanges == []
    assert (bound.field, 0, 1) in {(one.field, one.size, one.limit) for one in caught.value.violations}


def test_every_kind_of_content_and_every_limit_of_it_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks are asked what they check: a new limit that is not listed here is found."""
    checked: set[tuple[type, str, Any, str]] = set()
    kind: type = Text

    def note(field: str, most: Any, unit: str) -> None:
        checked.add((kind, re.sub(r"\[\d+\]", "[0]", field), most, unit))

    def check_text(field: str, _: object, most: int | None = None, **__: Any) -> list[Violation]:
        if most is not None:
            note(field, most, CHARACTERS)
        return []

    def check_count(field: str, _: object, most: int, *, what: str, **__: Any) -> list[Violation]:
        note(field, most, what)
        return []

    def check_coordinate(field: str, _: object, most: float) -> list[Violation]:
        note(field, most, DEGREES)
        return []

    for check_ in (check_text, check_count, check_coordinate):
        monkeypatch.setattr(limits, check_.__name__, check_)
    monkeypatch.setattr(Template, "_is_plain", lambda _: False)
    for bound in BOUNDS:
        kind, content = bound.kind, bound.build("x" if bound.unit == CHARACTERS else 2)
        assert isinstance(content, kind)
        list(content.violations())

    assert checked == {(bound.kind, bound.field, bound.most, bound.unit) for bound in LIMITED}
    assert {bound.kind for bound in BOUNDS} == set(get_args(Content))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(3), inner, max_size=3),
    max_leaves=6,
)


def padded(value: object, size: int) -> list[object]:
    """Wrap a value so that it takes so many bytes as JSON."""
    base = len(json.dumps([value, ""], ensure_ascii=False, separators=(",", ":")).encode())
    return [value, "x" * (size - base)]


@few
@given(json_values, st.one_of(st.just(CALLBACK_LIMIT), st.integers(700, CALLBACK_LIMIT)))
async def test_callback_data_within_its_limit_is_accepted_and_carried_as_it_is(value: object, size: int) -> None:
    connectly, recorder = client()

    await connectly.send_text(CUSTOMER, "Hello!", callback_data=padded(value, size))

    check(recorder)
    assert json.loads(recorder.exchanges[0][0].content or b"")["callbackData"] == padded(value, size)


@few
@given(json_values, st.integers(CALLBACK_LIMIT + 1, CALLBACK_LIMIT + 3))
async def test_callback_data_just_beyond_its_limit_is_refused_before_any_io(value: object, size: int) -> None:
    connectly, recorder = client()

    with pytest.raises(
        CallbackDataTooLongError, match=f"callback_data: {size} bytes .* {CALLBACK_LIMIT} bytes"
    ) as caught:
        await connectly.send_text(CUSTOMER, "Hello!", callback_data=padded(value, size))

    assert recorder.exchanges == []
    assert (caught.value.size, caught.value.limit) == (size, CALLBACK_LIMIT)


phones = st.integers(10**6, 10**15 - 1).map("+{}".format)
alphanumerics = st.text(string.ascii_letters + string.digits, min_size=1, max_size=128)
bsuids = st.builds("{}{}".format, st.sampled_from(["US.", "BR.ENT."]), alphanumerics)


@few
@given(st.one_of(phones, bsuids))
async def test_a_recipient_within_its_form_makes_a_request_as_the_file_describes(recipient: str) -> None:
    sandbox = Sandbox(windows="open", bsuid_recipients="accept")
    recorder = Recorder(AsgiTransport(sandbox.app))
    connectly = Connectly(api_key="sandbox-key", business_id="sandbox-business", transport=recorder)

    await connectly.send_text(recipient, "Hello!")

    check(recorder)


@pytest.mark.parametrize("recipient", ["+123456", "+1234567890123456", "+0123456789", f"US.{'1' * 129}", "US.", "us.1"])
async def test_a_recipient_just_beyond_its_form_is_refused_before_any_io(recipient: str) -> None:
    connectly, recorder = client()

    with pytest.raises(InvalidRecipientError, match=r"^recipient: must be a phone number") as caught:
        await connectly.send_text(recipient, "Hello!")

    assert recorder.exchanges == []
    assert (caught.value.field, caught.value.size) == ("recipient", len(recipient))
    with pytest.raises(InvalidRecipientError):
        Bsuid(recipient)


@pytest.mark.parametrize("sender", ["+123456", "+1234567890123456", "14151111234"])
async def test_a_sender_just_beyond_its_form_is_refused_before_any_io(sender: str) -> None:
    connectly, recorder = client()

    with pytest.raises(InvalidSenderError, match=r"^sender: must be a phone number") as caught:
        await connectly.send_text(CUSTOMER, "Hello!", sender=sender)

    assert recorder.exchanges == []
    assert (caught.value.field, caught.value.size) == ("sender", len(sender))


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("topic", {"topic": "topic_unspecified"}),
        ("type", {"type": "webhook_type_unspecified"}),
        ("channel_types", {"channel_types": ["channel_type_unspecified"]}),
        ("address", {"address": "http://example.com"}),
        ("address", {"address": ""}),
    ],
)
async def test_a_registration_beyond_what_is_known_is_refused_before_any_io(
    field: str, options: dict[str, Any]
) -> None:
    connectly, recorder = client()

    with pytest.raises(InvalidInputError, match=f"^{field}: ") as caught:
        await connectly.webhooks.create(**{"topic": "messages", "address": "https://example.com", **options})

    assert recorder.exchanges == []
    assert caught.value.field == field
