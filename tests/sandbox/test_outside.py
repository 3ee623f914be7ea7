"""A project outside the checkout that has the wheel alone: the plugin is found by itself, and the example passes."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks_of
from tests.left_out import search_path


@pytest.mark.slow
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
    environment = {**os.environ, "PYTHONPATH": search_path(tmp_path / "site")}
    # What else is installed here finds itself, too; this one alone takes a second to load.
    run = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    done = subprocess.run(run, cwd=project, env=environment, check=False, capture_output=True, text=True)
    documented = sum(
        len(re.findall("^(?:async )?def test_", path.read_text("utf-8"), re.MULTILINE)) for path in project.glob("*.py")
    )
    assert documented > 5
    assert f"{documented} passed" in done.stdout, done.stdout + done.stderr
