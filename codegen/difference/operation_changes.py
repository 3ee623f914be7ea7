"""Compares two operations: their requests and responses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from codegen.difference.changes import Change, Place
from codegen.difference.constraints import description
from codegen.difference.endpoints import Endpoint, Parameter
from codegen.difference.normalized import Node, as_mapping, describe, join_texts, resolve, shape_of
from codegen.difference.schema_changes import Documents, compare_schemas
from codegen.difference.severity import Side, classify
from codegen.spec.document import Json

_STYLES: Final = {"query": "form", "path": "simple", "header": "simple", "cookie": "form"}


def compare_operations(documents: Documents, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    """Compare two versions of one operation; changes are placed at the path of the new one."""
    place = Place(new.name)
    texts = [join_texts(found.fields.get("summary"), found.fields.get("description")) for found in (old, new)]
    yield from _compare_notes(place, "service", (old.fields, texts[0]), (new.fields, texts[1]))
    yield from _security(Place(new.name, "security"), old, new)
    yield from _parameters(documents, old, new)
    yield from _request(documents, old, new)
    yield from _responses(documents, old, new)


def _compare_notes(place: Place, side: Side, old: tuple[Json, str], new: tuple[Json, str]) -> Iterator[Change]:
    before, after = (fields.get("deprecated") is True for fields, _ in (old, new))
    if before != after:
        kind, what = ("deprecated", "now deprecated") if after else ("undeprecated", "no longer deprecated")
        yield classify(kind, side, place, what)
    if old[1] != new[1]:
        yield classify("description-changed", side, place, description(old[1], new[1]))


def _security(place: Place, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    if old.security - new.security:
        # A client that sends fewer credentials than required is refused; one that sends more is not.
        lost = [way for way in old.security if not any(other <= way for other in new.security)]
        if lost:
            yield classify("security-demanded", "service", place, f"requires {_ways(new)}, not {_ways(old)}")
            return
    if old.security != new.security:
        yield classify("security-allowed", "service", place, f"requires {_ways(new)}, not just {_ways(old)}")


def _ways(endpoint: Endpoint) -> str:
    return " or ".join(sorted(" and ".join(sorted(way)) or "nothing" for way in endpoint.security))


def _parameters(documents: Documents, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    for key in sorted(old.parameters.keys() | new.parameters.keys()):
        before, after = old.parameters.get(key), new.parameters.get(key)
        if after is None:
            assert before is not None  # noqa: S101  one of the two has the key
            what = "the parameter is removed"
            others = [place for place, name in new.parameters if name == key[1] and (place, name) not in old.parameters]
            hint = f"; perhaps moved to the {others[0]}" if others else ""
            yield classify("parameter-removed", "request", _place_of(new, before), f"{what}{hint}")
        elif before is None:
            required = after.fields.get("required") is True
            shape = shape_of(documents.new, Node.of(documents.new, after.schemas), hidden="readOnly")
            kind_of_value = describe(documents.new, shape, hidden="readOnly")
            what = f"new {'required' if required else 'optional'} parameter, {kind_of_value}"
            kind = "required-parameter-added" if required else "parameter-added"
            yield classify(kind, "request", _place_of(new, after), what)
        else:
            yield from _parameter(documents, _place_of(new, after), before, after)


def _place_of(endpoint: Endpoint, parameter: Parameter) -> Place:
    return Place(endpoint.name, f"{parameter.place} {parameter.fields.get('name')}")


def _parameter(documents: Documents, place: Place, old: Parameter, new: Parameter) -> Iterator[Change]:
    before, after = (parameter.fields.get("required") is True for parameter in (old, new))
    if before != after:
        kind, what = ("parameter-required", "now required") if after else ("parameter-optional", "no longer required")
        yield classify(kind, "request", place, what)
    if old.place == "path" and old.fields.get("name") != new.fields.get("name"):
        yield classify("path-parameter-renamed", "request", place, f"was called {old.fields.get('name')!r}")
    styles = [_style(parameter) for parameter in (old, new)]
    if styles[0] != styles[1]:
        yield classify("style-changed", "request", place, f"lists are sent as {styles[1]}, not as {styles[0]}")
    yield from _compare_notes(
        place,
        "request",
        (old.fields, join_texts(old.fields.get("description"))),
        (new.fields, join_texts(new.fields.get("description"))),
    )
    yield from compare_schemas(documents, old.schemas, new.schemas, "request", place)


def _style(parameter: Parameter) -> str:
    style = str(parameter.fields.get("style", _STYLES.get(parameter.place)))
    exploded = parameter.fields.get("explode", style == "form")
    return f"{style}, {'exploded' if exploded else 'not exploded'}"


def _request(documents: Documents, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    place = Place(new.name, "request")
    before = resolve(documents.old, old.fields.get("requestBody"))
    after = resolve(documents.new, new.fields.get("requestBody"))
    if not before or not after:
        required = after.get("required") is True
        if after:
            what = f"now takes a body, which is {'required' if required else 'optional'}"
            yield classify("required-body-added" if required else "body-added", "request", place, what)
        elif before:
            yield classify("body-removed", "request", place, "no longer takes a body")
        return
    if (before.get("required") is True) != (after.get("required") is True):
        required = after.get("required") is True
        yield classify(
            "body-required" if required else "body-optional",
            "request",
            place,
            "the body is now required" if required else "the body is no longer required",
        )
    texts = [join_texts(body.get("description")) for body in (before, after)]
    yield from _compare_notes(place, "request", ({}, texts[0]), ({}, texts[1]))
    yield from _contents(documents, before, after, "request", place)


def _contents(documents: Documents, old: Json, new: Json, side: Side, place: Place) -> Iterator[Change]:
    """Compare the media types of two bodies, and the bodies of the shared ones, or else of the first of each."""
    before, after = (
        {media.lower(): entry for media, entry in as_mapping(body.get("content")).items()} for body in (old, new)
    )
    for media in sorted(after.keys() - before.keys()):
        yield classify("media-added", side, place, f"new media type {media}")
    for media in sorted(before.keys() - after.keys()):
        yield classify("media-removed", side, place, f"the media type {media} is removed")
    shared = [(media, media) for media in sorted(before.keys() & after.keys())]
    for first, second in shared or [*zip(sorted(before)[:1], sorted(after)[:1], strict=False)]:
        schemas = [[as_mapping(entry).get("schema")] for entry in (before[first], after[second])]
        yield from compare_schemas(documents, schemas[0], schemas[1], side, place)


def _responses(documents: Documents, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    before, after = (
        {
            str(status): resolve(document, entry)
            for status, entry in as_mapping(endpoint.fields.get("responses")).items()
            if not str(status).startswith("x-")
        }
        for document, endpoint in ((documents.old, old), (documents.new, new))
    )
    yield from _statuses(new, before.keys(), after.keys())
    for status in sorted(before.keys() & after.keys()):
        place = Place(new.name, f"response {status}")
        yield from _response(documents, before[status], after[status], place)


def _statuses(endpoint: Endpoint, old: Iterable[str], new: Iterable[str]) -> Iterator[Change]:
    before, after = set(old), set(new)
    successes = any(map(_is_success, before & after))
    for status in sorted(after - before):
        kind = "success-added" if _is_success(status) else "error-added"
        yield classify(kind, "response", Place(endpoint.name, f"response {status}"), "new response")
    for status in sorted(before - after):
        kind = "error-removed"
        if _is_success(status):
            kind = "success-removed" if successes else "successes-replaced"
        yield classify(kind, "response", Place(endpoint.name, f"response {status}"), "the response is removed")


def _is_success(status: str) -> bool:
    return status.startswith("2")


def _response(documents: Documents, old: Json, new: Json, place: Place) -> Iterator[Change]:
    yield from _compare_notes(
        place, "response", ({}, join_texts(old.get("description"))), ({}, join_texts(new.get("description")))
    )
    contents = [bool(as_mapping(response.get("content"))) for response in (old, new)]
    if all(contents):
        yield from _contents(documents, old, new, "response", place)
    elif contents[1]:
        yield classify("body-added", "response", place, "now returns a body")
    elif contents[0]:
        yield classify("body-removed", "response", place, "no longer returns a body")
    yield from _headers(documents, old, new, place)


def _headers(documents: Documents, old: Json, new: Json, place: Place) -> Iterator[Change]:
    before, after = (
        {name.lower(): resolve(document, header) for name, header in as_mapping(response.get("headers")).items()}
        for document, response in ((documents.old, old), (documents.new, new))
    )
    for name in sorted(before.keys() | after.keys()):
        at = Place(place.operation, f"{place.part} header {name}")
        if name not in after:
            yield classify("header-removed", "response", at, "the header is removed")
        elif name not in before:
            yield classify("header-added", "response", at, "new header")
        else:
            texts = [join_texts(header.get("description")) for header in (before[name], after[name])]
            yield from _compare_notes(at, "response", (before[name], texts[0]), (after[name], texts[1]))
            schemas: list[list[Any]] = [[header.get("schema")] for header in (before[name], after[name])]
            yield from compare_schemas(documents, schemas[0], schemas[1], "response", at)
