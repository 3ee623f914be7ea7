"""Settings of every test: property tests try the same inputs on every run, and no test asserts a time."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from connectly_api.transport.adapters import pyreqwest_loading

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def _trusted() -> None:
    """Vouch for pyreqwest: its plugin for pytest has imported it, in the main thread, which lasts."""
    pyreqwest_loading._LOADER._loaded = pyreqwest_loading._import(is_safe=True)


@pytest.fixture(scope="session", autouse=True)
def _unmeasured() -> None:
    """Measure coverage where tests run; in the programs that they start it would take long."""
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
