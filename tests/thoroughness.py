"""How many examples a property test tries: a sample on every change, and all of them among the long tests.

`make test-long` chooses the profile `thorough`. The examples are the same on every run, so the sample is a part of what
is tried there.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import settings

SAMPLE: Final = 4
"""One example in so many is tried on every change."""


def up_to(count: int, **options: Any) -> settings:
    """Return the settings of a test that tries so many examples where it is thorough."""
    is_thorough = settings.get_current_profile_name() == "thorough"
    return settings(max_examples=count if is_thorough else count // SAMPLE, **options)
