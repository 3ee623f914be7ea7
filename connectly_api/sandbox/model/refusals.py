"""The sandbox's refusals, in the service's documented error shape. Pure.

Source for the shape, the codes and the types: the service's documentation, https://docs.connectly.ai. Which status goes
with which code on the send endpoints is not documented; all of them are 400 here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from connectly_api.errors import Violation

UNSPECIFIED: Final = "ERROR_CODE_UNSPECIFIED"
Finding = tuple[str, Violation]
"""An error code, and what earns it."""

INVALID_REQUEST: Final = "ERROR_TYPE_INVALID_REQUEST"

_USER_MESSAGE: Final = "Pass along the connectly trace id 'cnct_trace_id' to the team for more information."
"""The documented example's sentence, placeholder included."""

_WINDOW: Final = "Failed to send a message because more than 24 hours have passed since the customer last replied"
"""The documented example's sentence."""


@attrs.frozen
class Refusal:
    """What the sandbox answers instead of doing as asked.

    Attributes:
        status: The HTTP status.
        message: For developers; it repeats nothing of the request's values.
        code: `ERROR_CODE_…`.
        type: `ERROR_TYPE_…`.
        violations: Every reason, with the field's path; listed in `details`.
        headers: Further headers of the answer.
    """

    status: int
    message: str
    code: str = UNSPECIFIED
    type: str = INVALID_REQUEST
    violations: tuple[Violation, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def body(self, trace_id: str) -> dict[str, object]:
        """Return the answer's body, fields in the documented order."""
        listed = [{"field": one.field, "problem": one.problem} for one in self.violations]
        return {
            "message": self.message,
            "type": self.type,
            "code": self.code,
            "userTitle": self.message,
            "userMessage": _USER_MESSAGE,
            "cntTraceId": trace_id,
            "details": {"violations": listed} if listed else {},
        }


def refuse_violations(violations: Sequence[Violation], *, code: str = UNSPECIFIED) -> Refusal:
    """Return a 400 that names every violation, of which there is one at least; its message tells the first."""
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    message = f"Invalid request: {violations[0]}{more}"
    return Refusal(status=400, message=message, code=code, violations=tuple(violations))


def refuse_findings(findings: Iterable[tuple[str, Violation]]) -> Refusal | None:
    """Return a 400 with the first finding's code that names them all, or None where there are none."""
    found = tuple(findings)
    return refuse_violations([violation for _, violation in found], code=found[0][0]) if found else None


def refuse_closed_window(kind: str) -> Refusal:
    """Return the refusal of a session message outside the 24-hour window, with the error type that was chosen."""
    return Refusal(status=400, message=_WINDOW, code="ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW", type=kind)


def refuse_no_conversation() -> Refusal:
    """Return the refusal of a session message to a customer who never wrote."""
    message = "The customer has never written to this number; start the conversation with a template"
    return Refusal(status=400, message=message, code="ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION")


def refuse_rate(limit: int | None, retry_after: str | None = None) -> Refusal:
    """Return the 429 of the rate limit, which has no documented code.

    Args:
        limit: Requests a second; None where it is a fault's.
        retry_after: The header's value; the documentation knows of no such header.
    """
    message = "Too many requests" if limit is None else f"More than {limit} requests within a second"
    headers = () if retry_after is None else (("retry-after", retry_after),)
    return Refusal(status=429, message=message, type="ERROR_TYPE_UNSPECIFIED", headers=headers)
