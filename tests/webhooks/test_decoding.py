from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.webhooks import WebhookPayloadError, parse
from connectly_api.webhooks.decoding import MAX_BYTES, MAX_DEPTH, decode

CANARY = "canary-5511"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"[]",
        b"null",
        b"true",
        b"17",
        b'"{}"',
        b"{} {}",
        b"{}x",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": [-Infinity]}',
        b'{"a": 1e999}',
        b'{"a": -1e400}',
        b'{"a": ' + b"9" * 310 + b"}",
        b'{"a": -' + b"9" * 310 + b"}",
        b'{"a": ' + b"1" * 400 + b"}",
        b'{"a": ' + b"9" * 100_000 + b"}",
        b'{"a": 1\x00}',
        b'\x00{"a": 1}',
        b'{"a": "\x00"}',
        b'{"a": "\xff\xfe"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\\ud8"}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32-le"),
        b"\x1f\x8b\x08\x00",
        b"<html>502 Bad Gateway</html>",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookPayloadError):
        parse(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' \r\n\t{"a": 1} \n', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\u0000"}', {"a": "\0"}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        (b'{"": 1e308}', {"": 1e308}),
        (b'{"a": ' + b"9" * 308 + b"}", {"a": int("9" * 308)}),
        (b'{"a": ' + str(int(1.7976931348623157e308)).encode() + b"}", {"a": int(1.7976931348623157e308)}),
        (b'{"a": -' + str(int(1.7976931348623157e308)).encode() + b"}", {"a": -int(1.7976931348623157e308)}),
        (b'{"a": 1e-999, "b": -0}', {"a": 0.0, "b": 0}),
    ],
    ids=lambda case: repr(case)[:20],
)
def test_every_json_object_is_read_whole(body: bytes, value: dict[str, object]) -> None:
    assert decode(body) == value
    assert parse(body).raw == value


def test_a_number_just_beyond_a_double_is_refused() -> None:
    with pytest.raises(WebhookPayloadError, match="double"):
        decode(b'{"a": %d}' % (int(1.7976931348623157e308) + 1))


def test_the_size_is_limited_to_one_mebibyte_or_as_the_caller_says() -> None:
    largest = b'{"a": "' + b"x" * (MAX_BYTES - 9) + b'"}'
    assert len(largest) == 1024 * 1024
    assert len(decode(largest)["a"]) == MAX_BYTES - 9
    with pytest.raises(WebhookPayloadError, match=r"1048577 bytes; the limit is 1048576"):
        decode(largest + b" ")
    with pytest.raises(WebhookPayloadError, match="the limit is 10"):
        parse(b'{"a":     1}', max_bytes=10)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
@pytest.mark.parametrize("depth", [900, 5_000, 100_000, 200_000])
def test_deep_nesting_is_refused_without_a_recursion_error(opening: bytes, closing: bytes, depth: int) -> None:
    with pytest.raises(WebhookPayloadError, match="nested"):
        parse(b'{"callbackData": ' + opening * depth + b"1" + closing * depth + b"}", max_bytes=1 << 24)


def test_unclosed_nesting_is_refused() -> None:
    with pytest.raises(WebhookPayloadError):
        parse(b'{"a":' * 200_000)


def test_the_deepest_callback_data_that_can_be_sent_is_read() -> None:
    event = parse(b'{"callbackData": ' + b"[" * 512 + b"]" * 512 + b"}")
    assert json.dumps(event.callback_data) == "[" * 512 + "]" * 512
    assert event.key


def test_the_limit_of_depth_counts_levels_not_brackets() -> None:
    deepest = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b', "b": [' + b"{}," * 1000 + b"{}]}"
    assert decode(deepest)["b"] == [{}] * 1001
    with pytest.raises(WebhookPayloadError, match="520 levels"):
        decode(b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}")


def test_brackets_within_texts_do_not_count() -> None:
    assert decode(b'{"a": "' + b"[{" * 5000 + b'"}') == {"a": "[{" * 5000}


@pytest.mark.parametrize("body", [CANARY.encode(), b'{"text": "' + CANARY.encode() + b'", }', b'["' + CANARY.encode()])
def test_a_refusal_does_not_repeat_the_body(body: bytes) -> None:
    with pytest.raises(WebhookPayloadError) as caught:
        parse(body)
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_body_that_is_not_bytes_is_the_callers_mistake() -> None:
    with pytest.raises(TypeError):
        parse('{"a": 1}')  # type: ignore[arg-type]


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_else(body: bytes) -> None:
    try:
        read = decode(body)
    except WebhookPayloadError:
        return
    assert read == json.loads(body)


@given(st.text(alphabet='{}[]":,0123456789eE+-.tnulrfs\\ u', max_size=60))
def test_nearly_json_raises_nothing_else(text: str) -> None:
    try:
        read = decode(text.encode())
    except WebhookPayloadError:
        return
    assert read == json.loads(text)
