"""Replays a recorded run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Unpack

from connectly_api.errors import ConnectlyError
from connectly_api.keywords import check_keywords, list_keywords
from connectly_api.sandbox.delivery.webhook_sender import ReplayedSender
from connectly_api.sandbox.engine import Engine
from connectly_api.sandbox.model.records import Delivery, ReceivedRequest, TimelineEntry
from connectly_api.sandbox.model.settings import Options, Settings
from connectly_api.sandbox.model.state_changes import ClockChanged
from connectly_api.sandbox.recording import find_differences, parse_recording, parse_request
from connectly_api.sandbox.replaced_file import read_file
from connectly_api.sandbox.sandbox import Sandbox, get_engine
from connectly_api.tracebacks import cut_traceback


class ReplayError(ConnectlyError):
    """A request of a recorded run got another response than before; the text says which."""


@cut_traceback
async def replay(
    path: str | Path,
    *,
    swagger: str | Path | Mapping[str, Any] | None = None,
    on_request: Callable[[ReceivedRequest], None] | None = None,
    on_delivery: Callable[[Delivery], None] | None = None,
    on_entry: Callable[[TimelineEntry], None] | None = None,
    **changes: Unpack[Options],
) -> Sandbox:
    """Repeat a recorded run, and return the sandbox, which you can inspect or continue to use.

    No webhook is delivered: the receivers' responses come from the recording. Where the recorded clock ran, it is set
    to the recorded times; at the end it stands still.

    Args:
        path: The file that `Sandbox.save` wrote.
        swagger: As for `Sandbox`.
        on_request: As for `Sandbox`.
        on_delivery: As for `Sandbox`.
        on_entry: As for `Sandbox`.
        **changes: Settings that differ from the recorded ones.

    Raises:
        TypeError: There is no such setting; the error suggests the closest name.
        InvalidInputError: The file cannot be read, or is not a recording.
        ReplayError: A request got another response than before.
    """
    check_keywords(changes, list_keywords(Settings))
    recording = parse_recording(read_file("recording", path))
    settings: dict[str, Any] = {"seed": Settings().seed, **recording.settings, **changes, "clock": "virtual"}
    sandbox = Sandbox(swagger=swagger, on_request=on_request, on_delivery=on_delivery, on_entry=on_entry, **settings)
    engine = get_engine(sandbox)
    live, engine.webhook_sender = engine.webhook_sender, ReplayedSender(engine.settings, recording.outcomes)
    engine.state.apply(ClockChanged(is_running=recording.settings.get("clock") == "real"))
    for entry in recording.inputs:
        if engine.state.is_running:
            await engine.run_until(entry["at"])
        await _repeat(engine, entry)
    engine.state.apply(ClockChanged(is_running=False))
    engine.webhook_sender = live
    if found := find_differences(recording, sandbox.entries):
        raise ReplayError("; ".join(found))
    return sandbox


async def _repeat(engine: Engine, entry: Mapping[str, Any]) -> None:
    if entry.get("name") == "clock":
        engine.apply_verb("clock", entry["arguments"])
    elif entry["what"] == "act":
        await engine.run_verb(entry["name"], entry["arguments"])
    else:
        request = parse_request(entry, engine.settings.api_key)
        if engine.reset_unread(request) is None:
            await engine.answer(request)
            await engine.deliver_after_request()
