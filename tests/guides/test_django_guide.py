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
from tests.guides.guide_programs import Page, build_environment, meet_crowd, read_page

pytestmark = [pytest.mark.slow, pytest.mark.once]

VARIABLES = {"DJANGO_SETTINGS_MODULE": "shop.settings", "DJANGO_SECRET_KEY": "secret-of-a-test"}


@pytest.mark.parametrize(("server", "number"), [("gunicorn", 0), ("uvicorn", 1)])
async def test_no_customer_of_the_django_bot_hears_twice_or_nothing(server: str, number: int, tmp_path: Path) -> None:
    page = read_page("django")
    page.write_files(tmp_path, number)
    create_tables(page, tmp_path)

    def read_statuses() -> str:
        with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            rows = connection.execute("SELECT message_id, status FROM shop_statuschange")
            return "".join(f"{message_id} {status}\n" for message_id, status in rows)

    commands = [words for words in page.find_servers() if words[0] == server]
    await meet_crowd(Crowd(), commands, tmp_path, read_statuses=read_statuses, **VARIABLES)


def create_tables(page: Page, folder: Path) -> None:
    environment = build_environment(Settings(), "http://127.0.0.1:9", **VARIABLES)
    for words in page.commands:
        if words[:3] == ("python", "-m", "django"):
            subprocess.run([sys.executable, *words[1:]], cwd=folder, env=environment, check=True, timeout=60)
