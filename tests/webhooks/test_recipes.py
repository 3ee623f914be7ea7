"""The recipes of the documentation, word for word, each in the framework that it is for."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import django
import django.conf
import django.test
import django.urls
import fastapi
import flask
import httpx
import pytest
import werkzeug.test
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from connectly_api import NotSentError, OptedOutError, OutsideWindowError
from connectly_api.webhooks import SIGNATURE_HEADER, Event, FailureAction, StatusTracker, WebhookApp, sign

from .asgi_request import SECRET
from .documented_bodies import BODIES, read

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "webhooks.md").read_text("utf-8")


def _recipes() -> dict[str, str]:
    """Return each section's blocks of Python, by the section's heading and the block's place in it."""
    found: dict[str, str] = {}
    for section in re.split(r"^##+ ", PAGE, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        found |= {
            f"{heading} {place}": block
            for place, block in enumerate(re.findall(r"```python[^\n]*\n(.*?)```", text, re.DOTALL))
        }
    return found


RECIPES = _recipes()
Request = tuple[bytes, dict[str, str]]
Post = Callable[[ModuleType, list[Request]], list[int]]


def _module(code: str) -> Iterator[ModuleType]:
    module = ModuleType("recipe")
    sys.modules["recipe"] = module
    try:
        exec(compile(code, "docs/webhooks.md", "exec"), module.__dict__)  # noqa: S102 (our own page, which this tests)
        yield module
    finally:
        del sys.modules["recipe"]


@pytest.fixture
def recipe(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    monkeypatch.setenv("CONNECTLY_WEBHOOK_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    for module in _module(RECIPES[request.param]):
        yield module
        if isinstance(getattr(module, "app", None), WebhookApp):
            anyio.run(module.app.aclose)


def _by_asgi(path: str) -> Post:
    def post(recipe: ModuleType, requests: list[Request]) -> list[int]:
        async def main() -> list[int]:
            transport = httpx.ASGITransport(app=recipe.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return [(await client.post(path, content=body, headers=sent)).status_code for body, sent in requests]

        return anyio.run(main)

    return post


def _build_view(recipe: ModuleType, framework: str) -> Any:
    """Return a view that does what the table of the page says for a framework."""
    (call,) = re.findall(rf"^\| .*\b{framework}\b.* \| `(respond\(.+\))` \|$", PAGE, re.MULTILINE)
    prefix = "async " if "await" in call else ""
    exec(f"{prefix}def view(request): return {call}", recipe.__dict__)  # noqa: S102 (our own page, which this tests)
    return recipe.view


def _by_fastapi(recipe: ModuleType, requests: list[Request]) -> list[int]:
    view, app = _build_view(recipe, "FastAPI"), fastapi.FastAPI()

    @app.post("/")
    async def respond(request: fastapi.Request) -> fastapi.Response:
        return fastapi.Response(status_code=await view(request))

    vars(recipe)["app"] = app
    return _by_asgi("/")(recipe, requests)


def _by_flask(recipe: ModuleType, requests: list[Request]) -> list[int]:
    view, app = _build_view(recipe, "Flask"), flask.Flask("recipe")
    app.add_url_rule("/", view_func=lambda: ("", view(flask.request)), endpoint="respond", methods=["POST"])
    client = app.test_client()
    return [client.post("/", data=body, headers=sent).status_code for body, sent in requests]


def _by_django(recipe: ModuleType, requests: list[Request]) -> list[int]:
    view = _build_view(recipe, "Django")

    @csrf_exempt
    def respond(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=view(request))

    vars(recipe)["urlpatterns"] = [django.urls.path("", respond)]
    if not django.conf.settings.configured:
        django.conf.settings.configure(ROOT_URLCONF="recipe", ALLOWED_HOSTS=["*"], SECRET_KEY="x")  # noqa: S106 (of these tests)
        django.setup()
    django.urls.clear_url_caches()
    client = django.test.Client(enforce_csrf_checks=True)
    return [
        client.post("/", body, content_type=sent["content-type"], headers=sent).status_code for body, sent in requests
    ]


def _by_wsgi(recipe: ModuleType, requests: list[Request]) -> list[int]:
    client = werkzeug.test.Client(recipe.app)
    return [client.post("/", data=body, headers=sent).status_code for body, sent in requests]


def _by_aiohttp(recipe: ModuleType, requests: list[Request]) -> list[int]:
    view, app = _build_view(recipe, "aiohttp"), web.Application()

    async def respond(request: web.Request) -> web.Response:
        return web.Response(status=await view(request))

    app.router.add_post("/", respond)

    async def main() -> list[int]:
        async with TestClient(TestServer(app, host="127.0.0.1")) as client:
            return [(await client.post("/", data=body, headers=sent)).status for body, sent in requests]

    return asyncio.run(main())


RESPOND = "Verify and parse in any framework 0"
FRAMEWORKS: list[Any] = [
    pytest.param("Receive events with `WebhookApp` 0", _by_asgi("/"), id="by itself"),
    pytest.param("Starlette 0", _by_asgi("/webhooks/connectly"), id="routed in Starlette"),
    pytest.param("Flask and Django: `WebhookApp` over WSGI 0", _by_wsgi, id="WSGI"),
    pytest.param(RESPOND, _by_fastapi, id="FastAPI"),
    pytest.param(RESPOND, _by_flask, id="Flask"),
    pytest.param(RESPOND, _by_django, id="Django"),
    pytest.param(RESPOND, _by_aiohttp, id="aiohttp"),
]


def _sign_headers(body: bytes) -> dict[str, str]:
    # As the service sends it: JSON that is declared as text.
    return {SIGNATURE_HEADER: sign(body, SECRET), "content-type": "text/plain; charset=utf-8"}


@pytest.mark.parametrize(("recipe", "post"), FRAMEWORKS, indirect=["recipe"])
def test_a_recipe_verifies_the_raw_body_and_reads_a_typed_event(
    recipe: ModuleType, post: Post, capsys: pytest.CaptureFixture[str]
) -> None:
    # White space, escapes and order that a parser would not keep.
    raw = BODIES["delivered"].replace(b"WW2ZAHD9", "WW2Z\u00e9\\u00e9".encode())
    assert post(recipe, [(raw, _sign_headers(raw))]) == [200]
    assert "01FRRWW2ZééGJ1SWY4VF2GBD delivered" in capsys.readouterr().out


@pytest.mark.parametrize(("recipe", "post"), FRAMEWORKS, indirect=["recipe"])
def test_a_recipe_refuses_what_is_not_signed_and_what_is_not_an_event(
    recipe: ModuleType, post: Post, capsys: pytest.CaptureFixture[str]
) -> None:
    good = BODIES["delivered"]
    headers = _sign_headers(good)
    requests = [
        (good + b" ", headers),
        (good, headers | {SIGNATURE_HEADER: ""}),
        (good, {"content-type": "text/plain"}),
        (b"[]", _sign_headers(b"[]")),
    ]
    assert post(recipe, requests) == [401, 401, 401, 400]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("recipe", "post"), FRAMEWORKS, indirect=["recipe"])
def test_a_recipe_takes_every_documented_event(recipe: ModuleType, post: Post) -> None:
    assert post(recipe, [(body, _sign_headers(body)) for body in BODIES.values()]) == [200] * len(BODIES)


@pytest.mark.parametrize("recipe", ["Statuses out of order 0"], indirect=True)
def test_the_recipe_for_statuses_says_each_once(recipe: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    update = {"id": "01F", "status": "read"}
    for status in ("sent", "read", "delivered", "read"):
        recipe.follow(read({"statusUpdate": update | {"status": status}}))
    assert capsys.readouterr().out.splitlines() == ["01F is now sent", "01F is now read"]
    assert recipe.trackers["01F"] == StatusTracker(status="read", seen=frozenset({"sent", "read", "delivered"}))


@pytest.mark.parametrize("recipe", ["When a handler fails 0"], indirect=True)
def test_the_recipe_for_a_policy_departs_from_the_usual_one_in_one_point(recipe: ModuleType) -> None:
    kinds = (OutsideWindowError, OptedOutError)
    actions = [recipe.decide(kind(status=400)) for kind in kinds]
    assert actions == [FailureAction.REDELIVER, FailureAction.COMPLETE]


@pytest.mark.parametrize("recipe", ["When a handler fails 1"], indirect=True)
def test_the_recipe_for_steps_repeats_only_the_one_that_failed(
    recipe: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []

    class Client:
        async def reply_text(self, _event: Event, text: str) -> None:
            attempts.append(text)
            if len(attempts) == 2:
                raise NotSentError("no connection")

    monkeypatch.setattr(recipe, "connectly", Client())
    event = read(json.loads(BODIES["text"]))
    assert [anyio.run(recipe.app.handle, event) for _ in range(3)] == [False, True, True]
    assert attempts == ["Thank you!", "Anything else?", "Anything else?"]


@pytest.mark.parametrize("recipe", ["Handle an event from a queue 0"], indirect=True)
def test_the_recipe_for_queues_asks_for_another_delivery_of_what_failed(recipe: ModuleType) -> None:
    results = iter([RuntimeError("not yet"), None])

    def handle(_event: Event) -> None:
        if error := next(results):
            raise error

    recipe.app.on_any(handle)
    event = read(json.loads(BODIES["text"]))
    with pytest.raises(RuntimeError, match="deliver it again later"):
        anyio.run(recipe.work, event)
    anyio.run(recipe.work, event)


@pytest.mark.parametrize("recipe", ["Several machines 0"], indirect=True)
def test_the_recipe_for_several_machines_connects_to_nothing_yet(recipe: ModuleType) -> None:
    assert recipe.app.counts.handled == 0


def test_every_block_of_python_on_the_page_is_tested() -> None:
    tested = {parameters.values[0] for parameters in FRAMEWORKS} | {"Statuses out of order 0"}
    tested |= {"When a handler fails 0", "When a handler fails 1", "Handle an event from a queue 0"}
    tested |= {"Several machines 0"}
    assert set(RECIPES) == tested
