"""Importing the package costs next to nothing."""

from __future__ import annotations

from tests.webhooks.test_lazy_webhooks import find_heavy_modules


def test_the_package_loads_no_database_no_http_library_and_no_event_loop() -> None:
    assert find_heavy_modules("import connectly_api.campaigns") == []


def test_the_states_of_rows_load_no_database() -> None:
    assert "sqlite3" not in find_heavy_modules("from connectly_api.campaigns import Reject, RowState")
