"""Runs the contract tests' cases on generated trees: `python -m tests.codegen.catalogue.contract FOLDER ROW...`.

Each row's folder holds a copy of the package with another tree in it. The copies are imported one after the other, in
a process of their own, as a package can be imported once only.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any

from tests.codegen.catalogue.hostile import MARK

PACKAGES = ("connectly_api", "tests.contract")


def main(folder: Path, names: list[str]) -> None:
    """Print the problem of each row as JSON, which is an empty string where there is none."""
    print(json.dumps({name: _problem(folder / name) for name in names}))  # noqa: T201  what it was started for


def _problem(place: Path) -> str:
    for name in [name for name in sys.modules if name.startswith(PACKAGES)]:
        del sys.modules[name]
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    try:
        _import_everything()
        asyncio.run(_call_everything())
    except Exception as error:  # noqa: BLE001  whatever it is, it is what becomes of the facade
        return f"{type(error).__name__}: {error}"
    finally:
        sys.path.remove(str(place))
    return ""


def _import_everything() -> None:
    lowlevel = importlib.import_module("connectly_api.lowlevel")
    for module in pkgutil.walk_packages(lowlevel.__path__, "connectly_api.lowlevel."):
        importlib.import_module(module.name)
    for name in lowlevel.__all__:
        getattr(lowlevel, name)
    if MARK in os.environ:
        raise SystemExit(f"text of {lowlevel.__path__} ran as code")


async def _call_everything() -> None:
    """Make every case's call to the sandbox, and hold requests and answers against the file of the tree."""
    cases: Any = importlib.import_module("tests.contract.cases")
    targets: Any = importlib.import_module("tests.contract.targets")
    target = targets.Target("in process")
    async with targets.dialled(target) as there:
        for case in cases.CASES:
            for registered in await there.connectly.webhooks.list():
                await there.connectly.webhooks.delete(registered.id)
            await case.run(there.connectly)
    _hold(there.recorder.exchanges)
    async with targets.dialled(target, api_key="a-wrong-key") as there:
        with contextlib.suppress(importlib.import_module("connectly_api").AuthenticationError):
            await there.connectly.webhooks.list()
    _hold(there.recorder.exchanges)


def _hold(exchanges: Any) -> None:
    lowlevel = Path(importlib.import_module("connectly_api.lowlevel").__path__[0])
    document = json.loads((lowlevel / "service.swagger.json").read_bytes())
    reader = importlib.import_module("tests.contract.reader").Reader(document)
    for request, response in exchanges:
        reader.check_request(request)
        reader.check_answer(request, response, is_closed=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
