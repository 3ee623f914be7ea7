"""A project outside the checkout that has the wheel alone: the plugin is found by itself, and the example passes."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.docs.pages import ROOT, blocks_of


def test_the_documentations_example_passes_with_the_wheel_alone(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    # What pip does with a wheel of pure Python, its dependencies being there.
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    project = tmp_path / "project"
    project.mkdir()
    for block in blocks_of(ROOT / "docs" / "testing.md"):
        if block.title is not None:
            (project / block.title).write_text(block.text, "utf-8")
    (project / "test_where.py").write_text(
        "import connectly_api\n\ndef test_it_is_the_wheels():\n    assert 'site' in connectly_api.__file__\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    run = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(run, cwd=project, env=environment, check=False, capture_output=True, text=True)
    assert "7 passed" in done.stdout, done.stdout + done.stderr
