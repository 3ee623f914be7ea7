"""What becomes of a row at plan time: the request that will be sent, byte for byte, or the reason why none will."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import Connectly, InvalidInputError, Response, Template, Text
from connectly_api.campaigns import CampaignError, InputRow, NothingToSendError, Reject
from connectly_api.campaigns.campaign_settings import CampaignSettings, compose_body
from connectly_api.campaigns.journal_protocol import PlannedRow, TakenRow
from connectly_api.campaigns.planning import RowPlanner
from connectly_api.campaigns.row_callback import KEY
from connectly_api.content.limits import LimitWarning
from connectly_api.content.template import Parameter, encode_template
from connectly_api.errors import CallbackDataTooLongError
from connectly_api.transport import MockTransport

TOKEN = "abcDEF_123-x"  # noqa: S105 (names a campaign)
PHONE = "+16044441111"
BSUID = "US.13491208655302741918"
URL = "https://example.com/file"


def row(line: int = 2, phone: str = PHONE, **values: Any) -> InputRow:
    columns = dict.fromkeys(["phone", "name", "code"])
    return InputRow(line, phone, {"phone": phone, "name": "Anna", "code": "C1", **values}, columns)


def build(one: InputRow) -> Template:
    return Template("spring", "de", body=[one["name"], one["code"]])


def plan(*rows: InputRow | Reject, by: Callable[[InputRow], Any] = build, **options: Any) -> list[PlannedRow | Reject]:
    return RowPlanner(by, **options).plan(rows)


def digest(*rows: InputRow | Reject, by: Callable[[InputRow], Any] = build, **options: Any) -> str:
    planner = RowPlanner(by, **options)
    for one in rows:
        planner.plan([one])
    return planner.get_digest()


# The request.

# Values that are refused are left out: they are never planned.
VALUES = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=40).filter(
    lambda text: text.strip() and " " * 5 not in text
)
TEMPLATES = st.one_of(
    st.builds(Template, VALUES.map(str.strip), st.just("de"), body=st.none() | st.lists(VALUES, max_size=15)),
    st.builds(
        Template,
        st.just("spring"),
        st.just("de"),
        header_text=VALUES,
        body=st.lists(VALUES, max_size=3),
        button_urls=st.none() | st.lists(st.sampled_from([None, "a", "b/c"]), max_size=2),
        parameters=st.none() | st.just({"card_1": "x"}),
    ),
    st.builds(Template, st.just("spring"), st.just("de"), header_document=st.just((URL, "bill.pdf"))),
    st.builds(
        Template, st.just("spring"), st.just("de"), header_document=st.just(f"{URL}.pdf"), parameters=st.just([])
    ),
    st.builds(Template, st.just("spring"), st.just("de"), parameters=st.just([Parameter("body_1", "x")])),
)
OWN_DATA = st.none() | st.dictionaries(VALUES, st.none() | st.integers(0, 9) | VALUES, max_size=4)


def capture(template: Template, recipient: str, **options: Any) -> bytes | None:
    mock = MockTransport(lambda _: Response(200, body=b'{"id":"1"}'))

    async def main() -> None:
        async with Connectly(api_key="key", business_id="biz", transport=mock) as connectly:
            await connectly.send(recipient, template, **options)

    anyio.run(main)
    return mock.requests[0].content


@pytest.mark.filterwarnings("ignore::connectly_api.content.limits.LimitWarning")
@given(
    template=TEMPLATES,
    recipient=st.sampled_from([PHONE, BSUID]),
    options=st.fixed_dictionaries(
        {"sender": st.none() | st.just("+14151111234"), "campaign_name": st.none() | st.just("Frühling “26”")}
    ),
    own=OWN_DATA,
    n=st.integers(1, 999_999_999),
)
def test_a_row_is_sent_byte_for_byte_as_the_client_sends_it(
    template: Template, recipient: str, options: dict[str, Any], own: Any, n: int
) -> None:
    one = InputRow(2, PHONE, {}, {}) if recipient == PHONE else InputRow(2, "", {}, {}, bsuid=BSUID)
    (planned,) = plan(one, by=lambda _: template, callback_data=own)
    assert isinstance(planned, PlannedRow)
    settings = CampaignSettings("biz", **options)
    taken = TakenRow(n, planned.recipient, planned.body, planned.callback, 1)

    assert compose_body(settings, TOKEN, taken) == capture(
        template, recipient, callback_data={**(own or {}), KEY: f"{TOKEN}/{n}"}, **options
    )


def test_more_values_than_a_template_takes_are_all_sent_where_limits_only_warn() -> None:
    template = Template("spring", "de", body=["x"] * 16)

    with pytest.warns(LimitWarning, match="16 values"):
        (planned,) = plan(row(), by=lambda _: template, limits="warn")
    assert isinstance(planned, PlannedRow)
    assert planned.body == encode_template(template)
    assert len(json.loads(planned.body)["parameters"]) == 16


# Rejects.


@pytest.mark.parametrize(
    ("by", "field", "reason"),
    [
        (lambda _: None, None, "left out by build"),
        (lambda one: Template("spring", "de", body=[one["code"]]), "code", "is empty"),
        (lambda _: Template("spring", "de", body=["a\nb"]), "body[0]", "holds a line break, which WhatsApp refuses"),
        (lambda _: Template("spring", "de", body=[5]), "body[0]", "must be a string, not int"),  # type: ignore[list-item]
        (lambda _: Template("spring", "de", body=["x" * 1025]), "body[0]", "1025 characters; the limit is 1024"),
        (lambda _: Template("", "de"), "name", "is empty"),
        (lambda one: Template("spring", "de", body=one), "body", "must be a list, not a mapping"),
    ],
)
def test_a_row_that_cannot_be_sent_is_rejected_with_its_line_and_reason(
    by: Callable[[InputRow], Any], field: str | None, reason: str
) -> None:
    (reject,) = plan(row(17, code=" "), by=by)

    assert isinstance(reject, Reject)
    assert (reject.line, reject.field) == (17, field)
    assert reject.reason.startswith(reason)
    assert "Anna" not in reject.reason


def test_a_users_own_error_rejects_a_line_whatever_its_text() -> None:
    def refuse(_: InputRow) -> Template:
        raise InvalidInputError("age\x00: too \ud800 young", field="age\x00")

    assert plan(row(), by=refuse) == [Reject(2, "age\ufffd", "too \ufffd young")]


def test_rejects_of_the_source_pass_in_their_place() -> None:
    reject = Reject(3, "phone", "is empty")
    first, second, third = plan(row(2), reject, row(4))

    assert second is reject
    assert isinstance(first, PlannedRow)
    assert isinstance(third, PlannedRow)
    assert (first.line, third.line) == (2, 4)


@pytest.mark.parametrize(("limits", "is_planned"), [("strict", False), ("warn", True), ("off", True)])
def test_limits_are_checked_as_everywhere(limits: Any, is_planned: bool, recwarn: pytest.WarningsRecorder) -> None:
    (one,) = plan(row(name="x" * 1025), limits=limits)

    assert isinstance(one, PlannedRow) is is_planned
    assert len(recwarn) == (limits == "warn")


# Failures of the user's functions.


@pytest.mark.parametrize("function", ["build", "key", "callback_data"])
def test_a_function_that_fails_ends_the_plan_and_the_error_names_the_line(function: str) -> None:
    cause = KeyError("Anna")

    def fail(_: InputRow) -> Any:
        raise cause

    options: dict[str, Any] = {"by": fail} if function == "build" else {function: fail}
    with pytest.raises(CampaignError, match=f"^line 17: {function} failed with KeyError$") as failure:
        plan(Reject(2, None, "x"), row(17), **options)
    assert failure.value.__cause__ is cause


def test_a_column_that_the_source_lacks_ends_the_plan_with_a_suggestion() -> None:
    with pytest.raises(CampaignError, match=r"^line 2: build failed: nmae: .* did you mean 'name'\?$"):
        plan(row(), by=lambda one: Template("spring", "de", body=[one["nmae"]]))
    with pytest.raises(CampaignError, match=r"^line 2: key failed: order: "):
        plan(row(), key="order")


@pytest.mark.parametrize("content", [Text("Hello"), "Hello", Template])
def test_anything_but_a_template_ends_the_plan_and_the_error_says_why(content: Any) -> None:
    with pytest.raises(CampaignError, match=r"line 2: build must return a Template, not .*only templates reach"):
        plan(row(), by=lambda _: content)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"limits": "stric"}, "limits"),
        ({"by": build(row())}, "build"),
        ({"key": 5}, "key"),
        ({"callback_data": "x"}, "callback_data"),
        ({"callback_data": {KEY: 1}}, "callback_data"),
        ({"callback_data": {"a": object()}}, "callback_data{0}"),
    ],
)
def test_an_invalid_argument_is_refused_before_the_first_row(options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as failure:
        plan(**options)
    assert failure.value.field == field


@pytest.mark.parametrize("field", ["build", "key", "callback_data"])
def test_an_async_function_is_refused(field: str) -> None:
    async def run(_: InputRow) -> Any: ...

    with pytest.raises(InvalidInputError, match=f"^{field}: must be .*, not an async function"):
        plan(**({"by": run} if field == "build" else {field: run}))


# Keys.


def list_keys(*rows: InputRow, **options: Any) -> list[str]:
    planned = plan(*rows, **options)
    return [one.key if isinstance(one, PlannedRow) else f"{one.field}: {one.reason}" for one in planned]


def test_a_row_is_unique_by_its_recipient_a_column_or_what_a_function_returns() -> None:
    assert list_keys(row(), InputRow(3, "", {"name": "x", "code": "y"}, {"name": 0, "code": 0}, bsuid=BSUID)) == [
        PHONE,
        f"bsuid:{BSUID}",
    ]
    assert list_keys(row(code="7"), row(code=8), key="code", by=lambda _: Template("spring", "de")) == ["7", "8"]
    assert list_keys(row(), key=lambda one: f"{one['name']}/{one['code']}") == ["Anna/C1"]


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "is empty"),
        (" ", "is empty"),
        (None, "must be a text or an integer, not NoneType"),
        (True, "must be a text or an integer, not bool"),
        (1.0, "must be a text or an integer, not float"),
        ("a\x00", "holds characters that cannot be printed"),
        ("\ud800", "holds characters that cannot be printed"),
        ("x" * 513, "513 characters; the limit is 512"),
    ],
)
def test_a_key_that_cannot_be_one_rejects_its_line(key: Any, problem: str) -> None:
    assert list_keys(row(), key=lambda _: key) == [f"key: {problem}"]


def test_an_empty_cell_rejects_the_line_of_a_key() -> None:
    assert list_keys(row(code=""), key="code", by=lambda _: Template("spring", "de")) == ["code: is empty"]


# Callback data.


def test_callback_data_is_an_object_or_a_function_of_the_row() -> None:
    def own(value: Any) -> str | None:
        (one,) = plan(row(), callback_data=value)
        assert isinstance(one, PlannedRow)
        return one.callback

    assert own(None) is None
    assert own({"a": [1]}) == '{"a":[1]}'
    assert own(lambda one: {"name": one["name"]}) == '{"name":"Anna"}'
    assert own(lambda _: None) is None


def test_callback_data_that_cannot_be_sent_rejects_its_line() -> None:
    (long,) = plan(row(), callback_data=lambda _: {"x": "y" * 1024})
    (taken,) = plan(row(), callback_data=lambda _: {KEY: "y"})

    assert isinstance(long, Reject)
    assert isinstance(taken, Reject)
    assert (long.field, long.reason) == ("callback_data", "1032 bytes as JSON; the limit is 978 bytes")
    assert "the campaign's own" in taken.reason
    with pytest.raises(CallbackDataTooLongError):
        plan(callback_data={"x": "y" * 1024})


def test_callback_data_that_is_no_object_ends_the_plan() -> None:
    with pytest.raises(CampaignError, match="line 2: callback_data must be an object, not str"):
        plan(row(), callback_data=lambda _: "order 5")


def test_an_integer_that_may_come_back_changed_is_a_doubt() -> None:
    with pytest.warns(LimitWarning, match=r"2\*\*53"):
        plan(callback_data={"id": 2**53 + 1})
    with pytest.warns(LimitWarning, match=r"2\*\*53"):
        plan(row(), callback_data=lambda _: {"id": 2**53 + 1})


# The digest.


def test_a_digest_covers_all_that_is_sent_and_nothing_else() -> None:
    base = digest(row(2), row(3, "+16044442222"))
    others = [
        digest(row(2)),
        digest(row(3, "+16044442222"), row(2)),
        digest(row(2), row(3, "+16044443333")),
        digest(row(2), row(3, "+16044442222", name="Bert")),
        digest(row(2), row(3, "+16044442222"), key="code"),
        digest(row(2), row(3, "+16044442222"), callback_data={"a": 1}),
        digest(row(2), row(3, "+16044442222"), others=["+14151111234", None]),
        digest(row(2), row(3, "+16044442222"), others=[None, "+14151111234"]),
    ]

    assert len({base, *others}) == 9
    # Lines may move, and what is not sent does not count.
    assert digest(row(5), Reject(6, None, "x"), row(7, "+16044442222")) == base


def test_keys_that_imitate_what_follows_them_have_other_digests() -> None:
    first = digest(row(), key=lambda _: f"a{PHONE}")
    assert first != digest(InputRow(2, PHONE + "1", {"name": "Anna", "code": "C1"}, {}), key=lambda _: f"a{PHONE[:-1]}")


def test_a_plan_without_a_row_is_an_error_that_shows_the_reasons() -> None:
    with pytest.raises(NothingToSendError, match=r"^there is nothing to send: the source has no rows$"):
        digest()
    rejects = [Reject(line, "name", f"{1000 + line} characters; the limit is 1000") for line in range(30)]
    with pytest.raises(NothingToSendError) as failure:
        digest(*rejects, Reject(40, None, "x"))
    assert failure.value.reasons == {"name: … characters; the limit is 1000": 30, "x": 1}
    assert failure.value.rejects == tuple(rejects[:20])
    assert str(failure.value) == "there is nothing to send: 30 × name: … characters; the limit is 1000; 1 × x"


def test_two_spellings_of_one_whatsapp_account_have_one_key() -> None:
    planned = plan(row(2, "+5511981234567"), row(3, "+551181234567"))
    assert [(one.key, one.recipient) for one in planned if isinstance(one, PlannedRow)] == [
        ("+551181234567", "+5511981234567"),
        ("+551181234567", "+551181234567"),
    ]
