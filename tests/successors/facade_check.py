"""Calls every method of the facade on generated trees: `python -m tests.successors.facade_check FOLDER NAME...`.

Each named folder holds a copy of the package with another tree in it. The copies are imported one after the other, in a
process of their own, as a package can be imported once only.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from pathlib import Path
from typing import Any

PACKAGES = ("connectly_api", "tests.contract")


def main(folder: Path, names: list[str]) -> None:
    """Print the problems of each tree as JSON: the first one of each method that no longer works."""
    print(json.dumps({name: _check(folder / name) for name in names}))  # noqa: T201  what it was started for


def _check(place: Path) -> dict[str, str]:
    for name in [name for name in sys.modules if name.startswith(PACKAGES)]:
        del sys.modules[name]
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    try:
        return asyncio.run(_call_everything())
    except Exception as error:  # noqa: BLE001  whatever it is, it is what becomes of the facade
        return {"everything": repr(error)}
    finally:
        sys.path.remove(str(place))


async def _call_everything() -> dict[str, str]:
    """Make every case's call to the sandbox, and hold requests and responses against the file of the tree."""
    cases: Any = importlib.import_module("tests.contract.cases")
    targets: Any = importlib.import_module("tests.contract.targets")
    service_file: Any = importlib.import_module("tests.contract.service_file")
    reader: Any = importlib.import_module("tests.contract.reader").Reader(service_file.VENDORED)
    found: dict[str, str] = {}
    async with targets.dialled(targets.Target("in process")) as there:
        for case in cases.CASES:
            there.forget()
            try:
                await case.run(there.connectly)
                for request, response in there.recorder.exchanges:
                    reader.check_request(request)
                    reader.check_answer(request, response, is_closed=True)
            except Exception as error:  # noqa: BLE001  likewise
                found.setdefault(case.method, repr(error))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
