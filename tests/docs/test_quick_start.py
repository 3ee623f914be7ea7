"""The quick start, from its first line to its last, as a reader follows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.newcomer import follow
from tests.docs.sandbox_reader import BLOCKS, Reader, open_reader


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with open_reader(tmp_path) as reader:
        yield reader


@pytest.mark.slow
def test_whoever_follows_the_page_sees_what_it_shows(reader: Reader) -> None:
    steps = list(follow(reader))
    assert steps == ["first own message to the sandbox", "first webhook handled"]
    assert len(reader.servers) == 2
    # Between them is the operation's id, which is the Swagger file's.
    assert re.search(r"-> POST .+ 200 +text to \+160", reader.servers[0].read_text("utf-8"))
    assert [block.language for block in BLOCKS].count("text") == 2


def test_a_page_that_shows_something_else_is_found(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.docs.sandbox_reader.PATIENCE", 0.2)
    reader.printed = "accepted: 01X\n"
    (reader.folder / "server.txt").write_text("", "utf-8")
    reader.servers.append(reader.folder / "server.txt")
    reader.compare("accepted: 01…\n")
    with pytest.raises(AssertionError, match="did not happen"):
        reader.compare("refused: 01…\n")
