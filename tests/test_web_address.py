"""The one check of a file's address, and the name of the file in it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import Button, Connectly, Image, InvalidContentError, Response
from connectly_api.transport import MockTransport
from connectly_api.web_address import find_file_name, find_web_address_problem, is_host

PHONE = "+16044441111"
UNSEEN = "holds white space, or characters that cannot be seen"
RELATIVE = "must be an absolute address that begins with http:// or https://"
NO_HOST = "names no host"
BAD_HOST = "names a host that cannot be one"

REFUSED = {
    "picture": RELATIVE,
    "pictures/a.jpg": RELATIVE,
    "/a.jpg": RELATIVE,
    "//example.com/a.jpg": RELATIVE,
    "example.com/a.jpg": RELATIVE,
    "C:\\a.jpg": RELATIVE,
    "ftp://example.com/a.jpg": RELATIVE,
    "file:///etc/passwd": RELATIVE,
    "data:image/png;base64,AAAA": RELATIVE,
    "javascript:alert(1)": RELATIVE,
    "httpss://example.com/a": RELATIVE,
    "https": RELATIVE,
    "https:///a.jpg": NO_HOST,
    "https://": NO_HOST,
    "https:/example.com": NO_HOST,
    "https:example.com": NO_HOST,
    "https://?a=b": NO_HOST,
    "https://#a": NO_HOST,
    "https://:443/a.jpg": NO_HOST,
    "https://@/a.jpg": NO_HOST,
    "https://a..example/b": BAD_HOST,
    "https://.example/b": BAD_HOST,
    "https://./b": BAD_HOST,
    "https://-a.example/b": BAD_HOST,
    "https://a,b.example/": BAD_HOST,
    "https://%61.example/": BAD_HOST,
    f"https://{'a' * 64}.example/": BAD_HOST,
    f"https://{'a.' * 127}example/": BAD_HOST,
    "https://[v1.x]/a": BAD_HOST,
    "https://1.2.3/a": BAD_HOST,
    "https://\u0939\u200d.example/a": BAD_HOST,
    "https://example.com/a\u200db": UNSEEN,
    "https://example.com/\u0939\u200d": UNSEEN,
    "https://example.com:0/a": "names a port that cannot be one",
    "https://example.com:65536/a": "is not an address",
    "https://example.com:x/a": "is not an address",
    "https://[::1/a": "is not an address",
    "https://example.com\\a.jpg": "holds a backslash",
    "https://x/a b.jpg": UNSEEN,
    " https://example.com/a.jpg": UNSEEN,
    "https://example.com/a.jpg\n": UNSEEN,
    "https://exa\tmple.com/a.jpg": UNSEEN,
    "https://example.com/\x00": UNSEEN,
    "https://example.com/\x7f": UNSEEN,
    "https://example.com/\x85": UNSEEN,
    "https://example.com/\u00a0": UNSEEN,
    "https://example.com/\u200b": UNSEEN,
    "https://example.com/\u202egpj.exe": UNSEEN,
    "\ufeffhttps://example.com/a.jpg": UNSEEN,
}


@pytest.mark.parametrize(("text", "problem"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_what_is_no_address_of_a_file_is_named(text: str, problem: str) -> None:
    assert find_web_address_problem(text) == problem


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/a.jpg",
        "http://example.com",
        "HTTPS://EXAMPLE.COM/A?b=c&d=e#f",
        "https://example.com:8443/\u00fcber/%20.pdf",
        "https://b\u00fccher.example/a",
        "https://\u0939\u093f\u0928\u094d\u0926\u0940.\u092d\u093e\u0930\u0924/a",
        "https://\u0645\u06cc\u200c\u062e\u0648\u0627\u0647.example/\u0645\u06cc\u200c\u062e.jpg",
        "https://cdn_1.example.com./a",
        "https://user:word@example.com/a",
        "https://127.0.0.1:8000/a",
        "https://[::1]/x",
        "https://x/a.jpg",
    ],
)
def test_an_absolute_address_has_no_problem(text: str) -> None:
    assert find_web_address_problem(text) is None


@pytest.mark.parametrize(
    "authority",
    ["", "@", "a]b", "[::1", "[::1]a", "a[::1]", "[127.0.0.1]", "[x]", "a:x", "a:1:2", "a%41", "1.2.3", "256.0.0.1"],
)
def test_an_authority_without_a_host_that_can_be_one_is_refused(authority: str) -> None:
    assert not is_host(authority)


@given(st.text() | st.from_regex(r"(https?:)?/{0,3}[a-z.:@\[\]%-]*(/.*)?", fullmatch=True))
def test_what_passes_has_a_scheme_and_a_host_and_nothing_unseen(text: str) -> None:
    if find_web_address_problem(text) is not None:
        return
    parts = urlsplit(text)
    assert parts.scheme in {"http", "https"}
    assert parts.hostname
    assert not re.search(r"[\s\x00-\x20\x7f]", text)


Send = Callable[[Connectly, Any], Awaitable[object]]

MEDIA: dict[str, Send] = {
    "an image": lambda c, url: c.send_image(PHONE, url),
    "a video": lambda c, url: c.send_video(PHONE, url),
    "a recording": lambda c, url: c.send_audio(PHONE, url),
    "a document": lambda c, url: c.send_document(PHONE, url),
    "on top of buttons": lambda c, url: c.send_reply_buttons(PHONE, "?", [Button("a", "A")], header=Image(url)),
    "a template's image": lambda c, url: c.send_template(PHONE, "t", "en", header_image=url),
    "a template's video": lambda c, url: c.send_template(PHONE, "t", "en", header_video=url),
    "a template's document": lambda c, url: c.send_template(PHONE, "t", "en", header_document=url),
    "a template's document with a name": lambda c, url: c.send_template(PHONE, "t", "en", header_document=(url, "a")),
    "a parameter": lambda c, url: c.send_template(PHONE, "t", "en", parameters={"header_video": url}),
}


@pytest.mark.parametrize("limits", ["strict", "off"])
@pytest.mark.parametrize("url", ["picture", "https:///a.jpg", "https://x/a b.jpg"])
@pytest.mark.parametrize("send", MEDIA.values(), ids=MEDIA.keys())
async def test_no_medium_goes_out_with_another(send: Send, url: str, limits: Any) -> None:
    mock = MockTransport(lambda _: Response(200, (), b'{"id":"01A"}'))
    with pytest.raises(InvalidContentError):
        await send(Connectly(api_key="k", business_id="b", transport=mock, limits=limits), url)
    assert mock.requests == []


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.com/bill.pdf", "bill.pdf"),
        ("https://example.com/a/b/Bill%20%D0%B0.PDF?v=1#p", "Bill \u0430.PDF"),
        ("https://example.com/a.tar.gz", "a.tar.gz"),
        ("https://example.com/a.7z", "a.7z"),
        ("https://example.com/", None),
        ("https://example.com", None),
        ("https://example.com/bill", None),
        ("https://example.com/.pdf", None),
        ("https://example.com/bill.", None),
        ("https://example.com/v1.2", None),
        ("https://example.com/bill.pdf/", None),
        ("https://example.com/download.php?file=bill.pdf", None),
        ("https://example.com/Get.ASPX", None),
        ("https://example.com/%ff.pdf", None),
        ("https://example.com/a%2Fb.pdf", None),
        ("https://example.com/a%5Cb.pdf", None),
        ("https://example.com/a%0Ab.pdf", None),
        ("https://example.com/a%E2%80%AEfdp.exe", None),
        (f"https://example.com/{'a' * 240}.pdf", None),
        ("https://[", None),
    ],
)
def test_the_name_of_a_file_is_the_addresss_last_part_if_that_is_one(address: str, name: str | None) -> None:
    assert find_file_name(address) == name
