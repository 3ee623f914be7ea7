import pytest

from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import KEY, MESSAGES, ask, id_of, session

HEADERS = (KEY, ("authorization", "Bearer abc"), ("cookie", "a=1"), ("x-copy", "key=sandbox-key;"), ("accept", "*/*"))


def test_a_request_is_kept_with_its_outcome(sandbox: Sandbox) -> None:
    ask(sandbox, session(), query="a=1")
    ask(sandbox, b"{")
    accepted, refused = sandbox.requests
    assert (accepted.number, accepted.method, accepted.path, accepted.query) == (1, "POST", MESSAGES, "a=1")
    assert (accepted.status, accepted.code, accepted.message) == (200, None, sandbox.messages[0])
    assert accepted.operation == id_of("send_message")
    assert accepted.json() == session()
    assert (refused.number, refused.status, refused.code) == (2, 400, "ERROR_CODE_UNSPECIFIED")
    assert refused.message is None
    assert refused.trace_id != accepted.trace_id
    with pytest.raises(ValueError, match="Expecting"):
        refused.json()


def test_no_secret_is_kept(sandbox: Sandbox) -> None:
    ask(sandbox, session(), headers=HEADERS, query="key=sandbox-key")
    (kept,) = sandbox.requests
    assert dict(kept.headers) == {
        "x-api-key": "[redacted]",
        "authorization": "[redacted]",
        "cookie": "[redacted]",
        "x-copy": "key=[redacted];",
        "accept": "*/*",
    }
    assert kept.query == "key=[redacted]"


def test_a_key_that_the_query_encodes_is_cut_out_too() -> None:
    sandbox = Sandbox(windows="open", api_key="a/b+c")
    ask(sandbox, session(), query="key=a%2Fb%2Bc", path="/a/b+c")
    assert (sandbox.requests[0].query, sandbox.requests[0].path) == ("key=[redacted]", "/[redacted]")


def test_a_wrong_key_is_not_kept_either(sandbox: Sandbox) -> None:
    ask(sandbox, session(), headers=(("x-api-key", "canary-of-production"),))
    assert "canary" not in str(sandbox.requests[0].headers)


def test_nothing_personal_is_in_a_requests_repr(sandbox: Sandbox) -> None:
    ask(sandbox, session(message={"text": "secret words"}), path=f"{MESSAGES}?+16044441111")
    ask(sandbox, session(message={"text": "secret words"}))
    shown = repr(sandbox.requests)
    assert not any(word in shown for word in ("6044441111", "secret words", "sandbox-key"))
