"""Spellings of one WhatsApp account share a look-up key, and no two other numbers do."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import Bsuid, InvalidRecipientError, Phone, Recipient
from connectly_api.conversations import same_customer, to_lookup_key
from tests.thoroughness import up_to

# In each pair: two spellings of one account.
PAIRS = [
    ("+5511981234567", "+551181234567"),
    ("+5531996883193", "+553196883193"),
    ("+5547961234567", "+554761234567"),
    ("+5215512345678", "+525512345678"),
    ("+5219841056553", "+529841056553"),
    ("+5491154933738", "+541154933738"),
    ("+5492664123456", "+542664123456"),
    ("+5493434123456", "+543434123456"),
]
# Numbers that look like a spelling, and are their own key.
ALONE = [
    "+551132345678",  # A landline of São Paulo,
    "+5511932345678",  # and a newer mobile number, which never had eight digits.
    "+5510981234567",  # There is no such area code.
    "+55119812345678",
    "+551198123456",
    "+5211512345678",
    "+52155123456789",
    "+529981056553",
    "+5491254933738",  # An area code of Argentina begins with 11, 2 or 3.
    "+54911549337381",
    "+541115493373",
    "+16044441111",
    "+15511981234",
    "+5981234567",
    "+573012345678",
    "+2250545123456",
    "+22901234567",
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_spellings_of_one_account_have_one_key(one: str, other: str) -> None:
    assert to_lookup_key(Phone(one)) == to_lookup_key(Phone(other))
    assert same_customer(one, other)
    assert same_customer(other, Phone(one))


@pytest.mark.parametrize("number", ALONE)
def test_any_other_number_is_its_own_key(number: str) -> None:
    assert to_lookup_key(Phone(number)) == number
    assert [one for pair in PAIRS for one in pair if same_customer(one, number)] == []


CODES = ["55", "551", "5511", "55119", "551196", "52", "521", "5212", "54", "549", "54911", "5493", "549351", ""]
PHONES = st.builds(
    lambda code, rest: f"+{code}{rest}", st.sampled_from(CODES), st.from_regex(r"[1-9][0-9]{6,12}", fullmatch=True)
).filter(lambda text: len(text) <= 16)


def respell(number: str) -> str:
    """Return the other spelling of a number that may have one, by what the docstring says, in other words than its."""
    code, rest = number[:3], number[3:]
    if code == "+55" and rest[:2].isdigit() and "0" not in rest[:2] and len(rest) == 11 and rest[2] == "9":
        return code + rest[:2] + rest[3:] if rest[3] in "6789" else number
    if code == "+52" and len(rest) == 11 and rest[0] == "1":
        return code + rest[1:] if rest[1] not in "01" else number
    if code == "+54" and len(rest) == 11 and rest[0] == "9":
        return code + rest[1:] if rest[1:3] == "11" or rest[1] in "23" else number
    return number


@up_to(2000)
@given(PHONES)
def test_a_key_is_the_shorter_spelling_and_has_no_other_digits(number: str) -> None:
    key = to_lookup_key(Phone(number))
    assert key == respell(number)
    assert to_lookup_key(Phone(key)) == key
    assert key == number or number[:3] in {"+52", "+54", "+55"}


@up_to(400)
@given(st.lists(PHONES, min_size=3, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3))
def test_the_same_customer_is_an_equivalence_of_numbers(numbers: list[str], respelled: list[bool]) -> None:
    first = numbers[0]
    a, b, c = (respell(first) if flag else one for one, flag in zip(numbers, respelled, strict=True))
    assert same_customer(a, a)
    assert same_customer(a, b) == same_customer(b, a)
    assert not (same_customer(a, b) and same_customer(b, c)) or same_customer(a, c)


# libphonenumber knows which numbers each country has.


def draw_numbers(region: str, *kinds: str) -> st.SearchStrategy[str]:
    """Return numbers of these kinds, after the country code."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    assert plan is not None
    patterns = [re.compile(getattr(plan, kind).national_number_pattern, re.ASCII) for kind in kinds]
    return st.one_of([st.from_regex(pattern, fullmatch=True) for pattern in patterns])


@up_to(400)
@given(draw_numbers("BR", "fixed_line"), draw_numbers("BR", "mobile"))
def test_in_brazil_a_landline_is_alone_and_a_mobile_number_has_its_form_without_the_9(line: str, mobile: str) -> None:
    assert to_lookup_key(Phone(f"+55{line}")) == f"+55{line}"
    assert to_lookup_key(Phone(f"+55{line[:2]}9{line[2:]}")) == f"+55{line[:2]}9{line[2:]}"
    is_old = mobile[-8] in "6789"
    assert same_customer(f"+55{mobile}", f"+55{mobile[:2]}{mobile[-8:]}") == is_old or len(mobile) == 10


@up_to(400)
@given(draw_numbers("MX", "mobile"), draw_numbers("AR", "mobile").filter(lambda number: number[0] == "9"))
def test_in_mexico_and_argentina_a_mobile_number_has_a_form_with_a_digit_and_one_without(mx: str, ar: str) -> None:
    assert same_customer(f"+52{mx}", f"+521{mx}")
    assert same_customer(f"+54{ar}", f"+54{ar[1:]}")


@up_to(400)
@given(st.data(), st.sampled_from([("BR", "+55", 2, "9"), ("MX", "+52", 0, "1"), ("AR", "+54", 0, "9")]))
def test_two_valid_numbers_that_share_a_key_differ_in_the_one_digit_alone(
    data: st.DataObject, plan: tuple[str, str, int, str]
) -> None:
    region, code, place, digit = plan
    one, other = (data.draw(draw_numbers(region, "fixed_line", "mobile")) for _ in range(2))
    if data.draw(st.booleans()):  # Two numbers at random share nothing.
        cut = data.draw(st.integers(0, 3))
        other = one[:cut] + data.draw(st.sampled_from(["", "1", "9", "15"])) + one[cut + data.draw(st.integers(0, 1)) :]
    if one != other and same_customer(f"{code}{one}", f"{code}{other}"):
        short, long = sorted((one, other), key=len)
        assert long == short[:place] + digit + short[place:]


def test_the_numbers_of_all_other_countries_are_their_own_keys() -> None:
    kinds = [kind for kind in phonenumbers.PhoneNumberType.values() if kind != phonenumbers.PhoneNumberType.UNKNOWN]
    examples = {
        phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        for region in phonenumbers.SUPPORTED_REGIONS - {"BR", "MX", "AR"}
        for kind in kinds
        if (example := phonenumbers.example_number_for_type(region, kind)) is not None
    }
    numbers = [one for one in examples if 8 <= len(one) <= 16]
    assert len(numbers) > 800
    assert [one for one in numbers if to_lookup_key(Phone(one)) != one] == []


def test_two_bsuids_decide_and_one_alone_does_not() -> None:
    phone, other_phone = Phone("+16044441111"), Phone("+16044442222")
    both = Recipient(phone=phone, bsuid=Bsuid("US.1"))
    assert same_customer(both, Recipient(phone=other_phone, bsuid=Bsuid("US.1")))
    assert not same_customer(both, Recipient(phone=phone, bsuid=Bsuid("US.2")))
    assert same_customer(both, phone)
    assert same_customer(both, "US.1")
    assert not same_customer(phone, "US.1")
    assert not same_customer("US.1", "US.2")


def test_a_parent_bsuid_and_a_plain_one_leave_it_to_the_numbers() -> None:
    plain = Recipient(phone=Phone("+551181234567"), bsuid=Bsuid("BR.1"))
    assert same_customer(plain, Recipient(phone=Phone("+5511981234567"), bsuid=Bsuid("BR.ENT.2")))
    assert not same_customer(plain, Recipient(phone=Phone("+5511981234568"), bsuid=Bsuid("BR.ENT.1")))
    assert not same_customer(plain, "BR.ENT.1")
    assert same_customer("BR.ENT.1", "BR.ENT.1")
    assert not same_customer("BR.ENT.1", "BR.ENT.2")


def test_what_is_no_recipient_is_refused() -> None:
    with pytest.raises(InvalidRecipientError):
        same_customer("+16044441111", "Vasi")
