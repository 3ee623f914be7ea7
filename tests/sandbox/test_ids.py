import re

from connectly_api.sandbox.model.ids import build_message_id, build_registration_id, build_trace_id


def test_message_ids_look_like_ulids_and_begin_with_the_clock() -> None:
    first = build_message_id(0, 1, 1_767_225_600.0)
    assert re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", first)
    assert first[:10] == "01KDVDNA00"


def test_registration_ids_have_the_documented_prefix() -> None:
    assert re.fullmatch("wh_[0-7][0-9A-HJKMNP-TV-Z]{25}", build_registration_id(0, 1, 0.0))


def test_trace_ids_are_twenty_digits() -> None:
    assert all(re.fullmatch("[1-9][0-9]{19}", build_trace_id(0, number)) for number in range(200))


def test_ids_are_the_same_for_the_same_seed_and_number_and_differ_otherwise() -> None:
    assert build_message_id(3, 7, 1.0) == build_message_id(3, 7, 1.0)
    drawn = {build_message_id(seed, number, 1.0) for seed in range(20) for number in range(20)}
    assert len(drawn) == 400
    assert build_message_id(0, 1, 1.0)[10:] != build_registration_id(0, 1, 1.0)[13:]
