"""What is shown of a foreign text: echoes of personal values go in every spelling, the rest stays as it is."""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectly_api.redaction import MARK, SHOWN, personal_values, redact, repeats

DATA = Path(__file__).parent / "data"

PHONE = "+16044440042"
BSUID = "US.Canary13491208655302"
TEXT = "Dear M\u00fcller & Co.,\nyour \u201ccanary\u201d order No. 77/31 waits at 5 Elm St."
DATUM = "canary-data-7731"
KEY = "sk_canary_5f3a9c_Q"
PERSONAL = (PHONE, BSUID, TEXT, DATUM, KEY)


@pytest.mark.parametrize(
    "message",
    [
        json.loads((DATA / "responses/error_window_closed.json").read_text())["message"],
        "the template greeting_v2 in en_US has 3 parameters; body_2 is missing",
        "rate limit of 200 requests per second exceeded; try again after 2026-11-21T10:00:00Z",
        "message 01ARZ3NDEKTSV4RRFFQ69G5FAV is older than 24 hours (trace 11824978358485860716)",
        "unknown field 'tpye' at $.message.attachments[0]; did you mean 'type'?",
        "caf\u00e9 na\u00efve \u65e5\u672c\u8a9e \u0420\u0443\u0441 \U0001f44d",
        "4096 characters at most, 5000 were given",
        "",
    ],
)
def test_an_ordinary_message_is_untouched(message: str) -> None:
    assert redact(message) == message
    assert redact(message, PERSONAL) == message


@pytest.mark.parametrize("path", sorted((DATA / "requests").glob("*.json")), ids=lambda path: path.stem)
def test_the_documented_message_is_untouched_by_the_values_of_a_documented_request(path: Path) -> None:
    message = json.loads((DATA / "responses/error_window_closed.json").read_text())["message"]
    personal = personal_values(json.loads(path.read_text()))

    assert redact(message, personal) == message


PHONE_SPELLINGS = [
    "+16044440042",
    "16044440042",
    "0016044440042",
    "6044440042",
    "+1 604 444 0042",
    "+1 (604) 444-0042",
    "604.444.0042",
    "604/444/0042",
    "1_604_444_0042",
    "604\u2013444\u20130042",
    "+1\u00a0604\u00a0444\u00a00042",
    "+1  604  444  0042",
    "%2B16044440042",
    "&#43;16044440042",
    "tel:+16044440042",
    "phone=16044440042&x=1",
    "id16044440042",
    "wa_16044440042",
    "16044440042@s.whatsapp.net",
    "++16044440042",
    "\uff0b\uff11\uff16\uff10\uff14\uff14\uff14\uff14\uff10\uff10\uff14\uff12",
    "+\u0661\u0666\u0660\u0664\u0664\u0664\u0664\u0660\u0660\u0664\u0662",
    "+1\u200b604\u200b444\u200b0042",
    "\u202d+16044440042\u202c",
    "+160444400",
    "4440042",
    "x4440042x",
]


@pytest.mark.parametrize("spelling", PHONE_SPELLINGS, ids=ascii)
def test_a_phone_number_of_the_request_goes_however_it_is_written(spelling: str) -> None:
    shown = redact(f"no customer {spelling} here", [PHONE])

    assert MARK in shown
    assert sum(character.isdecimal() for character in shown) <= 3
    assert shown.startswith("no customer ")
    assert shown.endswith(" here")


@pytest.mark.parametrize(
    "number",
    [
        "+442079460958",
        "442079460958",
        "+44 20 7946 0958",
        "020-7946-0958",
        "+4712345678",
        "+1234567",
        "+123456789012345",
        "\uff0b\uff14\uff14\uff12\uff10\uff17\uff19\uff14\uff16\uff10\uff19\uff15\uff18",
    ],
    ids=ascii,
)
def test_a_phone_number_that_no_one_listed_goes_too(number: str) -> None:
    assert redact(f"call {number}, please") == f"call {MARK}, please"


@pytest.mark.parametrize(
    "number",
    [
        "123456",
        "1234567890123456",
        "11824978358485860716",
        "24",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "2026-11-21",
        "1999-01-01",
    ],
)
def test_numbers_that_are_no_phone_numbers_stay(number: str) -> None:
    assert redact(f"see {number}.") == f"see {number}."


@pytest.mark.parametrize("number", ["2026-13-21", "2026-11-32", "2126-11-21", "2026-11-211"])
def test_a_run_of_digits_that_only_resembles_a_date_goes(number: str) -> None:
    assert redact(f"see {number}.") == f"see {MARK}."


@pytest.mark.parametrize("value", ["US.13491208655302741918", "US.ENT.11815799212886844830", "DE.Abcde"])
def test_a_bsuid_that_no_one_listed_goes_too(value: str) -> None:
    assert redact(f"no user {value}!") == f"no user {MARK}!"


SPELLINGS: dict[str, Callable[[str], str]] = {
    "whole": lambda value: value,
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "JSON": lambda value: json.dumps(value)[1:-1],
    "JSON in UTF-8": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "JSON within JSON": lambda value: json.dumps(json.dumps({"text": value})),
    "URL": lambda value: quote(value, safe=""),
    "form": quote_plus,
    "HTML": html.escape,
    "repr": repr,
    "without spaces": lambda value: value.replace(" ", ""),
    "dashes for spaces": lambda value: value.replace(" ", "-"),
    "two spaces for one": lambda value: value.replace(" ", "  "),
    "tabs for spaces": lambda value: value.replace(" ", "\t"),
    "in quotes": lambda value: f'"{value}"',
    "before a full stop": lambda value: f"{value}.",
    "after a colon": lambda value: f"value:{value}",
    "inside a word": lambda value: f"xyz{value}zyx",
    "twice": lambda value: f"{value}{value}",
    "no ending": lambda value: value[: len(value) * 3 // 4] + "\u2026",
    "no ending, in upper case": lambda value: value[: len(value) * 3 // 4].upper() + "...",
    "no beginning": lambda value: "\u2026" + value[len(value) // 4 :],
    "invisible joints": "\u200b".join,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("value", PERSONAL, ids=["phone", "bsuid", "text", "callback data", "key"])
def test_an_echo_goes_in_every_spelling(value: str, spelling: str) -> None:
    echo = SPELLINGS[spelling](value)

    shown = redact(f"refused: {echo} (see the log)", PERSONAL)

    assert MARK in shown
    assert shown.startswith("refused: ")
    assert shown.endswith("(see the log)")
    left = shown.lower()
    for piece in ("604444", "440042", "canary", "ller", "order no", "elm", "7731", "5f3a9c", "1349120", "655302"):
        assert piece not in left


def test_the_words_around_an_echo_stay() -> None:
    assert redact("field text: Hello there! is too long", ["Hello there!"]) == f"field text: {MARK} is too long"


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("Anna", "Dear Anna, no", f"Dear {MARK}, no"),
        ("Anna", "Dear ANNA, no", f"Dear {MARK}, no"),
        ("Anna", "name_Anna_2", f"name_{MARK}_2"),
        ("Anna", "Hannah and Annabel", "Hannah and Annabel"),
        ("4821", "code 4821", f"code {MARK}"),
        ("4821", "code4821x", f"code{MARK}x"),
        ("482", "14821", "14821"),
        ("482913", "code9482913x", f"code9{MARK}x"),
        ("2", "2 of 12, body_2", f"{MARK} of 12, body_2"),
        ("ab", "ab cab body_ab", f"{MARK} cab body_ab"),
        ("secret", "topsecretly", f"top{MARK}ly"),
        ("\U0001f44d", "ok\U0001f44dok", f"ok{MARK}ok"),
        ("M\u00fcller", "MULLER", MARK),
        ("stra\u00dfe 7", "STRASSE 7", MARK),
        ("\uff21\uff22\uff23\uff24\uff25\uff26", "abcdef", MARK),
        ("...", "wait ... or not. Now...", f"wait {MARK} or not. Now..."),
        ("? ? ?", "3f203f203f", "3f203f203f"),
        ("Ann", "name_Ann_2", f"name_{MARK}_2"),
        ("Zo\u00eb\nLi", "text Zo\u00eb\\nLi!", f"text {MARK}!"),
        ("Zo\u00eb\nLi", "text Zo\\u00eb\\nLi!", f"text {MARK}!"),
        ("A&B&C", "text A&amp;B&amp;C!", f"text {MARK}!"),
        ("A B C", "text A%20B%20C!", f"text {MARK}!"),
        ("\u65e5\u672c\u8a9e\u306e\u6587\u7ae0", "x\u65e5\u672c\u8a9e\u306e\u6587\u7ae0x", f"x{MARK}x"),
    ],
)  # fmt: skip
def test_a_short_value_goes_as_a_word_and_a_longer_one_anywhere(value: str, text: str, shown: str) -> None:
    assert redact(text, [value]) == shown


@pytest.mark.parametrize("value", ["", " ", "\n", "\x00", "\u200b", "!", "? ? ?"], ids=ascii)
def test_a_value_of_nothing_to_hide_hides_nothing(value: str) -> None:
    assert redact("Failed: 203f 20 3 times!", [value]) == "Failed: 203f 20 3 times!"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\nc", "a b c"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("a\x00\x07\x7f\x9bb", "a b"),
        ("a\u2028b\u2029c\u0085d", "a b c d"),
        ("x\u202egnp.exe", "xgnp.exe"),
        ("a\u200bb\ufeffc\u00add\u2066e", "abcde"),
        ("a\ud800b", "a b"),
        ("\r\n INFO forged\r\n", "INFO forged"),
    ],
    ids=ascii,
)
def test_controls_cannot_forge_a_line_or_drive_a_terminal(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_a_text_of_500_characters_is_shown_whole_and_a_longer_one_is_cut() -> None:
    assert redact("x" * SHOWN) == "x" * 500
    assert redact("x" * (SHOWN + 1)) == "x" * 500 + "\u2026 (501 characters)"


def test_an_echo_that_the_cut_divides_does_not_show() -> None:
    personal = "the quick brown fox"
    for start in range(SHOWN - 25, SHOWN + 5):
        shown = redact("- " * (start // 2) + "-" * (start % 2) + personal + " end", [personal])

        assert "the" not in shown
        assert "quick" not in shown


def test_an_echo_that_the_end_of_what_is_looked_at_divides_does_not_show() -> None:
    name = "Annabelle Lee"
    filler = "-" * 40

    for length in range(1900, 2100):
        text = filler + "Q" * (length - len(filler)) + name + "-" * 5000

        assert "Anna" not in redact(text, ["Q" * 3000, name])


def test_a_very_long_text_is_cut_after_redaction_and_its_length_told() -> None:
    shown = redact(f"{PHONE} " + "lorem ipsum " * 100_000)

    assert shown.startswith(f"{MARK} lorem ipsum")
    assert shown.endswith("\u2026 (1200013 characters)")


@given(st.text(max_size=3000), st.lists(st.text(max_size=40), max_size=5))
def test_any_text_becomes_one_printable_bounded_line(text: str, personal: list[str]) -> None:
    shown = redact(text, personal)

    assert shown.encode() == shown.encode(errors="replace")
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in shown)
    assert len(shown) <= SHOWN + 30


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=6, max_size=30)


@given(st.text(max_size=100), WORDS, st.text(max_size=100))
def test_a_value_of_six_letters_and_digits_is_in_no_text(before: str, value: str, after: str) -> None:
    assume(value.lower() not in MARK)

    assert value not in redact(before + value + after, [value])


@given(WORDS.filter(lambda word: len(word) >= 16), st.integers(0, 30), st.integers(0, 30))
def test_ten_letters_and_digits_of_a_value_are_enough(value: str, start: int, length: int) -> None:
    piece = value[start % (len(value) - 10) :][: 10 + length]

    assert redact(f"( {piece} )", [value]) == f"( {MARK} )"


@pytest.mark.parametrize(
    ("text", "personal", "expected"),
    [
        ("CANARY_TEXT_HERE", ["canary text here, and more"], True),
        ("CANARY", ["canary"], True),
        ("NOT_FOUND", ["canary"], False),
        ("11824978358485860716", [PHONE, "24", "5"], False),
        ("4929123412341234", ["4929 1234 1234 1234"], True),
        ("", ["x"], False),
        ("x", [], False),
    ],
)
def test_a_name_repeats_a_value_or_it_does_not(text: str, personal: list[str], expected: bool) -> None:
    assert repeats(text, personal) is expected


def test_the_personal_values_of_a_session_message_are_its_parties_and_all_it_says() -> None:
    body = json.loads((DATA / "requests/session_document.json").read_text())

    assert sorted(personal_values(body)) == [
        "+14151111234",
        "+16044441111",
        "Check out this document!",
        "document.pdf",
        "https://example.com/document.pdf",
    ]


def test_the_personal_values_of_a_template_are_not_the_names_that_the_business_gave() -> None:
    body = json.loads((DATA / "requests/template_document_campaign.json").read_text())

    assert sorted(personal_values(body)) == [
        "+16501113333",
        "+16502223333",
        "12345",
        "Harry",
        "doc.pdf",
        "https://example.com/doc.pdf",
        "order_id",
    ]


def test_names_and_values_of_callback_data_are_personal_at_any_depth() -> None:
    data = {"type": "vip", "topic": [{"language": "fr", "parameters": [{"name": "n"}]}, 7, 1.5, True, None]}

    assert sorted(personal_values({"callbackData": data})) == sorted(
        ["type", "vip", "topic", "language", "fr", "parameters", "name", "n", "7", "1.5"]
    )


@pytest.mark.parametrize("value", [None, True, False, {}, [], {"type": "image", "channelTypes": ["sms"]}])
def test_a_value_that_says_nothing_has_no_personal_values(value: object) -> None:
    assert list(personal_values(value)) == []


def test_a_lone_value_is_personal_unless_its_name_says_otherwise() -> None:
    assert list(personal_values("Anna")) == ["Anna"]
    assert list(personal_values("en", key="language")) == []
    assert list(personal_values({"name": "Anna"}, key="recipient")) == ["Anna"]


def test_deep_nesting_is_read_to_its_end() -> None:
    value: object = "canary"
    for _ in range(100_000):
        value = [value]

    assert list(personal_values(value)) == ["canary"]
