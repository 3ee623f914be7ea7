"""Which unknown rows may be sent again, as webhooks prove that the service did not accept them. Pure.

An accepted message gets a status within seconds, and the status names its row. So where nearly all accepted rows have
one, a row without was not accepted; where webhooks got lost, or did not come yet, nothing is proven.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectly_api.campaigns.journal_protocol import Evidence

_MINUTE: Final = 60.0
_NEARBY: Final = 5 * _MINUTE
_QUIET: Final = 5 * _MINUTE
_FEWEST: Final = 20
_SHARE: Final = 0.99


def find_proven_spans(evidence: Sequence[Evidence]) -> list[tuple[float, float]]:
    """Return the minutes whose unknown rows were provably not accepted.

    At least 20 rows were accepted within five minutes before and after, and 99 % of these have a status, as have 99 %
    of those of the minute itself. The minute ended at least five minutes ago: a status may take a while.

    Args:
        evidence: The campaign's minutes, in the order of time.
    """
    return [
        (one.start, one.start + _MINUTE)
        for one in evidence
        if one.unknown
        and one.age >= _QUIET
        and _is_proof([one], fewest=0)
        and _is_proof([other for other in evidence if abs(other.start - one.start) <= _NEARBY], fewest=_FEWEST)
    ]


def _is_proof(minutes: Sequence[Evidence], *, fewest: int) -> bool:
    accepted = sum(one.accepted for one in minutes)
    return accepted >= fewest and sum(one.confirmed for one in minutes) >= _SHARE * accepted
