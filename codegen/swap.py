"""Replaces several files and folders at once: all of them, or none.

The old ones are moved into one folder, with a list of their paths. As long as that folder exists, the swap is not
complete: an error or Ctrl-C undoes it at once, and after a crash the next run undoes it first.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from codegen.spec.document import CodegenError

FOLDER = ".codegen-swap"
"""The folder for the swap, which version control ignores."""

_LIST = "list.json"


def swap(root: Path, contents: Mapping[str, bytes | Mapping[str, bytes]]) -> None:
    """Replace files and folders.

    Args:
        root: A checkout.
        contents: By path from the root: the bytes of a file, or of all files of a folder by their paths within it.

    Raises:
        OSError: Something could not be written; nothing has changed.
    """
    recover(root)
    folder = root / FOLDER
    new, old = folder / "new", folder / "old"
    new.mkdir(parents=True)
    try:
        targets = list(contents)
        for n, target in enumerate(targets):
            _write(new / str(n), contents[target])
        old.mkdir()
        there = [(root / target).exists() for target in targets]
        _write(folder / "draft.json", json.dumps({"targets": targets, "there": there}).encode())
        (folder / "draft.json").replace(folder / _LIST)
        for n, target in enumerate(targets):
            place = root / target
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():
                place.replace(old / str(n))
            (new / str(n)).replace(place)
        (folder / _LIST).unlink()
    except BaseException:
        recover(root)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _write(place: Path, content: bytes | Mapping[str, bytes]) -> None:
    if isinstance(content, bytes):
        place.write_bytes(content)
        return
    for path, part in content.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(part)


def recover(root: Path) -> bool:
    """Undo a swap that was interrupted, and return whether there was one.

    Raises:
        CodegenError: It cannot be undone; the message says where the old files are.
    """
    folder = root / FOLDER
    if not folder.exists():
        return False
    try:
        if (folder / _LIST).exists():
            _take_back(root, folder)
    except (OSError, ValueError, KeyError) as error:
        raise CodegenError(
            f"an interrupted update could not be undone ({error}); the replaced files are in {folder / 'old'}"
        ) from None
    shutil.rmtree(folder)
    return True


def _take_back(root: Path, folder: Path) -> None:
    noted = json.loads((folder / _LIST).read_bytes())
    for n, (target, there) in enumerate(zip(noted["targets"], noted["there"], strict=True)):
        place, kept, new = root / target, folder / "old" / str(n), folder / "new" / str(n)
        if there and not kept.exists():
            continue  # Not yet replaced, or already restored.
        if place.exists() and not new.exists():
            place.replace(new)
        if there:
            kept.replace(place)
