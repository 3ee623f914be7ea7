from __future__ import annotations

import copy

import attrs
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from codegen.overlay import SERVER, STEPS, Step, apply, count_matches
from codegen.spec.document import CodegenError, Json
from codegen.spec.to_openapi.swagger import convert
from codegen.spec.traverse import sites
from tests.codegen.samples import NAMES, VENDORED, small, swagger


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_valid_openapi_still(name: str) -> None:
    document = apply(convert(swagger(name)))
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) == []


def test_the_source_is_not_changed() -> None:
    document = convert(swagger(VENDORED))
    before = copy.deepcopy(document)
    apply(document)
    assert document == before


def test_the_vendored_file_comes_out_as_the_package_documents_it() -> None:
    document = apply(convert(swagger(VENDORED)))
    assert document["servers"] == [{"url": SERVER}]
    assert document["components"]["schemas"]["v1ChannelType"]["enum"] == ["sms", "whatsapp"]
    assert not any("default" in site.schema or "title" in site.schema for site in sites(document))


def test_every_step_says_what_it_does_and_why() -> None:
    assert len({step.name for step in STEPS}) == len(STEPS)
    assert all(step.name and step.reason.endswith(".") for step in STEPS)


def test_general_rules_change_what_they_find_be_it_nothing() -> None:
    once = apply(convert(swagger(VENDORED)))
    again = count_matches(once)
    assert count_matches(convert(swagger(VENDORED)))["drop error responses"] == 6
    assert {again[name] for name in ("add the server", "drop error responses", "drop defaults")} == {0}


def test_a_file_that_names_its_host_needs_no_server() -> None:
    assert apply(convert(small(host="example.com")))["servers"] == [{"url": "//example.com"}]


def test_a_step_whose_target_is_gone_stops_the_run_and_says_what_to_do() -> None:
    step = Step("mend the widgets", "They are broken.", lambda _: 0, target="GET /v1/widgets")
    with pytest.raises(
        CodegenError,
        match=r"^overlay step 'mend the widgets': looked for GET /v1/widgets and did not find it\. They are",
    ):
        apply(convert(small()), [step])
    assert apply(convert(small()), [attrs.evolve(step, change=lambda _: 1)]) == convert(small())


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
    ],
)
def test_a_step_that_cannot_do_its_work_stops_the_run_and_is_named(operation: Json, step: str) -> None:
    with pytest.raises(CodegenError, match=f"^overlay step '{step}': "):
        apply(convert(small(operation=operation)))


def test_servers_that_differ_stop_the_run() -> None:
    document = convert(small())
    document["servers"] = [{"url": "/a"}, {"url": "/b"}]
    with pytest.raises(CodegenError, match=r"^overlay step 'prepend the base path to each path': "):
        apply(document)
