from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV30SpecValidator

from codegen.spec.document import CodegenError, Json
from codegen.spec.to_openapi.operations import METHODS
from codegen.spec.to_openapi.swagger import convert
from tests.codegen.samples import DATA, NAMES, VENDORED, small, swagger


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_valid_openapi(name: str) -> None:
    assert list(OpenAPIV30SpecValidator(convert(swagger(name))).iter_errors()) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_source_is_not_changed(name: str) -> None:
    source = swagger(name)
    convert(source)
    assert source == swagger(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_result_says_what_an_independent_converter_says(name: str) -> None:
    theirs = json.loads((DATA / "openapi" / f"{name}.json").read_text(encoding="utf-8"))
    assert normalised(convert(swagger(name))) == normalised(theirs)


def normalised(document: Json) -> Json:
    """Write what both say in one way; each step says why nothing is lost by it."""
    result: Json = plain(copy.deepcopy(document))
    del result["openapi"]  # 3.0.0 and 3.0.3 differ in the text of the specification alone.
    components = result.get("components", {})
    for item in result["paths"].values():
        shared = item.pop("parameters", [])
        for operation in (item[method] for method in METHODS if method in item):
            # Parameters of a path are those of each operation that does not have them itself.
            if parameters := [resolved(entry, components) for entry in [*shared, *operation.get("parameters", [])]]:
                operation["parameters"] = [styled(entry) for entry in parameters]
            responses = operation["responses"]
            operation["responses"] = {status: resolved(entry, components) for status, entry in responses.items()}
            for response in operation["responses"].values():
                response |= {"headers": {n: styled(h) for n, h in response.get("headers", {}).items()}}
            # swagger2openapi drops an operation's own schemes; ours keeps them as servers.
            operation.pop("servers", None)
    # What references led to stands where they were.
    components.pop("parameters", None)
    components.pop("responses", None)
    return result


def resolved(entry: Json, components: Json) -> Json:
    if "$ref" not in entry:
        return entry
    kind, name = entry["$ref"].removeprefix("#/components/").split("/")
    found: Json = components[kind][name]
    return found


def styled(entry: Json) -> Json:
    """Spell the defaults out: form in a query, simple elsewhere; exploded where the style is form."""
    style = entry.get("style", "form" if entry.get("in") == "query" else "simple")
    return {**entry, "style": style, "explode": entry.get("explode", style == "form")}


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(element) for element in value]
    if not isinstance(value, dict):
        return value
    found = {key: plain(child) for key, child in value.items()}
    parts = found.get("allOf")
    if isinstance(parts, list) and len(parts) > 1 and "$ref" in parts[0] and "$ref" not in parts[1]:
        # A value fulfils `allOf: [a, b]` if it fulfils a and b; so does `{allOf: [a], **b}`.
        found = {"allOf": parts[:1], **parts[1]}
    if "allOf" in found and "x-nullable" in found:
        # swagger2openapi forgets to translate the extension where it stands beside a reference.
        found["nullable"] = found.pop("x-nullable")
    if list(found.get("examples", ())) == ["response"]:
        # One example may stand in `example`, or by a name of one's own in `examples`.
        found["example"] = found.pop("examples")["response"]["value"]
    return found


def test_the_whole_document_is_converted() -> None:
    source = small(
        externalDocs={"url": "https://example.com"},
        security=[{"Key": []}],
        securityDefinitions={"Key": {"type": "basic"}},
        tags=[{"name": "ThingService"}],
    )
    source["x-mine"] = 1
    converted = convert(source)
    assert converted["openapi"] == "3.0.3"
    assert converted["components"] == {"securitySchemes": {"Key": {"type": "http", "scheme": "basic"}}}
    assert converted["security"] == [{"Key": []}]
    assert converted["externalDocs"] == {"url": "https://example.com"}
    assert converted["tags"] == [{"name": "ThingService"}]
    assert converted["x-mine"] == 1


def test_a_document_without_components_has_none() -> None:
    source = small()
    del source["definitions"]
    assert "components" not in convert(source)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"swagger": "1.2"}, "#/swagger: must be '2.0', not '1.2'"),
        ({"openapi": "3.0.0"}, "#/openapi: unknown key"),
        ({"paths": []}, "#/paths: must be an object"),
        ({"definitions": {"a b": {}}}, "#/definitions/a b: OpenAPI 3.0 allows letters"),
        ({"definitions": {'"""; import os': {}}}, "OpenAPI 3.0 allows letters"),
        ({"securityDefinitions": {"ä": {"type": "basic"}}}, "#/securityDefinitions/ä: OpenAPI 3.0 allows letters"),
        ({"definitions": {"a": {"foo": 1}}}, "#/definitions/a/foo: unknown key"),
        ({"tags": [{}]}, "#/tags/0: 'name' is missing"),
    ],
)
def test_documents_that_are_unknown_or_wrong_are_refused_with_their_pointer(change: Json, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        convert({**small(), **change})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


@given(data=st.data(), value=VALUES)
def test_a_document_with_anything_anywhere_converts_or_is_refused(data: st.DataObject, value: object) -> None:
    document = swagger(VENDORED)
    owner: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(owner) if isinstance(owner, dict) else range(len(owner))))
        if not (isinstance(owner[key], dict | list) and owner[key]) or data.draw(st.booleans()):
            break
        owner = owner[key]
    owner[key] = value
    try:
        assert convert(document)["openapi"] == "3.0.3"
    except CodegenError as error:
        assert str(error).startswith("#")  # noqa: PT017  either outcome is right, and each is looked at
