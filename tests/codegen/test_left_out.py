"""What is odd is left out alone, with its reason; everything else of a file is kept."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codegen.generate import Layout, build
from codegen.naming.name_table import NO_NAMES
from codegen.overlay import apply
from codegen.spec.document import CodegenError, Json
from codegen.spec.to_openapi import convert
from codegen.spec.traverse import METHODS, REFERENCE, operations, read_left_out, sites
from tests.codegen.samples import NAMES, ROOT, build_rpc_status, prepare, small, swagger

FINE: Json = {"200": {"description": "Fine.", "schema": {"type": "object"}}}
CONTRADICTION: Json = {"allOf": [{"properties": {"a": {"type": kind}}} for kind in ("string", "integer")]}
AT = "#/paths/~1v1~1odd/post"


def name_operations(document: Json) -> list[str]:
    return [f"{found.method.upper()} {found.path}" for found in operations(document)]


def leave_out_of(document: Json) -> dict[str, str]:
    """Return what is left out of a document, and make sure that the rest of it can be generated from."""
    result = apply(convert(document))
    assert prepare(document, NO_NAMES).document["paths"]
    return {entry["operation"]: entry["reason"] for entry in read_left_out(result)}


def with_odd(item: object, *, definitions: Json | None = None, path: str = "/v1/odd", **root: Any) -> Json:
    document = small(definitions=definitions, **root)
    document["paths"][path] = item
    return document


def entry(**fields: Any) -> Json:
    return {"responses": FINE, "parameters": [{"name": "a", "in": "query", "type": "string", **fields}]}


def body(schema: Json, **fields: Any) -> Json:
    return {"responses": FINE, "parameters": [{"name": "body", "in": "body", "schema": schema, **fields}]}


def answer(schema: Json, description: str = "A successful response.", status: str = "200") -> Json:
    return {"responses": {status: {"description": description, "schema": schema}}}


HTTP_BODY: Json = {
    "type": "object",
    "properties": {"contentType": {"type": "string"}, "data": {"type": "string", "format": "byte"}},
}
STREAM: Json = {
    "type": "object",
    "properties": {"result": {"type": "object"}, "error": {"type": "object"}},
    "title": "Stream result of v1Event",
}


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (entry(type="file", **{"in": "formData"}), f"{AT}/parameters/0/in: 'formData' parameters are not supported"),
        (entry(**{"in": "cookie"}), f"{AT}/parameters/0/in: 'cookie' parameters are not supported"),
        (entry(type="file"), f"{AT}/parameters/0/type: 'file' is not a type of JSON"),
        (entry(type="object"), f"{AT}/parameters/0: a parameter must be a single value"),
        (entry(type="array", items={"type": "array"}), f"{AT}/parameters/0: a parameter must be a single value"),
        (entry(type="array", items={"$ref": "#/definitions/A"}), f"{AT}/parameters/0/items/$ref: '#/definitions/A' is"),
        (
            entry(type="array", collectionFormat="tsv"),
            f"{AT}/parameters/0/collectionFormat: there are no 'tsv' lists in",
        ),
        (
            entry(type="array", collectionFormat="multi", **{"in": "header"}),
            f"{AT}/parameters/0/collectionFormat: there are no 'multi' lists in a header",
        ),
        (entry(schema={}), f"{AT}/parameters/0/schema: unknown key"),
        (entry(name={}), f"{AT}/parameters/0/name: must be a string"),
        (entry(name="X A", **{"in": "header"}), f"{AT}: 'X A' is not the name of a header"),
        (entry(**{"in": "path"}), f"{AT}: the path and its parameters have different names"),
        (
            {"responses": FINE, "parameters": [*entry()["parameters"]] * 2},
            f"{AT}: the same parameter occurs",
        ),
        ({"responses": FINE, "parameters": [{"in": "query"}]}, f"{AT}/parameters/0: 'name' is missing"),
        ({"responses": FINE, "parameters": {}}, f"{AT}/parameters: must be a list"),
        ({"responses": FINE, "parameters": [1]}, f"{AT}/parameters/0: must be an object"),
        (
            {"responses": FINE, "parameters": [{"$ref": "#/parameters/A"}]},
            f"{AT}/parameters/0/$ref: '#/parameters/A' is not in this file",
        ),
        ({"responses": FINE, "callbacks": {}}, f"{AT}/callbacks: unknown key"),
        ({"responses": FINE, "tags": "a"}, f"{AT}/tags: must be a list"),
        (
            {"responses": FINE, "consumes": ["text/csv"], **body({"type": "string"})},
            f"{AT}/requestBody: no JSON among text",
        ),
        (
            {**answer({"type": "string"}), "produces": ["text/plain", "text/csv"]},
            f"{AT}/responses/200: no JSON among text/",
        ),
        ({}, f"{AT}: 'responses' is missing"),
        ({"responses": {}}, f"{AT}/responses: no successful response"),
        ({"responses": {"default": {"description": ""}}}, f"{AT}/responses: no successful response"),
        ({"responses": {**FINE, "2XX": {}}}, f"{AT}/responses/2XX: must be a status code"),
        ({"responses": {"200": []}}, f"{AT}/responses/200: must be an object"),
        ({"responses": {"200": {"content": {}}}}, f"{AT}/responses/200/content: unknown key"),
        (
            {"responses": {"200": {"$ref": "#/responses/A"}}},
            f"{AT}/responses/200/$ref: '#/responses/A' is not in this file",
        ),
        ({"responses": {"200": {"headers": {"A": {"typ": 1}}}}}, f"{AT}/responses/200/headers/A/typ: unknown key"),
        (
            {"responses": {**answer({"type": "string"})["responses"], **answer({}, status="201")["responses"]}},
            f"{AT}/responses: 200 and 201 differ; a function returns one type",
        ),
        (answer({"oneOf": []}), f"{AT}/responses/200/schema/oneOf: unknown key"),
        (answer({"$ref": "#/definitions/Gone"}), f"{AT}/responses/200/schema/$ref: '#/definitions/Gone' is not a"),
        (answer({"$ref": "#/definitions/A/properties/a"}), f"{AT}/responses/200/schema/$ref: "),
        (answer({"type": "file"}), f"{AT}/responses/200: raw bytes or a file"),
        (answer({"type": "string", "format": "binary"}), f"{AT}/responses/200: raw bytes or a file"),
        (answer({"$ref": "#/definitions/apiHttpBody"}), f"{AT}/responses/200: raw bytes or a file"),
        (body({"$ref": "#/definitions/apiHttpBody"}), f"{AT}/parameters/0: raw bytes or a file"),
        (answer(STREAM), f"{AT}/responses/200: a stream of values"),
        (answer({}, "A successful response.(streaming responses)"), f"{AT}/responses/200: a stream of values"),
        (answer({"$ref": "#/x-stream-definitions/A"}), f"{AT}/responses/200: a stream of values"),
        (body({"type": "object"}, description=" (streaming inputs)"), f"{AT}/parameters/0: a stream of values"),
        (body({}, name=1) | {"parameters": [{"in": "body"}]}, f"{AT}/parameters/0: 'schema' is missing"),
        (
            {"responses": FINE, "parameters": [{"name": name, "in": "body", "schema": {}} for name in ("a", "b")]},
            f"{AT}: an operation can have at most one body",
        ),
        (
            answer({"$ref": "#/definitions/Twice"}),
            "needs Twice: #/components/schemas/Twice: the parts of the schema contradict",
        ),
        (
            answer(CONTRADICTION),
            f"{AT}/responses/200/content/application~1json/schema: the parts of the schema contradict",
        ),
        (answer({"$ref": "#/definitions/a b"}), "needs a b: #/definitions/a b: a definition's name has only letters"),
        (answer({"$ref": "#/definitions/100%25~1"}), "needs 100%/: #/definitions/100%~1: a definition's name has only"),
        ([], f"{AT}: must be an object"),
    ],
)
def test_an_odd_operation_is_left_out_alone(operation: object, reason: str) -> None:
    definitions = {
        "apiHttpBody": HTTP_BODY,
        "A": {"properties": {}},
        "Twice": CONTRADICTION,
        "Unused": {"properties": {}},
        "a b": {"type": "object"},
        "100%/": {"type": "object"},
    }
    found = leave_out_of(with_odd({"post": operation}, definitions=definitions))
    assert found.pop("POST /v1/odd").startswith(reason)
    for name in ("A", "apiHttpBody", "Twice", "a b", "100%/"):
        why = found.pop(f"definition {name}", "")
        assert why in {"", "needed only by what is left out"} or re.match(r"#/.*: (the parts|a definition's name)", why)
    assert found == {}


@pytest.mark.parametrize("odd", [{"consumes": ["text/csv"]}, {"produces": ["text/csv"]}, {"callbacks": {}}])
def test_definitions_that_only_an_odd_operation_needs_are_left_out_with_it(odd: Json) -> None:
    def reference(name: str) -> Json:
        return {"$ref": f"#/definitions/{name}"}

    definitions: Json = {name: {"type": "object", "properties": {"a": {"type": "string"}}} for name in "ABCDEF"}
    definitions["A"]["properties"] |= {name: reference(name) for name in "BCAF"}
    definitions["E"]["properties"]["f"] = reference("F")  # Nothing needs E, so that it has nothing to do with it.
    operation = body(reference("A")) | answer(reference("D")) | odd
    document = with_odd({"post": operation, "put": answer(reference("C"))}, definitions=definitions)
    only = "needed only by what is left out"
    found = leave_out_of(document)
    del found["POST /v1/odd"]
    assert found == {"definition A": only, "definition B": only, "definition D": only}
    assert list(apply(convert(document))["components"]["schemas"]) == ["C", "E", "F"]


@pytest.mark.parametrize(
    ("path", "item", "found"),
    [
        (
            "/v1/odd",
            {"servers": [], "get": {"responses": FINE}, "put": {"responses": FINE}},
            ["GET /v1/odd", "PUT /v1/odd"],
        ),
        ("/v1/odd", {"parameters": [], "get": {"responses": FINE}}, ["GET /v1/odd"]),
        ("/v1/odd", {"$ref": "#/paths/~1v1~1things"}, ["/v1/odd"]),
        ("/v1/odd", [], ["/v1/odd"]),
        ("v1/odd", {"get": {"responses": FINE}}, ["GET v1/odd"]),
        ("/v1/{a}/{a}", {"get": entry(**{"in": "path"})}, ["GET /v1/{a}/{a}"]),
        ("/v1/{a}/{b", {"get": entry(**{"in": "path"})}, ["GET /v1/{a}/{b"]),
    ],
)
def test_the_operations_of_an_odd_path_are_left_out(path: str, item: object, found: list[str]) -> None:
    assert list(leave_out_of(with_odd(item, path=path))) == found


def test_of_two_operations_at_one_place_the_first_is_kept() -> None:
    named = {name: {"get": entry(name=name, **{"in": "path"})} for name in ("name", "name_1")}
    document = with_odd(named["name"], path="/v1/{name}")
    document["paths"]["/v1/{name_1}"] = {**named["name_1"], "put": named["name_1"]["get"]}
    assert leave_out_of(document) == {"GET /v1/{name_1}": "#/paths/~1v1~1{name_1}/get: at the same place as /v1/{name}"}


def test_a_definition_takes_what_needs_it_along() -> None:
    needs = {name: {"type": "object", "properties": {"a": {"$ref": f"#/definitions/{name}2"}}} for name in ("A", "A2")}
    definitions = {
        **needs,
        "A22": {"type": "array", "items": {"oneOf": []}},
        "Other": {"type": "object", "properties": {"a": {"$ref": "#/definitions/Other"}}},
    }
    document = with_odd(
        {
            "post": answer({"$ref": "#/definitions/A"}),
            "put": answer({"$ref": "#/definitions/Other"}),
            "get": answer({"type": "array", "items": {"$ref": "#/definitions/A22"}}),
        },
        definitions=definitions,
        basePath="/b",
    )
    why = "#/definitions/A22/items/oneOf: unknown key; decide first what it means for the generated code"
    assert leave_out_of(document) == {
        "definition A22": why,
        "definition A2": f"needs A22: {why}",
        "definition A": f"needs A22: {why}",
        "GET /b/v1/odd": f"needs A22: {why}",
        "POST /b/v1/odd": f"needs A22: {why}",
    }
    result = apply(convert(document))
    assert list(result["components"]["schemas"]) == ["Other"]
    assert name_operations(result) == ["GET /b/v1/things", "PUT /b/v1/odd"]


@pytest.mark.parametrize("odd", [{"oneOf": []}, {"allOf": [{"$ref": "#/definitions/Error"}, {"type": "object"}]}])
def test_an_error_body_that_is_odd_takes_no_operation_along(odd: Json) -> None:
    failed = {"description": "Failed.", "schema": {"$ref": "#/definitions/Error"}}
    document = small(
        definitions={"Error": odd}, operation={"responses": {**FINE, "default": failed, "404": FINE["200"], "500": {}}}
    )
    assert list(leave_out_of(document)) == ["definition Error"]
    [operation] = operations(apply(convert(document)))
    assert operation.fields["x-errors"] == {"404": {"schema": {"type": "object"}}}


@pytest.mark.parametrize(
    ("definitions", "lost"),
    [
        ({"A": {"$ref": "#/definitions/B"}, "B": {"$ref": "#/definitions/A"}}, ["A", "B"]),
        ({"A": {"type": "array", "items": {"$ref": "#/definitions/A"}}}, ["A"]),
        (
            {"A": {"type": "array", "items": {"type": "object", "additionalProperties": {"$ref": "#/definitions/A"}}}},
            ["A"],
        ),
        ({"A": {"type": "object", "additionalProperties": {"$ref": "#/definitions/A"}}}, []),
        ({"A": {"properties": {"a": {"type": "array", "items": {"$ref": "#/definitions/A"}}}}}, []),
    ],
)
def test_a_definition_without_an_end_is_left_out(definitions: Json, lost: list[str]) -> None:
    assert list(leave_out_of(small(definitions=definitions))) == [f"definition {name}" for name in lost]


@pytest.mark.parametrize("path", ["convert", "overlay"])
def test_a_file_of_which_nothing_is_left_is_refused_with_the_first_reasons(path: str) -> None:
    odd = entry(**{"in": "formData"}) if path == "convert" else {"responses": {}}
    document = {**small(), "paths": {f"/v1/{n}": {"get": odd} for n in range(5)}}
    with pytest.raises(CodegenError, match=r"^no operation of it can be used: GET /v1/0: .*; GET /v1/2: ") as refused:
        apply(convert(document))
    assert "/v1/3" not in str(refused.value)


VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, "", "x", "object", "array", "file", "#/definitions/rpcStatus", [], ["a"], [1], {}),
    *({"type": "string"}, {"$ref": "#/definitions/rpcStatus"}, [{"$ref": "#/definitions/gone"}], {"get": {}}),
)
KEYS = (
    "x-a",
    "get",
    "$ref",
    "allOf",
    "items",
    "properties",
    "Ünï/~ code",
    "type",
    "title",
    "/v1/{a}",
    "{",
    "default",
    "200",
)


def walk(value: object, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from walk(child, (*place, key))


def mutate(document: Json, chance: random.Random) -> None:
    """Drop, replace, rename, repeat or copy something at random."""
    *outer, key = chance.choice([*walk(document)])
    owner: Any = document
    for step in outer:
        owner = owner[step]
    match chance.choice(["drop", "replace", "rename", "repeat", "copy"]):
        case "drop":
            del owner[key]
        case "replace":
            owner[key] = copy.deepcopy(chance.choice(VALUES))
        case "rename" if isinstance(owner, dict):
            owner[chance.choice(KEYS)] = owner.pop(key)
        case "repeat" if isinstance(owner, dict):
            owner[f"{key}_1"] = copy.deepcopy(owner[key])
        case "repeat":
            owner.append(copy.deepcopy(owner[key]))
        case _:
            found: Any = document
            for step in chance.choice([*walk(document)]):
                found = found[step]
            owner[key] = copy.deepcopy(found)


def list_operations(document: Json) -> list[str]:
    """Return the operations of a Swagger document, found by other means than the converter's."""
    base = document.get("basePath", "").rstrip("/")
    items = ((path, item) for path, item in document["paths"].items() if not path.startswith("x-"))
    return sorted(
        f"{method.upper()} {base}{path}"
        for path, item in items
        if isinstance(item, dict)
        for method in {*item} & {*METHODS}
    )


def account_for(document: Json) -> list[str]:
    """Return the operations of a converted document, and those that are left out of it."""
    methods = {method.upper() for method in METHODS}
    left_out = [entry["operation"] for entry in read_left_out(document)]
    return sorted([*name_operations(document), *(what for what in left_out if what.split(" ")[0] in methods)])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mutations", [1, 4])
def test_of_a_file_with_anything_anywhere_every_operation_is_accounted_for(name: str, mutations: int) -> None:
    outcomes = {"kept": 0, "left out": 0, "refused": 0}
    for seed in range(40):
        chance = random.Random(f"{name} {seed}")  # noqa: S311  not for secrets
        document = swagger(name)
        for _ in range(mutations):
            mutate(document, chance)
        before = copy.deepcopy(document)
        try:
            converted = convert(document)
            unchanged = copy.deepcopy(converted)
            assert account_for(converted) == list_operations(document), seed
            result = apply(converted)
            assert account_for(result) == list_operations(document), seed
            assert converted == unchanged
            targets = [str(site.schema["$ref"]) for site in sites(result) if "$ref" in site.schema]
            assert {target.removeprefix(REFERENCE) for target in targets} <= result["components"]["schemas"].keys()
            outcomes["left out" if read_left_out(result) else "kept"] += 1
        except CodegenError:
            outcomes["refused"] += 1
        assert document == before
    # Some of these files have a single operation, which rarely survives four mutations.
    assert mutations > 1 or outcomes["kept"] + outcomes["left out"] > 0


def in_the_style_of_the_gateway() -> Json:
    """Return a file with what protoc-gen-openapiv2 writes in its several versions and with its options."""
    parcel = {
        "type": "object",
        "example": {"parcelId": "p1"},
        "properties": {
            "parcelId": {"type": "string", "format": "int64", "title": "Output only", "readOnly": True},
            "weight": {"type": "number", "format": "float", "default": "0.5", "required": ["weight"]},
            "state": {"$ref": "#/definitions/v1State", "description": "Where it is.", "title": "State", "x-a": 1},
            "sender": {
                "allOf": [{"$ref": "#/definitions/v1Parcel"}],
                "description": "Sent with it.",
                "x-nullable": True,
            },
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "notes": {"type": "object", "additionalProperties": {"$ref": "#/definitions/v1State"}},
            "any": {},
            "empty": {"type": "object", "properties": {}},
            "sentAt": {"type": "string", "format": "date-time", "deprecated": True},
            "codes": {"type": "array", "items": {"type": "string", "pattern": "^[0-9]+$"}, "minItems": -1},
        },
        "title": "A parcel",
        "externalDocs": {"description": "More", "url": "https://example.com"},
        "required": ["parcelId", "gone"],
        "x-internal": True,
    }
    default = {"description": "An unexpected error response.", "schema": {"$ref": "#/definitions/rpcStatus"}}
    path = {"name": "parcel.parcelId", "in": "path", "required": True, "type": "string", "pattern": "parcels/[^/]+"}
    return {
        "swagger": "2.0",
        "info": {"title": "parcels/v1/service.proto", "version": "version not set", "contact": {"name": "a"}, "x-a": 1},
        "tags": [{"name": "ParcelService", "description": "Sends.", "externalDocs": {"url": "https://example.com"}}],
        "schemes": ["https", "wss"],
        "consumes": ["application/json", "application/x-parcel"],
        "produces": ["application/json", "application/x-parcel"],
        "paths": {
            "/v1/{parcel.parcelId}:send": {
                "post": {
                    "operationId": "ParcelService_SendParcel",
                    "summary": "Sends.",
                    "description": "It.",
                    "responses": {
                        "200": {
                            "description": "",
                            "schema": {"$ref": "#/definitions/v1Parcel"},
                            "headers": {"X-Id": {"type": "string", "format": "uuid", "default": '"a"', "pattern": "["}},
                            "examples": {"application/json": {"parcelId": "p1"}},
                        },
                        "403": {"description": "Not allowed.", "schema": {}, "x-number": 100},
                        "404": {"description": "Gone.", "schema": {"type": "string", "format": "string"}},
                        "default": default,
                    },
                    "parameters": [
                        path,
                        {"name": "body", "in": "body", "required": True, "schema": copy.deepcopy(parcel)},
                    ],
                    "tags": ["ParcelService"],
                    "security": [{"ApiKeyAuth": [], "OAuth2": ["read"]}, {}],
                    "externalDocs": {"url": "https://example.com"},
                    "x-a": {"b": [1]},
                }
            },
            "/v1/parcels": {
                "get": {
                    "operationId": "ParcelService_List",
                    "responses": {
                        "200": {
                            "description": "",
                            "schema": {"type": "array", "items": {"$ref": "#/definitions/v1Parcel"}},
                        },
                        "default": default,
                    },
                    "parameters": [
                        {"name": "labels[string]", "in": "query", "required": False, "type": "string"},
                        {
                            "name": "states",
                            "description": " - MOVING: It moves.",
                            "in": "query",
                            "required": False,
                            "type": "array",
                            "items": {"type": "string", "enum": ["STATE_UNSPECIFIED", "MOVING"]},
                            "collectionFormat": "multi",
                        },
                        {"name": "state", "in": "query", "type": "string", "enum": ["MOVING"], "default": "GONE"},
                        {"name": "size", "in": "query", "type": "number", "format": "double", "default": "big"},
                    ],
                }
            },
        },
        "definitions": {
            **build_rpc_status(),
            "protobufNullValue": {"type": "string", "enum": ["NULL_VALUE"], "default": "NULL_VALUE"},
            "v1State": {
                "type": "string",
                "enum": ["STATE_UNSPECIFIED", "MOVING"],
                "default": "STATE_UNSPECIFIED",
                "required": ["a"],
                "example": '"MOVING"',
            },
            "v1Parcel": parcel,
        },
        "securityDefinitions": {
            "ApiKeyAuth": {"type": "apiKey", "name": "X-API-Key", "in": "header", "x-a": {"b": "c"}},
            "OAuth2": {
                "type": "oauth2",
                "flow": "accessCode",
                "authorizationUrl": "a",
                "tokenUrl": "b",
                "scopes": {"read": ""},
            },
            "Basic": {"type": "basic"},
        },
        "security": [{"Basic": []}],
        "externalDocs": {"description": "More", "url": "https://example.com"},
        "x-grpc-gateway-baz-list": [{"a": True}, "b"],
    }


def test_of_what_the_gateway_writes_nothing_is_left_out(tmp_path: Path) -> None:
    document = in_the_style_of_the_gateway()
    assert leave_out_of(document) == {}
    path = tmp_path / "service.swagger.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "api/parcel_service/send_parcel.py" in build(Layout.of(ROOT, path)).files
