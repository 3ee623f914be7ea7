"""What the sandbox's tests send: documented bodies, and requests with one thing wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import httpx

from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.model.exchange import Decision, Request
from connectly_api.sandbox.sandbox import get_engine
from connectly_api.sandbox.spec.api_operations import load_service
from tests.contract.service_file import find_place

DATA = Path(__file__).parent.parent / "data"
KEY = ("x-api-key", "sandbox-key")


def path_of(function: str, *ids: str, business: str = "sandbox-business") -> str:
    """Return the path that a low-level function requests, with these ids behind the business's."""
    return find_place(function).fill(business, *ids)


def id_of(function: str) -> str:
    """Return the id in the package's file of the operation that a low-level function calls."""
    return next(operation.id for operation in load_service(None).operations if operation.function == function)


def short_id(function: str) -> str:
    """Return the name of a function's operation on a terminal: its id without its service."""
    return id_of(function).rpartition("_")[2]


MESSAGES = path_of("send_message")
TEMPLATES = path_of("send_whatsapp_templated_message")
CREATE = path_of("create_webhook")
LIST = path_of("get_webhooks")


def client_of(sandbox: Sandbox) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(sandbox.app)
    return httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=dict([KEY]))


def load_document(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def session(**changes: Any) -> dict[str, Any]:
    body = {
        "recipient": {"id": "+16044441111", "channelType": "whatsapp"},
        "message": {"text": "Hello"},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not ...}


def message(**content: Any) -> dict[str, Any]:
    return session(message=content)


def template(**changes: Any) -> dict[str, Any]:
    body = {"number": "+16044441111", "templateName": "welcome", "language": "en", **changes}
    return {name: value for name, value in body.items() if value is not ...}


def ask(
    sandbox: Sandbox,
    body: Any = None,
    *,
    path: str = MESSAGES,
    method: str = "POST",
    query: str = "",
    headers: tuple[tuple[str, str], ...] = (KEY,),
) -> Decision:
    """Ask a sandbox for the response to a request, without a server; bytes go as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return get_engine(sandbox).receive(Request(method=method, path=path, query=query, headers=headers, body=content))


def answer(decision: Decision) -> Any:
    return json.loads(decision.content)


def fields(decision: Decision) -> list[str]:
    return [violation.field for violation in decision.violations]


class Receiver:
    """An ASGI application that answers each webhook with the next status, the last one for good."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = statuses
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.contents: list[bytes] = []
        self._came = anyio.Condition()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        content = (await receive())["body"]
        self.contents.append(content)
        self.bodies.append(json.loads(content))
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        status = self.statuses[min(len(self.bodies), len(self.statuses)) - 1]
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        async with self._came:
            self._came.notify_all()

    async def wait_for(self, count: int) -> None:
        """Wait until so many webhooks have come."""
        async with self._came:
            while len(self.bodies) < count:
                await self._came.wait()

    def get_statuses(self) -> list[str]:
        """The statuses of the events, in order."""
        return [body["statusUpdate"]["status"] for body in self.bodies if "statusUpdate" in body]


def register(sandbox: Sandbox, topic: str, address: str = "https://bot.example/", **configuration: Any) -> str:
    """Register an address for a topic and return the registration's id."""
    body = {"topic": topic, "address": address, "configuration": configuration}
    identifier: str = answer(ask(sandbox, body, path=CREATE))["id"]
    return identifier


async def attach_receiver(*statuses: int, **options: Any) -> tuple[Sandbox, Receiver]:
    """A sandbox whose webhooks of both topics an application in this process receives."""
    sandbox, receiver = Sandbox(**options), Receiver(*statuses or (200,))
    sandbox.attach("https://bot.example/", receiver)
    register(sandbox, "messages")
    register(sandbox, "delivery_status")
    return sandbox, receiver
