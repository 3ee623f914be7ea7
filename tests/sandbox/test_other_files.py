"""Whatever the file says of errors, keys and paths, the sandbox answers as the documentation says."""

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen.documented_facts import apply_facts
from connectly_api.lowlevel._source import OPERATIONS
from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import CREATE, KEY, LIST, MESSAGES, answer, ask, path_of, session

ROOT = Path(__file__).parent.parent.parent
OWN: dict[str, Any] = json.loads((ROOT / "connectly_api" / "lowlevel" / "service.swagger.json").read_bytes())


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for item in document["paths"].values() for operation in item.values()]


def name_grpc_status(document: dict[str, Any]) -> None:
    for operation in operations(document):
        operation["responses"]["default"]["schema"] = {"$ref": "#/definitions/rpcStatus"}
    details = {"type": "array", "items": {"type": "object", "additionalProperties": {}}}
    fields = {"code": {"type": "integer", "format": "int32"}, "message": {"type": "string"}, "details": details}
    document["definitions"]["rpcStatus"] = {"type": "object", "properties": fields}


def name_no_error(document: dict[str, Any]) -> None:
    for operation in operations(document):
        del operation["responses"]["default"]


def name_no_key(document: dict[str, Any]) -> None:
    del document["security"], document["securityDefinitions"]


def name_another_key(document: dict[str, Any]) -> None:
    scheme = {"type": "apiKey", "in": "header", "name": "Authorization"}
    document |= {"security": [{"Bearer": []}], "securityDefinitions": {"Bearer": scheme}}


def require_nothing(document: dict[str, Any]) -> None:
    for operation in operations(document):
        operation["responses"].pop("201", None)
        for parameter in operation.get("parameters", ()):
            parameter.pop("required", None)


VARIANTS = [name_grpc_status, name_no_error, name_no_key, name_another_key, require_nothing]


def observe(swagger: dict[str, Any] | None, headers: tuple[tuple[str, str], ...] = (KEY,)) -> list[Any]:
    """Return what a sandbox answers to good and bad requests."""
    sandbox = Sandbox(windows="open", swagger=swagger, seed=0)
    hook = {"topic": "messages", "address": "https://example.com"}
    requests: list[tuple[str, str, Any]] = [
        ("POST", MESSAGES, session()),
        ("POST", MESSAGES, session(recipient=...)),
        ("POST", MESSAGES, session(message={"text": 7})),
        ("POST", MESSAGES, b""),
        ("POST", MESSAGES, b"{"),
        ("POST", CREATE, hook),
        ("POST", CREATE, hook),
        ("POST", CREATE, {}),
        ("GET", LIST, b""),
        ("DELETE", path_of("delete_webhook", "wh_unknown"), b""),
        ("POST", path_of("send_message", business="another"), session()),
    ]
    found = [ask(sandbox, body, method=method, path=path, headers=headers) for method, path, body in requests]
    return [[(one.status, answer(one)) for one in found], [message.body for message in sandbox.messages]]


@pytest.mark.parametrize("change", VARIANTS)
def test_a_file_with_documented_facts_is_answered_as_the_packages_own(change: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(OWN)
    change(document)
    assert document != OWN
    assert observe(apply_facts(document)) == observe(None)
    assert observe(apply_facts(document), headers=()) == observe(None, headers=())


@pytest.mark.parametrize("change", [name_grpc_status, name_no_error, name_no_key])
def test_errors_and_the_key_are_the_documented_ones_for_any_file(change: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(OWN)
    change(document)
    assert observe(document) == observe(None)
    assert observe(document, headers=()) == observe(None, headers=())


WALK = """
import asyncio, json
from connectly_api import Connectly, OutsideWindowError
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import WebhookApp

async def main():
    seen = []
    hooks = WebhookApp("sandbox-secret")

    @hooks.on_any
    async def keep(event):
        seen.append(type(event).__name__)

    sandbox = Sandbox()
    sandbox.attach("https://bot.example/", hooks)
    transport = AsgiTransport(sandbox.app)
    async with Connectly(
        api_key="sandbox-key", business_id="sandbox-business", transport=transport, pace="on", base_url="http://127.0.0.1"
    ) as connectly:
        created = await connectly.webhooks.create("messages", "https://bot.example/")
        await connectly.webhooks.create("delivery_status", "https://bot.example/")
        try:
            await connectly.send_text("+16044441111", "too early")
        except OutsideWindowError:
            seen.append("refused")
        await sandbox.customer("+16044441111").says("Hi")
        await connectly.send_text("+16044441111", "Hello")
        await connectly.send_template("+16044441111", "welcome", "en")
        await sandbox.settle()
        await connectly.webhooks.update(created.id, echo=True)
        await connectly.webhooks.delete(created.id)
        left = [one.topic for one in await connectly.webhooks.list()]
        sandbox.fault("rate_limited", operation="send_message", next=1)
        await connectly.send_text("+16044441111", "again")
    kinds = [message.kind for message in sandbox.messages]
    print(json.dumps([seen, kinds, left, [one.status for one in sandbox.requests], sandbox.requests[0].path]))

asyncio.run(main())
"""


def generate_copy(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Copy the package and the generator, and generate from a changed file."""
    for name in ("codegen", "connectly_api", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    document = copy.deepcopy(OWN)
    change(document)
    (folder / "service.swagger.json").write_text(json.dumps(document), "utf-8")
    run(folder, "-m", "codegen", "generate")


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=120).stdout


def move_everything(document: dict[str, Any]) -> None:
    functions = {place: function for function, place in OPERATIONS.items()}
    modules = {path.stem: path.parent.name for path in (ROOT / "connectly_api" / "lowlevel" / "api").glob("*/*.py")}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            function = functions[method.upper(), document.get("basePath", "") + path]
            operation |= {"operationId": function, "tags": [modules[function]]}
    document["basePath"] = f"/gateway{document.get('basePath', '')}"
    document["paths"] = {
        path.replace("businesses", "accounts").replace("/send/", "/outbound/").replace("webhooks", "hooks"): item
        for path, item in document["paths"].items()
    }


@pytest.mark.slow
def test_when_every_path_moves_the_client_and_the_sandbox_do_as_before(tmp_path: Path) -> None:
    generate_copy(tmp_path, move_everything)
    *moved, path = json.loads(run(tmp_path, "-c", WALK))
    *before, _ = json.loads(run(ROOT, "-c", WALK))
    assert path.startswith("/gateway/")
    assert moved == before
    seen, kinds, left, statuses = before
    assert {"refused", "InboundMessage", "DeliveryStatus"} <= set(seen)
    assert (kinds, left) == (["text", "template", "text"], ["delivery_status"])
    assert statuses[-2:] == [429, 200]
