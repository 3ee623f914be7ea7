"""The signatures in the reference are those of the running program."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import attrs
import griffe
import pytest

from tests.docs.pages import ROOT
from tools.attrs_signatures import AttrsSignatures
from tools.site_check import public_names, referenced

NAMES = [name for source in referenced(ROOT / "docs" / "reference") for name in public_names(source)]


def found(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


VALUES = [name for name in NAMES if inspect.isclass(found(name)) and attrs.has(found(name))]


@pytest.fixture(scope="module")
def package() -> griffe.Module:
    extensions = griffe.load_extensions(AttrsSignatures)
    loaded = griffe.load("connectly_api", search_paths=[ROOT], extensions=extensions, allow_inspection=False)
    assert isinstance(loaded, griffe.Module)
    return loaded


def test_there_are_value_classes() -> None:
    assert {"connectly_api.Button", "connectly_api.webhooks.InboundMessage", "connectly_api.sandbox.Settings"} <= set(
        VALUES
    )


@pytest.mark.parametrize("name", VALUES)
def test_a_value_class_shows_the_parameters_that_it_takes(package: griffe.Module, name: str) -> None:
    shown = package[name.removeprefix("connectly_api.")].parameters
    taken = list(inspect.signature(found(name)).parameters.values())
    assert [one.name for one in shown] == ["self", *(one.name for one in taken)]
    for one, parameter in zip(list(shown)[1:], taken, strict=True):
        assert one.kind is not None
        assert one.kind.name == parameter.kind.name.lower()
        assert (one.default is None) == (parameter.default is inspect.Parameter.empty)
        assert type_of(one.annotation) == type_of(parameter.annotation)


def type_of(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else str(annotation)
    return text.replace(" ", "").replace("'", "").replace('"', "")
