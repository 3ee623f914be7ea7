from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen.documented_facts import apply_facts
from codegen.generate import Layout, build
from codegen.spec.document import CodegenError, Json
from codegen.verify import Counts, verify
from tests.codegen.samples import NAMES, ROOT, VENDORED, model, prepared, swagger, swagger_path


def parts(name: str) -> tuple[Json, Json, dict[str, str]]:
    tree, source = build(Layout.of(ROOT, swagger_path(name))), apply_facts(swagger(name))
    return source, prepared(source), {path: text.decode() for path, text in tree.files.items()}


def counted(document: Json) -> Counts:
    definitions = document.get("definitions", {}).values()
    return Counts(
        operations=sum(
            key in {"get", "put", "post", "delete", "options", "head", "patch"}
            for path, i in document["paths"].items()
            for key in i
            if not path.endswith(":watch")  # It returns a stream.
        ),
        schemas=len(definitions),
        properties=sum(len(schema.get("properties", {})) for schema in definitions),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_comes_out_is_counted_and_is_what_went_in(name: str) -> None:
    source, document, tree = parts(name)
    assert verify(source, document, tree) == counted(source)


@pytest.fixture(scope="module")
def vendored() -> tuple[Json, Json, dict[str, str]]:
    return parts(VENDORED)


SEND = "api/message_service/send_message.py"
MODEL = "models/participant.py"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "old", "new", "missing"),
    [
        (SEND, "async def send_message(", "async def send(", "operation MessageService_SendMessage with 2 arguments"),
        (
            SEND,
            "    *,\n    body: SendMessageRequest,\n) ->",
            ") ->",
            "operation MessageService_SendMessage with 2 arguments",
        ),
        (SEND, "def request(", "def build(", "operation MessageService_SendMessage with 2 arguments"),
        (MODEL, "class Participant:", "class Other:", "schema v1Participant"),
        (MODEL, '_writing.put(written, "userId", self.user_id)', "pass", "property v1Participant.userId"),
        (MODEL, '"userId", self.user_id', '"userID", self.user_id', "property v1Participant.userId"),
        (MODEL, "    name: str |", "    names: str |", "property v1Participant.name"),
        ("models/channel_type.py", "ChannelType:", "Other:", "schema v1ChannelType"),
    ],
)
def test_whatever_is_missing_is_named(
    path: str, old: str, new: str, missing: str, vendored: tuple[Json, Json, dict[str, str]]
) -> None:
    source, document, tree = vendored
    assert old in tree[path]
    with pytest.raises(CodegenError, match=f"^not in the generated tree: {missing}$"):
        verify(source, document, {**tree, path: tree[path].replace(old, new, 1)})


def test_properties_within_what_a_schema_includes_are_counted_and_missed_too(tmp_path: Path) -> None:
    source = model({"a": {"type": "string"}})
    part = {"type": "object", "properties": {"b": {"type": "string"}}}
    source["definitions"]["v1More"] = {"allOf": [{"$ref": "#/definitions/v1Thing"}, part]}
    path = tmp_path / "more.json"
    path.write_text(json.dumps(source), encoding="utf-8")
    tree = {name: text.decode() for name, text in build(Layout.of(ROOT, path)).files.items()}
    assert verify(source, prepared(source), tree) == Counts(operations=1, schemas=2, properties=2)
    tree["models/more.py"] = tree["models/more.py"].replace('"b"', '"B"')
    with pytest.raises(CodegenError, match=r"not in the generated tree: property v1More\.b$"):
        verify(source, prepared(source), tree)


def test_everything_that_is_missing_is_named_at_once(vendored: tuple[Json, Json, dict[str, str]]) -> None:
    source, document, tree = vendored
    with pytest.raises(CodegenError, match=r"operation MessageService_SendMessage.*schema v1Participant"):
        verify(source, document, {path: text for path, text in tree.items() if path not in {SEND, MODEL}})


def test_what_the_overlay_loses_is_missed(vendored: tuple[Json, Json, dict[str, str]]) -> None:
    source, document, tree = vendored
    paths = {path: item for path, item in document["paths"].items() if "send" not in path}
    schemas = {name: schema for name, schema in document["components"]["schemas"].items() if name != "Participant"}
    without = {**document, "paths": paths, "components": {"schemas": schemas}}
    with pytest.raises(CodegenError, match=r"operation MessageService_SendMessage, .*schema v1Participant$"):
        verify(source, without, tree)


def test_what_is_not_python_is_refused(vendored: tuple[Json, Json, dict[str, str]]) -> None:
    source, document, tree = vendored
    for broken in ("def (:", "def f(a, a): pass", "\x00"):
        with pytest.raises(CodegenError, match=r"the generated file models/participant.py is not Python"):
            verify(source, document, {**tree, MODEL: broken})
