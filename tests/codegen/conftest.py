from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from codegen.generate import Layout
from tests.codegen.samples import ROOT, importable, swagger_path


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ModuleType]:
    """Return a function that generates a tree from one of the Swagger files, once, and imports it."""
    folder = tmp_path_factory.mktemp("generated")
    trees: dict[str, ModuleType] = {}

    def tree(name: str) -> ModuleType:
        if name not in trees:
            trees[name] = importable(f"generated_{name}", Layout.of(ROOT, swagger_path(name)), folder)
        return trees[name]

    return tree
