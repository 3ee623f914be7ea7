"""The vendored Swagger file, as it is shipped, and its independent reader."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from tests.contract.reader import Reader

VENDORED: dict[str, Any] = json.loads(
    resources.files("connectly_api.lowlevel").joinpath("service.swagger.json").read_bytes()
)


@pytest.fixture(scope="session")
def vendored() -> dict[str, Any]:
    return VENDORED


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader(VENDORED)
