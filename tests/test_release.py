"""The release check: version, changelog, tag and files must agree, and each problem is reported in a sentence."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from datetime import date
from pathlib import Path

import pytest

from tools.changelog import Entry, read_changelog
from tools.release import ReleaseError, check_agreement, check_sdist, check_wheel, main, set_version

ROOT = Path(__file__).resolve().parent.parent
TODAY = date(2026, 11, 21)
HEAD = "# Changelog\n\nAll notable changes.\n\n"
PENDING = f"{HEAD}## [Unreleased]\n\n### Added\n\n- More.\n\n"
RELEASED = "## [1.2.0] - 2026-11-21\n\n### Added\n\n- Much.\n\n## [1.1.0] - 2026-10-01\n\n- Something.\n"


def test_this_checkout_is_accepted() -> None:
    assert main(["check"])


def test_a_changelog_is_parsed_into_entries_with_sections() -> None:
    first, second, third = read_changelog(PENDING + RELEASED)

    assert (first.version, first.date) == ("Unreleased", None)
    assert second == Entry("1.2.0", "2026-11-21", "### Added\n\n- Much.")
    assert second.section("Added").strip() == "- Much."
    assert second.section("Changed") == third.section("Added") == ""
    assert read_changelog("# Changelog\n") == ()


@pytest.mark.parametrize(
    ("version", "changelog", "message"),
    [
        ("1.2.0", HEAD + RELEASED, "1.2.0: the release of 2026-11-21"),
        ("1.2.0", f"{HEAD}## [Unreleased]\n\n{RELEASED}", "1.2.0: the release of 2026-11-21"),
        ("1.2.0rc1", f"{HEAD}## [1.2.0rc1] - 2026-11-01\n\n- Nearly.\n", "1.2.0rc1: the release of 2026-11-01"),
        ("1.3.0.dev0", PENDING + RELEASED, "1.3.0.dev0: a development version of 1.3.0, not a release"),
        ("0.1.0.dev0", PENDING, "0.1.0.dev0: a development version of 0.1.0, not a release"),
    ],
)
def test_a_version_and_a_changelog_that_agree_are_accepted(version: str, changelog: str, message: str) -> None:
    assert check_agreement(version, changelog, today=TODAY) == message


@pytest.mark.parametrize(
    ("version", "changelog", "problem"),
    [
        ("next", RELEASED, "'next', which is not a version"),
        ("", RELEASED, "'', which is not a version"),
        ("1.2", RELEASED, "write a version like"),
        ("1.2.0-rc1", RELEASED, "write a version like"),
        ("1.2.0+mine", RELEASED, "write a version like"),
        ("1.2.0", HEAD, "has no entry"),
        ("1.2.0", PENDING + RELEASED, "has entries under Unreleased: run make release VERSION=1.2.0"),
        ("1.2.0", PENDING, "has entries under Unreleased"),
        ("1.2.0", f"{HEAD}## [Unreleased]\n", "newest release is none"),
        ("1.2.1", HEAD + RELEASED, "newest release is 1.2.0"),
        ("1.1.0", HEAD + RELEASED, "newest release is 1.2.0"),
        ("1.2.0", RELEASED.replace(" - 2026-11-21", ""), "needs a date"),
        ("1.2.0", RELEASED.replace("2026-11-21", "21 November"), "needs a date"),
        ("1.2.0", RELEASED.replace("2026-11-21", "2026-11-31"), "which is not a date"),
        ("1.2.0", RELEASED.replace("2026-11-21", "2026-11-22"), "is in the future"),
        ("1.2.0", RELEASED.replace("### Added\n\n- Much.\n", ""), "has no text for 1.2.0"),
        ("1.2.0", RELEASED.replace("1.1.0", "1.3.0"), "list each version once, the newest first"),
        ("1.2.0", RELEASED.replace("1.1.0", "1.2.0"), "list each version once, the newest first"),
        ("1.2.0", RELEASED.replace("1.1.0", "first"), "an entry 'first', which is not a version"),
        ("1.2.0.dev0", PENDING + RELEASED, "1.2.0 is already released"),
        ("1.3.0.dev0", HEAD + RELEASED, "nothing under Unreleased"),
        ("1.3.0.dev0", f"{HEAD}## [Unreleased]\n\n{RELEASED}", "nothing under Unreleased"),
    ],
)
def test_a_version_and_a_changelog_that_disagree_are_refused(version: str, changelog: str, problem: str) -> None:
    with pytest.raises(ReleaseError, match=problem):
        check_agreement(version, changelog, today=TODAY)


def test_only_a_release_and_its_own_tag_are_accepted() -> None:
    assert check_agreement("1.2.0", RELEASED, today=TODAY, tag="v1.2.0")
    for tag in ("1.2.0", "v1.1.0", "v1.2.0.dev0", ""):
        with pytest.raises(ReleaseError, match="tag a release with v and its version"):
            check_agreement("1.2.0", RELEASED, today=TODAY, tag=tag)
    with pytest.raises(ReleaseError, match="tag a release with v and its version"):
        check_agreement("1.3.0.dev0", PENDING + RELEASED, today=TODAY, tag="v1.3.0.dev0")


SOURCE = '"""Which."""\n\n__version__ = "1.3.0.dev0"\n'


def test_a_release_takes_the_text_under_unreleased() -> None:
    source, changelog = set_version("1.3.0", SOURCE, PENDING + RELEASED, today=TODAY)

    assert source == SOURCE.replace(".dev0", "")
    assert changelog == (PENDING + RELEASED).replace("[Unreleased]", "[1.3.0] - 2026-11-21")
    assert check_agreement("1.3.0", changelog, today=TODAY) == "1.3.0: the release of 2026-11-21"


def test_a_development_version_adds_an_unreleased_entry() -> None:
    source, changelog = set_version("1.3.0.dev0", SOURCE.replace("1.3.0.dev0", "1.2.0"), HEAD + RELEASED, today=TODAY)

    assert source == SOURCE
    assert changelog == f"{HEAD}## [Unreleased]\n\n{RELEASED}"
    assert set_version("2.0.0.dev0", SOURCE, PENDING, today=TODAY)[1] == PENDING
    assert read_changelog(set_version("2.0.0.dev0", SOURCE, HEAD, today=TODAY)[1])[0].version == "Unreleased"


@pytest.mark.parametrize(
    ("version", "source", "changelog", "problem"),
    [
        ("1.2.0", SOURCE, PENDING, "1.2.0 is not higher than 1.3.0.dev0"),
        ("1.3.0.dev0", SOURCE, PENDING, "is not higher than"),
        ("three", SOURCE, PENDING, "which is not a version"),
        ("1.3.0", SOURCE, HEAD + RELEASED, "there is nothing to release"),
        ("1.3.0", SOURCE, f"{HEAD}## [Unreleased]\n\n{RELEASED}", "there is nothing to release"),
        ("1.3.0", "", PENDING, "has no line __version__"),
    ],
)
def test_a_version_that_cannot_be_the_next_one_is_refused(
    version: str, source: str, changelog: str, problem: str
) -> None:
    with pytest.raises(ReleaseError, match=problem):
        set_version(version, source, changelog, today=TODAY)


SHIPPED = ["connectly_api/__init__.py", "connectly_api/py.typed", "connectly_api/lowlevel/service.swagger.json"]
INFORMATION = "connectly_api-1.2.0.dist-info"
WHEEL = [*SHIPPED, *(f"{INFORMATION}/{name}" for name in ("METADATA", "entry_points.txt", "licenses/LICENSE"))]
SOURCES = ["pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "service.swagger.json", "PKG-INFO"]
SDIST = [f"connectly_api-1.2.0/{name}" for name in [*SHIPPED, *SOURCES]]


def test_complete_files_are_accepted() -> None:
    assert check_wheel(WHEEL, "1.2.0") == []
    assert check_sdist(SDIST, "1.2.0") == []


@pytest.mark.parametrize("name", WHEEL)
def test_a_wheel_that_lacks_a_file_is_refused(name: str) -> None:
    assert check_wheel([other for other in WHEEL if other != name], "1.2.0") == [f"the wheel lacks {name}"]


@pytest.mark.parametrize("name", ["codegen/__init__.py", "tests/api/x.txt", "tools/release.py", "connectly_api/a.pyc"])
def test_a_wheel_or_an_sdist_with_other_files_is_refused(name: str) -> None:
    assert check_wheel([*WHEEL, name], "1.2.0") == [f"the wheel has {name}, which does not belong to the package"]
    assert check_sdist([*SDIST, f"connectly_api-1.2.0/{name}"], "1.2.0") == [
        f"the sdist has {name}, which does not belong to the package"
    ]


@pytest.mark.parametrize("name", [*SHIPPED, *SOURCES])
def test_an_sdist_that_lacks_a_file_is_refused(name: str) -> None:
    found = [other for other in SDIST if other != f"connectly_api-1.2.0/{name}"]

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
    assert main(["check"], checkout) == "1.3.0.dev0: a development version of 1.3.0, not a release"
    assert main(["set", "1.3.0"], checkout).startswith("1.3.0: the release of ")
    assert main(["check", "v1.3.0"], checkout).startswith("1.3.0: the release of ")
    assert main(["set", "1.4.0.dev0"], checkout) == "1.4.0.dev0"
    with pytest.raises(ReleaseError, match="nothing under Unreleased: describe the changes"):
        main(["check"], checkout)


@pytest.mark.parametrize("arguments", [[], ["set"], ["check", "a", "b"], ["publish"]])
def test_an_unknown_command_prints_the_commands(checkout: Path, arguments: list[str]) -> None:
    with pytest.raises(ReleaseError, match=r"python -m tools\.release check"):
        main(arguments, checkout)


def test_the_files_in_a_folder_are_checked(checkout: Path) -> None:
    folder = checkout / "dist"
    folder.mkdir()
    with pytest.raises(ReleaseError, match="must have one wheel and one sdist, not 0 and 0"):
        main(["files", str(folder)], checkout)

    with zipfile.ZipFile(folder / "a.whl", "w") as wheel:
        for name in WHEEL:
            wheel.writestr(name.replace("1.2.0", "1.3.0.dev0"), "")
    with tarfile.open(folder / "a.tar.gz", "w:gz") as sdist:
        for name in SDIST:
            sdist.addfile(tarfile.TarInfo(name.replace("1.2.0", "1.3.0.dev0")))
    assert main(["files", str(folder)], checkout) == "a.whl and a.tar.gz: the contents are right"

    with zipfile.ZipFile(folder / "a.whl", "a") as wheel:
        wheel.writestr("codegen/__main__.py", "")
    with pytest.raises(ReleaseError, match=r"the wheel has codegen/__main__\.py"):
        main(["files", str(folder)], checkout)


def test_a_failed_check_exits_with_a_sentence() -> None:
    command = [sys.executable, "-m", "tools.release", "check", "v0.0.0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("the tag is v0.0.0, but _version.py says ")
    assert done.stderr.count("\n") == 1
