"""The program of the page on Flask, served by gunicorn as the page says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.guides.crowd import Crowd, Step
from tests.guides.guide_programs import meet_crowd, read_page

pytestmark = [pytest.mark.slow, pytest.mark.once]


def plan(is_late: bool) -> Sequence[Step]:
    late = [Step("says", "Hi", "come_back", attempt="How can we help?")] if is_late else []
    return [
        *late,
        Step("says", "Hello", "How can we help?"),
        Step("taps", "Opening hours", "We are open from 12 to 22."),
        Step("taps", "Our menu", "Hungry?"),
        Step("picks", "Soup", "Soup will be ready soon."),
    ]


async def test_no_customer_of_the_flask_bot_hears_twice_or_nothing(tmp_path: Path) -> None:
    page = read_page("flask")
    page.write_files(tmp_path)
    await meet_crowd(Crowd(plan), page.find_servers()[:1], tmp_path)
