"""What must agree before a release is built, and what its files hold: each disagreement is refused with a sentence."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from datetime import date
from pathlib import Path

import pytest

from tools.changelog import Entry, read_changelog
from tools.release import ReleaseError, check_agreement, check_sdist, check_wheel, main, with_version

ROOT = Path(__file__).resolve().parent.parent
TODAY = date(2026, 11, 21)
HEAD = "# Changelog\n\nAll notable changes.\n\n"
PENDING = f"{HEAD}## [Unreleased]\n\n### Added\n\n- More.\n\n"
RELEASED = "## [1.2.0] - 2026-11-21\n\n### Added\n\n- Much.\n\n## [1.1.0] - 2026-10-01\n\n- Something.\n"


def test_this_checkout_agrees_with_itself() -> None:
    assert main(["check"])


def test_the_changelog_reads_as_entries_with_sections() -> None:
    first, second, third = read_changelog(PENDING + RELEASED)

    assert (first.version, first.date) == ("Unreleased", None)
    assert second == Entry("1.2.0", "2026-11-21", "### Added\n\n- Much.")
    assert second.section("Added").strip() == "- Much."
    assert second.section("Changed") == third.section("Added") == ""
    assert read_changelog("# Changelog\n") == ()


@pytest.mark.parametrize(
    ("version", "changelog", "told"),
    [
        ("1.2.0", HEAD + RELEASED, "1.2.0: the release of 2026-11-21"),
        ("1.2.0", f"{HEAD}## [Unreleased]\n\n{RELEASED}", "1.2.0: the release of 2026-11-21"),
        ("1.2.0rc1", f"{HEAD}## [1.2.0rc1] - 2026-11-01\n\n- Nearly.\n", "1.2.0rc1: the release of 2026-11-01"),
        ("1.3.0.dev0", PENDING + RELEASED, "1.3.0.dev0: on the way to 1.3.0, not a release"),
        ("0.1.0.dev0", PENDING, "0.1.0.dev0: on the way to 0.1.0, not a release"),
    ],
)
def test_version_and_changelog_that_agree_are_told(version: str, changelog: str, told: str) -> None:
    assert check_agreement(version, changelog, today=TODAY) == told


@pytest.mark.parametrize(
    ("version", "changelog", "problem"),
    [
        ("next", RELEASED, "'next', which is no version"),
        ("", RELEASED, "'', which is no version"),
        ("1.2", RELEASED, "a version is written like"),
        ("1.2.0-rc1", RELEASED, "a version is written like"),
        ("1.2.0+mine", RELEASED, "a version is written like"),
        ("1.2.0", HEAD, "has no entry"),
        ("1.2.0", PENDING + RELEASED, "has entries under Unreleased: run make release VERSION=1.2.0"),
        ("1.2.0", PENDING, "has entries under Unreleased"),
        ("1.2.0", f"{HEAD}## [Unreleased]\n", "newest release is none"),
        ("1.2.1", HEAD + RELEASED, "newest release is 1.2.0"),
        ("1.1.0", HEAD + RELEASED, "newest release is 1.2.0"),
        ("1.2.0", RELEASED.replace(" - 2026-11-21", ""), "needs its date"),
        ("1.2.0", RELEASED.replace("2026-11-21", "21 November"), "needs its date"),
        ("1.2.0", RELEASED.replace("2026-11-21", "2026-11-31"), "which is no date"),
        ("1.2.0", RELEASED.replace("2026-11-21", "2026-11-22"), "has not come yet"),
        ("1.2.0", RELEASED.replace("### Added\n\n- Much.\n", ""), "says nothing of 1.2.0"),
        ("1.2.0", RELEASED.replace("1.1.0", "1.3.0"), "the newest version stands first"),
        ("1.2.0", RELEASED.replace("1.1.0", "1.2.0"), "none twice"),
        ("1.2.0", RELEASED.replace("1.1.0", "first"), "an entry 'first', which is no version"),
        ("1.2.0.dev0", PENDING + RELEASED, "1.2.0 is released already"),
        ("1.3.0.dev0", HEAD + RELEASED, "nothing under Unreleased"),
        ("1.3.0.dev0", f"{HEAD}## [Unreleased]\n\n{RELEASED}", "nothing under Unreleased"),
    ],
)
def test_version_and_changelog_that_disagree_are_refused(version: str, changelog: str, problem: str) -> None:
    with pytest.raises(ReleaseError, match=problem):
        check_agreement(version, changelog, today=TODAY)


def test_only_the_tag_of_the_release_is_published() -> None:
    assert check_agreement("1.2.0", RELEASED, today=TODAY, tag="v1.2.0")
    for tag in ("1.2.0", "v1.1.0", "v1.2.0.dev0", ""):
        with pytest.raises(ReleaseError, match="a release's tag is v and its version"):
            check_agreement("1.2.0", RELEASED, today=TODAY, tag=tag)
    with pytest.raises(ReleaseError, match="a release's tag is v and its version"):
        check_agreement("1.3.0.dev0", PENDING + RELEASED, today=TODAY, tag="v1.3.0.dev0")


SOURCE = '"""Which."""\n\n__version__ = "1.3.0.dev0"\n'


def test_a_release_takes_what_is_unreleased_and_agrees() -> None:
    source, changelog = with_version("1.3.0", SOURCE, PENDING + RELEASED, today=TODAY)

    assert source == SOURCE.replace(".dev0", "")
    assert changelog == (PENDING + RELEASED).replace("[Unreleased]", "[1.3.0] - 2026-11-21")
    assert check_agreement("1.3.0", changelog, today=TODAY) == "1.3.0: the release of 2026-11-21"


def test_after_a_release_the_next_version_begins_an_unreleased_entry() -> None:
    source, changelog = with_version("1.3.0.dev0", SOURCE.replace("1.3.0.dev0", "1.2.0"), HEAD + RELEASED, today=TODAY)

    assert source == SOURCE
    assert changelog == f"{HEAD}## [Unreleased]\n\n{RELEASED}"
    assert with_version("2.0.0.dev0", SOURCE, PENDING, today=TODAY)[1] == PENDING
    assert read_changelog(with_version("2.0.0.dev0", SOURCE, HEAD, today=TODAY)[1])[0].version == "Unreleased"


@pytest.mark.parametrize(
    ("version", "source", "changelog", "problem"),
    [
        ("1.2.0", SOURCE, PENDING, "1.2.0 is not above 1.3.0.dev0"),
        ("1.3.0.dev0", SOURCE, PENDING, "is not above"),
        ("three", SOURCE, PENDING, "which is no version"),
        ("1.3.0", SOURCE, HEAD + RELEASED, "there is nothing to release"),
        ("1.3.0", SOURCE, f"{HEAD}## [Unreleased]\n\n{RELEASED}", "there is nothing to release"),
        ("1.3.0", "", PENDING, "has no line __version__"),
    ],
)
def test_a_version_that_cannot_be_next_is_refused(version: str, source: str, changelog: str, problem: str) -> None:
    with pytest.raises(ReleaseError, match=problem):
        with_version(version, source, changelog, today=TODAY)


SHIPPED = ["connectly_api/__init__.py", "connectly_api/py.typed", "connectly_api/lowlevel/service.swagger.json"]
INFORMATION = "connectly_api-1.2.0.dist-info"
WHEEL = [*SHIPPED, *(f"{INFORMATION}/{name}" for name in ("METADATA", "entry_points.txt", "licenses/LICENSE"))]
SOURCES = ["pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "service.swagger.json", "PKG-INFO"]
SDIST = [f"connectly_api-1.2.0/{name}" for name in [*SHIPPED, *SOURCES]]


def test_files_that_hold_what_they_should_are_accepted() -> None:
    assert check_wheel(WHEEL, "1.2.0") == []
    assert check_sdist(SDIST, "1.2.0") == []


@pytest.mark.parametrize("name", WHEEL)
def test_a_wheel_that_lacks_a_file_is_refused(name: str) -> None:
    assert check_wheel([one for one in WHEEL if one != name], "1.2.0") == [f"the wheel lacks {name}"]


@pytest.mark.parametrize("name", ["codegen/__init__.py", "tests/api/x.txt", "tools/release.py", "connectly_api/a.pyc"])
def test_a_wheel_or_an_sdist_that_holds_more_is_refused(name: str) -> None:
    assert check_wheel([*WHEEL, name], "1.2.0") == [f"the wheel holds {name}, which is not the package's"]
    assert check_sdist([*SDIST, f"connectly_api-1.2.0/{name}"], "1.2.0") == [
        f"the sdist holds {name}, which is not the package's"
    ]


@pytest.mark.parametrize("name", [*SHIPPED, *SOURCES])
def test_an_sdist_that_lacks_a_file_is_refused(name: str) -> None:
    found = [one for one in SDIST if one != f"connectly_api-1.2.0/{name}"]

    assert check_sdist(found, "1.2.0") == [f"the sdist lacks {name}"]


def test_files_of_another_version_are_refused() -> None:
    assert check_wheel(WHEEL, "1.3.0")
    assert check_sdist(SDIST, "1.3.0")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "connectly_api").mkdir()
    (tmp_path / "connectly_api" / "_version.py").write_text(SOURCE)
    (tmp_path / "CHANGELOG.md").write_text(PENDING)
    return tmp_path


def test_the_commands_set_and_check_a_version(checkout: Path) -> None:
    assert main(["check"], checkout) == "1.3.0.dev0: on the way to 1.3.0, not a release"
    assert main(["set", "1.3.0"], checkout).startswith("1.3.0: the release of ")
    assert main(["check", "v1.3.0"], checkout).startswith("1.3.0: the release of ")
    assert main(["set", "1.4.0.dev0"], checkout) == "1.4.0.dev0"
    with pytest.raises(ReleaseError, match="nothing under Unreleased: write what is new"):
        main(["check"], checkout)


@pytest.mark.parametrize("arguments", [[], ["set"], ["check", "a", "b"], ["publish"]])
def test_an_unknown_command_is_answered_with_the_commands(checkout: Path, arguments: list[str]) -> None:
    with pytest.raises(ReleaseError, match=r"python -m tools\.release check"):
        main(arguments, checkout)


def test_the_files_in_a_folder_are_looked_at(checkout: Path) -> None:
    folder = checkout / "dist"
    folder.mkdir()
    with pytest.raises(ReleaseError, match="must hold one wheel and one sdist, not 0 and 0"):
        main(["files", str(folder)], checkout)

    with zipfile.ZipFile(folder / "a.whl", "w") as wheel:
        for name in WHEEL:
            wheel.writestr(name.replace("1.2.0", "1.3.0.dev0"), "")
    with tarfile.open(folder / "a.tar.gz", "w:gz") as sdist:
        for name in SDIST:
            sdist.addfile(tarfile.TarInfo(name.replace("1.2.0", "1.3.0.dev0")))
    assert main(["files", str(folder)], checkout) == "a.whl and a.tar.gz hold what they should"

    with zipfile.ZipFile(folder / "a.whl", "a") as wheel:
        wheel.writestr("codegen/__main__.py", "")
    with pytest.raises(ReleaseError, match=r"the wheel holds codegen/__main__\.py"):
        main(["files", str(folder)], checkout)


def test_the_program_ends_with_a_sentence_where_it_refuses() -> None:
    command = [sys.executable, "-m", "tools.release", "check", "v0.0.0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("the tag is v0.0.0, and _version.py says ")
    assert done.stderr.count("\n") == 1
