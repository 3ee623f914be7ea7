from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from codegen.spec.document import CodegenError, Json
from codegen.spec.shared_parts import write_out_shared_parts
from codegen.spec.to_openapi import convert
from codegen.spec.traverse import METHODS, read_left_out
from tests.codegen.samples import DATA, NAMES, model, small, swagger

FINE: Json = {"200": {"description": "Fine."}}


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_valid_openapi(name: str) -> None:
    document = convert(swagger(name))
    del document["components"]["securitySchemes"]  # They are kept as they are.
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_result_says_what_an_independent_converter_says(name: str) -> None:
    theirs = json.loads((DATA / "openapi" / f"{name}.json").read_text(encoding="utf-8"))
    ours = convert(swagger(name))
    for entry in read_left_out(ours):
        method, path = entry["operation"].split(" ")
        del theirs["paths"][path][method.lower()]
        if not theirs["paths"][path]:
            del theirs["paths"][path]
    assert normalize(ours) == normalize(theirs)


def normalize(document: Json) -> Json:
    """Write what both say in one way; each step says why nothing is lost by it."""
    result: Json = plain(copy.deepcopy(document))
    for key in ("openapi", "tags", "externalDocs", "x-left-out"):
        result.pop(key, None)  # Nothing reads them, and 3.0.0 and 3.0.3 differ in the text of the specification alone.
    result["info"] = {key: result["info"][key] for key in ("title", "version", "description") if key in result["info"]}
    # Our paths begin with the base path, and a server without a host says nothing else.
    urls = [server["url"].rstrip("/") for server in result.pop("servers", [])]
    base = (
        "/" + urls[0].split("/", 3 if "//" in urls[0] else 1)[-1] if urls and urls[0].count("/") not in (0, 2) else ""
    )
    result["servers"] = [url.removesuffix(base) for url in urls if url != base]
    result["paths"] = {f"{base}{path}": item for path, item in result["paths"].items()}
    components = result.get("components", {})
    for item in result["paths"].values():
        shared = item.pop("parameters", [])
        for operation in (item[method] for method in METHODS if method in item):
            # Parameters of a path are those of each operation that does not have them itself.
            if parameters := [resolve(entry, components) for entry in [*shared, *operation.get("parameters", [])]]:
                operation["parameters"] = [with_style(entry) for entry in parameters]
            responses = operation["responses"]
            operation["responses"] = {status: resolve(entry, components) for status, entry in responses.items()}
            for response in operation["responses"].values():
                response |= {"headers": {n: with_style(h) for n, h in response.get("headers", {}).items()}}
                contents = response.pop("content", {}).items()
                # An example alone says nothing of a body.
                response["content"] = {media: part["schema"] for media, part in contents if "schema" in part}
            operation.pop("externalDocs", None)
    # What references led to stands where they were, and security is kept as it is.
    result["components"] = components.get("schemas", {})
    return result


def resolve(entry: Json, components: Json) -> Json:
    if "$ref" not in entry:
        return entry
    kind, name = entry["$ref"].removeprefix("#/components/").split("/")
    found: Json = components[kind][name]
    return found


def with_style(entry: Json) -> Json:
    """Spell the defaults out: form in a query, simple elsewhere; exploded where the style is form."""
    style = entry.get("style", "form" if entry.get("in") == "query" else "simple")
    entry = {key: value for key, value in entry.items() if key != "allowEmptyValue"}
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
    if "x-nullable" in found:
        # swagger2openapi forgets to translate the extension where it stands beside a reference.
        found["nullable"] = found.pop("x-nullable")
    if found.get("nullable") is False:
        del found["nullable"]  # It is the default.
    if isinstance(found.get("discriminator"), dict) or isinstance(found.get("xml"), dict):
        found = {
            key: child for key, child in found.items() if key not in {"discriminator", "xml"}
        }  # Nobody reads them.
    if "properties" in found or found.get("type") == "object":
        found.pop("externalDocs", None)  # Nobody reads them.
    return {key: child for key, child in found.items() if not key.startswith("x-")}


def convert_schema(schema: Json) -> Json:
    """Return what becomes of a schema in a field of a definition."""
    document = model({"field": schema})
    document["definitions"] |= {"v1Other": {"type": "object"}}
    result: Json = convert(document)["components"]["schemas"]["v1Thing"]["properties"]["field"]
    return result


def test_what_both_versions_share_is_kept() -> None:
    schema = {
        "type": "object",
        "title": "A thing",
        "description": "Of some kind.",
        "properties": {
            "name": {"type": "string", "minLength": 1, "pattern": "^a", "example": "ab", "default": "a", "enum": ["a"]},
            "sizes": {"type": "array", "items": {"type": "integer", "format": "int32"}, "uniqueItems": True},
            "score": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "multipleOf": 0.5},
            "any": {},
            "rest": {"type": "object", "additionalProperties": False},
        },
        "required": ["name"],
        "additionalProperties": {"type": "string"},
        "readOnly": True,
        "deprecated": True,
    }
    unread = {"xml": {"name": "a"}, "externalDocs": {"url": "b"}, "discriminator": "kind", "x-order": 1}
    assert convert_schema({**schema, **unread}) == schema


@pytest.mark.parametrize(
    ("schema", "result"),
    [
        ({"$ref": "#/definitions/v1Other"}, {"$ref": "#/components/schemas/v1Other"}),
        ({"$ref": "#/definitions/v1%4Fther"}, {"$ref": "#/components/schemas/v1Other"}),
        (
            {"type": "object", "$ref": "#/definitions/v1Other", "description": "It."},
            {"type": "object", "description": "It.", "allOf": [{"$ref": "#/components/schemas/v1Other"}]},
        ),
        (
            {"$ref": "#/definitions/v1Other", "x-nullable": True, "allOf": [{"type": "object"}]},
            {"nullable": True, "allOf": [{"$ref": "#/components/schemas/v1Other"}, {"type": "object"}]},
        ),
        ({"type": "string", "x-nullable": True}, {"type": "string", "nullable": True}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        # A note that makes no sense is no reason to leave anything out.
        ({"type": "number", "default": "0.2", "enum": []}, {"type": "number", "default": "0.2", "enum": []}),
        ({"type": "string", "pattern": "[", "example": 1}, {"type": "string", "pattern": "[", "example": 1}),
        ({"type": "string", "format": 1, "title": [], "description": None, "deprecated": "yes"}, {"type": "string"}),
    ],
)
def test_a_schema_is_converted(schema: Json, result: Json) -> None:
    assert convert_schema(schema) == result


def convert_operation(operation: Json, path: str = "/v1/things", **root: Any) -> Json:
    fields = {"responses": FINE, **operation}
    document = small(path=path, **root)
    document["paths"][path]["get"] = fields
    result: Json = convert(document)["paths"][path]["get"]
    return result


def convert_parameter(**fields: Any) -> Json:
    [result] = convert_operation({"parameters": [{"name": "a", "in": "query", "type": "string", **fields}]})[
        "parameters"
    ]
    return dict(result)


def test_a_parameters_type_moves_into_a_schema() -> None:
    kept: Json = {"description": "It.", "required": False, "deprecated": True}
    typed: Json = {"type": "string", "format": "int64", "minLength": 1, "enum": ["a"], "default": "a"}
    assert convert_parameter(**kept, **typed, allowEmptyValue=True, **{"x-mine": 1}) == {
        "name": "a",
        "in": "query",
        **kept,
        "schema": typed,
    }


def test_the_items_of_a_parameter_may_say_what_a_schema_may() -> None:
    items = {"type": "string", "description": "It.", "title": "A", "example": "a", "enum": ["a"]}
    found = convert_parameter(type="array", items={**items, "collectionFormat": "csv"})
    assert found["schema"] == {"type": "array", "items": items}


def test_a_path_parameter_is_required_whatever_the_file_says() -> None:
    entry = {"name": "a", "in": "path", "type": "string", "required": False}
    assert convert_operation({"parameters": [entry]}, "/v1/{a}")["parameters"][0]["required"] is True


@pytest.mark.parametrize(
    ("place", "form", "style", "explode"),
    [
        ("query", None, "form", False),
        ("query", "csv", "form", False),
        ("query", "multi", "form", True),
        ("query", "ssv", "spaceDelimited", False),
        ("query", "pipes", "pipeDelimited", False),
        ("header", None, "simple", False),
        ("header", "csv", "simple", False),
    ],
)
def test_lists_keep_the_way_they_are_written(place: str, form: str | None, style: str, explode: bool) -> None:
    form_of_list = {} if form is None else {"collectionFormat": form}
    found = convert_parameter(type="array", items={"type": "string"}, **form_of_list, **{"in": place})
    assert (found["style"], found["explode"]) == (style, explode)


def test_an_operation_keeps_what_is_read() -> None:
    kept = {
        "tags": ["a"],
        "summary": "Gets.",
        "description": "It.",
        "operationId": "A_Get",
        "deprecated": True,
        "security": [{"Key": []}],
    }
    unread = {"externalDocs": {"url": "a"}, "schemes": ["https"], "x-mine": 1}
    assert convert_operation({**kept, **unread}) == {**kept, "responses": FINE}


def test_a_body_stands_in_every_type_that_is_consumed() -> None:
    body = {"name": "body", "in": "body", "required": True, "description": "It.", "schema": {"type": "object"}}
    content = {media: {"schema": {"type": "object"}} for media in ("a/b", "c/d")}
    found = convert_operation({"parameters": [body], "consumes": ["a/b", "c/d"]})
    assert found["requestBody"] == {"description": "It.", "required": True, "content": content}
    assert "parameters" not in found
    optional = convert_operation({"parameters": [{**body, "required": False}], "consumes": []})
    assert list(optional["requestBody"]["content"]) == ["application/json"]
    assert "required" not in optional["requestBody"]


def test_a_response_keeps_its_headers() -> None:
    response = {
        "description": "Fine.",
        "schema": {},
        "headers": {"ETag": {"type": "string", "description": "It."}, "Tags": {"type": "array", "items": {}}},
        "examples": {"application/json": {"a": 1}},
    }
    assert convert_operation({"responses": {"200": response, "x-all": 2}, "produces": []})["responses"] == {
        "200": {
            "description": "Fine.",
            "content": {"*/*": {"schema": {}}},
            "headers": {
                "ETag": {"description": "It.", "schema": {"type": "string"}},
                "Tags": {"schema": {"type": "array", "items": {}}, "style": "simple", "explode": False},
            },
        }
    }
    assert convert_operation({"responses": {"200": {}}})["responses"] == {"200": {"description": ""}}


def test_extensions_are_not_taken_over() -> None:
    document = small() | {"x-left-out": [{"operation": "GET /", "reason": "mine"}], "x-mine": 1}
    document["paths"]["x-mine"] = {"get": {}}
    document["paths"]["/v1/things"] |= {"x-mine": 1}
    document["paths"]["/v1/nothing"] = {"x-mine": 1}
    found = convert(document)
    assert list(found["paths"]) == ["/v1/things"]
    assert "x-" not in json.dumps(found)


@pytest.mark.parametrize(
    ("root", "servers", "path"),
    [
        ({}, None, "/v1/things"),
        ({"schemes": ["https"]}, None, "/v1/things"),
        ({"basePath": "/"}, None, "/v1/things"),
        ({"basePath": "/b/"}, None, "/b/v1/things"),
        ({"host": "a.example"}, ["//a.example"], "/v1/things"),
        (
            {"host": "a.example:8443", "basePath": "/b", "schemes": ["https", "http"]},
            ["https://a.example:8443", "http://a.example:8443"],
            "/b/v1/things",
        ),
    ],
)
def test_host_and_base_path_say_where_to(root: Json, servers: list[str] | None, path: str) -> None:
    found = convert(small(**root))
    assert found.get("servers") == (None if servers is None else [{"url": url} for url in servers])
    assert list(found["paths"]) == [path]


def test_security_is_kept_as_it_is_to_be_compared() -> None:
    security = {"Key": {"type": "apiKey", "name": "A", "in": "header"}, "Odd": []}
    found = convert(small(securityDefinitions=security, security=[{"Key": []}]))
    assert found["components"]["securitySchemes"] == security
    assert found["security"] == [{"Key": []}]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"swagger": "1.2"}, "not Swagger 2.0; only Swagger 2.0 is read"),
        ({"swagger": None, "openapi": "3.0.0"}, "OpenAPI 3; only Swagger 2.0 is read"),
        ({"components": {}}, "#/components: unknown key"),
        ({"paths": []}, "#/paths: must be an object"),
        ({"paths": {}}, "no operation of it can be used: it has none"),
        (
            {"paths": {"/a": {"get": {}}}},
            "no operation of it can be used: GET /a: #/paths/~1a/get: 'responses' is missing",
        ),
        ({"info": {"title": "a"}}, "#/info: 'version' is missing"),
        ({"info": {"title": 1, "version": "1"}}, "#/info: 'title' is missing"),
        ({"basePath": "v1"}, "#/basePath: must begin with a slash"),
        ({"host": "a.example", "schemes": [1]}, "#/schemes/0: must be a string"),
        (
            {"definitions": {"a": {"$ref": "other.json#/a"}}},
            "#/definitions/a/[$]ref: refers to 'other.json#/a', which is",
        ),
        (
            {"paths": {"/a": {"get": {"responses": {"200": {"$ref": "http://a/b"}}}}}},
            "'http://a/b' is not in this file",
        ),
    ],
)
def test_a_file_that_is_not_to_be_trusted_is_refused(change: Json, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        convert({**small(), **change})


def query(name: str, kind: str = "string") -> Json:
    return {"name": name, "in": "query", "type": kind}


def test_shared_parameters_and_responses_become_each_operations_own() -> None:
    document = small(parameters={"Shared": query("c")}, responses={"Gone": {"description": "Gone."}})
    document["paths"]["/v1/things"] = {
        "parameters": [query("a"), query("b"), {"$ref": "#/parameters/Shared"}],
        "get": {"parameters": [query("b", "integer")], "responses": FINE},
        "head": {"responses": {**FINE, "410": {"$ref": "#/responses/Gone"}}},
    }
    found = convert(write_out_shared_parts(document))["paths"]["/v1/things"]
    kinds = [[(entry["name"], entry["schema"]["type"]) for entry in found[m]["parameters"]] for m in ("get", "head")]
    assert kinds == [
        [("a", "string"), ("c", "string"), ("b", "integer")],
        [("a", "string"), ("b", "string"), ("c", "string")],
    ]
    assert found["head"]["responses"]["410"] == {"description": "Gone."}
    assert "parameters" not in found
