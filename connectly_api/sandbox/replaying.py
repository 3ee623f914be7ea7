"""A recorded run, done again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectly_api.errors import ConnectlyError, InvalidInputError
from connectly_api.sandbox.courier import Remembering
from connectly_api.sandbox.recording import Recording, differences, incoming_of, read_recording
from connectly_api.sandbox.sandbox import Sandbox

__all__ = ["ReplayError", "replay"]


class ReplayError(ConnectlyError):
    """A recorded run was answered otherwise this time; the text says where."""


async def replay(path: str | Path, *, swagger: Mapping[str, Any] | None = None, **changes: Any) -> Sandbox:  # noqa: ANN401  (settings)
    """Do again what a file says was done, and return the sandbox: to look into it, and to go on from there.

    Receivers of webhooks are not asked again: they answer what they answered then. Where the recorded clock was real,
    a virtual one goes to the recorded times.

    Args:
        path: What `Sandbox.save` wrote.
        swagger: Another Swagger file, as `Sandbox` takes it.
        **changes: Settings that differ from the recorded ones.

    Raises:
        InvalidInputError: The file cannot be read, or is no recording.
        ReplayError: A request was answered otherwise than then.
    """
    recording = _recording_in(path)
    settings: dict[str, Any] = {**recording.settings, "clock": "virtual", **changes}
    sandbox = Sandbox(swagger=swagger, **settings)
    await _repeat(sandbox, recording)
    return sandbox


async def replay_into(sandbox: Sandbox, path: str | Path) -> None:
    """Do again, in a sandbox with settings of its own, what a file says was done.

    Raises:
        InvalidInputError: The file cannot be read, or is no recording.
        ReplayError: A request was answered otherwise than then.
    """
    await _repeat(sandbox, _recording_in(path))


async def _repeat(sandbox: Sandbox, recording: Recording) -> None:
    was_real = recording.settings.get("clock") == "real"
    with sandbox.delivering_with(Remembering(sandbox.settings, recording.outcomes())):
        for entry in recording.inputs():
            if was_real:
                await sandbox.run_until(entry["at"])
            if entry["what"] == "act":
                await sandbox.act(entry["name"], **entry["arguments"])
                continue
            request = incoming_of(entry, sandbox.settings.api_key)
            if sandbox.reset_unread(request) is None:
                await sandbox.answer(request)
    if found := differences(recording, sandbox.entries):
        raise ReplayError("; ".join(found))


def _recording_in(path: str | Path) -> Recording:
    try:
        return read_recording(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"recording: cannot be read: {error}", field="recording") from error
