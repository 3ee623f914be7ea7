import pytest

from connectly_api.sandbox.spec.api_operations import compile_template, normalize_path, sort_key


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
    _, pattern = compile_template(template, {})
    match = pattern.fullmatch(path)
    assert (None if match is None else match.groups()) == values


def test_a_parameter_whose_pattern_has_a_slash_takes_several_segments() -> None:
    names, pattern = compile_template("/v1/{name}", {"name": "projects/[^/]+"})
    assert names == ("name",)
    assert pattern.fullmatch("/v1/projects/7")


def test_percent_encoding_without_need_is_undone_and_an_encoded_slash_stays() -> None:
    assert normalize_path("/v1/%73end/a%2Fb/a%20b/%zz") == "/v1/send/a%2Fb/a%20b/%25zz"


def test_literal_segments_sort_before_parameters() -> None:
    templates = ["/v1/{a}/{b}", "/v1/{a}/list", "/v1/own/{b}", "/v1/own/list"]
    assert sorted(templates, key=sort_key) == ["/v1/own/list", "/v1/own/{b}", "/v1/{a}/list", "/v1/{a}/{b}"]
