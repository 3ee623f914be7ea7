"""Whom a message goes to and where it comes from: what is accepted, what is refused, and what is shown of it."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.addresses import Bsuid, Phone, Recipient, to_recipient, to_sender
from connectly_api.errors import InvalidRecipientError, InvalidSenderError

NUMBER = "+16044441111"
BSUID = "US.13491208655302741918"

PHONES = ["+1604444", "+16044441111", "+442079460958", "+999999999999999"]
NOT_PHONES = [
    "",
    " ",
    "+",
    "+1",
    "+160444",
    "+1234567890123456",
    "16044441111",
    "0016044441111",
    "+06044441111",
    "+1 6044441111",
    "+1-604-444-1111",
    "+1(604)4441111",
    "+16044441111 ",
    " +16044441111",
    "+16044441111\n",
    "+16044441111\x00",
    "+1604444\u200b1111",
    "\ufeff+16044441111",
    "+\u0967\u096c\u0966\u096a\u096a\u096a\u096a\u0967\u0967\u0967\u0967",
    "\uff0b16044441111",
    "+1604444111\u00b2",
    "++16044441111",
    "+1604444111x",
    "tel:+16044441111",
    "bsuid:US.13491208655302741918",
    "Anna",
    "\ud800",
]
BSUIDS = [
    "US.1",
    BSUID,
    "DE.abcXYZ09",
    "GB." + "a" * 128,
    "US.ENT.11815799212886844830",
    "US.ENT." + "9" * 128,
    "US.ENT",
]
NOT_BSUIDS = [
    "US",
    "US.",
    "US.ENT.",
    "us.13491208655302741918",
    "U.1",
    "USA.1",
    "U1.1",
    "US." + "a" * 129,
    "US.ENT." + "9" * 129,
    "US.ENT.ENT.1",
    "US.12-34",
    "US.12 34",
    "US.1234\n",
    " US.1234",
    "US.\u0967\u0968",
    "US.caf\u00e9",
    "\u0415S.1",
    "US.1\u200b2",
    "bsuid:US.1",
    "13491208655302741918",
]
NO_STRINGS = [None, 16044441111, True, 1.5, b"+16044441111", ["+16044441111"], {"id": NUMBER}, Decimal(1)]


class Text(str):
    """A string of a caller's own kind."""

    __slots__ = ()


@pytest.mark.parametrize("text", PHONES)
def test_a_number_in_e164_form_is_a_phone_a_recipient_and_a_sender(text: str) -> None:
    phone = Phone(text)

    assert phone.e164 == text
    assert Phone.parse(text) == phone
    assert to_recipient(text) == Recipient(phone=phone)
    assert to_sender(text) == phone


@pytest.mark.parametrize("text", NOT_PHONES, ids=ascii)
def test_any_other_text_is_no_phone_and_is_not_repeated(text: str) -> None:
    with pytest.raises(InvalidRecipientError) as caught:
        Phone(text)

    assert (caught.value.field, caught.value.size) == ("phone", len(text))
    assert f"{len(text)} characters given" in str(caught.value)
    assert len(text) < 5 or text not in str(caught.value)


@pytest.mark.parametrize("text", NOT_PHONES, ids=ascii)
def test_any_other_text_is_no_sender_and_is_not_repeated(text: str) -> None:
    with pytest.raises(InvalidSenderError) as caught:
        to_sender(text)

    assert (caught.value.field, caught.value.size) == ("sender", len(text))
    assert len(text) < 5 or text not in str(caught.value)


@pytest.mark.parametrize("text", BSUIDS)
def test_a_country_code_a_dot_and_alphanumerics_are_a_bsuid_and_a_recipient(text: str) -> None:
    assert Bsuid(text).value == text
    assert to_recipient(text) == Recipient(bsuid=Bsuid(text))


@pytest.mark.parametrize("text", NOT_BSUIDS, ids=ascii)
def test_any_other_text_is_no_bsuid_and_is_not_repeated(text: str) -> None:
    with pytest.raises(InvalidRecipientError) as caught:
        Bsuid(text)

    assert (caught.value.field, caught.value.size) == ("bsuid", len(text))
    assert len(text) < 5 or text not in str(caught.value)


@pytest.mark.parametrize("text", sorted({*NOT_PHONES, *NOT_BSUIDS}), ids=ascii)
def test_a_string_that_is_neither_is_never_guessed(text: str) -> None:
    with pytest.raises(InvalidRecipientError) as caught:
        to_recipient(text)

    assert (caught.value.field, caught.value.size) == ("recipient", len(text))
    assert len(text) < 5 or text not in str(caught.value)


@pytest.mark.parametrize("value", NO_STRINGS, ids=repr)
def test_what_is_no_string_is_named_by_its_type_alone(value: object) -> None:
    makers: list[Callable[[Any], object]] = [Phone, Phone.parse, Bsuid, to_recipient, to_sender]
    for make in makers:
        with pytest.raises((InvalidRecipientError, InvalidSenderError)) as caught:
            make(value)

        assert f"a value of type {type(value).__name__} given" in str(caught.value)
        assert caught.value.size is None
        assert "6044441111" not in str(caught.value)


def test_a_string_of_a_callers_own_kind_will_do() -> None:
    assert to_recipient(Text(NUMBER)) == Recipient(NUMBER)
    assert to_recipient(Text(BSUID)) == Recipient(bsuid=BSUID)
    assert to_sender(Text(NUMBER)) == Phone(NUMBER)
    assert Phone.parse(Text("+1 604 444 1111")) == Phone(NUMBER)


@pytest.mark.parametrize(
    "text",
    [
        "+1(604) 585 2331",
        "+1 (604) 585-2331",
        "+1.604.585.2331",
        "+1-604-585-2331",
        "+1 604\u2011585\u20132331",
        "+1\u00a0604\u202f585\u20092331",
        "  +1 [604] 585\t2331 \r\n",
        "(+1) 604 585 2331",
    ],
    ids=ascii,
)
def test_a_number_as_people_write_it_is_read(text: str) -> None:
    assert Phone.parse(text) == Phone("+16045852331")


@pytest.mark.parametrize(
    "text",
    [
        "604 585 2331",
        "001 604 585 2331",
        "+1 604 585 2331 ext. 5",
        "+1 604 CALL NOW",
        "+1 604 585 2331, +1 604 585 2332",
        "+1 604/585/2331",
        "+1 604_585_2331",
        "+1 604\n585 2331",
        "+1 604\u200b585\u200b2331",
        "+1 604\u2212585\u22122331",
        "\uff0b1 604 585 2331",
        "+\u0661 604 585 2331",
        "+1 + 604 585 2331",
        "+",
        "",
    ],
    ids=ascii,
)
def test_a_number_that_leaves_something_to_guess_is_refused(text: str) -> None:
    with pytest.raises(InvalidRecipientError, match=r"^phone: "):
        Phone.parse(text)


@pytest.mark.parametrize(
    "text", ["+44 (0)20 7946 0958", "+44(0) 20 7946 0958", "+44 [0] 20 7946 0958", "+44 ( 0 )20 7946 0958"]
)
def test_a_zero_in_brackets_is_refused_and_named(text: str) -> None:
    with pytest.raises(InvalidRecipientError, match="zero in brackets") as caught:
        Phone.parse(text)

    assert (caught.value.field, caught.value.size) == ("phone", len(text))
    assert "7946" not in str(caught.value)


PUNCTUATION = st.text(alphabet=" .-()[]\t\u00a0\u2010\u2013", max_size=3)


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.lists(PUNCTUATION, min_size=16, max_size=16))
def test_punctuation_changes_no_digit(number: str, marks: list[str]) -> None:
    text = "".join(mark + character for mark, character in zip(marks, number, strict=False))
    if re.search(r"[(\[]\s*0\s*[)\]]", text):
        with pytest.raises(InvalidRecipientError):
            Phone.parse(text)
    else:
        assert Phone.parse(text).e164 == number


@given(st.text() | st.text(alphabet="+0123456789.()- USENT\n\u0661"))
def test_no_text_is_two_things_and_none_fails_otherwise(text: str) -> None:
    for make in (Phone, Phone.parse, Bsuid, to_recipient, to_sender):
        try:
            made = make(text)
        except (InvalidRecipientError, InvalidSenderError):
            continue
        if isinstance(made, Phone):
            assert re.fullmatch(r"\+[1-9][0-9]{6,14}", made.e164)
        elif isinstance(made, Recipient):
            assert (made.phone is None) is not (made.bsuid is None)


def test_a_recipient_is_a_phone_a_bsuid_or_both() -> None:
    both = Recipient(NUMBER, BSUID, "Anna")

    assert (both.phone, both.bsuid, both.name) == (Phone(NUMBER), Bsuid(BSUID), "Anna")
    assert Recipient(Phone(NUMBER)) == Recipient(phone=NUMBER)
    assert Recipient(bsuid=Bsuid(BSUID)) == Recipient(bsuid=BSUID)


def test_a_recipient_that_names_nobody_is_refused() -> None:
    with pytest.raises(InvalidRecipientError, match=r"^recipient: needs a phone number or a BSUID$"):
        Recipient(name="Anna")


@pytest.mark.parametrize("name", [7, b"Anna", ["Anna"]], ids=repr)
def test_a_name_that_is_no_string_is_refused(name: object) -> None:
    with pytest.raises(InvalidRecipientError) as caught:
        Recipient(NUMBER, name=name)  # type: ignore[arg-type]

    assert caught.value.field == "recipient.name"
    assert "Anna" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"phone": ""},
        {"phone": BSUID},
        {"phone": Bsuid(BSUID)},
        {"bsuid": NUMBER},
        {"bsuid": Phone(NUMBER)},
        {"phone": NUMBER, "bsuid": ""},
    ],
)
def test_a_recipient_with_one_bad_half_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(InvalidRecipientError):
        Recipient(**arguments)


def test_addresses_pass_through() -> None:
    recipient = Recipient(NUMBER, BSUID, "Anna")

    assert to_recipient(recipient) is recipient
    assert to_recipient(Phone(NUMBER)) == Recipient(NUMBER)
    assert to_recipient(Bsuid(BSUID)) == Recipient(bsuid=BSUID)
    assert to_sender(Phone(NUMBER)) == Phone(NUMBER)


@pytest.mark.parametrize("value", [Bsuid(BSUID), Recipient(NUMBER), BSUID], ids=["bsuid", "recipient", "text"])
def test_a_sender_is_a_phone_number_and_nothing_else(value: object) -> None:
    with pytest.raises(InvalidSenderError):
        to_sender(value)  # type: ignore[arg-type]


def test_no_repr_shows_whom_it_is_about() -> None:
    shown = repr([Phone(NUMBER), Bsuid(BSUID), Recipient(NUMBER, BSUID, "Anna")])

    assert shown == (
        "[Phone('+1\u202611'), Bsuid('US.\u2026'), Recipient(phone=Phone('+1\u202611'), bsuid=Bsuid('US.\u2026'))]"
    )
    assert str(Phone(NUMBER)) == repr(Phone(NUMBER))
    assert f"{Bsuid(BSUID)}" == repr(Bsuid(BSUID))


@pytest.mark.parametrize(
    "value", [Phone(NUMBER), Bsuid(BSUID), Recipient(NUMBER, BSUID, "Anna")], ids=["phone", "bsuid", "recipient"]
)
def test_an_address_is_a_frozen_value(value: Phone | Bsuid | Recipient) -> None:
    other = pickle.loads(pickle.dumps(value))  # noqa: S301 (its own pickle)

    assert other == value == copy.deepcopy(value)
    assert len({other, value}) == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, attrs.fields(type(value))[0].name, NUMBER)


def test_a_different_number_is_a_different_recipient() -> None:
    assert Recipient(NUMBER) != Recipient("+16044441112")
    assert Bsuid("US.a") != Bsuid("US.A")
