from __future__ import annotations

import pytest

from codegen.spec.document import Json
from tests.codegen.difference.sample_documents import document, lines, swapped

AT = "POST /things"
STRING: Json = {"type": "string"}
Q = f"{AT} · query q"
GONE = f"breaking: {Q}: the parameter is removed"
SECURITY = f"{AT} · security: requires"
KEYED = "API key in the header x-api-key"
JSON: Json = {"content": {"application/json": {"schema": STRING}}}


def query(name: str = "q", **more: object) -> Json:
    return {"in": "query", "name": name, "schema": STRING, **more}


def test_an_operation_is_described_and_deprecated() -> None:
    there, back = swapped(document(), document({"summary": "a", "description": "b", "deprecated": True}))
    assert there == [f"additive: {AT}: now deprecated", f'cosmetic: {AT}: new description: "a b"']
    assert back == [f"cosmetic: {AT}: no longer deprecated", f"cosmetic: {AT}: the description is removed"]


@pytest.mark.parametrize(
    ("old", "new", "there", "back"),
    [
        ([], [query()], f"additive: {Q}: new optional parameter, string", GONE),
        ([], [query(required=True)], f"breaking: {Q}: new required parameter, string", GONE),
        (
            [query()],
            [query(required=True)],
            f"breaking: {Q}: now required",
            f"additive: {Q}: no longer required",
        ),
        (
            [query()],
            [query(schema={"type": "integer"})],
            f"breaking: {Q}: type string became integer",
            f"breaking: {Q}: type integer became string",
        ),
        (
            [query()],
            [query(description="x")],
            f'cosmetic: {Q}: new description: "x"',
            f"cosmetic: {Q}: the description is removed",
        ),
        (
            [query(schema={"type": "array", "items": STRING}, style="form", explode=True)],
            [query()],
            f"breaking: {Q}: type array became string",
            f"breaking: {Q}: type string became array",
        ),
        (
            [query()],
            [query(deprecated=True)],
            f"additive: {Q}: now deprecated",
            f"cosmetic: {Q}: no longer deprecated",
        ),
        (
            [query(style="form", explode=True)],
            [query(style="form", explode=False)],
            f"breaking: {Q}: lists are sent as form, not exploded, not as form, exploded",
            f"breaking: {Q}: lists are sent as form, exploded, not as form, not exploded",
        ),
    ],
)
def test_a_parameter_comes_goes_and_changes(old: list[Json], new: list[Json], there: str, back: str) -> None:
    found = swapped(document({"parameters": old}), document({"parameters": new}))
    assert found == ([there], [back])


def test_a_parameter_that_moves_is_removed_and_new() -> None:
    found = lines(document({"parameters": [query()]}), document({"parameters": [query() | {"in": "header"}]}))
    assert found == [
        f"breaking: {AT} · query q: the parameter is removed",
        f"additive: {AT} · header q: new optional parameter, string",
    ]


def test_a_header_is_the_same_in_capitals() -> None:
    old, new = ([{"in": "header", "name": name, "schema": STRING}] for name in ("X-Trace", "x-trace"))
    assert lines(document({"parameters": old}), document({"parameters": new})) == []


def test_a_body_comes_and_goes_and_is_required() -> None:
    none, optional, required = (
        document(),
        document({"requestBody": JSON}),
        document({"requestBody": JSON | {"required": True}}),
    )
    gone = f"breaking: {AT} · request: the body is removed"
    assert swapped(none, optional) == ([f"additive: {AT} · request: new optional body, string"], [gone])
    assert swapped(none, required) == ([f"breaking: {AT} · request: new required body, string"], [gone])
    assert swapped(optional, required) == (
        [f"breaking: {AT} · request: now required"],
        [f"additive: {AT} · request: no longer required"],
    )


def test_a_body_is_described() -> None:
    found = lines(document({"requestBody": JSON}), document({"requestBody": JSON | {"description": "x"}}))
    assert found == [f'cosmetic: {AT} · request: new description: "x"']


def test_a_media_type_comes_and_goes() -> None:
    more = {"content": {**JSON["content"], "text/plain": {"schema": STRING}}}
    assert swapped(document({"requestBody": JSON}), document({"requestBody": more})) == (
        [f"additive: {AT} · request: new media type text/plain"],
        [f"breaking: {AT} · request: the media type text/plain is removed"],
    )


def test_bodies_of_other_media_types_are_compared_all_the_same() -> None:
    other = {"content": {"text/json": {"schema": {"type": "integer"}}}}
    assert lines(document({"requestBody": JSON}), document({"requestBody": other})) == [
        f"breaking: {AT} · request: the media type application/json is removed",
        f"breaking: {AT} · request: type string became integer",
        f"additive: {AT} · request: new media type text/json",
    ]


def test_a_file_that_does_not_restrict_media_types_says_nothing_about_them() -> None:
    old, new = (responses(s200={"content": {media: {"schema": STRING}}}) for media in ("*/*", "application/json"))
    assert swapped(old, new) == ([], [])


def test_the_name_of_a_path_parameter_is_not_sent() -> None:
    old, new = (
        document({"parameters": [{"in": "path", "name": name, "required": True, "schema": {}}]}, path=f"/a/{{{name}}}")
        for name in ("x", "y.z")
    )
    assert lines(old, new) == ["cosmetic: POST /a/{y.z} · path y.z: was called 'x'"]


def test_a_host_that_is_named_first_is_no_change_and_another_is_cosmetic() -> None:
    none, first, other = (document(servers=servers) for servers in ([], [{"url": "https://a"}], [{"url": "https://b"}]))
    assert swapped(none, first) == ([], [])
    assert lines(first, other) == ["cosmetic: servers: https://a became https://b"]


def test_what_a_file_says_about_itself_is_not_compared() -> None:
    assert lines(document(), document(info={"title": "x", "version": "2", "description": "y"})) == []


def responses(**found: Json) -> Json:
    return document(
        {"responses": {name.removeprefix("s"): {"description": "", **entry} for name, entry in found.items()}}
    )


R = f"{AT} · response"


@pytest.mark.parametrize(
    ("old", "new", "there", "back"),
    [
        (
            responses(s200={}),
            responses(s200={}, s201={}),
            f"additive: {R} 201: new response",
            f"cosmetic: {R} 201: the response is removed",
        ),
        (
            responses(s200={}),
            responses(s200={}, s429={}),
            f"cosmetic: {R} 429: new response",
            f"cosmetic: {R} 429: the response is removed",
        ),
        (
            responses(s200={}),
            responses(s200=JSON),
            f"additive: {R} 200: new body, string",
            f"breaking: {R} 200: the body is removed",
        ),
    ],
)
def test_a_response_comes_and_goes(old: Json, new: Json, there: str, back: str) -> None:
    assert swapped(old, new) == ([there], [back])


def test_the_body_and_the_headers_of_a_new_response_are_not_told_of() -> None:
    new = responses(s200={}, s201={**JSON, "headers": {"X": {"schema": STRING}}})
    assert swapped(responses(s200={}), new) == (
        [f"additive: {R} 201: new response"],
        [f"cosmetic: {R} 201: the response is removed"],
    )


def test_a_success_in_the_place_of_another_breaks() -> None:
    assert lines(responses(s200={}), responses(s202={})) == [
        f"breaking: {AT} · response 200: the response is removed",
        f"additive: {AT} · response 202: new response",
    ]


def test_responses_are_described_and_their_extensions_ignored() -> None:
    new = responses(s200={"description": "x"})
    new["paths"]["/things"]["post"]["responses"]["x-more"] = 1
    assert lines(responses(s200={}), new) == [f'cosmetic: {AT} · response 200: new description: "x"']


def test_a_header_comes_goes_and_changes() -> None:
    def headers(**found: Json) -> Json:
        return responses(s200={"headers": found})

    at = f"{AT} · response 200 header x"
    assert swapped(headers(), headers(X={"schema": STRING})) == (
        [f"additive: {at}: new header, string"],
        [f"breaking: {at}: the header is removed"],
    )
    changed = headers(x={"schema": {"type": "integer"}, "description": "d"})
    assert lines(headers(X={"schema": STRING}), changed) == [
        f"breaking: {at}: type string became integer",
        f'cosmetic: {at}: new description: "d"',
    ]


KEY: Json = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
BASIC: Json = {"type": "basic"}


def secured(*ways: Json, **schemes: Json) -> Json:
    return document(security=list(ways), components={"securitySchemes": schemes})


def test_schemes_are_what_they_ask_for_whatever_they_are_called() -> None:
    assert lines(secured({"a": []}, a=KEY), secured({"b": []}, b=KEY | {"description": "x"})) == []


def test_an_operation_may_have_its_own_ways_in() -> None:
    old, new = secured({"a": []}, a=KEY), secured(a=KEY)
    new["paths"]["/things"]["post"]["security"] = [{"a": []}]
    assert lines(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            secured({"a": []}, a=KEY),
            secured({"a": []}, {"b": []}, a=KEY, b=BASIC),
            f"additive: {SECURITY} {KEYED} or basic authentication, not just {KEYED}",
        ),
        (
            secured({"a": []}, {"b": []}, a=KEY, b=BASIC),
            secured({"a": []}, a=KEY),
            f"breaking: {SECURITY} {KEYED}, not {KEYED} or basic authentication",
        ),
        (secured({"a": []}, a=KEY), secured(), f"additive: {SECURITY} nothing, not just {KEYED}"),
        (secured(), secured({"a": []}, a=KEY), f"breaking: {SECURITY} {KEYED}, not nothing"),
        (
            secured({"a": [], "b": []}, a=KEY, b=BASIC),
            secured({"a": []}, a=KEY),
            f"additive: {SECURITY} {KEYED}, not just {KEYED} and basic authentication",
        ),
        (secured({"a": []}), secured({"b": []}), f"breaking: {SECURITY} b authentication, not a authentication"),
    ],
)
def test_ways_in_come_and_go(old: Json, new: Json, found: str) -> None:
    assert lines(old, new) == [found]
