"""Whom a message goes to and where it comes from: what is accepted, what is refused, and what is shown of it."""

from __future__ import annotations

import copy
import pickle
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

import attrs
import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectly_api.errors import InvalidInputError, InvalidRecipientError, InvalidSenderError
from connectly_api.number_text import TRUNK_ZERO
from connectly_api.recipients import Bsuid, Phone, Recipient, to_recipient, to_sender

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
    assert str(caught.value).startswith("phone: must be + and 7 to 15 digits (E.164): ")
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
        "+1 \uff08604\uff09 585 2331",
        "+1 {604} 585 2331",
        "\n+1 604 585 2331\n\n",
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
    "text",
    [
        "+44 (0)20 7946 0958",
        "+44(0) 20 7946 0958",
        "+44 [0] 20 7946 0958",
        "+44 ( 0 )20 7946 0958",
        "+44 (020) 7946 0958",
        "+44 (0 20) 7946 0958",
        "+44 [020] 7946 0958",
        "+44 {020} 7946 0958",
        "+44 ((020) 7946 0958",
        "+44 \uff08020\uff09 7946 0958",
        "+44 (\u200e020) 7946 0958",
        "+44 (-020) 7946 0958",
        "+44 (020 7946 0958",
        "+39 (06) 1234 5678",
        "(0044) 20 7946 0958",
    ],
)
def test_a_zero_in_brackets_is_refused_and_named(text: str) -> None:
    with pytest.raises(InvalidRecipientError, match="zero in brackets") as caught:
        Phone.parse(text)

    assert (caught.value.field, caught.value.size) == ("phone", len(text))
    assert "7946" not in str(caught.value)
    assert "write the number as it is dialled from abroad" in str(caught.value)


@pytest.mark.parametrize("text", ["+7 (8) 495 123-45-67", "+375 [8 ] 17 123 45 67", "+993(8)12 34-56-78"])
def test_an_eight_alone_in_brackets_is_refused_where_it_is_dialled_at_home(text: str) -> None:
    with pytest.raises(InvalidRecipientError, match=r"an 8 in brackets, at character \d: it is not clear"):
        Phone.parse(text)


@pytest.mark.parametrize("text", ["+7 (800) 123-45-67", "+57 (8) 123 4567", "+7 (4) 8 12 34 56"])
def test_any_other_eight_stays(text: str) -> None:
    assert Phone.parse(text).e164 == re.sub("[^+0-9]", "", text)


@pytest.mark.parametrize(
    "text",
    [
        "+44 020 7946 0958",
        "+44-0-20-7946-0958",
        "+4402079460958",
        "+49 0171 1234567",
        "+972 050 123 4567",
        "+36 06 30 123 4567",
        "+48 0 22 123 4567",
        "+81 03 1234 5678",
        "+82 010 1234 5678",
        "+91 098765 43210",
        "+62 0812 345 678",
        "+598 099 123 456",
    ],
)
def test_a_zero_after_a_country_code_that_no_number_begins_with_is_refused(text: str) -> None:
    with pytest.raises(InvalidRecipientError, match="a zero after the country code is only dialled domestically"):
        Phone.parse(text)
    assert to_recipient("+4402079460958").phone == Phone("+4402079460958")  # What is in the exact form is not judged.


@pytest.mark.parametrize(
    "text", ["+39 06 1234 5678", "+225 01 23 45 67 89", "+241 06 12 34 56", "+1 000 0000", "+81 0077 123456"]
)
def test_a_zero_that_may_belong_to_the_number_stays(text: str) -> None:
    assert Phone.parse(text).e164 == text.replace(" ", "")


def metadata_of(code: int) -> Iterator[phonenumbers.PhoneMetadata]:
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]:
        if found := phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region):
            yield found


def test_the_country_codes_of_that_zero_are_those_of_libphonenumber() -> None:
    listed = {code for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE if TRUNK_ZERO.match(f"+{code}0")}
    random = Random(1)  # noqa: S311 (nothing secret)
    for code in listed:
        plans = list(metadata_of(code))
        # Hungary dials 06, and Poland dialled a 0 until 2014.
        assert code in {36, 48} or "0" in {plan.national_prefix for plan in plans}, code
        for plan in plans:
            numbers: Any = plan.general_desc
            pattern = re.compile(numbers.national_number_pattern)
            for length in numbers.possible_length:
                tried = (f"0{random.randrange(10 ** (length - 1)):0{length - 1}}" for _ in range(300))
                assert not any(pattern.fullmatch(one) for one in tried if TRUNK_ZERO.match(f"+{code}{one}")), code
    assert len(listed) == 104


INVISIBLE = [
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *(0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0xFEFF, 0xAD, 0x61C, 0x2060, 0xA0, 0x2007, 0x202F, 0x3000),
]


@pytest.mark.parametrize("code", INVISIBLE, ids=hex)
def test_what_cannot_be_seen_is_left_out_wherever_it_stands(code: int) -> None:
    mark = chr(code)
    assert Phone.parse(mark + mark.join("+1 (604) 585-2331") + mark) == Phone("+16045852331")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("+1 800 FLOWERS", "a letter at character 8"),
        ("+1 604 585 2331 x5", "a letter at character 17"),
        ("+1 604 585 233\u00b2", "U+00B2, a digit other than 0 to 9, at character 15"),
        ("+1 604 585 233\u0661", "U+0661, a digit other than 0 to 9, at character 15"),
        ("+1 604/585 2331", "U+002F, solidus, at character 7"),
        ("+1 604\n585 2331", "U+000A, a control character or line break, at character 7"),
        ("+1 604\u2028585 2331", "U+2028, a control character or line break, at character 7"),
        ("+1 604 + 585 2331", "a + that is not the first at character 8"),
        ("\uff0b1 604 585 2331", "U+FF0B, fullwidth plus sign, at character 1"),
        ("+1 604 585 2331\x00", "U+0000, a control character or line break, at character 16"),
        ("\ud800", "U+D800, a character, at character 1"),
        ("604 585 2331", "a + and the country code must come first"),
        ("+0 604 585 2331", "a zero follows the +; no country code begins with one"),
        ("+1", "1 digit"),
        ("+1 604 585 2331 2332 2333", "19 digits"),
        ("", "it is empty"),
    ],
    ids=ascii,
)
def test_an_error_names_what_is_in_the_way_and_where(text: str, named: str) -> None:
    with pytest.raises(InvalidRecipientError) as caught:
        Phone.parse(text)
    assert str(caught.value) == f"phone: must be + and 7 to 15 digits (E.164): {named}"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("+1 604 585 2331", "a space at character 3; Phone.parse reads numbers as people write them"),
        ("+1\u00a0604 585 2331", "U+00A0, a space, at character 3; Phone.parse reads numbers as people write them"),
        (
            "\u202a+16045852331",
            "U+202A, which is invisible, at character 1; Phone.parse reads numbers as people write",
        ),
        ("16045852331", "a + and the country code must come first"),
        ("+1604585233x", "a letter at character 12"),
    ],
    ids=ascii,
)
def test_a_plain_string_is_never_guessed_but_its_error_helps(text: str, named: str) -> None:
    for make in (Phone, to_recipient, to_sender):
        with pytest.raises((InvalidRecipientError, InvalidSenderError), match=re.escape(f": {named}")):
            make(text)


def test_what_is_no_number_at_all_is_not_explained_as_one() -> None:
    with pytest.raises(InvalidRecipientError, match=r"letters and digits\)$"):
        to_recipient("Anna")


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("310 123 4567", "CO", "+573101234567"),
        ("(020) 7946 0958", "GB", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+57 310 123 4567", "CO", "+573101234567"),
        ("\u202a+44 20 7946 0958\u202c", "CO", "+442079460958"),
        ("00 44 20 7946 0958", "DE", "+442079460958"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("030/1234567", "DE", "+49301234567"),
        ("030\uff0f123\u22124567", "DE", "+49301234567"),
        ("\uff13\uff11\uff10 123 \u0664567 ", "co", "+573101234567"),
        ("+1 000 000 0000", "CO", "+10000000000"),
        ("+57 310 123 4567", "ZZ", "+573101234567"),
    ],
    ids=ascii,
)
def test_national_notation_is_read_in_its_region(text: str, region: str, number: str) -> None:
    assert Phone.parse(text, region=region).e164 == number


@pytest.mark.parametrize(
    ("text", "region", "problem"),
    [
        ("555 1234", "US", "phone: not a valid number in US"),
        ("310 123 456", "CO", "phone: not a valid number in CO"),
        ("+57 1", "CO", "phone: must be + and 7 to 15 digits (E.164): 3 digits"),
        ("\uff0b57 310 123 4567", "CO", "phone: must be + and 7 to 15 digits (E.164): U+FF0B"),
        ("310\n123 4567", "CO", "phone: U+000A, a control character or line break, at character 4"),
        ("1", "CO", "phone: not a valid number in CO"),
        ("", "CO", "phone: it holds no digits"),
        ("()", "CO", "phone: it holds no digits"),
        ("310 123 4567 / 8", "CO", "phone: not a valid number in CO"),
        ("1 800 FLOWERS", "US", "phone: a letter at character 7"),
        (
            "+44 (020) 7946 0958",
            "GB",
            "phone: must be + and 7 to 15 digits (E.164): a zero in brackets, at character 6:",
        ),
    ],
)
def test_what_is_no_number_of_the_region_is_refused(text: str, region: str, problem: str) -> None:
    with pytest.raises(InvalidRecipientError, match=f"^{re.escape(problem)}"):
        Phone.parse(text, region=region)


@pytest.mark.parametrize("region", ["uk", "UK", "ZZ", "", "COL", "CO ", 57, ["CO"], b"CO", True], ids=repr)
def test_a_region_is_an_iso_code(region: Any) -> None:
    with pytest.raises(InvalidInputError, match="region: must be an ISO 3166 country code") as caught:
        Phone.parse("310 123 4567", region=region)
    assert caught.value.field == "region"
    assert not isinstance(caught.value, InvalidRecipientError)  # No customer's fault.
    assert ("the United Kingdom is GB" in str(caught.value)) == (region in ["uk", "UK"])


def test_without_the_extra_a_region_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(InvalidInputError, match=r"region: needs pip install 'connectly-api\[phone\]'"):
        Phone.parse("310 123 4567", region="CO")
    assert Phone.parse("+57 310 123 4567") == Phone("+573101234567")


@given(st.text(alphabet="+0123456789 ()-") | st.text(), st.sampled_from(["CO", "GB", "IT", "US"]))
def test_a_number_of_a_region_has_its_digits_in_order(text: str, region: str) -> None:
    try:
        phone = Phone.parse(text, region=region)
    except InvalidRecipientError:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", phone.e164)
    digits = "".join(str(unicodedata.decimal(character, "")) for character in text).lstrip("0")
    assert phone.e164.endswith(digits[-5:])


PUNCTUATION = st.text(alphabet=" .-()[]\t\u00a0\u2010\u2013", max_size=3)


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.lists(PUNCTUATION, min_size=16, max_size=16))
def test_punctuation_changes_no_digit(number: str, marks: list[str]) -> None:
    text = "".join(mark + character for mark, character in zip(marks, number, strict=False))
    assume(not re.match(r"\+(7|375|993)8", number))
    if re.search(r"[(\[][^0-9+)\]]*0", text) or TRUNK_ZERO.match(number):
        with pytest.raises(InvalidRecipientError, match="dialled"):
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


@pytest.mark.parametrize("name", ["", " ", "\n"])
def test_a_display_name_is_not_empty(name: str) -> None:
    with pytest.raises(InvalidRecipientError, match=r"recipient\.name: is empty") as caught:
        Recipient(NUMBER, name=name)
    assert caught.value.field == "recipient.name"
