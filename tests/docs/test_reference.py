"""The signatures in the reference are those of the running program."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

import attrs
import griffe
import pytest

from tests.docs.pages import ROOT
from tools.attrs_signatures import AttrsSignatures


def list_public_objects() -> dict[str, Any]:
    pages = (ROOT / "docs" / "reference").glob("*.md")
    modules = re.findall(r"^::: (\S+)$", "\n".join(page.read_text("utf-8") for page in pages), re.MULTILINE)
    return {
        f"{module}.{name}": getattr(import_module(module), name)
        for module in modules
        for name in import_module(module).__all__
    }


VALUES = {name: one for name, one in list_public_objects().items() if inspect.isclass(one) and attrs.has(one)}


@pytest.fixture(scope="module")
def package() -> griffe.Module:
    extensions = griffe.load_extensions(AttrsSignatures)
    loaded = griffe.load("connectly_api", search_paths=[ROOT], extensions=extensions, allow_inspection=False)
    assert isinstance(loaded, griffe.Module)
    return loaded


def test_there_are_value_classes() -> None:
    names = {"connectly_api.Button", "connectly_api.webhooks.InboundMessage", "connectly_api.sandbox.Settings"}
    assert names <= VALUES.keys()


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_value_class_shows_the_parameters_that_it_takes(package: griffe.Module, name: str) -> None:
    shown = list(package[name.removeprefix("connectly_api.")].parameters)
    taken = list(inspect.signature(VALUES[name]).parameters.values())
    assert [one.name for one in shown] == ["self", *(one.name for one in taken)]
    for one, parameter in zip(shown[1:], taken, strict=True):
        assert one.kind is not None
        assert one.kind.name == parameter.kind.name.lower()
        assert (one.default is None) == (parameter.default is inspect.Parameter.empty)
        assert normalize(one.annotation) == normalize(parameter.annotation)


def normalize(annotation: object) -> str:
    return re.sub(r"[\s'\"]", "", str(annotation))
