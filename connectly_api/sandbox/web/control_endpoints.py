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
from connectly_api.sandbox.verbs.declarations import Declaration
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
        refusals: The statuses of refusals, besides 403 for other websites.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    result: Schema | str
    query: Mapping[str, Schema] = attrs.field(factory=dict[str, Schema])
    content: Schema | str | None = None
    refusals: tuple[int, ...] = ()


def build_content_schema(declaration: Declaration, more: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of a body that has the arguments of a declaration, and may have more."""
    required = {name: kind.schema for name, kind in declaration.required.items()}
    optional = {name: kind.schema for name, kind in declaration.optional.items()}
    return {**build_object_schema(required, {**optional, **(more or {})}), "additionalProperties": False}


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
    parameters: list[Schema] = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in endpoint.query.items()]
    refusals = {
        str(status): _describe_content(refer_to("Problem"), HTTPStatus(status).phrase)
        for status in (*endpoint.refusals, HTTPStatus.FORBIDDEN.value)
    }
    described: dict[str, Any] = {
        "operationId": "_".join((endpoint.method.lower(), *re.findall("[a-z_]+", endpoint.path))),
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": {"200": _describe_content(endpoint.result, "OK"), **refusals},
    }
    if endpoint.content is not None:
        described["requestBody"] = _describe_content(endpoint.content)
    return described


def _describe_content(content: Schema | str, description: str | None = None) -> dict[str, Any]:
    about = {} if description is None else {"description": description}
    if isinstance(content, str):
        return {**about, "content": {content: {}}}
    return {**about, "content": {"application/json": {"schema": content}}}
