"""The vendored Swagger file, as it is shipped, and its independent reader."""

from __future__ import annotations

import pytest

from tests.contract.reader import Reader
from tests.contract.service_file import VENDORED


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader(VENDORED)
