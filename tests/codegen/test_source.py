from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from codegen.spec import source
from codegen.spec.document import CodegenError, Json
from codegen.spec.source import operation_places, read_source
from tests.codegen.samples import VENDORED, small, swagger, swagger_path

VENDORED_BYTES = swagger_path(VENDORED).read_bytes()


def put(folder: Path, content: bytes | Json) -> str:
    path = folder / "new.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(path)


def refusal(location: str) -> str:
    with pytest.raises(CodegenError) as refused:
        read_source(location)
    text = str(refused.value)
    assert "\n" not in text
    return text


def test_a_valid_file_is_read_byte_for_byte() -> None:
    found = read_source(str(swagger_path(VENDORED)))
    assert found.content == VENDORED_BYTES
    assert found.swagger == swagger(VENDORED)
    assert found.name == str(swagger_path(VENDORED))


def test_yaml_is_read_as_json(tmp_path: Path) -> None:
    text = "swagger: '2.0'\ninfo: {title: a, version: 2026-11-20}\npaths:\n  /v1/a:\n    get:\n      responses:\n"
    text += "        200: {description: Fine.}\n"
    found = read_source(put(tmp_path, text.encode()))
    assert found.swagger["info"]["version"] == "2026-11-20"
    assert json.loads(found.content) == found.swagger
    assert operation_places(found.swagger) == {"GET /v1/a"}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99, 0.9999])
def test_a_truncated_file_is_called_so(share: float, tmp_path: Path) -> None:
    assert "truncated: it ends in line" in refusal(put(tmp_path, VENDORED_BYTES[: int(len(VENDORED_BYTES) * share)]))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!doctype html><html></html>", "a web page or XML, not JSON"),
        (b'{"swagger": "2.0" "info": {}, "paths": {}, "more": 1234567890}', "not valid JSON"),
        (b'{"a": 1, "a": 2}', "the key 'a' occurs twice"),
        (b'{"a": "\xff\xfe"}', "not valid JSON"),
        (b"- a\n- b\n", "neither a JSON object nor a YAML mapping"),
        (b"a: [\n", "neither JSON nor YAML"),
        (b"a: &x 1\nb: *x\n", "YAML with aliases"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"title": "Other"}', "neither Swagger 2.0 nor OpenAPI 3.0 or 3.1"),
        (b'{"openapi": "4.0.0"}', "neither Swagger 2.0 nor OpenAPI 3.0 or 3.1"),
        (b'{"swagger": "2.0", "paths": {}}', "#: 'info' is missing"),
        (b'{"openapi": "3.0.0", "paths": []}', "not valid openapi 3.0"),
        (small(definitions={"a": {"$ref": "https://example.com/a.json"}}), "which is outside the file"),
        ({"openapi": "3.0.0", "x-a": {"$ref": "https://example.com/a.json"}}, "which is outside the file"),
        (
            {"swagger": "2.0", "info": {"title": "a", "version": "1"}, "paths": {"/a": {"get": {"responses": {}}}}},
            "not valid swagger 2.0",
        ),
        (small(definitions={"a": {"$ref": "#/definitions/gone"}}), "is not a definition of this file"),
    ],
)
def test_a_file_that_is_not_to_be_used_is_refused_with_a_sentence(
    content: bytes | Json, problem: str, tmp_path: Path
) -> None:
    assert problem in refusal(put(tmp_path, content))


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [(KeyError("a judge's own mistake"), "a judge's own mistake"), (RecursionError(), "nested too deeply")],
)
def test_a_file_over_which_the_validator_stumbles_is_refused(
    problem: Exception, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_: object) -> None:
        raise problem

    monkeypatch.setattr(source, "_drop_known_deviations", stumble)
    assert sentence in refusal(put(tmp_path, small()))


def test_a_key_that_only_protoc_writes_is_no_reason_to_refuse(tmp_path: Path) -> None:
    deprecated: Json = {"type": "object", "properties": {"b": {"type": "string", "deprecated": True}}}
    document = small(definitions={"a": deprecated}, operation={"deprecated": True})
    assert read_source(put(tmp_path, document)).swagger == document


def test_a_file_that_cannot_be_read_or_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(str(tmp_path / "gone.json")).startswith("cannot read ")
    assert "null" in refusal("a\0b")
    monkeypatch.setattr(source, "LARGEST", 10)
    assert "larger than 10 bytes" in refusal(put(tmp_path, b"x" * 11))


Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, Answer]], str]]:
    """Return a function that serves answers by path, and gives the address of the server."""
    servers: list[ThreadingHTTPServer] = []

    def start(answers: dict[str, Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = answers[self.path.partition("?")[0]]
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  likewise
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_an_address_is_fetched_and_led_on(serve: Callable[[dict[str, Answer]], str]) -> None:
    base = serve({"/a": (302, {"location": "/b"}, b""), "/b": (200, {}, VENDORED_BYTES)})
    found = read_source(f"{base}/a?token=secret")
    assert found.content == VENDORED_BYTES
    assert found.name == f"{base}/a"
    assert read_source(base.replace("127.0.0.1", "localhost") + "/b").content == VENDORED_BYTES


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((404, {}, b"{}"), "/a: returned 404, not 200"),
        ((200, {}, b"<html>"), "/a: a web page or XML"),
        ((200, {}, VENDORED_BYTES[:500]), "/a: truncated"),
        ((200, {"content-length": "500"}, b"{}"), "/a: cannot be fetched: RemoteProtocolError"),
        ((301, {"location": "/a"}, b""), "redirected more than 5 times"),
        ((301, {"location": "http://example.com/x"}, b""), "http://example.com/x: only https is allowed"),
    ],
)
def test_an_answer_that_is_no_file_is_refused(
    answer: Answer, problem: str, serve: Callable[[dict[str, Answer]], str]
) -> None:
    assert problem in refusal(serve({"/a": answer}) + "/a")


def test_an_answer_that_is_too_large_or_too_slow_is_refused(
    serve: Callable[[dict[str, Answer]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = serve({"/a": (200, {}, VENDORED_BYTES)})
    with monkeypatch.context() as patch:
        times = iter([0.0, 1000.0, 2000.0])
        patch.setattr("codegen.spec.source.time.monotonic", lambda: next(times, 3000.0))
        assert "not complete after 60 seconds" in refusal(f"{base}/a")
    monkeypatch.setattr(source, "LARGEST", 10)
    assert "/a: larger than 10 bytes" in refusal(f"{base}/a")


@pytest.mark.parametrize(
    "address", ["http://example.com/a", "ftp://example.com/a", "file:///etc/passwd", "http://127.0.0.1.example.com/a"]
)
def test_nothing_but_https_is_fetched(address: str) -> None:
    assert "only https is allowed" in refusal(address)


def test_no_secret_of_an_address_is_shown() -> None:
    text = refusal("http://user:password@example.com/a?key=secret")
    assert "http://example.com/a:" in text
    assert "password" not in text
    assert "secret" not in text


def test_an_address_that_is_none_is_refused() -> None:
    assert "cannot be fetched" in refusal("https://127.0.0.1:1/a")
