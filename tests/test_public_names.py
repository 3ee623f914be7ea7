"""The public surface: what `connectly_api` exports, to people and to type checkers, and what importing it costs."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import connectly_api
from connectly_api import conversations, errors, transport

HOME = Path(connectly_api.__file__).parents[1]
LAZY = [connectly_api, conversations, transport]
EVERY_NAME = [(package, name) for package in LAZY for name in package.__all__]


def for_type_checkers(package: ModuleType) -> dict[str, str]:
    """Return the names that type checkers see, and the modules that they see them in."""
    tree = ast.parse(inspect.getsource(package))
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name: node.module or "" for node in imports for alias in node.names}


@pytest.mark.parametrize("package", LAZY, ids=lambda package: package.__name__)
def test_the_names_are_listed_once_and_in_order(package: ModuleType) -> None:
    assert list(package.__all__) == sorted(set(package.__all__))


@pytest.mark.parametrize(("package", "name"), EVERY_NAME, ids=lambda value: getattr(value, "__name__", value))
def test_every_listed_name_is_there_and_stays_the_same_object(package: ModuleType, name: str) -> None:
    first = getattr(package, name)

    assert first is not None
    assert getattr(package, name) is first
    assert vars(package)[name] is first
    assert name in dir(package)


@pytest.mark.parametrize("package", LAZY, ids=lambda package: package.__name__)
def test_type_checkers_see_the_same_names_from_the_same_modules(package: ModuleType) -> None:
    seen = for_type_checkers(package)

    assert set(seen) == set(package.__all__) - {"__version__"}
    for name, module in seen.items():
        assert getattr(package, name) is getattr(import_module(module), name)


@pytest.mark.parametrize(("package", "name"), EVERY_NAME, ids=lambda value: getattr(value, "__name__", value))
def test_every_listed_class_says_what_it_means(package: ModuleType, name: str) -> None:
    value = getattr(package, name)

    assert not isinstance(value, type) or inspect.getdoc(value)


@pytest.mark.parametrize("package", LAZY, ids=lambda package: package.__name__)
def test_what_a_package_shows_is_sorted_and_has_no_name_twice(package: ModuleType) -> None:
    shown = dir(package)

    assert shown == sorted(set(shown))
    assert {"__doc__", "__name__", "__all__"} <= set(shown)


@pytest.mark.parametrize("package", LAZY, ids=lambda package: package.__name__)
@pytest.mark.parametrize("name", ["connectly", "Conectly", "_HOMES", "__path__x", "httpx_transport", ""])
def test_any_other_name_is_an_attribute_error_that_names_both(package: ModuleType, name: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute '{name}'"):
        getattr(package, name)


def test_an_import_of_any_other_name_fails_as_usual() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Conectly'"):
        exec("from connectly_api import Conectly", {})  # noqa: S102 (the statement is the test)


def test_a_star_imports_the_listed_names_and_no_other() -> None:
    names: dict[str, object] = {}
    exec("from connectly_api import *", names)  # noqa: S102 (a star is not allowed within a function)

    assert set(names) - {"__builtins__"} == set(connectly_api.__all__)


def test_every_error_is_a_public_name_of_the_package() -> None:
    assert set(errors.__all__) <= set(connectly_api.__all__)


def loaded_after(statement: str) -> set[str]:
    """Return the top-level packages and the modules of this one that are loaded after a statement, in a new process."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=HOME, capture_output=True, check=True, text=True)
    return set(json.loads(done.stdout))


HEAVY = {"httpx", "httpcore", "anyio", "sniffio", "trio", "attr", "attrs", "asyncio", "ssl", "starlette", "jsonschema"}


def test_importing_the_package_imports_nothing_heavy() -> None:
    loaded = loaded_after("import connectly_api")

    assert loaded & HEAVY == set()
    assert {name for name in loaded if name.startswith("connectly_api.")} == {
        "connectly_api._version",
        "connectly_api.lazy",
    }


@pytest.mark.parametrize(
    "statement",
    ["import connectly_api.transport", "from connectly_api import Connectly, Text", "from connectly_api import *"],
)
def test_no_name_of_the_package_imports_an_http_library(statement: str) -> None:
    loaded = loaded_after(statement)

    assert "connectly_api" in loaded
    assert loaded & {"httpx", "httpcore", "trio", "starlette", "uvicorn", "jsonschema"} == set()


def test_an_error_can_be_caught_without_the_http_edge() -> None:
    loaded = loaded_after("from connectly_api import ApiError")

    assert loaded & {"httpx", "httpcore", "anyio", "asyncio", "connectly_api.client"} == set()
