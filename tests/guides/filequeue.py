"""kombu's folder of files as a broker for tests: a file is whole as soon as it can be seen.

kombu itself writes a file that a worker may read, and then delete, while it is still empty.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from typing import Any, Final

from kombu.transport import filesystem

from tests.docs.pages import ROOT
from tests.left_out import search_path

_START: Final = "from tests.guides.filequeue import write_whole_files\nwrite_whole_files()\n"


def write_whole_files() -> None:
    """Let this process's messages be whole."""
    filesystem.Channel._put = _put  # type: ignore[method-assign, assignment]


def _put(channel: filesystem.Channel, queue: str, payload: Any, **_: Any) -> None:
    """Write a message to a hidden file, and then give it its name."""
    folder = Path(str(channel.data_folder_out))
    hidden = folder / f".{uuid.uuid4()}"
    hidden.write_text(json.dumps(payload), "utf-8")
    hidden.rename(folder / f"{time.monotonic_ns():020}_{uuid.uuid4()}.{queue}.msg")


def build_search_path(folder: Path) -> str:
    """Return a `PYTHONPATH` by which every process writes whole files; it takes a folder of its own."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_START, "utf-8")
    return os.pathsep.join([str(folder), search_path(ROOT)])
