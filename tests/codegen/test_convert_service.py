from __future__ import annotations

import pytest

from codegen.spec.document import CodegenError, Json
from codegen.spec.to_openapi.service import (
    convert_docs,
    convert_info,
    convert_security,
    convert_security_scheme,
    convert_servers,
    convert_tag,
)


def test_info_docs_and_tags_are_kept() -> None:
    info = {"title": "a", "version": "1", "contact": {"email": "a@example.com"}, "license": {"name": "MIT"}, "x-a": 1}
    assert convert_info(info) == info
    docs = {"url": "https://example.com", "description": "More."}
    assert convert_docs(docs, "#") == docs
    assert convert_tag({"name": "a", "externalDocs": docs}, "#/tags/0") == {"name": "a", "externalDocs": docs}
    assert convert_tag({"name": "a", "x-b": 2}, "#/tags/0") == {"name": "a", "x-b": 2}


@pytest.mark.parametrize(
    ("info", "problem"),
    [
        ({"title": "a"}, "#/info: 'version' is missing"),
        ({"title": "a", "version": "1", "license": {}}, "#/info/license: 'name' is missing"),
        ({"title": "a", "version": "1", "contact": {"phone": "1"}}, "#/info/contact/phone: unknown key"),
    ],
)
def test_info_that_is_incomplete_or_unknown_is_refused(info: Json, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        convert_info(info)


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ({}, {}),
        ({"schemes": ["https"]}, {"x-schemes": ["https"]}),
        ({"basePath": "/v1"}, {"servers": [{"url": "/v1"}]}),
        ({"basePath": "/v1", "schemes": ["https"]}, {"x-schemes": ["https"], "servers": [{"url": "/v1"}]}),
        ({"host": "a.example"}, {"servers": [{"url": "//a.example"}]}),
        (
            {"host": "a.example:8443", "basePath": "/v1", "schemes": ["https", "http"]},
            {"servers": [{"url": "https://a.example:8443/v1"}, {"url": "http://a.example:8443/v1"}]},
        ),
    ],
)
def test_schemes_host_and_base_path_become_servers(root: Json, expected: Json) -> None:
    assert convert_servers(root, root, "#") == expected


def test_an_operation_with_schemes_of_its_own_has_servers_of_its_own() -> None:
    root = {"host": "a.example", "basePath": "/v1", "schemes": ["http"]}
    assert convert_servers(root, {"schemes": ["https"]}, "#/o") == {"servers": [{"url": "https://a.example/v1"}]}
    assert convert_servers({"basePath": "/v1"}, {"schemes": ["https"]}, "#/o") == {"x-schemes": ["https"]}


@pytest.mark.parametrize(
    ("root", "problem"),
    [
        ({"basePath": "v1"}, "#/basePath: must begin with a slash"),
        ({"host": ""}, "#/host: must be a name"),
        ({"host": "{tenant}.example"}, "#/host: must be a name"),
        ({"host": "a.example/v1"}, "#/host: must be a name"),
        ({"host": "user@a.example"}, "#/host: must be a name"),
        ({"schemes": "https"}, "#/schemes: must be a list"),
    ],
)
def test_addresses_that_are_none_are_refused(root: Json, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        convert_servers(root, root, "#")


def test_security_requirements_are_kept() -> None:
    assert convert_security([{"Key": []}, {"OAuth": ["read"]}, {}], "#/security") == [
        {"Key": []},
        {"OAuth": ["read"]},
        {},
    ]
    with pytest.raises(CodegenError, match="#/security/0: must be an object"):
        convert_security(["Key"], "#/security")
    with pytest.raises(CodegenError, match="#/security/0/Key: must be a list"):
        convert_security([{"Key": "read"}], "#/security")


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ({"type": "basic", "description": "It."}, {"type": "http", "scheme": "basic", "description": "It."}),
        (
            {"type": "apiKey", "name": "X-API-Key", "in": "header", "x-a": 1},
            {"type": "apiKey", "name": "X-API-Key", "in": "header", "x-a": 1},
        ),
        (
            {"type": "oauth2", "flow": "application", "tokenUrl": "https://t", "scopes": {"a": "A."}},
            {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://t", "scopes": {"a": "A."}}}},
        ),
        (
            {"type": "oauth2", "flow": "implicit", "authorizationUrl": "https://a"},
            {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://a", "scopes": {}}}},
        ),
    ],
)
def test_each_kind_of_security_is_converted(scheme: Json, expected: Json) -> None:
    assert convert_security_scheme(scheme, "#/s") == expected


@pytest.mark.parametrize(
    ("scheme", "problem"),
    [
        ({}, "#/s: 'type' is missing"),
        ({"type": "bearer"}, "#/s/type: 'bearer' is not a kind"),
        ({"type": "apiKey", "in": "header"}, "#/s: 'name' is missing"),
        ({"type": "oauth2"}, "#/s/flow: must be one of implicit, password, application, accessCode"),
        ({"type": "oauth2", "flow": "accessCode", "tokenUrl": "t"}, "#/s: 'authorizationUrl' is missing"),
        ({"type": "basic", "realm": "a"}, "#/s/realm: unknown key"),
    ],
)
def test_security_that_is_unknown_or_incomplete_is_refused(scheme: Json, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        convert_security_scheme(scheme, "#/s")
