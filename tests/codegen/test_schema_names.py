from __future__ import annotations

from typing import Any

import pytest

from codegen.naming import NO_NAMES, NameTable
from codegen.spec.document import Json
from tests.codegen.samples import model, prepare, small

TEXT: Json = {"type": "string"}


def reference(name: str) -> Json:
    return {"$ref": f"#/definitions/{name}"}


def thing(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def document(request: Json, definitions: Json | None = None, response: Json | None = None, **more: Any) -> Json:
    """Return a document of one operation with a body."""
    body = {"name": "body", "in": "body", "schema": request}
    answer = {"200": {"description": "", "schema": response or {"type": "object"}}}
    return small(operation={"parameters": [body], "responses": answer}, definitions=definitions, **more)


def models(source: Json, table: NameTable = NO_NAMES) -> dict[str, str]:
    """Return each class with its kind and the places where it is used."""
    found = published(source, table)
    used: dict[str, list[str]] = {}
    for place, name in found.definitions.items():
        used.setdefault(name, []).append(f"definition {place}")
    for owner, names in found.owners.items():
        for place, name in names.models.items():
            used.setdefault(name, []).append(f"{owner}{' ' if names.kind == 'operation' else '.'}{place}")
    kinds = {name: owner.kind for name, owner in found.owners.items() if owner.kind != "operation"}
    return {name: f"{kind} {' '.join(sorted(used[name]))}" for name, kind in kinds.items()}


def published(source: Json, table: NameTable = NO_NAMES) -> NameTable:
    return prepare(source, table).table


def test_names_tell_of_the_operation_the_definition_or_the_place() -> None:
    request = thing(
        part=thing(a=TEXT),
        kinds={"type": "array", "items": {"type": "string", "enum": ["a"]}},
        labels={"type": "object", "additionalProperties": {"type": "object", "additionalProperties": thing(a=TEXT)}},
        plain=TEXT,
    )
    response = {"type": "array", "items": thing(owner=reference("fooV1Owner"))}
    found = models(document(request, {"fooV1Owner": thing(a=TEXT)}, response))
    place = "get_thing"
    assert found == {
        "GetThingRequest": f"class {place} request",
        "GetThingResponseItem": f"class {place} response[]",
        "GetThingRequestPart": "class GetThingRequest.part",
        "GetThingRequestKindsItem": "enum GetThingRequest.kinds[]",
        "GetThingRequestLabels": "mapping GetThingRequest.labels",
        "GetThingRequestLabelsValue": "mapping GetThingRequestLabels.{}",
        "GetThingRequestLabelsValueValue": "class GetThingRequestLabelsValue.{}",
        "Owner": "class GetThingResponseItem.owner",
    }


@pytest.mark.parametrize(
    ("request_", "definitions", "expected"),
    [
        (reference("ThingServiceGetThingBody"), {"ThingServiceGetThingBody": thing(a=TEXT)}, "GetThingRequest"),
        (reference("v1Wanted"), {"v1Wanted": thing(a=TEXT)}, "Wanted"),
        ({"allOf": [reference("AnyBody")], "description": "It."}, {"AnyBody": thing(a=TEXT)}, "GetThingRequest"),
    ],
)
def test_a_body_is_named_after_its_operation_unless_it_has_a_name_that_says_more(
    request_: Json, definitions: Json, expected: str
) -> None:
    assert models(document(request_, definitions))[expected].startswith("class get_thing request")


def test_definitions_that_would_clash_keep_their_package_or_get_a_number() -> None:
    names = ["fooV1Thing", "barV1Thing", "rpcStatus", "Status", "Foo-Bar", "FooBar", "FooBAR"]
    found = models(small(definitions={name: thing(a=TEXT) for name in names}))
    assert {found[name] for name in ("FooV1Thing", "BarV1Thing", "RpcStatus", "Status")} == {
        "class definition fooV1Thing",
        "class definition barV1Thing",
        "class definition rpcStatus",
        "class definition Status",
    }
    assert {name for name in found if name.lower().startswith("foob")} == {"FooBar", "FooBar2", "FooBAR2"}


def test_what_stands_in_place_and_a_definition_have_names_of_their_own() -> None:
    source = model({"part": thing(a=TEXT)})
    source["definitions"]["v1ThingPart"] = thing(b=TEXT)
    found = models(source)
    assert found["ThingPart"] == "class Thing.part"
    assert found["V1ThingPart"] == "class definition v1ThingPart"


def test_a_published_place_keeps_its_name_whatever_is_there_now() -> None:
    known = published(document(thing(part=reference("v1Part"), other=reference("v1Part")), {"v1Part": thing(a=TEXT)}))
    assert known.owners["GetThingRequest"].models == {"part": "Part", "other": "Part"}
    now = document(thing(part=thing(a=TEXT), other=reference("zz")), {"zz": thing(a=TEXT)})
    assert models(now, known)["Part"] == "class GetThingRequest.other GetThingRequest.part"
    assert prepare(now, known).document["components"]["schemas"]["Part"]["x-definitions"] == ["zz"]


def test_where_one_schema_became_two_the_first_keeps_the_name() -> None:
    known = published(document(thing(part=reference("v1Part"), other=reference("v1Part")), {"v1Part": thing(a=TEXT)}))
    now = document(thing(part=thing(a=TEXT), other=thing(a=TEXT, b=TEXT)))
    found = models(now, known)
    assert found["Part"] == "class GetThingRequest.part"
    assert found["GetThingRequestOther"] == "class GetThingRequest.other"


def test_where_two_schemas_became_one_both_names_stay() -> None:
    one = document(thing(a=reference("v1A"), b=reference("v1B")), {"v1A": thing(x=TEXT), "v1B": thing(x=TEXT)})
    known = published(one)
    now = document(thing(a=reference("v1C"), b=reference("v1C"), c=reference("v1C")), {"v1C": thing(x=TEXT)})
    found = models(now, known)
    assert found["A"] == "class GetThingRequest.a GetThingRequest.c"
    assert found["B"] == "class GetThingRequest.b"
    assert "C" not in found


def test_a_new_schema_takes_no_published_name() -> None:
    known = published(
        document(reference("v1Body"), {"v1Body": thing(next=reference("v1Part")), "v1Part": thing(a=TEXT)})
    )
    now = document(
        thing(new=reference("v1Part"), next=reference("v9Other")), {"v1Part": thing(b=TEXT), "v9Other": thing(a=TEXT)}
    )
    found = models(now, known)
    assert found["Part"] == "class GetThingRequest.next"
    assert found["V1Part"] == "class GetThingRequest.new"


def test_a_name_whose_place_is_gone_is_free_again() -> None:
    known = published(document(thing(old=reference("v1Part")), {"v1Part": thing(a=TEXT)}))
    assert models(document(thing(new=reference("v1Part")), {"v1Part": thing(a=TEXT)}), known)["Part"].endswith(".new")


def test_a_definition_that_nothing_led_to_keeps_its_name_where_it_is_used_now() -> None:
    definitions = {"v1Part": thing(a=TEXT), "v2Part": thing(b=TEXT)}
    known = published(document(thing(x=TEXT), definitions))
    assert known.definitions == {"v1Part": "V1Part", "v2Part": "V2Part"}
    now = document(thing(x=TEXT, new=reference("v1Part")), {"v1Part": thing(a=TEXT), "v9Holder": thing(b=TEXT)})
    assert models(now, known)["V1Part"] == "class GetThingRequest.new definition v1Part"


def test_a_definition_that_nothing_leads_to_keeps_its_name_from_others() -> None:
    unused = {"v1Part": thing(a=TEXT)}
    known = published(document(thing(x=TEXT), unused))
    now = document(thing(x=TEXT, new=reference("v2Part")), {"v1Part": thing(a=TEXT), "v2Part": thing(b=TEXT)})
    found = models(now, known)
    assert found["Part"] == "class definition v1Part"
    assert found["V2Part"] == "class GetThingRequest.new"


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (reference("v1Empty"), {"type": "object"}, "class"),
        ({"type": "object"}, reference("v1Empty"), "mapping"),
        (reference("v1Empty"), {"type": "object", "additionalProperties": {"type": "string"}}, "mapping"),
    ],
)
def test_an_object_without_fields_stays_what_it_was_published_as(first: Json, second: Json, kind: str) -> None:
    definitions: Json = {"v1Empty": {"type": "object"}}
    known = published(document(thing(a=first), definitions))
    name = known.owners["GetThingRequest"].models["a"]
    assert models(document(thing(a=second), definitions), known)[name].startswith(kind)


def test_objects_without_fields_are_mappings_unless_a_definition_says_no_more() -> None:
    definitions: Json = {
        "Empty": {"type": "object"},
        "Closed": {"type": "object", "additionalProperties": False},
        "Map": {"type": "object", "additionalProperties": {"type": "string"}},
        "Open": {"type": "object", "additionalProperties": True},
        "Both": {**thing(a=TEXT), "additionalProperties": thing(b=TEXT)},
    }
    found = models(small(definitions=definitions))
    kinds = {name: found[name].split(" ", 1)[0] for name in definitions}
    assert kinds == {"Empty": "class", "Closed": "class", "Map": "mapping", "Open": "mapping", "Both": "class"}
    assert found["BothValue"] == "class Both.{}"


def test_definitions_that_need_no_name_stand_where_they_are_used() -> None:
    definitions: Json = {
        "v1Name": {"type": "string", "description": "Long."},
        "v1Alias": reference("v1Name"),
        "v1Names": {"type": "array", "items": reference("v1Part")},
        "v1Part": thing(a=TEXT),
    }
    request = thing(name=reference("v1Alias"), names=reference("v1Names"))
    result = prepare(document(request, definitions), NO_NAMES)
    schemas = result.document["components"]["schemas"]
    assert schemas["GetThingRequest"]["properties"]["name"] == {"type": "string", "description": "Long."}
    assert schemas["GetThingRequest"]["properties"]["names"]["items"] == {"$ref": "#/components/schemas/Part"}
    assert set(schemas) == {"GetThingRequest", "Part", "GetThingResponse"}


def test_errors_give_their_schemas_names_and_are_dropped() -> None:
    source = document(thing(a=TEXT), {"v1Error": thing(code=TEXT)})
    source["paths"]["/v1/things"]["get"]["responses"]["default"] = {"description": "", "schema": reference("v1Error")}
    source["paths"]["/v1/things"]["get"]["responses"]["400"] = {"description": "", "schema": thing(why=TEXT)}
    found = models(source)
    assert found["Error"] == "class get_thing error default"
    assert found["GetThingError"] == "class get_thing error 400"
    assert list(prepare(source, NO_NAMES).document["paths"]["/v1/things"]["get"]["responses"]) == ["200"]


@pytest.mark.parametrize(
    "definitions",
    [{"v1A": reference("v1B"), "v1B": reference("v1A")}, {"v1L": {"type": "array", "items": reference("v1L")}}],
)
def test_a_schema_that_is_only_itself_has_no_name(definitions: Json) -> None:
    assert models(small(definitions=definitions)) == models(small())


def test_a_schema_may_hold_itself() -> None:
    definitions = {"v1Tree": thing(left=reference("v1Tree"), leaves={"type": "array", "items": reference("v1Tree")})}
    assert models(document(reference("v1Tree"), definitions))["Tree"] == (
        "class Tree.leaves[] Tree.left get_thing request"
    )


ONE: Json = {"type": "object", "properties": {"next": reference("v1One")}, "description": "It."}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (thing(a=TEXT), thing(a={**TEXT, "description": "It."}), True),
        (thing(a=TEXT), thing(a={"type": "integer"}), False),
        (thing(a=TEXT), thing(b=TEXT), False),
        (thing(a=TEXT), {**thing(a=TEXT), "required": ["a"]}, False),
        (thing(a=TEXT), {**thing(a=TEXT), "additionalProperties": TEXT}, False),
        (thing(a=TEXT), {**thing(a=TEXT), "additionalProperties": False}, False),
        (thing(a=TEXT), {"type": "string", "enum": ["a"]}, False),
        (thing(a={"type": "number"}), thing(a={"type": "number", "format": "float"}), False),
        (thing(a={"type": "array", "items": TEXT}), thing(a={"type": "array", "items": {"type": "number"}}), False),
        ({"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["b", "a"]}, True),
        ({"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["a"]}, False),
        (reference("v1One"), reference("v1Other"), True),
        (reference("v1One"), thing(next=thing(next=TEXT)), False),
    ],
)
def test_two_schemas_share_their_published_name_while_they_mean_the_same(
    one: Json, other: Json, expected: bool
) -> None:
    definitions = {"v1One": ONE, "v1Other": thing(next=reference("v1Other")), "v1Both": one}
    known = published(document(thing(a=reference("v1Both"), b=reference("v1Both")), definitions))
    names = known.owners["GetThingRequest"].models
    found = prepare(document(thing(a=one, b=other), definitions), known)
    now = found.table.owners["GetThingRequest"].models
    assert now["a"] == names["a"] == names["b"]
    assert (now["b"] == names["b"]) is expected
    assert found.lost == (() if expected else (f"{names['b']} at GetThingRequest.b",))


def test_what_a_copy_of_a_definition_refers_to_gets_no_class_of_its_own() -> None:
    whole = {"v1Whole": thing(part=reference("v1Part")), "v1Part": thing(next=reference("v1Part"))}
    copy = {"v2Whole": thing(part=reference("v2Part")), "v2Part": thing(next=reference("v2Part"))}
    known = published(document(thing(a=reference("v1Whole"), b=reference("v1Whole")), whole))
    now = document(thing(a=reference("v1Whole"), b=reference("v2Whole")), {**whole, **copy})
    assert published(now, known) == known


def test_fields_with_odd_names_have_places_of_their_own() -> None:
    assert models(model({"a.b": thing(x=TEXT), "a": thing(b=thing(y=TEXT))})) == {
        "GetThingResponse": "class get_thing response",
        "Thing": "class definition v1Thing",
        "ThingAB": "class Thing.a.b",
        "ThingA": "class Thing.a",
        "ThingAB2": "class ThingA.b",
    }
