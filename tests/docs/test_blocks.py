"""Every block of the README and of the site holds: Python runs, shell can be given, data can be read."""

from __future__ import annotations

import configparser
import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

from connectly_api import Connectly
from connectly_api.sandbox import Sandbox
from connectly_api.webhooks import WebhookApp
from tests.docs.pages import ROOT, Block, blocks_of, pages
from tests.docs.shell import Place, check, commands, read_input
from tests.left_out import search_path

# Every block of the documentation is run.
pytestmark = pytest.mark.slow

PAGES = {page.relative_to(ROOT).as_posix(): blocks_of(page) for page in pages()}
BLOCKS = [block for blocks in PAGES.values() for block in blocks]
SHELL = {"sh", "bash", "console"}
DATA: Mapping[str, Callable[[str], object]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
    "ini": lambda text: configparser.ConfigParser().read_string(text),
}
KNOWN = {"python", "text"} | SHELL | set(DATA)
RUN_ELSEWHERE = {("docs/command-line.md", "sh"): "tests/cli/test_documented_commands.py"}
"""By page and language: the tests that run all of its blocks themselves, pipes and files included."""
SERVED = {
    ("README.md", "bot.py"): "tests/docs/test_readme.py",
    ("docs/sandbox-page.md", "bot.py"): "tests/browser/test_walk_through.py",
}
"""By page and title: programs that send nothing until a customer writes, and the tests that serve them."""
GUIDES = [name for name in PAGES if name.startswith("docs/guides/")]
"""Pages with a whole program, which a test of tests/guides runs by its real server."""


def of(*languages: str) -> list[Block]:
    return [
        block
        for block in BLOCKS
        if block.language in languages
        and block.reason is None
        and (block.page, block.language) not in RUN_ELSEWHERE
        and not is_part_of_program(block)
    ]


def is_part_of_program(block: Block) -> bool:
    """Return whether a block is a file of a guide's program; a file of tests is none."""
    return block.page in GUIDES and block.title is not None and not block.title.startswith("test_")


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder with every file that the block's page shows."""
    block: Block = request.getfixturevalue("block")
    for other in PAGES[block.page]:
        if other.title is not None:
            path = tmp_path / other.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(other.text, "utf-8")
    before = set(sys.modules)
    yield tmp_path
    # Another page may show another file of the same name.
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def served(folder: Path, sandbox: Sandbox, address: str, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox that the environment names, as in a terminal opened in the page's folder."""
    settings = sandbox.settings
    monkeypatch.setenv("CONNECTLY_API_KEY", settings.api_key)
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", settings.business_id)
    monkeypatch.setenv("CONNECTLY_BASE_URL", address)
    monkeypatch.setenv("CONNECTLY_WEBHOOK_SECRET", settings.webhook_secret)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    return sandbox


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_says_its_language_or_why_it_is_not_run(block: Block) -> None:
    assert block.reason is not None or block.language in KNOWN, "add a language, or <!-- not run: the reason -->"
    assert block.text.strip()


@pytest.mark.parametrize(
    "block", [block for block in of("python") if not (block.title or "").startswith("test_")], ids=str
)
def test_python_runs_as_it_stands(
    block: Block, folder: Path, served: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    script = folder / (block.title or "block.py")
    script.write_text(block.text, "utf-8")
    made = runpy.run_path(str(script), run_name="__main__")
    close_what_is_open(made)
    assert all(request.status == 200 for request in served.requests)
    assert served.requests or "from_env" not in block.text or (block.page, block.title) in SERVED
    printed = capsys.readouterr()
    assert printed.err == ""
    if (expected := output_below(block)) is not None:
        pattern = ".*?".join(map(re.escape, expected.split("…")))
        assert re.fullmatch(pattern, printed.out, re.DOTALL), printed.out


def close_what_is_open(made: dict[str, Any]) -> None:
    """Close the receivers and clients that a block leaves open, as a server would at its end."""
    for value in made.values():
        if isinstance(value, (Connectly, WebhookApp)):
            anyio.run(value.aclose)


def output_below(block: Block) -> str | None:
    """Return the block of text that follows a block, which is what it prints; `…` stands for anything."""
    blocks = PAGES[block.page]
    following = blocks[blocks.index(block) + 1 :][:1]
    return next((found.text for found in following if found.language == "text" and found.reason is None), None)


@pytest.mark.parametrize("block", of("text"), ids=str)
def test_text_is_what_the_python_above_it_prints(block: Block) -> None:
    blocks = PAGES[block.page]
    before = blocks[blocks.index(block) - 1]
    assert block is not blocks[0]
    assert (before.language, before.reason) == ("python", None)


@pytest.mark.slow
@pytest.mark.parametrize("block", [block for block in of("python") if (block.title or "").startswith("test_")], ids=str)
def test_a_file_of_tests_passes_and_so_many_as_the_page_says(block: Block, folder: Path) -> None:
    # What else is installed here is none of the page's business, and slow to load.
    plugins = ("connectly_api.pytest_plugin", "pytest_asyncio.plugin", "no:cacheprovider")
    # pytest-asyncio warns where its scope is not set, also of tests without a coroutine.
    settings = ("-W", "error", "-o", "asyncio_default_fixture_loop_scope=function")
    command = [sys.executable, "-m", "pytest", *settings, *(word for name in plugins for word in ("-p", name))]
    environment = {**os.environ, "PYTHONPATH": search_path(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, str(block.title)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"([0-9]+ passed) in", done.stdout)
    assert f"`{passed}`" in (ROOT / block.page).read_text("utf-8")


@pytest.mark.parametrize("block", of(*SHELL), ids=str)
def test_shell_can_be_given_as_it_stands(block: Block, folder: Path, sandbox: Sandbox, address: str) -> None:
    given = list(commands(read_input(block)))
    assert given
    for command in given:
        check(command, Place(folder, address))
    assert all(request.status == 200 for request in sandbox.requests)


@pytest.mark.parametrize("block", of(*DATA), ids=str)
def test_data_can_be_read(block: Block) -> None:
    DATA[block.language](block.text)
    assert block.text.strip()


@pytest.mark.parametrize(("page", "tests"), [(page, tests) for (page, _), tests in RUN_ELSEWHERE.items()])
def test_what_is_run_elsewhere_is_run_there(page: str, tests: str) -> None:
    text = (ROOT / tests).read_text("utf-8")
    assert Path(page).name in text
    assert "runs_as_it_stands" in text


@pytest.mark.parametrize(("title", "tests"), [(title, tests) for (_, title), tests in SERVED.items()])
def test_what_is_served_elsewhere_is_served_there(title: str, tests: str) -> None:
    assert f'"{title}"' in (ROOT / tests).read_text("utf-8")


@pytest.mark.parametrize("page", GUIDES)
def test_the_program_of_a_guide_is_run_by_a_test_of_its_own(page: str) -> None:
    name = Path(page).stem
    assert f'read_page("{name}")' in (ROOT / "tests" / "guides" / f"test_{name}_guide.py").read_text("utf-8")


def test_the_readme_opens_with_two_commands() -> None:
    opening = PAGES["README.md"][0]
    assert [command.words for command in commands(opening.text)] == [("make", "demo"), ("make", "test")]


def test_there_are_blocks_of_every_kind_to_run() -> None:
    assert len(of("python")) >= 20
    assert len(of(*SHELL)) >= 5
    assert len(of("text")) >= 1
