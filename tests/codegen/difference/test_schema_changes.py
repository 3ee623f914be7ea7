from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from codegen.difference.compare import compare, label
from codegen.difference.constraints import compare_facets
from codegen.spec.document import Json
from tests.codegen.difference.sample_documents import body, changes, document, kinds, lines

STRING: Json = {"type": "string"}


def thing(*required: str, **properties: Json) -> Json:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("old", "new", "kind", "asked", "answered"),
    [
        (thing(), thing(a=STRING), "field-added", "additive", "additive"),
        (thing(), thing("a", a=STRING), "required-field-added", "breaking", "additive"),
        (thing(a=STRING), thing(), "field-removed", "breaking", "breaking"),
        (thing(a=STRING), thing("a", a=STRING), "now-required", "breaking", "cosmetic"),
        (thing("a", a=STRING), thing(a=STRING), "now-optional", "additive", "breaking"),
    ],
)
def test_what_changes_within_a_value_is_judged_by_its_direction(
    old: Json, new: Json, kind: str, asked: str, answered: str
) -> None:
    assert kinds(old, new, "request") == [(kind, asked)]
    assert kinds(old, new, "response") == [(kind, answered)]


WRAPS: list[tuple[Callable[[Json], Json], str]] = [
    (lambda inner: thing(a=inner), "a"),
    (lambda inner: {"type": "array", "items": inner}, "[]"),
    (lambda inner: {"type": "object", "additionalProperties": inner}, "{}"),
    (lambda inner: thing(a={"type": "array", "items": thing(**{"b-c": inner})}), "a[]['b-c']"),
]


@pytest.mark.parametrize(("wrap", "path"), WRAPS)
def test_what_is_within_is_compared_and_its_place_is_told(wrap: Callable[[Json], Json], path: str) -> None:
    [change] = changes(wrap(STRING), wrap({"type": "integer"}), "request")
    assert (str(change.places[0]), change.what) == (f"POST /things · request · {path}", "type string became integer")


def test_nothing_is_compared_within_what_has_another_type() -> None:
    old = {"type": "array", "items": STRING, "maxItems": 3}
    assert kinds(old, thing(a=STRING), "request") == [("type-changed", "breaking")]


READ_ONLY = STRING | {"readOnly": True}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (thing(a=STRING), thing(a=READ_ONLY), ["breaking: now read-only"]),
        (thing("a", a=STRING), thing("a", a=READ_ONLY), ["breaking: now read-only"]),
        (thing(a=READ_ONLY), thing(a=STRING), ["additive: now a writable optional field, string"]),
        (thing(a=READ_ONLY), thing("a", a=STRING), ["breaking: now a writable required field, string"]),
        (thing(), thing(a=READ_ONLY), []),
        (thing(a=READ_ONLY), thing(), []),
        (thing(a=READ_ONLY), thing("a", a=READ_ONLY | {"maxLength": 5}), []),
    ],
)
def test_a_field_that_is_read_only_is_not_in_a_request(old: Json, new: Json, found: list[str]) -> None:
    assert [f"{change.impact}: {change.what}" for change in changes(old, new, "request")] == found


def test_a_field_that_is_read_only_is_in_a_response() -> None:
    assert kinds(thing(a=STRING), thing(a=READ_ONLY), "response") == []
    assert kinds(thing(), thing(a=READ_ONLY), "response") == [("field-added", "additive")]


def test_a_message_within_itself_is_compared_once() -> None:
    old = body(ref("A"), "request", A=thing(parts={"type": "array", "items": ref("A")}, name=STRING))
    new = body(ref("B"), "request", B=thing(parts={"type": "array", "items": ref("C")}), C=ref("B"))
    assert lines(old, old) == []
    assert lines(old, new) == ["breaking: POST /things · request · name: the field is removed"]


def test_a_change_is_told_at_each_of_its_places() -> None:
    old = body(thing(a=ref("A"), b=thing(c=ref("A"))), "request", A=thing())
    new = body(thing(a=ref("A"), b=thing(c=ref("A"))), "request", A=thing(x=STRING))
    [change] = compare(old, new).changes
    assert [str(place) for place in change.places] == [
        "POST /things · request · a.x",
        "POST /things · request · b.c.x",
    ]


def test_a_reference_is_what_it_leads_to() -> None:
    inline, named = body(thing(a=STRING), "request"), body(ref("A"), "request", A=thing(a=STRING))
    described = body(ref("A") | {"type": "object"}, "request", A=thing(a=STRING))
    assert lines(inline, named) == lines(named, inline) == lines(inline, described) == []


def test_parts_are_one_object() -> None:
    whole = body(thing("a", a=STRING, b=STRING), "request")
    parts = body({"allOf": [ref("A"), thing(b=STRING)]}, "request", A=thing("a", a=STRING))
    assert lines(whole, parts) == lines(parts, whole) == []


def test_there_may_be_more_places_than_anyone_could_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[compare.__module__], "_STEPS", 100)
    levels = 40
    found: Json = {f"L{n}": thing(a=ref(f"L{n + 1}"), b=ref(f"L{n + 1}")) for n in range(levels)}
    old = body(ref("L0"), "request", **found, **{f"L{levels}": thing()})
    new = body(ref("L0"), "request", **found, **{f"L{levels}": thing(x=STRING)})
    [change] = compare(old, new).changes
    assert str(change.places[0]) == f"POST /things · request · {'a.' * levels}x"
    assert len(change.places) < 200


@pytest.mark.parametrize(
    ("name", "step"), [("channelType", ".channelType"), ("größe", ".größe"), ("a.b", "['a.b']"), ("", "['']")]
)
def test_a_name_that_could_be_taken_for_a_path_is_quoted(name: str, step: str) -> None:
    assert label(name) == step


def test_a_part_that_is_included_twice_counts_once() -> None:
    twice = body({"allOf": [ref("A"), ref("B")]}, "request", A=thing(a=STRING), B={"allOf": [ref("A")]})
    once = body(ref("A"), "request", A=thing(a=STRING))
    assert lines(once, twice) == lines(twice, once) == []


def test_a_list_of_itself_is_described_and_compared_once() -> None:
    old = body(thing(), "request")
    new = body(thing(a=ref("A")), "request", A={"type": "array", "items": ref("A")})
    assert lines(new, new) == []
    assert lines(old, new) == ["additive: POST /things · request · a: new optional field, list of array"]


def test_a_schema_that_many_operations_use_is_compared_once_on_each_side(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[object] = []

    def count(old: Any, new: Any) -> Any:
        if "type" in old:  # Operations and bodies have none.
            compared.append(old)
        return compare_facets(old, new)

    def service(**fields: Json) -> Json:
        content = {"content": {"application/json": {"schema": ref("A")}}}
        operation = {"requestBody": content, "responses": {"200": {"description": "", **content}}}
        found = document(components={"schemas": {"A": thing(a=STRING, b=ref("B")), "B": thing(**fields)}})
        return found | {"paths": {f"/{n}": {"post": operation} for n in range(50)}}

    monkeypatch.setattr(sys.modules[compare.__module__], "compare_facets", count)
    [change] = compare(service(), service(x=STRING)).changes[:1]
    assert len(change.places) == 50
    assert len(compared) == 6
