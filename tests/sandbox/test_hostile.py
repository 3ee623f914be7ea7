"""Whatever comes: an answer in the documented shape, never a failure of the sandbox's own."""

from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import (
    CREATE,
    DATA,
    KEY,
    LIST,
    MESSAGES,
    TEMPLATES,
    answer,
    ask,
    client_of,
    load_document,
    path_of,
    session,
    template,
)
from tests.thoroughness import up_to

PATHS = [MESSAGES, TEMPLATES, CREATE, path_of("update_webhook", "wh_1"), LIST]
METHODS = ["POST", "PUT", "GET", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"]
BODIES = [load_document(f"requests/{path.stem}") for path in sorted((DATA / "requests").glob("*.json"))]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(
        ["whatsapp", "+16044441111", "US.1", "bsuid:US.1", "https://a.example", "image", "messages", "\ud800"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
HEADERS = st.lists(st.tuples(st.sampled_from([b"x-api-key", b"content-type", b"a", b"authorization"]), st.binary()))

KNOWN_NAMES = sorted({
    *("sender", "recipient", "message", "text", "attachments", "location", "listMessage", "replyButtonMessage"),
    *("multiProductMessage", "header", "attachment", "sections", "rows", "number", "templateName", "parameters"),
    *("topic", "address", "configuration", "filters", "callbackData", "channel_type", "id", "userId", "type", "url"),
})  # fmt: skip
SHAPED = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KNOWN_NAMES), inner, max_size=6),
    max_leaves=25,
)


def check(status: int, found: Any) -> None:
    assert status < 500
    if status >= 400:
        assert found["type"].startswith("ERROR_TYPE_")
        assert found["code"].startswith("ERROR_CODE_")


@up_to(400)
@given(st.sampled_from(PATHS), st.sampled_from(["POST", "PUT"]), SHAPED)
def test_no_json_makes_it_fail(path: str, method: str, body: object) -> None:
    decision = ask(Sandbox(windows="open"), body, path=path, method=method)
    check(decision.status, answer(decision))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """A body that was right, with one value below it replaced."""
    body = draw(st.sampled_from([*BODIES, session(), template()]))
    body = _replaced(body, draw)
    return draw(st.sampled_from(PATHS)), body


def _replaced(value: Any, draw: st.DrawFn) -> Any:
    if not isinstance(value, (dict, list)) or not value or draw(st.integers(0, 3)) == 0:
        return draw(VALUES)
    chosen = draw(st.sampled_from(list(value) if isinstance(value, dict) else list(range(len(value)))))
    copy = value.copy()
    copy[chosen] = _replaced(copy[chosen], draw)
    return copy


@up_to(400)
@given(mutated())
def test_no_change_to_a_documented_body_makes_it_fail(case: tuple[str, Any]) -> None:
    path, body = case
    decision = ask(Sandbox(windows="open"), body, path=path, method="PUT" if "update" in path else "POST")
    check(decision.status, answer(decision))


@up_to(200)
@given(st.sampled_from(PATHS), st.binary(max_size=60))
def test_no_bytes_make_it_fail(path: str, body: bytes) -> None:
    decision = ask(Sandbox(windows="open"), body, path=path)
    check(decision.status, answer(decision))


@up_to(300)
@given(
    method=st.sampled_from(METHODS),
    path=st.sampled_from([*PATHS, "", "/", "/__sandbox__"]),
    extra=st.text(st.characters(codec="utf-8"), max_size=12),
    query=st.text(max_size=20),
    headers=HEADERS,
    with_key=st.booleans(),
)
async def test_no_path_query_or_header_makes_it_fail(
    *, method: str, path: str, extra: str, query: str, headers: list[tuple[bytes, bytes]], with_key: bool
) -> None:
    sandbox = Sandbox(windows="open")
    key = [(KEY[0].encode(), KEY[1].encode())] if with_key else []
    scope = {
        "type": "http",
        "method": method,
        "path": path + extra,
        "raw_path": (path + extra).encode(),
        "query_string": query.encode("utf-8", "replace"),
        "headers": [*key, *headers],
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await sandbox.app(scope, receive, send)
    assert sent[0]["status"] < 500


async def test_what_was_hostile_can_still_be_inspected() -> None:
    sandbox = Sandbox(windows="open")
    async with client_of(sandbox) as client:
        await client.post(MESSAGES, content=b'\xff"\\ud800')
        await client.post(MESSAGES, json={"\x00": "\x1b", **session()})
        await client.get("/%ff%00%0a", headers=[(b"x-odd", b"\xff")])
        response = await client.get("/__sandbox__/requests")
    assert isinstance(response, httpx.Response)
    assert [request["status"] for request in response.json()["requests"]] == [400, 200, 404]
