from __future__ import annotations

from typing import Any

import pytest

from codegen.difference import compare, schema_changes
from codegen.difference.schema_changes import label
from codegen.spec.document import Json
from tests.codegen.difference.sample_documents import body, changes, kinds, lines

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
        (thing(a=STRING), thing("a", a=STRING), "field-required", "breaking", "cosmetic"),
        (thing("a", a=STRING), thing(a=STRING), "field-optional", "additive", "breaking"),
        ({"oneOf": [STRING]}, {"oneOf": [STRING, thing(a=STRING)]}, "variant-added", "additive", "breaking"),
        ({"anyOf": [STRING, thing(a=STRING)]}, {"anyOf": [STRING]}, "variant-removed", "breaking", "cosmetic"),
    ],
)
def test_what_changes_within_a_value_is_judged_by_its_direction(
    old: Json, new: Json, kind: str, asked: str, answered: str
) -> None:
    assert kinds(old, new, "request") == [(kind, asked)]
    assert kinds(old, new, "response") == [(kind, answered)]


@pytest.mark.parametrize(
    ("wrap", "path"),
    [
        (lambda inner: thing(a=inner), "a"),
        (lambda inner: {"type": "array", "items": inner}, "[]"),
        (lambda inner: {"type": "object", "additionalProperties": inner}, "{}"),
        (lambda inner: thing(a={"type": "array", "items": thing(**{"b-c": inner})}), "a[]['b-c']"),
        (lambda inner: {"oneOf": [thing(x=STRING, a=inner), STRING]}, "<a, x>.a"),
    ],
)
def test_what_is_within_is_compared_and_its_place_is_told(wrap: Any, path: str) -> None:
    [change] = changes(wrap(STRING), wrap({"type": "integer"}), "request")
    assert (str(change.place), change.what) == (f"POST /things · request · {path}", "type string became integer")


def test_alternatives_of_one_look_are_told_apart_by_their_order() -> None:
    both = {"oneOf": [STRING, STRING]}
    assert kinds(both, both, "request") == []
    [change] = changes({"oneOf": [STRING]}, both, "request")
    assert change.what == "new alternative string#2"


def test_nothing_is_compared_within_what_has_another_type() -> None:
    old = {"type": "array", "items": STRING, "maxItems": 3}
    assert kinds(old, thing(a=STRING), "request") == [("type-changed", "breaking")]


def test_a_field_that_cannot_be_sent_is_not_in_a_request_and_one_that_is_never_read_not_in_a_response() -> None:
    old, new = thing(), thing(a=STRING | {"readOnly": True}, b=STRING | {"writeOnly": True})
    assert [str(change.place) for change in changes(old, new, "request")] == ["POST /things · request · b"]
    assert [str(change.place) for change in changes(old, new, "response")] == ["POST /things · response 200 · a"]


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
    monkeypatch.setattr(schema_changes, "_STEPS", 100)
    levels = 40
    found: Json = {f"L{n}": thing(a=ref(f"L{n + 1}"), b=ref(f"L{n + 1}")) for n in range(levels)}
    old = body(ref("L0"), "request", **found, **{f"L{levels}": thing()})
    new = body(ref("L0"), "request", **found, **{f"L{levels}": thing(x=STRING)})
    [change] = compare(old, new).changes
    assert str(change.place) == f"POST /things · request · {'a.' * levels}x"


@pytest.mark.parametrize(
    ("name", "step"), [("channelType", ".channelType"), ("größe", ".größe"), ("a.b", "['a.b']"), ("", "['']")]
)
def test_a_name_that_could_be_taken_for_a_path_is_quoted(name: str, step: str) -> None:
    assert label(name) == step
