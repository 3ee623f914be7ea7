"""What must agree before a release is built, and what must be in its files.

    python -m tools.release check [TAG]     the version, the changelog, and the tag where one is given
    python -m tools.release files FOLDER    the content of the wheel and of the sdist in a folder
    python -m tools.release set VERSION     write a version into _version.py, and its heading into the changelog

A version is either a release, `1.2.0`, with the changelog's newest entry and its date; or on the way to one,
`1.2.0.dev0`, with an entry `Unreleased`. So a file that is built between releases can be tried, and never be taken for
one: every installer sorts it below.
"""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from packaging.version import InvalidVersion, Version

from tools.changelog import UNRELEASED, Entry, read_changelog

__all__ = ["ReleaseError", "check_agreement", "check_sdist", "check_wheel", "main", "with_version"]

ROOT: Final = Path(__file__).resolve().parent.parent
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ASSIGNED: Final = re.compile(r'(?m)^__version__ = "([^"]*)"$')
_SHIPPED: Final = ("connectly_api/__init__.py", "connectly_api/py.typed", "connectly_api/lowlevel/service.swagger.json")
_SOURCES: Final = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "service.swagger.json", "PKG-INFO")


class ReleaseError(Exception):
    """Something does not agree; the text says what, and what to do."""


def check_agreement(version: str, changelog: str, *, today: date, tag: str | None = None) -> str:
    """Hold a version against the changelog.

    Args:
        version: What `_version.py` says.
        changelog: The text of CHANGELOG.md.
        today: No release is dated later.
        tag: The tag that is to be published, if any: `v` and the version of a release.

    Returns:
        What would be built, as a sentence.

    Raises:
        ReleaseError: They do not agree.
    """
    number, entries = _version(version), read_changelog(changelog)
    if not entries:
        raise ReleaseError("CHANGELOG.md has no entry: write '## [Unreleased]' and what is new below it")
    pending = entries[0] if entries[0].version == UNRELEASED else None
    released = entries[1:] if pending else entries
    _check_order(released)
    newest = released[0] if released else None
    if number.is_devrelease:
        _check_development(number, pending, newest)
    else:
        _check_release(version, pending, newest, today)
    if tag is not None and (number.is_devrelease or tag != f"v{version}"):
        raise ReleaseError(f"the tag is {tag}, and _version.py says {version}: a release's tag is v and its version")
    if number.is_devrelease:
        return f"{version}: on the way to {number.base_version}, not a release"
    return f"{version}: the release of {newest.date if newest else today}"


def _version(text: str) -> Version:
    try:
        number = Version(text)
    except InvalidVersion:
        raise ReleaseError(f"_version.py says {text!r}, which is no version") from None
    if str(number) != text or len(number.release) != len(("major", "minor", "patch")) or number.local:
        raise ReleaseError(f"_version.py says {text!r}; a version is written like 1.2.0, 1.2.0rc1 or 1.2.0.dev0")
    return number


def _check_order(released: Iterable[Entry]) -> None:
    numbers: list[Version] = []
    for entry in released:
        try:
            numbers.append(Version(entry.version))
        except InvalidVersion:
            raise ReleaseError(f"CHANGELOG.md has an entry {entry.version!r}, which is no version") from None
    if any(newer <= older for newer, older in pairwise(numbers)):
        raise ReleaseError("CHANGELOG.md: the newest version stands first, and none twice")


def _check_development(number: Version, pending: Entry | None, newest: Entry | None) -> None:
    if pending is None or not pending.text:
        raise ReleaseError(
            f"_version.py says {number}, and CHANGELOG.md has nothing under Unreleased: write what is new"
        )
    if newest is not None and number <= Version(newest.version):
        raise ReleaseError(f"_version.py says {number}, and {newest.version} is released already: raise the version")


def _check_release(version: str, pending: Entry | None, newest: Entry | None, today: date) -> None:
    if pending is not None and pending.text:
        raise ReleaseError(
            f"_version.py says {version}, and CHANGELOG.md has entries under Unreleased: "
            f"run make release VERSION={version}, which moves them, or write a version that ends in .dev0"
        )
    if newest is None or newest.version != version:
        found = "none" if newest is None else newest.version
        raise ReleaseError(f"_version.py says {version}, and the changelog's newest release is {found}")
    if newest.date is None or not _DATE.fullmatch(newest.date):
        raise ReleaseError(f"CHANGELOG.md: the heading of {version} needs its date: '## [{version}] - {today}'")
    try:
        day = date.fromisoformat(newest.date)
    except ValueError:
        raise ReleaseError(f"CHANGELOG.md: {version} is dated {newest.date}, which is no date") from None
    if day > today:
        raise ReleaseError(f"CHANGELOG.md: {version} is dated {newest.date}, which has not come yet")
    if not newest.text:
        raise ReleaseError(f"CHANGELOG.md says nothing of {version}")


def with_version(version: str, source: str, changelog: str, *, today: date) -> tuple[str, str]:
    """Return `_version.py` and the changelog with a new version.

    A release takes what stands under Unreleased, with today's date; a version on the way begins a new Unreleased.

    Args:
        version: The new one.
        source: The text of `_version.py`.
        changelog: The text of CHANGELOG.md.
        today: The release's date.

    Raises:
        ReleaseError: It is no version, not a higher one, or there is nothing to release.
    """
    number = _version(version)
    before = _ASSIGNED.search(source)
    if before is None:
        raise ReleaseError('_version.py has no line __version__ = "…"')
    if number <= _version(before[1]):
        raise ReleaseError(f"{version} is not above {before[1]}")
    entries = read_changelog(changelog)
    pending = entries[0] if entries and entries[0].version == UNRELEASED else None
    heading = f"## [{UNRELEASED}]"
    if not number.is_devrelease:
        if pending is None or not pending.text:
            raise ReleaseError("CHANGELOG.md has nothing under Unreleased: there is nothing to release")
        changelog = changelog.replace(heading, f"## [{version}] - {today}", 1)
    elif pending is None:
        start = changelog.find("## [")
        changelog = (
            f"{changelog[:start]}{heading}\n\n{changelog[start:]}" if start >= 0 else f"{changelog}\n{heading}\n"
        )
    return _ASSIGNED.sub(f'__version__ = "{version}"', source), changelog


def check_wheel(names: Iterable[str], version: str) -> list[str]:
    """Return what is wrong with the names of a wheel's files; an empty list where nothing is."""
    found = set(names)
    information = f"connectly_api-{version}.dist-info"
    wanted = {
        *_SHIPPED,
        f"{information}/licenses/LICENSE",
        f"{information}/METADATA",
        f"{information}/entry_points.txt",
    }
    strays = sorted(name for name in found if not name.startswith(("connectly_api/", f"{information}/")))
    return [
        *_missing("the wheel", wanted - found),
        *_strange("the wheel", strays),
        *_strange("the wheel", _unclean(found)),
    ]


def check_sdist(names: Iterable[str], version: str) -> list[str]:
    """Return what is wrong with the names of an sdist's files; an empty list where nothing is."""
    root = f"connectly_api-{version}/"
    found = {name.removeprefix(root) for name in names}
    strays = sorted(
        name for name in found if name not in {*_SOURCES, ".gitignore"} and not name.startswith("connectly_api/")
    )
    return [
        *_missing("the sdist", {*_SHIPPED, *_SOURCES} - found),
        *_strange("the sdist", strays),
        *_strange("the sdist", _unclean(found)),
    ]


def _missing(where: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"{where} lacks {name}" for name in sorted(names))


def _strange(where: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"{where} holds {name}, which is not the package's" for name in names)


def _unclean(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if "__pycache__" in name or name.endswith((".pyc", ".orig", ".rej")))


def _check_files(folder: Path, version: str) -> str:
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        raise ReleaseError(f"{folder} must hold one wheel and one sdist, not {len(wheels)} and {len(sdists)}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        problems = check_wheel(wheel.namelist(), version)
    with tarfile.open(sdists[0]) as sdist:
        problems += check_sdist([member.name for member in sdist.getmembers() if member.isfile()], version)
    if problems:
        raise ReleaseError("\n".join(problems))
    return f"{wheels[0].name} and {sdists[0].name} hold what they should"


def main(arguments: list[str], root: Path = ROOT) -> str:
    """Do what the command line says, and return what to print.

    Raises:
        ReleaseError: Something does not agree, or the command is none.
    """
    place, notes = root / "connectly_api" / "_version.py", root / "CHANGELOG.md"
    source, changelog = place.read_text("utf-8"), notes.read_text("utf-8")
    assigned = _ASSIGNED.search(source)
    version = "" if assigned is None else assigned[1]
    today = datetime.now(UTC).date()
    match arguments:
        case ["check", *tags] if len(tags) <= 1:
            return check_agreement(version, changelog, today=today, tag=tags[0] if tags else None)
        case ["files", folder]:
            return _check_files(Path(folder), version)
        case ["set", wanted]:
            new_source, new_changelog = with_version(wanted, source, changelog, today=today)
            told = check_agreement(wanted, new_changelog, today=today) if not _version(wanted).is_devrelease else wanted
            place.write_text(new_source, "utf-8")
            notes.write_text(new_changelog, "utf-8")
            return told
        case ["-h" | "--help"]:
            return __doc__ or ""
        case _:
            raise ReleaseError(__doc__ or "")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{main(sys.argv[1:])}\n")
    except ReleaseError as error:
        sys.exit(str(error))
