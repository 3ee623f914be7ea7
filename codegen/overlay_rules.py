"""The overlay's rules. Each changes one operation or one schema of an OpenAPI document in place.

A rule raises UnsupportedError where it cannot be applied; then the operation or the definition is left out.
"""

from __future__ import annotations

import json

from codegen.spec.document import Json, copy_json, inside, refuse, to_object
from codegen.spec.to_openapi.schemas import LIMITS
from codegen.spec.traverse import Site, reference, sites_within

_JSON = "application/json"
_TOLD = ("description", "example", "deprecated")
_COLLECTED = ("properties", "required")
_DEEPEST = 50


def drop_error_responses(operation: Json, at: str) -> None:
    """Keep the 2xx responses; of the others, keep only the schemas, which still get names."""
    responses = operation["responses"]
    errors = {status: responses.pop(status) for status in list(responses) if not status.startswith("2")}
    if not responses:
        refuse(f"{at}/responses", "no successful response; a function returns one")
    operation["x-errors"] = {
        status: {"schema": content["schema"]}
        for status, response in errors.items()
        if (content := _find_json(response.get("content", {}))) is not None
    }


def keep_json(operation: Json, at: str) -> None:
    """Keep one media type of each body: JSON."""
    responses = operation["responses"]
    holders = {f"responses/{status}": response for status, response in responses.items()}
    for where, holder in {"requestBody": operation.get("requestBody", {}), **holders}.items():
        if "content" in holder:
            found = _find_json(holder["content"])
            if found is None:
                refuse(f"{at}/{where}", f"no JSON among {', '.join(holder['content'])}")
            holder["content"] = {_JSON: found}


def _find_json(content: Json) -> Json | None:
    return next((content[media] for media in (_JSON, *content) if media in content and _is_json(media)), None)


def _is_json(media: str) -> bool:
    name = media.partition(";")[0].strip().lower()
    return name in {_JSON, "*/*", "application/*"} or name.endswith("+json")


def merge_successes(operation: Json, at: str) -> None:
    """Keep one response: the first with a body, which all other bodies must equal."""
    responses = operation["responses"]
    with_body = [status for status in sorted(responses) if "content" in responses[status]]
    if any(responses[status]["content"] != responses[with_body[0]]["content"] for status in with_body):
        refuse(f"{at}/responses", f"{' and '.join(with_body)} differ; a function returns one type")
    kept = (with_body or sorted(responses))[0]
    operation["responses"] = {kept: responses[kept]}


def _describe(schema: Json, *texts: str | None) -> None:
    schema["description"] = "\n\n".join(filter(None, texts))


def drop_limits(schema: Json, _: str) -> None:
    """Drop each limit of a value."""
    for key in LIMITS:
        schema.pop(key, None)


def fold_title(schema: Json, _: str) -> None:
    """Prepend a title to the description."""
    if "title" in schema:
        _describe(schema, schema.pop("title"), schema.get("description"))


def drop_string_format(schema: Json, _: str) -> None:
    """Drop the format of a string."""
    if schema.get("type") == "string":
        schema.pop("format", None)


def drop_nullable(schema: Json, _: str) -> None:
    """Drop `nullable`, and null from an enum."""
    schema.pop("nullable", None)
    if None in schema.get("enum", []):
        schema["enum"] = [value for value in schema["enum"] if value is not None]


def drop_default(schema: Json, _: str) -> None:
    """Drop a default, and mention it in the description unless it is empty."""
    if "default" in schema:
        default = schema.pop("default")
        if not str(default).lower().endswith("unspecified"):
            note = json.dumps(default, ensure_ascii=False)
            _describe(schema, schema.get("description"), f"The service's default: {note}.")


def drop_unspecified(schema: Json, _: str) -> None:
    """Drop the unspecified value of an enum; one with no other value stays."""
    kept = [value for value in schema.get("enum", []) if not str(value).lower().endswith("unspecified")]
    if kept:
        schema["enum"] = kept


def drop_odd_enum(schema: Json, _: str) -> None:
    """Drop an enum whose values are neither all strings nor all whole numbers, and list them in the description."""
    values: list[object] = schema.get("enum", [])
    kinds = {type(value) for value in values}
    name = "string" if kinds == {str} else "integer" if kinds == {int} else ""
    if "enum" in schema and (not name or schema.setdefault("type", name) != name):
        _describe(schema, schema.get("description"), f"One of: {json.dumps(schema.pop('enum'), ensure_ascii=False)}.")


class Flattener:
    """Merges schemas with what they include: on the wire, included fields look like an object's own.

    What is included is merged first, with everything within it, and once. A definition that includes itself, at any
    depth, would never end. A plain reference, possibly with a description, is kept.
    """

    def __init__(self, schemas: Json) -> None:
        self._schemas = schemas
        self._done: set[str | int] = set()
        self._open: list[str | int] = []

    def flatten(self, site: Site) -> None:
        """Merge one schema; a definition, with everything within it."""
        if site.owner is not self._schemas:
            self._merge(site.schema, site.at)
        elif site.key not in self._done:
            if site.key in self._open or len(self._open) > _DEEPEST:
                refuse(site.at, "the schema includes itself, or too many others")
            self._open.append(site.key)
            try:
                for inner in sites_within(site):
                    self._merge(inner.schema, inner.at)
            finally:
                self._open.pop()
            self._done.add(site.key)

    def _merge(self, schema: Json, at: str) -> None:
        if "allOf" not in schema or reference(schema) is not None:
            return
        whole: Json = {}
        for part in [*schema["allOf"], {key: value for key, value in schema.items() if key != "allOf"}]:
            found, name = follow(part, self._schemas, at)
            self.flatten(Site({"": found}, "", at) if name is None else Site(self._schemas, name, at))
            properties, others = whole.get("properties", {}), found.get("properties", {})
            for key in properties.keys() & others.keys():
                if _strip(properties[key]) != _strip(others[key]):
                    refuse(inside(inside(at, "properties"), key), "two parts of the schema contradict each other")
            required = [*whole.get("required", []), *found.get("required", [])]
            whole |= copy_json(found) | {"properties": copy_json({**properties, **others}), "required": required}
        whole = {key: value for key, value in whole.items() if key not in _TOLD and (value or key not in _COLLECTED)}
        whole |= {key: schema[key] for key in _TOLD if key in schema}
        schema.clear()
        schema.update(whole)


def check_end(schema: Json, schemas: Json, at: str) -> None:
    """Refuse a schema that is only a reference to itself, or a list of itself: it would never end.

    A definition with fields, and one of a mapping, end it, because they have names to refer to.
    """
    seen: set[int] = set()
    while id(schema) not in seen:
        seen.add(id(schema))
        found, name = follow(schema, schemas, at)
        inner = to_object(found.get("items", found.get("additionalProperties") if name is None else None))
        if found.get("properties") or inner is None:
            return
        schema = inner
    refuse(at, "the schema contains only itself")


def follow(schema: Json, schemas: Json, at: str) -> tuple[Json, str | None]:
    """Return what a reference leads to, and its name; or the schema itself, and None."""
    seen: list[str | None] = [None]
    while (name := reference(schema)) is not None:
        if name in seen:
            refuse(at, "the schema refers to itself alone")
        seen.append(name)
        schema = schemas[name]
    return schema, seen[-1]


def _strip(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key not in _TOLD}
