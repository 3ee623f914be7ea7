"""How an answer is given: at once and whole, or as a rule wants it. Pure."""

from __future__ import annotations

from typing import Literal

import attrs

__all__ = ["Ending", "Manner"]

Ending = Literal["whole", "hang", "reset", "cut_off"]


@attrs.frozen
class Manner:
    """What the edge does with an answer.

    Attributes:
        is_early: Whether webhooks that are due go out first.
        before: Real seconds of silence before the head.
        between: Real seconds of silence in the middle of the body.
        ending: `whole`; `hang` never answers; `reset` drops the connection instead of answering; `cut_off` drops it
            in the middle of the body.
    """

    is_early: bool = False
    before: float = 0.0
    between: float = 0.0
    ending: Ending = "whole"
