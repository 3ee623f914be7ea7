"""Two files of one meaning have no difference, however they are written; every other edit makes one."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.difference import compare
from codegen.spec import to_openapi
from codegen.spec.document import Json
from tests.codegen.difference.sample_documents import LIST, edit, lines, rich
from tests.thoroughness import up_to

Edit = Callable[[Json], object]


def listing(document: Json) -> Json:
    found: Json = document["paths"][LIST]["get"]
    return found


def parameter(document: Json, name: str) -> Json:
    found: Json = next(entry for entry in listing(document)["parameters"] if entry["name"] == name)
    return found


def field(document: Json, definition: str, name: str) -> Json:
    found: Json = document["definitions"][definition]["properties"][name]
    return found


def each_operation(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from item.values()


def each_schema(value: Any) -> Iterator[Json]:
    """Yield every schema within a part of a Swagger document."""
    if not isinstance(value, dict):
        return
    value = cast("Json", value)
    yield value
    for key in ("items", "additionalProperties"):
        yield from each_schema(value.get(key))
    for inner in (*value.get("properties", {}).values(), *value.get("allOf", ())):
        yield from each_schema(inner)


def replace_text(document: Json, old: str, new: str) -> None:
    text = json.dumps(document)
    assert old in text
    document.update(json.loads(text.replace(old, new)))


def swap_titles(document: Json) -> None:
    for definition in document["definitions"].values():
        for schema in each_schema(definition):
            if "title" not in schema and "description" in schema:
                schema["title"] = schema.pop("description")


def wrap_descriptions(document: Json) -> None:
    for definition in document["definitions"].values():
        for schema in each_schema(definition):
            if "description" in schema:
                schema["description"] = "\n  ".join(schema["description"].split()) + "\n"


def set_media(document: Json, media: str) -> None:
    document["consumes"] = document["produces"] = [media]


def move_media_to_operations(document: Json) -> None:
    consumes, produces = document.pop("consumes"), document.pop("produces")
    for operation in each_operation(document):
        operation |= {"consumes": consumes, "produces": produces}


def move_security_to_operations(document: Json) -> None:
    security = document.pop("security")
    for operation in each_operation(document):
        operation.setdefault("security", security)


def inline_message(document: Json) -> None:
    body = document["definitions"]["MessageServiceSendMessageBody"]["properties"]
    body["message"] = document["definitions"].pop("v1Message")


def split_base(document: Json) -> None:
    odd, base = document["definitions"]["v1Odd"], document["definitions"].pop("v1Base")
    odd |= {key: value for key, value in base.items() if key != "properties"}
    odd["properties"] |= base["properties"]
    del odd["allOf"]


def rename_path_parameters(document: Json) -> None:
    # Only the place of a path parameter is on the wire; the name is told, as cosmetic.
    replace_text(document, "X-Trace-Id", "x-trace-id")


def always(_: Json) -> bool:
    return True


def is_object(schema: Json) -> bool:
    return schema.get("type") == "object" or "properties" in schema


SAME: dict[str, Edit] = {
    "a header parameter in lower case": rename_path_parameters,
    "a response header in upper case": lambda new: replace_text(new, "X-Total", "X-TOTAL"),
    "a security header in lower case": lambda new: replace_text(new, "X-API-Key", "x-api-key"),
    "a security scheme of another name": lambda new: replace_text(new, "ApiKeyAuth", "key"),
    "a described security scheme": lambda new: new["securityDefinitions"]["Login"].update(description="x"),
    "a security scheme that nobody uses": lambda new: new["securityDefinitions"].update(more={"type": "basic"}),
    "described scopes, and more of them": lambda new: new["securityDefinitions"]["Login"]["scopes"].update(more="x"),
    "another address of a login, which is not the service's": lambda new: new["securityDefinitions"]["Login"].update(
        tokenUrl="https://a/t"
    ),
    "other scopes of a login, as the key is enough": lambda new: listing(new)["security"][1]["Login"].pop(),
    "alternatives in another order": lambda new: listing(new)["security"].reverse(),
    "security at each operation": move_security_to_operations,
    "a character set": lambda new: set_media(new, "application/json; charset=utf-8"),
    "a quoted character set": lambda new: set_media(new, 'application/json;charset="UTF-8"'),
    "a media type in upper case": lambda new: set_media(new, "application/JSON"),
    "a media type twice": lambda new: new["produces"].append("Application/Json"),
    "media types at each operation": move_media_to_operations,
    "no media types, so JSON": lambda new: (new.pop("consumes"), new.pop("produces")),
    "parameters in another order": lambda new: [one["parameters"].reverse() for one in each_operation(new)],
    "required: false": lambda new: parameter(new, "pageSize").update(required=False),
    "no required: false": lambda new: parameter(new, "X-Trace-Id").pop("required"),
    "allowEmptyValue: false": lambda new: parameter(new, "pageSize").update(allowEmptyValue=False),
    "the default collection format": lambda new: parameter(new, "topics").pop("collectionFormat"),
    "deprecated: false": lambda new: listing(new).update(deprecated=False),
    "an empty list of tags": lambda new: listing(new).update(tags=[]),
    "an empty required": lambda new: new["definitions"]["v1Message"].update(required=[]),
    "required in another order": lambda new: new["definitions"]["v1Base"].update(required=["kind", "kind"]),
    "an enum in another order": lambda new: new["definitions"]["v1ChannelType"]["enum"].reverse(),
    "an enum without its unspecified value": lambda new: new["definitions"]["v1Topic"]["enum"].pop(0),
    "no unspecified default": lambda new: new["definitions"]["v1Topic"].pop("default"),
    "an enum of nothing but that": lambda new: new["definitions"]["v1OrderStrategy"].pop("enum"),
    "an empty description": lambda new: field(new, "v1Message", "text").update(description=""),
    "descriptions in titles": swap_titles,
    "descriptions in several lines": wrap_descriptions,
    "a description that repeats its title": lambda new: field(new, "v1Odd", "steps").update(title="", description=" "),
    "a summary as a description": lambda new: listing(new).update(description=listing(new).pop("summary")),
    "the usual description of a success": lambda new: listing(new)["responses"]["200"].update(description="OK"),
    "the usual description of an error": lambda new: listing(new)["responses"]["default"].update(description=""),
    "additionalProperties: true": lambda new: new["definitions"]["v1Message"].update(additionalProperties=True),
    "additionalProperties: {}": lambda new: new["definitions"]["v1Message"].update(additionalProperties={}),
    "an object without its type": lambda new: new["definitions"]["v1Message"].pop("type"),
    "an array beside a reference": lambda new: field(new, "v1Message", "attachments")["items"].pop("type"),
    "a length of at least 0": lambda new: field(new, "v1Message", "text").update(minLength=0),
    "limits that allow everything": lambda new: field(new, "v1Odd", "labels").update(minProperties=0),
    "unique or not": lambda new: field(new, "v1Odd", "names").update(uniqueItems=False, minItems=0),
    "an empty pattern": lambda new: field(new, "v1Message", "text").update(pattern=""),
    "a limit as a fraction": lambda new: field(new, "v1Odd", "labels").update(maxProperties=5.0),
    "a default as a fraction": lambda new: parameter(new, "pageSize").update(maximum=100.0),
    "an exclusive limit of a whole number": lambda new: parameter(new, "pageSize").update(
        maximum=101, exclusiveMaximum=True
    ),
    "an exclusive limit without a limit": lambda new: field(new, "v1Odd", "steps").update(exclusiveMaximum=True),
    "readOnly: false": lambda new: field(new, "v1Message", "text").update(readOnly=False),
    "x-nullable: false": lambda new: field(new, "v1Message", "text").update({"x-nullable": False}),
    "a definition in place": inline_message,
    "a base in place": split_base,
    "a definition that nobody uses": lambda new: new["definitions"].update(more={"type": "string"}),
    "an extension": lambda new: new["definitions"]["v1Message"].update({"x-more": 1}),
    "external documentation": lambda new: new["definitions"]["v1Message"].update(externalDocs={"url": "https://a"}),
    "an XML name": lambda new: new["definitions"]["v1Message"].update(xml={"name": "m"}),
    "a host in upper case": lambda new: new.update(host="API.Connectly.AI"),
    "no host": lambda new: (new.pop("host"), new.pop("schemes")),
    "an empty base path": lambda new: new.update(basePath="/"),
    "a base path": lambda new: new.update(
        basePath="/v1", paths={path.removeprefix("/v1"): item for path, item in new["paths"].items()}
    ),
    "operation ids and tags": lambda new: [
        one.update(operationId=f"x{n}", tags=["y"]) for n, one in enumerate(each_operation(new))
    ],
    "no operation ids": lambda new: [one.pop("operationId") for one in each_operation(new)],
}


@pytest.mark.parametrize("name", SAME)
def test_what_is_the_same_on_the_wire_is_no_change(name: str) -> None:
    old, new = edit(SAME[name])
    assert lines(old, new) == lines(new, old) == []


# What an edit of each keyword of a schema is; a keyword that is only said of some schemas has a condition.
SCHEMA_EDITS: dict[str, tuple[Edit, Callable[[Json], bool]]] = {
    "type": (
        lambda schema: schema.update(type="boolean" if schema.get("type") == "string" else "string"),
        lambda schema: "$ref" not in schema,
    ),
    "format": (lambda schema: schema.update(format=f"{schema.get('format')}x"), always),
    "title": (lambda schema: schema.update(title=f"{schema.get('title')}x"), always),
    "description": (lambda schema: schema.update(description=f"{schema.get('description')}x"), always),
    "enum": (lambda schema: schema.update(enum=["x"]), always),
    "default": (lambda schema: schema.update(default="x"), always),
    "x-nullable": (lambda schema: schema.update({"x-nullable": not schema.get("x-nullable")}), always),
    "deprecated": (lambda schema: schema.update(deprecated=not schema.get("deprecated")), always),
    "multipleOf": (lambda schema: schema.update(multipleOf=0.7), always),
    "maximum": (lambda schema: schema.update(maximum=0.7), always),
    "minimum": (lambda schema: schema.update(minimum=0.7), always),
    "exclusiveMaximum": (
        lambda schema: schema.update(exclusiveMaximum=not schema.get("exclusiveMaximum")),
        lambda schema: "maximum" in schema,
    ),
    "exclusiveMinimum": (lambda schema: schema.update(exclusiveMinimum=True), lambda schema: "minimum" in schema),
    "maxLength": (lambda schema: schema.update(maxLength=7), always),
    "minLength": (lambda schema: schema.update(minLength=7), always),
    "pattern": (lambda schema: schema.update(pattern="x"), always),
    "maxItems": (lambda schema: schema.update(maxItems=7), always),
    "minItems": (lambda schema: schema.update(minItems=7), always),
    "uniqueItems": (lambda schema: schema.update(uniqueItems=not schema.get("uniqueItems")), always),
    "maxProperties": (lambda schema: schema.update(maxProperties=7), always),
    "minProperties": (lambda schema: schema.update(minProperties=7), always),
    "required": (
        lambda schema: schema.update(required=[] if "required" in schema else [next(iter(schema["properties"]))]),
        lambda schema: bool(schema.get("properties")),
    ),
    "properties": (lambda schema: schema.setdefault("properties", {}).update(x={"type": "string"}), is_object),
    "additionalProperties": (
        lambda schema: schema.update(additionalProperties=schema.get("additionalProperties") is False),
        is_object,
    ),
    "allOf": (lambda schema: schema.update(allOf=[{"type": "object", "properties": {"x": {}}}]), is_object),
    "items": (lambda schema: schema.update(items={"type": "boolean"}), lambda schema: "items" in schema),
    "readOnly": (
        lambda schema: [one.update(readOnly=not one.get("readOnly")) for one in schema["properties"].values()],
        lambda schema: bool(schema.get("properties")),
    ),
}
MEANINGLESS = {"xml", "example", "externalDocs", "discriminator", "collectionFormat", "$ref"}
"""Keywords that mean nothing to a client: it reads JSON, and a reference is what it leads to."""

ONLY_IN_RESPONSES = {"v1Error", "v1Webhook", "v1WebhookRegistrations"}
"""Definitions in which readOnly means nothing, beside those of responses."""


@functools.cache
def sites(keyword: str) -> list[tuple[str, int]]:
    """Return where a keyword can be edited: the definition, and which of the schemas in it."""
    return [
        (name, n)
        for name, definition in rich()["definitions"].items()
        for n, schema in enumerate(each_schema(definition))
        if SCHEMA_EDITS[keyword][1](schema)
        and not (keyword == "readOnly" and (name.endswith("Response") or name in ONLY_IN_RESPONSES))
    ]


@pytest.mark.parametrize("keyword", SCHEMA_EDITS)
@given(data=st.data())
@up_to(60, deadline=None)
def test_every_edit_of_a_keyword_of_a_schema_is_told(keyword: str, data: st.DataObject) -> None:
    name, n = data.draw(st.sampled_from(sites(keyword)))
    old, new = edit(lambda new: SCHEMA_EDITS[keyword][0]([*each_schema(new["definitions"][name])][n]))
    assert compare(old, new).changes


def test_every_keyword_of_a_schema_is_edited_or_means_nothing() -> None:
    assert set(to_openapi._SCHEMA) == SCHEMA_EDITS.keys() | MEANINGLESS  # pyright: ignore[reportPrivateUsage]


OTHER_EDITS: dict[str, Edit] = {
    "a parameter's type": lambda new: parameter(new, "pageSize").update(type="string"),
    "its format": lambda new: parameter(new, "pageSize").update(format="int64"),
    "its limit": lambda new: parameter(new, "pageSize").update(maximum=50),
    "its default": lambda new: parameter(new, "pageSize").update(default=5),
    "its enum": lambda new: parameter(new, "pageSize").update(enum=[5]),
    "its description": lambda new: parameter(new, "pageSize").update(description="x"),
    "its deprecation": lambda new: parameter(new, "pageSize").update(deprecated=True),
    "whether it is required": lambda new: parameter(new, "pageSize").update(required=True),
    "its collection format": lambda new: parameter(new, "topics").update(collectionFormat="multi"),
    "its items": lambda new: parameter(new, "topics").update(items={"type": "integer"}),
    "its name": lambda new: parameter(new, "topics").update(name="Topics"),
    "its place": lambda new: parameter(new, "pageSize").update({"in": "header"}),
    "a header's type": lambda new: listing(new)["responses"]["200"]["headers"]["X-Total"].update(type="string"),
    "a header's description": lambda new: listing(new)["responses"]["200"]["headers"]["X-Total"].update(description=""),
    "a header": lambda new: listing(new)["responses"]["200"].pop("headers"),
    "a response": lambda new: listing(new)["responses"].update({"404": {"description": "Gone."}}),
    "the description of a response": lambda new: listing(new)["responses"]["200"].update(description="All of them."),
    "the body of a response": lambda new: listing(new)["responses"]["200"].pop("schema"),
    "the media types of a response": lambda new: listing(new).update(produces=["text/json"]),
    "the version of a media type": lambda new: set_media(new, "application/json; version=2"),
    "the summary": lambda new: listing(new).update(summary="x"),
    "the deprecation": lambda new: listing(new).update(deprecated=True),
    "the security": lambda new: listing(new).update(security=[]),
    "the name of a key": lambda new: replace_text(new, "X-API-Key", "Authorization"),
    "a login": lambda new: listing(new)["security"][1].pop("Login"),
    "the host": lambda new: new.update(host="api.example"),
    "the port": lambda new: new.update(host="api.connectly.ai:8443"),
    "the scheme": lambda new: new.update(schemes=["http"]),
}


@pytest.mark.parametrize("name", OTHER_EDITS)
def test_every_other_edit_is_told(name: str) -> None:
    old, new = edit(OTHER_EDITS[name])
    assert lines(old, new)
    assert lines(new, old)
