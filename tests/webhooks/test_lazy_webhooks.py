from __future__ import annotations

import subprocess
import sys

import pytest

import connectly_api.webhooks

HEAVY = ["httpx", "anyio", "sqlite3", "psycopg", "redis", "starlette", "asyncio", "trio", "jsonschema", "uvicorn"]


def find_heavy_modules(code: str) -> list[str]:
    program = f"import sys; {code}; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_verifying_and_reading_load_no_http_library_no_database_and_no_event_loop() -> None:
    names = "DeliveryStatus, StatusTracker, parse, receive, sign, verify"
    use = "receive({'x-connectly-hmac-sha256': sign(b'{}', 'x')}, b'{}', 'x').key"
    assert find_heavy_modules(f"from connectly_api.webhooks import {names}; {use}") == []


@pytest.mark.parametrize(
    ("name", "loaded"),
    [
        ("Store", []),
        ("MemoryStore", []),
        ("SQLiteStore", ["anyio", "sqlite3"]),
        ("PostgresStore", ["anyio", "psycopg"]),
        ("RedisStore", ["anyio", "redis"]),
        ("WebhookApp", ["anyio", "asyncio"]),
    ],
)
def test_each_part_loads_what_it_needs_and_no_more(name: str, loaded: list[str]) -> None:
    found = find_heavy_modules(f"from connectly_api.webhooks import {name}")
    assert set(loaded) <= set(found)
    assert not {"httpx", "starlette", "uvicorn"} & set(found)
    assert loaded or not found


def test_the_package_names_what_it_has() -> None:
    assert set(connectly_api.webhooks.__all__) <= set(dir(connectly_api.webhooks))
    for name in connectly_api.webhooks.__all__:
        assert getattr(connectly_api.webhooks, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = connectly_api.webhooks.Nonsense
