"""Converts the parts of a Swagger 2.0 document about the whole service to OpenAPI 3.0. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping

from codegen.spec.document import Json, check_object, elements, extensions, inside, members, refuse, strings
from codegen.spec.to_openapi.schemas import EXTERNAL_DOCS

_INFO: Mapping[str, type] = {
    "title": str,
    "description": str,
    "termsOfService": str,
    "contact": dict,
    "license": dict,
    "version": str,
}
_CONTACT: Mapping[str, type] = {"name": str, "url": str, "email": str}
_LICENSE: Mapping[str, type] = {"name": str, "url": str}
_TAG: Mapping[str, type] = {"name": str, "description": str, "externalDocs": dict}
_SCHEME: Mapping[str, type] = {
    "type": str,
    "description": str,
    "name": str,
    "in": str,
    "flow": str,
    "authorizationUrl": str,
    "tokenUrl": str,
    "scopes": dict,
}
_FLOWS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "implicit": ("implicit", ("authorizationUrl",)),
    "password": ("password", ("tokenUrl",)),
    "application": ("clientCredentials", ("tokenUrl",)),
    "accessCode": ("authorizationCode", ("authorizationUrl", "tokenUrl")),
}


def convert_info(value: Json) -> Json:
    """Check the title, the version and the contact, which are the same in both formats."""
    info = check_object(value, _INFO, "#/info", required=("title", "version"))
    check_object(info.get("contact", {}), _CONTACT, "#/info/contact")
    if "license" in info:
        check_object(info["license"], _LICENSE, "#/info/license", required=("name",))
    return copy.deepcopy(info)


def convert_docs(value: object, at: str) -> Json:
    """Check external documentation, which is the same in both formats."""
    return copy.deepcopy(check_object(value, EXTERNAL_DOCS, inside(at, "externalDocs"), required=("url",)))


def convert_tag(value: object, at: str) -> Json:
    """Check a tag, which is the same in both formats."""
    tag = check_object(value, _TAG, at, required=("name",))
    return {
        **copy.deepcopy(tag),
        **({"externalDocs": convert_docs(tag["externalDocs"], at)} if "externalDocs" in tag else {}),
    }


def convert_servers(root: Json, owner: Json, at: str) -> Json:
    """Join schemes, host and base path.

    Args:
        root: The whole document.
        owner: The document, or an operation with schemes of its own.
        at: The owner's JSON pointer.

    Raises:
        CodegenError: The host or the base path is invalid.
    """
    schemes = strings(owner.get("schemes", []), inside(at, "schemes"))
    base = root.get("basePath", "")
    if base and not base.startswith("/"):
        refuse("#/basePath", "must begin with a slash")
    if "host" not in root:
        kept: Json = {"x-schemes": schemes} if schemes else {}  # They have no meaning in OpenAPI without a host.
        return kept | ({"servers": [{"url": base}]} if base and owner is root else {})
    if re.search(r"[{}/\\\s?#@]", root["host"]) or not root["host"]:
        refuse("#/host", "must be a name, optionally with a port")
    urls = [f"{scheme}://{root['host']}{base}" for scheme in schemes] or [f"//{root['host']}{base}"]
    return {"servers": [{"url": url} for url in urls]}


def convert_security(value: object, at: str) -> list[Json]:
    """Check security requirements, which are the same in both formats."""
    result: list[Json] = []
    for n, entry in enumerate(elements(value, at)):
        where = inside(at, n)
        result.append({name: strings(scopes, inside(where, name)) for name, scopes in members(entry, where).items()})
    return result


def convert_security_scheme(value: object, at: str) -> Json:
    """Convert a security scheme.

    Raises:
        CodegenError: It is none of the three kinds of Swagger 2.0, or incomplete.
    """
    fields = check_object(value, _SCHEME, at, required=("type",))
    result: Json = {key: fields[key] for key in ("description",) if key in fields} | extensions(fields)
    match fields["type"]:
        case "basic":
            return {"type": "http", "scheme": "basic", **result}
        case "apiKey":
            check_object(fields, _SCHEME, at, required=("name", "in"))
            return {"type": "apiKey", "name": fields["name"], "in": fields["in"], **result}
        case "oauth2":
            flow, urls = _FLOWS.get(fields.get("flow", ""), ("", ()))
            if not flow:
                refuse(inside(at, "flow"), f"must be one of {', '.join(_FLOWS)}")
            check_object(fields, _SCHEME, at, required=urls)
            parts = {url: fields[url] for url in urls} | {"scopes": copy.deepcopy(fields.get("scopes", {}))}
            return {"type": "oauth2", "flows": {flow: parts}, **result}
        case kind:
            return refuse(inside(at, "type"), f"{kind!r} is not a kind of security scheme")
