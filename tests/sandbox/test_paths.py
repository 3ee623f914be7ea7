from typing import Any

import pytest

from connectly_api.sandbox.spec.api_operations import Service, load_service


def serve(*templates: str, **parameter: Any) -> Service:
    parameters = [{"in": "path", "type": "string", **parameter}] if parameter else []
    return load_service({"swagger": "2.0", "paths": {path: {"get": {"parameters": parameters}} for path in templates}})


def find(service: Service, path: str) -> tuple[str, ...] | None:
    found = service.find(path).get("GET")
    return None if found is None else tuple(found.parameters.values())


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/v1/things/{id}", "/v1/things/7", ("7",)),
        ("/v1/things/{id}:cancel", "/v1/things/7:cancel", ("7",)),
        ("/v1/things/{id}", "/v1/things/", None),
        ("/v1/things/{id}", "/v1/things/7/8", None),
        ("/v1/things/{id}", "/v1/things/7/", None),
        ("/v1/{a}/x/{b}", "/v1/1/x/2", ("1", "2")),
        ("/v1/{name=projects/*}", "/v1/projects/7", ("projects/7",)),
        ("/v1/{name=**}", "/v1/a/b/c", ("a/b/c",)),
        ("/v1/a.b", "/v1/axb", None),
    ],
)
def test_a_template_matches_what_it_should(template: str, path: str, values: tuple[str, ...] | None) -> None:
    assert find(serve(template), path) == values


def test_a_parameter_whose_pattern_has_a_slash_takes_several_segments() -> None:
    assert find(serve("/v1/{name}", name="name", pattern="projects/[^/]+"), "/v1/projects/7") == ("projects/7",)


def test_percent_encoding_without_need_is_undone_and_an_encoded_slash_stays() -> None:
    assert find(serve("/v1/send/{a}/{b}/{c}"), "/v1/%73end/a%2Fb/a%20b/%zz") == ("a/b", "a b", "%zz")


def test_literal_segments_sort_before_parameters() -> None:
    service = serve("/v1/{a}/{b}", "/v1/{a}/list", "/v1/own/{b}", "/v1/own/list")
    templates = [operation.template for operation in service.operations]
    assert templates == ["/v1/own/list", "/v1/own/{b}", "/v1/{a}/list", "/v1/{a}/{b}"]
