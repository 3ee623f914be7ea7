"""Every public callable that takes a text keeps it out of tracebacks, or says why it need not."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final, is_typeddict

import attrs

from connectly_api import tracebacks
from tools.api_rendering import PUBLIC

# What takes texts and is not wrapped, with the reason.
CALLED_WITHIN: Final = "the pipeline calls it, and is wrapped"
HARMLESS: Final = "what it takes is neither secret nor personal"
NEEDED: Final = "the traceback of the caller's own function is needed to mend it"
SHOWS: Final = "a failing assertion shows a test's author what was sent"
BARE: Final[dict[str, str]] = {
    "AsgiTransport.exchange": CALLED_WITHIN,
    "Campaign.__init__": "keeps what it is given",
    "Connectly.run": NEEDED,
    "DriftMonitor.watch_response": "it raises nothing",
    "InputRow.__init__": "keeps what it is given",
    "InputRow.get": "a column's name",
    "Line.__init__": "keeps what it is given",
    "MemoryStore.claim": "an event's key is a digest",
    "MockTransport.__init__": "keeps a function and an exception",
    "MockTransport.exchange": CALLED_WITHIN,
    "PacedTransport.check_base_url": CALLED_WITHIN,
    "PacedTransport.exchange": CALLED_WITHIN,
    "PostgresPace.book": CALLED_WITHIN,
    "PostgresPace.slow_down": CALLED_WITHIN,
    "PostgresStore.claim": "an event's key is a digest",
    "RedisPace.book": CALLED_WITHIN,
    "RedisPace.slow_down": CALLED_WITHIN,
    "RedisStore.claim": "an event's key is a digest",
    "Registrations.__init__": "keeps what it is given",
    "Response.header": HARMLESS,
    "Rows.__init__": "keeps what it is given",
    "SQLiteConversations.__init__": "a file's path, which the error names anyway",
    "SQLiteStore.__init__": "a file's path, which the error names anyway",
    "SQLiteStore.claim": "an event's key is a digest",
    "Sandbox.assert_nothing_sent": SHOWS,
    "Sandbox.assert_sent_once": SHOWS,
    "Sandbox.serve": HARMLESS,
    "Sandbox.status_of": HARMLESS,
    "SandboxServer.__init__": HARMLESS,
    "SandboxServer.assert_nothing_sent": SHOWS,
    "SandboxServer.assert_sent_once": SHOWS,
    "Telemetry.trace_call": CALLED_WITHIN,
    "WebhookApp.__call__": "it drops its arguments before anything can fail",
    "WebhookApp.run_once": "a step's name is not personal, and the traceback of the step is needed to mend it",
    "keep_running": "it keeps a journal's address, which it does not look at",
    "run": NEEDED,
}


def takes_text(function: Callable[..., object]) -> bool:
    """Return whether a text, or a value with texts in it, is among what a function takes."""
    parameters = list(inspect.signature(function).parameters.values())
    texts = r"\b(str|bytes|Any|object|Options|Secrets|\w*Like|Message|WireRequest)\b"
    return any(re.search(texts, str(one.annotation)) for one in parameters)


def only_keeps(kind: type) -> bool:
    """Return whether a class's constructor does nothing that can fail: it neither converts nor checks."""
    return attrs.has(kind) and not (
        hasattr(kind, "__attrs_post_init__") or any(one.validator or one.converter for one in attrs.fields(kind))
    )


def public_callables() -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield what the API snapshot has of functions, constructors and methods, errors apart: they are made here."""
    # pytest is to be the first who imports its plugin, to rewrite its assertions; it has fixtures alone.
    for name in set(PUBLIC) - {"connectly_api.pytest_plugin"}:
        module = importlib.import_module(name)
        for found in (getattr(module, one) for one in module.__all__):
            if inspect.isfunction(found):
                yield found.__name__, found
            if (
                not inspect.isclass(found)
                or issubclass(found, (BaseException, Enum))
                or getattr(found, "_is_protocol", False)
                or is_typeddict(found)
            ):
                continue
            members = {name: value for kind in reversed(found.__mro__[:-1]) for name, value in vars(kind).items()}
            for method, value in members.items():
                function = getattr(value, "__func__", value)
                is_open = not method.startswith("_") or method in {"__call__", "__init__"}
                if inspect.isfunction(function) and is_open and not (method == "__init__" and only_keeps(found)):
                    yield f"{found.__name__}.{method}", function


def test_every_public_callable_that_takes_a_text_is_wrapped_or_says_why_not() -> None:
    found = {name: function for name, function in public_callables() if takes_text(function)}
    bare = {name for name, function in found.items() if function.__code__.co_filename != tracebacks.__file__}

    assert {"Webengage.__init__", "WebhookApp.__call__", "Participant.from_dict", "Sandbox.fault"} <= set(found)
    assert bare == set(BARE)
