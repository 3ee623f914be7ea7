"""A broker for the tests: kombu's folder of files, whose files are whole as soon as they can be seen.

kombu itself writes a file that a worker may read and delete while it is still empty. `CELERY_BROKER_URL` names it by
`tests.guides.filequeue.transport://`: a URL's scheme has neither capitals nor underscores.
"""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any, Final

from kombu.transport import filesystem

NAME: Final = "tests.guides.filequeue.transport://"


class _Channel(filesystem.Channel):
    """Writes a message to a hidden file, and then gives it its name."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:
        folder = Path(self.data_folder_out)
        name = f"{time.monotonic_ns():020}_{uuid.uuid4()}.{queue}.msg"
        hidden = folder / f".{uuid.uuid4()}"
        hidden.write_text(json.dumps(payload), "utf-8")
        hidden.rename(folder / name)


class transport(filesystem.Transport):  # noqa: N801  (named in a URL)
    """The transport."""

    Channel = _Channel
