"""Two operations, compared: what is asked for and what is answered. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from codegen.difference.changes import Change, Place
from codegen.difference.facets import description
from codegen.difference.schemas import Documents, compare_schemas
from codegen.difference.service import Endpoint, Parameter
from codegen.difference.shapes import Node, described, mapping, resolved, shape_of, told
from codegen.difference.verdicts import Side, judged
from codegen.document import Json

__all__ = ["compare_operations"]

_STYLES: Final = {"query": "form", "path": "simple", "header": "simple", "cookie": "form"}


def compare_operations(documents: Documents, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    """Compare two operations that are one and the same, if not in the same place.

    Args:
        documents: Where their references lead.
        old: The one before.
        new: The one after, whose address says where the changes are.
    """
    place = Place(new.name)
    texts = [told(found.fields.get("summary"), found.fields.get("description")) for found in (old, new)]
    yield from _told(place, "service", (old.fields, texts[0]), (new.fields, texts[1]))
    yield from _security(Place(new.name, "security"), old, new)
    yield from _parameters(documents, old, new)
    yield from _request(documents, old, new)
    yield from _responses(documents, old, new)


def _told(place: Place, side: Side, old: tuple[Json, str], new: tuple[Json, str]) -> Iterator[Change]:
    """Compare deprecation and description of what is no schema."""
    before, after = (fields.get("deprecated") is True for fields, _ in (old, new))
    if before != after:
        kind, what = ("deprecated", "deprecated now") if after else ("undeprecated", "not deprecated any more")
        yield judged(kind, side, place, what)
    if old[1] != new[1]:
        yield judged("description-changed", side, place, description(old[1], new[1]))


def _security(place: Place, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    if old.security - new.security:
        # Whoever calls with less than is asked for now is refused; who presents more than is asked for is not.
        lost = [way for way in old.security if not any(other <= way for other in new.security)]
        if lost:
            yield judged("security-demanded", "service", place, f"asks for {_ways(new)}, not for {_ways(old)}")
            return
    if old.security != new.security:
        yield judged("security-allowed", "service", place, f"asks for {_ways(new)}, not just for {_ways(old)}")


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
            yield judged("parameter-removed", "request", _place_of(new, before), f"{what}{hint}")
        elif before is None:
            required = after.fields.get("required") is True
            shape = shape_of(documents.new, Node.of(documents.new, after.schemas), hidden="readOnly")
            kind_of_value = described(documents.new, shape, hidden="readOnly")
            what = f"new {'required' if required else 'optional'} parameter, {kind_of_value}"
            kind = "required-parameter-added" if required else "parameter-added"
            yield judged(kind, "request", _place_of(new, after), what)
        else:
            yield from _parameter(documents, _place_of(new, after), before, after)


def _place_of(endpoint: Endpoint, parameter: Parameter) -> Place:
    return Place(endpoint.name, f"{parameter.place} {parameter.fields.get('name')}")


def _parameter(documents: Documents, place: Place, old: Parameter, new: Parameter) -> Iterator[Change]:
    before, after = (parameter.fields.get("required") is True for parameter in (old, new))
    if before != after:
        kind, what = (
            ("parameter-required", "required now") if after else ("parameter-optional", "not required any more")
        )
        yield judged(kind, "request", place, what)
    if old.place == "path" and old.fields.get("name") != new.fields.get("name"):
        yield judged("path-parameter-renamed", "request", place, f"was called {old.fields.get('name')!r}")
    styles = [_style(parameter) for parameter in (old, new)]
    if styles[0] != styles[1]:
        yield judged("style-changed", "request", place, f"lists are written as {styles[1]}, not as {styles[0]}")
    yield from _told(
        place,
        "request",
        (old.fields, told(old.fields.get("description"))),
        (new.fields, told(new.fields.get("description"))),
    )
    yield from compare_schemas(documents, old.schemas, new.schemas, "request", place)


def _style(parameter: Parameter) -> str:
    style = str(parameter.fields.get("style", _STYLES.get(parameter.place)))
    exploded = parameter.fields.get("explode", style == "form")
    return f"{style}, {'exploded' if exploded else 'not exploded'}"


def _request(documents: Documents, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    place = Place(new.name, "request")
    before = resolved(documents.old, old.fields.get("requestBody"))
    after = resolved(documents.new, new.fields.get("requestBody"))
    if not before or not after:
        required = after.get("required") is True
        if after:
            what = f"takes a body now, which is {'required' if required else 'optional'}"
            yield judged("required-body-added" if required else "body-added", "request", place, what)
        elif before:
            yield judged("body-removed", "request", place, "takes no body any more")
        return
    if (before.get("required") is True) != (after.get("required") is True):
        required = after.get("required") is True
        yield judged(
            "body-required" if required else "body-optional",
            "request",
            place,
            "the body is required now" if required else "the body is not required any more",
        )
    texts = [told(body.get("description")) for body in (before, after)]
    yield from _told(place, "request", ({}, texts[0]), ({}, texts[1]))
    yield from _contents(documents, before, after, "request", place)


def _contents(documents: Documents, old: Json, new: Json, side: Side, place: Place) -> Iterator[Change]:
    """Compare the media types of two bodies, and the bodies of each that both have, or else of the first of each."""
    before, after = (
        {media.lower(): entry for media, entry in mapping(body.get("content")).items()} for body in (old, new)
    )
    for media in sorted(after.keys() - before.keys()):
        yield judged("media-added", side, place, f"new media type {media}")
    for media in sorted(before.keys() - after.keys()):
        yield judged("media-removed", side, place, f"the media type {media} is removed")
    shared = [(media, media) for media in sorted(before.keys() & after.keys())]
    for first, second in shared or [*zip(sorted(before)[:1], sorted(after)[:1], strict=False)]:
        schemas = [[mapping(entry).get("schema")] for entry in (before[first], after[second])]
        yield from compare_schemas(documents, schemas[0], schemas[1], side, place)


def _responses(documents: Documents, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    before, after = (
        {
            str(status): resolved(document, entry)
            for status, entry in mapping(endpoint.fields.get("responses")).items()
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
        yield judged(kind, "response", Place(endpoint.name, f"response {status}"), "new response")
    for status in sorted(before - after):
        kind = "error-removed"
        if _is_success(status):
            kind = "success-removed" if successes else "successes-replaced"
        yield judged(kind, "response", Place(endpoint.name, f"response {status}"), "the response is removed")


def _is_success(status: str) -> bool:
    return status.startswith("2")


def _response(documents: Documents, old: Json, new: Json, place: Place) -> Iterator[Change]:
    yield from _told(place, "response", ({}, told(old.get("description"))), ({}, told(new.get("description"))))
    contents = [bool(mapping(response.get("content"))) for response in (old, new)]
    if all(contents):
        yield from _contents(documents, old, new, "response", place)
    elif contents[1]:
        yield judged("body-added", "response", place, "answers a body now")
    elif contents[0]:
        yield judged("body-removed", "response", place, "answers no body any more")
    yield from _headers(documents, old, new, place)


def _headers(documents: Documents, old: Json, new: Json, place: Place) -> Iterator[Change]:
    before, after = (
        {name.lower(): resolved(document, header) for name, header in mapping(response.get("headers")).items()}
        for document, response in ((documents.old, old), (documents.new, new))
    )
    for name in sorted(before.keys() | after.keys()):
        at = Place(place.operation, f"{place.part} header {name}")
        if name not in after:
            yield judged("header-removed", "response", at, "the header is removed")
        elif name not in before:
            yield judged("header-added", "response", at, "new header")
        else:
            texts = [told(header.get("description")) for header in (before[name], after[name])]
            yield from _told(at, "response", (before[name], texts[0]), (after[name], texts[1]))
            schemas: list[list[Any]] = [[header.get("schema")] for header in (before[name], after[name])]
            yield from compare_schemas(documents, schemas[0], schemas[1], "response", at)
