"""The public API is a contract: tests/api has its snapshot, and no breaking change passes unannounced."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

import connectly_api
from tools import api_snapshot
from tools.api_changes import Change, compare, find_unannounced
from tools.api_rendering import PUBLIC
from tools.api_snapshot import COMMAND, compare_snapshots, read_snapshots, read_sources
from tools.changelog import UNRELEASED, Entry, add_item, read_changelog

ROOT = Path(__file__).resolve().parent.parent


def test_the_public_api_matches_its_snapshot() -> None:
    entries = {entry.version: entry for entry in read_changelog((ROOT / "CHANGELOG.md").read_text("utf-8"))}

    changed, refused = compare_snapshots(read_snapshots(), read_sources(), entries.get(UNRELEASED))

    assert not refused, "\n".join(refused)
    assert not changed, "\n".join([f"the public API has changed: run {COMMAND}", *changed])


def test_every_public_module_has_a_snapshot_that_is_valid_python() -> None:
    assert set(read_snapshots()) == set(PUBLIC)
    for text in read_snapshots().values():
        ast.parse(text)


def test_a_snapshot_has_every_exported_name_and_no_private_one() -> None:
    names = {node.name for node in ast.parse(read_snapshots()["connectly_api"]).body if isinstance(node, ast.ClassDef)}

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


def classify(old: str, new: str) -> dict[str, bool]:
    """Return the names that an edit of OLD changes, and whether each change is breaking."""
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
def test_a_breaking_change_is_classified_as_breaking(old: str, new: str, name: str) -> None:
    assert classify(old, new)[name] is True


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
def test_an_addition_is_not_breaking(old: str, new: str, name: str) -> None:
    assert classify(old, new) == {name: False}


@pytest.mark.parametrize(("old", "new"), [("class Text:", "class  Text :"), ("by: int | float", "by : int|float")])
def test_formatting_is_not_a_change(old: str, new: str) -> None:
    assert classify(old, new) == {}


def test_members_of_a_removed_or_a_new_class_are_not_listed() -> None:
    assert classify("class Thing(Protocol):", "class Being(Protocol):") == {"Thing": True, "Being": False}


BREAKING = (
    Change("Thing.grow", "was removed", is_breaking=True),
    Change("Thing.size", "is new", is_breaking=False),
)


@pytest.mark.parametrize(
    ("text", "is_announced"),
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
def test_a_breaking_change_must_be_announced_under_changed_or_removed(text: str, is_announced: bool) -> None:
    assert find_unannounced(BREAKING, Entry(UNRELEASED, None, text)) == (() if is_announced else BREAKING[:1])


def test_a_constructor_is_announced_by_the_name_of_its_class() -> None:
    change = Change("Text.__init__", "parameter was removed (text)", is_breaking=True)

    assert find_unannounced([change], Entry(UNRELEASED, None, "### Changed\n\n- `Text(...)` takes no text.")) == ()
    assert find_unannounced([change], Entry(UNRELEASED, None, "### Changed\n\n- `Image`.")) == (change,)


def test_without_an_unreleased_entry_nothing_is_announced() -> None:
    assert find_unannounced(BREAKING, None) == BREAKING[:1]


def test_a_breaking_change_is_refused_with_a_remedy_and_an_addition_is_not() -> None:
    new = OLD.replace("class Text:", "class Words:")

    changed, refused = compare_snapshots({"m": OLD, "gone": ""}, {"m": new, "more": ""}, None)

    assert changed == [
        "gone: gone: is no longer a public module",
        "m: Text: was removed",
        "m: Words: is new",
        "more: more: is a new public module",
    ]
    assert [line.partition(";")[0] for line in refused] == [
        "gone: gone: is no longer a public module",
        "m: Text: was removed",
    ]
    assert all("under Changed or Removed of the changelog's Unreleased" in line for line in refused)
    assert compare_snapshots({"m": OLD}, {"m": OLD}, None) == ([], [])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the files that the tool reads and writes."""
    shutil.copytree(ROOT / "connectly_api", tmp_path / "connectly_api", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "api", tmp_path / "tests" / "api")
    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n")
    return tmp_path


def rename_audio(checkout: Path) -> None:
    client = checkout / "connectly_api" / "client.py"
    text = client.read_text("utf-8")
    client.write_text(text.replace("async def send_audio(", "async def send_voice("), "utf-8")


@pytest.mark.slow
def test_the_tool_writes_no_breaking_change_that_is_not_announced(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = read_snapshots(checkout)
    rename_audio(checkout)

    with pytest.raises(SystemExit, match=r"Connectly\.send_audio: was removed; this is a breaking change"):
        api_snapshot.main(checkout)
    assert read_snapshots(checkout) == kept

    (checkout / "CHANGELOG.md").write_text("## [Unreleased]\n\n### Changed\n\n- `send_audio` is `send_voice` now.\n")
    api_snapshot.main(checkout)
    assert "Connectly.send_voice: is new" in capsys.readouterr().out
    assert "send_voice" in read_snapshots(checkout)["connectly_api"]


@pytest.mark.parametrize(
    ("text", "section", "expected"),
    [
        (
            "## [Unreleased]\n\n### Changed\n\n- A.\n\n### Fixed\n\n- B.\n\n## [1.0.0] - 2026-01-01\n",
            "Changed",
            "## [Unreleased]\n\n### Changed\n\n- A.\n- New.\n\n### Fixed\n\n- B.\n\n## [1.0.0] - 2026-01-01\n",
        ),
        (
            "## [Unreleased]\n\n### Changed\n\n- A.\n\n## [1.0.0] - 2026-01-01\n",
            "Removed",
            "## [Unreleased]\n\n### Changed\n\n- A.\n\n### Removed\n\n- New.\n\n## [1.0.0] - 2026-01-01\n",
        ),
        (
            "# Title\n\n## [1.0.0] - 2026-01-01\n\n### Changed\n\n- A.\n",
            "Changed",
            "# Title\n\n## [Unreleased]\n\n### Changed\n\n- New.\n\n## [1.0.0] - 2026-01-01\n\n### Changed\n\n- A.\n",
        ),
        ("## [Unreleased]\n", "Changed", "## [Unreleased]\n\n### Changed\n\n- New.\n"),
    ],
)
def test_an_item_is_added_at_the_end_of_its_section_of_what_is_unreleased(
    text: str, section: str, expected: str
) -> None:
    assert add_item(text, section, "New.") == expected


def test_a_long_item_is_wrapped_without_breaking_names() -> None:
    names = [f"`Model{n}.some_field`" for n in range(12)]
    lines = add_item("## [Unreleased]\n", "Removed", ", ".join(names)).splitlines()
    assert max(map(len, lines)) <= 120
    assert all(any(name in line for line in lines) for name in names)


@pytest.mark.slow
def test_the_snapshot_of_one_module_can_be_written_with_an_announcement(checkout: Path) -> None:
    rename_audio(checkout)
    kept = read_snapshots(checkout)
    api_snapshot.announce("connectly_api", checkout)
    assert {module for module, text in read_snapshots(checkout).items() if text != kept[module]} == {"connectly_api"}
    assert (
        (checkout / "CHANGELOG.md")
        .read_text("utf-8")
        .endswith("as a new `service.swagger.json` no longer has them: `Connectly.send_audio`.\n")
    )
