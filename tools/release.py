"""Check a release before it is built, check its files, or set its version.

    python -m tools.release check [TAG]     check that the version, the changelog and the tag agree
    python -m tools.release files FOLDER    check the contents of the wheel and the sdist in a folder
    python -m tools.release set VERSION     write a version to _version.py, and its heading to the changelog

A version is a release, `1.2.0`, whose dated entry is the newest in the changelog, or a development version,
`1.2.0.dev0`, with an entry `Unreleased`. Installers sort a development version below its release, so that a file built
between releases cannot be mistaken for one.
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

ROOT: Final = Path(__file__).resolve().parent.parent
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ASSIGNED: Final = re.compile(r'(?m)^__version__ = "([^"]*)"$')
_SHIPPED: Final = ("connectly_api/__init__.py", "connectly_api/py.typed", "connectly_api/lowlevel/service.swagger.json")
_SOURCES: Final = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "service.swagger.json", "PKG-INFO")


class ReleaseError(Exception):
    """The release has a problem; the message names it, and says what to do."""


def check_agreement(version: str, changelog: str, *, today: date, tag: str | None = None) -> str:
    """Check that a version, the changelog and the tag agree.

    Args:
        version: The version in `_version.py`.
        changelog: The text of CHANGELOG.md.
        today: The latest date that a release may have.
        tag: The tag to publish, if any: `v` and the version of a release.

    Returns:
        A sentence about what would be built.

    Raises:
        ReleaseError: They do not agree.
    """
    number, entries = _parse_version(version), read_changelog(changelog)
    if not entries:
        raise ReleaseError("CHANGELOG.md has no entry: add '## [Unreleased]' and describe the changes below it")
    pending = entries[0] if entries[0].version == UNRELEASED else None
    released = entries[1:] if pending else entries
    _check_order(released)
    newest = released[0] if released else None
    if number.is_devrelease:
        _check_development(number, pending, newest)
    else:
        _check_release(version, pending, newest, today)
    if tag is not None and (number.is_devrelease or tag != f"v{version}"):
        raise ReleaseError(f"the tag is {tag}, but _version.py says {version}: tag a release with v and its version")
    if number.is_devrelease:
        return f"{version}: a development version of {number.base_version}, not a release"
    return f"{version}: the release of {newest.date if newest else today}"


def _parse_version(text: str) -> Version:
    try:
        number = Version(text)
    except InvalidVersion:
        raise ReleaseError(f"_version.py says {text!r}, which is not a version") from None
    if str(number) != text or len(number.release) != len(("major", "minor", "patch")) or number.local:
        raise ReleaseError(f"_version.py says {text!r}; write a version like 1.2.0, 1.2.0rc1 or 1.2.0.dev0")
    return number


def _check_order(released: Iterable[Entry]) -> None:
    numbers: list[Version] = []
    for entry in released:
        try:
            numbers.append(Version(entry.version))
        except InvalidVersion:
            raise ReleaseError(f"CHANGELOG.md has an entry {entry.version!r}, which is not a version") from None
    if any(newer <= older for newer, older in pairwise(numbers)):
        raise ReleaseError("CHANGELOG.md: list each version once, the newest first")


def _check_development(number: Version, pending: Entry | None, newest: Entry | None) -> None:
    if pending is None or not pending.text:
        raise ReleaseError(
            f"_version.py says {number}, but CHANGELOG.md has nothing under Unreleased: describe the changes"
        )
    if newest is not None and number <= Version(newest.version):
        raise ReleaseError(f"_version.py says {number}, but {newest.version} is already released: raise the version")


def _check_release(version: str, pending: Entry | None, newest: Entry | None, today: date) -> None:
    if pending is not None and pending.text:
        raise ReleaseError(
            f"_version.py says {version}, but CHANGELOG.md has entries under Unreleased: "
            f"run make release VERSION={version}, which moves them, or set a version that ends in .dev0"
        )
    if newest is None or newest.version != version:
        found = "none" if newest is None else newest.version
        raise ReleaseError(f"_version.py says {version}, but the changelog's newest release is {found}")
    if newest.date is None or not _DATE.fullmatch(newest.date):
        raise ReleaseError(f"CHANGELOG.md: the heading of {version} needs a date: '## [{version}] - {today}'")
    try:
        day = date.fromisoformat(newest.date)
    except ValueError:
        raise ReleaseError(f"CHANGELOG.md: {version} is dated {newest.date}, which is not a date") from None
    if day > today:
        raise ReleaseError(f"CHANGELOG.md: {version} is dated {newest.date}, which is in the future")
    if not newest.text:
        raise ReleaseError(f"CHANGELOG.md has no text for {version}")


def set_version(version: str, source: str, changelog: str, *, today: date) -> tuple[str, str]:
    """Return `_version.py` and the changelog with a new version.

    A release gets the text under Unreleased, with today's date. A development version adds an empty Unreleased.

    Args:
        version: The new version.
        source: The text of `_version.py`.
        changelog: The text of CHANGELOG.md.
        today: The release's date.

    Raises:
        ReleaseError: The version is invalid or not higher than the current one, or there is nothing to release.
    """
    number = _parse_version(version)
    before = _ASSIGNED.search(source)
    if before is None:
        raise ReleaseError('_version.py has no line __version__ = "…"')
    if number <= _parse_version(before[1]):
        raise ReleaseError(f"{version} is not higher than {before[1]}")
    entries = read_changelog(changelog)
    pending = entries[0] if entries and entries[0].version == UNRELEASED else None
    heading = f"## [{UNRELEASED}]"
    if not number.is_devrelease:
        if pending is None or not pending.text:
            raise ReleaseError("CHANGELOG.md has nothing under Unreleased, so there is nothing to release")
        changelog = changelog.replace(heading, f"## [{version}] - {today}", 1)
    elif pending is None:
        start = changelog.find("## [")
        changelog = (
            f"{changelog[:start]}{heading}\n\n{changelog[start:]}" if start >= 0 else f"{changelog}\n{heading}\n"
        )
    return _ASSIGNED.sub(f'__version__ = "{version}"', source), changelog


def check_wheel(names: Iterable[str], version: str) -> list[str]:
    """Return the problems with the names of a wheel's files."""
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
        *_report_missing("the wheel", wanted - found),
        *_report_strays("the wheel", strays),
        *_report_strays("the wheel", _find_leftovers(found)),
    ]


def check_sdist(names: Iterable[str], version: str) -> list[str]:
    """Return the problems with the names of an sdist's files."""
    root = f"connectly_api-{version}/"
    found = {name.removeprefix(root) for name in names}
    strays = sorted(
        name for name in found if name not in {*_SOURCES, ".gitignore"} and not name.startswith("connectly_api/")
    )
    return [
        *_report_missing("the sdist", {*_SHIPPED, *_SOURCES} - found),
        *_report_strays("the sdist", strays),
        *_report_strays("the sdist", _find_leftovers(found)),
    ]


def _report_missing(where: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"{where} lacks {name}" for name in sorted(names))


def _report_strays(where: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"{where} has {name}, which does not belong to the package" for name in names)


def _find_leftovers(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if "__pycache__" in name or name.endswith((".pyc", ".orig", ".rej")))


def _check_files(folder: Path, version: str) -> str:
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        raise ReleaseError(f"{folder} must have one wheel and one sdist, not {len(wheels)} and {len(sdists)}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        problems = check_wheel(wheel.namelist(), version)
    with tarfile.open(sdists[0]) as sdist:
        problems += check_sdist([member.name for member in sdist.getmembers() if member.isfile()], version)
    if problems:
        raise ReleaseError("\n".join(problems))
    return f"{wheels[0].name} and {sdists[0].name}: the contents are right"


def main(arguments: list[str], root: Path = ROOT) -> str:
    """Run a command and return its output.

    Raises:
        ReleaseError: A check fails, or there is no such command.
    """
    version_file, notes = root / "connectly_api" / "_version.py", root / "CHANGELOG.md"
    source, changelog = version_file.read_text("utf-8"), notes.read_text("utf-8")
    assigned = _ASSIGNED.search(source)
    version = "" if assigned is None else assigned[1]
    today = datetime.now(UTC).date()
    match arguments:
        case ["check", *tags] if len(tags) <= 1:
            return check_agreement(version, changelog, today=today, tag=tags[0] if tags else None)
        case ["files", folder]:
            return _check_files(Path(folder), version)
        case ["set", wanted]:
            new_source, new_changelog = set_version(wanted, source, changelog, today=today)
            is_release = not _parse_version(wanted).is_devrelease
            message = check_agreement(wanted, new_changelog, today=today) if is_release else wanted
            version_file.write_text(new_source, "utf-8")
            notes.write_text(new_changelog, "utf-8")
            return message
        case ["-h" | "--help"]:
            return __doc__ or ""
        case _:
            raise ReleaseError(__doc__ or "")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{main(sys.argv[1:])}\n")
    except ReleaseError as error:
        sys.exit(str(error))
