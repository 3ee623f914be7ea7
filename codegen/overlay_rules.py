"""The overlay's rules. Each changes an OpenAPI document in place and returns how many places it matched."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable

from codegen.naming import places
from codegen.spec.document import Json, inside, refuse
from codegen.spec.traverse import operations, sites

_JSON = "application/json"
_TOLD = ("description", "example", "deprecated")
_COLLECTED = ("properties", "required")


def join_base_path(document: Json) -> int:
    """Move the path of the servers' URLs to the front of every path."""
    split = [re.fullmatch(r"((?:[^/]*:)?(?://[^/]*)?)(.*?)/?", server["url"]) for server in document.get("servers", [])]
    bases = {match[2] for match in split if match is not None}
    if not any(bases):
        return 0
    if len(bases) > 1:
        refuse("#/servers", "the servers differ in their base path")
    document["servers"] = [{"url": match[1] or "/"} for match in split if match is not None]
    document["paths"] = {f"{bases.copy().pop()}{path}": item for path, item in document["paths"].items()}
    return len(bases)


def drop_error_responses(document: Json) -> int:
    """Keep every operation's 2xx responses; of the others, keep only the schemas, which still get names."""
    dropped = 0
    for operation in operations(document):
        responses = operation.fields["responses"]
        errors = {status: responses[status] for status in responses if not status.startswith("2")}
        operation.fields["x-errors"] = {
            status: {"schema": found[0]}
            for status, response in errors.items()
            if not status.startswith("x-") and (found := _json_schemas(response))
        }
        for status in errors:
            del responses[status]
        dropped += len(errors)
        if not responses:
            refuse(operation.at, "the operation has no successful response")
    return dropped


def _json_schemas(response: Json) -> list[Json]:
    content = response.get("content", {})
    return [media["schema"] for name, media in content.items() if _is_json(name) and "schema" in media]


def merge_successes(document: Json) -> int:
    """Keep one response of every operation: the first with a body, which all other bodies must equal."""
    merged = 0
    for operation in operations(document):
        responses = operation.fields["responses"]
        with_body = [status for status in sorted(responses) if "content" in responses[status]]
        contents = [_schemas(responses[status]) for status in with_body]
        if any(content != contents[0] for content in contents):
            refuse(inside(operation.at, "responses"), f"{' and '.join(with_body)} differ; a function returns one type")
        kept = (with_body or sorted(responses))[0]
        merged += len(responses) - 1
        operation.fields["responses"] = {kept: responses[kept]}
    return merged


def _schemas(response: Json) -> Json:
    return {media: part.get("schema") for media, part in response["content"].items()}


def keep_json(document: Json) -> int:
    """Keep one media type of each body: JSON."""
    dropped = 0
    for operation in operations(document):
        holders = [(operation.fields.get("requestBody", {}), "requestBody")]
        holders += [(response, f"responses/{status}") for status, response in operation.fields["responses"].items()]
        for holder, where in holders:
            content = holder.get("content", {})
            found = next((media for media in (_JSON, *content) if media in content and _is_json(media)), None)
            if content and found is None:
                refuse(f"{operation.at}/{where}", f"no JSON among {', '.join(content)}")
            if found is not None:
                holder["content"] = {_JSON: content[found]}
                dropped += len(content) - 1
    return dropped


def _is_json(media: str) -> bool:
    name = media.partition(";")[0].strip().lower()
    return name in {_JSON, "*/*", "application/*"} or name.endswith("+json")


def fold_titles(document: Json) -> int:
    """Prepend each schema's title to its description."""
    folded = 0
    for site in sites(document):
        title = site.schema.pop("title", None)
        if title is not None:
            site.schema["description"] = "\n\n".join(filter(None, (title, site.schema.get("description"))))
            folded += 1
    return folded


def drop_string_formats(document: Json) -> int:
    """Drop the format of each string."""
    return _drop(document, "format", lambda schema: schema.get("type") == "string")


def drop_nullable(document: Json) -> int:
    """Drop `nullable` everywhere, and null from enums."""
    for site in sites(document):
        if None in site.schema.get("enum", []):
            site.schema["enum"] = [value for value in site.schema["enum"] if value is not None]
    return _drop(document, "nullable", lambda _: True)


def _drop(document: Json, key: str, concerns: Callable[[Json], bool]) -> int:
    found = [site.schema for site in sites(document) if key in site.schema and concerns(site.schema)]
    for schema in found:
        del schema[key]
    return len(found)


def drop_defaults(document: Json) -> int:
    """Drop each default, and mention it in the description unless it is empty."""
    found = [site.schema for site in sites(document) if "default" in site.schema]
    for schema in found:
        default = schema.pop("default")
        if not str(default).lower().endswith("unspecified"):
            note = f"The service's default: {json.dumps(default, ensure_ascii=False)}."
            schema["description"] = "\n\n".join(filter(None, (schema.get("description"), note)))
    return len(found)


def drop_unspecified(document: Json) -> int:
    """Drop the unspecified value of each enum; an enum with no other value becomes a plain string."""
    dropped = 0
    for site in sites(document):
        values = site.schema.get("enum", [])
        kept = [value for value in values if not str(value).lower().endswith("unspecified")]
        if kept:
            dropped += len(values) - len(kept)
            site.schema["enum"] = kept
    return dropped


def drop_odd_enums(document: Json) -> int:
    """Drop enums whose values are neither all strings nor all whole numbers, and list the values in the description."""
    dropped = 0
    for site in sites(document):
        values: list[object] = site.schema.get("enum", [])
        kinds = {type(value) for value in values}
        name = "string" if kinds == {str} else "integer" if kinds == {int} else ""
        if "enum" in site.schema and (not name or site.schema.setdefault("type", name) != name):
            note = f"One of: {json.dumps(site.schema.pop('enum'), ensure_ascii=False)}."
            site.schema["description"] = "\n\n".join(filter(None, (site.schema.get("description"), note)))
            dropped += 1
    return dropped


def flatten(document: Json) -> int:
    """Merge each schema with what it includes, except for a plain reference with a description."""
    schemas = document.get("components", {}).get("schemas", {})
    flattened = 0
    for site in list(sites(document)):
        if "allOf" in site.schema and places.target(site.schema, schemas)[0] is site.schema:
            whole = _flat(site.schema, schemas, site.at, ())
            site.schema.clear()
            site.schema.update(whole)
            flattened += 1
    return flattened


def _flat(schema: Json, schemas: Json, at: str, around: tuple[int, ...]) -> Json:
    if id(schema) in around:
        refuse(at, "the schema includes itself")
    whole: Json = {}
    for part in [*schema.get("allOf", []), {key: value for key, value in schema.items() if key != "allOf"}]:
        found, _ = places.target(part, schemas)
        found = _flat(found, schemas, at, (*around, id(schema))) if "allOf" in found else found
        properties, others = whole.get("properties", {}), found.get("properties", {})
        for name in properties.keys() & others.keys():
            if not places.same(properties[name], others[name], schemas):
                refuse(inside(inside(at, "properties"), name), "two parts of the schema contradict each other")
        required = [*whole.get("required", []), *found.get("required", [])]
        whole |= {**found, "properties": copy.deepcopy({**properties, **others}), "required": required}
    whole = {key: value for key, value in whole.items() if key not in _TOLD and (value or key not in _COLLECTED)}
    return whole | {key: schema[key] for key in _TOLD if key in schema}
