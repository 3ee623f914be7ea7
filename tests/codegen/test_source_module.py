"""The module that says what a tree was generated from, and where its operations are."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from codegen.render.source_module import render_source_module

VERSIONS = {"openapi-python-client": "1.2", "ruff": "3.4"}


def execute(source: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    exec(compile(source, "_source.py", "exec"), found)  # noqa: S102  what was just generated
    return found


@pytest.mark.parametrize("path", ["/v1/things/{thing.id}", '/v1/"""+"}\\', "/v1/größe\n\u2028{x}", "/v1/{{x}}'"])
def test_any_path_arrives_as_it_is(path: str) -> None:
    operation = {"operationId": "get_thing", "x-path": path, "responses": {}}
    rendered = render_source_module({"paths": {"/renamed": {"get": operation}}}, b"{}", VERSIONS)
    assert rendered.isascii()
    found = execute(rendered)
    assert found["OPERATIONS"] == {"get_thing": ("GET", path)}
    assert found["SWAGGER_SHA256"] == hashlib.sha256(b"{}").hexdigest()
    assert (found["GENERATOR"], found["FORMATTER"]) == ("openapi-python-client 1.2", "ruff 3.4")


def test_the_order_in_the_file_changes_nothing() -> None:
    paths = {f"/{name}": {"get": {"operationId": name, "x-path": f"/{name}", "responses": {}}} for name in "bca"}
    turned = dict(sorted(paths.items()))
    assert render_source_module({"paths": paths}, b"", VERSIONS) == render_source_module(
        {"paths": turned}, b"", VERSIONS
    )
