"""Every Python block of the README runs as it stands, against the sandbox."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import anyio
import pytest

from connectly_api.sandbox import Sandbox

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_readme_opens_with_two_commands() -> None:
    first = README.read_text("utf-8").split("```")[1].splitlines()
    assert [line.split("#")[0].strip() for line in first[1:]] == ["make demo", "make test"]


@pytest.mark.parametrize("number", range(len(BLOCKS)))
async def test_a_block_runs_as_it_stands(number: int) -> None:
    sandbox = Sandbox()
    async with sandbox.serve() as address:
        environment = {
            **os.environ,
            "CONNECTLY_API_KEY": sandbox.settings.api_key,
            "CONNECTLY_BUSINESS_ID": sandbox.settings.business_id,
            "CONNECTLY_BASE_URL": address,
        }
        done = await anyio.run_process(
            [sys.executable, "-W", "error", "-c", BLOCKS[number]], env=environment, cwd=README.parent, check=False
        )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert len(sandbox.messages) >= 1 or "from_env" not in BLOCKS[number]
    assert all(request.status == 200 for request in sandbox.requests)


def test_there_are_blocks_to_run() -> None:
    assert len(BLOCKS) >= 4
