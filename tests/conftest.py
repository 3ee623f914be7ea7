"""Settings of every test: property tests try the same inputs on every run, and no test asserts a time."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# Coverage is measured in the workers of a parallel run. The hundreds of programs that they start in turn take half as
# long again with it, and run nothing that is not tested in the workers, too.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
