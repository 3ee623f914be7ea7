"""Reads a file of the vendor from a path or a URL, and validates it."""

from __future__ import annotations

import contextlib
import io
import ipaddress
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import attrs
import httpx
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from codegen.naming import places
from codegen.spec.document import CodegenError, Json, load, to_list, to_object
from codegen.spec.to_openapi.operations import METHODS
from codegen.spec.to_openapi.swagger import as_swagger, convert

LARGEST: Final = 20_000_000
"""In bytes; descriptions of whole services have a hundredth of it."""

_SECONDS: Final = 60.0
_HOPS: Final = 5
_LONGEST: Final = 200
_DEEPEST: Final = 100
_KINDS: Final = (
    ("swagger", "2.0", OpenAPIV2SpecValidator),
    ("openapi", "3.0", OpenAPIV30SpecValidator),
    ("openapi", "3.1", OpenAPIV31SpecValidator),
)


@attrs.frozen
class Source:
    """A complete and valid file.

    Attributes:
        content: Its bytes; YAML is converted to JSON.
        swagger: The file as Swagger 2.0.
        name: Its path or URL, without secrets.
    """

    content: bytes
    swagger: Json
    name: str

    @property
    def document(self) -> Json:
        """The file as Swagger 2.0."""
        return self.swagger


def read_source(location: str, *, seconds: float = _SECONDS) -> Source:
    """Read a file, and check that code can be generated from it.

    Args:
        location: A path, or an https URL; http only on this machine.
        seconds: The time limit of a download.

    Raises:
        CodegenError: It cannot be read, is truncated, or is not a valid description; the message is one sentence.
    """
    if "://" in location:
        name, content = _hide_secrets(location), _fetch(location, seconds)
    else:
        name, content = location, _read(Path(location))
    try:
        content = _json(content)
        document = load(content)
        _require_known(document)
        _require_valid(document)
        swagger = as_swagger(document)
        convert(swagger)  # A file that it refuses cannot be used.
        return Source(content, swagger, name)
    except RecursionError:
        raise CodegenError(f"{name}: nested too deeply for a description of a service") from None
    except CodegenError as error:
        raise CodegenError(f"{name}: {error}") from None


def operation_places(swagger: Json) -> set[str]:
    """Return the places of all operations of a Swagger 2.0 document; see `codegen.naming.places`."""
    base = str(swagger.get("basePath", "")).rstrip("/")
    return {
        places.operation(method, f"{base}{path}")
        for path, item in swagger["paths"].items()
        for method in METHODS
        if method in item
    }


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise CodegenError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    return _require_size(content, str(path))


def _require_size(content: bytes, name: str) -> bytes:
    if len(content) > LARGEST:
        raise CodegenError(f"{name}: larger than {LARGEST:,} bytes, too large for a description of a service")
    return content


def _hide_secrets(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _fetch(address: str, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    try:
        with httpx.Client(timeout=seconds, headers={"accept": "application/json, */*;q=0.5"}) as client:
            for _ in range(_HOPS):
                _require_safe(address)
                with client.stream("GET", address) as response:
                    if response.has_redirect_location:
                        address = urljoin(address, response.headers["location"])
                        continue
                    if not response.is_success:
                        raise CodegenError(f"{_hide_secrets(address)}: returned {response.status_code}, not 200")
                    return _require_size(_body(response, deadline, seconds), _hide_secrets(address))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise CodegenError(f"{_hide_secrets(address)}: cannot be fetched: {type(error).__name__}: {error}") from None
    raise CodegenError(f"{_hide_secrets(address)}: redirected more than {_HOPS} times")


def _body(response: httpx.Response, deadline: float, seconds: float) -> bytes:
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > LARGEST:
            break
        if time.monotonic() > deadline:
            raise CodegenError(f"{_hide_secrets(str(response.url))}: not complete after {seconds:g} seconds")
    return bytes(content)


def _require_safe(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise CodegenError(f"{_hide_secrets(address)}: only https is allowed, as http can be changed in transit")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _json(content: bytes) -> bytes:
    """Return JSON unchanged, and YAML as JSON."""
    text = content.decode("utf-8-sig", "replace").strip()
    if not text:
        raise CodegenError("empty")
    if text.startswith("<"):
        raise CodegenError("a web page or XML, not JSON")
    if not text.startswith("{"):
        return _from_yaml(text)
    try:
        json.loads(content)
    except json.JSONDecodeError as error:
        left = len(text) - len(error.doc[: error.pos].lstrip("\ufeff \t\r\n"))
        if error.msg.startswith("Unterminated") or left < len("false:"):
            raise CodegenError(f"truncated: it ends in line {error.lineno}, before the JSON is complete") from None
    except ValueError:
        pass  # `load` reports it.
    return content


def _from_yaml(text: str) -> bytes:
    yaml = YAML(typ="safe", pure=True)
    try:
        events: Iterator[object] = yaml.parse(io.StringIO(text))  # pyright: ignore[reportUnknownMemberType]  untyped
        depth = 0
        for event in events:
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if isinstance(event, AliasEvent):
                raise CodegenError("YAML with aliases; expand them")
            if depth > _DEEPEST:
                raise CodegenError("nested too deeply for a description of a service")
        document: object = yaml.load(io.StringIO(text))  # pyright: ignore[reportUnknownMemberType]  untyped
    except (YAMLError, ValueError) as error:
        problem = " ".join(str(error).split())[:_LONGEST]
        raise CodegenError(f"neither JSON nor YAML: {problem}") from None
    if not isinstance(document, dict):
        raise CodegenError("neither a JSON object nor a YAML mapping")
    return (json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n").encode()


def _require_known(document: Json) -> None:
    """Convert Swagger 2.0 as a check: the converter's messages name the problem and its place."""
    for reference in _references(document):
        if not reference.startswith("#/"):
            raise CodegenError(f"refers to {reference[:_LONGEST]!r}, which is outside the file")
    if document.get("swagger") != "2.0":
        return
    # The validator reports anything that is not Swagger at all.
    with contextlib.suppress(ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        convert(as_swagger(document))


def _require_valid(document: Json) -> None:
    """Validate a document with an independent validator; its version must be known."""
    found = next((kind for kind in _KINDS if str(document.get(kind[0], "")).startswith(kind[1])), None)
    if found is None:
        raise CodegenError("neither Swagger 2.0 nor OpenAPI 3.0 or 3.1")
    key, version, validator = found
    error: Exception | None
    try:
        error = next(iter(validator(_drop_known_deviations(document)).iter_errors()), None)
    except RecursionError:
        raise
    except Exception as problem:  # noqa: BLE001  whatever stops a judge over a foreign file, the file is not to be used
        error = problem
    if error is not None:
        where = "/".join(("#", *map(str, getattr(error, "absolute_path", ()))))
        text = " ".join(str(getattr(error, "message", error)).split()).partition(" Failed validating")[0]
        raise CodegenError(f"not valid {key} {version}: {where}: {text[:_LONGEST]}{'…' * (len(text) > _LONGEST)}")


def _references(value: object) -> Iterator[str]:
    fields = to_object(value) or {}
    if isinstance(found := fields.get("$ref"), str):
        yield found
    for part in (*fields.values(), *(to_list(value) or ())):
        yield from _references(part)


def _drop_known_deviations(value: Any) -> Any:  # noqa: ANN401  JSON
    """Drop `deprecated` from schemas: protoc-gen-openapiv2 writes it, but Swagger 2.0 does not have it."""
    if (parts := to_list(value)) is not None:
        return [_drop_known_deviations(part) for part in parts]
    if (fields := to_object(value)) is None:
        return value
    kept = {key: _drop_known_deviations(part) for key, part in fields.items()}
    if kept.get("deprecated") is True and "responses" not in kept:
        del kept["deprecated"]
    return kept
