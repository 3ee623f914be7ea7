from __future__ import annotations

from codegen.difference.endpoints import endpoints, information, origins
from codegen.spec.document import Json
from tests.codegen.difference.sample_documents import document, lines


def test_a_base_path_is_a_part_of_every_path() -> None:
    old, new = document(path="/v1/things"), document(servers=[{"url": "https://a.example/v1/"}])
    assert [endpoint.name for endpoint in endpoints(new).values()] == ["POST /v1/things"]
    assert lines(old, new) == []


def test_several_base_paths_are_parts_of_the_hosts() -> None:
    found = document(servers=[{"url": "https://a.example/v1"}, {"url": "https://a.example/v2"}])
    assert [endpoint.name for endpoint in endpoints(found).values()] == ["POST /things"]
    assert origins(found) == {"https://a.example/v1", "https://a.example/v2"}


def test_a_host_that_is_named_first_is_no_change_and_another_is_cosmetic() -> None:
    none, first, other = (document(servers=servers) for servers in ([], [{"url": "https://a"}], [{"url": "https://b"}]))
    assert lines(none, first) == lines(first, none) == []
    assert lines(first, other) == ["cosmetic: servers: https://a became https://b"]


def test_names_of_placeholders_do_not_count_but_where_nothing_else_differs() -> None:
    found = document(path="/a/{x}")
    found["paths"]["/a/{y}"] = found["paths"]["/a/{x}"]
    assert [endpoint.name for endpoint in endpoints(found).values()] == ["POST /a/{x}", "POST /a/{y}"]


def test_the_name_of_a_path_parameter_is_not_sent() -> None:
    old, new = (
        document({"parameters": [{"in": "path", "name": name, "required": True, "schema": {}}]}, path=f"/a/{{{name}}}")
        for name in ("x", "y.z")
    )
    assert lines(old, new) == ["cosmetic: POST /a/{y.z} · path y.z: was called 'x'"]


def test_parameters_of_a_path_are_each_operations_own_and_may_be_references() -> None:
    own = document({"parameters": [{"in": "query", "name": "q", "schema": {"type": "string"}}]})
    shared = document(components={"parameters": {"Q": own["paths"]["/things"]["post"]["parameters"][0]}})
    shared["paths"]["/things"]["parameters"] = [{"$ref": "#/components/parameters/Q"}]
    assert lines(own, shared) == []


def test_what_a_file_says_of_itself_is_told() -> None:
    assert information({}) == {"title": "", "description": "", "version": ""}
    assert lines(document(), document(info={"title": "", "version": "2"})) == [
        'cosmetic: info · version: "1" became "2"'
    ]


def test_what_is_no_description_of_a_service_has_no_operations() -> None:
    odd: list[Json] = [
        {},
        {"paths": []},
        {"paths": {"/a": None}},
        {"paths": {"/a": {"get": 1}}},
        {"servers": ["x", {"url": "a\nb"}]},
    ]
    for found in odd:
        assert endpoints(found) == {}
    assert origins({"servers": ["x"]}) == frozenset()
