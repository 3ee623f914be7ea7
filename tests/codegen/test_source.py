from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from codegen.spec import source
from codegen.spec.document import CodegenError, Json
from codegen.spec.source import read_source
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


def test_a_file_is_read_byte_for_byte() -> None:
    found = read_source(str(swagger_path(VENDORED)))
    assert found.content == VENDORED_BYTES
    assert found.document == swagger(VENDORED)
    assert found.name == str(swagger_path(VENDORED))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", ": truncated"),
        (b'{"title": "Other"}', ": not Swagger 2.0; only Swagger 2.0 is read, which is what the vendor publishes"),
        (b'{"openapi": "3.0.0", "paths": {}}', ": OpenAPI 3; only Swagger 2.0 is read, "),
        (b'{"swagger": "2.0", "paths": {}}', ": #: 'info' is missing"),
        (b'{"swagger": "2.0", "paths": []}', ": #/paths: must be an object"),
        (small(components={}), ": #/components: unknown key"),
    ],
)
def test_a_file_that_is_not_swagger_is_refused_with_its_name(
    content: bytes | Json, problem: str, tmp_path: Path
) -> None:
    location = put(tmp_path, content)
    assert refusal(location).startswith(f"{location}{problem}")


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
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_an_address_is_fetched_and_led_on(serve: Callable[[dict[str, Answer]], str]) -> None:
    base = serve({"/a": (302, {"location": "/b"}, b""), "/b": (200, {}, VENDORED_BYTES)})
    found = read_source(f"{base}/a?token=secret")
    assert found.content == VENDORED_BYTES
    assert found.name == f"{base}/b"
    assert read_source(base.replace("127.0.0.1", "localhost") + "/b").content == VENDORED_BYTES


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((404, {}, b"{}"), "/a: returned 404, not 200"),
        ((200, {}, b"<html>"), "/a: a web page or XML"),
        ((200, {}, VENDORED_BYTES[:500]), "/a: truncated"),
        ((200, {"content-length": "500"}, b"{}"), "/a: cannot be fetched: RemoteProtocolError"),
        ((301, {"location": "/a"}, b""), "/a: redirected more than 5 times"),
        ((301, {"location": "http://example.com/x?key=secret"}, b""), "http://example.com/x: only https is allowed"),
        ((301, {"location": "https://\x00/"}, b""), "/a: cannot be fetched: RemoteProtocolError"),
    ],
)
def test_an_answer_that_is_no_file_is_refused(
    answer: Answer, problem: str, serve: Callable[[dict[str, Answer]], str]
) -> None:
    text = refusal(serve({"/a": answer}) + "/a?key=secret")
    assert problem in text
    assert "secret" not in text


def test_an_answer_that_is_too_large_or_too_slow_is_refused(
    serve: Callable[[dict[str, Answer]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = serve({"/a": (200, {}, VENDORED_BYTES)})
    with monkeypatch.context() as patch:
        times = iter([0.0, 1000.0])
        patch.setattr("codegen.spec.source.time.monotonic", lambda: next(times, 2000.0))
        assert "/a: not complete within the time limit" in refusal(f"{base}/a")
    monkeypatch.setattr(source, "LARGEST", 10)
    assert "/a: larger than 10 bytes" in refusal(f"{base}/a")


@pytest.mark.parametrize(
    "address", ["http://example.com/a", "ftp://example.com/a", "file:///etc/passwd", "http://127.0.0.1.example.com/a"]
)
def test_nothing_but_https_is_fetched(address: str) -> None:
    assert "only https is allowed" in refusal(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://user:password@example.com/a?key=secret#secret",
        "https://user:password@127.0.0.1:1/a?key=secret",
        "https://user:password@xn--/a?key=secret",
        "https://user:password@127.0.0.1:99999999/a?key=secret",
        "https://user:password@\x00/a?key=secret",
        "://user:password/a?key=secret",
    ],
)
def test_no_secret_of_an_address_is_shown(address: str) -> None:
    text = refusal(address)
    assert "only https is allowed" in text or "cannot be fetched" in text
    assert "password" not in text
    assert "secret" not in text
