"""However the vendor writes the same file, the generated tree offers the same, but for what it tells."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator

from codegen.difference import compare
from codegen.documented_facts import apply_facts
from codegen.generate import PUBLISHED, Layout, Tree, build, read_tree
from codegen.naming import read_table
from codegen.spec.to_openapi import convert
from tests.codegen.samples import NAMES, ROOT, VENDORED, swagger, swagger_path
from tests.codegen.styles import STYLES, styled


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table of the names of the vendored file."""
    path = tmp_path_factory.mktemp("names") / "names.json"
    path.write_bytes(first(VENDORED).published)
    return path


@cache
def built(style: str, published: Path) -> Tree:
    path = published.with_name("new.json")
    path.write_text(json.dumps(styled(style)), encoding="utf-8")
    return build(Layout(ROOT, path, published.with_name("tree"), published))


@cache
def first(name: str) -> Tree:
    return build(Layout.of(ROOT, swagger_path(name)))


def code(tree: Tree) -> dict[str, str]:
    """Return what each module does, without what it tells."""
    return {
        path: untold(content) for path, content in tree.files.items() if path.endswith(".py") and path != "_source.py"
    }


def untold(content: bytes) -> str:
    module = ast.parse(content)
    for node in ast.walk(module):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not is_text(part)]  # type: ignore[attr-defined]
    return ast.unparse(module)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_a_style_changes_nothing_that_a_user_of_the_tree_sees(style: str, published: Path) -> None:
    assert code(built(style, published)) == code(first(VENDORED))


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_a_style_keeps_the_table_of_names_and_is_no_difference(style: str, published: Path) -> None:
    before, after = read_table(published.read_bytes()), read_table(built(style, published).published)
    assert after.operations == before.operations
    assert {name: owner.names for name, owner in after.owners.items()} == {
        name: owner.names for name, owner in before.owners.items()
    }
    old, new = convert(swagger(VENDORED)), convert(apply_facts(styled(style)))
    told = {change.kind for change in compare(old, new).changes if change.impact != "cosmetic"}
    assert told <= {"null-allowed"}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_valid(style: str) -> None:
    assert list(OpenAPIV2SpecValidator(styled(style)).iter_errors()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_makes_what_the_first_did(name: str, tmp_path: Path) -> None:
    (tmp_path / "names.json").write_bytes(first(name).published)
    assert build(Layout(ROOT, swagger_path(name), tmp_path, tmp_path / "names.json")) == first(name)


def test_the_packages_own_tree_and_table_are_what_its_file_makes() -> None:
    tree = build(Layout.of(ROOT))
    assert tree.files == read_tree(ROOT / "connectly_api" / "lowlevel")
    assert tree.published == (ROOT / PUBLISHED).read_bytes()
