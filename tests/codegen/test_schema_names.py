from __future__ import annotations

from typing import Any

import pytest

from codegen.naming.name_table import NO_NAMES, Published
from codegen.spec.document import CodegenError, Json
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


def models(source: Json, published: Published = NO_NAMES) -> dict[str, str]:
    """Return each name with what it stands for."""
    found = prepare(source, published).table.models
    return {name: f"{model.kind} {' '.join(sorted(model.places))}" for name, model in found.items()}


def published(source: Json) -> Published:
    return prepare(source, NO_NAMES).table


def test_names_tell_of_the_operation_the_definition_or_the_place() -> None:
    request = thing(
        part=thing(a=TEXT),
        kinds={"type": "array", "items": {"type": "string", "enum": ["a"]}},
        labels={"type": "object", "additionalProperties": {"type": "object", "additionalProperties": thing(a=TEXT)}},
        plain=TEXT,
    )
    response = {"type": "array", "items": thing(owner=reference("fooV1Owner"))}
    found = models(document(request, {"fooV1Owner": thing(a=TEXT)}, response))
    place = "GET /v1/things"
    assert found == {
        "GetThingRequest": f"class {place} request",
        "GetThingResponseItem": f"class {place} response[]",
        "GetThingRequestPart": "class GetThingRequest.part",
        "GetThingRequestKindsItem": "enum GetThingRequest.kinds[]",
        "GetThingRequestLabels": "mapping GetThingRequest.labels",
        "GetThingRequestLabelsValue": "mapping GetThingRequestLabels{}",
        "GetThingRequestLabelsValueValue": "class GetThingRequestLabelsValue{}",
        "Owner": "class GetThingResponseItem.owner",
    }


@pytest.mark.parametrize(
    ("request_", "definitions", "expected"),
    [
        (reference("ThingServiceGetThingBody"), {"ThingServiceGetThingBody": thing(a=TEXT)}, "GetThingRequest"),
        (reference("v1Wanted"), {"v1Wanted": thing(a=TEXT)}, "Wanted"),
        (
            reference("OtherBody"),
            {"OtherBody": thing(a=TEXT), "v1Holder": thing(b=reference("OtherBody"))},
            "OtherBody",
        ),
        ({"allOf": [reference("AnyBody")], "description": "It."}, {"AnyBody": thing(a=TEXT)}, "GetThingRequest"),
    ],
)
def test_a_body_is_named_after_its_operation_unless_it_has_a_name_that_says_more(
    request_: Json, definitions: Json, expected: str
) -> None:
    assert models(document(request_, definitions))[expected].startswith("class GET /v1/things request")


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


def test_a_definition_has_its_name_before_what_stands_in_place() -> None:
    source = model({"part": thing(a=TEXT)})
    source["definitions"]["v1ThingPart"] = thing(b=TEXT)
    found = models(source)
    assert found["ThingPart"] == "class definition v1ThingPart"
    assert found["ThingPart2"] == "class Thing.part"


def test_a_published_place_keeps_its_name_whatever_is_there_now() -> None:
    known = published(document(thing(part=reference("v1Part"), other=reference("v1Part")), {"v1Part": thing(a=TEXT)}))
    assert known.models["Part"].places == ("GetThingRequest.part", "GetThingRequest.other")
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
    name = next(name for name, model in known.models.items() if "GetThingRequest.a" in model.places)
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
    assert found["BothValue"] == "class Both{}"


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
    assert found["Error"] == "class GET /v1/things error default"
    assert found["GetThingError"] == "class GET /v1/things error 400"
    assert list(prepare(source, NO_NAMES).document["paths"]["/v1/things"]["get"]["responses"]) == ["200"]


@pytest.mark.parametrize(
    ("definitions", "problem"),
    [
        (
            {"v1A": reference("v1B"), "v1B": reference("v1A")},
            "#/components/schemas/v1A: the reference refers to itself",
        ),
        (
            {"v1L": {"type": "array", "items": reference("v1L")}},
            "definition v1L: the schema refers only to itself",
        ),
    ],
)
def test_a_schema_that_is_only_itself_is_refused(definitions: Json, problem: str) -> None:
    with pytest.raises(CodegenError) as refused:
        models(small(definitions=definitions))
    assert str(refused.value) == problem


def test_a_schema_may_hold_itself() -> None:
    definitions = {"v1Tree": thing(left=reference("v1Tree"), leaves={"type": "array", "items": reference("v1Tree")})}
    assert models(document(reference("v1Tree"), definitions))["Tree"] == (
        "class GET /v1/things request Tree.leaves[] Tree.left"
    )


def test_fields_with_odd_names_have_places_of_their_own() -> None:
    assert models(model({"a.b": thing(x=TEXT), "a": thing(b=thing(y=TEXT))})) == {
        "GetThingResponse": "class GET /v1/things response",
        "Thing": "class definition v1Thing",
        "ThingAB": 'class Thing."a.b"',
        "ThingA": "class Thing.a",
        "ThingAB2": "class ThingA.b",
    }
