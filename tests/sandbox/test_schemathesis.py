"""An independent generator of requests, in all its phases, against the sandbox on a socket.

From a fixed seed: no answer is a 5xx, and every one conforms to the served Swagger file. At least 5,000 requests among
the long tests, some hundreds among the others.
"""

import asyncio
import re
import shutil
import sys
from pathlib import Path

import pytest

from connectly_api.lowlevel._source import OPERATIONS
from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import CREATE, answer, ask, id_of

SWAGGER = Path(sys.modules["connectly_api"].__file__ or "").parent / "lowlevel" / "service.swagger.json"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)
# The ids that a generator cannot guess; all else it makes up.
CONFIG = """
[parameters]
"path.{business}" = "sandbox-business"

[[operations]]
include-method = "{method}"
include-path = "{path}"
parameters = {{ "path.{webhook}" = "{webhook_id}" }}
"""


@pytest.mark.once
@pytest.mark.parametrize(("examples", "requests"), [(1, 300), pytest.param(380, 5_000, marks=pytest.mark.long)])
async def test_generated_requests_are_answered_as_the_swagger_file_says(
    tmp_path: Path, examples: int, requests: int
) -> None:
    sandbox = Sandbox(rate_limit=None, windows="open", keep=20_000)
    created = ask(sandbox, {"topic": "report", "address": "https://example.com"}, path=CREATE)
    method, path = OPERATIONS["update_webhook"]
    business, webhook = re.findall(r"\{([^{}]*)\}", path)
    (tmp_path / "schemathesis.toml").write_text(
        CONFIG.format(method=method, path=path, business=business, webhook=webhook, webhook_id=answer(created)["id"])
    )
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program is not None
    async with sandbox.serve() as address:
        process = await asyncio.create_subprocess_exec(
            program, "run", str(SWAGGER), "--url", address, "--header", "X-API-Key: sandbox-key",
            "--seed", "20261121", "--max-examples", str(examples), "--checks", CHECKS, "--suppress-health-check", "all",
            "--no-color", cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    for phase in ("Examples", "Coverage", "Fuzzing"):
        assert f"✅ {phase}" in output, output
    # A file whose schemas have no names says nothing about which operation follows which.
    assert "✅ Stateful" in output or "⏭ Stateful" in output, output
    assert sandbox.received >= requests
    assert all(request.status < 500 for request in sandbox.requests)
    served = {request.operation for request in sandbox.requests if request.status == 200}
    assert {id_of("update_webhook"), id_of("get_webhooks")} <= served
