"""A recorded run, done again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Unpack

from connectly_api.errors import ConnectlyError, InvalidInputError
from connectly_api.keywords import check_keywords, keywords_of
from connectly_api.sandbox.delivery.webhook_sender import Remembering
from connectly_api.sandbox.model.records import Delivery, ReceivedRequest
from connectly_api.sandbox.model.settings import Options, Settings
from connectly_api.sandbox.recording import Recording, differences, incoming_of, read_recording
from connectly_api.sandbox.sandbox import Sandbox
from connectly_api.tracebacks import cut_traceback

__all__ = ["ReplayError", "replay"]


class ReplayError(ConnectlyError):
    """A recorded run was answered otherwise this time; the text says where."""


@cut_traceback
async def replay(
    path: str | Path,
    *,
    swagger: str | Path | Mapping[str, Any] | None = None,
    on_request: Callable[[ReceivedRequest], None] | None = None,
    on_delivery: Callable[[Delivery], None] | None = None,
    **changes: Unpack[Options],
) -> Sandbox:
    """Do again what a file says was done, and return the sandbox: to look into it, and to go on from there.

    Receivers of webhooks are not asked again: they answer what they answered then. Where the recorded clock was real,
    a virtual one goes to the recorded times.

    Args:
        path: What `Sandbox.save` wrote.
        swagger: As `Sandbox` takes it.
        on_request: Likewise.
        on_delivery: Likewise.
        **changes: Settings that differ from the recorded ones.

    Raises:
        TypeError: There is no such setting; the error names the one that was probably meant.
        InvalidInputError: The file cannot be read, or is no recording.
        ReplayError: A request was answered otherwise than then.
    """
    check_keywords(changes, keywords_of(Settings))
    recording = _recording_in(path)
    was_real = recording.settings.get("clock") == "real"
    settings: dict[str, Any] = {**recording.settings, **changes, "clock": "virtual"}
    sandbox = Sandbox(swagger=swagger, on_request=on_request, on_delivery=on_delivery, **settings)
    with sandbox.delivering_with(Remembering(sandbox.settings, recording.outcomes())):
        for entry in recording.inputs():
            if was_real:
                await sandbox.run_until(entry["at"])
            await _repeat(sandbox, entry)
    if found := differences(recording, sandbox.entries):
        raise ReplayError("; ".join(found))
    return sandbox


async def _repeat(sandbox: Sandbox, entry: Mapping[str, Any]) -> None:
    if entry["what"] == "act":
        await sandbox.act(entry["name"], **entry["arguments"])
        return
    request = incoming_of(entry, sandbox.settings.api_key)
    if sandbox.reset_unread(request) is None:
        await sandbox.answer(request)


def _recording_in(path: str | Path) -> Recording:
    try:
        return read_recording(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"recording: cannot be read: {error}", field="recording") from error
