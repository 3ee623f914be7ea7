"""Two documents of one meaning have no difference, however they are written; and nothing makes the comparison fail."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.difference import FORMATS, compare, render
from codegen.spec.document import CodegenError, Json
from codegen.spec.to_openapi import convert
from tests.codegen.samples import NAMES, swagger
from tests.thoroughness import up_to

DOCUMENTS = {name: swagger(name) for name in NAMES}


def shuffled(value: Any, by: random.Random) -> Any:
    if isinstance(value, dict):
        entries = [*cast("Json", value).items()]
        by.shuffle(entries)
        return {key: shuffled(inner, by) for key, inner in entries}
    return [shuffled(item, by) for item in cast("Sequence[Any]", value)] if isinstance(value, list) else value


def renamed(document: Json, by: random.Random) -> Json:
    """Give every definition another name."""
    text = json.dumps(document)
    names = {name: f"x{by.getrandbits(64):x}" for name in document.get("definitions", {})}
    for old, new in names.items():
        text = text.replace(json.dumps(f"#/definitions/{old}"), json.dumps(f"#/definitions/{new}"))
    found: Json = json.loads(text)
    found["definitions"] = {names[old]: schema for old, schema in found.get("definitions", {}).items()}
    return found


def inlined(value: Any, definitions: Json, above: tuple[str, ...], by: random.Random) -> Any:
    """Write some of the definitions out where they are used."""
    if isinstance(value, list):
        return [inlined(item, definitions, above, by) for item in cast("Sequence[Any]", value)]
    if not isinstance(value, dict):
        return value
    value = cast("Json", value)
    name = str(value.get("$ref", "")).removeprefix("#/definitions/")
    if name in definitions and name not in above and by.random() < 0.7:
        siblings = {key: inner for key, inner in value.items() if key != "$ref"}
        return inlined({**copy.deepcopy(definitions[name]), **siblings}, definitions, (*above, name), by)
    return {key: inlined(inner, definitions, above, by) for key, inner in value.items()}


def rewritten(document: Json, by: random.Random) -> Json:
    found = renamed(document, by)
    definitions = found.get("definitions", {})
    found["paths"] = inlined(found["paths"], definitions, (), by)
    for item in found["paths"].values():
        for fields in item.values():
            if isinstance(fields, dict):
                fields["operationId"] = f"Op{by.getrandbits(64)}"
                fields["tags"] = ["Other"]
    result: Json = shuffled(found, by)
    return result


@pytest.mark.parametrize("name", NAMES)
def test_a_file_does_not_differ_from_itself(name: str) -> None:
    document = convert(DOCUMENTS[name])
    assert compare(document, document).changes == compare(document, copy.deepcopy(document)).changes == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 1000))
@settings(max_examples=4, deadline=None)
def test_the_same_written_otherwise_does_not_differ(name: str, seed: int) -> None:
    old, new = convert(DOCUMENTS[name]), convert(rewritten(DOCUMENTS[name], seeded(seed)))
    assert compare(old, new).changes == ()
    assert compare(new, old).changes == ()


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  it makes documents, not secrets


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container of a document with each of its keys."""
    items = cast("Sequence[Any]", value) if isinstance(value, list) else ()
    keys: list[Any] = [*cast("Json", value)] if isinstance(value, dict) else [*range(len(items))]
    found: list[tuple[Any, Any]] = [(value, key) for key in keys]
    for key in keys:
        found += places(value[key])
    return found


LEAVES = st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=5) | st.floats(allow_nan=False)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)


@pytest.mark.slow
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 1000), value=JSON, count=st.integers(1, 4))
@up_to(100)
def test_nothing_makes_the_comparison_fail(name: str, seed: int, value: Any, count: int) -> None:
    old, by = convert(DOCUMENTS[name]), seeded(seed)
    new = copy.deepcopy(DOCUMENTS[name])
    for _ in range(count):
        owner, key = by.choice(places(new))
        owner[key] = copy.deepcopy(by.choice([value, by.choice(places(new))[0]]))
        new = json.loads(json.dumps(new))
    try:
        new = convert(new)
    except CodegenError:
        return
    for first, second in ((old, new), (new, old), (new, new)):
        difference = compare(first, second)
        for format_ in FORMATS:
            assert render(difference, format_)
    assert compare(new, new).changes == ()
