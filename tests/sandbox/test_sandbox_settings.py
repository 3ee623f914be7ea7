from typing import Any

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import Sandbox


@pytest.mark.parametrize(
    ("setting", "value", "field"),
    [
        ("api_key", "", "api_key"),
        ("api_key", "two words", "api_key"),
        ("api_key", None, "api_key"),
        ("business_id", "", "business_id"),
        ("business_id", "..", "business_id"),
        ("business_id", "a\nb", "business_id"),
        ("business_id", 7, "business_id"),
        ("senders", (), "senders"),
        ("senders", ("+14151111234", "+14151111234"), "senders"),
        ("senders", ("+14151111234", "4151111234"), "senders[1]"),
        ("senders", (7,), "senders[0]"),
        ("channels", (), "channels"),
        ("channels", ("pigeon",), "channels"),
        ("seed", 1.5, "seed"),
        ("seed", True, "seed"),
        ("start", "now", "start"),
        ("start", -1.0, "start"),
        ("start", float("inf"), "start"),
        ("start", True, "start"),
        ("keep", 0, "keep"),
        ("keep", "all", "keep"),
        ("max_body_bytes", True, "max_body_bytes"),
        ("missing_sender", "guess", "missing_sender"),
        ("bsuid_recipients", "", "bsuid_recipients"),
        ("template_language", None, "template_language"),
        ("second_registration", "both", "second_registration"),
        ("window_error_type", "ERROR_TYPE_UNSPECIFIED", "window_error_type"),
        ("sent_status", 202, "sent_status"),
        ("rate_limit", 10**30, "rate_limit"),
        ("rate_limit", 0, "rate_limit"),
        ("number_limit", 0, "number_limit"),
        ("rate_limit", True, "rate_limit"),
        ("rate_limit", "none", "rate_limit"),
        ("sent_after", -1, "sent_after"),
        ("delivered_after", "1", "delivered_after"),
        ("read_after", float("inf"), "read_after"),
        ("webhook_retries", [1, -1], "webhook_retries"),
        ("webhook_timeout", 0, "webhook_timeout"),
        ("webhook_secret", "", "webhook_secret"),
        ("clock", "atomic", "clock"),
        ("sent_status", True, "sent_status"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(setting: str, value: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Sandbox(**{setting: value})
    assert caught.value.field == field
    assert str(caught.value).startswith(field)


def test_a_lone_string_is_one_sender() -> None:
    assert Sandbox(windows="open", senders="+14151111234").settings.senders == ("+14151111234",)


def test_neither_key_nor_numbers_are_in_the_repr() -> None:
    shown = repr(Sandbox(windows="open", api_key="canary-key", senders=["+14159998877"]).settings)
    assert "canary-key" not in shown
    assert "9998877" not in shown
