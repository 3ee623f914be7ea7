"""The program of the page on Celery: "web.py" is served by gunicorn, and a worker runs "tasks.py"."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides.crowd import Crowd
from tests.guides.filequeue import build_search_path
from tests.guides.guide_programs import meet_crowd, read_page

pytestmark = [pytest.mark.slow, pytest.mark.once]

PAGE = read_page("celery")


async def test_no_customer_of_the_celery_bot_hears_twice_or_nothing(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    await meet_crowd(Crowd(), PAGE.find_servers(), tmp_path, PYTHONPATH=build_search_path(tmp_path / "site"))
