"""Refuse unknown keyword arguments, and suggest the closest name.

An option that is silently dropped means a message from the wrong number, without its tag, or without its timeout. So
every function with `**options` refuses unknown ones, as Python does for a fixed signature.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_CUT_OFF: Final = 0.75
"""How similar a name must be to be suggested, as difflib measures it; `headers` and `sender` have 0.62."""

_SHORTEST: Final = 3
"""Characters that an abbreviation needs, such as `lang` for `language`."""

_LONGEST: Final = 64
"""Characters of the longest name that an error repeats."""

# Names from other libraries, from the wire and from WhatsApp's API that do not resemble ours.
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "body": ("text",),
    "business": ("business_id",),
    "buttons": ("button_urls",),
    "channel": ("channel_type", "channel_types"),
    "content": ("text", "body"),
    "data": ("callback_data",),
    "document": ("header_document",),
    "endpoint": ("base_url",),
    "from": ("sender",),
    "host": ("base_url",),
    "image": ("header_image",),
    "key": ("api_key",),
    "link": ("url", "address"),
    "lng": ("longitude",),
    "lon": ("longitude",),
    "max_retries": ("retry",),
    "message": ("text", "content"),
    "metadata": ("callback_data",),
    "name": ("filename",),
    "number": ("recipient",),
    "payload": ("callback_data",),
    "phone": ("recipient",),
    "phone_number_id": ("sender",),
    "proxies": ("proxy",),
    "retries": ("retry",),
    "ssl": ("tls",),
    "tag": ("campaign_name",),
    "tags": ("campaign_name",),
    "template_name": ("name",),
    "times": ("next",),
    "title": ("header",),
    "to": ("recipient",),
    "token": ("api_key",),
    "uri": ("url", "address"),
    "url": ("address", "base_url"),
    "values": ("body", "parameters"),
    "variables": ("body", "parameters"),
    "verify": ("tls",),
    "video": ("header_video",),
    "wait": ("timeout",),
}


# Names from other libraries without an equivalent here.
_NOWHERE: Final = frozenset({"message_id"})


def find_nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the closest known name; several if the name abbreviates several; none if none is close.

    Args:
        name: Another spelling (`callbackData`), a synonym (`from_`), an abbreviation (`callback`), or a typo.
        known: The names that exist, the likeliest first.
    """
    plain = {re.sub("[^a-z0-9]", "", candidate): candidate for candidate in known}
    words = _to_snake_case(name)
    if words in _NOWHERE:
        return ()
    joined = words.replace("_", "")
    if joined in plain:
        return (plain[joined],)
    # A synonym, or a longer name that starts with one: `from_number`.
    for spelling in (words, words.partition("_")[0]):
        if found := [meant for meant in _SYNONYMS.get(spelling, ()) if meant in plain.values()]:
            return (found[0],)
    stem = joined.removesuffix("s")
    if len(stem) >= _SHORTEST and (found := [plain[candidate] for candidate in plain if candidate.startswith(stem)]):
        return tuple(found)
    if close := get_close_matches(joined, plain, n=1, cutoff=_CUT_OFF):
        return (plain[close[0]],)
    return tuple(candidate for candidate in plain.values() if words.startswith(f"{candidate}_"))[:1]


def check_keywords(
    given: Iterable[str], known: Sequence[str] | None, *, elsewhere: Mapping[str, str] | None = None
) -> None:
    """Refuse unknown keyword arguments.

    Args:
        given: The names of the arguments.
        known: The names that exist, the likeliest first; None if any name is allowed.
        elsewhere: Names that belong somewhere else, with a text that says where; they are suggested, too.

    Raises:
        TypeError: An argument is unknown. The error names all unknown ones, each with the closest known name.
    """
    if known is None or not (unknown := [name for name in given if name not in known]):
        return
    places = elsewhere or {}
    problems = [_describe(name, (*places, *known), places) for name in unknown]
    plural = "s" if len(unknown) > 1 else ""
    error = TypeError(f"unexpected keyword argument{plural} {', '.join(problems)}")
    error.__notes__ = []  # The caller's mistake: the traceback need not show where it was detected.
    raise error


def _describe(name: str, candidates: Sequence[str], places: Mapping[str, str]) -> str:
    # The name may be unpacked data, possibly personal: repeat it only if it is an identifier.
    if not name.isidentifier() or len(name) > _LONGEST:
        return f"of {len(name)} characters, which is not a name"
    if name in places:
        return f"{name!r}: {places[name]}"
    suggestions = " or ".join(repr(candidate) for candidate in find_nearest(name, candidates))
    return f"{name!r} (did you mean {suggestions}?)" if suggestions else repr(name)


def list_keywords(function: Callable[..., object]) -> tuple[str, ...] | None:
    """Return the keyword arguments of a function or a class, or None if it accepts any."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return tuple(parameter.name for parameter in parameters)


def suggest_keywords(
    function: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Make a coroutine method suggest the closest name for an unknown keyword argument."""
    known = (list_keywords(function) or ())[1:]

    @wraps(function)
    async def check_first(*args: P.args, **kwargs: P.kwargs) -> T:
        check_keywords(kwargs, known)
        call = function(*args, **kwargs)
        # So that the frame holds no arguments when an error passes through it.
        del args, kwargs
        return await call

    return check_first


def suggest_sync_keywords(function: Callable[P, T]) -> Callable[P, T]:
    """Make a constructor or another plain function suggest the closest name; `cut_traceback` hides its arguments."""
    known = (list_keywords(function) or ())[1:]

    @wraps(function)
    def check_first(*args: P.args, **kwargs: P.kwargs) -> T:
        check_keywords(kwargs, known)
        return function(*args, **kwargs)

    return check_first


def _to_snake_case(name: str) -> str:
    return re.sub("[^a-z0-9]+", "_", re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
