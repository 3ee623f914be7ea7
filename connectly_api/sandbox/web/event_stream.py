"""The state, the timeline in pages, and a stream of what happens, over HTTP.

A stream is Server-Sent Events, https://html.spec.whatwg.org/multipage/server-sent-events.html. It keeps only its place
in the timeline: however slow its client is, it reads on from there, and says `gap` once the next entry is no longer
kept, or after a reset. A client then reads `state` and `timeline` anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.engine import Engine
from connectly_api.sandbox.web.connection import set_end
from connectly_api.sandbox.web.live_state import (
    MAX_ENTRIES,
    Place,
    UpdateBuilder,
    build_state,
    encode_page,
    get_place,
    is_lost,
)

_INTERVAL: Final = 0.1
"""Real seconds from one update to the next."""

_HEARTBEAT: Final = 15.0
"""Real seconds after which a silent stream sends a comment, so that no proxy takes it for dead."""

_STREAM_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


async def show_state(engine: Engine, _request: Request) -> Response:
    """Respond with everything but the timeline."""
    return _respond(json.dumps(build_state(engine)))


async def show_timeline(engine: Engine, request: Request) -> Response:
    """Respond with a page of the timeline.

    Raises:
        InvalidInputError: The address has an invalid value.
    """
    after, before, customer = (_read_number(request, name) for name in ("after", "before", "customer"))
    return _respond(encode_page(engine, after, before, _read_limit(request), customer))


async def show_events(engine: Engine, request: Request) -> Response:
    """Respond with a stream.

    Raises:
        InvalidInputError: The address has an invalid value.
    """
    place = _read_place(request, engine)
    if request.method == "HEAD":
        return Response(headers=_STREAM_HEADERS, media_type="text/event-stream")
    ending = _Ending()
    set_end(request.scope, lambda _connection: ending.set())
    return StreamingResponse(_stream(engine, place, ending), headers=_STREAM_HEADERS, media_type="text/event-stream")


class _Ending:
    """Ends a stream between two events, so that its client sees a whole response and not a broken connection."""

    def __init__(self) -> None:
        self.is_set = False
        self.wait = anyio.CancelScope()

    def set(self) -> None:
        self.is_set = True
        self.wait.cancel()


async def _stream(engine: Engine, place: Place, ending: _Ending) -> AsyncGenerator[str]:
    builder = UpdateBuilder(engine, place)
    while not ending.is_set:
        version = engine.version
        if is_lost(engine, builder.place):
            yield _format_event("gap", builder.skip(), builder.place)
        if (data := builder.build()) is not None:
            yield _format_event("update", data, builder.place)
        await anyio.sleep(_INTERVAL)
        while not (ending.is_set or builder.is_behind or version != engine.version):
            with anyio.move_on_after(_HEARTBEAT) as ending.wait:
                await engine.wait_for_change(version)
                break
            yield ":\n\n"


def _format_event(name: str, data: str, place: Place) -> str:
    return f"event: {name}\nid: {place}\ndata: {data}\n\n"


def _read_place(request: Request, engine: Engine) -> Place:
    """Return where a stream begins: after the last event that the client got, or that its address says, or now.

    A browser that connects again repeats the address, so the header comes first. What the header says is not checked:
    an answer of 400 would end the stream for good, but a place that does not exist is a gap.

    Raises:
        InvalidInputError: The address has an invalid value.
    """
    now = get_place(engine)
    if (header := request.headers.get("last-event-id")) is not None:
        run, _, entry = header.rpartition(":")
        return Place(run, int(entry) if _is_number(entry) else -1)
    run, after = _read_query(request, "run") or now.run, _read_number(request, "after")
    return Place(run, now.entry if after is None else after)


def _read_number(request: Request, name: str) -> int | None:
    text = _read_query(request, name)
    if text is not None and not _is_number(text):
        raise InvalidInputError(f"{name}: must be a number without a sign, of at most 15 digits", field=name)
    return None if text is None else int(text)


def _read_limit(request: Request) -> int:
    limit = _read_number(request, "limit")
    if limit is not None and not 1 <= limit <= MAX_ENTRIES:
        raise InvalidInputError(f"limit: must be 1 to {MAX_ENTRIES}", field="limit")
    return limit or MAX_ENTRIES


def _read_query(request: Request, name: str) -> str | None:
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise InvalidInputError(f"{name}: is given more than once", field=name)
    return values[0] if values else None


def _is_number(text: str) -> bool:
    return re.fullmatch("[0-9]{1,15}", text) is not None


def _respond(text: str) -> Response:
    return Response(text.encode(), media_type="application/json")
