"""Install the wheel in dist/ outside the checkout and test it there: `python -m tools.wheel_test PYTHON`.

First with only its declared dependencies: every module must import, and a message must be sent. Then with the test
tools: the quick tests that do not need the checkout must pass.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Tests of the checkout, or with the generator, which is not shipped.
CHECKOUT_ONLY = (
    "browser",
    "codegen",
    "docs",
    "guides",
    "successors",
    "typing",
    "test_api_snapshot.py",
    "test_disagreements.py",
    "test_fleets_page.py",
    "test_imports.py",
    "test_other_files.py",
    "test_outside.py",
    "test_project.py",
    "test_reader.py",
    "test_release.py",
    "test_structure.py",
    "test_twins.py",
    "test_update_page.py",
    "test_workflows.py",
    "test_wrapped.py",
)

SMOKE = """
import asyncio, importlib, pathlib, pkgutil
import connectly_api
from connectly_api import Connectly
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport

home = pathlib.Path(connectly_api.__file__).parent
assert "site-packages" in home.parts, home
assert (home / "py.typed").exists()
for module in pkgutil.walk_packages(connectly_api.__path__, "connectly_api."):
    if not module.name.endswith(("__main__", "pytest_plugin", "procrastinate")):  # who uses these has their libraries
        importlib.import_module(module.name)

async def main():
    sandbox = Sandbox(windows="open")
    key, business, transport = sandbox.settings.api_key, sandbox.settings.business_id, AsgiTransport(sandbox.app)
    async with Connectly(api_key=key, business_id=business, transport=transport) as connectly:
        sent = await connectly.send_text("+16044441111", "Hello!")
    assert sent.id and len(sandbox.messages) == 1

asyncio.run(main())
print("the wheel imports, is typed, and sends")
"""


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a command, and exit with its status if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, check=False)  # noqa: S603 (the arguments are constants)
    if done.returncode:
        sys.exit(done.returncode)


def write_constraints(folder: Path) -> Path:
    """Write the locked versions as constraints, without hashes: with them, pip would ask for the wheel's hash, too."""
    lines = (ROOT / "requirements" / "dev.txt").read_text("utf-8").splitlines()
    found = [line.removesuffix("\\").strip() for line in lines if "==" in line and not line.startswith((" ", "#"))]
    path = folder / "constraints.txt"
    path.write_text("\n".join(found), "utf-8")
    return path


def make_environment(python: str, folder: Path) -> Path:
    """Create an empty environment and return its interpreter."""
    run(python, "-m", "venv", "--without-pip", folder)
    return folder / "bin" / "python"


def main(python: str) -> None:
    """Install the wheel in dist/ and test it."""
    with tempfile.TemporaryDirectory(prefix="connectly-api-wheel-") as name:
        folder = Path(name)
        [wheel] = (ROOT / "dist").glob("*.whl")
        clean = make_environment(python, folder / "clean")
        pip = (python, "-m", "pip", "--python", clean, "--disable-pip-version-check")
        install = (*pip, "install", "-qq", "--constraint", write_constraints(folder))
        run(*install, f"connectly-api @ {wheel.as_uri()}")
        program = clean.with_name("connectly")
        bare = subprocess.run([program], capture_output=True, text=True, check=False)  # noqa: S603 (our own program)
        if bare.returncode != 1 or "pip install 'connectly-api[cli]'" not in bare.stderr or "\n" in bare.stderr.strip():
            sys.exit(f"without its extra, the command line prints: {bare.stderr}")
        run(*install, f"connectly-api[campaigns,cli,fast,fleet,otel,phone,redis,sandbox] @ {wheel.as_uri()}")
        run(*pip, "check")
        run(clean, "-W", "error", "-c", SMOKE, cwd=folder)
        run(program, "--version")

        run(*pip, "install", "-qq", "--require-hashes", "--requirement", ROOT / "requirements" / "dev.txt")
        outside = folder / "outside"
        ignored = shutil.ignore_patterns("__pycache__", *CHECKOUT_ONLY)
        shutil.copytree(ROOT / "tests", outside / "tests", ignore=ignored)
        for part in ("examples", "benchmarks", "docs"):
            shutil.copytree(ROOT / part, outside / part, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", outside)
        workers = os.environ.get("WORKERS", "auto")
        tests = ("-m", "pytest", "-q", "-n", workers, "-m", "not (slow or once or long)", "-p", "no:cacheprovider")
        run(clean, *tests, cwd=outside)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else sys.executable)
