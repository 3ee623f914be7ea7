"""Whatever the vendor calls things, names in Python are good, unique, and the same in the next run."""

from __future__ import annotations

import copy
import json
import keyword
import re
from pathlib import Path
from random import Random
from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.strings import ClassName, PythonIdentifier

from codegen.naming import NO_NAMES, dump_table, name_document, read_table
from codegen.overlay import apply
from codegen.spec.ascii_names import PREFIX
from codegen.spec.document import Json
from codegen.spec.to_openapi import convert
from codegen.spec.traverse import sites
from tests.codegen.large_file import build_large_swagger

SETTINGS = Config.from_sources(
    ConfigFile(post_hooks=[], literal_enums=True, field_prefix=PREFIX),
    MetaType.NONE,
    Path("unused"),
    "utf-8",
    overwrite=False,
    output_path=Path("unused"),
)
NAMES = st.one_of(
    st.text(max_size=12),
    st.text(st.sampled_from("aAbB_.- 1"), max_size=6),
    st.text(st.sampled_from("aA1"), min_size=75, max_size=130),
    st.sampled_from(
        ["class", "None", "self", "__init__", "to_dict", "toDict", "request", "body", "id", "ID", "Id", "List"]
    ),
)
LEAF: st.SearchStrategy[Json] = st.sampled_from(
    [{"type": "string"}, {"type": "object"}, {"type": "string", "enum": ["a"]}]
)
SCHEMAS: st.SearchStrategy[Json] = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda value: {"type": "object", "additionalProperties": value}),
        st.dictionaries(NAMES, inner, max_size=3).map(lambda fields: {"type": "object", "properties": fields}),
    ),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> Json:
    """Return an OpenAPI document in which everything has a hostile name."""
    definitions = draw(st.dictionaries(st.from_regex(r"[A-Za-z0-9._-]{1,8}", fullmatch=True), SCHEMAS, max_size=5))
    references = [{"$ref": f"#/components/schemas/{name}"} for name in definitions]
    uses = st.one_of(st.sampled_from(references), SCHEMAS) if references else SCHEMAS
    for schema in definitions.values():
        if "properties" in schema and references:
            schema["properties"] = {**schema["properties"], **draw(st.dictionaries(NAMES, uses, max_size=2))}
    paths: Json = {}
    for n in range(draw(st.integers(0, 4))):
        wire = draw(NAMES.filter(lambda name: not set("{}/") & set(name)))
        query = draw(st.lists(NAMES, max_size=3, unique=True))
        media = {"application/json": {"schema": draw(uses)}}
        paths[f"/v1/{n}/{{{wire}}}"] = {
            "post": {
                "operationId": draw(NAMES),
                "tags": draw(st.lists(NAMES, max_size=1)),
                "parameters": [
                    {"name": wire, "in": "path", "required": True, "schema": {"type": "string"}},
                    *({"name": name, "in": "query", "schema": draw(LEAF)} for name in query),
                ],
                "requestBody": {"content": copy.deepcopy(media)},
                "responses": {"200": {"description": "", "content": media}},
            }
        }
    return {"openapi": "3.0.3", "paths": paths, "components": {"schemas": definitions}}


def is_module(name: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9_]{0,165}", name) is not None and not keyword.iskeyword(name)


@given(documents())
def test_whatever_things_are_called_every_name_is_good_and_its_own(document: Json) -> None:
    found = name_document(document, NO_NAMES)
    functions = [path.split(".") for path in found.table.operations.values()]
    classes = [name for name, owner in found.table.owners.items() if owner.kind != "operation"]
    assert all(is_module(name) for path in functions for name in path)
    assert len({function for _, function in functions}) == len(functions) == len(document["paths"])
    assert all(str(ClassName(name, PREFIX)) == name for name in classes)
    modules = [str(PythonIdentifier(name, PREFIX)) for name in classes]
    assert all(map(is_module, modules))
    assert len(set(modules)) == len(modules)
    for owner in found.table.owners.values():
        assert all(map(is_module, owner.names.values()))
        assert len(set(owner.names.values())) == len(owner.names)
        assert {name for name in owner.models.values() if name not in classes} == set()
    for site in sites(found.document):
        if "$ref" in site.schema:
            assert site.schema["$ref"].removeprefix("#/components/schemas/") in classes


UNUSED: Final[Json] = {
    "list": {"type": "array", "items": {"type": "object"}},
    "class": {"type": "object", "properties": {"of": {"$ref": "#/components/schemas/list"}}},
}
"""No operation uses either, and the first, which has no name of its own, is part of the second."""


@given(documents())
@example({"openapi": "3.0.3", "paths": {}, "components": {"schemas": UNUSED}})
def test_a_second_run_names_everything_as_the_first(document: Json) -> None:
    first = name_document(document, NO_NAMES)
    again = name_document(document, read_table(dump_table(first.table)))
    assert again.table == first.table
    assert again.document == first.document
    assert again.lost == ()


def drop_unused_definitions(document: Json) -> Json:
    """Return a document with only the definitions that an operation uses."""
    definitions, kept = document["components"]["schemas"], set[str]()
    waiting = [document["paths"]]
    while waiting:
        for name in re.findall(r'"#/components/schemas/([^"]*)"', json.dumps(waiting.pop())):
            if name not in kept:
                kept.add(name)
                waiting.append(definitions[name])
    return {**document, "components": {"schemas": {name: part for name, part in definitions.items() if name in kept}}}


def rename(document: Json, names: dict[str, str]) -> Json:
    """Return a document with other names of its definitions, in another order, without ids and tags."""
    text = re.sub(
        r'"#/components/schemas/([^"]*)"',
        lambda match: f'"#/components/schemas/{names[match[1]]}"',
        json.dumps(document),
    )
    result: Json = json.loads(text)
    schemas = result["components"]["schemas"]
    result["components"]["schemas"] = {names[name]: schemas[name] for name in reversed(schemas)}
    for item in result["paths"].values():
        for operation in item.values():
            operation |= {"operationId": "", "tags": []}
    return result


@given(documents(), st.booleans(), st.randoms(use_true_random=False))
def test_other_names_of_definitions_and_operations_change_nothing(
    document: Json, permute: bool, random: Random
) -> None:
    document = drop_unused_definitions(document)
    definitions = list(document["components"]["schemas"])
    others = random.sample(definitions, len(definitions)) if permute else [f"x{n}" for n in range(len(definitions))]
    table = name_document(document, NO_NAMES).table
    again = name_document(rename(document, dict(zip(definitions, others, strict=True))), table)
    assert again.table == table
    assert again.lost == ()


@settings(max_examples=40)
@given(documents())
def test_the_generator_changes_no_name_and_leaves_nothing_out(document: Json) -> None:
    found = name_document({**document, "info": {"title": "", "version": ""}}, NO_NAMES)
    data = GeneratorData.from_dict(found.document, config=SETTINGS)
    assert isinstance(data, GeneratorData)
    endpoints = {
        f"{tag}.{endpoint.name}": endpoint
        for tag, collection in data.endpoint_collections_by_tag.items()
        for endpoint in collection.endpoints
    }
    assert endpoints.keys() == set(found.table.operations.values())
    classes = [str(kind.class_info.name) for kind in [*data.models, *data.enums]]
    assert sorted(classes) == sorted(name for name, owner in found.table.owners.items() if owner.kind != "operation")
    assert data.errors == []


def test_a_large_file_has_its_size_and_is_named_the_same_again() -> None:
    swagger = build_large_swagger(0.3)
    assert 0.9 < len(json.dumps(swagger, indent=2)) / 300_000 < 1.1
    document = apply(convert(swagger))
    first = name_document(document, NO_NAMES)
    again = name_document(rename(document, {name: f"x.{name}" for name in swagger["definitions"]}), first.table)
    assert again.table == first.table
