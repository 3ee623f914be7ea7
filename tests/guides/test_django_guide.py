"""The programs of the page on Django, served by gunicorn and by uvicorn as the page says."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from connectly_api.sandbox import Settings
from tests.guides.crowd import Crowd
from tests.guides.guide_programs import build_environment, meet_crowd, read_page

pytestmark = pytest.mark.long

VARIABLES = {"DJANGO_SETTINGS_MODULE": "shop.settings", "DJANGO_SECRET_KEY": "secret-of-a-test"}


PAGE = read_page("django")


GUNICORN, UVICORN = PAGE.find_servers()
PLAIN_ASGI = ("uvicorn", "--factory", "django.core.asgi:get_asgi_application", "--port", "8000")


@pytest.mark.parametrize(
    ("server", "number"), [(GUNICORN, 0), (UVICORN, 1), (PLAIN_ASGI, 0)], ids=["WSGI", "ASGI", "plain views on ASGI"]
)
async def test_no_customer_of_the_django_bot_hears_twice_or_nothing(
    server: tuple[str, ...], number: int, tmp_path: Path
) -> None:
    PAGE.write_files(tmp_path, number)
    manage(tmp_path, "makemigrations")
    manage(tmp_path, "migrate")

    def read_statuses() -> str:
        with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            rows = connection.execute("SELECT message_id, status FROM shop_statuschange")
            return "".join(f"{message_id} {status}\n" for message_id, status in rows)

    await meet_crowd(Crowd(), [server], tmp_path, read_statuses=read_statuses, **VARIABLES)


def test_the_tests_of_the_django_bot_pass_as_often_as_they_run(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    manage(tmp_path, "makemigrations")
    for _ in range(2):
        assert "Ran 1 test" in manage(tmp_path, "test", "-W", "error")


def manage(folder: Path, name: str, *options: str) -> str:
    """Give one of the page's commands of Django, and return what it says."""
    (words,) = [words for words in PAGE.commands if words[:4] == ("python", "-m", "django", name)]
    command = [sys.executable, *options, *words[1:]]
    environment = build_environment(Settings(), "http://127.0.0.1:9", **VARIABLES)
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr
