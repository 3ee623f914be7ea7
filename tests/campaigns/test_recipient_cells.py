"""Phone numbers and BSUIDs in cells: read as they are meant, or refused with a reason; never guessed."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from connectly_api import Bsuid, InvalidInputError, Phone, Recipient
from connectly_api.campaigns import phone_cells
from connectly_api.campaigns.input_rows import EmptyCellError, InputRow, UnknownColumnError, to_cell_text
from connectly_api.campaigns.phone_cells import RecipientReader
from tests.thoroughness import up_to


def read_cell(value: object, region: str | None = None, *, has_country_code: bool = False) -> str:
    """Return the number, the BSUID, or the problem."""
    reader = RecipientReader("to", None, region=region, has_country_code=has_country_code)
    phone, bsuid, problem, field = reader.read({"to": value})
    assert field == "to"
    assert [bool(phone), bool(bsuid), bool(problem)].count(True) == 1
    return phone or bsuid or problem


@pytest.mark.parametrize(
    "text",
    [
        "+16044441111",
        " +1 (604) 444-1111 ",
        "+1.604.444.1111",
        "\u202a+1 604 444 1111\u202c",
        "\ufeff+1604\u00ad4441111\u200b",
        "＋16044441111",
        "+١٦٠٤٤٤٤١١١١",
        "0016044441111",
        "00 1 604-444-1111",
    ],
)
def test_international_numbers_need_no_setting(text: str) -> None:
    assert read_cell(text) == "+16044441111"
    assert read_cell(text, "CH" if "00" in text[:2] else "US") == "+16044441111"
    assert read_cell(text, has_country_code=True) == "+16044441111"


@pytest.mark.parametrize("value", ["16044441111", "1 (604) 444-1111", 16044441111, 16044441111.0, Decimal(16044441111)])
def test_a_number_without_plus_needs_a_statement(value: object) -> None:
    assert read_cell(value) == phone_cells.NO_COUNTRY_CODE
    assert read_cell(value, has_country_code=True) == "+16044441111"
    assert read_cell(value, "CA") == "+16044441111"


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("0170 1234567", "DE", "+491701234567"),
        ("0170/1234567", "de", "+491701234567"),
        ("٠١٧٠١٢٣٤٥٦٧", "DE", "+491701234567"),
        ("310 123 4567", "CO", "+573101234567"),
        ("06 12345678", "IT", "+390612345678"),
        ("8 (916) 123-45-67", "RU", "+79161234567"),
        ("0044 20 7946 0958", "DE", "+442079460958"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("+4155551212", "US", "+4155551212"),
        (1701234567, "DE", "+491701234567"),
    ],
)
def test_a_region_reads_national_notation_and_its_own_international_prefix(
    text: object, region: str, number: str
) -> None:
    assert read_cell(text, region) == number


@pytest.mark.parametrize(
    ("value", "region", "problem"),
    [
        ("0044 20 7946 0958", "US", "is not a valid number in US"),
        ("4155551212", "CH", "is not a valid number in CH"),
        ("12345", "US", "is not a valid number in US"),
        ("25000000000000", "DE", "is not a valid number in DE"),  # It has 16 digits with its country code.
        ("491701234567", "DE", phone_cells.AMBIGUOUS),
        ("390612345", "IT", phone_cells.AMBIGUOUS),
        ("1.60444E+10", "US", phone_cells.SCIENTIFIC),
        ("604 444 1111 ext. 5", "US", phone_cells.EXTRA_CHARACTERS),
    ],
)
def test_a_region_guesses_nothing(value: str, region: str, problem: str) -> None:
    assert read_cell(value, region) == problem


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, phone_cells.EMPTY),
        ("", phone_cells.EMPTY),
        (" \u00a0\t", phone_cells.EMPTY),
        (float("nan"), phone_cells.EMPTY),
        ("1.60444E+10", phone_cells.SCIENTIFIC),
        ("1,60444E+10", phone_cells.SCIENTIFIC),
        ("1.60444e10", phone_cells.SCIENTIFIC),
        (1.6e300, phone_cells.SCIENTIFIC),
        (491512345678901234.0, phone_cells.SCIENTIFIC),
        ("16044441111.0", phone_cells.FRACTION),
        (16044441111.5, phone_cells.FRACTION),
        (9007199254740993.0, phone_cells.FRACTION),
        ("+16044441111 ext. 5", phone_cells.EXTRA_CHARACTERS),
        ("+16044441111x5", phone_cells.EXTRA_CHARACTERS),
        ("+16044441111#5", phone_cells.EXTRA_CHARACTERS),
        ("+16044441111, +16044442222", phone_cells.EXTRA_CHARACTERS),
        ("+16044441111\n+16044442222", phone_cells.EXTRA_CHARACTERS),
        ("'+16044441111", phone_cells.EXTRA_CHARACTERS),
        ("+44 (0)20 7946 0958", phone_cells.TRUNK_DIGIT),
        ("+4402079460958", phone_cells.TRUNK_DIGIT),
        ("004402079460958", phone_cells.TRUNK_DIGIT),
        ("+16044441111 +16044442222", phone_cells.EXTRA_CHARACTERS),
        ("+16044441111 16044442222", phone_cells.BAD_LENGTH),
        ("+123456", phone_cells.BAD_LENGTH),
        ("0000000", phone_cells.NO_COUNTRY_CODE),
        ("+0491701234567", phone_cells.NO_COUNTRY_CODE),
        ("00999123456789", phone_cells.BAD_LENGTH),
        ("00", phone_cells.BAD_FORM),
        ("+", phone_cells.BAD_FORM),
        ("12", phone_cells.BAD_FORM),
        ("ann@example.com", phone_cells.BAD_FORM),
        ("us.123", phone_cells.BAD_FORM),
        (True, phone_cells.BAD_FORM),
        (["+16044441111"], phone_cells.EXTRA_CHARACTERS),
        (10**40, phone_cells.NO_COUNTRY_CODE),
        (-16044441111, phone_cells.NO_COUNTRY_CODE),
    ],
)
def test_what_is_no_number_has_a_fixed_reason(value: object, problem: str) -> None:
    assert read_cell(value) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("4155551212", phone_cells.BAD_LENGTH),  # A number of San Francisco, where Switzerland's would have 11 digits.
        ("004155551212", phone_cells.BAD_LENGTH),
        ("0170 1234567", phone_cells.NO_COUNTRY_CODE),
        ("999123456789", phone_cells.BAD_LENGTH),
        ("551181234567", "+551181234567"),  # WhatsApp's own spelling, which is valid in no plan any more.
        ("5215512345678", "+5215512345678"),
        ("80012345678", "+80012345678"),
    ],
)
def test_numbers_that_are_said_to_have_a_country_code_must_be_long_enough_for_it(text: str, problem: str) -> None:
    assert read_cell(text, has_country_code=True) == problem


def test_bsuids_are_read_with_and_without_their_prefix() -> None:
    assert read_cell("US.13491208655302741918") == "US.13491208655302741918"
    assert read_cell(" bsuid:US.ENT.1 ", "DE") == "US.ENT.1"


@pytest.mark.parametrize(
    ("phone", "bsuid", "expected"),
    [
        ("+16044441111", "US.1", ("+16044441111", "US.1", "", "user_id")),
        ("+16044441111", " ", ("+16044441111", "", "", "phone")),
        ("", "bsuid:US.1", ("", "US.1", "", "user_id")),
        ("US.1", "US.1", ("", "US.1", "", "user_id")),
        ("US.2", "US.1", ("", "US.1", phone_cells.OTHER_BSUID, "user_id")),
        ("+16044441111", "1", ("+16044441111", "1", phone_cells.OTHER_BSUID, "user_id")),
        ("604", "US.1", ("", "", phone_cells.BAD_FORM, "phone")),
        ("", None, ("", "", phone_cells.EMPTY, "phone")),
    ],
)
def test_a_second_column_of_bsuids(phone: str, bsuid: object, expected: tuple[str, ...]) -> None:
    reader = RecipientReader("phone", "user_id", region=None, has_country_code=False)
    assert reader.columns == ("phone", "user_id")
    assert reader.read({"phone": phone, "user_id": bsuid}) == expected


def test_a_row_knows_its_recipient() -> None:
    columns = {"phone", "user_id"}
    both = InputRow(2, "+16044441111", {}, columns, bsuid="US.1")
    assert (both.number, both.recipient) == ("+16044441111", Recipient(Phone("+16044441111"), Bsuid("US.1")))
    hidden = InputRow(2, "", {}, columns, bsuid="US.1")
    assert (hidden.number, hidden.recipient) == ("bsuid:US.1", Recipient(bsuid=Bsuid("US.1")))


def test_the_spellings_of_one_account_have_one_key() -> None:
    new, old = (InputRow(2, number, {}, ()) for number in ("+5511981234567", "+551181234567"))
    assert (new.key, new.number) == (old.number, "+5511981234567")
    assert InputRow(2, "", {}, (), bsuid="US.1").key == "bsuid:US.1"


def test_a_row_is_a_mapping_of_what_it_has() -> None:
    row = InputRow(7, "+16044441111", {"name": "Ann", "code": " ", "city": None, "n": 0}, {"name", "code", "city", "n"})
    assert (dict(row), len(row), row["name"], row.get("name")) == ({"name": "Ann", "n": 0}, 2, "Ann", "Ann")
    assert [name in row for name in ("name", "code", "city", "other")] == [True, False, False, False]
    assert (row.get("code"), row.get("code", "none")) == (None, "none")
    assert "{name}".format_map(row) == "Ann"
    with pytest.raises(EmptyCellError, match=r"^code: is empty$") as caught:
        row["code"]
    assert caught.value.field == "code"
    for ask in (row.__getitem__, row.get):
        with pytest.raises(UnknownColumnError, match="nam: there is no such column among 4; did you mean 'name'"):
            ask("nam")
    assert repr(row) == pretty_repr(row) == "InputRow(line=7, 2 values)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(12345.0, "12345"), (-0.0, "0"), (1.5, "1.5"), (True, "TRUE"), (False, "FALSE"), (None, ""), ("a ", "a ")],
)
def test_the_text_of_a_cell(value: object, text: str) -> None:
    assert to_cell_text(value) == text


def test_without_the_extra_numbers_with_a_plus_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    assert read_cell("+1 604 444 1111") == "+16044441111"
    with pytest.raises(InvalidInputError, match="needs pip install"):
        RecipientReader("to", None, region="DE", has_country_code=False)


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.text(),
    st.text("+0123456789 .()-/E,٣\u202a"),
    st.integers(),
    st.floats(),
    st.none(),
    st.booleans(),
    st.dates(),
    st.binary(),
    st.lists(st.text(), max_size=2),
)


@up_to(2000)
@given(VALUES, st.sampled_from(["", "code", "DE", "US", "IT", "CH", "CO", "RU"]))
def test_any_value_is_a_recipient_or_has_a_reason_without_it(value: object, setting: str) -> None:
    found = read_cell(value, None if setting in ("", "code") else setting, has_country_code=setting == "code")
    reasons = {reason for reason in vars(phone_cells).values() if isinstance(reason, str)}
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]+", found) or (
        found in reasons or found == f"is not a valid number in {setting}"
    )


@up_to(1000)
@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.data())
def test_a_number_that_is_read_in_its_country_is_the_one_that_was_meant_or_refused(
    region: str, data: st.DataObject
) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        return
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    forms = [phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL]
    written = data.draw(st.sampled_from([*(phonenumbers.format_number(number, form) for form in forms), e164[1:]]))
    assert read_cell(written, region) in {e164, phone_cells.AMBIGUOUS}
    assert read_cell(e164[1:], has_country_code=True) == e164
