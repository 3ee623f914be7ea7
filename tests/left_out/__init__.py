"""Libraries that are installed here and left out of the tests and of the programs that they start."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

HERE: Final = str(Path(__file__).resolve().parent)


def search_path(*folders: Path | str) -> str:
    """Return a PYTHONPATH for a program: the folders, without the libraries that are left out."""
    return os.pathsep.join([HERE, *map(str, folders)])


def leave_out() -> None:
    """Let this process, and the programs that it starts, go on without the libraries."""
    if HERE not in sys.path:
        sys.path.insert(0, HERE)
    others = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder not in {"", HERE}]
    os.environ["PYTHONPATH"] = search_path(*others)
