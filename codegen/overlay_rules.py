"""The overlay's rules, each with its reason. A rule changes one operation or one schema of a document in place.

It raises UnsupportedError where it cannot be applied; then the operation or the definition is left out.
"""

from __future__ import annotations

import json

from codegen.spec.document import Json, copy_json, is_unspecified, refuse, to_object
from codegen.spec.to_openapi import LIMITS
from codegen.spec.traverse import reference

_JSON = "application/json"
_TOLD = ("title", "description", "example", "deprecated")
_MEANT = ("$ref", "allOf", "type", "enum", "items", "properties", "additionalProperties")
_DEEPEST = 100


def drop_error_responses(operation: Json, at: str) -> None:
    """Keep the 2xx responses; of the others, keep only the schemas, which still get names.

    The pipeline raises errors and handles every status; returned errors could be overlooked.
    """
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
    """Keep JSON of each body: the transport sends it, and other media types carry the same content."""
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
    """Keep the first response with a body, which all other bodies must equal: a function returns one type."""
    responses = operation["responses"]
    with_body = [status for status in sorted(responses) if "content" in responses[status]]
    if any(responses[status]["content"] != responses[with_body[0]]["content"] for status in with_body):
        refuse(f"{at}/responses", f"{' and '.join(with_body)} differ; a function returns one type")
    kept = (with_body or sorted(responses))[0]
    operation["responses"] = {kept: responses[kept]}


def _describe(schema: Json, *texts: str | None) -> None:
    schema["description"] = "\n\n".join(filter(None, texts))


def drop_limits(schema: Json) -> None:
    """Drop limits: the service checks them, and the generator refuses a whole file over one that makes no sense."""
    for key in LIMITS:
        schema.pop(key, None)


def fold_title(schema: Json) -> None:
    """Prepend a title to the description: it is from a comment, and the generator would turn it into a class name."""
    if "title" in schema:
        _describe(schema, schema.pop("title"), schema.get("description"))


def drop_string_format(schema: Json) -> None:
    """Keep strings: a time with nanoseconds, a 64-bit number and Base64 lose nothing, unlike as Python's own types."""
    if schema.get("type") == "string":
        schema.pop("format", None)


def drop_nullable(schema: Json) -> None:
    """Drop `nullable`, and null from an enum: the service returns null for absent fields, whatever the file says."""
    schema.pop("nullable", None)
    if None in schema.get("enum", []):
        schema["enum"] = [value for value in schema["enum"] if value is not None]


def drop_default(schema: Json) -> None:
    """Mention a default only in the description: unset arguments are not sent, so that the service applies it.

    An unspecified default says nothing.
    """
    if "default" in schema:
        default = schema.pop("default")
        if not is_unspecified(default):
            note = json.dumps(default, ensure_ascii=False)
            _describe(schema, schema.get("description"), f"The service's default: {note}.")


def drop_unspecified(schema: Json) -> None:
    """Drop the unspecified value of an enum, which must never be sent; one with no other value stays."""
    kept = [value for value in schema.get("enum", []) if not is_unspecified(value)]
    if kept:
        schema["enum"] = kept


def drop_odd_enum(schema: Json) -> None:
    """Mention an enum only in the description if it is of mixed types, fractions or booleans: it adds no type."""
    values: list[object] = schema.get("enum", [])
    kinds = {type(value) for value in values}
    name = "string" if kinds == {str} else "integer" if kinds == {int} else ""
    if "enum" in schema and (not name or schema.setdefault("type", name) != name):
        _describe(schema, schema.get("description"), f"One of: {json.dumps(schema.pop('enum'), ensure_ascii=False)}.")


def merge_included(schema: Json, schemas: Json, at: str) -> None:
    """Merge what a schema includes into it: on the wire, included fields look like its own."""
    if "allOf" in schema and reference(schema) is None:
        merged = copy_json(_merge(schema, schemas, at, (), {}))
        schema.clear()
        schema.update(merged)


def _merge(schema: Json, schemas: Json, at: str, around: tuple[int, ...], merged: dict[int, Json]) -> Json:
    if id(schema) in merged:
        return merged[id(schema)]
    if id(schema) in around or len(around) > _DEEPEST:
        refuse(at, "the schema includes itself, or too many others")
    around = (*around, id(schema))
    if (name := reference(schema)) is not None:
        return _merge(schemas[name], schemas, at, around, merged)
    own = {key: value for key, value in schema.items() if key != "allOf"}
    whole: Json = {}
    for inner in (*(_merge(part, schemas, at, around, merged) for part in schema.get("allOf", ())), own):
        fields, others = whole.get("properties", {}), inner.get("properties", {})
        for key in fields.keys() & others.keys():
            if any(fields[key].get(one) != others[key].get(one) for one in _MEANT):
                refuse(at, f"the parts of the schema contradict each other about {key!r}")
        required = [*whole.get("required", ()), *inner.get("required", ())]
        told = {key: value for key, value in inner.items() if inner is own or key not in _TOLD}
        whole |= told | {"properties": {**fields, **others}, "required": required}
    merged[id(schema)] = {key: value for key, value in whole.items() if value or key not in {"properties", "required"}}
    return merged[id(schema)]


def check_schema(schema: Json, schemas: Json, at: str) -> None:
    """Refuse a schema that is only a reference to itself, or a list of itself: it would never end.

    A definition with fields, and one of a mapping, end it, because they have names to refer to.
    """
    seen: set[tuple[int, bool]] = set()
    is_definition = False
    while (id(schema), is_definition) not in seen:
        seen.add((id(schema), is_definition))
        if (name := reference(schema)) is not None:
            schema, is_definition = schemas[name], True
            continue
        inner = to_object(schema.get("items", None if is_definition else schema.get("additionalProperties")))
        if schema.get("properties") or not inner:
            return
        schema, is_definition = inner, False
    refuse(at, "the schema contains only itself")
