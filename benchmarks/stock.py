"""openapi-python-client's unmodified output for the Swagger file, generated in a temporary folder."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from codegen.spec.document import load
from codegen.spec.to_openapi import convert

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def generate_stock_client() -> Generator[Path, None, None]:
    """Generate the package without this project's templates or changes, and yield its folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        document = folder / "openapi.json"
        document.write_text(json.dumps(convert(load((ROOT / "service.swagger.json").read_bytes()))), "utf-8")
        config = folder / "config.yml"
        config.write_text("post_hooks: []\n", "utf-8")
        package = folder / "stock_output"
        command = ["generate", "--path", str(document), "--config", str(config), "--meta", "none"]
        program = str(Path(sys.executable).with_name("openapi-python-client"))
        subprocess.run([program, *command, "--output-path", str(package)], check=True, capture_output=True)  # noqa: S603 (fixed arguments)
        yield package
