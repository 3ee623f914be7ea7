from __future__ import annotations

import copy

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from codegen.document import CodegenError, Json
from codegen.overlay import SERVER, STEPS, Step, apply
from codegen.swagger import convert
from codegen.walk import sites
from tests.codegen.samples import NAMES, VENDORED, small, swagger


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_valid_openapi_still(name: str) -> None:
    document = apply(convert(swagger(name)), vendored=name == VENDORED)
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) == []


def test_the_source_is_not_changed() -> None:
    document = convert(swagger(VENDORED))
    before = copy.deepcopy(document)
    apply(document, vendored=True)
    assert document == before


def test_the_vendored_file_comes_out_as_the_package_documents_it() -> None:
    document = apply(convert(swagger(VENDORED)), vendored=True)
    assert document["servers"] == [{"url": SERVER}]
    ids = {fields["operationId"] for item in document["paths"].values() for fields in item.values()}
    assert {"send_message", "send_whatsapp_templated_message"} <= ids
    schemas = document["components"]["schemas"]
    assert {"SendMessageRequest", "CreateWebhookRequest", "Participant", "Message", "ChannelType"} <= schemas.keys()
    assert schemas["ChannelType"]["enum"] == ["sms", "whatsapp"]
    assert not any("default" in site.schema or "title" in site.schema for site in sites(document))


def test_every_step_says_what_it_does_and_why() -> None:
    assert len({step.name for step in STEPS}) == len(STEPS)
    assert all(step.name and step.reason.endswith(".") for step in STEPS)


EXPECTING = [step for step in STEPS if step.at_least]


@pytest.mark.parametrize("step", EXPECTING, ids=lambda step: step.name)
def test_a_step_whose_target_is_gone_stops_the_run(step: Step) -> None:
    before = STEPS[: STEPS.index(step)]
    document = apply(convert(swagger(VENDORED)), before, vendored=True)
    done = apply(document, [step], vendored=True)
    with pytest.raises(
        CodegenError, match=f"overlay step '{step.name}': found 0 places to change, expected 1 at least"
    ):
        apply(without_target(step, done), [step], vendored=True)


def without_target(step: Step, done: Json) -> Json:
    """Return a document in which the step has nothing left to do: what it made of one, but for what it notes there."""
    result = copy.deepcopy(done)
    if step.name == "name operations without their service":
        for n, fields in enumerate(fields for item in result["paths"].values() for fields in item.values()):
            fields["operationId"] = f"thing{n}"
    return result


def test_expectations_are_those_of_the_vendored_file_alone() -> None:
    gone = small(host="example.com")
    assert apply(convert(gone), vendored=False)["servers"] == [{"url": "//example.com"}]
    with pytest.raises(CodegenError, match="overlay step 'add the server': found 0 places to change"):
        apply(convert(gone), vendored=True)


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ({"responses": {"default": {"description": ""}}}, "drop error responses"),
        (
            {
                "responses": {
                    s: {"description": "", "schema": {"type": t}} for s, t in (("200", "string"), ("201", "integer"))
                }
            },
            "keep one kind of success",
        ),
        ({"produces": ["image/png"]}, "keep JSON only"),
        (
            {"parameters": [{"name": "a", "in": "path", "required": True, "type": "string"}]},
            "give path parameters plain names",
        ),
        ({"operationId": "request"}, "name operations without their service"),
        (
            {"parameters": [{"name": name, "in": "query", "type": "string"} for name in ("aB", "a_b")]},
            "refuse properties and parameters that share a name",
        ),
    ],
)
def test_a_step_that_cannot_do_its_work_stops_the_run_and_is_named(operation: Json, step: str) -> None:
    with pytest.raises(CodegenError, match=f"^overlay step '{step}': "):
        apply(convert(small(operation=operation)), vendored=False)


def test_servers_that_differ_stop_the_run() -> None:
    document = convert(small())
    document["servers"] = [{"url": "/a"}, {"url": "/b"}]
    with pytest.raises(CodegenError, match=r"^overlay step 'put the base path before each path': "):
        apply(document, vendored=False)


@pytest.mark.parametrize(
    ("definitions", "step"),
    [
        ({"Foo-Bar": {"type": "object"}, "FooBar": {"type": "object"}}, "name schemas without their package"),
        (
            {
                "v1A": {"type": "object", "properties": {"b": {"type": "object", "properties": {"c": {}}}}},
                "v1AB": {"type": "object", "properties": {"c": {}}},
            },
            "give nested objects and enums names",
        ),
    ],
)
def test_schemas_that_cannot_be_named_stop_the_run(definitions: Json, step: str) -> None:
    with pytest.raises(CodegenError, match=f"^overlay step '{step}': "):
        apply(convert(small(definitions=definitions)), vendored=False)
