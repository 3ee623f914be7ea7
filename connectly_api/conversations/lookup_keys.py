"""Which spellings of a phone number are one WhatsApp account, and which recipients are one customer. Pure.

For look-ups only: a message goes to a number as it was given. Three countries write mobile numbers in two ways:

- **Brazil**: mobile numbers got a ninth digit, a 9 in front, from 2012 to 2016. WhatsApp's own id of an account keeps
  the form in which it was registered: `+55 11 8123 4567` and `+55 11 98123 4567` are one. Old mobile numbers began
  with 6 to 9; landlines have eight digits that begin with 2 to 5, and newer mobile numbers that begin with 91 to 95
  never had another form: neither is touched.
- **Mexico**: a 1 before the ten digits marked mobile numbers until August 2019; WhatsApp still writes it, in part.
- **Argentina**: a 9 before the ten digits marks mobile numbers from abroad; without it, the same ten digits are the
  same subscriber.

Sources: https://faq.whatsapp.com/1294841057948784 (WhatsApp on Mexico and Argentina), the metadata of
https://github.com/google/libphonenumber for BR, MX and AR (which digits come first), and Anatel's resolution 553/2010
(Brazil's ninth digit).

Left alone: Argentina's domestic `15` after the area code is in no international number, and the longer plans of Côte
d'Ivoire (2021) and Benin (2024), where a number's old form does not tell its new one or nobody says what WhatsApp
keeps.
"""

from __future__ import annotations

import re
from typing import Final

from connectly_api.recipients import Bsuid, Phone, RecipientLike, to_recipient
from connectly_api.tracebacks import cut_traceback

# The first group and the second make the key; the digit between them is the one that may be missing.
_SPELLINGS: Final = (
    re.compile(r"(\+55[1-9][1-9])9([6-9][0-9]{7})"),
    re.compile(r"(\+52)1([2-9][0-9]{9})"),
    re.compile(r"(\+54)9((?:11|[23][0-9])[0-9]{8})"),
)


def to_lookup_key(phone: Phone) -> str:
    """Return a text that is the same for all spellings of one WhatsApp account's number, and for no other number.

    It is a key for tables and dictionaries, not a number to send to. Most numbers are their own key.
    """
    return fold_spelling(phone.e164)


def fold_spelling(e164: str) -> str:
    """Return the look-up key of a number in E.164 form."""
    for spelling in _SPELLINGS:
        if (found := spelling.fullmatch(e164)) is not None:
            return found[1] + found[2]
    return e164


@cut_traceback
def same_customer(a: RecipientLike, b: RecipientLike) -> bool:
    """Return whether two recipients are one customer, as far as they say.

    Two BSUIDs decide, because a phone number may have a new owner. If one recipient has none, or only one of them is
    of the parent form (`US.ENT.…`), the phone numbers decide, in any of their spellings. Nothing in common is False.

    Args:
        a: A phone number, a BSUID or a `Recipient`.
        b: Another one.

    Raises:
        InvalidRecipientError: One is neither.
    """
    one, other = to_recipient(a), to_recipient(b)
    if one.bsuid is not None and other.bsuid is not None and _is_parent(one.bsuid) == _is_parent(other.bsuid):
        return one.bsuid == other.bsuid
    return one.phone is not None and other.phone is not None and to_lookup_key(one.phone) == to_lookup_key(other.phone)


def _is_parent(bsuid: Bsuid) -> bool:
    return ".ENT." in bsuid.value
