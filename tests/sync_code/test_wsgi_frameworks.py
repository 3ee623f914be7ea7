"""The receiver in Flask and Django: mounted, and called from a view."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import django
import django.conf
import django.test
import flask
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db.utils import ConnectionHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from connectly_api.sync import WebhookApp
from connectly_api.webhooks import SIGNATURE_HEADER, Event, sign
from tests.webhooks.asgi_request import SECRET
from tests.webhooks.documented_bodies import BODIES

from .wsgi_request import deliver_wsgi

TEXT = BODIES["text"]
HEADERS = {SIGNATURE_HEADER: sign(TEXT, SECRET)}


def test_in_a_flask_view_a_handler_has_the_context_of_the_request() -> None:
    app, webhooks, seen = flask.Flask(__name__), WebhookApp(SECRET), list[object]()

    @app.before_request
    def set_up() -> None:
        flask.g.session = "session"

    @webhooks.on_any
    def handle(_event: Event) -> None:
        seen.append((flask.g.session, flask.request.path, flask.current_app.name))
        flask.g.session = "used"

    @app.post("/hooks")
    def receive() -> tuple[str, int]:
        return "", webhooks.accept(flask.request.headers, flask.request.get_data())

    @app.after_request
    def tear_down(response: flask.Response) -> flask.Response:
        seen.append(flask.g.session)
        return response

    client = app.test_client()
    assert client.post("/hooks", data=TEXT, headers=HEADERS).status_code == 200
    assert client.post("/hooks", data=TEXT).status_code == 401
    assert seen == [("session", "/hooks", __name__), "used", "session"]


def test_mounted_beside_a_flask_app_both_are_served() -> None:
    app, webhooks, seen = flask.Flask(__name__), WebhookApp(SECRET), list[object]()
    app.add_url_rule("/hello", view_func=lambda: "hello")

    @webhooks.on_any
    def handle(_event: Event) -> None:
        with app.app_context():
            seen.append(flask.current_app.name)

    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/hooks": webhooks})  # type: ignore[method-assign]
    client = app.test_client()
    assert client.post("/hooks/whatsapp", data=TEXT, headers=HEADERS).status_code == 200
    assert client.get("/hello").text == "hello"
    assert seen == [__name__]


urlpatterns: list[Any] = []


@pytest.fixture
def django_app() -> Generator[WSGIHandler]:
    if not django.conf.settings.configured:
        # One process has one configuration, and other tests' is this one.
        django.conf.settings.configure(ROOT_URLCONF="recipe", ALLOWED_HOSTS=["*"], SECRET_KEY="x")  # noqa: S106 (of these tests)
        django.setup()
    with django.test.override_settings(ROOT_URLCONF=__name__):
        yield WSGIHandler()
    urlpatterns.clear()


def test_in_a_django_view_a_handler_has_the_database_connection_of_the_request(django_app: WSGIHandler) -> None:
    webhooks, seen = WebhookApp(SECRET), list[object]()
    connections = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})

    @webhooks.on_any
    def handle(_event: Event) -> None:
        seen.append(connections["default"])

    @csrf_exempt
    def receive(request: HttpRequest) -> HttpResponse:
        seen.append(connections["default"])
        return HttpResponse(status=webhooks.accept(request.headers, request.body))

    urlpatterns.append(path("hooks", receive))
    assert deliver_wsgi(django_app, TEXT, PATH_INFO="/hooks") == 200
    assert deliver_wsgi(django_app, TEXT, _key="other", PATH_INFO="/hooks") == 401
    of_view, of_handler, _ = seen
    assert of_view is of_handler
