"""The program of the page on Flask, served by gunicorn as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides.crowd import Crowd
from tests.guides.guide_programs import meet_crowd, read_page

pytestmark = [pytest.mark.slow, pytest.mark.once]


async def test_no_customer_of_the_flask_bot_hears_twice_or_nothing(tmp_path: Path) -> None:
    page = read_page("flask")
    page.write_files(tmp_path)
    await meet_crowd(Crowd(), page.find_servers()[:1], tmp_path)
