"""Settings of every test: property tests try the same inputs on every run, and no test asserts a time."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

from connectly_api.transport.adapters import pyreqwest_loading
from tests.left_out import leave_out
from tests.thoroughness import SAMPLE

leave_out()
pytest_plugins = ["tests.database_servers"]
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it runs in the background like that, and the programs that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("thorough", derandomize=True, deadline=None)
settings.register_profile("sample", settings.get_profile("thorough"), max_examples=100 // SAMPLE)
settings.load_profile("sample")


@pytest.fixture(scope="session", autouse=True)
def _trusted() -> None:
    """Vouch for pyreqwest: its plugin for pytest has imported it, in the main thread, which lasts."""
    pyreqwest_loading._LOADER._loaded = pyreqwest_loading._import(is_safe=True)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let coverage start in the workers of `make test`, and in no other process.

    The process that hands the tests out runs none of them; the programs that tests start would take long.
    """
    if hasattr(session.config, "workerinput"):
        os.environ.pop("COVERAGE_PROCESS_START", None)
    elif os.environ.pop("MEASURE_COVERAGE", ""):
        os.environ["COVERAGE_PROCESS_START"] = str(session.config.rootpath / "pyproject.toml")
