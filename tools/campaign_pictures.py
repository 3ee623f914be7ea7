"""Draw what the terminal shows of a campaign: `python -m tools.campaign_pictures` writes pictures into docs/assets.

Run it again after you change what `connectly campaign` prints.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import attrs
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, RenderableType
from rich.text import Text

from connectly_api.campaigns import CampaignPace, CampaignStatus, PlanResult
from connectly_api.cli.plan_summary import PlanSummary
from connectly_api.cli.progress_bar import render_progress

_ASSETS: Final = Path(__file__).resolve().parent.parent / "docs" / "assets"
_WIDTH: Final = 88
# The site loads nothing from other servers.
_FORMAT: Final = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)

_PLAN: Final = PlanResult(
    rows=4988,
    rejected=12,
    reasons={"phone: is neither a phone number nor a BSUID": 7, "duplicate of line …": 4, "name: is empty": 1},
    is_resumed=False,
    digest="",
    sample='{"number":"+491701234567","templateName":"spring","language":"de","parameters":[{"name":"body_1",'
    '"value":"Anna"},{"name":"body_2","value":"SPRING-1"}],"callbackData":{"connectly_campaign":"Vv3kq1ZpR0aT/1"}}',
)
_LINES: Final = {
    "phone: is neither a phone number nor a BSUID": [19, 44, 310],
    "duplicate of line …": [702, 1533, 2210],
    "name: is empty": [3051],
}
_RUNNING: Final = CampaignStatus(
    name="spring",
    state="running",
    reason=None,
    total=4988,
    rejected=12,
    pending=1886,
    sending=64,
    accepted=3023,
    refused=9,
    unknown=6,
    sent=80,
    delivered=1627,
    read=1204,
    failed=3,
    rate=69.0,
    remaining_seconds=28.0,
    waiting_for="its own rate limit",
)
_STOPPED: Final = attrs.evolve(
    _RUNNING,
    state="stopped",
    reason="20 rows in a row were not accepted",
    pending=1931,
    sending=0,
    refused=28,
    rate=0.0,
    remaining_seconds=None,
    waiting_for=None,
)


def draw_pictures() -> Iterator[tuple[Path, str]]:
    """Yield each picture's file and its content."""
    summary = PlanSummary(_PLAN, _LINES, CampaignPace(), timedelta(days=1), is_masked=True, status=_RUNNING, empty=0)
    plan = Text("\n".join(summary.format_lines("spring")))
    yield _draw("campaign-plan", "connectly campaign plan customers.csv --name spring …", plan)
    yield _draw("campaign-run", "connectly campaign run spring", render_progress(_RUNNING))
    yield _draw("campaign-stopped", "connectly campaign run spring", render_progress(_STOPPED))


def _draw(name: str, command: str, output: RenderableType) -> tuple[Path, str]:
    console = Console(
        record=True,
        width=_WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    console.print(Text(f"$ {command}", "bold"))
    console.print(output)
    text = console.export_svg(title="connectly", code_format=_FORMAT, unique_id=name)
    return _ASSETS / f"{name}.svg", "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def main() -> int:
    """Write the pictures."""
    for path, text in draw_pictures():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
