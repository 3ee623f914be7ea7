"""The public API is a contract: what is public now is what tests/api keeps, and no program is broken in silence."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

import connectly_api
from tools import api_snapshot
from tools.api_changes import Change, compare, unannounced
from tools.api_rendering import PUBLIC
from tools.api_snapshot import COMMAND, current, judge, stored
from tools.changelog import UNRELEASED, Entry, read_changelog

ROOT = Path(__file__).resolve().parent.parent


def test_the_public_api_is_the_one_that_is_kept() -> None:
    entries = {entry.version: entry for entry in read_changelog((ROOT / "CHANGELOG.md").read_text("utf-8"))}

    differing, refused = judge(stored(), current(), entries.get(UNRELEASED))

    assert not refused, "\n".join(refused)
    assert not differing, "\n".join([f"the public API has changed: run {COMMAND}", *differing])


def test_there_is_a_snapshot_of_every_public_module_that_reads_as_python() -> None:
    assert set(stored()) == set(PUBLIC)
    for text in stored().values():
        ast.parse(text)


def test_a_snapshot_has_every_exported_name_and_no_private_one() -> None:
    names = {node.name for node in ast.parse(stored()["connectly_api"]).body if isinstance(node, ast.ClassDef)}

    assert {name for name in connectly_api.__all__ if isinstance(getattr(connectly_api, name), type)} <= names
    assert not [name for name in names if name.startswith("_")]


OLD = """
class Thing(Protocol):
    size: int
    def grow(self, by: int | float, *, at: str = "top") -> int: ...
    async def wait(self) -> None: ...
    @classmethod
    def make(cls) -> Self: ...
class Options(TypedDict, total=False):
    sender: str
class Place(TypedDict):
    street: str
class Text:
    def __init__(self, text: str) -> None: ...
    text: str
class Failure(Exception):
    retry_safe: bool = True
def send(text: str, /, *args: int, **options: Unpack[Options]) -> str: ...
Limits = Literal["strict", "off"]
Topic: TypeAlias = Literal["messages", "report"]
from connectly_api import Retry
"""


def changed(old: str, new: str) -> dict[str, bool]:
    """Return which names a change of the text above changes, and whether that breaks programs."""
    assert OLD.count(old) == 1
    return {change.name: change.is_breaking for change in compare("m", OLD, OLD.replace(old, new))}


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("class Text:", "class Words:", "Text"),
        ("from connectly_api import Retry", "", "Retry"),
        ("    size: int\n", "", "Thing.size"),
        ("    size: int\n", "    size: str\n", "Thing.size"),
        ("    text: str\n", "    text: str | None\n", "Text.text"),
        ("by: int | float", "by: int", "Thing.grow"),
        ("by: int | float, ", "", "Thing.grow"),
        ("by: int | float", "by: int | float, to: int", "Thing.grow"),
        ("by: int | float", "amount: int | float", "Thing.grow"),
        ('at: str = "top"', "at: str", "Thing.grow"),
        ('at: str = "top"', 'at: str = "end"', "Thing.grow"),
        (") -> int:", ") -> float:", "Thing.grow"),
        ("async def wait", "def wait", "Thing.wait"),
        ("    @classmethod\n", "    @staticmethod\n", "Thing.make"),
        ("    @classmethod\n", "    def shrink(self) -> None: ...\n    @classmethod\n", "Thing.shrink"),
        ("    sender: str\n", "    sender: int\n", "Options.sender"),
        ("    sender: str\n", "    recipient: str\n", "Options.sender"),
        ("    sender: str\n", "    sender: str\n    name: Required[str]\n", "Options.name"),
        ("class Options(TypedDict, total=False)", "class Options(TypedDict)", "Options"),
        ("    street: str\n", "    street: str\n    town: str\n", "Place.town"),
        ("class Failure(Exception)", "class Failure(ValueError)", "Failure"),
        ("retry_safe: bool = True", "retry_safe: bool = False", "Failure.retry_safe"),
        ("text: str, /", "text: bytes, /", "send"),
        ("**options: Unpack[Options]", "**options: str", "send"),
        (', "off"]', "]", "Limits"),
        ('["messages", "report"]', '["messages"]', "Topic"),
        ("__init__(self, text: str)", "__init__(self, text: str, id: str)", "Text.__init__"),
        ('Limits = Literal["strict", "off"]', "def Limits() -> None: ...", "Limits"),
    ],
)  # fmt: skip
def test_what_breaks_a_program_is_found_breaking(old: str, new: str, name: str) -> None:
    assert changed(old, new)[name] is True


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("class Text:", "class Words:\n    text: str\nclass Text:", "Words"),
        ("by: int | float", "by: int | float | None", "Thing.grow"),
        ('at: str = "top"', 'at: str = "top", to: int = 0', "Thing.grow"),
        ("    sender: str\n", "    sender: str\n    name: str\n", "Options.name"),
        ("    sender: str\n", "    sender: str\n    name: NotRequired[str]\n", "Options.name"),
        ("    sender: str\n", "    sender: str | None\n", "Options.sender"),
        ("    street: str\n", "    street: str\n    town: NotRequired[str]\n", "Place.town"),
        ("    text: str\n", "    text: str\n    size: int\n", "Text.size"),
        ("class Failure(Exception)", "class Failure(Exception, ValueError)", "Failure"),
        ("**options: Unpack[Options]", "key: str = '', **options: Unpack[Options]", "send"),
        (', "off"]', ', "warn", "off"]', "Limits"),
        ('["messages", "report"]', '["messages", "report", "calls"]', "Topic"),
        ("from connectly_api import Retry", "from connectly_api import Retry\nfrom connectly_api import Pace", "Pace"),
    ],
)
def test_what_only_adds_is_found_additive(old: str, new: str, name: str) -> None:
    assert changed(old, new) == {name: False}


@pytest.mark.parametrize(("old", "new"), [("class Text:", "class  Text :"), ("by: int | float", "by : int|float")])
def test_the_form_of_the_text_is_no_change(old: str, new: str) -> None:
    assert changed(old, new) == {}


def test_of_a_class_that_goes_or_comes_its_members_are_not_told() -> None:
    assert changed("class Thing(Protocol):", "class Being(Protocol):") == {"Thing": True, "Being": False}


BREAKING = (
    Change("Thing.grow", "was removed", is_breaking=True),
    Change("Thing.size", "is new", is_breaking=False),
)


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("### Removed\n\n- `Thing.grow`, which nobody used.", True),
        ("### Changed\n\n- `grow(by=...)` takes no text any more.", True),
        ("### Changed\n\n- Things `shrink`.\n\n### Removed\n\n- The method `Thing.grow`.", True),
        ("### Added\n\n- `Thing.grow`.", False),
        ("### Changed\n\n- Thing.grow is gone.", False),
        ("### Changed\n\n- `Thing` is smaller.", False),
        ("", False),
    ],
)
def test_a_breaking_change_has_to_be_told_under_changed_or_removed(text: str, is_told: bool) -> None:
    assert unannounced(BREAKING, Entry(UNRELEASED, None, text)) == (() if is_told else BREAKING[:1])


def test_a_constructor_is_told_by_its_class() -> None:
    change = Change("Text.__init__", "parameter was removed (text)", is_breaking=True)

    assert unannounced([change], Entry(UNRELEASED, None, "### Changed\n\n- `Text(...)` takes no text.")) == ()
    assert unannounced([change], Entry(UNRELEASED, None, "### Changed\n\n- `Image`.")) == (change,)


def test_without_an_unreleased_entry_nothing_is_told() -> None:
    assert unannounced(BREAKING, None) == BREAKING[:1]


def test_a_breaking_change_is_refused_with_what_to_do_and_an_addition_is_not() -> None:
    new = OLD.replace("class Text:", "class Words:")

    differing, refused = judge({"m": OLD, "gone": ""}, {"m": new, "more": ""}, None)

    assert differing == [
        "gone: gone: is no public module any more",
        "m: Text: was removed",
        "m: Words: is new",
        "more: more: is a new public module",
    ]
    assert [line.partition(";")[0] for line in refused] == [
        "gone: gone: is no public module any more",
        "m: Text: was removed",
    ]
    assert all("under Changed or Removed of the changelog's Unreleased" in line for line in refused)
    assert judge({"m": OLD}, {"m": OLD}, None) == ([], [])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the tool reads and writes."""
    shutil.copytree(ROOT / "connectly_api", tmp_path / "connectly_api", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "api", tmp_path / "tests" / "api")
    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n")
    return tmp_path


def without_audio(checkout: Path) -> None:
    client = checkout / "connectly_api" / "client.py"
    text = client.read_text("utf-8")
    client.write_text(text.replace("async def send_audio(", "async def send_voice("), "utf-8")


@pytest.mark.slow
def test_the_tool_writes_no_breaking_change_that_the_changelog_does_not_tell(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = stored(checkout)
    without_audio(checkout)

    with pytest.raises(SystemExit, match=r"Connectly\.send_audio: was removed; this breaks programs"):
        api_snapshot.main(checkout)
    assert stored(checkout) == kept

    (checkout / "CHANGELOG.md").write_text("## [Unreleased]\n\n### Changed\n\n- `send_audio` is `send_voice` now.\n")
    api_snapshot.main(checkout)
    assert "Connectly.send_voice: is new" in capsys.readouterr().out
    assert "send_voice" in stored(checkout)["connectly_api"]
