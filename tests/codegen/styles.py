"""The vendored file, as other versions and settings of protoc-gen-openapiv2, and other generators, would write it.

Every style says the same on the wire: the same paths, fields, types and values.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from codegen.spec.document import Json
from tests.codegen.samples import VENDORED, build_rpc_status, swagger

__all__ = ["STYLES", "styled"]


def _renamed(document: Json, rename: Callable[[str], str]) -> Json:
    text = json.dumps({**document, "definitions": {}})
    definitions = json.dumps({rename(name): schema for name, schema in document["definitions"].items()})

    def reference(match: re.Match[str]) -> str:
        return f'"#/definitions/{rename(match[1])}"'

    result: Json = json.loads(re.sub(r'"#/definitions/([^"]+)"', reference, text))
    result["definitions"] = json.loads(re.sub(r'"#/definitions/([^"]+)"', reference, definitions))
    return result


def _packaged(document: Json) -> Json:
    return _renamed(document, lambda name: re.sub(r"^v1", "connectlyV1", name))


def _dotted(document: Json) -> Json:
    return _renamed(document, lambda name: re.sub(r"^v1", "connectly.api.v1.", name))


def _numbered(document: Json) -> Json:
    names = sorted(document["definitions"])
    return _renamed(document, lambda name: f"type{names.index(name)}")


def _misleading(document: Json) -> Json:
    names = sorted(document["definitions"])
    return _renamed(document, lambda name: names[(names.index(name) + 1) % len(names)])


def _inlined(value: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_inlined(part, definitions) for part in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _inlined(definitions[value["$ref"].removeprefix("#/definitions/")], definitions)
    return {key: _inlined(part, definitions) for key, part in value.items()}


def _inline_everything(document: Json) -> Json:
    return {**document, "paths": _inlined(document["paths"], document["definitions"]), "definitions": {}}


def _inline_bodies(document: Json) -> Json:
    result = copy.deepcopy(document)
    for item in result["paths"].values():
        for operation in item.values():
            for entry in operation["parameters"]:
                if entry["in"] == "body":
                    name = entry["schema"]["$ref"].removeprefix("#/definitions/")
                    entry["schema"] = result["definitions"].pop(name)
    return result


def _described_references(document: Json) -> Json:
    """Write each reference in a field beside a description, and as `allOf` in every other one."""
    result = copy.deepcopy(document)
    n = 0
    for schema in result["definitions"].values():
        for value in schema.get("properties", {}).values():
            if "$ref" in value:
                n += 1
                if n % 2:
                    value["allOf"] = [{"$ref": value.pop("$ref")}]
                value["description"] = "Said once more."
    return result


def _hosted(document: Json) -> Json:
    paths = {path.removeprefix("/v1"): item for path, item in document["paths"].items()}
    return {**document, "host": "api.connectly.ai", "basePath": "/v1", "schemes": ["https"], "paths": paths}


def _other_operations(document: Json) -> Json:
    result = copy.deepcopy(document)
    for n, item in enumerate(result["paths"].values()):
        for method, operation in item.items():
            operation |= {"operationId": f"connectly.v1.{method}{n}", "tags": [f"Tag {n % 2}", "other"]}
    return {key: value for key, value in result.items() if key != "tags"}


def _nameless_operations(document: Json) -> Json:
    result = copy.deepcopy(document)
    for item in result["paths"].values():
        for operation in item.values():
            del operation["operationId"]
            del operation["tags"]
    return result


def _other_path_parameters(document: Json) -> Json:
    text = json.dumps(document).replace("{businessId}", "{business.id}").replace("{webhookId}", "{id}")
    text = text.replace('"name": "businessId"', '"name": "business.id"').replace('"name": "webhookId"', '"name": "id"')
    result: Json = json.loads(text)
    return result


def _without_errors(document: Json) -> Json:
    result = copy.deepcopy(document)
    for item in result["paths"].values():
        for operation in item.values():
            del operation["responses"]["default"]
    del result["definitions"]["v1Error"]
    return result


def _rpc_status(document: Json) -> Json:
    result = _renamed(document, lambda name: "rpcStatus" if name == "v1Error" else name)
    result["definitions"] |= build_rpc_status()
    return result


def _shared_empty(document: Json) -> Json:
    text = json.dumps(document)
    for name in ("v1DeleteWebhookResponse", "v1UpdateWebhookResponse"):
        text = text.replace(f"#/definitions/{name}", "#/definitions/protobufEmpty")
    result: Json = json.loads(text)
    for name in ("v1DeleteWebhookResponse", "v1UpdateWebhookResponse"):
        del result["definitions"][name]
    result["definitions"]["protobufEmpty"] = {"type": "object"}
    return result


def _split(document: Json) -> Json:
    """Give the header's attachment a definition of its own, which says the same."""
    result = copy.deepcopy(document)
    result["definitions"]["HeaderMedia"] = copy.deepcopy(result["definitions"]["v1Attachment"])
    result["definitions"]["v1Header"]["properties"]["attachment"] = {"$ref": "#/definitions/HeaderMedia"}
    return result


def _reordered(document: Json) -> Json:
    result = _turned(document)
    assert isinstance(result, dict)
    return result


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(part) for part in value] if isinstance(value, list) else value


STYLES: Mapping[str, Callable[[Json], Json]] = {
    "packaged names": _packaged,
    "dotted names": _dotted,
    "numbered names": _numbered,
    "names of others": _misleading,
    "inline bodies": _inline_bodies,
    "everything inline": _inline_everything,
    "described references": _described_references,
    "with a host": _hosted,
    "other operation ids and tags": _other_operations,
    "no operation ids, no tags": _nameless_operations,
    "other path parameters": _other_path_parameters,
    "no errors": _without_errors,
    "rpcStatus": _rpc_status,
    "one empty answer": _shared_empty,
    "a definition twice": _split,
    "another order": _reordered,
    "much at once": lambda document: _hosted(_other_operations(_inline_everything(_reordered(document)))),
}
"""Each style by its name."""


def styled(name: str) -> Json:
    """Return the vendored file in a style."""
    return STYLES[name](swagger(VENDORED))
