"""Settings of every test: property tests try the same inputs on every run, and no test asserts a time."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
