"""The endpoints of the control interface as values, and their description in OpenAPI."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import attrs
from starlette.requests import Request
from starlette.responses import Response

from connectly_api.sandbox.engine import Engine
from connectly_api.sandbox.verbs.declarations import BOOLEAN, Declaration
from connectly_api.sandbox.web.control_schemas import SCHEMAS, TEXT, Schema, build_object_schema, refer_to
from connectly_api.sandbox.web.live_state import VERSION

Handler = Callable[[Engine, Request], Awaitable[Response]]

_ABOUT: Final = (
    "What a test, a tool or a page does with a running sandbox of connectly-api. No key is needed; requests of other "
    "websites are refused. Fields may be added to responses at any time."
)


@attrs.frozen(kw_only=True)
class Endpoint:
    """An endpoint.

    Attributes:
        method: The method.
        path: The path below the prefix; a parameter is in braces.
        handler: Answers a request.
        summary: What it does, in a sentence.
        result: The schema of a successful response, or another media type than JSON.
        query: The parameters of the query, all of them optional.
        content: The schema of the request's body, or another media type than JSON; None if there is none.
        refusals: The statuses of refusals, besides 403.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    result: Schema | str
    query: Mapping[str, Schema] = attrs.field(factory=dict[str, Schema])
    content: Schema | str | None = None
    refusals: tuple[HTTPStatus, ...] = ()


def build_verb_content(declaration: Declaration) -> Schema:
    """Return the schema of a verb's body."""
    schemas = {name: kind.schema for name, kind in declaration.types.items()}
    wait = {**BOOLEAN.schema, "default": True, "description": "false responds before webhooks are delivered"}
    content = build_object_schema({name: schemas.pop(name) for name in declaration.required}, {**schemas, "wait": wait})
    return {**content, "additionalProperties": False}


def build_description(endpoints: Iterable[Endpoint], prefix: str) -> dict[str, Any]:
    """Return the OpenAPI document of the endpoints, which are served below a prefix."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _describe(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "The sandbox's control interface", "version": str(VERSION), "description": _ABOUT},
        "servers": [{"url": prefix}],
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }


def _describe(endpoint: Endpoint) -> dict[str, Any]:
    names = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in endpoint.query.items()]
    refusals = {str(int(status)): _describe_content(refer_to("Problem"), status.phrase) for status in endpoint.refusals}
    forbidden = _describe_content(refer_to("Problem"), "The request comes from another website")
    described: dict[str, Any] = {
        "operationId": "_".join((endpoint.method.lower(), *re.findall("[a-z_]+", endpoint.path))),
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": {"200": _describe_content(endpoint.result, "OK"), **refusals, "403": forbidden},
    }
    if endpoint.content is not None:
        described["requestBody"] = _describe_content(endpoint.content)
    return described


def _describe_content(content: Schema | str, description: str | None = None) -> dict[str, Any]:
    about = {} if description is None else {"description": description}
    if isinstance(content, str):
        return {**about, "content": {content: {}}}
    return {**about, "content": {"application/json": {"schema": content}}}
