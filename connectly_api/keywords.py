"""Keyword arguments that nothing takes: refused by name, with the name that was probably meant. Pure.

A keyword that is dropped in silence sends from another number, without its tag, or without its time-out. So whatever
takes `**options` refuses the ones that it does not know, as Python does for a fixed signature.
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
"""How much alike two names must be, as difflib measures it: `headers` and `sender` (0.62) are not."""

_SHORTEST: Final = 3
"""Characters of a name that may stand for the beginning of a longer one, `lang` for `language`."""

_LONGEST: Final = 64
"""Characters of a name that an error repeats."""

# What other libraries, the wire and WhatsApp's own API call things; only names that do not resemble ours.
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


# What others have, and nothing here stands for.
_NOWHERE: Final = frozenset({"message_id"})


def find_nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known name that was probably meant, several where it begins several, none where none is near.

    Args:
        name: What was given: another spelling (`callbackData`), a synonym (`from_`), a part (`callback`), or a slip.
        known: The names that exist, the likeliest first.
    """
    plain = {re.sub("[^a-z0-9]", "", candidate): candidate for candidate in known}
    words = _to_snake_case(name)
    if words in _NOWHERE:
        return ()
    joined = words.replace("_", "")
    if joined in plain:
        return (plain[joined],)
    # A synonym may stand alone, or begin a longer name: `from_number`.
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
    """Refuse keywords that nothing takes.

    Args:
        given: The names that came.
        known: The names that exist, the likeliest first; None where any may come.
        elsewhere: Names that exist in another place, and where, in words; they are suggested, too.

    Raises:
        TypeError: One of them is not known. It names all of these, and for each the nearest that is.
    """
    if known is None or not (unknown := [name for name in given if name not in known]):
        return
    places = elsewhere or {}
    told = [_describe(name, (*places, *known), places) for name in unknown]
    plural = "s" if len(unknown) > 1 else ""
    error = TypeError(f"unexpected keyword argument{plural} {', '.join(told)}")
    error.__notes__ = []  # It is the caller's slip: where it was found is of no interest.
    raise error


def _describe(name: str, candidates: Sequence[str], places: Mapping[str, str]) -> str:
    # Names come from a program, but may be data that was unpacked: what is no name is not repeated.
    if not name.isidentifier() or len(name) > _LONGEST:
        return f"of {len(name)} characters, which is no name"
    if name in places:
        return f"{name!r}: {places[name]}"
    found = " or ".join(repr(candidate) for candidate in find_nearest(name, candidates))
    return f"{name!r} (did you mean {found}?)" if found else repr(name)


def list_keywords(function: Callable[..., object]) -> tuple[str, ...] | None:
    """Return the keywords that a function or a class takes, or None where it takes any, to pass them on."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return tuple(parameter.name for parameter in parameters)


def suggest_keywords(
    function: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a coroutine method with fixed keywords suggest the right one where a wrong one is given."""
    known = (list_keywords(function) or ())[1:]

    @wraps(function)
    async def check_first(*args: P.args, **kwargs: P.kwargs) -> T:
        check_keywords(kwargs, known)
        call = function(*args, **kwargs)
        # An error that passes through this frame finds no argument in it.
        del args, kwargs
        return await call

    return check_first


def suggest_init_keywords(function: Callable[P, None]) -> Callable[P, None]:
    """Let a constructor suggest the right keyword where a wrong one is given; `cut_traceback` hides its arguments."""
    known = (list_keywords(function) or ())[1:]

    @wraps(function)
    def check_first(*args: P.args, **kwargs: P.kwargs) -> None:
        check_keywords(kwargs, known)
        function(*args, **kwargs)

    return check_first


def _to_snake_case(name: str) -> str:
    """Return a name in lower case, its words joined by underscores: `callbackData` is `callback_data`."""
    return re.sub("[^a-z0-9]+", "_", re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
