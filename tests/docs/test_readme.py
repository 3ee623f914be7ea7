"""The README's program and its bot, as a reader follows them after the install."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.docs.pages import ROOT, blocks_of
from tests.docs.sandbox_reader import open_reader, wait_until
from tests.docs.shell import Command

BLOCKS = blocks_of(ROOT / "README.md")


def test_the_readmes_program_prints_what_it_shows_and_its_bot_replies(tmp_path: Path) -> None:
    served = next(index for index, block in enumerate(BLOCKS) if "uvicorn bot:app" in block.text)
    with open_reader(tmp_path) as reader:
        for block in BLOCKS[1 : served + 1]:
            if block.language == "text":
                reader.give(Command({}, ("python", "hello.py")))
            reader.follow(block)
        assert [block.title for block in BLOCKS if block.title] == ["hello.py", "bot.py"]

        def has_reply() -> bool:
            messages: Any = httpx.get(f"http://127.0.0.1:{reader.ports['8750']}/__sandbox__/messages").json()
            return "You wrote: Hi" in str(messages)

        wait_until(has_reply, reader.servers[-1])
