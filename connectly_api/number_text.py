"""Read phone numbers as people write them.

Nothing is guessed: a text is refused if it could mean two numbers, or has a digit that is only dialled within the
country. Errors name the kind and the position of a character, never the text.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
"""E.164 allows 15 digits and no leading zero. With its country code, no number has fewer than 7."""

_DIGITS: Final = frozenset("0123456789")
_BRACKETS: Final = frozenset({"Ps", "Pe"})

# Country codes after which no number starts with a zero, because the zero is only dialled domestically. (Italy and
# others have numbers with a zero. In the last line, only numbers of the network itself start with two.)
# Source: Google's libphonenumber; a test compares its metadata.
TRUNK_ZERO: Final = re.compile(
    r"\+(?:20|27|31|32|33|36|40|41|43|44|46|48|49|51|53|54|55|57|58|60|61|63|64|66|84|86|90|92|93|94|95|98|211|212|213|218|231"
    r"|232|233|234|243|249|251|252|254|255|256|260|261|262|263|264|265|291|353|355|358|359|370|373|374|377|380|381|382"
    r"|383|385|386|387|389|421|423|508|590|591|593|594|595|596|686|850|855|856|880|886|961|962|963|964|966|967|970|971"
    r"|972|976|977|994|995|996)0"
    r"|\+(?:62|81|82|91|598)0(?!0)"
)

# Country codes with an 8 that is only dialled domestically. Some numbers start with 8, so only one in brackets counts.
_TRUNK_EIGHT: Final = frozenset({"+7", "+375", "+993"})

# Other punctuation that libphonenumber accepts in national notation.
_NATIONAL: Final = frozenset("/~\u2053\u2212\u223c\u30fc\uff0e\uff0f\uff5e")


def read_international(text: str) -> tuple[str | None, str]:
    """Read a number with its country code; return it in E.164 form and an empty string, or None and the problem.

    Spaces, tabs, dots, dashes, brackets of any kind, and invisible characters are skipped.
    """
    number, problem = strip_punctuation(text)
    if problem:
        return None, problem
    if not E164.fullmatch(number):
        return None, find_obstacle(number)
    if TRUNK_ZERO.match(number):
        return None, "a zero after the country code is only dialled domestically; leave it out"
    return number, ""


def is_international(text: str) -> bool:
    """Return whether a text has a country code, that is, a + before all digits."""
    return next(
        (character in "+\uff0b" for character in text if character in "+\uff0b" or character.isdecimal()), False
    )


def strip_punctuation(text: str, *, is_national: bool = False) -> tuple[str, str]:
    """Return the digits of a text (after a +, if it has one) and an empty string, or an empty string and the problem.

    Args:
        text: A number as somebody wrote it.
        is_national: Whether it is in national notation, which allows a leading zero in brackets (`(020) 7946 0958`),
            slashes, and digits of any script.
    """
    if is_national:
        text = "".join(str(unicodedata.decimal(character, character)) for character in text)
    last = max(map(text.rfind, _DIGITS)) + 1
    kept: list[str] = []
    is_first_in_brackets = False
    for place, character in enumerate(text, 1):
        category = unicodedata.category(character)
        if category in _BRACKETS:
            is_first_in_brackets = category == "Ps"
        elif character in _DIGITS or (character == "+" and not kept):
            if is_first_in_brackets and not is_national and (home := _find_home_digit(character, kept, text[place:])):
                return "", (
                    f"{home} in brackets, at character {place}: it is not clear whether it belongs to the number; "
                    "write the number as it is dialled from abroad"
                )
            is_first_in_brackets = False
            kept.append(character)
        elif (
            not _is_left_out(character, category)
            and not (character.isspace() and (not kept or place > last))
            and not (is_national and character in _NATIONAL)
        ):
            return "", f"{_name_character(character, category)} at character {place}"
    return "".join(kept), ""


def find_obstacle(text: str) -> str:
    """Return why a text is not `+` and 7 to 15 digits: its first wrong character, or its length."""
    if not text:
        return "it is empty"
    for place, character in enumerate(text, 1):
        if character not in _DIGITS and (character != "+" or place > 1):
            return f"{_name_character(character, unicodedata.category(character))} at character {place}"
    if not text.startswith("+"):
        return "a + and the country code must come first"
    if text[1:2] == "0":
        return "a zero follows the +; no country code begins with one"
    size = len(text) - 1
    return f"{size} digit{'s' * (size != 1)}"


def _find_home_digit(digit: str, before: list[str], after: str) -> str | None:
    """Return the leading digit in brackets that may only be dialled domestically, in words, or None."""
    if digit == "0":
        return "a zero"
    is_alone = unicodedata.category(after.lstrip()[:1] or "0") == "Pe"
    return "an 8" if digit == "8" and is_alone and "".join(before) in _TRUNK_EIGHT else None


def _is_left_out(character: str, category: str) -> bool:
    # Cf is invisible: the direction marks that contacts apps put around numbers, soft hyphens, byte order marks.
    return character in ".\t" or category in {"Zs", "Pd", "Cf"}


def _name_character(character: str, category: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    if category.startswith("L"):
        return "a letter"
    description = _KINDS.get(category) or unicodedata.name(character, "a character").lower()
    return f"U+{ord(character):04X}, {description},"


_PLAIN: Final = {" ": "a space", "+": "a + that is not the first"}
_OTHER_DIGIT: Final = "a digit other than 0 to 9"
_BREAK: Final = "a control character or line break"
_KINDS: Final = {
    "Nd": _OTHER_DIGIT,
    "Nl": _OTHER_DIGIT,
    "No": _OTHER_DIGIT,
    "Zs": "a space",
    "Cc": _BREAK,
    "Zl": _BREAK,
    "Zp": _BREAK,
    "Cf": "which is invisible",
}
